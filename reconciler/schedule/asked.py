"""From a human schedule to the exact set of instants that it asks for, on the clock of one zone.

Hours belong to the day on which they start, so a schedule is first a set of start days with up to 48 hours each, and is
folded into days at the end. Must not know how a set is written as periods.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import reduce
from operator import and_, or_
from typing import Final

from reconciler.schedule.human import DateSpan, Day, Hours, PublicDays, Schedule, made_of, public_days
from reconciler.schedule.instants import ALWAYS, FOREVER, NEVER, Box, Classes, Instants, combine_days
from reconciler.schedule.masks import (
    ALL_MINUTES,
    FIRST_YEAR,
    MINUTES,
    SLOTS,
    YEAR_TYPES,
    Scale,
    date_mask,
    day_masks,
    union,
)
from reconciler.schedule.zones import Zone, zone

_FIRST_KNOWN: Final = 2025
_MOST_KNOWN: Final = 6  # years of public holidays that are written out


class CompileError(ValueError):
    """A schedule that cannot be turned into periods: what is in the way, and what to do."""

    def __init__(self, message: str, hint: str) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


_MOST_REMEMBERED: Final = 1024
_REPEATS: Final = 1000
_REPEATS_EACH: Final = 10

Excepted = tuple[Schedule, ...]


@dataclass(slots=True)
class ScheduleSets:
    """The sets that schedules ask for, each found once, however often a schedule is named.

    A part is another set wherever the whole excepts other days; so many of these are followed as there are schedules.
    """

    _sets: dict[tuple[int, ...], tuple[object, Instants]] = field(default_factory=dict)
    _met: dict[int, Schedule] = field(default_factory=dict)
    _repeats: int = 0

    def get(self, schedule: Schedule, excepted: Excepted, *, zoned: bool, find: Callable[[], Instants]) -> Instants:
        """Return the set of a schedule without the days of others, found where it is not known. Raises CompileError."""
        key = (id(schedule), zoned, *map(id, excepted))  # what is remembered is held, so no identity comes twice
        known = self._sets.get(key)
        if known is not None:
            return known[1]
        self._count(schedule)
        found = find()
        if len(self._sets) >= _MOST_REMEMBERED:
            del self._sets[next(iter(self._sets))]
        self._sets[key] = ((schedule, excepted), found)
        return found

    def _count(self, schedule: Schedule) -> None:
        self._repeats += id(schedule) in self._met
        self._met[id(schedule)] = schedule
        if self._repeats > _REPEATS + _REPEATS_EACH * len(self._met):
            message = "too many combinations of nested schedules with `except`"
            raise CompileError(message, "name fewer schedules that have an `except` of their own inside others")


def written_years(until: date) -> range:
    """The years whose public holidays are written out, where the last day is `until`."""
    last = until.year
    return range(min(max(_FIRST_KNOWN, last - _MOST_KNOWN + 1), last), last + 1)


@dataclass(frozen=True, slots=True)
class CompileTarget:
    """What a schedule is compiled for: the zone of the account, and the last day of dated parts."""

    zone: Zone
    until: date
    public: Callable[[str, Sequence[int]], PublicDays] = field(default=public_days)
    answers: ScheduleSets = field(default_factory=ScheduleSets)

    @property
    def years(self) -> range:
        """The years whose public holidays are written out."""
        return written_years(self.until)


def instants_asked_for(
    schedule: Schedule, asking: CompileTarget, excepted: Excepted = (), *, zoned: bool = True
) -> Instants:
    """Give the set that a schedule asks for, without the days of `excepted`, on the clock of the account's zone.

    Where it is not `zoned`, its own zone does not count. Raises CompileError.
    """
    return asking.answers.get(
        schedule, excepted, zoned=zoned, find=lambda: _asked(schedule, asking, excepted, zoned=zoned)
    )


def _asked(schedule: Schedule, asking: CompileTarget, excepted: Excepted, *, zoned: bool) -> Instants:
    excepted = tuple({id(one): one for one in (*schedule.except_, *excepted)}.values())
    if schedule.not_ is not None:
        return _without_days(~instants_asked_for(schedule.not_, asking), excepted, asking)
    # Each part knows its own start days, so the whole's excepted days are taken out of each.
    if schedule.any_ is not None:
        return reduce(or_, (instants_asked_for(one, asking, excepted) for one in schedule.any_), NEVER)
    if schedule.all_ is not None:
        return reduce(and_, (instants_asked_for(one, asking, excepted) for one in schedule.all_), ALWAYS)
    return _shifted(_own(schedule, asking, excepted), _minutes_apart(schedule.timezone if zoned else None, asking.zone))


def _own(schedule: Schedule, asking: CompileTarget, excepted: Excepted) -> Instants:
    """Give the set on the clock of the schedule's own zone."""
    started = _started(schedule, asking, excepted)
    folded = _carried(started, lambda today, before: today & ALL_MINUTES | before >> MINUTES)
    return folded if schedule.period is None else folded | _without_days(schedule.period.instants, excepted, asking)


