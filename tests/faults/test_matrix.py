"""Every fault on every kind of write, alone and within a run: the outcome is true, and the next apply converges."""

from __future__ import annotations

import json
import random
from collections.abc import Iterable, Iterator

import pytest

from reconciler.apply.journal import ApplyEvent, WindowOpened
from reconciler.apply.report import ApplyReport
from reconciler.canonical import form
from reconciler.cli.exits import of_report
from reconciler.model import Desired, Forwarding, Key, Kind, Parking, Value
from reconciler.providers.exolve.mapping import encode
from reconciler.sandbox import FaultKind, Sandbox
from reconciler.sandbox.journal import Write
from tests.conftest import Tally
from tests.faults.matrix import OPERATIONS, STRIKES, Expected, Operation, Strike, expected, expected_later
from tests.record.faulty import FaultyStore
from tests.sandbox_world import SandboxWorld
from tests.world import place

NUMBERS = 3
ALL = [(strike, operation) for strike in STRIKES for operation in OPERATIONS]
SLOW = {FaultKind.TIMEOUT_BEFORE, FaultKind.TIMEOUT_AFTER, FaultKind.HUGE_BODY}
_SEEDED = random.Random(20261121)
_QUICK = [case for case in ALL if case[0].kind not in SLOW]
SAMPLE = [
    *_SEEDED.sample(_QUICK, 36),
    *((strike, OPERATIONS[at]) for at, strike in enumerate(each for each in STRIKES if each.kind in SLOW)),
    *(case for case in ALL if case[0].kind is None and case[1].name in {"number", "delete"}),
]
LATER_SAMPLE = _SEEDED.sample(_QUICK, 14)


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(numbers=NUMBERS, mtt_numbers=NUMBERS) as running:
        yield running


def patience(strike: Strike) -> str:
    """Seconds to wait for an answer: few only where none will come, as a loaded machine answers late."""
    return "0.4" if strike.kind in {FaultKind.TIMEOUT_BEFORE, FaultKind.TIMEOUT_AFTER} else "10"


def prepared(sandbox: Sandbox, operation: Operation, count: int) -> SandboxWorld:
    """The vendor and the record as they are before the operation on so many numbers."""
    sandbox.faults.clear()
    for number in sandbox.exolve.numbers:
        sandbox.exolve.set(number, None)
    for number in sandbox.mtt.numbers:
        sandbox.mtt.park(number, parked=False)
    world = SandboxWorld(sandbox, timeout="10", concurrency=2, store=FaultyStore())
    if operation.before is not None:
        world.files = wanted(sandbox, operation.before, count)
        assert world.apply().converged
    world.files = wanted(sandbox, operation.after, count)
    sandbox.journal.clear()
    return world


def wanted(sandbox: Sandbox, value: Value, count: int) -> list[Desired]:
    if isinstance(value, Parking):
        return [
            Desired(Key("mtt", number, Kind.PARKING), "office", value, place())
            for number in sandbox.mtt.numbers[:count]
        ]
    return [
        Desired(Key("exolve", number, Kind.FORWARDING), "sales", value, place())
        for number in sandbox.exolve.numbers[:count]
    ]


def is_live(sandbox: Sandbox, number: str, value: Value) -> bool:
    """Whether the vendor really holds a value."""
    if isinstance(value, Parking):
        return sandbox.mtt.parked(number) is value.parked
    return (sandbox.exolve.forwarding(number) or {}) == stored(number, value)


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


def assert_no_number_got_two_values(writes: Iterable[Write]) -> None:
    values: dict[str, set[str]] = {}
    for write in writes:
        values.setdefault(write.number, set()).add(json.dumps(write.body, sort_keys=True))
    assert all(len(each) == 1 for each in values.values()), values


def run(world: SandboxWorld, strike: Strike, struck: Desired, *, alone: bool) -> ApplyReport:
    """One run that meets the fault on the write of `struck`."""
    fault = strike.fault(None if alone else struck.key.number)
    if fault is not None:
        world.sandbox.faults.add(fault)

    def change_in_between(event: ApplyEvent) -> None:
        if fault is None and isinstance(event, WindowOpened) and struck.address in event.addresses:
            change_by_hand(world.sandbox, struck)

    return world.apply(emit=change_in_between)


