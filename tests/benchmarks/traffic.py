"""A million calls of the past to a thousand numbers that all change: read and replayed, in CPU seconds."""

from __future__ import annotations

import csv
import random
import tempfile
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from pathlib import Path

from reconciler.model import NumberForwarding, Redirect, Target
from reconciler.plan.model import Plan
from reconciler.plan.traffic import replayed
from reconciler.workflow.traffic import read_traffic
from tests.benchmarks.measure import seconds
from tests.benchmarks.row import Row, at_most
from tests.world import START, ObedientClock, Vendor, World, desired, phone

_NUMBERS, _CALLS = 1_000, 1_000_000
_MOSCOW = timezone(timedelta(hours=3))


def rows() -> Iterator[Row]:
    files = [desired(index, _value(index, 17)) for index in range(_NUMBERS)]
    live = Vendor({phone(index): _value(index, 16) for index in range(_NUMBERS)}, clock=ObedientClock())
    world = World(files, {"sales": live})
    plan, configuration = world.plan(), world.session.configuration
    ours = {phone(index) for index in range(_NUMBERS)}
    with tempfile.TemporaryDirectory() as name:
        path = Path(name) / "calls.csv"
        _write(path)
        by_csv = seconds(lambda: _read_by_csv(path))
        read = seconds(lambda: read_traffic(path, path.name, ours))
        past = read_traffic(path, path.name, ours)
    found: list[Plan] = []
    replay = seconds(lambda: found.append(replayed(plan, configuration, past)))
    if found[0].traffic is None or found[0].traffic.calls != _CALLS or not found[0].traffic.changed:
        raise AssertionError(found[0].traffic)
    yield at_most("1,000,000 calls read / their rows and times by csv and datetime", read / by_csv, 4.0, " x")
    yield at_most("1,000,000 calls replayed over 1,000 changes / reading them", replay / read, 3.0, " x")
    yield at_most("both", read + replay, 10.0, " s")


def _value(index: int, end: int) -> NumberForwarding:
    """Every number has hours of its own."""
    day = Target(str(74992220000 + index % 500), 16, (f"wd {{mon-fri}} hr {{9-{end}}} min {{0-{index % 60}}}",))
    other = Target(str(74993330000 + index % 500), 30, (f"hr {{{index % 8}-{9 + index % 12}}}",))
    return NumberForwarding(Redirect.SEQUENTIAL, (day, other))


def _write(path: Path) -> None:
    generator = random.Random(14)
    with path.open("w", encoding="utf-8") as file:
        file.write("time,number,caller,seconds\n")
        for _ in range(_CALLS):
            at = datetime.fromtimestamp(int(START) - generator.randrange(28 * 86_400), _MOSCOW)
            file.write(f"{at.isoformat()},{phone(generator.randrange(_NUMBERS))},79030000000,33\n")


def _read_by_csv(path: Path) -> None:
    with path.open(encoding="utf-8", newline="") as file:
        table = csv.reader(file)
        next(table)
        for row in table:
            datetime.fromisoformat(row[0]).timestamp()
