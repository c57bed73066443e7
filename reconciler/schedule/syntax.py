"""The syntax tree of a period: frozen nodes that remember which characters they were read from.

Named tuples, since a program that only matches should not wait for heavier classes to be built.
Must not know what a value means in time, nor which spellings are allowed.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from reconciler.schedule.masks import Scale


class PeriodValue(NamedTuple):
    """One value of a scale (weekdays: Sunday 0) and its characters `start` to `end`, end exclusive."""

    number: int
    start: int
    end: int


class Range(NamedTuple):
    """`first` to `last`, both included; a single value has the same value twice."""

    first: PeriodValue
    last: PeriodValue

    @property
    def start(self) -> int:
        return self.first.start

    @property
    def end(self) -> int:
        return self.last.end

    @property
    def is_single(self) -> bool:
        return self.first is self.last

    @property
    def wraps(self) -> bool:
        return self.first.number > self.last.number


class Item(NamedTuple):
    """`scale {ranges}`, from the scale's first letter to the closing brace."""

    scale: Scale
    ranges: tuple[Range, ...]
    start: int
    end: int


class Part(NamedTuple):
    """Items that hold together; the parts of a period are a union."""

    items: tuple[Item, ...]
    start: int
    end: int

    def of(self, scale: Scale) -> Iterator[Item]:
        """Yield the items of one scale; several of them are a union."""
        return (item for item in self.items if item.scale is scale)

    def ranges(self, scale: Scale) -> tuple[Range, ...]:
        """Collect all ranges of one scale, empty where the part does not name it."""
        return tuple(one for item in self.items if item.scale is scale for one in item.ranges)

    def has(self, *scales: Scale) -> bool:
        return any(item.scale in scales for item in self.items)


class PeriodTree(NamedTuple):
    """A whole period: its text as written, and its parts.

    Without parts it is blank (always) or `none` (never). `commas` are the offsets of commas between and after parts.
    """

    text: str
    parts: tuple[Part, ...]
    is_none: bool = False
    commas: tuple[int, ...] = ()

    def slice(self, node: PeriodValue | Range | Item | Part) -> str:
        """Give the characters that a node was read from."""
        return self.text[node.start : node.end]
