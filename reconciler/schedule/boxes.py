"""Turn a set of instants into the disjoint parts that say it: the normal form, equal for equal sets.

The hard half is splitting a set of days or times into few disjoint products of values. Each split is a partition
found in a fixed order, so equal sets always give equal products. Must not know text or zones; `syntax` writes the
parts.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cache, lru_cache, partial
from typing import Final, NamedTuple

from reconciler.schedule.instants import LAST_WRITTEN_YEAR, Classes, Instants, NotExpressibleError
from reconciler.schedule.masks import SECONDS, SLOTS, YEAR_TYPES, bits, dates_of, year_type

_WEEK: Final = 0b1111111
_MONTHS: Final = (1 << 12) - 1
_MINUTES: Final = (1 << 60) - 1
_LEAP_TYPE: Final = 7  # the first leap year type; its dates are all that there are


class DayBox(NamedTuple):
    """A product of months, days of the month, days of the year and weekdays; bit masks, None for all of them."""

    months: int | None = None
    monthdays: int | None = None
    weekdays: int | None = None
    yeardays: int | None = None


class TimeBox(NamedTuple):
    """A product of hours, minutes and seconds; bit masks, None for all of them."""

    hours: int | None = None
    minutes: int | None = None
    seconds: int | None = None


class Row(NamedTuple):
    """One row of a matrix: which cells are in, and which exist (`care`)."""

    key: int
    cells: int
    care: int


Grid = dict[tuple[int, int], int]  # (month, day) -> weekday mask


def partition(rows: Iterable[Row]) -> list[tuple[int, int]]:
    """Group rows that agree where both exist; gives (mask of keys, cells) in a fixed order.

    `care` of the rows must be nested sets.
    """
    # The widest rows found the groups: a row that lacks cells then meets all that it could belong to, and the
    # groups do not depend on the order in which rows come.
    ordered = sorted(rows, key=lambda row: (-row.care.bit_count(), row.key))
    groups: list[list[int]] = []
    for row in ordered:
        if not row.cells:
            continue
        for group in groups:
            if not (group[1] ^ row.cells) & row.care:
                group[0] |= 1 << row.key
                break
        else:
            groups.append([1 << row.key, row.cells])
    everything = sum(1 << row.key for row in ordered)
    for group in groups:  # a value that a row lacks must not keep a whole scale from being left out
        missing = [row for row in ordered if not group[0] >> row.key & 1]
        if all(not row.cells and not group[1] & row.care for row in missing):
            group[0] = everything
    return [(keys, cells) for keys, cells in groups]


Grouping = Callable[[Iterable[Row]], list[tuple[int, int]]]
"""A way to say a matrix by products of rows and columns: `partition`, or `cover.cover` where they may overlap."""


# --- times of day


@lru_cache(maxsize=4096)
def time_boxes(mask: int, *, fine: bool, group: Grouping = partition) -> tuple[TimeBox, ...]:
    """Split a non-empty time mask into boxes, disjoint if the grouping is."""
    size = 3600 if fine else 60
    full = (1 << size) - 1
    rows = [Row(hour, mask >> hour * size & full, full) for hour in range(24)]
    groups = group(rows)
    if fine:
        return tuple(box for hours, cells in groups for box in _within_hours(hours, cells, group))
    # The same matrix, read the other way: for each minute the hours of every group that has it.
    columns = group(
        Row(minute, sum(hours for hours, cells in groups if cells >> minute & 1), (1 << 24) - 1) for minute in range(60)
    )
    if len(columns) < len(groups):
        return tuple(TimeBox(_unless_full(hours, 24), _unless_full(minutes, 60)) for minutes, hours in columns)
    return tuple(TimeBox(_unless_full(hours, 24), _unless_full(cells, 60)) for hours, cells in groups)


def _within_hours(hours: int, cells: int, group: Grouping) -> list[TimeBox]:
    rows = group(Row(minute, cells >> minute * 60 & _MINUTES, _MINUTES) for minute in range(SECONDS // 60 // 24))
    return [
        TimeBox(_unless_full(hours, 24), _unless_full(minutes, 60), _unless_full(seconds, 60))
        for minutes, seconds in rows
    ]


def _unless_full(mask: int, size: int) -> int | None:
    return None if mask == (1 << size) - 1 else mask


# --- days


@lru_cache(maxsize=4096)
def day_boxes(days: int, group: Grouping = partition) -> tuple[DayBox, ...]:
    """Split a mask of days of all year types into boxes, disjoint if the grouping is."""
    columns = _columns(days)
    grid: Grid = {}
    differing: list[tuple[int, int, int, int]] = []
    for (month, day), offset, leap_offset in _date_offsets():
        in_leap = columns[leap_offset][1]
        ordinary = in_leap if offset is None else columns[offset][0]
        grid[month, day] = ordinary & in_leap
        if offset is not None and ordinary != in_leap:
            differing += (month, day, offset, ordinary & ~in_leap), (month, day, leap_offset, in_leap & ~ordinary)
    if not differing:
        return grid_boxes(grid, group)
    return _by_day_of_the_year(columns) or (*grid_boxes(grid, group), *_single_days(differing))


def _columns(days: int) -> list[tuple[int, int]]:
    """Give, for each day of the year, the weekdays on which it is in: in ordinary and in leap years."""
    digits = f"{days:0{YEAR_TYPES * SLOTS}b}"[::-1]
    columns = []
    for offset in range(SLOTS):
        column = digits[offset::SLOTS]
        turn = -offset % 7  # the first weekday whose year begins on a Sunday comes `offset` days later
        ordinary, leap = column[:7], column[7:]
        columns.append((_weekdays(ordinary[turn:] + ordinary[:turn]), _weekdays(leap[turn:] + leap[:turn])))
    return columns


@cache
def _weekdays(column: str) -> int:
    return int(column[::-1], 2)


@cache
def _date_offsets() -> tuple[tuple[tuple[int, int], int | None, int], ...]:
    """List every date with its offset in an ordinary year (None for 29 February) and in a leap year."""
    ordinary = {(date.month, date.day): date.yearday - 1 for date in dates_of(0)}
    return tuple(
        ((date.month, date.day), ordinary.get((date.month, date.day)), date.yearday - 1)
        for date in dates_of(_LEAP_TYPE)
    )


def _by_day_of_the_year(columns: Sequence[tuple[int, int]]) -> tuple[DayBox, ...]:
    """Split by day of the year, where that decides; empty where it does not."""
    # `yd` counts on through 29 February, so it helps where ordinary and leap years agree by count and not by date.
    if any(ordinary != leap for ordinary, leap in columns[:-1]):
        return ()
    groups = partition(Row(offset + 1, leap, _WEEK) for offset, (_, leap) in enumerate(columns))
    return tuple(DayBox(weekdays=_unless_full(weekdays, 7), yeardays=days) for days, weekdays in groups)


def _single_days(differing: list[tuple[int, int, int, int]]) -> list[DayBox]:
    return [
        DayBox(1 << month, 1 << day, _unless_full(weekdays, 7), 1 << offset + 1)
        for month, day, offset, weekdays in differing
        if weekdays
    ]


def grid_boxes(grid: Grid, group: Grouping = partition) -> tuple[DayBox, ...]:
    """Split a calendar of dates, each with the weekdays on which it counts, into boxes."""
    by_weekdays: dict[int, set[tuple[int, int]]] = {}
    for date, weekdays in grid.items():
        if weekdays:
            by_weekdays.setdefault(weekdays, set()).add(date)
    first = [box for weekdays, dates in by_weekdays.items() for box in _date_boxes(dates, grid, weekdays, group)]
    if len(by_weekdays) < 2:
        return tuple(first)
    by_dates: dict[frozenset[tuple[int, int]], int] = {}
    for weekday in range(7):
        dates = frozenset(date for date, weekdays in grid.items() if weekdays >> weekday & 1)
        by_dates[dates] = by_dates.get(dates, 0) | 1 << weekday
    second = [box for dates, weekdays in by_dates.items() for box in _date_boxes(dates, grid, weekdays, group)]
    return tuple(second if len(second) < len(first) else first)


def _date_boxes(dates: Iterable[tuple[int, int]], grid: Grid, weekdays: int, group: Grouping) -> list[DayBox]:
    """Split a set of dates by months or by days, whichever takes fewer boxes."""
    chosen = [0] * 13
    exists = [0] * 13
    for month, day in grid:
        exists[month] |= 1 << day
    for month, day in dates:
        chosen[month] |= 1 << day
    rows = group(Row(month, chosen[month], exists[month]) for month in range(1, 13))
    columns = group(Row(day, _column(chosen, day), _column(exists, day)) for day in range(1, 32))
    pairs = rows if len(rows) <= len(columns) else [(months, days) for days, months in columns]
    return [_date_box(months, days, exists, weekdays) for months, days in pairs]


def _column(rows: Sequence[int], day: int) -> int:
    return sum(1 << month for month in range(1, 13) if rows[month] >> day & 1)


def _date_box(months: int, days: int, exists: Sequence[int], weekdays: int) -> DayBox:
    whole = all(not exists[month] & ~days for month in bits(months))
    return DayBox(
        None if months == _MONTHS << 1 else months,
        None if whole else days,
        _unless_full(weekdays, 7),
    )


# --- the days of one year only


@lru_cache(maxsize=4096)
def year_boxes(days: int, kind: int) -> tuple[DayBox, ...]:
    """Split the days of one year type, `days` counted from bit 0, as simply as the other years need not be minded."""
    seen = [(date.month, date.day, date.weekday, days >> date.yearday - 1 & 1) for date in dates_of(kind)]
    grids = [_by_habit(seen), _by_place(seen), {(month, day): _WEEK * inside for month, day, _, inside in seen}]
    return min((grid_boxes(grid) for grid in grids if grid), key=len)


def _by_habit(seen: Sequence[tuple[int, int, int, int]]) -> Grid:
    """Take the weekdays that mostly count in a month as its habit, and dates that differ as exceptions to it."""
    votes: dict[tuple[int, int], int] = {}
    for month, _, weekday, inside in seen:
        votes[month, weekday] = votes.get((month, weekday), 0) + (1 if inside else -1)
    habit = {month: sum(1 << weekday for weekday in range(7) if votes[month, weekday] > 0) for month in range(1, 13)}
    return {
        (month, day): habit[month] if habit[month] >> weekday & 1 == inside else _WEEK * inside
        for month, day, weekday, inside in seen
    }


def _by_place(seen: Sequence[tuple[int, int, int, int]]) -> Grid:
    """Take weekday and day of the month to decide, as in the second Tuesday; empty where they do not."""
    places: dict[tuple[int, int], int] = {}
    for _, day, weekday, inside in seen:
        if places.setdefault((day, weekday), inside) != inside:
            return {}
    return {
        (month, day): sum(places.get((day, weekday), 0) << weekday for weekday in range(7)) for month, day, _, _ in seen
    }


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
            yield years, products(list(rows), partial(year_boxes, kind=kind), fine=fine)


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
    # Atoms are disjoint time masks, each with the days that have it so far; a new row splits those it meets in part.
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
