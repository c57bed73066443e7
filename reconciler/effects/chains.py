"""Calls that pass through several managed numbers: in a circle, or through too many.

Sets of instants are carried along the edges, so that only what can happen at one and the same time counts, and no
path is walked twice. Knows no targets outside the configuration.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping, Sequence

from reconciler.diagnostics import Diagnostic
from reconciler.effects.calls import CallMap, Edge, found, shorten
from reconciler.model import NoForwarding
from reconciler.schedule import ALWAYS_PERIOD, NEVER_PERIOD, Instants

LONGEST_CHAIN = 3
_MOST_SHOWN = 8
Edges = Mapping[str, Sequence[Edge]]


def loops(calls: CallMap) -> Iterator[Diagnostic]:
    """Numbers that forward to each other at the same time; each is told in one loop, the shortest through the first.

    A loop through none of the numbers that were asked for is not told.
    """
    told: set[str] = set()
    others = {item.key.number for item in calls.configuration.others}
    for start in _in_circles(calls.edges):
        if start in told:
            continue
        when = _returns(calls.edges, start)
        if when.is_empty:
            continue
        chain = _circle(calls.edges, start, when)
        told.update(chain)
        if others.issuperset(chain):
            continue
        times = "" if when.is_full else f" ({shorten(calls.wording.times(when))})"
        message = f"calls go in a loop: {' -> '.join([*chain, start])}{times}"
        hint = "forward one of these numbers somewhere else"
        yield found("route-loop", calls.forwardings[start], "", message, hint=hint)


def _in_circles(edges: Edges) -> list[str]:
    """Numbers that may be on a circle, in order: those that are left when dead ends and beginnings are gone."""
    ways = {number: {edge.to for edge in onward} for number, onward in edges.items()}
    while True:
        reached = set().union(*ways.values()) if ways else set()
        kept = {number: to & ways.keys() for number, to in ways.items() if number in reached}
        kept = {number: to for number, to in kept.items() if to}
        if kept == ways:
            return sorted(kept)
        ways = kept


def _returns(edges: Edges, start: str) -> Instants:
    """The instants at which a call to a number comes back to it."""
    reached: dict[str, Instants] = {}
    waiting: deque[tuple[str, Instants]] = deque([(start, ALWAYS_PERIOD.instants)])
    while waiting:
        number, when = waiting.popleft()
        for edge in edges.get(number, ()):
            new = (when & edge.when) - reached.get(edge.to, NEVER_PERIOD.instants)
            if not new.is_empty:
                reached[edge.to] = reached.get(edge.to, NEVER_PERIOD.instants) | new
                if edge.to != start:
                    waiting.append((edge.to, new))
    return reached.get(start, NEVER_PERIOD.instants)


def _circle(edges: Edges, start: str, when: Instants) -> list[str]:
    """The shortest way back to a number, at some instant of those at which there is one."""
    for onward in edges.values():
        for edge in onward:
            narrower = when & edge.when
            when = when if narrower.is_empty else narrower
    # From here on each edge is either open during all of `when`, or never.
    ways: deque[list[str]] = deque([[start]])
    seen: set[str] = set()
    while ways:
        way = ways.popleft()
        for edge in edges.get(way[-1], ()):
            if (when & edge.when).is_empty or edge.to in seen:
                continue
            if edge.to == start:
                return way
            seen.add(edge.to)
            ways.append([*way, edge.to])
    return [start]


def long_chains(calls: CallMap) -> Iterator[Diagnostic]:
    """Calls that are forwarded more often than is wise; told at the number where the longest way begins."""
    circles = set(_in_circles(calls.edges))
    inner = {edge.to for number, edges in calls.edges.items() for edge in edges if number not in circles}
    for number in calls.edges:
        if number in inner or number in circles:
            continue
        chain = _longest_chain(calls, number, circles)
        if len(chain) > LONGEST_CHAIN:
            way = chain if len(chain) <= _MOST_SHOWN else [*chain[:_MOST_SHOWN], "…", chain[-1]]
            message = f"a call is forwarded {len(chain)} times: {' -> '.join(way)} -> its targets"
            hint = "forward the first one directly to where the last one leads"
            yield found("route-long-chain", calls.forwardings[number], "", message, hint=hint)


def _longest_chain(calls: CallMap, start: str, circles: set[str]) -> list[str]:
    """The longest row of managed numbers that forward one call, circles left out."""
    levels: list[dict[str, Instants]] = [{start: ALWAYS_PERIOD.instants}]
    while levels[-1]:
        further: dict[str, Instants] = {}
        for number, when in levels[-1].items():
            for edge in calls.edges.get(number, ()):
                reached = when & edge.when
                if edge.to in circles or reached.is_empty or _ends(calls, edge.to):
                    continue
                further[edge.to] = further.get(edge.to, NEVER_PERIOD.instants) | reached
        levels.append(further)
    return _way_back(calls.edges, levels[:-1])


def _ends(calls: CallMap, number: str) -> bool:
    return isinstance(calls.forwardings[number].value, NoForwarding)


def _way_back(edges: Edges, levels: list[dict[str, Instants]]) -> list[str]:
    """One way through all levels that is open at one time."""
    number, when = next(iter(levels[-1].items()))
    way = [number]
    for level in reversed(levels[:-1]):
        number, when = next(
            (source, both)
            for source, reached in level.items()
            for edge in edges.get(source, ())
            if edge.to == way[0] and not (both := reached & edge.when & when).is_empty
        )
        way.insert(0, number)
    return way
