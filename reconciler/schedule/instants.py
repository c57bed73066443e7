"""Sets of instants, exactly: from which year on, which days have which times.

A set is a row of spans of years; in a span, a mapping `{time mask: day mask}` whose day masks are disjoint and cover
every day of every year type. Equal mappings are equal sets, union and complement go class by class, nothing samples.
Years count from 1970. Must not know periods, text or time zones.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from itertools import groupby
from operator import itemgetter
from typing import Final, NamedTuple

from reconciler.schedule.masks import (
    ALL_MINUTES,
    ALL_SECONDS,
    CYCLE_YEARS,
    FIRST_YEAR,
    SLOTS,
    YEAR_TYPES,
    all_days,
    cuts_minutes,
    slot_of,
    to_minutes,
    to_seconds,
    type_mask,
    year_of,
    year_type,
)

Classes = Mapping[int, int]
LAST_YEAR: Final = 3000
"""The last year of the vendor's own table."""
LAST_WRITTEN_YEAR: Final = 9999
"""The last year that is written or said; later ones parse and match all the same."""
FOREVER: Final = 10**20  # the end of the last span; no explicit year reaches it


class NotExpressibleError(ValueError):
    """The set is real, but no period of this grammar can name it."""


class Box(NamedTuple):
    """A product of years (half-open spans, None for all), days and times of day."""

    years: tuple[tuple[int, int], ...] | None
    days: int
    times: int


