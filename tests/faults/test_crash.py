"""Killed at any point, a run leaves a record from which the next apply converges, and nothing foreign was written."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from reconciler.model import Parking
from reconciler.record.base import RecordState
from reconciler.sandbox import Fault, FaultKind, Sandbox, Write
from tests.conftest import Tally
from tests.faults.crash import FAILPOINTS, NUMBERS, files
from tests.faults.test_matrix import stored
from tests.record.opening import open_place
from tests.sandbox_world import SandboxWorld

REPOSITORY = Path(__file__).parents[2]
_ADDRESSES = (
    "exolve_url",
    "mtt_url",
    "oauth_url",
    "api_key",
    "application",
    "client_id",
    "client_secret",
    "redirect_uri",
)
_FOREIGN = 3
_IN_FLIGHT_SECONDS = 0.25
SHOWN = {"exolve": "forwardings", "mtt": "parking"}
_OUTSIDE = ("in-flight", "effect-to-result")


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(numbers=NUMBERS + _FOREIGN, mtt_numbers=NUMBERS + _FOREIGN) as running:
        yield running


def owned(sandbox: Sandbox, provider: str) -> tuple[str, ...]:
    return sandbox.mtt.numbers if provider == "mtt" else sandbox.exolve.numbers


def prepared(sandbox: Sandbox, provider: str, record: str) -> SandboxWorld:
    """The vendor and the record as they are before the run that dies."""
    sandbox.faults.clear()
    for number in sandbox.exolve.numbers:
        sandbox.exolve.set(number, None)
    for number in sandbox.mtt.numbers:
        sandbox.mtt.park(number, parked=False)
    world = SandboxWorld(sandbox, record=open_place(record, name="moscow"), timeout="20")
    world.files = files(provider, owned(sandbox, provider)[:NUMBERS], after=False)
    assert world.apply().converged
    sandbox.journal.clear()
    return world


def killed(sandbox: Sandbox, world: SandboxWorld, provider: str, failpoint: str, record: str, seed: int) -> None:
    """Run the child until it is dead at the failpoint."""
    choice = random.Random(seed)
    task = {
        "sandbox": {name: getattr(sandbox, name) for name in _ADDRESSES},
        "record": record,
        "longest_save": 0.01 if record.startswith("file:") else 0.1,
        "refresh_token": world.refresh_token,
        "provider": provider,
        "numbers": list(owned(sandbox, provider)[:NUMBERS]),
        "failpoint": failpoint,
        "at": choice.randint(1, 3 if failpoint == "during-save" else 2),
        "seed": seed,
    }
    if failpoint == "in-flight":
        sandbox.faults.add(Fault(kind=FaultKind.LATENCY, mutating=True, seconds=_IN_FLIGHT_SECONDS, times=None))
    if failpoint == "effect-to-result":
        skip = choice.randint(0, 1 if provider == "mtt" else 6)
        sandbox.faults.add(Fault(kind=FaultKind.TIMEOUT_AFTER, mutating=True, seconds=30, skip=skip))
    command = [sys.executable, "-m", "tests.faults.crash", json.dumps(task)]
    with subprocess.Popen(command, cwd=REPOSITORY, stdout=subprocess.PIPE, env=dict(os.environ)) as child:
        if failpoint in _OUTSIDE:
            _wait_and_kill(sandbox, child, failpoint, choice)
        out, _ = child.communicate(timeout=60)
    assert child.returncode == -signal.SIGKILL, out.decode()
    sandbox.faults.clear()
    time.sleep(2 * _IN_FLIGHT_SECONDS if failpoint == "in-flight" else 0)


def _wait_and_kill(sandbox: Sandbox, child: subprocess.Popen[bytes], failpoint: str, choice: random.Random) -> None:
    assert child.stdout is not None
    if failpoint == "in-flight":
        for _ in range(choice.randint(1, 3)):
            child.stdout.readline()
        time.sleep(choice.uniform(0, _IN_FLIGHT_SECONDS))
    else:
        deadline = time.monotonic() + 60
        while not any(call.fault for call in list(sandbox.log)):
            assert time.monotonic() < deadline
            time.sleep(0.005)
    child.kill()


def assert_no_number_got_two_values(writes: list[Write]) -> None:
    values: dict[str, set[str]] = {}
    for write in writes:
        values.setdefault(write.number, set()).add(json.dumps(write.body, sort_keys=True))
    assert all(len(each) == 1 for each in values.values())


def assert_every_write_had_an_intent(writes: list[Write], state: RecordState, before: RecordState) -> None:
    open_intents = {intent.key.number for window in state.windows for intent in window.intents}
    settled = {
        key.number for key in {*state.entries, *before.entries} if state.entries.get(key) != before.entries.get(key)
    }
    assert {write.number for write in writes} <= open_intents | settled


def crash(sandbox: Sandbox, provider: str, failpoint: str, record: str, seed: int) -> str:
    """One kill and what follows, the record kept at `record`; returns how many writes were unsettled when it struck."""
    world = prepared(sandbox, provider, record)
    numbers = owned(sandbox, provider)
    before = world.state
    killed(sandbox, world, provider, failpoint, record, seed)
    first_run = list(sandbox.writes)
    state = world.state
    assert_every_write_had_an_intent(first_run, state, before)
    assert_no_number_got_two_values(first_run)
    sandbox.journal.clear()
    world.files = files(provider, numbers[:NUMBERS], after=True)
    report = world.apply()
    assert report.converged, report
    assert_no_number_got_two_values(sandbox.writes)
    assert world.state.windows == ()
    assert world.plan().changes == ()
    assert set(world.state.entries) == {each.key for each in world.files}
    assert {write.number for write in [*first_run, *sandbox.writes]} <= set(numbers[:NUMBERS])
    assert_live(sandbox, world)
    assert world.record is not None
    world.record.close()
    return f"{sum(len(window.intents) for window in state.windows)} open"


def assert_live(sandbox: Sandbox, world: SandboxWorld) -> None:

    wanted = {each.key.number: each.value for each in world.files}
    for number in sandbox.mtt.numbers:
        if number in wanted:
            assert sandbox.mtt.parked(number) is getattr(wanted[number], "parked", None)
    for number in sandbox.exolve.numbers:
        value = wanted.get(number)
        body = {} if value is None or isinstance(value, Parking) else stored(number, value)
        assert (sandbox.exolve.forwarding(number) or {}) == body


@pytest.mark.parametrize("provider", ["exolve", "mtt"])
@pytest.mark.parametrize("failpoint", FAILPOINTS)
def test_a_run_that_is_killed_is_settled_by_the_next(
    sandbox: Sandbox, provider: str, failpoint: str, tmp_path: Path
) -> None:
    crash(sandbox, provider, failpoint, f"file:{tmp_path / 'record.db'}", seed=1)


@pytest.mark.soak
@pytest.mark.parametrize("provider", ["exolve", "mtt"])
@pytest.mark.parametrize("failpoint", FAILPOINTS)
def test_twenty_kills_at_each_point_are_settled_by_the_next_run(
    sandbox: Sandbox, provider: str, failpoint: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], tally: Tally
) -> None:
    tally(f"kill -9 {failpoint}, {SHOWN[provider]}, record in file", 20)
    found = Counter(
        crash(sandbox, provider, failpoint, f"file:{tmp_path / str(seed) / 'record.db'}", seed=seed)
        for seed in range(20)
    )
    with capsys.disabled():
        sys.stdout.write(f"\n{provider} {failpoint}: 20 kills, all converged; intents at death: {dict(found)}\n")
