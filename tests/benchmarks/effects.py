"""What callers notice of 1,000 changed numbers, with shared opening hours and with hours of their own; CPU seconds."""

from __future__ import annotations

from collections.abc import Iterator

from reconciler.canonical import Json, form
from reconciler.effects.change import effects
from reconciler.model import NumberForwarding, Redirect, Target
from tests.benchmarks.lines import FIRST_TARGET
from tests.benchmarks.measure import seconds
from tests.benchmarks.row import Row, at_most

_COUNT = 1_000


def rows() -> Iterator[Row]:
    pairs = [(_value(index, 17), _value(index, 18)) for index in range(_COUNT)]
    yield at_most("effects of 1,000 changes, schedules shared", seconds(lambda: _tell(pairs)), 2, " s")
    own = [(_value(index, 17, own=True), _value(index, 18, own=True)) for index in range(_COUNT)]
    yield at_most("effects of 1,000 changes, schedules of their own", seconds(lambda: _tell(own)), 2, " s")


def _tell(pairs: list[tuple[Json, Json]]) -> None:
    told = [effects(before, after) for before, after in pairs]
    if not all(told):
        raise AssertionError("every one of these changes is noticed")


def _value(index: int, last_hour: int, *, own: bool = False) -> Json:
    """Three targets; with hours of their own, down to the minute, no two numbers share a schedule."""
    minute = f" min {{{index % 60}-59}}" if own else ""
    morning = index // 60 % 12 if own else 9
    targets = (
        Target(str(FIRST_TARGET + index), 16, (f"wd {{mon-fri}} hr {{{morning}-{last_hour}}}{minute}",)),
        Target("74992223344", 20, (f"wd {{sat}} hr {{{10 + (index // 720 if own else 0)}-15}}{minute}",)),
        Target("74992223355", 30, ("hr {20-23}",)),
    )
    return form(NumberForwarding(Redirect.SEQUENTIAL, targets)).json