# --- start days


def _started(schedule: Schedule, asking: CompileTarget, excepted: Excepted) -> Instants:
    """Give weekly hours, dates and public holidays by their start days, with masks of 48 hours."""
    boxes = [Box(None, _weekday_mask(days), _hours_mask(hours)) for days, hours in schedule.weekly]
    starts = Instants.of(boxes)
    if schedule.workday_as is not None:
        hours = union(_hours_mask(hours) for days, hours in schedule.weekly if schedule.workday_as in days)
        moved = Instants.of(map(_one_day, _moved_days((schedule, *excepted), asking)))
        starts = starts.merged(moved, lambda times, is_moved: hours if is_moved else times)
    dated = [box for one in schedule.dates for box in _date_boxes(one)]
    if schedule.public is not None:
        dated += public_boxes(asking.public(schedule.public, asking.years), asking.years)
    starts = starts.merged(Instants.of(dated), int.__or__)
    return _without_days(starts, excepted, asking)


def _without_days(starts: Instants, excepted: Excepted, asking: CompileTarget) -> Instants:
    """Take out every start day that an excepted schedule touches."""
    for one in excepted:
        touched = instants_asked_for(one, asking, zoned=False).touched_days()
        starts = starts.merged(touched, lambda times, is_excepted: 0 if is_excepted else times)
    return starts


def _weekday_mask(days: frozenset[int]) -> int:
    return union(day_masks(Scale.WD)[day] for day in days)


def _hours_mask(hours: Iterable[Hours]) -> int:
    return union((1 << one.end) - (1 << one.start) for one in hours)


def _one_day(day: date) -> Box:
    return Box(((day.year, day.year + 1),), date_mask(day.month, day.day), ALL_MINUTES)


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


# docs/decisions/010
def public_boxes(known: PublicDays, years: range) -> Iterator[Box]:
    """Give the known years as they are; in others every date is off that is off in a known year."""
    without = sorted(set(years) - {day.year for day in known.off})
    if without:
        message = f"no public holidays are known for {without[0]}, but the calendar runs to {years[-1]}"
        raise CompileError(message, "choose an earlier calendar_until")
    yield from map(_one_day, known.off)
    others = ((FIRST_YEAR, years.start), (years.stop, FOREVER))
    ever = union(date_mask(day.month, day.day) for day in known.off)
    if ever:
        yield Box(others, ever, ALL_MINUTES)


def _moved_days(schedules: Iterable[Schedule], asking: CompileTarget) -> Iterator[date]:
    for country in _countries(*schedules):
        yield from asking.public(country, asking.years).workdays


def _countries(*schedules: Schedule) -> set[str]:
    """Find the countries whose days concern schedules: their own, and those of what they are made of."""
    return {one.public for one in made_of(*schedules) if one.public}


def unannounced_years(schedule: Schedule, asking: CompileTarget) -> tuple[tuple[str, int], ...]:
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
            raise CompileError(message, "give the hours in the account's own zone, or in one with a fixed offset")
    seconds = target.last_offset - source.last_offset
    if seconds % 60:
        raise CompileError(f"{source.name} does not differ from {target.name} by whole minutes", "use another zone")
    return seconds // 60


def _shifted(instants: Instants, minutes: int) -> Instants:
    """Move every instant later (or earlier), over midnight where it must."""
    if not minutes:
        return instants
    if instants.fine:
        raise CompileError("hours with seconds cannot be moved to another zone", "leave seconds out")
    days, later = divmod(minutes, MINUTES)  # earlier is a day earlier and then later
    for _ in range(-days):
        instants = _day_earlier(instants)
    for _ in range(days):
        instants = _carried(instants, lambda _, before: before)
    return _carried(instants, lambda today, before: today << later & ALL_MINUTES | before >> MINUTES - later)


def _carried(instants: Instants, combine: Callable[[int, int], int]) -> Instants:
    """Make each day's times from its own and those of the day before."""
    spans: dict[int, Classes] = {}
    before = instants.spans[0][1]
    for year, classes in instants.spans:
        spans[year] = combine_days(classes, _day_later(classes, before), combine)
        spans[year + 1] = combine_days(classes, _day_later(classes, classes), combine)
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
