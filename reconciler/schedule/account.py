"""What an account's settings say of a period: commas, `none`, numeric weekdays, and what releases read differently.

Releases of the period language disagree about `yd {366}`, weeks of the month, and early years. Must not know
configuration or vendors; the settings come as plain words.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import TYPE_CHECKING, Final, Literal

from reconciler.diagnostics import Finding, Severity
from reconciler.rules import RULES
from reconciler.schedule.grammar import read
from reconciler.schedule.instants import Instants
from reconciler.schedule.masks import (
    CYCLE_YEARS,
    EPOCH_ORDINAL,
    SLOTS,
    WEEKDAYS,
    YEAR_TYPES,
    Scale,
    WeekdayBase,
    all_days,
    dates_of,
    day_masks,
    first_day,
    is_leap,
    slot_of,
    union,
    year_type,
)
from reconciler.schedule.meaning import box_of, has_short_year, instants_of, spread
from reconciler.schedule.syntax import Item, Part, PeriodTree

if TYPE_CHECKING:
    from datetime import date


_LAST_YEARDAY: Final = 366
_REFERENCE_YEAR: Final = 2026  # from which on an example of a disagreement is looked for
_COMMON_YEAR: Final = 365


def disagreements(tree: PeriodTree) -> Iterator[Finding]:
    """Find what older releases (up to 1.22, or 1.24 for weeks) read differently."""
    instants = instants_of(tree)
    for part in tree.parts:
        yield from _last_day_of_leap_years(part)
        yield from _weeks(tree, part)
    years = [item for part in tree.parts for item in part.of(Scale.YR)]
    if years and not any(has_short_year(part) for part in tree.parts):
        yield from _early_years(instants, years[0])


def _finding(message: str, start: int, end: int, hint: str) -> Finding:
    return RULES["period-dialect"].within(start, end, message, hint)


def _last_day_of_leap_years(part: Part) -> Iterator[Finding]:
    for one in part.ranges(Scale.YD):
        for value in {one.first, one.last}:
            if value.number == _LAST_YEARDAY:
                message = "releases before 1.23 refuse day 366 of the year"
                yield _finding(message, value.start, value.end, "write mo {dec} md {31} for the last day of any year")


def _weeks(tree: PeriodTree, part: Part) -> Iterator[Finding]:
    """Releases up to 1.24 number the weeks of a month that starts on a Sunday one too high from its second day on."""
    item = next(part.of(Scale.WK), None)
    if item is None:
        return
    others = box_of(Part(tuple(one for one in part.items if one.scale is not Scale.WK), 0, 0), fine=part.has(Scale.SEC))
    rows = {row for one in part.ranges(Scale.WK) for row in spread(Scale.WK, one)}
    now = union(day_masks(Scale.WK)[row] for row in rows)
    differing = (now ^ _old_weeks(rows)) & others.days
    spans = others.years or ((_REFERENCE_YEAR, _REFERENCE_YEAR + CYCLE_YEARS),)
    day = differing and next((day for day in _days(spans) if differing >> day[1] & 1), None)
    if day and others.times:
        message = f"releases up to 1.24 read '{tree.slice(item)}' differently, first on {day[0].isoformat()}"
        yield _finding(message, item.start, item.end, "use md with wd: the second Tuesday is wd {tue} md {8-14}")


def _days(spans: tuple[tuple[int, int], ...]) -> Iterator[tuple[date, int]]:
    from datetime import date, timedelta

    for first, end in spans:
        for year in range(max(first, _REFERENCE_YEAR), min(end, _REFERENCE_YEAR + CYCLE_YEARS)):
            start = date(year, 1, 1)
            for offset in range(len(dates_of(year_type(year)))):
                yield start + timedelta(offset), slot_of(year, offset)


def _old_weeks(rows: set[int]) -> int:
    """Mask the days of these rows as older releases count them."""
    mask = 0
    for kind in range(YEAR_TYPES):
        for offset, day in enumerate(dates_of(kind), kind * SLOTS):
            starts_on_sunday = (day.weekday - day.day + 1) % 7 == 0
            row = day.week + 1 if starts_on_sunday and day.day > 1 else day.week
            mask |= (row in rows) << offset
    return mask & all_days()


def _early_years(instants: Instants, item: Item) -> Iterator[Finding]:
    """Releases up to 1.22 divide by 365 days: a year begins in the December before it."""
    from datetime import date

    for year, _ in instants.spans[1:]:
        if year > date.max.year:
            return
        begins = (year - 1970) * _COMMON_YEAR
        length = _COMMON_YEAR + is_leap(year - 1)
        offsets = range(begins - first_day(year - 1), length)
        slots = (slot_of(year - 1, offset) for offset in offsets if offset >= 0)
        if any(instants.times_on(year, slot) != instants.times_on(year - 1, slot) for slot in slots):
            day = date.fromordinal(begins + EPOCH_ORDINAL)
            message = f"releases up to 1.22 let {year} begin on {day.isoformat()}, and so differ in that December"
            yield _finding(message, item.start, item.end, "prefer months and days without a year where you can")
            return


UnionStyle = Literal["entries", "comma"]
_WEEK: Final = 7


# docs/decisions/014
@lru_cache(maxsize=4096)
def account_findings(text: str, *, union: UnionStyle, weekday_base: WeekdayBase) -> tuple[Finding, ...]:
    """Judge what depends on the account; says nothing of what `check` says."""
    tree, errors = read(text, "sunday" if weekday_base == "refuse" else weekday_base)
    findings = [*_none(tree), *numeric_weekdays(tree, weekday_base)]
    if union == "entries":
        findings += _commas(tree)
    if not errors:
        findings += disagreements(tree)
    return tuple(sorted(findings, key=lambda finding: finding.start))


def _none(tree: PeriodTree) -> Iterator[Finding]:
    if tree.is_none:
        start = len(tree.text) - len(tree.text.lstrip())
        message = f"'{tree.text.strip()}' is never; the vendor does not document the word"
        hint = "leave the target out, or set active: false"
        yield RULES["period-none"].within(start, start + len("none"), message, hint)


def _commas(tree: PeriodTree) -> Iterator[Finding]:
    if tree.commas:
        comma = tree.commas[0]
        hint = "write one target per part, or set period: {union: comma} at the account"
        yield RULES["period-comma"].within(comma, comma + 1, "this account does not allow commas in a period", hint)


def numeric_weekdays(tree: PeriodTree, base: WeekdayBase) -> Iterator[Finding]:
    """Find weekdays written as numbers: an error where the base is refused, else a warning with the reading."""
    for part in tree.parts:
        for item in part.of(Scale.WD):
            if any(tree.slice(end).isdigit() for one in item.ranges for end in (one.first, one.last)):
                yield _numeric_weekday(tree, item, base)


def _numeric_weekday(tree: PeriodTree, item: Item, base: WeekdayBase) -> Finding:
    start, end = item.ranges[0].start, item.ranges[-1].end
    numbers, rule = tree.text[start:end], RULES["period-numeric-weekday"]
    if base != "refuse":
        names = _named(tree, item, 0)
        message = f"'{numbers}' is read as {names} here; vendors count weekdays differently"
        return rule.within(start, end, message, f"write wd {{{names}}}").with_severity(Severity.WARNING)
    message = f"'{numbers}' may count weekdays from Sunday or from Monday"
    hint = f"write wd {{{_named(tree, item, 0)}}} if 1 is Sunday, wd {{{_named(tree, item, 1)}}} if 1 is Monday"
    return rule.within(start, end, message, hint)


def _named(tree: PeriodTree, item: Item, shift: int) -> str:
    """Write the item with names; numbers, not names, move by `shift` days."""
    words = []
    for one in item.ranges:
        names = [
            WEEKDAYS[(end.number + (shift if tree.slice(end).isdigit() else 0)) % _WEEK][:3]
            for end in ((one.first,) if one.is_single else (one.first, one.last))
        ]
        words.append("-".join(names))
    return " ".join(words)
