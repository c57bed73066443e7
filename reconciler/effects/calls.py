"""A configuration as callers meet it: each number's forwarding, and which managed numbers may call which, when.

Knows no rule but how to report one.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple

from reconciler.diagnostics import Diagnostic
from reconciler.effects.states import times_of
from reconciler.effects.wording import Wording
from reconciler.model import Desired, NumberForwarding, Parking, Redirect, UrlForwarding
from reconciler.rules import RULES
from reconciler.schedule import ALWAYS_PERIOD, NEVER_PERIOD, Instants
from reconciler.settings import Configuration

_LONGEST_TIMES = 240
_POINTER = re.compile(r"; -v lists (?:it|them)$")
_EXCEPTION = re.compile(r"; (?:except|not on|on) | but for ")


class Edge(NamedTuple):
    """A call may go on to this managed number during `when`."""

    to: str
    when: Instants


@dataclass(frozen=True)
class CallMap:
    """`forwardings` are the desired blocks by number, parking left out."""

    configuration: Configuration
    forwardings: Mapping[str, Desired] = field(repr=False)

    @classmethod
    def of(cls, configuration: Configuration, *, with_others: bool = False) -> CallMap:
        """Put a configuration's forwardings under their numbers, those that were not asked for only on demand."""
        everything = (*configuration.desired, *(configuration.others if with_others else ()))
        blocks = (item for item in everything if not isinstance(item.value, Parking))
        return cls(configuration, {item.key.number: item for item in blocks})

    @cached_property
    def wording(self) -> Wording:
        """How the configuration says who rings and when."""
        return Wording(self.configuration.named())

    @cached_property
    def numbers(self) -> list[tuple[Desired, NumberForwarding]]:
        """The forwardings to targets."""
        items = self.forwardings.values()
        return [(item, item.value) for item in items if isinstance(item.value, NumberForwarding)]

    @cached_property
    def mentions(self) -> Counter[str]:
        """How many targets name each phone, SIP ID or number."""
        return Counter([target.to for _, value in self.numbers for target in value.targets])

    @cached_property
    def edges(self) -> Mapping[str, tuple[Edge, ...]]:
        """From each number to the managed numbers behind it; numbers with nothing managed behind them are left out."""
        if self.forwardings.keys().isdisjoint(self.mentions) and not self._has_managed_reserve():
            return {}
        found = ((number, tuple(self._edges(item))) for number, item in self.forwardings.items())
        return {number: edges for number, edges in found if edges}

    def _has_managed_reserve(self) -> bool:
        values = (item.value for item in self.forwardings.values())
        return any(isinstance(value, UrlForwarding) and value.reserve in self.forwardings for value in values)

    def _edges(self, desired: Desired) -> Iterator[Edge]:
        match desired.value:
            case NumberForwarding() as value if any(target.to in self.forwardings for target in value.targets):
                yield from self._target_edges(value)
            case UrlForwarding(reserve=reserve) if reserve in self.forwardings:
                yield Edge(reserve, ALWAYS_PERIOD.instants)

    def _target_edges(self, value: NumberForwarding) -> Iterator[Edge]:
        earlier = NEVER_PERIOD.instants
        for target in value.targets:
            when = times_of(target.periods) if target.active else None
            if when is None:
                continue
            if value.redirect is Redirect.SINGLE:
                when, earlier = when - earlier, earlier | when
            if target.to in self.forwardings and not when.is_empty:
                yield Edge(target.to, when)


def found(code: str, desired: Desired, path: str, message: str, *, hint: str | None = None) -> Diagnostic:
    """Report a fault of a number, at a field of its forwarding."""
    return RULES[code].about([desired.key.number], desired.place_of(path), message, hint)


def shorten(times: str) -> str:
    """Times in words, of a length that a person still reads: the first of them, and how many there are besides.

    What an exception takes back of the first ones is never cut off: the rest would not be true. A finding has no `-v`.
    """
    times = _POINTER.sub("", times)
    if len(times) <= _LONGEST_TIMES or _EXCEPTION.search(times):
        return times
    for mark in ("; ", ", "):
        parts = times[: _LONGEST_TIMES + 1].split(mark)[:-1]
        if parts:
            besides = times.count(mark) + 1 - len(parts)
            return f"{mark.join(parts)}{mark.strip()} … and {besides} more"
    return f"{times[:_LONGEST_TIMES]}…"


def heaviest(weighed: Iterable[tuple[Instants, int]], *, enough: int) -> int:
    """Find the greatest weight that sets have together at one instant; counts no further than `enough`."""
    levels: dict[int, Instants] = {0: ALWAYS_PERIOD.instants}
    for when, weight in weighed:
        split: dict[int, Instants] = {}
        for level, instants in levels.items():
            for height, piece in ((min(level + weight, enough), instants & when), (level, instants - when)):
                if not piece.is_empty:
                    split[height] = split[height] | piece if height in split else piece
        levels = split
    return max(levels)
