"""Turn a set of instants into the disjoint parts that say it: the normal form, equal for equal sets.

Must not know text; `render` writes the parts.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from typing import Final, NamedTuple

from reconciler.schedule.boxes import DayBox, Grouping, TimeBox, day_boxes, partition, time_boxes, year_boxes
from reconciler.schedule.instants import LAST_WRITTEN_YEAR, Classes, Instants, NotExpressibleError
from reconciler.schedule.masks import SLOTS, YEAR_TYPES, bits, year_type

_YEAR: Final = (1 << SLOTS) - 1
Content = tuple[DayBox, TimeBox]
Rows = list[tuple[int, int]]  # (time mask, day mask)


class Piece(NamedTuple):
    """One part: a product of days, times and years (None for all years)."""

    days: DayBox
    times: TimeBox
    years: tuple[int, ...] | None = None

    def order(self) -> tuple[tuple[int, ...], ...]:
        """Give the key by which parts are sorted: years, dates, weekdays from Monday, times."""
        days, times = self.days, self.times
        week = tuple(sorted((weekday - 1) % 7 for weekday in bits(days.weekdays or 0)))
        dates = (days.months, days.yeardays, days.monthdays)
        clock = (times.hours, times.minutes, times.seconds)
        return (self.years or (), *map(_values, dates), week, *map(_values, clock))


def _values(mask: int | None) -> tuple[int, ...]:
    return tuple(bits(mask or 0))


def pieces_of(instants: Instants) -> tuple[Piece, ...]:
    """Split a set into disjoint parts in their order; none for the empty set.

    Raises NotExpressibleError where some year lacks what all later years have, or years pass 9999.
    """
    *dated, (_, _, eternal) = instants.segments()
    pieces = [Piece(*content) for content in products(rows_of(eternal), day_boxes, fine=instants.fine)]
    by_content: dict[Content, list[int]] = {}
    for years, content in _dated_contents(dated, eternal, fine=instants.fine):
        for one in content:
            by_content.setdefault(one, []).extend(years)
    pieces += [Piece(days, times, tuple(sorted(years))) for (days, times), years in by_content.items()]
    return tuple(sorted(pieces, key=Piece.order))


def rows_of(classes: Classes) -> Rows:
    """List the times that occur at all with their days."""
    return [(times, days) for times, days in classes.items() if times and days]


def _years(dated: Iterable[tuple[int, int, Classes]]) -> Iterator[tuple[int, Classes]]:
    for first, end, classes in dated:
        if end > LAST_WRITTEN_YEAR + 1:
            raise NotExpressibleError(f"years after {LAST_WRITTEN_YEAR} are not written out")
        for year in range(first, end):
            yield year, classes


def _dated_contents(
    dated: Iterable[tuple[int, int, Classes]], eternal: Classes, *, fine: bool
) -> Iterator[tuple[list[int], list[Content]]]:
    """Say what years have beyond what every year has: long runs that go by one rule at once, other years one by one."""
    for run in _runs(dated, eternal):
        if len(run.rules) == YEAR_TYPES:
            yield run.years, products(_joined_types(run.rules), day_boxes, fine=fine)
            continue
        for kind, rows in run.rules.items():
            years = [year for year in run.years if year_type(year) == kind]
            yield years, products(list(rows), partial(_split_year, kind=kind), fine=fine)


class _Run(NamedTuple):
    """Years one after another in which a year's type alone decides what it has."""

    years: list[int]
    rules: dict[int, tuple[tuple[int, int], ...]]


def _runs(dated: Iterable[tuple[int, int, Classes]], eternal: Classes) -> Iterator[_Run]:
    run = _Run([], {})
    known: dict[tuple[int, int], tuple[tuple[int, int], ...]] = {}
    for year, classes in _years(dated):
        kind = year_type(year)
        key = (id(classes), kind)  # the classes live as long as the set
        if key not in known:
            known[key] = _rows_of_year(classes, eternal, kind)
        if run.rules.get(kind, known[key]) != known[key]:
            yield run
            run = _Run([], {})
        run.years.append(year)
        run.rules[kind] = known[key]
    yield run


def _rows_of_year(classes: Classes, eternal: Classes, kind: int) -> tuple[tuple[int, int], ...]:
    """Find what a year of a type has beyond what every year has; its days count from bit 0."""
    rows: dict[int, int] = {}
    for times, days in classes.items():
        for always, others in eternal.items():
            shared = (days & others) >> kind * SLOTS & _YEAR
            if shared and always & ~times:
                raise NotExpressibleError("a period cannot leave a year out of all years to come")
            if shared and times & ~always:
                rows[times & ~always] = rows.get(times & ~always, 0) | shared
    return tuple(sorted(rows.items()))


def _joined_types(rules: Mapping[int, Rows | tuple[tuple[int, int], ...]]) -> Rows:
    rows: dict[int, int] = {}
    for kind, given in rules.items():
        for times, days in given:
            rows[times] = rows.get(times, 0) | days << kind * SLOTS
    return list(rows.items())


def _split_year(days: int, *, kind: int) -> tuple[DayBox, ...]:
    return year_boxes(days, kind)


def products(
    rows: Rows, split: Callable[[int], tuple[DayBox, ...]], *, fine: bool, group: Grouping = partition
) -> list[Content]:
    """Multiply out days and times, grouped by equal times of day or by equal days, whichever takes fewer."""
    by_days = _multiplied(rows, split, group, fine=fine)
    if len(rows) < 2:
        return by_days
    by_times = _multiplied(_turned(rows), split, group, fine=fine)
    return by_times if len(by_times) < len(by_days) else by_days


def _multiplied(
    rows: Rows, split: Callable[[int], tuple[DayBox, ...]], group: Grouping, *, fine: bool
) -> list[Content]:
    return [
        (day_box, time_box)
        for times, days in rows
        for day_box in split(days)
        for time_box in time_boxes(times, fine=fine, group=group)
    ]


def _turned(rows: Rows) -> Rows:
    """Regroup: for each set of days, all the times that have exactly these days."""
    atoms: list[tuple[int, int]] = []
    for times, days in rows:
        grown = []
        rest = times
        for mask, held in atoms:
            rest &= ~mask
            if mask & times:
                grown.append((mask & times, held | days))
            if mask & ~times:
                grown.append((mask & ~times, held))
        atoms = [*grown, (rest, days)] if rest else grown
    merged: dict[int, int] = {}
    for mask, held in atoms:
        merged[held] = merged.get(held, 0) | mask
    return [(mask, held) for held, mask in merged.items()]
