"""Warnings about years, months, weeks and days.

Must not know hours.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

from reconciler.diagnostics import Finding
from reconciler.schedule.lint.view import View
from reconciler.schedule.masks import CYCLE_YEARS, MONTH_LENGTHS, SLOTS, type_mask, year_type
from reconciler.schedule.render import runs_of
from reconciler.schedule.scales import LAST_SHORT_YEAR, MONTHS, Scale

_LAST_DAYS: Final = frozenset({29, 30, 31})
_LEAP_DAY: Final = 60
_YEAR_LENGTH: Final = 365
_EVERY_YEARDAY: Final = frozenset(range(1, 367))
_DAY_SCALES: Final = (Scale.WK, Scale.YD, Scale.MD, Scale.WD)


def weeks(view: View) -> Iterator[Finding]:
    """Find weeks of the month, which are rows of a calendar that begins on Sunday."""
    for item in view.part.of(Scale.WK):
        text, days = view.tree.slice(item), _days_a_year(view.box.days)
        message = f"'{text}' counts rows of a Sunday-first calendar; the part holds on {days:.0f} days a year"
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
        yield view.warn(
            "period-month-end",
            f"'{text}' skips {names}{exception}",
            item,
            "name the last day of each month beside its mo",
        )
    elif wrapped is not None:
        message = f"'{view.tree.slice(wrapped)}' is the end and the beginning of the same month"
        yield view.warn(
            "period-month-end", message, wrapped, "that is every month's first days too; with mo, write two parts"
        )


def two_digit_years(view: View) -> Iterator[Finding]:
    """Find years of two digits, whose century is that of the call."""
    for one in view.part.ranges(Scale.YR):
        for value in {one.first, one.last}:
            if value.number <= LAST_SHORT_YEAR:
                message = f"year {view.tree.slice(value)} belongs to whatever century it is"
                yield view.warn("period-two-digit-year", message, value, f"write {2000 + value.number}")


def reversed_years(view: View) -> Iterator[Finding]:
    """Find years in the wrong order, which are swapped, not wrapped."""
    for one in view.part.ranges(Scale.YR):
        if one.wraps and one.last.number > LAST_SHORT_YEAR:
            message = f"'{view.tree.slice(one)}' runs backwards; it is read as {one.last.number}-{one.first.number}"
            yield view.warn("period-reversed-years", message, one, f"write {one.last.number}-{one.first.number}")


def day_without_month(view: View) -> Iterator[Finding]:
    """Find a single day of the month that looks like a date."""
    days = view.values(Scale.MD)
    others = view.part.has(Scale.MO, Scale.WD, Scale.WK, Scale.YD)
    if days is not None and len(days) == 1 and not others and not days <= _LAST_DAYS:
        item = next(view.part.of(Scale.MD))
        message = f"'{view.tree.slice(item)}' holds every month"
        yield view.warn(
            "period-day-without-month",
            message,
            item,
            f"for a date name its month: mo {{{MONTHS[0][:3]}}} {view.tree.slice(item)}",
        )


def month_alone(view: View) -> Iterator[Finding]:
    """Find months without anything smaller: all of their nights and weekends."""
    months = view.values(Scale.MO)
    smaller = view.part.has(*_DAY_SCALES, Scale.HR, Scale.MIN, Scale.SEC)
    if months is not None and len(months) < len(MONTHS) and not smaller:
        item = next(view.part.of(Scale.MO))
        message = f"'{view.tree.slice(item)}' holds day and night"
        yield view.warn("period-month-alone", message, item, "add wd or hr if only some of it is meant")


DATE_CHECKS: Final[tuple[Callable[[View], Iterator[Finding]], ...]] = (
    weeks,
    days_of_the_year,
    ends_of_months,
    two_digit_years,
    reversed_years,
    day_without_month,
    month_alone,
)
