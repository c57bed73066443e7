"""OpenStreetMap's `opening_hours` read into a human schedule: weekly hours, dates, exceptions, public holidays.

The `opening_hours` library (the extra `calendars`) says whether a text is in the notation and spells it in one way;
what the rules mean is put together here and compared with the library's answers at many instants. What a human
schedule cannot say is refused at its place. Must not know YAML or files.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from importlib import import_module
from typing import Final, NamedTuple, Protocol

from reconciler.schedule.asked import CompileError, CompileTarget, instants_asked_for
from reconciler.schedule.foreign import WHOLE_DAY, ForeignError, MissingExtraError, Plain, Span, Table, merged, weekly
from reconciler.schedule.human import HumanError, Schedule, read_schedule
from reconciler.schedule.masks import MINUTES, SLOTS, year_type
from reconciler.schedule.zones import zone

_LONGEST: Final = 2000
_DAYS: Final = ("Mo", "Tu", "We", "Th", "Fr", "Sa", "Su")
_MONTHS: Final = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_LENGTHS: Final = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
_EVERY_DAY: Final = frozenset(range(7))
_SAMPLES: Final = 2000
_FIRST_COMPARED: Final = 2025
_GOLDEN: Final = 0.6180339887498949  # its multiples fall everywhere, and nowhere twice
_YEAR_MINUTES: Final = 365 * MINUTES


class Library(Protocol):
    """What is used of the library's class; its text is the notation, spelled in one way."""

    def is_open(self, time: datetime) -> bool: ...


# What has no counterpart, as it is written, what it is called, and what to do instead. docs/decisions/151
_REFUSED: Final = tuple(
    (re.compile(pattern, re.IGNORECASE), message, hint)
    for pattern, message, hint in (
        (r'"[^"]*"?', "a comment says nothing that a phone could follow", "remove it, or put it into `description`"),
        (r"\|\|", "a schedule has no fallback rules", "write the hours that hold as rules with `;`"),
        (r"\bunknown\b", "hours are known here, or they are not hours", "write `open` or `off`"),
        (r"\b(sunrise|sunset|dawn|dusk)\b", "a schedule does not know the sun", "write a time, like 18:00"),
        (r"\bweek\b[\s\d,/-]*", "a schedule has no week numbers", "write the dates, like Jan 4-Jan 10"),
        (r"\beaster\b", "a schedule does not know Easter", "write its date with the year, like 2027 May 2"),
        (r"\bSH\b", "a schedule does not know school holidays", "write their dates, like Jul 1-Aug 31"),
        (r"\bPH\s*[+-]\s*\d+\s*days?", "a schedule has no days before or after holidays", "write their dates"),
        (r"\[[^]]*\]?", "a schedule has no n-th weekday of a month", "write a period, like wd {mon} md {1-7}"),
        (r"[+-]\s*\d+\s*days?", "a schedule has no days that move", "write the date itself"),
        (r"\d+:\d\d\s*\+", "hours have no open end here", "write when they end, like 09:00-18:00"),
        (r"\b\d{4}\s*\+", "years have no open end here", "write the last year, like 2026-2030"),
        (r"(?<!24)/\s*\d[\d:]*", "a schedule has no steps", "write the times or years one by one"),
    )
)


class Clause(NamedTuple):
    """One rule: its days, its hours (None is the whole day), and whether they are closed or added."""

    weekdays: frozenset[int]
    is_holiday: bool
    dates: tuple[str, ...]
    hours: tuple[Span, ...] | None
    is_closed: bool
    is_added: bool

    @property
    def is_plain(self) -> bool:
        """Whether the days are weekdays of every week."""
        return not self.dates and not self.is_holiday


@dataclass(slots=True)
class Term:
    """Hours by weekday, on some dates or public holidays only, without the days of others."""

    table: Table
    dates: tuple[str, ...] = ()
    is_holiday: bool = False
    excepted: list[Plain] = field(default_factory=list)

    @property
    def is_plain(self) -> bool:
        return not (self.dates or self.is_holiday or self.excepted)


