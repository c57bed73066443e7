"""The look is fresh when the request leaves: after a pause number, window, lock and signals are asked again."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import pytest

from reconciler.apply.report import ApplyReport, Halt
from reconciler.cli.exits import Exit, of_report
from reconciler.model import Parking, Value
from reconciler.plan.build import Options
from reconciler.record.memory import MemoryRecord
from reconciler.sandbox import Fault, FaultKind, Sandbox
from reconciler.settings import Policy
from reconciler.wiring import Session
from reconciler.workflow.apply import apply_stored
from reconciler.workflow.plan import make_plan
from reconciler.workflow.stored import StoredPlan
from tests.sandbox_world import QuickClock, SandboxWorld, numbered
from tests.world import EVERYTHING, NONE, codes, desired, outcomes, result, rings, sip, url

PAUSES = [FaultKind.RATE_LIMITED, FaultKind.UNAVAILABLE]


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(numbers=4, mtt_numbers=2) as running:
        yield running


def one(sandbox: Sandbox, value: Value = NONE) -> SandboxWorld:
    """One create at the sandbox, or one parking."""
    given = SandboxWorld(sandbox, clock=QuickClock(200.0))
    parking = isinstance(value, Parking)
    numbers = sandbox.mtt.numbers[:1] if parking else sandbox.exolve.numbers[:1]
    given.files = numbered([desired(1, value if parking else rings())], numbers)
    return given


def apply_with_a_pause(
    given: SandboxWorld, kind: FaultKind, during: Callable[[Session], object], *, seconds: int = 40
) -> ApplyReport:
    """Apply; the first write is answered with a pause, during which something happens."""
    given.sandbox.faults.add(Fault(kind=kind, mutating=True, retry_after=seconds))
    session = given.session()

    def wait(_seconds: float, _reason: str) -> None:
        during(session)

    session.on_wait = wait
    try:
        plan, state = make_plan(session, Options(kept=True, consent=EVERYTHING))
        return apply_stored(session, StoredPlan(plan, state))
    finally:
        session.close()


def number(given: SandboxWorld) -> str:
    return given.files[0].key.number


@pytest.mark.parametrize("kind", PAUSES)
def test_what_somebody_else_made_of_it_during_the_pause_is_not_overwritten(sandbox: Sandbox, kind: FaultKind) -> None:
    given = one(sandbox)
    report = apply_with_a_pause(given, kind, lambda _session: given.by_hand(number(given), url()))
    assert result(report).outcome.value in {"skipped", "failed"}
    live = sandbox.exolve.forwarding(number(given))
    assert live is not None
    assert live["call_forwarding_type"] == 3
    assert of_report(report) is not Exit.DONE


def test_a_short_pause_needs_no_second_look(sandbox: Sandbox) -> None:
    given = one(sandbox)
    assert apply_with_a_pause(given, FaultKind.RATE_LIMITED, lambda _session: None, seconds=2).converged
    looks = [call for call in sandbox.log if call.path.endswith("GetAttributes")]
    assert len(looks) == 2


def test_after_a_long_pause_there_is_one_look_more_and_then_the_write(sandbox: Sandbox) -> None:
    given = one(sandbox)
    assert apply_with_a_pause(given, FaultKind.RATE_LIMITED, lambda _session: None).converged
    verbs = [call.path.rpartition("/")[2] for call in sandbox.log]
    assert verbs[-5:] == ["GetAttributes", "SetCallForwarding", "GetAttributes", "SetCallForwarding", "GetAttributes"]


class Closing(QuickClock):
    """A clock whose wall time jumps out of the change window once it is told."""

    closed = False

    def now(self) -> float:
        hour = 12 if self.closed else 10
        return datetime(2026, 11, 23, hour, tzinfo=UTC).timestamp()


@pytest.mark.parametrize("value", [NONE, Parking(parked=True)])
def test_a_window_that_closes_during_the_pause_holds_the_write_back(sandbox: Sandbox, value: Value) -> None:
    given = one(sandbox, value)
    clock = given.clock = Closing(200.0)
    given.policy = Policy(change_window=("hr {10-11}",), change_window_timezone="UTC")
    report = apply_with_a_pause(
        given, FaultKind.RATE_LIMITED, lambda _session: vars(clock).update(closed=True), seconds=5
    )
    assert ("policy-change-window" in codes(report), result(report).attempts, of_report(report)) == (
        *(True, 1),
        Exit.REFUSED,
    )
    assert sandbox.exolve.forwarding(number(given)) is None if value == NONE else not sandbox.mtt.parked(number(given))


@pytest.mark.parametrize("value", [NONE, Parking(parked=True)])
def test_a_lock_that_is_broken_during_the_pause_holds_the_write_back(sandbox: Sandbox, value: Value) -> None:
    given = one(sandbox, value)

    def rob(_session: Session) -> None:
        MemoryRecord(given.store).unlock([], force=True)

    report = apply_with_a_pause(given, FaultKind.RATE_LIMITED, rob)
    assert (report.halt, result(report).outcome.value) == (Halt.LOCK, "skipped")
    assert sandbox.exolve.forwarding(number(given)) is None if value == NONE else not sandbox.mtt.parked(number(given))


@pytest.mark.parametrize("value", [NONE, Parking(parked=True)])
def test_a_signal_during_the_pause_ends_it_as_an_interrupt_and_not_as_a_failure(sandbox: Sandbox, value: Value) -> None:
    given = one(sandbox, value)
    report = apply_with_a_pause(given, FaultKind.RATE_LIMITED, lambda session: session.clock.interrupted.set())
    assert (report.halt, of_report(report)) == (Halt.INTERRUPTED, Exit.INTERRUPTED)
    assert (result(report).outcome.value, result(report).error) == ("skipped", "the run was interrupted")
    assert given.state.windows == ()


def test_who_queues_behind_a_paused_account_looks_again_too(sandbox: Sandbox) -> None:
    given = one(sandbox)
    numbers = sandbox.exolve.numbers[:4]
    given.files = numbered([desired(at, sip() if at else rings()) for at in range(4)], numbers)
    given.concurrency = 4
    given.sandbox.faults.add(Fault(kind=FaultKind.RATE_LIMITED, mutating=True, retry_after=40, skip=1))
    session = given.session()
    moved = [each for each in numbers if each != numbers[0]]

    changed: list[float] = []

    def meanwhile(_seconds: float, _reason: str) -> None:
        changed.append(time.monotonic())
        for each in moved:
            given.by_hand(each, url())

    session.on_wait = meanwhile
    try:
        plan, state = make_plan(session, Options(kept=True, consent=EVERYTHING))
        report = apply_stored(session, StoredPlan(plan, state))
    finally:
        session.close()
    pause_ends = min(at for at in changed) + 30 / 200.0
    late = {call.number for call in sandbox.log if call.mutating and call.started > pause_ends}
    assert late.isdisjoint(moved)
    assert {"skipped"} <= set(outcomes(report).values())
