"""The nine scales of a period: their names, limits and every spelling of a value.

Must not know what a value means on the calendar; only how it is written.
"""

from __future__ import annotations

from enum import StrEnum
from functools import cache
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

SCALE_NAMES: Final[dict[str, Scale]] = {scale.value: scale for scale in Scale} | {
    "year": Scale.YR,
    "month": Scale.MO,
    "week": Scale.WK,
    "yday": Scale.YD,
    "mday": Scale.MD,
    "wday": Scale.WD,
    "hour": Scale.HR,
    "minute": Scale.MIN,
    "second": Scale.SEC,
}


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
