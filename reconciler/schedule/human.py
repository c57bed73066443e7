"""Schedules as people write them: a frozen tree of weekly hours, dates, public holidays and their combinations.

Reads plain data (texts, lists and maps, as YAML gives them) into the tree. Public holidays and moved working days
come from the `holidays` library, which is loaded when first asked. Must not know YAML, accounts or periods.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache, partial
from typing import Final, TypeVar

from reconciler.schedule.instants import LAST_YEAR
from reconciler.schedule.masks import FIRST_YEAR, Scale, WeekdayBase, value_of
from reconciler.schedule.period import Period, PeriodError


class UnknownCountryError(ValueError):
    """The library has no country of that code."""


@dataclass(frozen=True, slots=True)
class PublicDays:
    """Days off and weekend days that are worked, in order.

    `unknown_years` are those not yet announced, `estimated` the days off that may still move.
    """

    off: tuple[date, ...]
    workdays: tuple[date, ...]
    unknown_years: tuple[int, ...] = ()
    estimated: tuple[date, ...] = ()


def nearest_country(code: str) -> str | None:
    """The code itself where the library knows it, else the one that it is but for its case, else None."""
    from holidays import country_holidays

    for one in (code, code.upper()):
        try:
            country_holidays(one)
        except NotImplementedError:
            continue
        return one
    return None


def public_days(country: str, years: Sequence[int]) -> PublicDays:
    """Look up whole years. Raises UnknownCountryError."""
    return _looked_up(country, tuple(years))


@lru_cache(maxsize=64)
def _looked_up(country: str, years: tuple[int, ...]) -> PublicDays:
    from holidays import country_holidays

    try:
        found = country_holidays(country, years=years)
    except NotImplementedError as error:
        raise UnknownCountryError(
            f"the holidays of {country!r} are not known; a country is a code such as RU"
        ) from error
    announced = found.special_public_holidays if hasattr(found, "special_public_holidays") else {}
    last = max(announced, default=None)
    if last is None or not {last - 1, last - 2} <= set(announced):
        last = None  # a day off now and then, as for a funeral, is nothing that is announced every year
    wanted = set(years)
    off = sorted(day for day in found if day.year in wanted)
    mark = found.tr(found.estimated_label).replace("%s", "").strip() if hasattr(found, "estimated_label") else ""
    return PublicDays(
        tuple(off),
        tuple(sorted(day for day in found.weekend_workdays if day.year in wanted)),
        tuple(year for year in years if last is not None and year > last),
        tuple(day for day in off if mark and mark in found[day]),
    )


_TIME: Final = re.compile(r"(\d{1,2}):(\d{2})\Z")
_DATE: Final = re.compile(r"(?:(\d{4})-)?(\d{1,2})-(\d{1,2})\Z")
_LEAP_YEAR: Final = 2000
_DAY_MINUTES: Final = 1440
_FORMS: Final = ("period", "weekly", "dates", "public", "not", "any", "all")
_KEYS: Final = (*_FORMS, "except", "workday_as", "timezone", "description", "verbatim")
_FILL: Final = {
    "weekly": "write weekly: {mon-fri: 09:00-18:00}",
    "dates": "write dates: [05-09]",
    "public": "write public: RU",
    **dict.fromkeys(("not", "any", "all"), "name a schedule, or write one as a map"),
}
# What stands beside other keys only: those of which it says something, why it says nothing without, what to do.
_COMPANIONS: Final = {
    "workday_as": ({"weekly"}, "`workday_as` takes its hours from `weekly`, which is missing here", "add weekly hours"),
    "verbatim": ({"period"}, "`verbatim` needs a `period`, which is missing here", "remove it"),
    "timezone": (
        {"period", "weekly", "dates", "public"},
        "`timezone` is the zone of hours and dates, and there are none here",
        "write it in the schedules that are named here",
    ),
}


class HumanError(ValueError):
    """A schedule that cannot be read: `path` leads to the value at fault, or to its `key`; `hint` says what to type."""

    def __init__(self, path: tuple[str | int, ...], message: str, hint: str, *, key: bool = False) -> None:
        super().__init__(message)
        self.path = path
        self.message = message
        self.hint = hint
        self.key = key


@dataclass(frozen=True, slots=True)
class Hours:
    """Minutes of the day, half-open; `end` beyond 1440 reaches into the next day."""

    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Day:
    """A day of the year, in every year or in one."""

    month: int
    day: int
    year: int | None = None


@dataclass(frozen=True, slots=True)
class DateSpan:
    """Days from `first` to `last`, both included; without years it may run over the year's end."""

    first: Day
    last: Day