def read_opening_hours(text: str, *, country: str, until: date) -> Plain:
    """Read the notation into a human schedule, equal to it by the library's own answers. Raises ForeignError."""
    library = _parsed(text)
    for pattern, message, hint in _REFUSED:
        if found := pattern.search(text):
            raise ForeignError(message, hint, *found.span())
    plain = _written(_terms(_rules(str(library)), country), country)
    try:
        _compare(library, read_schedule(plain, _no_other), str(library), until)
    except (CompileError, HumanError) as error:
        raise ForeignError(error.message, error.hint) from error
    return plain


def _no_other(name: str) -> Schedule:
    raise AssertionError(f"{name!r} was never written")


def _parsed(text: str) -> Library:
    try:
        library = import_module("opening_hours")
    except ImportError:
        message = "reading opening_hours needs the library opening-hours-py"
        raise MissingExtraError(message, "pip install 'phone-reconciler[calendars]'") from None
    if len(text) > _LONGEST:
        raise ForeignError(f"these opening hours have more than {_LONGEST:,} characters", "write fewer rules")
    if not text.strip():
        raise ForeignError("there are no opening hours here", 'write "Mo-Fr 09:00-18:00; PH off"')
    try:
        parsed: Library = library.OpeningHours(text)
    except library.ParserError as error:
        place = re.search(r"--> (\d+):(\d+)", str(error))
        start = _offset(text, int(place[1]), int(place[2])) if place else 0
        hint = 'write it as in "Mo-Fr 09:00-18:00; Sa 10:00-14:00; PH off"'
        raise ForeignError("here the opening hours stop being readable", hint, start, start + 1) from error
    return parsed


def _offset(text: str, line: int, column: int) -> int:
    before = text.split("\n")[: line - 1]
    return min(sum(len(each) + 1 for each in before) + column - 1, max(len(text) - 1, 0))


# --- rules, in the library's own spelling

_SELECTORS: Final = re.compile(
    r"(?P<years>\d{4}(?:-\d{4})?(?:,\d{4}(?:-\d{4})?)*)?\s*"
    r"(?P<dates>(?:\d{4}\s?)?[A-Z][a-z]{2}\b.*?)?\s*"
    r"(?P<days>(?:PH|[A-Z][a-z]\b)[A-Za-z,-]*)?\s*"
    r"(?P<hours>\d\d:\d\d-.*)?\Z"
)
_DATE: Final = rf"(?:(\d{{4}})\s?)?({'|'.join(_MONTHS)})(?: (\d+))?"
_DATES: Final = re.compile(rf"{_DATE}(?:-(?:{_DATE}|(\d+)))?\Z")


def _rules(text: str) -> Iterator[Clause]:
    is_added = False
    for piece in re.split(r"(; |, )", text):
        if piece in {"; ", ", "}:
            is_added = piece == ", "
            continue
        yield _rule(piece, is_added=is_added)


def _rule(text: str, *, is_added: bool) -> Clause:
    is_closed = text.endswith("closed")
    body = text.removesuffix("closed").removesuffix("open").strip().removeprefix("24/7").strip()
    found = _SELECTORS.match(body)
    if found is None:
        raise _beyond(text)
    words = (found["days"] or "Mo-Su").split(",")
    return Clause(
        frozenset(day for word in words if word != "PH" for day in _weekdays(word, text)),
        "PH" in words,
        _dates(found["years"], found["dates"], text),
        tuple(_hours(each) for each in found["hours"].split(",")) if found["hours"] else None,
        is_closed,
        is_added,
    )


def _beyond(text: str) -> ForeignError:
    return ForeignError(f"{text!r} has no counterpart in a schedule", "write it with weekdays, dates and hours")


def _weekdays(text: str, clause: str) -> Iterator[int]:
    ends = text.split("-")
    if len(ends) > 2 or not set(ends) <= set(_DAYS):
        raise _beyond(clause)
    first, last = _DAYS.index(ends[0]), _DAYS.index(ends[-1])
    yield from ((first + step) % 7 for step in range((last - first) % 7 + 1))


