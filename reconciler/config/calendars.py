"""`dates: {ics: FILE}` of a schedule: the whole-day events of a calendar file of the repository, as plain dates.

Knows where the file may be and tells what is wrong at its place; knows no other key of a schedule.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any, Final

from reconciler.characters import unprintable
from reconciler.config.files import Files
from reconciler.config.include import is_visible
from reconciler.config.values import quoted
from reconciler.document import Tree, Unreadable, read_text
from reconciler.document.source import span_at
from reconciler.schedule.foreign import ForeignError, MissingExtraError, Remark

_INSIDE: Final = "put the file into the configuration's folder, and write its path from reconciler.yaml, with /"


WholeDays = Callable[[str, date], tuple[list[str], tuple[Remark, ...]]]
"""From a calendar's text to the dates of its whole-day events up to a last day, and what is not as it says."""


# docs/decisions/158
class CalendarFiles:
    """The calendar files of one configuration, each read once."""

    def __init__(self, files: Files, until: date | None, whole_days: WholeDays) -> None:
        self._files = files
        self._until = until
        self._whole_days = whole_days
        self._known: dict[str, list[str] | None] = {}

    @property
    def is_used(self) -> bool:
        """Whether any schedule names one."""
        return bool(self._known)

    def dates(self, place: Tree) -> list[str] | None:
        """The dates of the file that stands at a place; None where there are none, which is reported."""
        name: str = place.data
        if name not in self._known:
            text = self._text(name, place.span)
            self._known[name] = None if text is None else self._read(name, text, place.span)
        return self._known[name]

    def _text(self, name: str, span: int) -> str | None:
        if self._until is None:
            message = "the events of a calendar differ from year to year, and there is no end date for them"
            self._files.complain("schedule-not-compiled", span, message, "set defaults.calendar_until, like 2027-12-31")
            return None
        if "://" in name:
            message = "a calendar is a file of the repository, not an address: what is sent must stand in git"
            self._files.complain("calendar-file", span, message, "download it, and commit it")
            return None
        if unprintable(name):
            message = f"{quoted(name)} has a character that nobody sees"
            self._files.complain("calendar-file", span, message, "write its path anew, or rename the file")
            return None
        inside = os.path.realpath(self._files.root)
        real = os.path.realpath(self._files.root / name)
        if name.startswith(("/", "~")) or "\\" in name or not is_visible(real, inside):
            message = f"{quoted(name)} leads out of the configuration's folder, or to a hidden file"
            self._files.complain("calendar-file", span, message, _INSIDE)
            return None
        given = read_text(Path(real))
        if isinstance(given, Unreadable):
            self._files.complain("calendar-file", span, f"{quoted(name)}: {given.message}", _INSIDE)
            return None
        self._files.calendars[name] = given
        return given

    def _read(self, name: str, text: str, span: int) -> list[str] | None:
        base = self._files.sources.add(name, text)
        try:
            found, remarks = self._whole_days(text, self._until or date.max)
        except MissingExtraError as error:
            self._files.complain("calendar-file", span, error.message, error.hint)
            return None
        except ForeignError as error:
            place = span_at(base, error.start, error.end or error.start + 1) if text else span
            self._files.complain("calendar-file", place, error.message, error.hint)
            return None
        for each in remarks:
            hint = "move defaults.calendar_until on in time, or leave the event out"
            self._files.complain("event-written-out", span_at(base, each.start, each.end), each.message, hint)
        return found


def with_dates(tree: Tree, calendars: CalendarFiles) -> Any | None:
    """The data of a schedule, dates in the place of calendar files; None where one cannot be read: reported."""
    data: dict[str, Any] = dict(tree.data)
    dates = tree.get("dates")
    named = dates.get("ics") if dates is not None else None
    if named is not None:
        data["dates"] = calendars.dates(named)
        if data["dates"] is None:
            return None
    for key in ("not", "except", "any", "all"):
        below = tree.get(key)
        if below is None:
            continue
        many = below.elements() if isinstance(below.data, list) else [below]
        inner = [with_dates(each, calendars) if isinstance(each.data, dict) else each.data for each in many]
        if None in inner:
            return None
        data[key] = inner if isinstance(below.data, list) else inner[0]
    return data
