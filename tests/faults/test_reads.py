"""Whatever a vendor answers to a read: the number is right or unknown, never absent, and no write is a guess."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from reconciler.cli.exits import Exit, of_plan, of_report
from reconciler.model import Desired, Forwarding, Key, Kind, Parking
from reconciler.sandbox import Fault, FaultKind, Sandbox
from tests.faults.matrix import FORWARDINGS
from tests.record.faulty import FaultyStore
from tests.sandbox_world import SandboxWorld
from tests.world import place

K = FaultKind
HARMLESS = {K.LATENCY, K.SLOW_DRIP, K.LATE_VALUE, K.WRONG_VALUE}
ELSEWHERE = {K.CHANGED_BY_OTHER, K.REPEATED_PAGE, K.SHORT_PAGE, K.SHIFTED_PAGE}
KINDS = [kind for kind in K if kind not in HARMLESS | ELSEWHERE]
SLOW = {K.TIMEOUT_BEFORE, K.TIMEOUT_AFTER}


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(numbers=2, mtt_numbers=1) as running:
        yield running


def forwarding(number: str, value: Forwarding) -> Desired:
    return Desired(Key("exolve", number, Kind.FORWARDING), "sales", value, place())


def two(sandbox: Sandbox, *, application: bool, timeout: str = "0.15") -> SandboxWorld:
    """One number that is recorded and vanished from the files, and one that is to be created."""
    sandbox.faults.clear()
    gone, new = sandbox.exolve.numbers
    for number in sandbox.exolve.numbers:
        sandbox.exolve.set(number, None)
    world = SandboxWorld(sandbox, application=application, store=FaultyStore())
    world.files = [forwarding(gone, FORWARDINGS["url"])]
    assert world.apply().converged
    world.files = [forwarding(new, FORWARDINGS["sip"])]
    world.timeout = timeout
    sandbox.journal.clear()
    return world


def never(kind: FaultKind, path: str) -> Fault:
    """A fault that never ends."""
    return Fault(kind=kind, path=path, times=None, seconds=1.0 if kind in SLOW else 0.001)


def assert_nothing_is_done(world: SandboxWorld) -> None:
    plan = world.plan()
    assert (plan.changes, plan.unknown, plan.complete) == ((), 2, False)
    assert of_plan(plan, detailed=True, enforce_policy=False) is Exit.ERROR
    assert any(item.is_error for item in plan.diagnostics)
    report = world.apply()
    assert (report.results, report.converged, of_report(report)) == ((), False, Exit.ERROR)
    assert world.sandbox.writes == []
    assert len(world.state.entries) == 1


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.value)
def test_a_number_whose_every_read_fails_is_unknown_and_left_alone(sandbox: Sandbox, kind: FaultKind) -> None:
    world = two(sandbox, application=False, timeout="0.15" if kind in SLOW else "2")
    sandbox.faults.add(never(kind, "GetAttributes"))
    assert_nothing_is_done(world)


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind is not K.HUGE_BODY], ids=lambda kind: kind.value)
def test_an_account_whose_list_fails_is_unknown_and_left_alone(sandbox: Sandbox, kind: FaultKind) -> None:
    world = two(sandbox, application=True, timeout="0.15" if kind in SLOW else "2")
    sandbox.faults.add(never(kind, "GetList"))
    assert_nothing_is_done(world)


@pytest.mark.parametrize("kind", sorted(HARMLESS), ids=lambda kind: kind.value)
def test_a_slow_answer_is_an_answer(sandbox: Sandbox, kind: FaultKind) -> None:
    world = two(sandbox, application=False, timeout="10")
    sandbox.faults.add(never(kind, "GetAttributes"))
    assert {change.action.value for change in world.plan().changes} == {"create", "delete"}


RECOVERS = [
    K.RATE_LIMITED,
    K.UNAVAILABLE,
    K.SERVER_ERROR_BEFORE,
    K.BAD_GATEWAY_BEFORE,
    K.DROP_BEFORE,
    K.CUT_OFF,
    K.TIMEOUT_BEFORE,
]


@pytest.mark.parametrize("kind", RECOVERS, ids=lambda kind: kind.value)
def test_a_read_that_fails_once_for_want_of_an_answer_is_repeated(sandbox: Sandbox, kind: FaultKind) -> None:
    world = two(sandbox, application=False, timeout="0.5")
    sandbox.faults.add(Fault(kind=kind, path="GetAttributes", seconds=2.0))
    plan = world.plan()
    assert (len(plan.changes), plan.complete) == (2, True)


@pytest.mark.parametrize("kind", [K.UNAUTHORIZED, K.FORBIDDEN, K.NOT_FOUND, K.HTML_WITH_200], ids=lambda k: k.value)
def test_parking_is_not_written_where_ownership_cannot_be_proven(sandbox: Sandbox, kind: FaultKind) -> None:
    sandbox.faults.clear()
    (number,) = sandbox.mtt.numbers
    key = Key("mtt", number, Kind.PARKING)
    world = SandboxWorld(sandbox, [Desired(key, "office", Parking(parked=True), place())])
    sandbox.journal.clear()
    sandbox.faults.add(never(kind, "externalNumbersInfo"))
    plan = world.plan()
    assert (plan.changes, plan.unknown, plan.complete) == ((), 1, False)
    assert world.apply().results == ()
    assert sandbox.writes == []


@pytest.mark.parametrize("kind", [K.REPEATED_PAGE, K.SHORT_PAGE], ids=lambda kind: kind.value)
def test_a_list_that_does_not_add_up_makes_what_it_lacks_unknown_and_never_absent(kind: FaultKind) -> None:
    with Sandbox(numbers=250) as sandbox:
        world = SandboxWorld(sandbox, [forwarding(number, FORWARDINGS["url"]) for number in sandbox.exolve.numbers])
        assert world.apply().converged
        world.files = []
        sandbox.journal.clear()
        sandbox.faults.add(Fault(kind=kind, path="GetList", times=None))
        plan = world.plan()
        assert not plan.complete
        assert "provider-list-incomplete" in {item.code for item in plan.diagnostics}
        assert {change.action.value for change in plan.changes} <= {"delete"}
        assert len(plan.changes) + plan.unknown == 250
        assert plan.unknown >= 1
        assert sandbox.writes == []


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind not in SLOW], ids=lambda kind: kind.value)
def test_a_write_that_cannot_be_read_back_is_unknown_and_never_applied(sandbox: Sandbox, kind: FaultKind) -> None:
    world = two(sandbox, application=False, timeout="2")
    world.files.append(forwarding(sandbox.exolve.numbers[0], FORWARDINGS["url"]))
    sandbox.faults.add(Fault(kind=kind, path="GetAttributes", number=world.files[0].key.number, skip=2, times=None))
    report = world.apply()
    (result,) = report.results
    assert (result.outcome.value, of_report(report)) == ("unknown", Exit.PARTIAL)
    assert [intent.key for window in world.state.windows for intent in window.intents] == [world.files[0].key]
    sandbox.faults.clear()
    assert world.apply().converged
    assert (world.state.windows, world.plan().changes) == ((), ())
    assert len(sandbox.writes) == 1
