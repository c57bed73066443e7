"""The nine scales of a period, and days and times of day as bits of integers: every value of a scale is one mask.

A day is a slot of one of 14 year types (leap or not, times the weekday of 1 January), a time of day a bit of 1,440
minutes or, where seconds matter, of 86,400. Must not know periods, text or time zones.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from enum import StrEnum
from functools import cache, lru_cache, reduce
from operator import or_
from typing import Final, Literal, NamedTuple

WeekdayBase = Literal["refuse", "sunday", "monday"]

MONTHS: Final = (
    "january", "february", "march", "april", "may", "june",
    "july", "august", "september", "october", "november", "december",
)  # fmt: skip
WEEKDAYS: Final = ("sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday")

FIRST_YEAR: Final = 1970
LAST_SHORT_YEAR: Final = 99
NOON: Final = 12
_HUGE: Final = 18  # digits beyond which one far year is as good as another


class Scale(StrEnum):
    """One scale by its code, in the order in which a canonical part names them."""

    YR = "yr"
    MO = "mo"
    WK = "wk"
    YD = "yd"
    MD = "md"
    WD = "wd"
    HR = "hr"
    MIN = "min"
    SEC = "sec"


class Facts(NamedTuple):
    """What a person is told about a scale: its noun and its whole numbers, both ends included."""

    noun: str
    low: int
    high: int


FACTS: Final[dict[Scale, Facts]] = {
    Scale.YR: Facts("year", FIRST_YEAR, 9999),
    Scale.MO: Facts("month", 1, 12),
    Scale.WK: Facts("week of the month", 1, 6),
    Scale.YD: Facts("day of the year", 1, 366),
    Scale.MD: Facts("day of the month", 1, 31),
    Scale.WD: Facts("day of the week", 1, 7),
    Scale.HR: Facts("hour", 0, 23),
    Scale.MIN: Facts("minute", 0, 59),
    Scale.SEC: Facts("second", 0, 59),
}

_LONG_NAMES: Final = ("year", "month", "week", "yday", "mday", "wday", "hour", "minute", "second")
SCALE_NAMES: Final[dict[str, Scale]] = {scale.value: scale for scale in Scale} | dict(
    zip(_LONG_NAMES, Scale, strict=True)
)


def value_of(scale: Scale, word: str, base: WeekdayBase = "sunday") -> int | None:
    """Read one lower-case word of a scale, None where the grammar has no such value.

    Weekdays come back with Sunday 0, everything else as written on a 24-hour clock.
    """
    known = _spellings(scale, base).get(word)
    if known is not None or not (word.isascii() and word.isdigit()):
        return known
    digits = word.lstrip("0") or "0"
    if scale is not Scale.YR:
        return _spellings(scale, base).get(digits)
    year = int(digits) if len(digits) < _HUGE else 10**_HUGE
    return year if year <= LAST_SHORT_YEAR or year >= FIRST_YEAR else None


@cache
def _spellings(scale: Scale, base: WeekdayBase) -> dict[str, int]:
    facts = FACTS[scale]
    if scale is Scale.YR:
        return {}
    table = {str(number): number for number in range(facts.low, facts.high + 1)}
    if scale is Scale.MO:
        table |= _prefixes(MONTHS, shortest=3, first=1)
    elif scale is Scale.WD:
        shift = 0 if base == "monday" else -1
        table = {str(number): (number + shift) % 7 for number in range(1, 8)}
        table |= _prefixes(WEEKDAYS, shortest=2, first=0)
    elif scale is Scale.HR:
        table |= _twelve_hour_clock()
    return table


def _prefixes(names: tuple[str, ...], *, shortest: int, first: int) -> dict[str, int]:
    return {
        name[:length]: number
        for number, name in enumerate(names, first)
        for length in range(shortest, len(name) + 1)
    }  # fmt: skip


def _twelve_hour_clock() -> dict[str, int]:
    table = {"12noon": NOON}
    for hour in range(1, 13):
        for spelling in {str(hour), f"{hour:02}"}:
            table[f"{spelling}am"] = hour % NOON
            table[f"{spelling}pm"] = hour % NOON + NOON
    return table


YEAR_TYPES: Final = 14
SLOTS: Final = 366
MINUTES: Final = 1440
SECONDS: Final = 86400
CYCLE_YEARS: Final = 400
CYCLE_DAYS: Final = 146_097
EPOCH_ORDINAL: Final = 719_163  # of 1 January 1970, where 1 January of the year 1 is 1

ALL_MINUTES: Final = (1 << MINUTES) - 1
ALL_SECONDS: Final = (1 << SECONDS) - 1
_HOUR: Final = (1 << 60) - 1
MONTH_LENGTHS: Final = (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)


class Date(NamedTuple):
    """One day of a year type: month 1-12, day 1-31, weekday (Sunday 0), day of the year 1-366, row of the month 1-6."""

    month: int
    day: int
    weekday: int
    yearday: int
    week: int


def is_leap(year: int) -> bool:
    """Tell whether a year has 29 February."""
    return year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)


@cache
def year_type(year: int) -> int:
    """Number the kind of a year: weekday of 1 January (Sunday 0), plus 7 for a leap year."""
    return (first_day(year) + 4) % 7 + (7 if is_leap(year) else 0)  # 1 January 1970 was a Thursday


def first_day(year: int) -> int:
    """Count days from 1 January 1970 to 1 January of a year."""
    before = year - 1
    return 365 * before + before // 4 - before // 100 + before // 400 + 1 - EPOCH_ORDINAL


def year_of(day: int) -> tuple[int, int]:
    """Find the year of a day counted from 1 January 1970, and how many days of that year went before it."""
    # The mean length of a year guesses right to within one; the loops correct it.
    year = (day + EPOCH_ORDINAL) * CYCLE_YEARS // CYCLE_DAYS + 1
    start = first_day(year)
    while day < start:
        year -= 1
        start = first_day(year)
    while day - start >= (SLOTS if is_leap(year) else SLOTS - 1):
        start += SLOTS if is_leap(year) else SLOTS - 1
        year += 1
    return year, day - start


def slot_of(year: int, yearday0: int) -> int:
    """Number the bit of a day: `yearday0` counts from 0."""
    return year_type(year) * SLOTS + yearday0


@cache
def dates_of(kind: int) -> tuple[Date, ...]:
    """List the days of a year type in order."""
    leap, first_weekday = divmod(kind, 7)
    dates: list[Date] = []
    for month, length in enumerate(MONTH_LENGTHS, 1):
        last = length + (1 if leap and month == 2 else 0)
        start = (first_weekday + len(dates)) % 7
        for day in range(1, last + 1):
            row = (day - 1 + start) // 7 + 1
            dates.append(Date(month, day, (start + day - 1) % 7, len(dates) + 1, row))
    return tuple(dates)


def date_mask(month: int, day: int) -> int:
    """Mask a date in every year type that has it."""
    return day_masks(Scale.MO)[month] & day_masks(Scale.MD)[day]


@cache
def type_mask(kind: int) -> int:
    """Mask all days of one year type."""
    length = SLOTS if kind >= 7 else SLOTS - 1
    return ((1 << length) - 1) << kind * SLOTS


@cache
def all_days() -> int:
    """Mask every day of every year type."""
    return sum(type_mask(kind) for kind in range(YEAR_TYPES))


@cache
def day_masks(scale: Scale) -> dict[int, int]:
    """Give the mask of each value of mo, wk, yd, md or wd."""
    field = {Scale.MO: 0, Scale.MD: 1, Scale.WD: 2, Scale.YD: 3, Scale.WK: 4}[scale]
    rows: dict[int, bytearray] = defaultdict(lambda: bytearray(YEAR_TYPES * SLOTS // 8 + 1))
    for kind in range(YEAR_TYPES):
        for offset, date in enumerate(dates_of(kind), kind * SLOTS):
            rows[date[field]][offset >> 3] |= 1 << (offset & 7)
    return {value: int.from_bytes(row, "little") for value, row in rows.items()}


@cache
def time_masks(scale: Scale) -> tuple[int, ...]:
    """Give the mask of each value of hr or min in minutes of the day, of sec in seconds of the day."""
    if scale is Scale.HR:
        return tuple(_HOUR << 60 * hour for hour in range(24))
    every = sum(1 << step for step in range(0, MINUTES if scale is Scale.MIN else SECONDS, 60))
    return tuple(every << shift for shift in range(60))


def union(masks: Iterable[int]) -> int:
    """Unite masks."""
    return reduce(or_, masks, 0)


_EXPAND: Final = {ord("0"): "0" * 60, ord("1"): "1" * 60}
_WITHIN_MINUTES: Final = int(("0" + "1" * 59) * MINUTES, 2)  # seconds that have a next one in their minute


@lru_cache(maxsize=512)
def to_seconds(minutes: int) -> int:
    """Widen a mask of minutes to one of seconds."""
    if minutes in (0, ALL_MINUTES):
        return ALL_SECONDS if minutes else 0
    # A text of digits is translated faster than 1,440 shifts are united.
    return int(f"{minutes:b}".translate(_EXPAND), 2)


def cuts_minutes(seconds: int) -> bool:
    """Tell whether a mask of seconds changes within some minute."""
    # A bit of x ^ x >> 1 is set where a second differs from its next; changes between minutes are masked out.
    return bool((seconds ^ seconds >> 1) & _WITHIN_MINUTES)


def to_minutes(seconds: int) -> int:
    """Narrow a mask of seconds that cuts no minute."""
    return int(f"{seconds:0{SECONDS}b}"[::60], 2)


Span = tuple[int, int]


def spans(values: Iterable[int]) -> tuple[Span, ...]:
    """Group values in their order into runs, both ends included."""
    runs: list[Span] = []
    for value in values:
        if runs and runs[-1][1] == value - 1:
            runs[-1] = runs[-1][0], value
        else:
            runs.append((value, value))
    return tuple(runs)


def bits(mask: int) -> list[int]:
    """List the positions of the bits of a mask."""
    found = []
    while mask:
        lowest = mask & -mask
        found.append(lowest.bit_length() - 1)
        mask ^= lowest
    return found
