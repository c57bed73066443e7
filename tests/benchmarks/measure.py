"""Time and memory of processes and functions, side by side; knows nothing of what they do."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

_KIB_PER_MIB = 1024
_BYTES_PER_MIB = 1024 * 1024


@dataclass(frozen=True)
class Cost:
    """What one process took from start to end: wall and CPU seconds, and its largest resident size.

    The size is at least that of the measuring process, which a new process is for a moment.
    """

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
    started = time.perf_counter()
    with tempfile.TemporaryFile() as errors:
        process = subprocess.Popen(
            [str(part) for part in command],
            cwd=folder,
            env={**kept, **(variables or {})},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=errors,
        )
        _, status, usage = os.wait4(process.pid, 0)
        wall = time.perf_counter() - started
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode != expected_exit:
            errors.seek(0)
            msg = f"{command[0]} ended with {process.returncode}: {errors.read().decode(errors='replace')[-2000:]}"
            raise BenchmarkError(msg)
    per_mib = _BYTES_PER_MIB if sys.platform == "darwin" else _KIB_PER_MIB
    return Cost(wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / per_mib)


def seconds(work: Callable[[], object]) -> float:
    """CPU seconds of one call in this process."""
    started = time.process_time()
    work()
    return time.process_time() - started


def ratio(peer: Callable[[], float], ours: Callable[[], float], *, rounds: int = 3) -> float:
    """How many times `peer` exceeds `ours`: the median of rounds in which both are measured one after the other."""
    return statistics.median(peer() / ours() for _ in range(rounds))