@dataclass(frozen=True, slots=True, eq=False)
class Instants:
    """A set of instants of local time. `spans` are (first year, classes), the first from 1970, each up to the next.

    `fine`: time masks have a bit a second in place of a bit a minute.
    """

    spans: tuple[tuple[int, Classes], ...]
    fine: bool = False

    @classmethod
    def of(cls, boxes: Iterable[Box], *, fine: bool = False) -> Instants:
        """Unite boxes, whose time masks are all of the scale that `fine` names."""
        alive = list(boxes)
        known: dict[tuple[int, ...], Classes] = {}
        spans = []
        for year, living in _by_year(alive):
            if living not in known:
                known[living] = unite((alive[index].days, alive[index].times) for index in living)
            spans.append((year, known[living]))
        return cls(_joined(spans), fine=fine).coarse()

    def coarse(self) -> Instants:
        """Fall back to minutes where no minute is cut; a set has one scale that suits it."""
        if not self.fine:
            return self
        if any(cuts_minutes(mask) for _, classes in self.spans for mask in classes):
            return self
        return self._mapped(to_minutes, fine=False)

    def _mapped(self, change: Callable[[int], int], *, fine: bool) -> Instants:
        return Instants(
            tuple((year, {change(mask): days for mask, days in classes.items()}) for year, classes in self.spans),
            fine=fine,
        )

    def refined(self) -> Instants:
        return self if self.fine else self._mapped(to_seconds, fine=True)

    @property
    def full_day(self) -> int:
        return ALL_SECONDS if self.fine else ALL_MINUTES

    def classes_in(self, year: int) -> Classes:
        """Give the classes of one year."""
        return self.spans[self.span_of(year)][1]

    def span_of(self, year: int) -> int:
        """Give the index of the span that holds a year."""
        return 0 if len(self.spans) == 1 else max(bisect_right(self.spans, year, key=itemgetter(0)) - 1, 0)

    def times_on(self, year: int, slot: int) -> int:
        """Give the time mask of one day."""
        classes = self.classes_in(year)
        return next((mask for mask, days in classes.items() if days >> slot & 1), 0)

    def flips_on(self, day: int) -> tuple[int, ...]:
        """List the seconds of a day (counted from 1970) at which it begins or ends, beginning outside."""
        year, yearday0 = year_of(day)
        mask = self.times_on(year, slot_of(year, yearday0))
        bits, unit = f"{mask ^ mask << 1:b}"[::-1], 1 if self.fine else 60
        return tuple(at * unit for at, bit in enumerate(bits) if bit == "1")

    @property
    def last_change(self) -> int:
        """Name the first year from which on nothing depends on the year's number."""
        return self.spans[-1][0]

    def merged(self, other: Instants, combine: Callable[[int, int], int]) -> Instants:
        """Combine two sets day by day; masks of more than a day are the caller's own business."""
        left, right = (self, other) if self.fine == other.fine else (self.refined(), other.refined())
        known: dict[tuple[int, int], Classes] = {}
        spans = []
        for year, _, one, two in _paired(left, right):
            key = (id(one), id(two))  # both live as long as this call
            if key not in known:
                known[key] = combine_days(one, two, combine)
            spans.append((year, known[key]))
        return Instants(_joined(spans), fine=left.fine).coarse()

    # docs/decisions/012
    def lasting(self) -> Instants:
        """Take the last year that the vendor's table has for no end: what holds in it holds for ever.

        Compiled periods name years up to it where they mean all that are to come.
        """
        ends = len(self.spans) > 1 and self.spans[-1][0] == LAST_YEAR + 1
        return Instants(self.spans[:-1], fine=self.fine) if ends else self

    def foreseeable(self) -> Instants:
        """Take the year 9999 for no end: nobody is told of the years after it."""
        spans = tuple(span for span in self.spans if span[0] <= LAST_WRITTEN_YEAR)
        return self if len(spans) == len(self.spans) else Instants(spans, fine=self.fine)

    def ahead(self, since: date | None) -> Instants:
        """What is still to come from a day on: of the time before, it has what it has in the end."""
        instants = self.lasting().foreseeable()
        return instants if since is None else instants.from_day(since.year, since.timetuple().tm_yday)

    def from_day(self, year: int, yearday: int) -> Instants:
        """Take what holds in the end for what held before a day (1 January is 1): nothing is left of the past."""
        tail = self.spans[-1][1]
        past = (1 << yearday - 1) - 1 << year_type(year) * SLOTS
        ahead = [(mask, days & ~past) for mask, days in self.classes_in(year).items()]
        begun = disjoint([*ahead, *((mask, days & past) for mask, days in tail.items())])
        later = [span for span in self.spans if span[0] > year + 1]
        spans = [(FIRST_YEAR, tail), (year, begun), (year + 1, self.classes_in(year + 1)), *later]
        return Instants(_joined(spans), fine=self.fine)

    def touched_days(self) -> Instants:
        """Widen the set to whole days."""
        spans = (
            (year, unite([(days, ALL_MINUTES) for mask, days in classes.items() if mask]))
            for year, classes in self.spans
        )
        return Instants(_joined(spans))

    @classmethod
    def spanned(cls, spans: Mapping[int, Classes]) -> Instants:
        """Make a set from the classes that hold from each year on."""
        return cls(_joined(sorted(spans.items(), key=itemgetter(0))))

    def __or__(self, other: Instants) -> Instants:
        return self.merged(other, int.__or__)

    def __and__(self, other: Instants) -> Instants:
        return self.merged(other, int.__and__)

    def __sub__(self, other: Instants) -> Instants:
        return self.merged(other, lambda one, two: one & ~two)

    def __invert__(self) -> Instants:
        full = self.full_day
        return self._mapped(lambda mask: full ^ mask, fine=self.fine)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Instants):
            return NotImplemented
        if self.fine != other.fine:  # both are coarse where they can be
            return False
        return all(
            one == two or _same(one, two, days_between(year, end)) for year, end, one, two in _paired(self, other)
        )

    def __hash__(self) -> int:
        return hash((self.fine, self.is_empty, self.is_full))  # all that equal sets have in common at little cost

    @property
    def is_empty(self) -> bool:
        return self._is_everywhere(0)

    @property
    def is_full(self) -> bool:
        return self._is_everywhere(self.full_day)

    def _is_everywhere(self, mask: int) -> bool:
        return all(not days_between(year, end) & ~classes.get(mask, 0) for year, end, classes in self.segments())

    def segments(self) -> Iterator[tuple[int, int, Classes]]:
        """Yield (first year, end year, classes) of each span."""
        ends = [*(year for year, _ in self.spans[1:]), FOREVER]
        for (year, classes), end in zip(self.spans, ends, strict=True):
            yield year, end, classes