@dataclass(frozen=True, slots=True)
class Schedule:
    """A schedule. What stands side by side is united; `weekdays` count from Sunday 0; `public` is a country's code."""

    period: Period | None = None
    weekly: tuple[tuple[frozenset[int], tuple[Hours, ...]], ...] = ()
    dates: tuple[DateSpan, ...] = ()
    public: str | None = None
    except_: tuple[Schedule, ...] = ()
    workday_as: int | None = None
    not_: Schedule | None = None
    any_: tuple[Schedule, ...] | None = None
    all_: tuple[Schedule, ...] | None = None
    timezone: str | None = None


def made_of(*schedules: Schedule) -> Iterator[Schedule]:
    """Give schedules and all that they are made of, each once, however often it is named."""
    seen: set[int] = set()
    found = list(schedules)
    while found:
        one = found.pop()
        if id(one) not in seen:
            seen.add(id(one))
            yield one
            found += (*one.except_, *(one.any_ or ()), *(one.all_ or ()), *((one.not_,) if one.not_ else ()))


Resolve = Callable[[str], Schedule]
KeyPath = tuple[str | int, ...]
_Value = TypeVar("_Value")


def read_schedule(
    data: object, resolve: Resolve, path: KeyPath = (), *, weekday_base: WeekdayBase = "sunday"
) -> Schedule:
    """Read a schedule from plain data; `resolve` finds named ones. Raises HumanError at the first fault.

    `weekday_base` says which day the number 1 is in a period.
    """
    if isinstance(data, str):
        return _resolved(data, resolve, path)
    if not isinstance(data, Mapping):
        raise HumanError(path, "a schedule is a name or a map", "write weekly: {mon-fri: 09:00-18:00}")
    _judge_keys(data, path)

    def many(key: str) -> tuple[Schedule, ...]:
        below = data.get(key)
        if isinstance(below, list):
            places = [((*path, key, at), one) for at, one in enumerate(below)]
        else:
            places = [] if below is None else [((*path, key), below)]
        return tuple(read_schedule(one, resolve, place, weekday_base=weekday_base) for place, one in places)

    def given(key: str, read: Callable[[str, KeyPath], _Value]) -> _Value | None:
        value = data.get(key)
        return None if value is None else read(_text(value, (*path, key)), (*path, key))

    return Schedule(
        period=given("period", partial(_period, weekday_base=weekday_base)),
        weekly=_weekly(data.get("weekly") or {}, (*path, "weekly")),
        dates=_dates(data.get("dates") or [], (*path, "dates")),
        public=given("public", _country),
        except_=many("except"),
        workday_as=given("workday_as", _workday),
        not_=many("not")[0] if "not" in data else None,
        any_=many("any") if "any" in data else None,
        all_=many("all") if "all" in data else None,
        timezone=given("timezone", lambda name, _place: name),
    )


def _judge_keys(data: Mapping[str, object], path: KeyPath) -> None:
    """Refuse keys that do not exist, say nothing, or would be passed over beside the others."""
    unknown = next((key for key in data if key not in _KEYS), None)
    if unknown is not None:
        raise HumanError(
            (*path, unknown),
            f"{unknown!r} is not a known key of a schedule",
            "it has " + ", ".join(_KEYS[:9]),
            key=True,
        )
    forms = [form for form in _FORMS if form in data]
    if not forms:
        raise HumanError(path, "this schedule has no times", "add weekly, dates, public or period")
    for form in forms:
        if form != "period" and not data[form]:
            raise HumanError((*path, form), f"`{form}` is empty, so this schedule has no times", _FILL[form], key=True)
    for key, (needed, message, hint) in _COMPANIONS.items():
        if str(data.get(key) or "false").lower() != "false" and not needed & set(forms):
            raise HumanError((*path, key), message, hint, key=True)


def _resolved(name: str, resolve: Resolve, path: KeyPath) -> Schedule:
    try:
        return resolve(name)
    except HumanError as error:
        raise HumanError(error.path or path, error.message, error.hint) from error


def _country(code: str, path: KeyPath) -> str:
    known = nearest_country(code)
    if known != code:
        message = f"the holidays of {code!r} are not known; a country is a code such as RU"
        raise HumanError(path, message, f"write {known}" if known else "correct the name")
    return code


def _period(text: str, path: KeyPath, *, weekday_base: WeekdayBase) -> Period:
    try:
        return Period.parse(text, weekday_base=weekday_base)
    except PeriodError as error:
        first = error.findings[0]
        raise HumanError(path, first.message, first.hint or "") from error


def _workday(text: str, path: KeyPath) -> int:
    days = read_weekdays(text, path)
    if len(days) != 1:
        raise HumanError(path, f"{text!r} is more than one day", "write the one day whose hours apply, such as mon")
    return next(iter(days))


