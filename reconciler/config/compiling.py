"""Human schedules of a configuration to periods: names resolved, faults told where they are written, holidays bounded.

Knows no accounts beyond how they send several parts; the compiler is loaded only where a schedule needs it. Today is
handed in.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date, timedelta
from functools import partial
from itertools import groupby
from typing import TYPE_CHECKING, Final, Literal

from reconciler.config.calendars import CalendarFiles, with_dates
from reconciler.config.files import Files
from reconciler.config.sections import DeclaredEntry
from reconciler.diagnostics import Diagnostic
from reconciler.document import Tree, find
from reconciler.settings import Union

if TYPE_CHECKING:
    from reconciler.schedule.asked import ScheduleSets
    from reconciler.schedule.foreign import Remark
    from reconciler.schedule.human import Schedule
    from reconciler.schedule.telling import Calendar


_LISTS = ("except", "any", "all")


def parts(schedule: Tree, declared: Mapping[str, DeclaredEntry]) -> Iterator[tuple[Tree, Tree]]:
    """Every named schedule that one is made of, after the place that names it, but for those that do not exist."""
    open_references, seen = [schedule], set[str]()
    while open_references:
        reference = open_references.pop()
        tree = reference
        if isinstance(reference.data, str):
            if reference.data in seen or reference.data not in declared:
                continue
            seen.add(reference.data)
            tree = declared[reference.data].tree
            yield reference, tree
        open_references += references(tree)


def written_parts(schedule: Tree, declared: Mapping[str, DeclaredEntry]) -> Iterator[Tree]:
    """A schedule and every other that it is made of, as each is written."""
    for whole in (schedule, *(tree for _, tree in parts(schedule, declared))):
        yield whole
        yield from _literals(whole)


def references(tree: Tree) -> Iterator[Tree]:
    """The schedules that one refers to, as written."""
    if not isinstance(tree.data, dict):
        return
    for key in ("not", *_LISTS):
        given = tree.get(key)
        if given is not None and isinstance(given.data, list) and key in _LISTS:
            yield from given.elements()
        elif given is not None and key in ("not", "except"):
            yield given


def names(tree: Tree) -> Iterator[Tree]:
    """The names that a schedule refers to, also from literals inside it."""
    for reference in references(tree):
        if isinstance(reference.data, dict):
            yield from names(reference)
        elif isinstance(reference.data, str):
            yield reference


def _literals(tree: Tree) -> Iterator[Tree]:
    for reference in references(tree):
        if isinstance(reference.data, dict):
            yield reference
            yield from _literals(reference)


NOTICE_DAYS: Final = 60
_RENEW: Final = "reconciler fmt --renew"


def ending(files: Files, place: int, until: date, today: date) -> Diagnostic | None:
    """What to say of a calendar that has ended or soon will; `place` is where its last day is written."""
    left = (until - today).days
    if left > NOTICE_DAYS:
        return None
    if left < 0:
        message = f"the calendar ended on {until}: public holidays after {until.year} are not written out"
    else:
        when = {0: "today", 1: "tomorrow"}.get(left, f"in {left} days")
        message = f"the calendar ends {when}: public holidays after {until.year} are not written out"
    return files.sources.problem("calendar-ending", place, message, _RENEW)


def unannounced(
    files: Files, tree: Tree, declared: Mapping[str, DeclaredEntry], years: Iterable[tuple[str, int]]
) -> Iterator[Diagnostic]:
    """Name the years that a country has not announced yet, where a schedule, or one it refers to, names the country."""
    by_country: dict[str, list[int]] = {}
    for country, year in years:
        by_country.setdefault(country, []).append(year)
    places = _publics(tree, declared)
    hint = "until the holidays library knows them, only the usual days off apply"
    for country, listed in by_country.items():
        message = f"the moved days of {country} are not announced yet for {_in_words(listed)}"
        for place in places:
            if place.data == country:
                yield files.sources.problem("holidays-unannounced", place.span, message, hint)


def estimated(
    files: Files, tree: Tree, declared: Mapping[str, DeclaredEntry], years: Sequence[int], today: date | None
) -> Iterator[Diagnostic]:
    """Name the days to come that are estimates, where a schedule, or one it refers to, names their country."""
    from reconciler.schedule.human import public_days
    from reconciler.schedule.telling import date_runs

    hint = "they follow the moon: look at them again when they are announced, and renew the holidays library"
    for place in _publics(tree, declared):
        days = [day for day in public_days(place.data, years).estimated if today is None or day >= today]
        if days:
            runs = ", ".join(words for words, _ in date_runs((day, 1) for day in days))
            message = f"days of {place.data} are estimates and may still move: {runs}"
            yield files.sources.problem("holidays-estimated", place.span, message, hint)


def _publics(tree: Tree, declared: Mapping[str, DeclaredEntry]) -> list[Tree]:
    """Where a schedule, and those it is made of, name a country."""
    return [place for part in written_parts(tree, declared) if (place := part.get("public")) is not None]


def _in_words(years: Iterable[int]) -> str:
    runs = groupby(enumerate(sorted(years)), key=lambda pair: pair[1] - pair[0])
    listed = [[year for _, year in run] for _, run in runs]
    return ", ".join(str(run[0]) if len(run) == 1 else f"{run[0]}-{run[-1]}" for run in listed)


_LAST_MINUTE: Final = 23 * 60 + 59
_MOST_OF_A_YEAR: Final = 183


def _short_days(files: Files, schedule: Tree) -> Iterator[Diagnostic]:
    """Hours that leave out the last minute of the day, which other programs mean by 23:59."""
    from reconciler.schedule.human import read_hours

    weekly = schedule.get("weekly")
    for _key, _span, written in weekly.items() if weekly is not None else ():
        for each in written.elements() if isinstance(written.data, list) else [written]:
            if read_hours(str(each.data)).end == _LAST_MINUTE:
                whole = str(each.data).replace("23:59", "24:00")
                message = "these hours end at 23:59, so the last minute of the day is not in them"
                yield files.sources.problem("hours-end-early", each.span, message, f"write {whole}")


def _reversed_dates(files: Files, schedule: Tree) -> Iterator[Diagnostic]:
    """Dates of every year that run over its end and are most of it: the two ends may be the wrong way round."""
    from reconciler.schedule.human import read_dates

    dates = schedule.get("dates")
    for each in dates.elements() if dates is not None and isinstance(dates.data, list) else ():
        span = read_dates(each.data)
        if span.first.year is not None or (span.first.month, span.first.day) <= (span.last.month, span.last.day):
            continue
        days = (date(2001, span.last.month, span.last.day) - date(2000, span.first.month, span.first.day)).days + 1
        if days > _MOST_OF_A_YEAR:
            first, last = (part.strip() for part in str(each.data).split(".."))
            message = f"these dates run over the year's end and are {days} days of it"
            hint = f"write {last}..{first} if the days between them are meant"
            yield files.sources.problem("dates-reversed", each.span, message, hint)


Base = Literal["sunday", "monday"]
_ANY_DAY = date(2026, 12, 31)


def _countries(schedule: Schedule) -> set[str]:
    """The countries whose public holidays a schedule follows."""
    from reconciler.schedule.human import made_of

    return {one.public for one in made_of(schedule) if one.public}


def _whole_days(text: str, until: date) -> tuple[list[str], tuple[Remark, ...]]:
    from reconciler.schedule.ics import read_whole_days

    return read_whole_days(text, until)


class _ReportedError(Exception):
    """A schedule that this one refers to is unfit, which has been told at its own place."""


class Compiler:
    """Compiles schedules for one zone; `is_fit` tells whether a declared schedule has passed its own checks."""

    def __init__(
        self,
        files: Files,
        declared: Mapping[str, DeclaredEntry],
        *,
        timezone: str,
        calendar_until: date | None,
        is_fit: Callable[[Tree], bool],
        today: date | None = None,
    ) -> None:
        self._files = files
        self._declared = declared
        self._timezone = timezone
        self._calendar_until = calendar_until
        self._is_fit = is_fit
        # The year that has begun everywhere: whichever zone a vendor counts in, it is not over there.
        self._today = today
        self._since = (today - timedelta(days=1)).year if today is not None else None
        self._read: dict[tuple[int, Base], tuple[Tree, Schedule | None]] = {}
        self._answers: ScheduleSets | None = None
        self.calendar_files = CalendarFiles(files, calendar_until, _whole_days)
        self.countries: set[str] = set()

    def judge(self, tree: Tree, base: Base) -> bool:
        """Report what is wrong in a schedule's hours, dates, holidays and names; True where nothing is."""
        schedule = self._schedule(tree, base)
        return schedule is not None and (not _countries(schedule) or self._has_calendar(tree))

    def compile(self, tree: Tree, union: Union, base: Base) -> tuple[str, ...] | None:
        """The periods of a schedule, none for always; None where it cannot be compiled, which is reported.

        `base`: which weekday the number 1 is in the periods that it is made of.
        """
        from reconciler.schedule.asked import ScheduleSets, written_years
        from reconciler.schedule.compile import CompileError, compile_schedule

        self._answers = self._answers or ScheduleSets()
        schedule = self._schedule(tree, base)
        if schedule is None or not self._knows_its_holidays(schedule, tree):
            return None
        until = self._calendar_until or _ANY_DAY
        try:
            compiled = compile_schedule(
                schedule,
                timezone=self._timezone,
                until=until,
                union_style=union.value,
                answers=self._answers,
                since=self._since,
            )
        except CompileError as error:
            self._files.complain("schedule-not-compiled", tree.span, error.message, error.hint)
            return None
        self._files.found += unannounced(self._files, tree, self._declared, compiled.unannounced)
        self._files.found += estimated(self._files, tree, self._declared, written_years(until), self._today)
        return tuple(period for period in compiled.periods if period)

    def calendars(self) -> tuple[Calendar, ...]:
        """The public holidays that compiled schedules follow."""
        from reconciler.schedule.asked import written_years
        from reconciler.schedule.human import public_days
        from reconciler.schedule.telling import Calendar

        years = written_years(self._calendar_until or _ANY_DAY)
        return tuple(
            Calendar(country, public_days(country, years), years[0], years[-1]) for country in sorted(self.countries)
        )

    def _knows_its_holidays(self, schedule: Schedule, tree: Tree) -> bool:
        countries = _countries(schedule)
        self.countries |= countries
        return not countries or self._has_calendar(tree)

    def _has_calendar(self, tree: Tree) -> bool:
        """Whether public holidays have a last day; told where each country is named, once for all that follow it."""
        if self._calendar_until is None:
            message = "public holidays differ from year to year, and there is no end date for them"
            for place in _publics(tree, self._declared):
                hint = "set defaults.calendar_until, like 2027-12-31"
                self._files.complain("schedule-not-compiled", place.span, message, hint)
        return self._calendar_until is not None

    def _schedule(self, tree: Tree, base: Base) -> Schedule | None:
        from reconciler.schedule.human import HumanError, read_schedule

        key = (id(tree.data), base)
        if key not in self._read:
            self._read[key] = (tree, None)
            named = partial(self._named, base=base)
            try:
                data = self._written_out(tree)
                self._read[key] = (tree, read_schedule(data, named, weekday_base=base))
                for each in (tree, *_literals(tree)):
                    self._files.found += [*_short_days(self._files, each), *_reversed_dates(self._files, each)]
            except HumanError as error:
                span = find(tree, error.path, key=error.key)
                self._files.complain("schedule-shape", span, error.message, error.hint)
            except _ReportedError:
                pass
        return self._read[key][1]

    def _written_out(self, tree: Tree) -> object:
        data = with_dates(tree, self.calendar_files)
        if data is None:
            raise _ReportedError
        return data

    def _named(self, name: str, *, base: Base) -> Schedule:
        declared = self._declared.get(name)
        fit = declared is not None and self._is_fit(declared.tree)
        schedule = self._schedule(declared.tree, base) if declared is not None and fit else None
        if schedule is None:
            raise _ReportedError
        return schedule
