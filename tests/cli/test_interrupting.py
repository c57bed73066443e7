"""Ctrl-C and SIGTERM: a run ends in order with 130, and the next one converges."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable

import pytest

from reconciler.sandbox import Fault, FaultKind
from reconciler.sandbox.journal import Incoming
from tests.architecture.imports import REPOSITORY
from tests.cli.conftest import Workplace

MANY = "version: 1\nnumbers:\n" + "".join(
    f'  "7499100000{at}": {{forwarding: {{type: url, url: https://example.com/{at}, reserve: "74993334455"}}}}\n'
    for at in range(10)
)


@pytest.fixture
def slow(workplace: Workplace) -> Workplace:
    """Ten numbers, one request at a time, each taking a while."""
    (workplace.folder / "numbers.yaml").write_text(MANY, "utf-8")
    head = workplace.folder / "reconciler.yaml"
    lines = head.read_text("utf-8").splitlines(keepends=True)
    one_at_a_time = [
        "    rate: {per_second: 0, concurrency: 1}\n" if "application:" in line else line for line in lines
    ]
    head.write_text("".join(one_at_a_time), "utf-8")
    workplace.sandbox.latency = 0.1
    return workplace


def started(workplace: Workplace, *arguments: str) -> subprocess.Popen[str]:
    environ = {**os.environ, **workplace.environ, "PYTHONPATH": str(REPOSITORY)}
    command = [sys.executable, "-m", "reconciler", "-C", str(workplace.folder), *arguments]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environ)


def wait_for(happened: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 30
    while not happened():
        assert time.monotonic() < deadline, "it never happened"
        time.sleep(0.01)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_first_signal_lets_what_is_in_flight_finish_and_settles_it(number: int, slow: Workplace) -> None:
    running = started(slow, "apply", "--auto-approve", "--format", "json")
    wait_for(lambda: len(slow.sandbox.writes) >= 2)
    running.send_signal(number)
    out, err = running.communicate(timeout=30)
    assert running.returncode == 130
    report = json.loads(out)
    assert report["converged"] is False
    outcomes = {row["address"].partition("/")[2]: row["outcome"] for row in report["results"]}
    assert {write.number for write in slow.sandbox.writes} == {
        address for address, outcome in outcomes.items() if outcome == "applied"
    }
    assert "skipped" in outcomes.values()
    assert "finishing what is in flight" in err
    slow.sandbox.latency = 0.0
    record = slow.run("record", "list", "--format", "json").json
    assert record["unsettled"] == []
    assert slow.run("apply", "--auto-approve").exit_code == 0
    assert slow.run("plan", "--detailed-exitcode").exit_code == 0


HANGS = 60.0
SOON = 3.0
STAGES = {
    "sending": Fault(kind=FaultKind.LATENCY, seconds=HANGS, mutating=True, skip=2, times=None),
    "reading back": Fault(kind=FaultKind.LATENCY, seconds=HANGS, path="GetAttributes", skip=22, times=None),
}


@pytest.mark.parametrize(("stage", "number"), [("sending", signal.SIGINT), ("reading back", signal.SIGTERM)])
def test_the_second_signal_ends_it_at_once_and_the_next_apply_converges(
    stage: str, number: int, slow: Workplace
) -> None:
    slow.sandbox.latency = 0.0
    slow.sandbox.faults.add(STAGES[stage])
    running = started(slow, "apply", "--auto-approve", "--format", "json")
    wait_for(lambda: len(slow.sandbox.writes) >= 2)
    time.sleep(0.3)
    running.send_signal(number)
    time.sleep(0.2)
    begun = time.monotonic()
    running.send_signal(number)
    out, err = running.communicate(timeout=HANGS)
    assert time.monotonic() - begun < SOON
    assert running.returncode == 130
    assert [item["code"] for item in json.loads(out)["diagnostics"]] == ["interrupted"]
    assert "Traceback" not in err
    slow.sandbox.faults.clear()
    slow.sandbox.journal.clear()
    assert slow.run("apply", "--auto-approve").exit_code == 0
    assert {write.number for write in slow.sandbox.writes} <= set(slow.sandbox.exolve.numbers[2:])
    assert slow.run("plan", "--detailed-exitcode").exit_code == 0


@pytest.mark.parametrize("command", ["plan", "apply"])
def test_a_vendor_that_hangs_does_not_hold_up_an_interrupt_while_reading(command: str, slow: Workplace) -> None:
    asked: list[Incoming] = []

    def note(call: Incoming) -> bool:
        asked.append(call)
        return True

    slow.sandbox.faults.add(Fault(kind=FaultKind.LATENCY, seconds=HANGS, times=None, where=note))
    running = started(slow, command, *(["--auto-approve"] if command == "apply" else []))
    wait_for(lambda: bool(asked))
    begun = time.monotonic()
    running.send_signal(signal.SIGINT)
    _out, err = running.communicate(timeout=HANGS)
    assert time.monotonic() - begun < SOON
    assert (running.returncode, "Traceback" in err) == (130, False)
    assert "error[interrupted]" in err


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_plan_ends_soon_with_130_and_one_document(number: int, slow: Workplace) -> None:
    slow.sandbox.latency = 0.6
    running = started(slow, "plan", "--format", "json")
    wait_for(lambda: len(slow.sandbox.log) >= 1)
    begun = time.monotonic()
    running.send_signal(number)
    out, _err = running.communicate(timeout=30)
    assert running.returncode == 130
    assert [item["code"] for item in json.loads(out)["diagnostics"]] == ["interrupted"]
    assert time.monotonic() - begun < 4, "ten reads would take six seconds"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("command", ["plan", "apply"])
def test_a_pause_that_the_vendor_asked_for_does_not_hold_up_an_interruption(
    command: str, number: int, slow: Workplace
) -> None:
    slow.sandbox.latency = 0.0
    mutating = command == "apply"
    slow.sandbox.faults.add(Fault(kind=FaultKind.RATE_LIMITED, retry_after=25, mutating=mutating, times=None))
    running = started(slow, command, "--format", "json", *(["--auto-approve"] if mutating else []))
    wait_for(lambda: any(call.status == 429 for call in slow.sandbox.log))
    time.sleep(0.3)
    begun = time.monotonic()
    running.send_signal(number)
    out, _err = running.communicate(timeout=60)
    assert (running.returncode, time.monotonic() - begun < 5) == (130, True)
    assert json.loads(out)["format_version"] == "1.0"
    assert [call.status for call in slow.sandbox.log].count(429) == 1


def test_an_interrupted_sandbox_ends_with_130() -> None:
    environ = {**os.environ, "PYTHONPATH": str(REPOSITORY)}
    command = [sys.executable, "-m", "reconciler", "sandbox", "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environ) as running:
        assert running.stdout is not None
        running.stdout.readline()
        running.send_signal(signal.SIGINT)
        running.communicate(timeout=30)
    assert running.returncode == 130
