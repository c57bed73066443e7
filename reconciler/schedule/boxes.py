"""Split a set of days or times into few disjoint products of values: the hard half of writing a set as a period.

Each split is a partition found in a fixed order, so equal sets always give equal products. Must not know text or zones.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import cache, lru_cache
from typing import Final, NamedTuple

from reconciler.schedule.masks import SECONDS, SLOTS, YEAR_TYPES, bits, dates_of

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
