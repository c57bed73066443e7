"""Inputs that are to keep the program busy or fill its memory: each, and ten times its size, ends soon and small."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import pytest

SECONDS = 5.0  # of one core: the machine may be busy with other things
MEBIBYTES = 500

HEAD = """
version: 1
name: demo
defaults: {account: sales, timeout: 20, calendar_until: 2027-12-31}
accounts:
  sales: {provider: exolve, api_key: {env: EXOLVE_API_KEY}}
"""


@dataclass(frozen=True)
class Ended:
    code: int
    out: str
    err: str


def run(folder: Path, *arguments: str) -> Ended:
    """Run a command to its end, and hold it to the bounds of time and memory."""
    command = [sys.executable, "-m", "reconciler", "-C", str(folder), *arguments]
    with (folder / ".out").open("w+b") as out, (folder / ".err").open("w+b") as err:
        started = subprocess.Popen(
            command, stdout=out, stderr=err, env={**os.environ, "EXOLVE_API_KEY": "key-of-exolve"}
        )
        _, status, used = os.wait4(started.pid, 0)
        started.returncode = os.waitstatus_to_exitcode(status)
    assert used.ru_utime + used.ru_stime < SECONDS
    assert used.ru_maxrss / 1024 < MEBIBYTES
    return Ended(started.returncode, (folder / ".out").read_text(), (folder / ".err").read_text())


def written(folder: Path, *lines: str) -> Path:
    (folder / "reconciler.yaml").write_text("\n".join([HEAD.strip(), *lines, ""]))
    return folder


def number(schedule: str = "office") -> Iterable[str]:
    yield "numbers:"
    yield '  "74991112233":'
    yield f'    forwarding: {{type: number, targets: [{{to: "74992223344", schedule: {schedule}}}]}}'


# -- schedules that are made of each other -----------------------------------------------------------------------------


@pytest.mark.parametrize("names", [20, 150])
@pytest.mark.parametrize("first", ['{period: "wd {mon-fri}"}', "{public: RU}"])
@pytest.mark.parametrize("form", ["any", "all"])
def test_a_schedule_that_names_another_twice_is_not_compiled_twice(
    tmp_path: Path, names: int, first: str, form: str
) -> None:
    doubled = [f"  p{at}: {{{form}: [p{at - 1}, p{at - 1}]}}" for at in range(1, names)]
    ended = run(written(tmp_path, "schedules:", f"  p0: {first}", *doubled, *number(f"p{names - 1}")), "validate")
    assert ended.code == 0, ended.err


def test_a_schedule_that_excepts_another_twice_is_not_compiled_twice(tmp_path: Path) -> None:
    doubled = [f"  p{at}: {{weekly: {{mon-fri: 09:00-18:00}}, except: [p{at - 1}, p{at - 1}]}}" for at in range(1, 40)]
    ended = run(written(tmp_path, "schedules:", "  p0: {dates: [05-09]}", *doubled, *number("p39")), "validate")
    assert ended.code == 0, ended.err


@pytest.mark.parametrize("steps", [20, 60])
def test_schedules_that_except_other_days_at_each_step_are_refused_where_they_are_too_many(
    tmp_path: Path, steps: int
) -> None:
    lines = ["schedules:", "  p0: {weekly: {mon-fri: 09:00-18:00}}"]
    lines += [
        f"  p{at}: {{any: [{{any: [p{at - 1}], except: [{{dates: [01-{at % 28 + 1:02}]}}]}}, p{at - 1}]}}"
        for at in range(1, steps)
    ]
    ended = run(written(tmp_path, *lines, *number(f"p{steps - 1}")), "validate")
    assert ended.code == 1
    assert "schedule-not-compiled" in ended.out
    assert "nested in too many ways" in ended.out
