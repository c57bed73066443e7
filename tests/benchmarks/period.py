"""Periods: the filter against Time::Period on the same lines, comparing, looking ahead, importing the package."""

from __future__ import annotations

import os
import random
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

from reconciler.schedule import Period
from reconciler.schedule.grammar import read
from reconciler.schedule.meaning import instants_of
from tests.benchmarks.row import Row, at_least, at_most, orientation

_MIX = (
    "hr {0-23}",
    "wd {sat sun}",
    "wd {Mon-Fri} hr {9am-5pm}",
    "mo {jan} md {1-8}, mo {may} md {9}",
    "wd {mon-fri} hr {9} min {30-59}, wd {mon-fri} hr {10-17}, wd {mon-fri} hr {18} min {0-14}",
    "yr {2024-2030} mo {1-12} md {1-31} wd {mon-fri} hr {9-17} min {0-59} sec {0-29}",
)
_ORACLE = "use Time::Period; while(<STDIN>){chomp; my($t,$p)=split /\\t/,$_,2; print inPeriod($t,$p),qq(\\n)}"
_FIRST, _YEARS = 1_262_304_000, 28
_PAIRS = (
    ("wd {mon-fri} hr {9-17}", "hr {9am-5pm} wd {mo tu we th fr}"),
    ("mo {jan} md {1-8}, mo {may} md {9}", "mo {may} md {9}, mo {jan} md {1-8}"),
    ("wd {mon-fri}, wd {sat sun} hr {10-15}", "wd {sun sat} hr {10-15}, wd {mon-fri}"),
)
_PAIRS_WITH_SECONDS = (("hr {9-17} sec {0-29}, wd {sat}", "wd {sat}, sec {0-29} hr {9-17}"),)
_NOW = 1_795_000_000


def _lines(count: int) -> bytes:
    dice = random.Random(1)
    span = _YEARS * 365 * 86_400
    return "".join(f"{_FIRST + dice.randrange(span)}\t{_MIX[at % len(_MIX)]}\n" for at in range(count)).encode()


def _filter_seconds(command: list[str], file: Path) -> tuple[float, bytes]:
    """Count CPU seconds of a whole process, which the machine's other work changes least."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    with file.open("rb") as lines:
        environment = {**os.environ, "TZ": "Europe/Moscow"}
        done = subprocess.run(command, stdin=lines, stdout=subprocess.PIPE, check=True, env=environment)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, done.stdout


def _match_rows(folder: Path) -> Iterator[Row]:
    if (
        shutil.which("perl") is None
        or subprocess.run(["perl", "-MTime::Period", "-e", "1"], check=False, capture_output=True).returncode
    ):
        yield Row("match --stdin against Time::Period", "not measured", "Debian: libtime-period-perl")
        return
    for count, bound in ((300_000, 20), (1_200_000, 30)):
        file = folder / f"{count}.tsv"
        file.write_bytes(_lines(count))
        ours, answers = _filter_seconds([sys.executable, "-m", "reconciler", "period", "match", "--stdin"], file)
        peer, expected = _filter_seconds(["perl", "-e", _ORACLE], file)
        name = f"match --stdin, {count:,} lines, times the oracle's rate"
        yield at_least(name, peer / ours, bound) if answers == expected else Row(name, "WRONG ANSWERS", "", held=False)
        yield orientation(f"match --stdin, {count:,} lines", ours, " s")


def _milliseconds(work: Callable[[], object], rounds: int = 200) -> float:
    """Take the best of five runs: what the machine's other work adds is no part of the figure."""
    work()
    best = float("inf")
    for _ in range(5):
        started = time.process_time()
        for _ in range(rounds):
            work()
        best = min(best, (time.process_time() - started) / rounds)
    return best * 1000


def _compare(one: str, two: str) -> bool:
    """Compare two texts from nothing: reading, meaning, equality."""
    first, second = instants_of(read(one)[0]), instants_of(read(two)[0])
    if first != second:
        raise AssertionError(f"{one!r} and {two!r} are equal")
    return True


def _process_rows() -> Iterator[Row]:
    plain = max(_milliseconds(partial(_compare, *pair)) for pair in _PAIRS)
    yield at_most("equal without yr, two strings never seen before", plain, 0.2, " ms")
    fine = max(_milliseconds(partial(_compare, *pair)) for pair in _PAIRS_WITH_SECONDS)
    yield at_most("equal with sec, two strings never seen before", fine, 1.0, " ms")
    parsed = [(Period.parse(one), Period.parse(two)) for one, two in _PAIRS]
    warm = max(_milliseconds(partial(one.equals, two)) for one, two in parsed)
    yield at_most("equal without yr, parsed before", warm, 0.2, " ms")
    periods = [Period.parse(text) for text in _MIX[:5]]
    ahead = max(_milliseconds(partial(period.next_flips, _NOW, "Europe/Moscow", 1)) for period in periods)
    yield at_most("next flip, warm, without yr", ahead, 0.05, " ms")


def _import_row(folder: Path) -> Row:
    """Time the import in new processes that find compiled files, as an installed package does."""
    environment = {**os.environ, "PYTHONPYCACHEPREFIX": str(folder)}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    program = "import time; t=time.process_time(); import reconciler.schedule; print(time.process_time()-t)"
    command = [sys.executable, "-c", program]
    taken = [
        float(subprocess.run(command, stdout=subprocess.PIPE, check=True, env=environment).stdout) for _ in range(7)
    ]
    return at_most("import of reconciler.schedule, best of 6", min(taken[1:]) * 1000, 50, " ms")


def rows() -> Iterator[Row]:
    """Measure everything about periods."""
    with tempfile.TemporaryDirectory() as name:
        yield from _process_rows()
        yield _import_row(Path(name) / "compiled")
        yield from _match_rows(Path(name))
