"""What a plan calls things, as versioned JSON there and back: schedules, contacts, profiles and public holidays.

Only the names that a plan's changes speak of are kept.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date

from pydantic import Field, model_validator

from reconciler.canonical import Json
from reconciler.effects.wording import Wording
from reconciler.formats.diagnostics import JsonModel
from reconciler.model import Change
from reconciler.names import Named, Names
from reconciler.schedule.human import PublicDays
from reconciler.schedule.masks import FIRST_YEAR
from reconciler.schedule.telling import Calendar


class ScheduleJson(JsonModel):
    """A declared schedule that changes speak of, and what it is where it changes; periods are canonical."""

    name: str = Field(examples=["office-hours"])
    place: str = Field(examples=["shared/schedules.yaml:13"])
    words: str = Field(description="Its times from now on.", examples=["working days 9:00-18:00 (public holidays RU)"])
    before: str | None = Field(default=None, description="The period that it takes the place of; null where none.")
    after: str | None = Field(description="The period that it is; null is always.")


class NamedJson(JsonModel):
    """A name and where it is declared."""

    name: str
    place: str


class CalendarJson(JsonModel):
    """Public holidays as they were known for the years `first` to `last`."""

    country: str = Field(examples=["RU"])
    first: int
    last: int
    off: tuple[date, ...]
    worked: tuple[date, ...] = Field(default=(), description="Weekend days that are worked.")

    @model_validator(mode="after")
    def _whole(self) -> CalendarJson:
        """Refuse a calendar that lacks the days of a year: what is told of it would not be so."""
        years = {day.year for day in self.off}
        if not years or (self.first, self.last) != (min(years), max(years)) or len(years) <= self.last - self.first:
            raise ValueError("it has not the days off of its first to its last year")
        return self


class NamesJson(JsonModel):
    """What people read in place of digits and lists of dates."""

    since: date | None = Field(
        default=None, ge=date(FIRST_YEAR, 1, 1), description="The day from which on it is told what happens."
    )
    contacts: dict[str, str] = Field(default_factory=dict, description="Names by phone or SIP ID.")
    profiles: dict[str, NamedJson] = Field(default_factory=dict, description="The profile that a number uses.")
    calendars: tuple[CalendarJson, ...] = ()


def names_json(names: Names, changes: Iterable[Change]) -> NamesJson:
    """The names that changes speak of, but for those of schedules."""
    changes = list(changes)
    targets = [target for change in changes for target in _targets(change)]
    used = names.used((), (target["to"] for target in targets), (change.key.number for change in changes))
    return NamesJson(
        since=used.since,
        contacts=dict(used.contacts),
        profiles={number: NamedJson(**each._asdict()) for number, each in used.profiles.items()},
        calendars=tuple(map(_calendar_json, used.calendars)),
    )


def _calendar_json(each: Calendar) -> CalendarJson:
    return CalendarJson(
        country=each.country, first=each.first, last=each.last, off=each.days.off, worked=each.days.workdays
    )


def schedules_json(names: Names, changes: Iterable[Change]) -> tuple[ScheduleJson, ...]:
    """The declared schedules that changes speak of, each once for what it takes the place of."""
    wording = Wording(names)
    rows = dict.fromkeys(row for change in changes for row in _schedules(change))
    return tuple(
        ScheduleJson(**known._asdict(), words=wording.period(after), before=before, after=after)
        for before, after in rows
        if (known := names.schedules.get(after or ""))
    )


def names_from_json(stored: NamesJson, schedules: Iterable[ScheduleJson]) -> Names:
    """The names that a plan file holds."""
    return Names(
        stored.since,
        {each.after or "": Named(each.name, each.place) for each in schedules},
        stored.contacts,
        {number: Named(each.name, each.place) for number, each in stored.profiles.items()},
        tuple(map(_calendar, stored.calendars)),
    )


def _calendar(stored: CalendarJson) -> Calendar:
    return Calendar(stored.country, PublicDays(stored.off, stored.worked), stored.first, stored.last)


def _schedules(change: Change) -> Iterator[tuple[str | None, str | None]]:
    """The schedules of a change: what each takes the place of, None where nothing, and what it is."""
    moved = {
        item.after: item.before
        for item in change.fields
        if item.path.endswith(".schedule") and isinstance(item.before, str)
    }
    for target in _targets(change):
        yield moved.get(target["schedule"]), target["schedule"]


def _targets(change: Change) -> Iterator[Json]:
    for value in (change.before, change.after):
        yield from (value or {}).get("targets") or ()
