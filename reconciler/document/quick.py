"""The common case, fast: a file of maps, lists and texts whose deep places are worked out only when asked for.

Gives up at anything else (anchors, tags, repeated keys, escapes): then the thorough builder reads the file.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial
from typing import Any

from yaml.events import (
    DocumentStartEvent,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
    StreamStartEvent,
)

from reconciler.document.source import LENGTH_BITS, LONGEST_SPAN, span_at
from reconciler.document.tree import Tree

NULLS = frozenset(("", "~", "null", "Null", "NULL"))
RESERVED = NULLS | {"<<"}
_LONGER_THAN_NULL = 5
_PLACED_DEPTH = 2
_DEEPEST = 50
_PROPERTY = re.compile(r"(?:[&*](?=\S)|!)(?<=[\s\[{,:].)")

Materialise = Callable[[int, int], Tree]
"""The tree of the container between two offsets, with all places."""


class UncommonTextError(Exception):
    """The file is not a common one."""


def is_common(text: str) -> bool:
    """Whether a text has no anchors, aliases, tags, directives or escapes; one character is sought faster than two."""
    if text[0] in "&*!%" or "\\" in text or ("%" in text and "\n%" in text) or ("?" in text and "? " in text):
        return False
    return not any(mark in text for mark in "&*!") or _PROPERTY.search(text) is None


def read(next_event: Callable[[], Any], base: int, materialise: Materialise) -> tuple[Tree, bool]:
    """The tree of a common text's events, and whether a null stands in it; raises UncommonTextError or a YAML error."""
    if next_event().__class__ is not StreamStartEvent or next_event().__class__ is not DocumentStartEvent:
        raise UncommonTextError
    event = next_event()
    if event.__class__ is not MappingStartEvent:
        raise UncommonTextError
    reader = _Reader(next_event, base, materialise)
    tree = reader.placed_map(event, 1)
    next_event()
    if next_event().__class__ is DocumentStartEvent:
        raise UncommonTextError
    return (tree, reader.has_nulls)


# docs/decisions/030
class _Reader:
    """Reads containers by recursion, on local names."""

    def __init__(self, next_event: Callable[[], Any], base: int, materialise: Materialise) -> None:
        self._next = next_event
        self._base = base
        self._materialise = materialise
        self._known: dict[str, str] = {}
        self.has_nulls = False

    def placed_map(self, start: Any, depth: int) -> Tree:
        """A map with the places of its keys and texts; deeper containers get theirs later."""
        data: dict[str, Any] = {}
        positions: list[Any] = [self._span(start)]
        while (event := self._next()).__class__ is ScalarEvent:
            key = event.value
            if key in data or (key in RESERVED and not event.style):
                raise UncommonTextError
            positions.append(self._span(event))
            data[key], places = self._placed(self._next(), depth)
            positions.append(places)
        if event.__class__ is not MappingEndEvent:
            raise UncommonTextError
        if start.flow_style:
            positions[0] = span_at(self._base, start.start_mark.index, _end(event))
        return Tree(data, positions)

    def _placed(self, event: Any, depth: int) -> tuple[Any, Any]:
        kind = event.__class__
        if kind is ScalarEvent:
            return (self._text(event), self._span(event))
        if kind is MappingStartEvent and depth < _PLACED_DEPTH:
            tree = self.placed_map(event, depth + 1)
            return (tree.data, tree.positions)
        data, end = self._container(event, depth)
        return (data, partial(self._materialise, event.start_mark.index, end.end_mark.index))

    def _map(self, depth: int) -> tuple[dict[str, Any], Any]:
        """A map and its last event; what most events are is asked first, and on local names."""
        next_event, known, scalar = self._next, self._known, ScalarEvent
        data: dict[str, Any] = {}
        if depth > _DEEPEST:
            raise UncommonTextError
        while type(event := next_event()) is scalar:
            key = known.get(event.value) or self._learned(event)
            if key in data:
                raise UncommonTextError
            event = next_event()
            if type(event) is scalar:
                value: Any = event.value
                if len(value) < _LONGER_THAN_NULL and value in NULLS and not event.style:
                    self.has_nulls, value = True, None
                data[key] = value
            elif type(event) is MappingStartEvent:
                data[key] = self._map(depth + 1)[0]
            else:
                data[key] = self._container(event, depth)[0]
        if type(event) is not MappingEndEvent:
            raise UncommonTextError
        return (data, event)

    def _learned(self, event: Any) -> str:
        """Remember a key that is not a reserved word, so that it is one text in all maps."""
        key: str = event.value
        if key in RESERVED and not event.style:
            raise UncommonTextError
        if key not in RESERVED:
            self._known[key] = key
        return key

    def _list(self, depth: int) -> tuple[list[Any], Any]:
        next_event = self._next
        data: list[Any] = []
        if depth > _DEEPEST:
            raise UncommonTextError
        while type(event := next_event()) is not SequenceEndEvent:
            if type(event) is MappingStartEvent:
                data.append(self._map(depth + 1)[0])
            elif type(event) is ScalarEvent:
                data.append(self._text(event))
            else:
                data.append(self._container(event, depth)[0])
        return (data, event)

    def _container(self, event: Any, depth: int) -> tuple[Any, Any]:
        """A map or a list and its last event."""
        if event.__class__ is MappingStartEvent:
            return self._map(depth + 1)
        if event.__class__ is SequenceStartEvent:
            return self._list(depth + 1)
        raise UncommonTextError

    def _text(self, event: Any) -> str | None:
        if event.value in NULLS and not event.style:
            self.has_nulls = True
            return None
        text: str = event.value
        return text

    def _span(self, event: Any) -> int:
        start: int = event.start_mark.index
        length = _end(event) - start if event.__class__ is ScalarEvent else 0
        return (self._base + start) << LENGTH_BITS | min(length, LONGEST_SPAN)


def _end(event: Any) -> int:
    end: int = event.end_mark.index
    return end
