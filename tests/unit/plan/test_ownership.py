"""Ownership ends by evidence or by consent: absence, a refused read and a digest of another key are reasons to ask."""

from __future__ import annotations

from dataclasses import replace

import pytest

from reconciler.http.errors import NotOwned, ProviderError, Unauthorized
from reconciler.model import Action, NumberForwarding, Observation, Value
from reconciler.plan.build import Refresh
from reconciler.plan.model import Consent, Plan
from reconciler.providers.base import Listing
from tests.world import (
    NONE,
    UNLISTED,
    Vendor,
    World,
    actions,
    breaches,
    codes,
    desired,
    key,
    only,
    phone,
    rings,
    sip,
    url,
    world,
)

EVENTS = "https://example.com/calls?key=${var:EVENT_KEY}"
OTHER_KEY = "another key of the record, long enough"


def three(*, listed: bool = True) -> World:
    """Three numbers of ours, applied; the files know one of them any more."""
    given = world([desired(at, rings()) for at in (1, 2, 3)], dict.fromkeys((1, 2, 3), NONE))
    if not listed:
        vendor(given).capabilities = UNLISTED
    assert given.apply().converged
    given.files = given.files[:1]
    return given


def vendor(given: World) -> Vendor:
    live = given.live["sales"]
    assert isinstance(live, Vendor)
    return live


def with_a_foreign_key(given: World) -> None:
    """The account's key is that of another application, which has other numbers."""
    vendor(given).values = {phone(77): NONE}


@pytest.mark.parametrize("listed", [True, False])
def test_an_account_that_has_none_of_its_numbers_is_one_error_and_nothing_of_it_is_judged(*, listed: bool) -> None:
    given = three(listed=listed)
    with_a_foreign_key(given)
    plan = given.plan()
    assert (plan.changes, plan.unknown, plan.unchanged, plan.complete) == ((), 3, 0, False)
    (problem,) = plan.diagnostics
    assert (problem.code, problem.is_error, problem.location is not None) == ("provider-not-owned", True, True)
    assert "account sales does not have any of the 3 numbers asked for" in problem.message
    before = given.state.entries
    given.apply()
    assert given.state.entries == before


def test_a_foreign_key_is_found_out_by_one_question_where_the_list_is_whole() -> None:
    given = three()
    with_a_foreign_key(given)
    asked: list[str] = []
    vendor(given).before = lambda verb, _number: asked.append(verb)
    given.plan()
    assert asked == ["list", "read"]


@pytest.mark.parametrize("error", [Unauthorized("no such key"), NotOwned("not in the application")])
def test_a_refused_read_forgets_nothing(error: ProviderError) -> None:
    given = three(listed=False)

    def refuse(verb: str, number: str) -> None:
        if verb == "read" and (number != phone(1) or isinstance(error, Unauthorized)):
            raise error

    vendor(given).before = refuse
    before = given.state.entries
    plan = given.plan()
    assert plan.changes == ()
    given.apply()
    assert given.state.entries == before


def test_swapped_accounts_of_one_provider_forget_nothing() -> None:
    given = world([desired(1, rings()), desired(2, sip(), account="south")], {1: NONE})
    given.live["south"] = Vendor({phone(2): NONE}, account="south", clock=given.clock)
    assert given.apply().converged
    given.live = {
        "sales": Vendor(dict(given.live["south"].values), account="sales", clock=given.clock),
        "south": Vendor(dict(given.live["sales"].values), account="south", clock=given.clock),
    }
    given.files = []
    before = given.state.entries
    plan = given.plan()
    assert (plan.changes, plan.complete, sorted(codes(plan))) == ((), False, ["provider-not-owned"] * 2)
    given.apply()
    assert given.state.entries == before


class Shifting(Vendor):
    """A vendor whose list lacks a number that it has: it was read page by page while others came and went."""

    lost: str = ""
    old: Value | None = None

    def list_numbers(self) -> Listing:
        numbers = dict(super().list_numbers().numbers)
        if self.old is not None:
            numbers[phone(2)] = self._with(self.old)
        return Listing({number: seen for number, seen in numbers.items() if number != self.lost})

    def _with(self, value: Value) -> Observation | None:
        kept, self.values[phone(2)] = self.values[phone(2)], value
        seen = self._observe(phone(2))
        self.values[phone(2)] = kept
        return seen


def shifting(files: int) -> tuple[World, Shifting]:
    given = three()
    live = Shifting(vendor(given).values, clock=given.clock)
    given.live = {"sales": live}
    given.files = [desired(at, rings()) for at in range(1, files + 1)]
    return given, live


