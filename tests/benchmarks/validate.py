"""`validate` of 10,000 numbers against libyaml's bare events and against octoDNS, in CPU seconds.

Against the events both ways, each held to the bound: whole processes, and the work itself in one process.
"""

from __future__ import annotations

import gc
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from datetime import date
from pathlib import Path

from reconciler.workflow.validate import validate
from tests.benchmarks import lines, octodns
from tests.benchmarks.measure import BenchmarkError, Cost, ratio, run, seconds
from tests.benchmarks.row import Row, at_least, at_most, orientation
from tests.benchmarks.yaml_events import count_events
from tests.loading import load

_COUNT = 10_000
_REPOSITORY = Path(__file__).parents[2]


def rows() -> Iterator[Row]:
    with tempfile.TemporaryDirectory() as folder:
        yield from _ratios(Path(folder))
        yield from _whole_processes(Path(folder))


def _validate(folder: Path) -> Callable[[], Cost]:
    return lambda: run([sys.executable, "-m", "reconciler", "-C", folder, "validate"])


def _ratios(folder: Path) -> Iterator[Row]:
    files = lines.write_configuration(folder / "ours", _COUNT)
    ours = _validate(folder / "ours")

    def events() -> float:
        return run([sys.executable, "-m", "tests.benchmarks.yaml_events", *files], folder=_REPOSITORY).cpu_seconds

    def validated() -> float:
        return ours().cpu_seconds

    yield at_most(
        "validate 10,000 / libyaml's bare events, whole processes", 1 / ratio(events, validated, rounds=7), 2.5, " x"
    )
    bare, judged = _in_process(folder / "ours", files)
    yield at_most("validate 10,000 / libyaml's bare events, one process", 1 / ratio(bare, judged, rounds=7), 2.5, " x")
    if octodns.available():
        peer = octodns.validate(octodns.write_case(folder / "octodns", _COUNT))
        faster = ratio(lambda: peer().cpu_seconds, validated)
        yield at_least("octoDNS validating 10,000 records / validate 10,000", faster, 3, " x")


def _in_process(folder: Path, files: Sequence[Path]) -> tuple[Callable[[], float], Callable[[], float]]:
    """The CPU seconds of the bare events, and of loading and judging all that `validate` judges."""

    def judge() -> None:
        gc.disable()  # as the command does
        loaded = load(folder, today=date(2026, 11, 21))
        if loaded.configuration is None:
            msg = f"the configuration of the benchmark is not valid: {loaded.diagnostics[:3]}"
            raise BenchmarkError(msg)
        validate(loaded.configuration)
        gc.enable()

    return lambda: seconds(lambda: count_events(files)), lambda: seconds(judge)


def _whole_processes(folder: Path) -> Iterator[Row]:
    help_cost = min(
        (run([sys.executable, "-m", "reconciler", "--help"]) for _ in range(5)), key=lambda c: c.wall_seconds
    )
    yield orientation("--help, whole process", help_cost.wall_seconds, " s", "0.12 s")
    for count, time, memory in ((100, "0.4 s", ""), (_COUNT, "1.1 s", "130 MiB"), (100_000, "", "700 MiB")):
        lines.write_configuration(folder / str(count), count)
        cost = _validate(folder / str(count))()
        yield orientation(f"validate {count:,}, whole process", cost.wall_seconds, " s", time)
        yield orientation(f"validate {count:,}, largest resident size", cost.peak_mib, " MiB", memory)
