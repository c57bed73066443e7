"""A set of instants as people say it: its usual week, then its exceptions, named where they have a name, else counted.

`working days 9:00-18:00 (public holidays RU)`, and not the list of all days off. The words are exact: read in order,
each on top of those before it, with the days of the calendars that they name, they are the set from a day on, but for
days that are counted only. Must not know files or numbers.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from gettext import NullTranslations
from typing import Final, NamedTuple

from reconciler.schedule.asked import public_boxes
from reconciler.schedule.human import PublicDays
from reconciler.schedule.instants import FOREVER, Box, Classes, Instants, days_between
from reconciler.schedule.masks import (
    ALL_MINUTES,
    FIRST_YEAR,
    SLOTS,
    Scale,
    all_days,
    bits,
    date_mask,
    dates_of,
    day_masks,
    spans,
    to_seconds,
    union,
    year_type,
)
from reconciler.schedule.saying import UNTRANSLATED, Phrase, short_phrase, times_text
from reconciler.schedule.words import phrased

_SHORT: Final = 60  # characters; what is no longer needs no better words
_MOST_YEARS: Final = 60  # more years of their own than that are not told day by day
_FEW: Final = 3  # so many dates or runs of dates are listed, more are counted
_WEEKDAYS: Final = tuple(day_masks(Scale.WD)[(day + 1) % 7] for day in range(7))  # Monday first
_WORKING: Final = union(_WEEKDAYS[:5])
_WEEKEND: Final = union(_WEEKDAYS[5:])


class Calendar(NamedTuple):
    """The public holidays of a country; `days` are those of the years `first` to `last`, which are written out."""

    country: str
    days: PublicDays
    first: int
    last: int

    def name(self, words: NullTranslations) -> str:
        """What they are called: `public holidays RU`."""
        return words.gettext("public holidays {country}").format(country=self.country)

    @property
    def off(self) -> Instants:
        """All days off, those after the last year too."""
        return Instants.of(public_boxes(self.days, range(self.first, self.last + 1)))

    @property
    def worked(self) -> Instants:
        """Weekend days that are worked."""
        return Instants.of(
            Box(((day.year, day.year + 1),), date_mask(day.month, day.day), ALL_MINUTES) for day in self.days.workdays
        )


# docs/decisions/149
def told(
    instants: Instants,
    since: date | None = None,
    calendars: Iterable[Calendar] = (),
    words: NullTranslations = UNTRANSLATED,
) -> str:
    """Say a set in short, with half-open times of day; nothing of what was before `since`."""
    instants = ahead(instants, since)
    text = phrased(instants, words)
    if len(text) <= _SHORT or instants.last_change - (since.year if since else FIRST_YEAR) > _MOST_YEARS:
        return text
    readings = [_Reading(instants, since, calendar, words).text() for calendar in (*calendars, None)]
    return min((each for each in (text, *readings) if each is not None), key=len)


def ahead(instants: Instants, since: date | None) -> Instants:
    """What is still to come of a set: of the time before, it has what it has in the end."""
    instants = instants.lasting().foreseeable()
    return instants if since is None else instants.from_day(since.year, since.timetuple().tm_yday)


class _Days(NamedTuple):
    """Days that have a name, in words and as a set."""

    name: str
    days: Instants


class _Reading:
    """One way to say a set: its usual week, what one calendar changes of it, what is otherwise every year, the rest."""

    def __init__(
        self, instants: Instants, since: date | None, calendar: Calendar | None, words: NullTranslations
    ) -> None:
        self._instants = instants
        self._since = since
        self._calendar = calendar
        self._words = words
        self._week = _usual_week(instants, calendar)

    def text(self) -> str | None:
        """The words; None where this way does not lead to any."""
        said = self._week
        clauses: list[str | None] = [] if said.is_empty else [phrased(said, self._words)]
        for group in self._groups():
            shared = _shared_times(self._instants, group.days, self._since)
            if shared is not None:
                changed = _laid(said, group.days, shared)
                clauses += [] if changed == said else [self._exception(group.name, shared)]
                said = changed
        if self._calendar is not None and (short := self._as_working_days(said)) is not None:
            clauses = [short]
        for name, days, times in _yearly(self._instants, said, self._words):
            clauses.append(self._exception(name, times))
            said = _laid(said, days, times)
        rest = _dates_apart(self._instants, said, self._since)
        return None if rest is None or None in clauses else self._with_dates("; ".join(map(str, clauses)), rest)

    def _groups(self) -> Iterator[_Days]:
        if self._calendar is None:
            return
        name, off = self._calendar.name(self._words), self._calendar.off
        gettext = self._words.gettext
        if _is_uniform(self._instants, off):
            yield _Days(name, off)
        else:
            yield _Days(f"{name} ({gettext('Mon')}-{gettext('Fri')})", _only(off, _WORKING))
            yield _Days(f"{name} ({gettext('Sat')}, {gettext('Sun')})", _only(off, _WEEKEND))
        yield _Days(gettext("moved working days"), self._calendar.worked)

    def _as_working_days(self, said: Instants) -> str | None:
        """Where it is one thing on working days and another on days off, no more than these two."""
        calendar, classes = self._calendar, self._week.spans[-1][1]
        working, off = (_of_days(classes, days) for days in (_WORKING, _WEEKEND))
        if calendar is None or working is None or off is None:
            return None
        if _laid(_laid(self._week, calendar.off, off), calendar.worked, working) != said:
            return None
        gettext = self._words.gettext
        both = ((gettext("working days"), working), (gettext("days off"), off))
        parts = [self._on(name, mask) for name, mask in both if mask]
        return f"{'; '.join(map(str, parts))} ({calendar.name(self._words)})" if parts and None not in parts else None

    def _exception(self, name: str, mask: int) -> str | None:
        if not mask:
            return self._words.gettext("not on {days}").format(days=name)
        times = self._on(name, mask)
        return times and self._words.gettext("on {days}").format(days=times)

    def _on(self, name: str, mask: int) -> str | None:
        times = times_text(mask if self._instants.fine else to_seconds(mask))
        return None if times is None else f"{name} {times}".strip()

    def _with_dates(self, text: str, rest: list[tuple[date, int]]) -> str | None:
        runs = list(date_runs(rest))
        if len(runs) <= _FEW:
            dated = [self._exception(name, mask) for name, mask in runs]
            return None if None in dated else "; ".join(filter(None, [text, *dated]))
        count, ngettext = len(rest), self._words.ngettext
        if not text:
            return ngettext("{count} day; -v lists it", "{count} days; -v lists them", count).format(count=count)
        exceptions = ngettext("but for {count} day; -v lists it", "but for {count} days; -v lists them", count)
        return f"{text} {exceptions.format(count=count)}"


def _usual_week(instants: Instants, calendar: Calendar | None) -> Instants:
    """For each weekday the times that it has most often in the end, holidays left out."""
    tail = instants.spans[-1][1]
    counted = all_days() if calendar is None else all_days() & ~_touched(calendar.off.spans[-1][1])
    week: dict[int, int] = {}
    for day in _WEEKDAYS:
        mask = max(tail, key=lambda times: (tail[times] & day & counted).bit_count())
        week[mask] = week.get(mask, 0) | day
    return Instants(((FIRST_YEAR, week),), fine=instants.fine)


def _touched(classes: Classes) -> int:
    return union(days for mask, days in classes.items() if mask)


def _only(days: Instants, kept: int) -> Instants:
    return days & Instants.of([Box(None, kept, ALL_MINUTES)])


def _of_days(classes: Classes, days: int) -> int | None:
    """The times that all of these days have."""
    masks = [mask for mask, held in classes.items() if held & days]
    return masks[0] if len(masks) == 1 else None


def _is_uniform(instants: Instants, days: Instants) -> bool:
    """Whether a set has the same times on all of these days, in the end at least."""
    tail, touched = instants.spans[-1][1], _touched(days.spans[-1][1])
    return _of_days(tail, touched) is not None


def _shared_times(instants: Instants, days: Instants, since: date | None) -> int | None:
    """The times that a set has on most of these days; None where none are to come."""
    counted: Counter[int] = Counter()
    for year, end, classes in instants.segments():
        for first, last, chosen in days.segments():
            years = range(max(year, first, since.year if since else year), min(end, last))
            if years:
                touched = _touched(chosen) & days_between(years.start, years.stop)
                counted.update({mask: (held & touched).bit_count() for mask, held in classes.items()})
    return max(counted, key=lambda mask: counted[mask]) if counted.total() else None


def _laid(instants: Instants, days: Instants, times: int) -> Instants:
    """A set with other times on some days."""
    return instants.merged(
        days.refined() if instants.fine else days, lambda held, is_chosen: times if is_chosen else held
    )


def _apart(instants: Instants, said: Instants) -> Instants:
    """The days on which two sets differ: their masks are those of the first, times two and one."""
    return instants.merged(said, lambda one, two: 0 if one == two else one << 1 | 1)


def _yearly(instants: Instants, said: Instants, words: NullTranslations) -> list[tuple[str, Instants, int]]:
    """Dates that are otherwise in every year to come: in words, as a set, and their times."""
    tail = instants.spans[-1][1]
    apart = _touched(_apart(instants, said).spans[-1][1])
    dates = {
        (day.month, day.day) for kind in range(14) for day in map(dates_of(kind).__getitem__, bits(_row(apart, kind)))
    }
    found: dict[int, list[tuple[int, int]]] = {}
    for month, day in sorted(dates):
        times = _of_days(tail, date_mask(month, day))
        if times is not None:
            found.setdefault(times, []).append((month, day))
    return [(_date_words(listed, words), _date_set(listed), times) for times, listed in found.items()]


def _row(days: int, kind: int) -> int:
    return days >> kind * SLOTS & (1 << SLOTS) - 1


def _date_words(dates: list[tuple[int, int]], words: NullTranslations) -> str:
    by_month: dict[int, list[int]] = {}
    for month, day in dates:
        by_month.setdefault(month, []).append(day)
    phrases = [Phrase((), ((month, month),), spans(days), (), (), None) for month, days in by_month.items()]
    return ", ".join(short_phrase(each, words) for each in phrases)


def _date_set(dates: list[tuple[int, int]]) -> Instants:
    return Instants.of([Box(None, union(date_mask(*each) for each in dates), ALL_MINUTES)])


def _dates_apart(instants: Instants, said: Instants, since: date | None) -> list[tuple[date, int]] | None:
    """The dates on which a set is not what was said, with its times; None where they have no end."""
    *parts, (_, end, tail) = ahead(_apart(instants, said), since).segments()
    if end == FOREVER and _touched(tail):
        return None
    found = [
        (date(year, day.month, day.day), mask >> 1)
        for first, end, classes in parts
        for mask, days in classes.items()
        if mask
        for year in range(max(first, since.year if since else first), end)
        for day in map(dates_of(year_type(year)).__getitem__, bits(_row(days, year_type(year))))
    ]
    return sorted(found)


def date_runs(rest: Iterable[tuple[date, int]]) -> Iterator[tuple[str, int]]:
    """Dates in order as `2026-12-31`, several in a row with the same times as `2027-01-01..01-08`."""
    runs: list[tuple[date, date, int]] = []
    for day, mask in rest:
        if runs and runs[-1][2] == mask and day - runs[-1][1] == timedelta(1):
            runs[-1] = runs[-1][0], day, mask
        else:
            runs.append((day, day, mask))
    for first, last, mask in runs:
        ending = last.isoformat()[5 if first.year == last.year else 0 :]
        yield first.isoformat() if first == last else f"{first}..{ending}", mask