def _hours(text: str) -> Span:
    found = re.fullmatch(r"(\d\d):(\d\d)-(\d\d):(\d\d)", text)
    if found is None:
        raise _beyond(text)
    start, end = int(found[1]) * 60 + int(found[2]), int(found[3]) * 60 + int(found[4])
    if start == end:
        raise ForeignError(f"{text!r} has no length", "write 00:00-24:00 for the whole day")
    if end < start:
        end += MINUTES
    if start >= MINUTES or end >= 2 * MINUTES:
        raise ForeignError(f"{text!r} reaches over the whole next day", "write the next day's hours under that day")
    return start, end


def _dates(years: str | None, dates: str | None, clause: str) -> tuple[str, ...]:
    if years and dates:
        if "," in years or "-" in years:
            raise ForeignError(f"{clause!r} has dates of several years", "write each date with its year")
        return tuple(_date(years + each, clause) for each in dates.split(","))
    if years:
        ends = [each.split("-") for each in years.split(",")]
        if any(int(end[-1]) > 3000 for end in ends):
            raise ForeignError("years have no open end here", "write the last year, like 2026-2030")
        return tuple(f"{end[0]}-01-01..{end[-1]}-12-31" for end in ends)
    return tuple(_date(each, clause) for each in dates.split(",")) if dates else ()


def _date(text: str, clause: str) -> str:
    found = _DATES.match(text)
    if found is None:
        raise _beyond(clause)
    year, month, day, last_year, last_month, last_day, short = found.groups()
    if year and last_month and not last_year:
        if _MONTHS.index(last_month) < _MONTHS.index(month):
            raise ForeignError(f"{text!r} names a year on one side only", "name it on both sides, or on none")
        last_year = year
    if not last_month:
        last_year = year
    first = _day(year, month, int(day or 1))
    end_month = last_month or month
    end_day = int(last_day or short or 0) or (int(day) if day and not last_month else _length(end_month, last_year))
    last = _day(last_year, end_month, end_day)
    return first if first == last else f"{first}..{last}"


def _length(month: str, year: str | None) -> int:
    at = _MONTHS.index(month)
    leap = year is None or year_type(int(year)) >= 7
    return 28 if at == 1 and not leap else _LENGTHS[at]


def _day(year: str | None, month: str, day: int) -> str:
    return f"{year + '-' if year else ''}{_MONTHS.index(month) + 1:02}-{day:02}"


# --- rules laid over each other


def _terms(rules: Iterable[Clause], country: str) -> list[Term]:
    """Lay each rule over those before it: on its days only it holds, unless it is added."""
    terms: list[Term] = []
    for clause in rules:
        if clause.is_closed and clause.hours is not None:
            _take_out(terms, clause)
            continue
        if clause.is_closed or not clause.is_added:
            _clear(terms, clause, country)
        if not clause.is_closed:
            _add(terms, clause)
    return [term for term in terms if any(term.table.values())]


def _take_out(terms: list[Term], clause: Clause) -> None:
    if not clause.is_plain:
        message = "hours off on dates or public holidays only have no counterpart"
        raise ForeignError(message, "write the hours that remain on these days")
    for term in terms:
        for day in clause.weekdays & term.table.keys():
            for start, end in clause.hours or ():
                spans = term.table[day]
                pieces = [piece for a, b in spans for piece in ((a, min(b, start)), (max(a, end), b))]
                term.table[day] = [(a, b) for a, b in pieces if a < b]


def _clear(terms: list[Term], clause: Clause, country: str) -> None:
    for term in terms:
        if not clause.dates:
            for day in clause.weekdays:
                term.table.pop(day, None)
        elif clause.weekdays:
            term.excepted.append(_days(clause.weekdays, clause.dates))
        if clause.is_holiday:
            public: Plain = {"public": country}
            term.excepted.append({"all": [public, {"dates": list(clause.dates)}]} if clause.dates else public)


def _add(terms: list[Term], clause: Clause) -> None:
    hours = list(clause.hours or [WHOLE_DAY])
    if clause.is_holiday and (clause.dates or clause.weekdays != _EVERY_DAY):
        terms.append(Term(dict.fromkeys(_EVERY_DAY, hours), clause.dates, is_holiday=True))
    if not clause.weekdays:
        return
    term = next((each for each in terms if each.is_plain), None) if not clause.dates else None
    if term is None:
        term = Term({}, clause.dates)
        terms.append(term)
    for day in clause.weekdays:
        term.table[day] = merged([*term.table.get(day, []), *hours])


