"""Calls of the past as a change would treat them: each at its weekday and time of day, in a week to come.

Exact: whom a call reaches follows from the same pieces of time that effects are told from, through managed numbers too.
Knows no files and no callers.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import groupby, pairwise
from typing import NamedTuple

from reconciler.canonical import Json
from reconciler.effects.states import CallFlow, CallHandling, instants_of
from reconciler.model import Traffic
from reconciler.schedule.zones import DAY_SECONDS
from reconciler.schedule.zones import zone as zone_of

WEEK_SECONDS = 7 * DAY_SECONDS
CELLS = 7 * 48
_CELL = 1800
_HALF_HOURS = range(0, DAY_SECONDS + 1, _CELL)


@dataclass(frozen=True, slots=True)
class PastCalls:
    """When each number was called, in seconds since the epoch."""

    calls: Mapping[str, Sequence[int]]

    @property
    def total(self) -> int:
        return sum(map(len, self.calls.values()))

    @property
    def earliest(self) -> int | None:
        return min((at for calls in self.calls.values() for at in calls), default=None)

    def days_until(self, at: int) -> int:
        """Within how many days before an instant all calls came that came before it."""
        return 0 if self.earliest is None else max(1, -(-(at - self.earliest) // DAY_SECONDS))


class Outcome(NamedTuple):
    """What becomes of a call: what its caller notices, here and at each managed number behind, and if anybody rings."""

    handling: CallHandling
    behind: tuple[Outcome | None, ...]
    is_answered: bool


@dataclass(frozen=True, slots=True)
class Routing:
    """All forwardings at one time, by number; `look_up` gives a canonical value, None for what is not managed."""

    look_up: Callable[[str], Json | None]
    _flows: dict[str, tuple[CallFlow, bool] | None] = field(default_factory=dict)

    def flow(self, number: str) -> tuple[CallFlow, bool] | None:
        """A number's forwarding, and whether it leads anywhere."""
        if number not in self._flows:
            value = self.look_up(number)
            self._flows[number] = None if value is None else flow_of(value)
        return self._flows[number]

    def schedules(self, flow: CallFlow, seen: set[str]) -> Iterator[str]:
        """The schedules that decide about a call, also behind the numbers that it may go through."""
        yield from filter(None, flow.schedules)
        for to, _ in flow.targets:
            behind = None if to in seen else self.flow(to)
            if behind is not None:
                seen.add(to)
                yield from self.schedules(behind[0], seen)

    def outcome(self, asked: tuple[CallFlow, bool], on: frozenset[str], path: tuple[str, ...]) -> Outcome:
        """What becomes of a call while these schedules are on; `path` are the numbers that it came through."""
        flow, leads_somewhere = asked
        handling = flow.handling(tuple(at for at, each in enumerate(flow.schedules) if each is None or each in on))
        if handling.saying is not None:
            return Outcome(handling, (), leads_somewhere)
        behind = tuple(self._behind(to, on, path) for to, _ in handling.rings)
        return Outcome(handling, behind, any(each is None or each.is_answered for each in behind))

    def _behind(self, to: str, on: frozenset[str], path: tuple[str, ...]) -> Outcome | None:
        flow = self.flow(to)
        if flow is None:
            return None
        if to in path:
            return _LOOP
        return self.outcome(flow, on, (*path, to))


_LOOP = Outcome(CallHandling(), (), is_answered=False)


def flow_of(value: Json) -> tuple[CallFlow, bool]:
    """A canonical value taken apart, and whether it leads anywhere."""
    return CallFlow.of(value), value["type"] != "none"


def moving(zone: str, start: int) -> Callable[[int], int]:
    """What moves a call by whole weeks to the first such instant that is not before `start`, by the clocks of a zone.

    It gives local seconds from 1970. A call that is not before `start` stays where it is.
    """
    place = zone_of(zone)
    first = start + place.offset(start)
    change = place.next_change(start - DAY_SECONDS)
    is_steady = change is None or change > start + WEEK_SECONDS + DAY_SECONDS

    def moved(call: int) -> int:
        local = call + place.offset(call)
        if call >= start:
            return local
        ahead = first + (local - first) % WEEK_SECONDS
        if is_steady:
            return ahead
        instants = (place.epoch(ahead + weeks * WEEK_SECONDS) for weeks in (-1, 0, 1))
        return next(instant + place.offset(instant) for instant in instants if instant >= start)

    return moved


def within_week(zone: str, monday: int) -> Callable[[int], int]:
    """What moves a call by whole weeks into the week from a Monday, a day from 1970: local seconds from 1970."""
    place, first = zone_of(zone), monday * DAY_SECONDS
    return lambda call: first + (call + place.offset(call) - first) % WEEK_SECONDS


