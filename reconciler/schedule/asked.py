"""From a human schedule to the exact set of instants that it asks for, on the clock of one zone.

Hours belong to the day on which they start, so a schedule is first a set of start days with up to 48 hours each, and is
folded into days at the end. Must not know how a set is written as periods.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Final

from reconciler.schedule.holiday import PublicDays, public_days
from reconciler.schedule.human import DateSpan, Day, Hours, Schedule
from reconciler.schedule.instants import ALWAYS, FOREVER, NEVER, Box, Classes, Instants, combined
from reconciler.schedule.masks import ALL_MINUTES, MINUTES, SLOTS, YEAR_TYPES, day_masks, union
from reconciler.schedule.scales import FIRST_YEAR, Scale
from reconciler.schedule.zones import Zone, zone

_FIRST_KNOWN: Final = 2025
_MOST_KNOWN: Final = 6  # years of public holidays that are written out


class CompileError(ValueError):
    """A schedule that cannot be turned into periods: what is in the way, and what to do."""

    def __init__(self, message: str, hint: str) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


@dataclass(frozen=True, slots=True)
class Asking:
    """What a schedule is compiled for: the zone of the account, and the last day of dated parts."""

    zone: Zone
    until: date
    public: Callable[[str, Sequence[int]], PublicDays] = field(default=public_days)

    @property
    def years(self) -> range:
        """The years whose public holidays are written out."""
        last = self.until.year
        return range(min(max(_FIRST_KNOWN, last - _MOST_KNOWN + 1), last), last + 1)


def asked(schedule: Schedule, asking: Asking) -> Instants:
    """Give the set that a schedule asks for, on the clock of the account's zone."""
    if schedule.not_ is not None:
        return _without_days(~asked(schedule.not_, asking), schedule, asking)
    if schedule.any_ is not None:
        return _all_of(NEVER, Instants.__or__, (asked(one, asking) for one in _excepting(schedule, schedule.any_)))
    if schedule.all_ is not None:
        return _all_of(ALWAYS, Instants.__and__, (asked(one, asking) for one in _excepting(schedule, schedule.all_)))
    return _shifted(_own(schedule, asking), _minutes_apart(schedule.timezone, asking.zone))


def _excepting(schedule: Schedule, parts: Iterable[Schedule]) -> Iterator[Schedule]:
    """Give the parts of a schedule without the start days that the whole excepts: each knows its own start days."""
    for part in parts:
        yield replace(part, except_=(*part.except_, *schedule.except_))


def _own(schedule: Schedule, asking: Asking) -> Instants:
    """Give the set on the clock of the schedule's own zone."""
    folded = _carried(_started(schedule, asking), lambda today, before: today & ALL_MINUTES | before >> MINUTES)
    return folded if schedule.period is None else folded | _without_days(schedule.period.instants, schedule, asking)


def _all_of(start: Instants, combine: Callable[[Instants, Instants], Instants], sets: Iterable[Instants]) -> Instants:
    for one in sets:
        start = combine(start, one)
    return start


# --- start days


def _started(schedule: Schedule, asking: Asking) -> Instants:
    """Give weekly hours, dates and public holidays by their start days, with masks of 48 hours."""
    boxes = [Box(None, _weekday_mask(days), _hours_mask(hours)) for days, hours in schedule.weekly]
    starts = Instants.of(boxes)
    if schedule.workday_as is not None:
        hours = union(_hours_mask(hours) for days, hours in schedule.weekly if schedule.workday_as in days)
        moved = _days_set(_moved_days(schedule, asking))
        starts = starts.merged(moved, lambda times, is_moved: hours if is_moved else times)
    dated = [box for one in schedule.dates for box in _date_boxes(one)]
    if schedule.public is not None:
        dated += _public_boxes(asking.public(schedule.public, asking.years), asking.years)
    starts = starts.merged(Instants.of(dated), int.__or__)
    return _without_days(starts, schedule, asking)


def _without_days(starts: Instants, schedule: Schedule, asking: Asking) -> Instants:
    """Take out every start day that an excepted schedule touches."""
    for one in schedule.except_:
        touched = asked(replace(one, timezone=None), asking).touched_days()
        starts = starts.merged(touched, lambda times, excepted: 0 if excepted else times)
    return starts


def _weekday_mask(days: frozenset[int]) -> int:
    return union(day_masks(Scale.WD)[day] for day in days)


def _hours_mask(hours: Iterable[Hours]) -> int:
    return union((1 << one.end) - (1 << one.start) for one in hours)


def _days_set(days: Iterable[date]) -> Instants:
    return Instants.of([_one_day(day) for day in days])


def _one_day(day: date) -> Box:
    return Box(((day.year, day.year + 1),), _date_mask(day.month, day.day), ALL_MINUTES)


def _date_mask(month: int, day: int) -> int:
    return day_masks(Scale.MO)[month] & day_masks(Scale.MD)[day]


def _date_boxes(span: DateSpan) -> Iterator[Box]:
    first, last = span.first, span.last
    if first.year is None or last.year is None:
        yield Box(None, _between(first, last), ALL_MINUTES)
        return
    for year in range(first.year, last.year + 1):
        start = first if year == first.year else Day(1, 1)
        end = last if year == last.year else Day(12, 31)
        yield Box(((year, year + 1),), _between(start, end), ALL_MINUTES)


def _between(first: Day, last: Day) -> int:
    """Mask the dates from one to another, over the year's end where the second comes first."""
    if (first.month, first.day) > (last.month, last.day):
        return _between(first, Day(12, 31)) | _between(Day(1, 1), last)
    months, days = day_masks(Scale.MO), day_masks(Scale.MD)
    mask = 0
    for month in range(first.month, last.month + 1):
        start = first.day if month == first.month else 1
        end = last.day if month == last.month else 31
        mask |= months[month] & union(days[day] for day in range(start, end + 1))
    return mask


