"""Faults on a write as the user meets them: how the process ends, what its report says, what the record holds."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import replace
from typing import Any

import pytest

from reconciler.sandbox import FaultKind
from tests.architecture.imports import REPOSITORY
from tests.cli.conftest import Workplace
from tests.conftest import Tally
from tests.faults.matrix import OPERATIONS as ALL_OPERATIONS
from tests.faults.matrix import STRIKES, Expected, Operation, Strike, expected

EXOLVE, PARKED = "74991000000", "78005560251"
LIVE = {"call_forwarding_type": 3, "call_forwarding_ipcr": {"url": "https://example.com/old"}}
ENTRIES = {
    "number": f'"{EXOLVE}": {{forwarding: {{type: number, targets: [{{to: "74992223344", timeout: 16}}]}}}}',
    "url": f'"{EXOLVE}": {{forwarding: {{type: url, url: https://example.com/route}}}}',
    "delete": f'"{EXOLVE}": {{forwarding: none}}',
    "parking-on": f'"{PARKED}": {{account: office, parking: true}}',
}
OPERATIONS = {each.name: each for each in ALL_OPERATIONS if each.name in ENTRIES}
TIMEOUT = 3.0
ALLOWED = ("--auto-approve", "--allow-delete", "--allow-adopt", "--format", "json")
BY_NAME = {strike.name: strike for strike in STRIKES if strike.kind is not None}
SAMPLE = [("forbidden", "number"), ("reset-after", "delete"), ("error-with-200", "parking-on")]


def apply(workplace: Workplace) -> tuple[int, Any, str]:
    environ = {**os.environ, **workplace.environ, "PYTHONPATH": str(REPOSITORY), "RECONCILER_TIMEOUT": str(TIMEOUT)}
    command = [sys.executable, "-m", "reconciler", "-C", str(workplace.folder), "apply", *ALLOWED]
    ended = subprocess.run(command, capture_output=True, text=True, env=environ, check=False, timeout=240)
    return ended.returncode, json.loads(ended.stdout), ended.stderr


def patient(strike: Strike) -> Strike:
    """A hanging call outlasts the patience of a real process."""
    hangs = strike.kind in {FaultKind.TIMEOUT_BEFORE, FaultKind.TIMEOUT_AFTER}
    return replace(strike, seconds=2 * TIMEOUT) if hangs else strike


def judge(workplace: Workplace, strike: Strike, operation: Operation) -> None:
    (workplace.folder / "numbers.yaml").write_text(f"version: 1\nnumbers:\n  {ENTRIES[operation.name]}\n", "utf-8")
    if operation.name == "delete":
        workplace.sandbox.exolve.set(EXOLVE, LIVE)
    fault = patient(strike).fault(None)
    assert fault is not None
    workplace.sandbox.faults.add(fault)
    code, report, err = apply(workplace)
    want = expected(strike, operation)
    (row,) = report["results"]
    assert (row["outcome"], code) == (want.outcome, want.exit_code), (report, err)
    assert report["converged"] is (code == 0)
    assert (row["error"] is None) is (row["outcome"] in {"applied", "unverified"})
    assert "Traceback" not in err
    assert len({json.dumps(write.body) for write in workplace.sandbox.writes}) <= 1
    assert_recorded(workplace, want)
    workplace.sandbox.faults.clear()
    code, report, err = apply(workplace)
    assert (code, report["converged"]) == (0, True), (report, err)
    assert workplace.run("plan", "--detailed-exitcode").exit_code == 0


def assert_recorded(workplace: Workplace, want: Expected) -> None:
    record = workplace.run("record", "list", "--format", "json").json
    assert len(record["entries"]) == want.recorded
    assert len(record["unsettled"]) == want.open_intent


@pytest.mark.parametrize(("strike", "operation"), SAMPLE)
def test_a_fault_ends_the_command_as_the_contract_says(workplace: Workplace, strike: str, operation: str) -> None:
    judge(workplace, BY_NAME[strike], OPERATIONS[operation])


@pytest.mark.soak
@pytest.mark.parametrize("operation", OPERATIONS)
@pytest.mark.parametrize("strike", BY_NAME)
def test_every_fault_ends_the_command_as_the_contract_says(
    workplace: Workplace, strike: str, operation: str, tally: Tally
) -> None:
    tally(f"faults ({len(BY_NAME)}) x writes ({len(OPERATIONS)}), the command as a process", 1)
    judge(workplace, BY_NAME[strike], OPERATIONS[operation])