# --- terms as a human schedule


def _written(terms: list[Term], country: str) -> Plain:
    if not terms:
        raise ForeignError("these opening hours are never open", "write hours, like Mo-Fr 09:00-18:00")
    parts = [_term(term, country) for term in terms]
    return parts[0] if len(parts) == 1 else {"any": parts}


def _term(term: Term, country: str) -> Plain:
    excepted = [*_outside(term.dates), *([{"not": {"public": country}}] if term.is_holiday else []), *term.excepted]
    plain: Plain = {"weekly": weekly(term.table)}
    if len(term.table) == 7 and all(spans == [WHOLE_DAY] for spans in term.table.values()):
        if term.is_holiday and not term.dates:
            plain, excepted = {"public": country}, term.excepted
        elif term.dates and not term.is_holiday:
            plain, excepted = {"dates": list(term.dates)}, term.excepted
    if excepted:
        plain["except"] = _together(excepted)
    return plain


def _together(excepted: list[Plain]) -> list[Plain]:
    """The exceptions, all plain dates in one list."""
    dates = [day for each in excepted if set(each) == {"dates"} for day in each["dates"]]
    others = [each for each in excepted if set(each) != {"dates"}]
    return [*([{"dates": list(dict.fromkeys(dates))}] if dates else []), *others]


def _days(weekdays: frozenset[int], dates: tuple[str, ...]) -> Plain:
    """Whole days."""
    if weekdays == _EVERY_DAY:
        return {"dates": list(dates)}
    week = {"weekly": weekly({day: [WHOLE_DAY] for day in weekdays})}
    return {**week, "except": list(_outside(dates))}


def _outside(dates: tuple[str, ...]) -> Iterator[Plain]:
    """All dates but these."""
    if dates:
        yield {"not": {"dates": list(dates)}}


# --- the library's answers


def _compare(library: Library, schedule: Schedule, text: str, until: date) -> None:
    """Ask the library at many instants; a difference is a bug, not the user's.

    The library knows no country, so days off and those after them are left out. Hours past midnight belong to the day
    on which they begin; where a later rule is laid over the next day, the library ends them at midnight.
    """
    target = CompileTarget(zone("UTC"), until)
    wanted = instants_asked_for(schedule, target)
    free = _holidays(schedule, target)
    spill = _spill(text)
    for at in _samples(text, until):
        minute = at.hour * 60 + at.minute
        if minute < spill or not free.isdisjoint({at.date(), at.date() - timedelta(1)}):
            continue
        slot = year_type(at.year) * SLOTS + at.timetuple().tm_yday - 1
        if bool(wanted.times_on(at.year, slot) >> minute & 1) != library.is_open(at):
            raise ForeignError(f"the library reads {text!r} differently at {at}", "write simpler rules, one a weekday")


def _samples(text: str, until: date) -> Iterator[datetime]:
    """Instants spread over the years that are compiled and those that are named."""
    years = sorted(
        {*range(min(_FIRST_COMPARED, until.year), until.year + 1), *map(int, re.findall(r"\b2\d{3}\b", text))}
    )
    for at in range(_SAMPLES):
        minutes = int(at * _GOLDEN % 1 * len(years) * _YEAR_MINUTES)
        year, minute = divmod(minutes, _YEAR_MINUTES)
        yield datetime.combine(date(years[year], 1, 1), time()) + timedelta(minutes=minute)


def _holidays(schedule: Schedule, target: CompileTarget) -> set[date]:
    from reconciler.schedule.human import made_of

    countries = {one.public for one in made_of(schedule) if one.public}
    return {day for country in countries for day in target.public(country, target.years).off}


def _spill(text: str) -> int:
    """How long hours of one day last into the next, in minutes, where there are several rules."""
    if not re.search(r"[;,] ", text):
        return 0
    spans = [_hours(each) for each in re.findall(r"\d\d:\d\d-\d\d:\d\d", text)]
    return min(max([end - MINUTES for _, end in spans if end > MINUTES], default=0), MINUTES - 1)
