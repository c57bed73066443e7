"""Time and memory of processes and functions, side by side; knows nothing of what they do."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

_KIB_PER_MIB = 1024
_BYTES_PER_MIB = 1024 * 1024

# A new process is for a moment as large as the one that starts it, so a small one starts what is measured.
_MEASURER = """
import os, subprocess, sys, time
started = time.perf_counter()
process = subprocess.Popen(sys.argv[1:], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
_, status, usage = os.wait4(process.pid, 0)
wall = time.perf_counter() - started
print(os.waitstatus_to_exitcode(status), wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss)
"""


@dataclass(frozen=True)
class Cost:
    """What one process took from start to end: wall and CPU seconds, and its largest resident size."""

    wall_seconds: float
    cpu_seconds: float
    peak_mib: float


class BenchmarkError(Exception):
    """A measured program did not do its work, so its time means nothing."""


def run(
    command: Sequence[str | Path],
    *,
    folder: Path | None = None,
    variables: Mapping[str, str] | None = None,
    expected_exit: int = 0,
) -> Cost:
    """Run a program to its end, its output thrown away, and return what it cost; refuse any other exit code.

    Python may keep what it compiles, as it does of an installed program: only the first of several runs compiles.
    """
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    done = subprocess.run(
        [sys.executable, "-c", _MEASURER, *map(str, command)],
        cwd=folder,
        env={**kept, **(variables or {})},
        capture_output=True,
        text=True,
        check=True,
    )
    code, wall, cpu, peak = map(float, done.stdout.split())
    if code != expected_exit:
        msg = f"{command[0]} ended with {code:.0f}: {done.stderr[-2000:]}"
        raise BenchmarkError(msg)
    per_mib = _BYTES_PER_MIB if sys.platform == "darwin" else _KIB_PER_MIB
    return Cost(wall, cpu, peak / per_mib)


def seconds(work: Callable[[], object]) -> float:
    """CPU seconds of one call in this process."""
    started = time.process_time()
    work()
    return time.process_time() - started


def ratio(peer: Callable[[], float], ours: Callable[[], float], *, rounds: int = 3) -> float:
    """How many times `peer` exceeds `ours`: the median of rounds in which both are measured one after the other."""
    return statistics.median(peer() / ours() for _ in range(rounds))
