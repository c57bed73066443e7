"""The period as a value: parse it, ask it, combine it, write it; and a set of instants seen from one time zone.

Must not know accounts, files or commands.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from functools import cached_property, lru_cache
from itertools import islice, pairwise
from typing import TYPE_CHECKING, Final

from reconciler.diagnostics import Finding
from reconciler.schedule.grammar import read
from reconciler.schedule.instants import ALWAYS, NEVER, Classes, Instants, NotExpressibleError
from reconciler.schedule.masks import CYCLE_YEARS, SLOTS, WeekdayBase, first_day, is_leap, slot_of, year_of, year_type
from reconciler.schedule.meaning import has_short_year, instants_of
from reconciler.schedule.syntax import PeriodTree
from reconciler.schedule.zones import DAY_SECONDS, Zone
from reconciler.schedule.zones import zone as zone_of

if TYPE_CHECKING:
    from reconciler.schedule.picture import WeekDay
    from reconciler.schedule.words import Language


_HORIZON_YEARS: Final = CYCLE_YEARS + 1


def holds(instants: Instants, zone: Zone, epoch: int) -> bool:
    """Tell whether an instant (Unix seconds) is in the set."""
    day, second = zone.local(epoch)
    year, yearday0 = year_of(day)
    mask = instants.times_on(year, slot_of(year, yearday0))
    return bool(mask >> (second if instants.fine else second // 60) & 1)


def flips(instants: Instants, zone: Zone, epoch: int) -> Iterator[tuple[int, bool]]:
    """Yield (instant, state from then on) after `epoch`, in order; ends where the state never changes again."""
    state = holds(instants, zone, epoch)
    start = epoch
    horizon = max(instants.last_change, year_of(epoch // DAY_SECONDS)[0]) + _HORIZON_YEARS
    while True:
        change = zone.next_change(start)
        offset = zone.offset(start)
        limit = None if change is None else change + offset
        for local in _local_flips(instants, start + offset, limit, horizon, state=state):
            state = not state
            yield local - offset, state
            horizon = max(horizon, year_of(local // DAY_SECONDS)[0] + _HORIZON_YEARS)
        if change is None or year_of(change // DAY_SECONDS)[0] > horizon:
            return
        start = change
        if holds(instants, zone, start) != state:
            state = not state
            yield start, state


def _local_flips(instants: Instants, start: int, limit: int | None, horizon: int, *, state: bool) -> Iterator[int]:
    """Yield seconds of local time after `start` and before `limit` at which the state changes."""
    at: int | None = start
    while at is not None:
        at = _next_flip(instants, at, limit, horizon, state=state)
        if at is not None:
            yield at
            state = not state
            horizon = max(horizon, year_of(at // DAY_SECONDS)[0] + _HORIZON_YEARS)


def _next_flip(instants: Instants, start: int, limit: int | None, horizon: int, *, state: bool) -> int | None:
    """Find the first second after `start` whose state is not `state`."""
    unit = 1 if instants.fine else 60
    full = instants.full_day
    day, second = divmod(start, DAY_SECONDS)
    year, yearday0 = year_of(day)
    mask = instants.times_on(year, slot_of(year, yearday0))
    found = _first_bit(full ^ mask if state else mask, second // unit + 1)
    while found is None:
        classes = instants.classes_in(year)
        if year >= instants.last_change and not classes.keys() - {full if state else 0}:
            return None
        ahead = _next_day(classes, year, yearday0 + 1, full if state else 0)
        if ahead is None:
            year, yearday0 = year + 1, -1
            if year > horizon or (limit is not None and first_day(year) * DAY_SECONDS >= limit):
                return None
            continue
        yearday0, mask = ahead
        found = _first_bit(full ^ mask if state else mask, 0)
    flip = (first_day(year) + yearday0) * DAY_SECONDS + found * unit
    return flip if limit is None or flip < limit else None


def _first_bit(mask: int, start: int) -> int | None:
    rest = mask >> start
    return start + (rest & -rest).bit_length() - 1 if rest else None


def _next_day(classes: Classes, year: int, yearday0: int, dull: int) -> tuple[int, int] | None:
    """Find the first day of a year, from `yearday0` on, whose times are not `dull`, and its time mask."""
    length = SLOTS if is_leap(year) else SLOTS - 1
    if yearday0 >= length:
        return None
    shift = year_type(year) * SLOTS + yearday0
    window = (1 << length - yearday0) - 1
    nearest, times = length, 0
    for mask, days in classes.items():
        ahead = days >> shift & window if mask != dull else 0
        if ahead and (offset := (ahead & -ahead).bit_length() - 1) < nearest:
            nearest, times = offset, mask
    return (yearday0 + nearest, times) if nearest < length else None


CANONICAL_VERSION: Final = 1
"""Grows whenever `Period.canonical` may give another text for the same period."""

# docs/decisions/120
LONGEST: Final = 8_000
"""Characters of a period from outside: to tell what it means takes time that grows with the square of its parts."""


class PeriodError(ValueError):
    """A text is not a period; `findings` tell why, with characters and remedies."""

    def __init__(self, text: str, findings: tuple[Finding, ...]) -> None:
        super().__init__("; ".join(finding.message for finding in findings))
        self.text = text
        self.findings = findings


class Period:
    """A set of instants with the text that names it. Make one with `Period.parse`, or from others with `| & - ~`."""

    def __init__(self, text: str | None, instants: Instants, tree: PeriodTree | None = None) -> None:
        """Take the text as written (None: write the normal form) and the set that it means."""
        self._text = text
        self._tree = tree
        self.instants = instants

    @staticmethod
    def parse(text: str, *, weekday_base: WeekdayBase = "sunday") -> Period:
        """Read a period; raises PeriodError on any error of grammar.

        `weekday_base` says which day the number 1 is; with `refuse` a number is an error.
        """
        return _parsed(text, weekday_base)

    @staticmethod
    def union(periods: Iterable[Period]) -> Period:
        """Unite periods; none at all give `none`."""
        given = list(periods)
        if len(given) == 1:
            return given[0]
        if any(period.has_short_year for period in given):
            return Period.parse(", ".join(period.text for period in given if period.text.strip().lower() != "none"))
        united = NEVER
        for period in given:
            united |= period.instants
        return Period(None, united)

    @property
    def text(self) -> str:
        """The period as written, or its normal form where it was computed."""
        return self.canonical if self._text is None else self._text

    @cached_property
    def parts(self) -> tuple[str, ...]:
        """The text of each part of the normal form, pairwise disjoint; `("",)` for always, none for never.

        Raises NotExpressibleError for a computed set that no period can name.
        """
        from reconciler.schedule.boxes import pieces_of
        from reconciler.schedule.render import part_text, tree_text

        if self._tree is not None and self.has_short_year:
            return tree_text(self._tree)
        try:
            return tuple(part_text(piece) for piece in pieces_of(self.instants))
        except NotExpressibleError:
            if self._tree is None:
                raise
            return tree_text(self._tree)

    @cached_property
    def canonical(self) -> str:
        """The normal form: equal for periods of equal meaning, `""` for always, `none` for never.

        Two-digit years change their meaning every century: such a period is only brought into the usual spelling.
        """
        return ", ".join(self.parts) if self.parts else "none"

    @cached_property
    def has_short_year(self) -> bool:
        """Whether the period names a year by two digits."""
        return self._tree is not None and any(has_short_year(part) for part in self._tree.parts)

    @property
    def is_never(self) -> bool:
        return self.instants.is_empty

    @property
    def is_always(self) -> bool:
        return self.instants.is_full

    @cached_property
    def last_day(self) -> date | None:
        """The last day that any of it is on, in local time; None where it goes on for ever, or never is."""
        spans = self.instants.spans
        if any(spans[-1][1]):
            return None
        with_ends = ((first, classes, end) for (first, classes), (end, _) in pairwise(spans))
        alive = [(first, end) for first, classes, end in with_ends if any(classes)]
        years = (year for first, end in reversed(alive) for year in range(end - 1, first - 1, -1))
        days = (first_day(year) + at for year in years for at in reversed(range(SLOTS if is_leap(year) else SLOTS - 1)))
        last = next((day for day in days if self._is_on(day)), None)
        return None if last is None else date(1970, 1, 1) + timedelta(days=last)

    def _is_on(self, day: int) -> bool:
        """Whether any of a day, counted from 1970, is in the set."""
        year, yearday0 = year_of(day)
        return bool(self.instants.times_on(year, slot_of(year, yearday0)))

    def equals(self, other: Period) -> bool:
        """Tell whether both name the same instants."""
        return self.instants == other.instants

    def overlaps(self, other: Period) -> bool:
        """Tell whether some instant is in both."""
        return not (self.instants & other.instants).is_empty

    def __or__(self, other: Period) -> Period:
        return Period.union((self, other))

    def __and__(self, other: Period) -> Period:
        return Period(None, self.instants & other.instants)

    def __sub__(self, other: Period) -> Period:
        return Period(None, self.instants - other.instants)

    def __invert__(self) -> Period:
        return Period(None, ~self.instants)

    def __repr__(self) -> str:
        return f"Period({self._text!r})" if self._text is not None else "Period(…)"

    def matches(self, epoch_seconds: int, zone: str) -> bool:
        """Tell whether an instant is inside, in a zone of the tz database."""
        return holds(self.instants, zone_of(zone), epoch_seconds)

    def next_flips(self, epoch_seconds: int, zone: str, count: int) -> list[tuple[int, bool]]:
        """List the next changes after an instant as (instant, inside from then on); fewer where there are no more."""
        return list(islice(flips(self.instants, zone_of(zone), epoch_seconds), count))

    def first_difference(self, other: Period, epoch_seconds: int, zone: str) -> int | None:
        """Find the first instant from `epoch_seconds` on that is in one of the two only, None where there is none."""
        apart = (self.instants - other.instants) | (other.instants - self.instants)
        place = zone_of(zone)
        if holds(apart, place, epoch_seconds):
            return epoch_seconds
        return next((instant for instant, _ in flips(apart, place, epoch_seconds)), None)

    def phrase(self) -> str:
        """Say the period in short: `Mon-Fri 9:00-18:00`; times are half-open."""
        from reconciler.schedule.words import phrased

        return self.text if self.has_short_year else phrased(self.instants.foreseeable())

    def explain(self, language: Language = "en") -> str:
        """Say the period in plain words, to the last second."""
        from reconciler.schedule.words import explained

        return self.canonical if self.has_short_year else explained(self.instants.foreseeable(), language)

    def week(self, epoch_seconds: int, zone: str) -> tuple[WeekDay, ...]:
        """Give the week, from Monday, that an instant falls into in a zone."""
        from reconciler.schedule.picture import week_of

        return week_of(self.instants, zone_of(zone).local(epoch_seconds)[0])


ALWAYS_PERIOD: Final = Period("", ALWAYS)
NEVER_PERIOD: Final = Period("none", NEVER)


@lru_cache(maxsize=4096)
def _parsed(text: str, weekday_base: WeekdayBase) -> Period:
    tree, findings = read(text, weekday_base)
    if weekday_base == "refuse":
        from reconciler.schedule.account import numeric_weekdays

        findings = (*findings, *numeric_weekdays(tree, weekday_base))
    if findings:
        raise PeriodError(text, findings)
    return Period(text, instants_of(tree), tree)
