"""The plan as a whole: complete or not, counted, the same whatever order things come in."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest

from reconciler.diagnostics import Diagnostic, Severity
from reconciler.http.errors import ProviderError, Unauthorized, Unavailable
from reconciler.live import Live
from reconciler.model import Parking, Value
from reconciler.plan.build import Options, Selection, build
from reconciler.plan.model import Consent
from reconciler.providers.base import Listing
from reconciler.settings import Configuration
from reconciler.views.base import text_of
from reconciler.views.human.plan import sum_lines
from tests.providers.memory import MemoryProvider
from tests.world import NONE, UNLISTED, ObedientClock, Vendor, actions, codes, desired, phone, rings, sip, url, world

EVERY_NUMBER = Selection()


class Broken(Vendor):
    """A vendor whose list ends before its end."""

    def list_numbers(self) -> Listing:
        whole = super().list_numbers()
        first = dict(list(whole.numbers.items())[:1])
        return Listing(first, complete=False, problem="the list ended after 1 of 2 numbers")


def test_incomplete_paging_makes_numbers_unknown_and_never_absent() -> None:
    files = [desired(1, rings()), desired(2, rings())]
    given = world(files, vendors={"sales": Broken({phone(1): NONE, phone(2): rings()})})
    plan = given.plan()
    assert (actions(plan), plan.unknown, plan.complete) == ({phone(1): "create"}, 1, False)
    assert codes(plan) == ["provider-list-incomplete", "provider-error"]


def test_a_vanished_number_that_an_incomplete_list_does_not_show_is_not_touched() -> None:
    given = world([desired(1, rings()), desired(2, rings())], {1: NONE, 2: NONE})
    assert given.apply().converged
    given.live = {"sales": Broken(given.live["sales"].values)}
    given.files = given.files[:1]
    assert given.plan().changes == ()


def test_a_number_that_cannot_be_read_is_unknown_and_told_at_its_line() -> None:
    def fail(verb: str, number: str) -> None:
        if verb == "read" and number == phone(1):
            raise Unavailable("Exolve cannot be reached")

    given = world([desired(1, rings()), desired(2, rings())], {1: NONE, 2: NONE})
    provider = given.live["sales"]
    provider.capabilities, provider.before = UNLISTED, fail
    plan = given.plan()
    assert (actions(plan), plan.unknown, plan.complete) == ({phone(2): "create"}, 1, False)
    (problem,) = plan.diagnostics
    assert (problem.code, problem.location) == ("provider-unavailable", given.files[0].declared_at)


def test_apply_leaves_an_unknown_number_alone_and_has_not_converged() -> None:
    def fail(verb: str, number: str) -> None:
        if verb == "read" and number == phone(1):
            raise Unavailable("Exolve cannot be reached")

    given = world([desired(1, rings()), desired(2, rings())], {1: NONE, 2: NONE})
    provider = given.live["sales"]
    provider.capabilities, provider.before = UNLISTED, fail
    report = given.apply()
    assert (report.summary["applied"], report.converged, report.wrote) == (1, False, True)
    assert provider.values[phone(1)] == NONE


@pytest.mark.parametrize("where", ["list", "read"])
def test_a_refused_credential_is_told_once_at_the_account(where: str) -> None:
    def fail(verb: str, _number: str) -> None:
        if verb == where:
            raise Unauthorized("Exolve does not accept the API key")

    files = [desired(index, rings()) for index in range(5)]
    given = world(files, dict.fromkeys(range(5), NONE))
    provider = given.live["sales"]
    provider.before = fail
    if where == "read":
        provider.capabilities = UNLISTED
    plan = given.plan()
    assert (plan.unknown, codes(plan)) == (5, ["provider-unauthorized"])
    assert plan.diagnostics[0].location == given.configuration.accounts["sales"].location


def test_an_account_that_fails_leaves_the_other_alone() -> None:
    def fail(_verb: str, _number: str) -> None:
        raise Unauthorized("no")

    clock = ObedientClock()
    vendors: dict[str, MemoryProvider] = {
        "north": Vendor({phone(1): NONE}, account="north", clock=clock, before=fail),
        "south": Vendor({phone(2): NONE}, account="south", clock=clock),
    }
    files = [desired(1, rings(), account="north"), desired(2, rings(), account="south")]
    given = world(files, vendors=vendors)
    plan = given.plan()
    assert (actions(plan), plan.unknown) == ({phone(2): "create"}, 1)
    report = given.apply()
    assert (report.summary["applied"], report.converged) == (1, False)


def test_the_plan_is_the_same_whatever_order_the_files_and_the_record_come_in() -> None:
    live: dict[int, Value] = {0: NONE, 1: url(), 2: rings(phone(3)), 3: sip(), 4: rings(), 5: NONE}
    files = [desired(index, rings(phone((index + 1) % 6), "74990001122")) for index in range(6)]
    expected = world(files, live).plan()
    for seed in range(6):
        shuffled = random.Random(seed).sample(files, len(files))
        other = world(shuffled, dict(random.Random(seed).sample(list(live.items()), len(live)))).plan()
        assert (other.changes, other.breaches, other.summary) == (expected.changes, expected.breaches, expected.summary)


def test_the_summary_counts_each_number_once() -> None:
    given = world(
        [desired(0, rings()), desired(1, rings()), desired(2, rings()), desired(3, Parking(parked=True))],
        {0: NONE, 1: url(), 2: rings()},
        parking=[3],
    )
    plan = given.plan()
    assert plan.summary == {
        "create": 1,
        "update": 0,
        "delete": 0,
        "adopt": 1,
        "assert": 1,
        "forget": 0,
        "unchanged": 1,
        "unknown": 0,
    }
    assert (plan.declared, plan.accounts, plan.complete) == (4, 2, True)


def test_the_calls_that_the_list_saves_are_counted() -> None:
    given = world([desired(index, rings()) for index in range(5)], dict.fromkeys(range(5), NONE))
    assert given.plan().calls.made == 1
    assert given.plan().calls.saved == 4


@pytest.mark.parametrize(
    ("selection", "taken"),
    [
        (Selection(targets=("*201",)), {1}),
        (Selection(targets=("sales/*",)), {1, 2}),
        (Selection(tags=("vip",)), {2}),
        (Selection(accounts=("office",)), {3}),
        (Selection(targets=("*20[12]",), tags=("vip",)), {2}),
        (Selection(targets=("nothing",)), set()),
    ],
)
def test_a_selection_takes_by_number_address_tag_and_account(selection: Selection, taken: set[int]) -> None:
    files = [desired(1, rings()), desired(2, rings(), tags=("vip",)), desired(3, Parking(parked=True))]
    given = world(files, {1: NONE, 2: NONE}, parking=[3])
    assert set(actions(given.plan(selection=selection))) == {phone(index) for index in taken}


def test_warnings_of_loading_are_carried_and_do_not_make_a_plan_incomplete() -> None:
    note = Diagnostic("assume-timezone", Severity.NOTICE, "assumed")
    plan = world([desired(1, rings())], {1: NONE}).plan(warnings=(note,))
    assert (plan.diagnostics, plan.complete) == ((note,), True)


def test_unmanaged_numbers_are_no_change() -> None:
    assert world([desired(1, rings())], {1: rings(), 2: url()}).plan().changes == ()


def test_a_plan_says_what_callers_notice() -> None:
    given = world([desired(1, rings("74992223344"))], {1: NONE})
    assert given.plan().changes[0].effects != ()


def test_an_unexpected_failure_of_a_vendor_is_its_own_finding() -> None:
    def fail(verb: str, _number: str) -> None:
        if verb == "list":
            raise ProviderError("the list is broken")

    given = world([desired(1, rings())], {1: NONE})
    given.live["sales"].before = fail
    plan = given.plan()
    assert plan.diagnostics[0].message == "account sales cannot be read: the list is broken"
    assert replace(plan, diagnostics=()).changes == ()


def test_a_missing_block_is_told_only_by_plans_that_are_about_its_number() -> None:
    given = world([desired(1, rings()), desired(2, rings())], {1: NONE, 2: NONE})
    given.apply()
    (_, two), place = given.files, given.files[0].declared_at
    entry_left = replace(given.configuration, desired=(two,), numbers={phone(1): place, phone(2): place})

    def told(configuration: Configuration, selection: Selection = EVERY_NUMBER) -> list[str]:
        options = Options(selection=selection)
        return codes(build(configuration, given.state, given.session.plan_context(), options, lambda _wanted: Live({})))

    assert told(entry_left) == ["block-missing"]
    assert told(entry_left, Selection(targets=(phone(1),))) == ["block-missing"]
    assert told(entry_left, Selection(targets=(phone(2),))) == []
    assert told(entry_left, Selection(tags=("sales",))) == ["selection-empty"]
    assert told(replace(entry_left, whole=False, wanted=frozenset({phone(1)}))) == ["block-missing"]
    assert told(replace(entry_left, whole=False, wanted=frozenset({phone(2)}))) == []


def test_a_narrowed_plan_warns_of_a_number_that_it_sends_calls_to_and_leaves_out() -> None:
    given = world([desired(1, rings(phone(2))), desired(2, sip())], {1: NONE, 2: NONE})
    plan = given.plan(selection=Selection(targets=(phone(1),)))
    (told,) = [item for item in plan.diagnostics if item.code == "selection-leaves-out"]
    assert (told.hint, phone(2) in told.message) == (f"add --target {phone(2)}", True)
    assert codes(given.plan(selection=Selection(targets=(phone(1), phone(2))))) == []
    assert given.apply(selection=Selection(targets=(phone(2),))).converged
    assert codes(given.plan(selection=Selection(targets=(phone(1),)))) == []


def test_what_is_left_alone_is_no_part_of_what_is_as_the_files_say() -> None:
    given = world([desired(1, rings()), desired(2, sip())], {1: NONE, 2: NONE})
    assert given.apply().converged
    given.live = {
        name: Vendor(dict(given.live["sales"].values), account=name, clock=given.clock) for name in ("north", "south")
    }
    given.files = [desired(1, rings(), account="north")]
    plan = given.plan()
    assert (plan.changes, plan.unchanged, plan.left_alone, codes(plan)) == ((), 1, 1, ["record-account-gone"])
    assert "1 recorded number is left alone" in text_of(sum_lines(plan, 80))
    assert given.apply(consent=Consent()).whole is False
