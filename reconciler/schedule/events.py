"""A calendar file (iCalendar, RFC 5545): its events, and when each takes place.

`icalendar` reads the file and `recurring-ical-events` works out the occurrences (the extra `calendars`). Must not know
what they are made into.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from importlib import import_module
from math import prod
from types import ModuleType
from typing import Any, Final, Literal, NamedTuple
from zoneinfo import ZoneInfo

from reconciler.schedule.foreign import ForeignError, MissingExtraError, Remark, Span

Events = Literal["busy", "free", "all"]
Event = Mapping[str, Any]
"""A component as the library gives it: properties by their names."""

_LARGEST: Final = 4 << 20
MOST: Final = 5_000
_EVENT: Final = re.compile(r"^BEGIN:VEVENT[ \t]*\r?$", re.MULTILINE | re.IGNORECASE)
_OTHER: Final = re.compile(r"^BEGIN:VFREEBUSY[ \t]*\r?$", re.MULTILINE | re.IGNORECASE)
_RAISED: Final = (ValueError, KeyError, IndexError, TypeError, AttributeError, OverflowError)
_TOO_OFTEN: Final = ("SECONDLY", "MINUTELY", "HOURLY")
_MOST_A_DAY: Final = 24
_MOST_STEPS: Final = 4_000_000  # of all rules: the library takes each from its first time on
_DAYS: Final = {"WEEKLY": 7, "MONTHLY": 28, "YEARLY": 365}


@dataclass(frozen=True)
class Reading:
    """What is read: the zone of the account, the first day that matters, the last one that is written out."""

    zone: str
    today: date
    until: date
    events: Events


class Occurrence(NamedTuple):
    """When an event takes place, on the clock of a zone; whole days have none."""

    start: datetime
    end: datetime
    zone: str | None
    is_whole_days: bool

    @property
    def span(self) -> Span:
        """Minutes since the midnight before it begins."""
        first = self.start.hour * 60 + self.start.minute
        return first, first + (self.end - self.start) // timedelta(minutes=1)


@dataclass(frozen=True)
class Series:
    """An event and the changes of single occurrences of it; `start` and `end` are the characters of its first line."""

    start: int
    end: int
    components: tuple[Event, ...]

    @property
    def rules(self) -> list[Mapping[str, list[str]]]:
        """Every rule of every component, in capitals."""
        given = (each["RRULE"] for each in self.components if each.get("RRULE") is not None)
        return [_plain(one) for each in given for one in (each if isinstance(each, list) else [each])]

    @property
    def rule(self) -> Mapping[str, list[str]] | None:
        """How it repeats, in capitals; None where it does not, and nothing in it where that is not plain to see."""
        if not self.rules:
            return None if not any("RDATE" in each for each in self.components) else {}
        return self.rules[0] if len(self.rules) == 1 else {}

    def fault(self, message: str, hint: str) -> ForeignError:
        """What to raise where the event cannot be read."""
        return ForeignError(message, hint, self.start, self.end)


def _plain(rule: object) -> Mapping[str, list[str]]:
    if not isinstance(rule, dict):
        return {}
    lists = {str(key).upper(): given if isinstance(given, list) else [given] for key, given in rule.items()}
    return {key: [str(each).upper() for each in given] for key, given in lists.items()}


def unread(text: str) -> Iterator[Remark]:
    """What a file holds beside its events."""
    for match in _OTHER.finditer(text):
        yield Remark(match.start(), match.end(), "what a VFREEBUSY says is not read, only events are")


def _libraries() -> tuple[ModuleType, ModuleType]:
    """What reads calendars, and what works out when events take place."""
    try:
        return import_module("icalendar"), import_module("recurring_ical_events")
    except ImportError:
        message = "reading a calendar needs the libraries icalendar and recurring-ical-events"
        raise MissingExtraError(message, "pip install 'phone-reconciler[calendars]'") from None


def read_series(text: str) -> list[Series]:
    """The events of a file, each with its changed occurrences, in the order of the file."""
    library, _ = _libraries()
    if len(text) > _LARGEST:
        raise ForeignError(f"the calendar is larger than {_LARGEST >> 20} MiB", "export fewer events")
    try:
        calendars = library.Calendar.from_ical(text, multiple=True)
        events = [event for each in calendars for event in each.walk("VEVENT")]
    except _RAISED as error:
        raise ForeignError("this is not a calendar (iCalendar, .ics)", "export it again as iCalendar", 0, 1) from error
    lines = [(match.start(), match.end()) for match in _EVENT.finditer(text)]
    if not events or len(lines) != len(events):
        raise ForeignError("there are no events here", "export the calendar as iCalendar (.ics)", 0, 1)
    groups: dict[str, list[int]] = defaultdict(list)
    for at, event in enumerate(events):
        groups[str(event.get("UID") or f"\0{at}")].append(at)
    return [Series(*lines[group[0]], tuple(events[at] for at in group)) for group in groups.values()]


def _is_wanted(event: Event, events: Events) -> bool:
    """Whether an event counts: never one that is cancelled; Outlook's word on free or busy goes before TRANSP."""
    if str(event.get("STATUS", "")).upper() == "CANCELLED":
        return False
    told = str(event.get("X-MICROSOFT-CDO-BUSYSTATUS", "")).upper()
    is_free = told == "FREE" if told else str(event.get("TRANSP", "")).upper() == "TRANSPARENT"
    return events == "all" or is_free == (events == "free")