# --- public holidays


def _public_boxes(known: PublicDays, years: range) -> Iterator[Box]:
    """Give the known years as they are; in others every date is off that is off in a known year."""
    without = sorted(set(years) - {day.year for day in known.off})
    if without:
        message = f"no public holidays are known for {without[0]}, and the calendar is to run to {years[-1]}"
        raise CompileError(message, "choose an earlier calendar_until")
    for day in known.off:
        yield _one_day(day)
    others = ((FIRST_YEAR, years.start), (years.stop, FOREVER))
    ever = union(_date_mask(day.month, day.day) for day in known.off)
    if ever:
        yield Box(others, ever, ALL_MINUTES)


def _moved_days(schedule: Schedule, asking: Asking) -> Iterator[date]:
    for country in _countries(schedule):
        yield from asking.public(country, asking.years).workdays


def _countries(schedule: Schedule) -> set[str]:
    """Find the countries whose days concern a schedule: its own, and those of what it is made of."""
    nested = (*schedule.except_, *(schedule.any_ or ()), *(schedule.all_ or ()))
    parts = nested if schedule.not_ is None else (*nested, schedule.not_)
    own = {schedule.public} if schedule.public else set[str]()
    return own.union(*(_countries(one) for one in parts))


def unannounced_years(schedule: Schedule, asking: Asking) -> tuple[tuple[str, int], ...]:
    """List the years, by country, whose moved days are not known yet."""
    countries = sorted(_countries(schedule))
    return tuple((one, year) for one in countries for year in asking.public(one, asking.years).unknown_years)


# --- midnight


def _minutes_apart(name: str | None, target: Zone) -> int:
    """Tell how many minutes the account's clock is ahead of the schedule's."""
    if name is None or name == target.name:
        return 0
    source = zone(name)
    for place in (source, target):
        if not place.is_fixed:
            message = f"the clocks of {place.name} change, so hours of {source.name} move on the clock of {target.name}"
            raise CompileError(message, "mean the hours in the account's own zone, or in one whose offset is fixed")
    seconds = target.last_offset - source.last_offset
    if seconds % 60:
        raise CompileError(f"{source.name} is not whole minutes apart from {target.name}", "use another zone")
    return seconds // 60


def _shifted(instants: Instants, minutes: int) -> Instants:
    """Move every instant later (or earlier) by less than a day, over midnight where it must."""
    if not minutes:
        return instants
    if instants.fine:
        raise CompileError("hours with seconds cannot be moved to another zone", "leave seconds out")
    if minutes > 0:
        return _carried(instants, lambda today, before: today << minutes & ALL_MINUTES | before >> MINUTES - minutes)
    back = MINUTES + minutes  # earlier is a day earlier and then later
    return _carried(
        _day_earlier(instants), lambda today, before: today << back & ALL_MINUTES | before >> MINUTES - back
    )


def _carried(instants: Instants, combine: Callable[[int, int], int]) -> Instants:
    """Make each day's times from its own and those of the day before."""
    spans: dict[int, Classes] = {}
    before = instants.spans[0][1]
    for year, classes in instants.spans:
        spans[year] = combined(classes, _day_later(classes, before), combine)
        spans[year + 1] = combined(classes, _day_later(classes, classes), combine)
        before = classes
    return Instants.spanned(spans)


def _day_earlier(instants: Instants) -> Instants:
    """Give each day the times of the day after."""
    spans: dict[int, Classes] = {}
    for year, end, classes in instants.segments():
        spans[year] = _moved_back(classes, classes)
        if end != FOREVER:
            spans[end - 1] = _moved_back(classes, instants.classes_in(end))
    return Instants.spanned(spans)


_FIRST_SLOTS: Final = union(1 << kind * SLOTS for kind in range(YEAR_TYPES))
_LAST_SLOTS: Final = union(1 << kind * SLOTS + (364 if kind < 7 else 365) for kind in range(YEAR_TYPES))


def _day_later(classes: Classes, year_before: Classes) -> Classes:
    """Give each day of a year the times of the day before; 1 January has those of 31 December of the year before."""
    inner = {mask: (days & ~_LAST_SLOTS) << 1 for mask, days in classes.items()}
    for kind in range(YEAR_TYPES):
        weekday = kind % 7
        ordinary, leap = (weekday - 1) % 7 * SLOTS + 364, (7 + (weekday - 2) % 7) * SLOTS + 365
        mask = _mask_at(year_before, ordinary, leap)
        inner[mask] = inner.get(mask, 0) | 1 << kind * SLOTS
    return {mask: days for mask, days in inner.items() if days}


def _moved_back(classes: Classes, year_after: Classes) -> Classes:
    """Give each day of a year the times of the day after; 31 December has those of the next 1 January."""
    inner = {mask: (days & ~_FIRST_SLOTS) >> 1 for mask, days in classes.items()}
    for kind in range(YEAR_TYPES):
        weekday = (kind % 7 + (1 if kind < 7 else 2)) % 7
        mask = _mask_at(year_after, weekday * SLOTS, (7 + weekday) * SLOTS)
        inner[mask] = inner.get(mask, 0) | 1 << kind * SLOTS + (364 if kind < 7 else 365)
    return {mask: days for mask, days in inner.items() if days}


def _mask_at(classes: Classes, *slots: int) -> int:
    """Find the times that all of these slots have."""
    found = {next(mask for mask, days in classes.items() if days >> slot & 1) for slot in slots}
    if len(found) > 1:
        message = "a day of the year that leap years move cannot be carried over midnight at the year's end"
        raise CompileError(message, "write months and days in place of days of the year")
    return found.pop()
