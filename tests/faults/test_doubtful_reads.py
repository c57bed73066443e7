"""Readers that lag, keys of other accounts, lists that shift: none costs ownership, none makes a report untrue."""

from __future__ import annotations

import itertools
import random
import time
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from reconciler.cli.exits import of_plan, of_report
from reconciler.model import Desired, Kind
from reconciler.sandbox import Fault, FaultKind, Sandbox
from tests.conftest import Tally
from tests.faults.matrix import FORWARDINGS, OPERATIONS, PROVEN, UNKNOWN, Operation
from tests.faults.test_matrix import assert_converges, is_live, name, prepared, wanted
from tests.sandbox_world import SandboxWorld

_SEEDED = random.Random(20261128)
NUMBERS = 6


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(numbers=NUMBERS, mtt_numbers=2) as running:
        yield running


# -- lag --------------------------------------------------------------------------------------------------------------

READABLE = [each for each in OPERATIONS if not each.is_parking]
SHORT, LONG = (1, 3, 6, 10, 15, 20), (50, 90)
"""Seconds for which reads lag: shorter and longer than the 30 s that an account is given by default."""
LAGS = list(itertools.product((*SHORT, *LONG), READABLE))


def judge_lag(sandbox: Sandbox, seconds: int, operation: Operation) -> None:
    """Within the time the write is proven; beyond it is in doubt, stays ours, and the next runs settle it."""
    world = prepared(sandbox, operation, 1)
    (struck,) = world.files
    number, before = struck.key.number, world.state.entries.get(struck.key)
    real = seconds / world.clock.speed
    sandbox.faults.add(Fault(kind=FaultKind.LATE_VALUE, seconds=real, mutating=True))
    report = world.apply()
    want = PROVEN if seconds in SHORT else UNKNOWN
    (result,) = report.results
    assert (result.outcome.value, int(of_report(report))) == (want.outcome, want.exit_code), report
    assert is_live(sandbox, number, operation.after)
    assert len(sandbox.writes) == 1
    in_doubt = [intent.key for window in world.state.windows for intent in window.intents]
    assert in_doubt == ([struck.key] if want.open_intent else [])
    if want.open_intent:
        assert world.state.entries.get(struck.key) == before
        time.sleep(real)
    assert_converges(world, operation, want)
    assert len(sandbox.writes) == 0


@pytest.mark.parametrize(("seconds", "operation"), _SEEDED.sample(LAGS, 10), ids=name)
def test_a_write_that_shows_late_is_applied_or_in_doubt(sandbox: Sandbox, seconds: int, operation: Operation) -> None:
    judge_lag(sandbox, seconds, operation)


@pytest.mark.soak
@pytest.mark.parametrize(("seconds", "operation"), LAGS, ids=name)
def test_every_write_that_shows_late_is_applied_or_in_doubt(
    sandbox: Sandbox, seconds: int, operation: Operation, tally: Tally
) -> None:
    tally(f"reads that lag ({len((*SHORT, *LONG))} times from 1 to 90 s) x writes ({len(READABLE)})", 1)
    judge_lag(sandbox, seconds, operation)


# -- another key ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class WrongKey:
    """Whose key it is, whether the configuration names the application, and what the files say of the numbers."""

    whose: str
    application: bool
    files: str

    def __str__(self) -> str:
        return f"{self.whose}-{'with' if self.application else 'without'}-application-{self.files}"


KEYS = [
    WrongKey(*each)
    for each in itertools.product(
        ("revoked", "another-application", "another-customer", "empty-application"),
        (True, False),
        ("same", "changed", "one-gone", "all-gone", "deleted"),
    )
]


def key_of(sandbox: Sandbox, whose: str) -> str:
    """A key that is not that of the application which has the numbers."""
    if whose == "revoked":
        return "no-such-key"
    customer = "customer-1" if whose == "another-application" else "customer-2"
    uuid = f"00000000-0000-4000-8000-{len(whose):012}"
    application = sandbox.exolve.add_application(whose, api_key=f"key-of-{whose}", uuid=uuid, customer=customer)
    if whose != "empty-application":
        sandbox.exolve.add_numbers(["74957000001"], application)
    return application.api_key


def edited(sandbox: Sandbox, files: str) -> list[Desired]:
    changed = wanted(sandbox, FORWARDINGS["sip"], NUMBERS)
    return {
        "same": wanted(sandbox, FORWARDINGS["number"], NUMBERS),
        "changed": changed,
        "one-gone": wanted(sandbox, FORWARDINGS["number"], NUMBERS)[1:],
        "all-gone": [],
        "deleted": wanted(sandbox, OPERATIONS[4].after, NUMBERS),
    }[files]