NEVER: Final = Instants(((FIRST_YEAR, {0: all_days()}),))
ALWAYS: Final = Instants(((FIRST_YEAR, {ALL_MINUTES: all_days()}),))


def unite(products: Iterable[tuple[int, int]]) -> Classes:
    """Unite products of a day mask and a time mask into classes."""
    classes = {0: all_days()}
    for days, times in products:
        if not times or not days:
            continue
        # Kept true throughout: day masks are disjoint and cover every day. A product cuts each class in two at most.
        grown: dict[int, int] = {}
        for mask, held in classes.items():
            inside = held & days
            if inside:
                grown[mask | times] = grown.get(mask | times, 0) | inside
            if inside != held:
                grown[mask] = grown.get(mask, 0) | held ^ inside
        classes = grown
    return classes


def disjoint(products: Iterable[tuple[int, int]]) -> Classes:
    """Put products of a time mask and a day mask together whose days are disjoint and cover every day."""
    classes: dict[int, int] = {}
    for mask, days in products:
        if days:
            classes[mask] = classes.get(mask, 0) | days
    return classes


@lru_cache(maxsize=4096)
def types_between(first: int, end: int) -> frozenset[int]:
    """Find which year types occur from `first` up to, not with, `end`."""
    if end - first >= CYCLE_YEARS:
        return frozenset(range(YEAR_TYPES))
    return frozenset(year_type(year) for year in range(first, end))


def days_between(first: int, end: int) -> int:
    """Mask the days of all year types that occur in a span."""
    kinds = types_between(first, end)
    return all_days() if len(kinds) == YEAR_TYPES else sum(type_mask(kind) for kind in kinds)


def _by_year(boxes: Sequence[Box]) -> Iterator[tuple[int, tuple[int, ...]]]:
    """Yield each year in which a box begins or ends, with the indices of those that hold from then on."""
    changes: dict[int, list[tuple[int, int]]] = {FIRST_YEAR: []}
    for index, box in enumerate(boxes):
        for first, end in ((FIRST_YEAR, FOREVER),) if box.years is None else box.years:
            if first < end:
                changes.setdefault(max(first, FIRST_YEAR), []).append((index, 1))
                changes.setdefault(max(end, FIRST_YEAR), []).append((index, -1))
    holding = [0] * len(boxes)  # by how many of its spans
    for year in sorted(changes):
        for index, change in changes[year]:
            holding[index] += change
        if year < FOREVER:
            yield year, tuple(index for index, count in enumerate(holding) if count)


def _joined(spans: Iterable[tuple[int, Classes]]) -> tuple[tuple[int, Classes], ...]:
    return tuple(next(alike) for _, alike in groupby(spans, key=itemgetter(1)))


def _paired(left: Instants, right: Instants) -> Iterator[tuple[int, int, Classes, Classes]]:
    """Yield spans in which neither set changes."""
    if len(left.spans) == len(right.spans) == 1:
        yield FIRST_YEAR, FOREVER, left.spans[0][1], right.spans[0][1]
        return
    years = sorted({year for year, _ in left.spans} | {year for year, _ in right.spans})
    for year, end in zip(years, [*years[1:], FOREVER], strict=True):
        yield year, end, left.classes_in(year), right.classes_in(year)


def combine_days(one: Classes, two: Classes, combine: Callable[[int, int], int]) -> Classes:
    """Combine the time masks that two mappings have on each day."""
    # Both cover every day, so the pairs that share days do, too; times that come out equal are one class again.
    result: dict[int, int] = {}
    for first, days in one.items():
        for second, others in two.items():
            shared = days & others
            if shared:
                mask = combine(first, second)
                result[mask] = result.get(mask, 0) | shared
    return result


def _same(one: Classes, two: Classes, days: int) -> bool:
    """Compare two mappings on some days only."""
    left = {mask: held & days for mask, held in one.items() if held & days}
    return left == {mask: held & days for mask, held in two.items() if held & days}
