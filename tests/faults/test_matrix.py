"""Every fault on every kind of write: the outcome is the true one, and the next apply converges."""

from __future__ import annotations

import random
from collections.abc import Iterator

import pytest

from reconciler.cli.exits import of_report
from reconciler.model import Desired, Forwarding, Key, Kind, Parking, Value
from reconciler.providers.exolve.mapping import encode
from reconciler.record.base import RecordState
from reconciler.record.memory import MemoryStore
from reconciler.sandbox import Fault, FaultKind, Sandbox
from tests.faults.matrix import FAULTS, OPERATIONS, Operation, expected
from tests.sandbox_world import SandboxWorld
from tests.world import place

ALL = [(kind, operation) for kind in FAULTS for operation in OPERATIONS]
SLOW = {FaultKind.TIMEOUT_BEFORE, FaultKind.TIMEOUT_AFTER, FaultKind.HUGE_BODY}
SAMPLE = random.Random(20261121).sample([case for case in ALL if case[0] not in SLOW], 40) + [
    (kind, OPERATIONS[at]) for at, kind in enumerate(sorted(SLOW))
]


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(numbers=1, mtt_numbers=1) as running:
        yield running


def prepared(sandbox: Sandbox, operation: Operation) -> SandboxWorld:
    """The vendor and the record as they are before the operation."""
    sandbox.faults.clear()
    sandbox.exolve.set(sandbox.exolve.numbers[0], None)
    sandbox.mtt.park(sandbox.mtt.numbers[0], parked=False)
    world = SandboxWorld(sandbox, timeout="0.4", concurrency=2, store=MemoryStore())
    if operation.before is not None:
        world.files = [wanted(sandbox, operation.before)]
        assert world.apply().converged
    world.files = [wanted(sandbox, operation.after)]
    sandbox.journal.clear()
    return world


def wanted(sandbox: Sandbox, value: Value) -> Desired:
    if isinstance(value, Parking):
        return Desired(Key("mtt", sandbox.mtt.numbers[0], Kind.PARKING), "office", value, place())
    return Desired(Key("exolve", sandbox.exolve.numbers[0], Kind.FORWARDING), "sales", value, place())


def fault(kind: FaultKind) -> Fault:
    """The fault on the next write."""
    seconds = {FaultKind.TIMEOUT_BEFORE: 2.0, FaultKind.TIMEOUT_AFTER: 2.0, FaultKind.SLOW_DRIP: 0.001}.get(kind)
    return Fault(kind=kind, seconds=seconds, mutating=True)


def is_live(sandbox: Sandbox, value: Value) -> bool:
    """Whether the vendor really holds a value."""
    if isinstance(value, Parking):
        return sandbox.mtt.parked(sandbox.mtt.numbers[0]) is value.parked
    number = sandbox.exolve.numbers[0]
    body = stored(number, value)
    return (sandbox.exolve.forwarding(number) or {}) == body


def stored(number: str, value: Forwarding) -> dict[str, object]:
    """What the sandbox keeps of a write: no number, and no zero values."""
    body = encode(number, value)
    del body["number_code"]
    kept = _without_zeros(body)
    assert isinstance(kept, dict)
    return kept


def _without_zeros(value: object) -> object:
    if isinstance(value, dict):
        return {name: _without_zeros(each) for name, each in value.items() if each not in ("", 0, False, [])}
    return [_without_zeros(each) for each in value] if isinstance(value, list) else value


def entries(state: RecordState) -> set[str]:
    return {entry.value for entry in state.entries.values()}


def judge(sandbox: Sandbox, kind: FaultKind, operation: Operation) -> None:
    world = prepared(sandbox, operation)
    before = entries(world.state)
    sandbox.faults.add(fault(kind))
    report = world.apply()
    want = expected(kind, operation)
    (result,) = report.results
    assert (result.outcome.value, int(of_report(report))) == (want.outcome, want.exit_code), result
    if result.outcome.value == "applied":
        assert is_live(sandbox, operation.after)
    assert (entries(world.state) != before) is want.recorded
    assert bool(world.state.windows) is want.open_intent
    sandbox.faults.clear()
    again = world.apply(reassert=want.hidden)
    assert again.converged, again
    assert is_live(sandbox, operation.after)
    assert world.state.windows == ()
    assert world.plan().changes == ()


def name(case: object) -> str:
    return getattr(case, "name", "") if isinstance(case, Operation) else str(getattr(case, "value", case))


@pytest.mark.parametrize(("kind", "operation"), SAMPLE, ids=name)
def test_a_fault_on_a_write_leads_to_the_true_outcome(sandbox: Sandbox, kind: FaultKind, operation: Operation) -> None:
    judge(sandbox, kind, operation)


@pytest.mark.soak
@pytest.mark.parametrize(("kind", "operation"), ALL, ids=name)
def test_every_fault_on_every_write_leads_to_the_true_outcome(
    sandbox: Sandbox, kind: FaultKind, operation: Operation
) -> None:
    judge(sandbox, kind, operation)