def _weekly(data: object, path: KeyPath) -> tuple[tuple[frozenset[int], tuple[Hours, ...]], ...]:
    if not isinstance(data, Mapping):
        raise HumanError(path, "weekly hours are a map of days", "write weekly: {mon-fri: 09:00-18:00}")
    rows = []
    for key, value in data.items():
        days = read_weekdays(str(key), (*path, key))
        if value is None or value == []:
            hint = f"write {key}: 09:00-18:00; a comma in {{…}} begins another key"
            raise HumanError((*path, key), f"`{key}` has no hours", hint, key=True)
        if isinstance(value, list):
            hours = tuple(read_hours(_text(one, (*path, key, at)), (*path, key, at)) for at, one in enumerate(value))
        else:
            hours = (read_hours(_text(value, (*path, key)), (*path, key)),)
        rows.append((days, hours))
    return tuple(rows)


def _dates(data: object, path: KeyPath) -> tuple[DateSpan, ...]:
    if isinstance(data, Mapping):
        message = "only a schedule of a configuration can take its dates from a calendar file"
        raise HumanError(path, message, "reconciler period compile --from ics FILE")
    if not isinstance(data, list):
        raise HumanError(path, "`dates` is a list", f"write dates: [{_text(data, path)}]")
    return tuple(read_dates(_text(one, (*path, at)), (*path, at)) for at, one in enumerate(data))


def _text(data: object, path: KeyPath) -> str:
    """What stands where one word or number is due."""
    if data is None or isinstance(data, (list, Mapping)):
        kind = "nothing" if data is None else "a list" if isinstance(data, list) else "a map"
        raise HumanError(path, f"here stands {kind} where one value is due", "write one value")
    return str(data)


def read_weekdays(text: str, path: KeyPath = ()) -> frozenset[int]:
    """Read `mon-fri`, `sat`, or several of them with blanks or commas (Sunday 0); ranges wrap over the week's end."""
    days: set[int] = set()
    for word in re.split(r"[\s,]+", text.strip()):
        ends = [value_of(Scale.WD, end) if not end.isdigit() else None for end in word.lower().split("-")]
        first, last = ends[0], ends[-1]
        if first is None or last is None or len(ends) > 2:
            raise HumanError(
                path,
                f"{word!r} is not a weekday",
                "days are mon tue wed thu fri sat sun, or a range: mon-fri",
                key=path[:-1][-1:] == ("weekly",),
            )
        days |= {(first + step) % 7 for step in range((last - first) % 7 + 1)}
    return frozenset(days)


def read_hours(text: str, path: KeyPath = ()) -> Hours:
    """Read `09:30-18:15`; an end before the start is on the next day."""
    ends = [part.strip() for part in re.split(r"[-\u2013]", text)]
    minutes = [_minutes(end) for end in ends]
    if len(minutes) != 2 or minutes[0] is None or minutes[1] is None:
        raise HumanError(path, f"{text!r} is not a range of hours", "write 09:30-18:15, or 22:00-06:00 past midnight")
    start, end = minutes[0], minutes[1]
    if start == _DAY_MINUTES:
        raise HumanError(path, f"{text!r} begins after its day has ended", "write hours from 00:00 under the next day")
    if start == end:
        raise HumanError(path, f"{text!r} has no length", "write 00:00-24:00 for the whole day")
    return Hours(start, end if end > start else end + _DAY_MINUTES)


def _minutes(text: str) -> int | None:
    match = _TIME.match(text)
    if match is None:
        return None
    hour, minute = int(match.group(1)), int(match.group(2))
    total = hour * 60 + minute
    return total if minute < 60 and total <= _DAY_MINUTES else None


def read_dates(data: object, path: KeyPath = ()) -> DateSpan:
    """Read `05-09`, `2026-12-31`, `01-01..01-08` or `12-30..01-08`."""
    text = str(data)
    ends = [_day(end.strip()) for end in text.split("..")]
    first, last = ends[0], ends[-1]
    if first is None or last is None or len(ends) > 2:
        raise HumanError(path, f"{text!r} is not a valid date", "write 05-09, 2026-12-31, or a range: 01-01..01-08")
    if any(day.year is not None and not FIRST_YEAR <= day.year <= LAST_YEAR for day in (first, last)):
        hint = "write a year within them, or leave it out for every year"
        raise HumanError(path, f"{text!r} is outside the years {FIRST_YEAR} to {LAST_YEAR} of a period", hint)
    if (first.year is None) != (last.year is None):
        raise HumanError(path, f"{text!r} names a year on one side only", "name it on both sides, or on none")
    if first.year is not None and (first.year, first.month, first.day) > (last.year or 0, last.month, last.day):
        raise HumanError(path, f"{text!r} ends before it begins", "write the earlier date first")
    return DateSpan(first, last)


def _day(text: str) -> Day | None:
    match = _DATE.match(text)
    if match is None:
        return None
    year = int(match[1]) if match[1] else None
    month, day = int(match[2]), int(match[3])
    try:
        date(year or _LEAP_YEAR, month, day)
    except ValueError:
        return None
    return Day(month, day, year)