class Share(NamedTuple):
    """Calls within one half hour of a day, from 1970, during which the same schedules are on."""

    day: int
    second: int
    calls: int
    on: frozenset[str]

    @property
    def cell(self) -> int:
        """The half hour of the week, counted from Monday; 1 January 1970 was a Thursday."""
        return (self.day + 3) % 7 * 48 + self.second // _CELL


def shares(calls: Iterable[int], schedules: Iterable[str]) -> Iterator[Share]:
    """Put calls, in local seconds, together that came in one half hour while the same schedules were on.

    Raises OpaquePeriodError.
    """
    texts = sorted(set(schedules))
    for day, row in groupby(sorted(calls), key=lambda call: call // DAY_SECONDS):
        seconds = [call - day * DAY_SECONDS for call in row]
        flips = [(text, _flips(text, day)) for text in texts]
        for start, end in pairwise(sorted(set(_HALF_HOURS).union(*(each for _, each in flips)))):
            count = bisect_left(seconds, end) - bisect_left(seconds, start)
            if count:
                on = frozenset(text for text, each in flips if bisect_right(each, start) % 2)
                yield Share(day, start, count, on)


@lru_cache(maxsize=65_536)
def _flips(schedule: str, day: int) -> tuple[int, ...]:
    return instants_of(schedule).flips_on(day)


@dataclass(slots=True)
class Tally:
    """Counts of calls, over all and by the half hours of a week."""

    calls: int = 0
    changed: int = 0
    lost: int = 0
    firsts: Counter[str] = field(default_factory=Counter)
    cells: list[list[int]] = field(default_factory=lambda: [[0, 0, 0] for _ in range(CELLS)])

    def add(self, share: Share, *, changed: bool, lost: bool, first: str) -> None:
        """Count calls that are treated alike; `first` rings first and did not before."""
        cell = self.cells[share.cell]
        self.calls += share.calls
        cell[0] += share.calls
        if changed:
            self.changed += share.calls
            cell[1] += share.calls
        if lost:
            self.lost += share.calls
            cell[2] += share.calls
        if first:
            self.firsts[first] += share.calls

    def traffic(self, days: int) -> Traffic:
        """The counts as a value."""
        cells = tuple((each[0], each[1], each[2]) for each in self.cells)
        firsts = tuple(self.firsts.most_common())
        return Traffic(self.calls, self.changed, self.lost, days=days, firsts=firsts, cells=cells)


class Side(NamedTuple):
    """A number's canonical value before or after a change, among all others."""

    value: Json
    routing: Routing


def replay(
    number: str, calls: Sequence[int], before: Side, after: Side, *, days: int = 0, hidden_differs: bool = False
) -> Traffic:
    """Count what a change does to calls, given in local seconds; raises OpaquePeriodError.

    `hidden_differs`: it changes a part of a URL that is masked here.
    """
    sides = [(flow_of(side.value), side.routing) for side in (before, after)]
    texts = [text for flow, routing in sides for text in routing.schedules(flow[0], {number})]
    known: dict[frozenset[str], tuple[bool, bool, str]] = {}
    counted = Tally()
    for share in shares(calls, texts):
        if share.on not in known:
            was, now = (routing.outcome(flow, share.on, (number,)) for flow, routing in sides)
            known[share.on] = _judged(was, now, hidden_differs=hidden_differs)
        changed, lost, first = known[share.on]
        counted.add(share, changed=changed, lost=lost, first=first)
    return counted.traffic(days)


def _judged(was: Outcome, now: Outcome, *, hidden_differs: bool) -> tuple[bool, bool, str]:
    """Whether a call would ring otherwise, whether it is lost, and who would ring first and did not."""
    changed = (hidden_differs or was != now) and (was.is_answered or now.is_answered)
    first = _first(now) if now.is_answered else ""
    return changed, was.is_answered and not now.is_answered, first if first != _first(was) else ""


def _first(outcome: Outcome) -> str:
    handling = outcome.handling
    return "" if handling.redirect == "parallel" or not handling.rings else handling.rings[0][0]


def unanswered(number: str, calls: Sequence[int], side: Side) -> Traffic:
    """Count the calls, given in local seconds, that reach nobody, as lost; raises OpaquePeriodError."""
    flow = flow_of(side.value)
    counted = Tally()
    known: dict[frozenset[str], bool] = {}
    for share in shares(calls, side.routing.schedules(flow[0], {number})):
        if share.on not in known:
            known[share.on] = side.routing.outcome(flow, share.on, (number,)).is_answered
        counted.add(share, changed=False, lost=not known[share.on], first="")
    return counted.traffic(0)
