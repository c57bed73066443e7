"""Warnings about well-formed periods that probably do not say what was meant.

About hours, dates, the whole, and a zone whose clocks change. Must not know accounts (see `account`); the zone and
the day from which years count as past are passed in.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import permutations
from typing import TYPE_CHECKING, Final

from reconciler.diagnostics import Finding
from reconciler.rules import RULES
from reconciler.schedule.grammar import read
from reconciler.schedule.instants import Box, Instants
from reconciler.schedule.masks import (
    CYCLE_YEARS,
    FACTS,
    LAST_SHORT_YEAR,
    MONTH_LENGTHS,
    MONTHS,
    SLOTS,
    WEEKDAYS,
    Scale,
    WeekdayBase,
    all_days,
    first_day,
    slot_of,
    type_mask,
    year_of,
    year_type,
)
from reconciler.schedule.meaning import box_of, has_short_year, instants_of, values_of
from reconciler.schedule.render import runs_of
from reconciler.schedule.syntax import Item, Part, PeriodTree, PeriodValue, Range
from reconciler.schedule.zones import DAY_SECONDS, zone

if TYPE_CHECKING:
    from datetime import date


@dataclass(frozen=True)
class View:
    """A part, its tree, and its meaning."""

    tree: PeriodTree
    part: Part

    @cached_property
    def box(self) -> Box:
        return box_of(self.part, fine=self.part.has(Scale.SEC))

    @cached_property
    def is_never(self) -> bool:
        """Whether the part by itself matches nothing."""
        return Instants.of([self.box], fine=self.part.has(Scale.SEC)).is_empty

    @cached_property
    def every_day(self) -> bool:
        """Whether the part holds on every day."""
        return self.box.days == all_days() and self.box.years is None

    def values(self, scale: Scale) -> frozenset[int] | None:
        return values_of(self.part, scale)

    def warn(self, code: str, message: str, node: PeriodValue | Range | Item | Part, hint: str) -> Finding:
        """Make a warning about a node."""
        return RULES[code].within(node.start, node.end, message, hint)


_OPENING: Final = range(5, 13)  # hours at which a working day begins
_CLOSING: Final = range(18, 23)  # hours at which it ends: written as the last hour they are an hour too many
_QUARTER: Final = 15
_TOUCHING: Final = (Scale.MO, Scale.YD, Scale.MD, Scale.WD, Scale.HR, Scale.MIN)


def inclusive_ends(view: View) -> Iterator[Finding]:
    """Find ranges whose last value was probably meant to be the first one outside."""
    for one in view.part.ranges(Scale.HR):
        if _closing_hour(view, one):
            yield _inclusive_hour(view, one)
    for one in view.part.ranges(Scale.MIN):
        first, last = one.first.number, one.last.number
        if first < last and first % _QUARTER == last % _QUARTER == 0:
            message = f"'{view.tree.slice(one)}' includes the whole minute {last}"
            yield view.warn("period-inclusive-end", message, one, f"write {first}-{last - 1} to end before it")
    for scale in _TOUCHING:
        yield from _touching(view, scale)


def _closing_hour(view: View, one: Range) -> bool:
    if one.first.number >= one.last.number:
        return False
    if "m" in view.tree.slice(one.last).lower():  # 5pm is a time on a clock before it is an hour
        return True
    return one.first.number in _OPENING and one.last.number in _CLOSING


def _inclusive_hour(view: View, one: Range) -> Finding:
    last = one.last.number
    text = view.tree.slice(one)
    message = f"'{text}' includes {last:02}:00-{last:02}:59"
    twelve = "m" in view.tree.slice(one.last).lower()
    earlier = _on_clock(last - 1) if twelve else str(last - 1)
    hint = f"to end at {last:02}:00 write {view.tree.slice(one.first)}-{earlier}"
    return view.warn("period-inclusive-end", message, one, hint)


def _on_clock(hour: int) -> str:
    return f"{hour % 12 or 12}{'am' if hour < 12 else 'pm'}"


def _touching(view: View, scale: Scale) -> Iterator[Finding]:
    """Two ranges of one scale that share an end."""
    ranges = [one for one in view.part.ranges(scale) if not one.is_single and not one.wraps]
    for one, other in permutations(ranges, 2):
        if one.first.number < one.last.number == other.first.number < other.last.number:
            yield _shared_end(view, scale, one, other)


def _shared_end(view: View, scale: Scale, one: Range, other: Range) -> Finding:
    shared, first, second = (view.tree.slice(node) for node in (other.first, one, other))
    message = f"{FACTS[scale].noun} {shared} is in both '{first}' and '{second}'; both ends are included"
    joined = runs_of(scale, range(one.first.number, other.last.number + 1))
    return view.warn("period-inclusive-end", message, other, f"write {joined}, or end the first range earlier")


def overnight(view: View) -> Iterator[Finding]:
    """Find hours past midnight beside days: the morning half is the morning of the same day."""
    if view.every_day or view.is_never:
        return
    for one in view.part.ranges(Scale.HR):
        if one.wraps and one.first.number != one.last.number + 1:
            hours = f"the hours 0-{one.last.number} of '{view.tree.slice(one)}'"
            message = f"{hours} are the morning of the same day, not the end of its night"
            yield view.warn("period-overnight", message, one, _two_parts(view, one))


def _two_parts(view: View, one: Range) -> str:
    evening = f"{one.first.number}-23" if one.first.number < 23 else "23"
    morning = f"0-{one.last.number}" if one.last.number else "0"
    scales = {item.scale for item in view.part.items}
    days = view.values(Scale.WD)
    if scales != {Scale.WD, Scale.HR} or days is None or len(view.part.ranges(Scale.HR)) > 1:
        return f"write two parts: the days with hr {{{evening}}}, and the days after them with hr {{{morning}}}"
    after = runs_of(Scale.WD, [(day + 1) % len(WEEKDAYS) for day in days])
    first, second = f"wd {{{runs_of(Scale.WD, days)}}} hr {{{evening}}}", f"wd {{{after}}} hr {{{morning}}}"
    return f"for nights write {first} and, as another part, {second}"


def minutes_without_hours(view: View) -> Iterator[Finding]:
    """Find minutes that hold in every hour."""
    item = next(view.part.of(Scale.MIN), None)
    if item is not None and not view.part.has(Scale.HR) and view.values(Scale.MIN) != frozenset(range(60)):
        message = f"'{view.tree.slice(item)}' applies in each of the 24 hours"
        yield view.warn("period-minute-without-hour", message, item, "name the hours too: hr {9} min {30-59}")


def seconds(view: View) -> Iterator[Finding]:
    """Find seconds, which no call needs."""
    for item in view.part.of(Scale.SEC):
        message = f"'{view.tree.slice(item)}' divides a minute: a call one second later may be routed elsewhere"
        yield view.warn("period-seconds", message, item, "leave sec out")


_LAST_DAYS: Final = frozenset({29, 30, 31})
_LEAP_DAY: Final = 60
_EVERY_YEARDAY: Final = frozenset(range(1, 367))
_DAY_SCALES: Final = (Scale.WK, Scale.YD, Scale.MD, Scale.WD)


def weeks(view: View) -> Iterator[Finding]:
    """Find weeks of the month, which are rows of a calendar that begins on Sunday."""
    for item in view.part.of(Scale.WK):
        rows = f"'{view.tree.slice(item)}' counts rows of a calendar whose weeks begin on Sunday"
        message = f"{rows}; the part matches {_days_a_year(view.box.days):.0f} days a year"
        yield view.warn("period-week-of-month", message, item, "for the second Tuesday write wd {tue} md {8-14}")


def _days_a_year(days: int) -> float:
    """Average over the 400 years of the calendar."""
    years = range(CYCLE_YEARS)
    return sum((days & type_mask(year_type(year))).bit_count() for year in years) / CYCLE_YEARS


def days_of_the_year(view: View) -> Iterator[Finding]:
    """Find days of the year whose date a leap year moves."""
    values = view.values(Scale.YD)
    if values is None or values == _EVERY_YEARDAY or view.is_never:
        return
    item = next(view.part.of(Scale.YD))
    if values == _EVERY_YEARDAY - {SLOTS}:
        message, hint = f"'{view.tree.slice(item)}' leaves out 31 December of leap years", "leave yd out for every day"
    elif values == {SLOTS}:
        message, hint = "day 366 exists in leap years only", "for 31 December write mo {dec} md {31}"
    elif max(values) >= _LEAP_DAY:
        message = f"from day {_LEAP_DAY} on the date of '{view.tree.slice(item)}' moves by one in leap years"
        hint = "write mo and md"
    else:
        return
    yield view.warn("period-day-of-year", message, item, hint)


def ends_of_months(view: View) -> Iterator[Finding]:
    """Find days that shorter months lack, and days that run over the end of a month."""
    item = next(view.part.of(Scale.MD), None)
    days, months = view.values(Scale.MD), view.values(Scale.MO) or frozenset(range(1, 13))
    if item is None or days is None or view.is_never:
        return
    text = view.tree.slice(item)
    lacking = [month for month in sorted(months) if MONTH_LENGTHS[month - 1] < min(days)]
    wrapped = next((one for one in item.ranges if one.wraps and one.first.number != one.last.number + 1), None)
    if lacking and days <= _LAST_DAYS:
        names = runs_of(Scale.MO, lacking)
        exception = " but for leap years" if months == {2} else ""
        hint = "name the last day of each month beside its mo"
        yield view.warn("period-month-end", f"'{text}' skips {names}{exception}", item, hint)
    elif wrapped is not None:
        message = f"'{view.tree.slice(wrapped)}' is the end and the beginning of the same month"
        hint = "that is every month's first days too; with mo, write two parts"
        yield view.warn("period-month-end", message, wrapped, hint)


def two_digit_years(view: View) -> Iterator[Finding]:
    """Find years of two digits, whose century is that of the call."""
    for one in view.part.ranges(Scale.YR):
        for value in {one.first, one.last}:
            if value.number <= LAST_SHORT_YEAR:
                message = f"year {view.tree.slice(value)} means the current century, whichever that is"
                yield view.warn("period-two-digit-year", message, value, f"write {2000 + value.number}")


def reversed_years(view: View) -> Iterator[Finding]:
    """Find years in the wrong order, which are swapped, not wrapped."""
    for one in view.part.ranges(Scale.YR):
        if one.wraps and one.last.number > LAST_SHORT_YEAR:
            message = f"'{view.tree.slice(one)}' is reversed; it is read as {one.last.number}-{one.first.number}"
            yield view.warn("period-reversed-years", message, one, f"write {one.last.number}-{one.first.number}")


def day_without_month(view: View) -> Iterator[Finding]:
    """Find a single day of the month that looks like a date."""
    days = view.values(Scale.MD)
    others = view.part.has(Scale.MO, Scale.WD, Scale.WK, Scale.YD)
    if days is not None and len(days) == 1 and not others and not days <= _LAST_DAYS:
        item = next(view.part.of(Scale.MD))
        text = view.tree.slice(item)
        hint = f"for a date name its month: mo {{{MONTHS[0][:3]}}} {text}"
        yield view.warn("period-day-without-month", f"'{text}' applies in every month", item, hint)


def month_alone(view: View) -> Iterator[Finding]:
    """Find months without anything smaller: all of their nights and weekends."""
    months = view.values(Scale.MO)
    smaller = view.part.has(*_DAY_SCALES, Scale.HR, Scale.MIN, Scale.SEC)
    if months is not None and len(months) < len(MONTHS) and not smaller:
        item = next(view.part.of(Scale.MO))
        message = f"'{view.tree.slice(item)}' applies day and night"
        yield view.warn("period-month-alone", message, item, "add wd or hr if only some of it is meant")


_CHECKS: Final[tuple[Callable[[View], Iterator[Finding]], ...]] = (
    inclusive_ends,
    overnight,
    minutes_without_hours,
    seconds,
    weeks,
    days_of_the_year,
    ends_of_months,
    two_digit_years,
    reversed_years,
    day_without_month,
    month_alone,
)


def whole_findings(tree: PeriodTree, today: date | None) -> Iterator[Finding]:
    """Judge the period as one."""
    if not tree.parts:
        return
    yield from _trailing_comma(tree)
    never = [part for part in tree.parts if View(tree, part).is_never]
    for part in never:
        message = f"'{tree.slice(part)}' never matches"
        yield RULES["period-never"].within(part.start, part.end, message, "remove it, or correct its days")
    instants = instants_of(tree)
    start, end = tree.parts[0].start, tree.parts[-1].end
    if instants.is_full:
        message = "this is always: every value is listed"
        yield RULES["period-always"].within(start, end, message, "leave the period out")
    if not never:
        yield from _end_of_years(tree, instants, today)


def _trailing_comma(tree: PeriodTree) -> Iterator[Finding]:
    if len(tree.commas) >= len(tree.parts):
        comma = tree.commas[len(tree.parts) - 1]
        yield RULES["period-trailing-comma"].within(comma, comma + 1, "nothing follows this comma", "remove it")


def _end_of_years(tree: PeriodTree, instants: Instants, today: date | None) -> Iterator[Finding]:
    """Tell of the last year where every part has one."""
    if any(has_short_year(part) or not part.has(Scale.YR) for part in tree.parts):
        return
    last = instants.last_change - 1
    item = next(tree.parts[-1].of(Scale.YR))
    if today is not None and last < today.year:
        message = f"this ended with {last}"
        yield RULES["period-expired"].within(item.start, item.end, message, "remove it, or name a year to come")
    else:
        message = f"this ends with {last}; afterwards it never matches"
        yield RULES["period-expires"].within(item.start, item.end, message, "leave yr out if it should go on")


@lru_cache(maxsize=4096)
def zone_findings(text: str, *, timezone: str, year: int, weekday_base: WeekdayBase = "sunday") -> tuple[Finding, ...]:
    """Tell where a period is cut short or runs twice when clocks change in `year` or the next."""
    tree, errors = read(text, weekday_base)
    place = zone(timezone)
    if errors or not tree.parts or place.is_fixed:
        return ()
    instants = instants_of(tree)
    at, end = first_day(year) * DAY_SECONDS, first_day(year + 2) * DAY_SECONDS
    while (change := place.next_change(at)) is not None and change < end:
        before, after = place.offset(change - 1), place.offset(change)
        if _touched(instants, change + min(before, after), change + max(before, after)):
            what = "skipped" if after > before else "repeated"
            message = f"in {timezone} an hour that this period touches is {what} in {year_of(change // DAY_SECONDS)[0]}"
            hint = "keep the edges of the period clear of the night when clocks change"
            start, stop = tree.parts[0].start, tree.parts[-1].end
            return (RULES["period-daylight-saving"].within(start, stop, message, hint),)
        at = change
    return ()


def _touched(instants: Instants, start: int, end: int) -> bool:
    """Tell whether the state changes within local seconds `start` to `end`, or at either."""
    unit = 1 if instants.fine else 60
    states = set()
    for local in range(start - unit, end + unit, unit):
        day, second = divmod(local, DAY_SECONDS)
        year, yearday0 = year_of(day)
        states.add(instants.times_on(year, slot_of(year, yearday0)) >> second // unit & 1)
    return len(states) > 1


__all__ = ["check", "zone_findings"]


@lru_cache(maxsize=4096)  # a configuration says the same few periods again and again
def check(text: str, *, weekday_base: WeekdayBase = "sunday", today: date | None = None) -> tuple[Finding, ...]:
    """List the errors of grammar or, where there are none, the warnings about a period, in the order of its text.

    With `today` a period whose last year is over is told too.
    """
    tree, errors = read(text, weekday_base)
    if errors:
        return errors
    findings = list(whole_findings(tree, today))
    always = any(finding.code == "period-always" for finding in findings)
    for part in () if always else tree.parts:
        view = View(tree, part)
        for find in _CHECKS:
            findings += find(view)
    return tuple(sorted(findings, key=lambda finding: (finding.start, finding.code)))
