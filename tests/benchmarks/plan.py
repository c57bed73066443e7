"""`plan` of 10,000 unchanged numbers: from the record alone against octoDNS, and from live reads against their bound.

The record comes from a real apply to the sandbox, which answers at once until the reads are measured.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from reconciler.sandbox import Sandbox
from tests.benchmarks import lines, octodns
from tests.benchmarks.measure import Cost, ratio, run
from tests.benchmarks.row import Row, at_least, at_most, orientation

_COUNT = 10_000
_CONCURRENCY = 32
_LATENCY_SECONDS = 0.05


def rows() -> Iterator[Row]:
    numbers = [str(number) for number in lines.numbers(_COUNT)]
    with tempfile.TemporaryDirectory() as name, Sandbox(numbers=numbers) as sandbox:
        folder = Path(name)
        lines.write_configuration(folder / "ours", _COUNT, base_url=sandbox.exolve_url)
        command = _command(folder / "ours", sandbox.api_key)
        applied = command("apply", "--auto-approve")()
        yield orientation(f"apply, {_COUNT:,} numbers created and read back", applied.wall_seconds, " s")
        yield from _without_reading(folder, command("plan", "--refresh", "none", "--detailed-exitcode"))
        sandbox.latency = _LATENCY_SECONDS
        yield _with_reads(command("plan", "--detailed-exitcode"))


def _command(folder: Path, api_key: str) -> Callable[..., Callable[[], Cost]]:
    def command(*arguments: str) -> Callable[[], Cost]:
        words: Sequence[str | Path] = [sys.executable, "-m", "reconciler", "-C", folder, *arguments]
        return lambda: run(words, variables={"EXOLVE_API_KEY": api_key})

    return command


def _without_reading(folder: Path, plan: Callable[[], Cost]) -> Iterator[Row]:
    yield orientation(f"plan --refresh none, {_COUNT:,} unchanged, whole process", plan().wall_seconds, " s")
    if octodns.available():
        peer = octodns.plan(octodns.write_case(folder / "octodns", _COUNT))
        faster = ratio(lambda: peer().cpu_seconds, lambda: plan().cpu_seconds)
        yield at_least("octoDNS planning 10,000 unchanged / plan --refresh none", faster, 5, " x")


def _with_reads(plan: Callable[[], Cost]) -> Row:
    bound = _COUNT / _CONCURRENCY * _LATENCY_SECONDS
    slower = min(plan().wall_seconds for _ in range(2)) / bound
    return at_most(f"plan with {_COUNT:,} reads at 50 ms, 32 at once / latency bound", slower, 1.25, " x")