def judge_key(sandbox: Sandbox, case: WrongKey) -> None:
    """One error of the account, nothing judged, nothing written or forgotten; with its key all goes on."""
    world = SandboxWorld(sandbox, application=case.application)
    world.files = wanted(sandbox, FORWARDINGS["number"], NUMBERS)
    assert world.apply().converged
    before, own = world.state, world.api_key
    world.files, world.api_key = edited(sandbox, case.files), key_of(sandbox, case.whose)
    sandbox.journal.clear()
    plan = world.plan()
    errors = [each for each in plan.diagnostics if each.is_error]
    assert (len(errors), plan.changes, plan.unchanged, int(of_plan(plan, detailed=True, enforce_policy=True))) == (
        1,
        (),
        0,
        1,
    ), plan
    report = world.apply()
    assert (report.results, int(of_report(report)), sandbox.writes) == ((), 1, [])
    assert (world.state.entries, world.state.windows) == (before.entries, before.windows)
    world.api_key = own
    assert world.apply().converged
    assert world.plan().changes == ()
    gone = case.files in {"all-gone", "deleted"}
    assert [sandbox.exolve.forwarding(number) is None for number in sandbox.exolve.numbers[1:NUMBERS]] == [gone] * 5


@pytest.mark.parametrize("case", _SEEDED.sample(KEYS, 12), ids=str)
def test_a_key_of_another_account_is_one_error_and_costs_nothing(sandbox: Sandbox, case: WrongKey) -> None:
    judge_key(sandbox, case)


@pytest.mark.soak
@pytest.mark.parametrize("case", KEYS, ids=str)
def test_every_key_of_another_account_is_one_error_and_costs_nothing(
    sandbox: Sandbox, case: WrongKey, tally: Tally
) -> None:
    tally("keys of other accounts (4) x application named or not x edits (5)", 1)
    judge_key(sandbox, case)


def test_another_integration_of_parking_is_one_error_and_costs_nothing(sandbox: Sandbox) -> None:
    world = SandboxWorld(sandbox)
    world.files = wanted(sandbox, OPERATIONS[5].after, 2)
    assert world.apply().converged
    before = world.state.entries
    assert {each.kind for each in before} == {Kind.PARKING}
    ours = sandbox.mtt.numbers
    sandbox.mtt.add_numbers(["78005550001"])
    for number in ours:
        sandbox.mtt.remove_number(number)
    sandbox.journal.clear()
    world.files = []
    plan = world.plan()
    assert ([each.code for each in plan.diagnostics if each.is_error], plan.changes) == (["provider-not-owned"], ())
    assert (int(of_report(world.apply())), sandbox.writes, world.state.entries) == (1, [], before)


# -- lists that shift -------------------------------------------------------------------------------------------------

LISTS = (FaultKind.SHIFTED_PAGE, FaultKind.SHORT_PAGE, FaultKind.REPEATED_PAGE)
SHIFTS = list(itertools.product(LISTS, (0, 1, 3), (0, 1, 2)))
"""What becomes of the list, how many numbers the files know any more, and how many lists go well before."""


def judge_list(sandbox: Sandbox, kind: FaultKind, known: int, well: int) -> None:
    """No number is forgotten or taken for unset because a list lacks it; the next run does what the files say."""
    world = SandboxWorld(sandbox)
    world.files = wanted(sandbox, FORWARDINGS["number"], NUMBERS)
    assert world.apply().converged
    world.files = world.files[:known]
    sandbox.journal.clear()
    sandbox.faults.add(Fault(kind=kind, path="GetList", skip=well, times=None))
    planned = world.plan()
    assert {change.action.value for change in planned.changes} <= {"delete"}
    world.apply()
    held = {number for number in sandbox.exolve.numbers if sandbox.exolve.forwarding(number)}
    assert {entry.number for entry in world.state.entries} == held, "the record knows exactly what is ours"
    assert {each.number for each in sandbox.writes}.isdisjoint(each.key.number for each in world.files)
    sandbox.faults.clear()
    assert world.apply().converged
    held = {number for number in sandbox.exolve.numbers if sandbox.exolve.forwarding(number)}
    assert held == {entry.number for entry in world.state.entries} == {each.key.number for each in world.files}
    assert world.plan().changes == ()


@pytest.mark.parametrize(("kind", "known", "well"), _SEEDED.sample(SHIFTS, 9), ids=str)
def test_a_list_that_shifts_costs_nothing(sandbox: Sandbox, kind: FaultKind, known: int, well: int) -> None:
    judge_list(sandbox, kind, known, well)


@pytest.mark.soak
@pytest.mark.parametrize(("kind", "known", "well"), SHIFTS, ids=str)
def test_no_list_that_shifts_costs_anything(
    sandbox: Sandbox, kind: FaultKind, known: int, well: int, tally: Tally
) -> None:
    tally("lists that shift (3) x numbers that the files know (3) x lists that go well before (3)", 1)
    judge_list(sandbox, kind, known, well)