def test_a_number_that_a_whole_list_lacks_is_asked_itself() -> None:
    given, live = shifting(files=1)
    live.lost = phone(2)
    assert actions(given.plan()) == {phone(2): "delete", phone(3): "delete"}
    live.lost = phone(1)
    plan = given.plan()
    assert (plan.unknown, plan.unchanged, plan.complete) == (0, 1, True)


@pytest.mark.parametrize("files", [1, 2])
def test_a_list_that_lags_behind_the_number_is_not_believed_over_the_record(files: int) -> None:
    given, live = shifting(files=files)
    live.old = NONE
    plan = given.plan()
    assert actions(plan) == {1: {phone(2): "delete", phone(3): "delete"}, 2: {phone(3): "delete"}}[files]
    assert codes(plan) == []


def test_what_the_number_itself_shows_to_be_gone_is_forgotten() -> None:
    given = three()
    vendor(given).values[phone(2)] = NONE
    assert actions(given.plan()) == {phone(2): "forget", phone(3): "delete"}


def test_what_the_number_itself_shows_to_be_anothers_is_forgotten_aloud() -> None:
    given = three()
    vendor(given).values[phone(2)] = url()
    plan = given.plan()
    assert (actions(plan), codes(plan)) == ({phone(2): "forget", phone(3): "delete"}, ["released-changed-by-hand"])


def test_forgetting_by_consent_asks_nobody() -> None:
    given = three()
    with_a_foreign_key(given)
    given.files, given.forget = [], (phone(1), phone(2), phone(3))
    assert set(actions(given.plan()).values()) == {"forget"}
    assert given.apply().converged
    assert given.state.entries == {}


def test_a_number_that_the_account_does_not_have_stays_recorded_and_the_way_out_is_told() -> None:
    given = three()
    del vendor(given).values[phone(2)]
    plan = given.plan()
    (kept,) = [item for item in plan.diagnostics if item.code == "released-not-owned"]
    assert (kept.is_error, plan.complete, plan.left_alone) == (False, True, 1)
    assert f'`forget: ["{phone(2)}"]`' in (kept.hint or "")
    assert given.apply().converged
    assert key(2) in given.state.entries


# -- another key -----------------------------------------------------------------------------------------------------


def keyed(*, declared: bool = True) -> World:
    """A number with a sensitive value, applied with one key of the record; now there is another."""
    files = [desired(1, rings(event_url=EVENTS)), desired(2, sip())]
    given = world(files, {1: NONE, 2: NONE}, variables={"EVENT_KEY": "s3cret"})
    assert given.apply().converged
    given.key = OTHER_KEY
    given.files = files if declared else files[1:]
    return given


def told(plan: Plan) -> str:
    (note,) = [item for item in plan.diagnostics if item.code == "record-key-differs"]
    assert not note.is_error
    return f"{note.message} {note.hint}"


@pytest.mark.parametrize("key", [OTHER_KEY, None])
def test_with_another_key_a_vanished_number_is_a_delete_like_any_other(key: str | None) -> None:
    given = keyed(declared=False)
    given.key = key
    plan = given.plan()
    assert (only(plan).action, only(plan).needs, breaches(plan)) == (
        *(Action.DELETE, ("allow-delete",)),
        ["needs-allow-delete"],
    )
    assert codes(plan) == ["record-key-differs"]
    assert "RECONCILER_RECORD_KEY" in told(plan)


@pytest.mark.parametrize("refresh", list(Refresh))
def test_with_another_key_nothing_is_called_changed(refresh: Refresh) -> None:
    given = keyed()
    plan = given.plan(refresh=refresh)
    assert (plan.changes, codes(plan)) == ((), ["record-key-differs"])
    assert "1 sensitive value of the record cannot be compared" in told(plan)


def test_after_a_rotation_the_next_apply_keeps_the_values_with_the_new_key() -> None:
    given = keyed()
    assert given.apply(consent=Consent()).converged
    assert codes(given.plan()) == []
    value = given.live["sales"].values[phone(1)]
    assert isinstance(value, NumberForwarding)
    given.live["sales"].values[phone(1)] = replace(value, event_url="https://example.com/calls?key=stolen")
    given.files = given.files[1:]
    assert codes(given.plan()) == ["released-changed-by-hand"]


def test_a_plan_that_was_saved_with_another_key_says_so() -> None:
    given = world([desired(1, rings(event_url=EVENTS))], {1: NONE}, variables={"EVENT_KEY": "s3cret"})
    data = given.saved()
    given.key = OTHER_KEY
    with pytest.raises(Exception, match="made with another RECONCILER_RECORD_KEY"):
        given.apply_saved(data)