def change_by_hand(sandbox: Sandbox, struck: Desired) -> None:
    """Somebody else sets the number to something that is neither what was there nor what is wanted."""
    if struck.key.kind is Kind.PARKING:
        sandbox.mtt.park(struck.key.number, parked=True)
    else:
        somebodys = {"call_forwarding_type": 1, "call_forwarding_sip": {"sip_uri": "somebody@elsewhere.example"}}
        sandbox.exolve.set(struck.key.number, somebodys)


def judge(sandbox: Sandbox, strike: Strike, operation: Operation, *, alone: bool = True) -> None:
    world = prepared(sandbox, operation, 1 if alone else NUMBERS)
    world.timeout = patience(strike)
    before = world.state.entries
    struck = world.files[0 if alone else 1]
    report = run(world, strike, struck, alone=alone)
    want = expected(strike, operation) if alone else expected_later(strike, operation)
    outcomes = {row.address.partition("/")[2]: row.outcome.value for row in report.results}
    together = struck_together(world, struck)
    good = "unverified" if operation.is_parking else "applied"
    assert outcomes == {each.key.number: want.outcome if each in together else good for each in world.files}, report
    assert int(of_report(report)) == want.exit_code
    for number, outcome in outcomes.items():
        assert outcome != "applied" or is_live(sandbox, number, operation.after)
    assert_no_number_got_two_values(sandbox.writes)
    assert_recorded(world, want, before, together)
    assert_converges(world, operation, want)


def struck_together(world: SandboxWorld, struck: Desired) -> list[Desired]:
    """Parking goes in batches: the first write alone, the others in one request, which meets the fault as one."""
    is_batch = struck.key.kind is Kind.PARKING and len(world.files) > 1 and world.sandbox.log
    return world.files[1:] if is_batch else [struck]


def assert_recorded(world: SandboxWorld, want: Expected, before: object, together: list[Desired]) -> None:
    """The record says of each number just what is known of it."""
    state = world.state
    assert isinstance(before, dict)
    unknown = {intent.key for window in state.windows for intent in window.intents}
    assert unknown == ({each.key for each in together} if want.open_intent else set())
    for each in world.files:
        entry, old = state.entries.get(each.key), before.get(each.key)
        if each in together and not want.recorded:
            assert entry == old
        else:
            assert entry is not None
            assert entry.value == form(each.value).text
            proven = each.key.kind is Kind.FORWARDING and (each not in together or want.outcome == "applied")
            assert entry.confirmed is proven


def assert_converges(world: SandboxWorld, operation: Operation, want: Expected) -> None:
    sandbox = world.sandbox
    sandbox.faults.clear()
    sandbox.journal.clear()
    world.timeout = "10"
    again = world.apply(reassert=want.hidden)
    assert again.converged, again
    assert_no_number_got_two_values(sandbox.writes)
    assert all(is_live(sandbox, each.key.number, operation.after) for each in world.files)
    assert (len(world.state.windows), len(world.plan().changes)) == (0, 0)


def name(case: object) -> str:
    return case.name if isinstance(case, Operation | Strike) else str(case)


@pytest.mark.parametrize(("strike", "operation"), SAMPLE, ids=name)
def test_a_fault_on_a_write_leads_to_the_true_outcome(sandbox: Sandbox, strike: Strike, operation: Operation) -> None:
    judge(sandbox, strike, operation)


@pytest.mark.parametrize(("strike", "operation"), LATER_SAMPLE, ids=name)
def test_a_fault_in_the_middle_of_a_run_leads_to_the_true_outcome(
    sandbox: Sandbox, strike: Strike, operation: Operation
) -> None:
    judge(sandbox, strike, operation, alone=False)


@pytest.mark.soak
@pytest.mark.parametrize(("strike", "operation"), ALL, ids=name)
def test_every_fault_on_every_write_leads_to_the_true_outcome(
    sandbox: Sandbox, strike: Strike, operation: Operation, tally: Tally
) -> None:
    tally(f"faults ({len(STRIKES)}) x writes ({len(OPERATIONS)}), one number", 1)
    judge(sandbox, strike, operation)


@pytest.mark.soak
@pytest.mark.parametrize(("strike", "operation"), ALL, ids=name)
def test_every_fault_in_the_middle_of_a_run_leads_to_the_true_outcome(
    sandbox: Sandbox, strike: Strike, operation: Operation, tally: Tally
) -> None:
    tally(f"faults ({len(STRIKES)}) x writes ({len(OPERATIONS)}), in the middle of a run of {NUMBERS}", 1)
    judge(sandbox, strike, operation, alone=False)