def occurrences(series: Series, first: date, last: date, reading: Reading) -> list[Occurrence]:
    """When the wanted events of a series take place between two days."""
    library, recurring = _libraries()
    calendar = library.Calendar()
    for each in series.components:
        calendar.add_component(each)
    try:
        events = recurring.of(calendar).between(first, last)
        found = [_occurrence(event, reading) for event in events if _is_wanted(event, reading.events)]
    except _RAISED as error:
        raise series.fault("when this event takes place cannot be read", "correct it, or leave it out") from error
    if len(found) > MOST:
        raise series.fault(f"this event takes place more than {MOST:,} times", "choose an earlier --until")
    if any(each.start.second or each.end.second for each in found):
        raise series.fault("this event begins or ends within a minute", "write whole minutes")
    return sorted(each for each in found if each.start < each.end)


def check_series(series: Series) -> None:
    """Refuse what the library would take for something else, or would take for ever to work out."""
    for rule in series.rules:
        if rule.get("FREQ", [""])[0] in _TOO_OFTEN or _times_a_day(rule) > _MOST_A_DAY:
            raise series.fault("an event that repeats within a day has no counterpart", "write one event for its hours")
        if rule.get("INTERVAL") == ["0"]:
            raise series.fault("this event repeats at an INTERVAL of 0", "correct it, as to INTERVAL=1")
    for each in series.components:
        start = each.get("DTSTART")
        if start is None or isinstance(start, list):
            raise series.fault("this event does not say when it begins", "give it one DTSTART")
        if "EXRULE" in each:
            raise series.fault("an EXRULE has no counterpart", "write the days that are left out as EXDATE")
        end, length = each.get("DTEND"), getattr(each.get("DURATION"), "dt", None)
        if end is not None and type(end.dt) is type(start.dt) and _is_before(end.dt, start.dt):
            raise series.fault("this event ends before it begins", "correct its DTEND")
        if isinstance(length, timedelta) and length < timedelta():
            raise series.fault("this event ends before it begins", "correct its DURATION")
        name = start.params.get("TZID")
        if name and isinstance(start.dt, datetime) and start.dt.tzinfo is None:
            raise series.fault(f"{str(name)!r} is not a known time zone", "use the name of a zone, like Europe/Moscow")


def _times_a_day(rule: Mapping[str, list[str]]) -> int:
    return prod(len(rule.get(key, "1")) for key in ("BYHOUR", "BYMINUTE", "BYSECOND"))


def check_work(many: Iterable[Series], until: date) -> None:
    """Refuse more repetitions than can be worked out in a reasonable time."""
    if sum(_steps(series, until) for series in many) > _MOST_STEPS:
        message = "to work out when all these events take place would take too long"
        raise ForeignError(message, "export fewer events, or without those that began long ago", 0, 1)


def _steps(series: Series, until: date) -> int:
    """How often the rules of a checked event come round before a day."""
    first = min(each["DTSTART"].dt.toordinal() for each in series.components)
    days = max(until.toordinal() - first, 0)
    return sum(days * _times_a_day(rule) // _DAYS.get(rule.get("FREQ", [""])[0], 1) for rule in series.rules)


def _is_before(one: date, other: date) -> bool:
    aware = [isinstance(each, datetime) and each.tzinfo is not None for each in (one, other)]
    return aware[0] == aware[1] and one < other


def _occurrence(event: Event, reading: Reading) -> Occurrence:
    """An occurrence on the clock of its own zone, or of the account's where that has no name."""
    first, last = event["DTSTART"].dt, event["DTEND"].dt
    if not isinstance(first, datetime):
        return Occurrence(datetime.combine(first, time()), datetime.combine(last, time()), None, is_whole_days=True)
    if first.tzinfo is None:
        return Occurrence(first, last, None, is_whole_days=False)
    place = first.tzinfo if getattr(first.tzinfo, "key", None) else ZoneInfo(reading.zone)
    start, end = (each.astimezone(place).replace(tzinfo=None) for each in (first, last))
    return Occurrence(start, end, str(place), is_whole_days=False)
