"""Data with its places: a tree of plain values beside a tree of spans, looked up and overlaid together.

Places are worked out when they are asked for: most values never need theirs. Knows no YAML and no files.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import partial
from operator import indexOf
from typing import Any

Positions = Any
"""An int for a scalar; `[own, key, value, key, value…]` for a map in its order; `[own, value…]` for a list.

In the place of a container's list may stand a function that gives its tree.
"""

KeyPath = Sequence[str | int]


class Tree:
    """A value (text, None, dict, list) and the places of its pieces, or a function that gives the tree with them."""

    __slots__ = ("_positions", "data")

    def __init__(self, data: Any, positions: Positions) -> None:
        self.data = data
        self._positions = positions

    @property
    def positions(self) -> Positions:
        """The places of the pieces."""
        if callable(self._positions):
            self._positions = self._positions().positions
        return self._positions

    @property
    def recipe(self) -> Callable[[], Tree]:
        """What gives this tree again, and holds as little as possible meanwhile."""
        return self._positions if callable(self._positions) else partial(Tree, self.data, self._positions)

    @property
    def span(self) -> int:
        """The place of the value itself."""
        positions = self.positions
        own: int = positions if isinstance(positions, int) else positions[0]
        return own

    def items(self) -> list[tuple[str, int, Tree]]:
        """(key, place of the key, value) of a map."""
        places = self.positions
        return [
            (key, places[2 * index + 1], Tree(value, places[2 * index + 2]))
            for index, (key, value) in enumerate(self.data.items())
        ]

    def elements(self) -> list[Tree]:
        """The values of a list."""
        return [Tree(value, partial(self._element, index)) for index, value in enumerate(self.data)]

    def get(self, key: str) -> Tree | None:
        """The value under a key of a map, or None."""
        if not isinstance(self.data, dict) or key not in self.data:
            return None
        return Tree(self.data[key], partial(self._value, key))

    def key_span(self, key: str) -> int:
        """The place of a key of a map."""
        place: int = self.positions[2 * indexOf(self.data, key) + 1]
        return place

    def _value(self, key: str) -> Tree:
        return Tree(self.data[key], self.positions[2 * indexOf(self.data, key) + 2])

    def _element(self, index: int) -> Tree:
        return Tree(self.data[index], self.positions[index + 1])


def at(tree: Tree, path: KeyPath) -> Tree:
    """The piece at a path that is known to be there."""
    for step in path:
        piece = tree.elements()[step] if isinstance(step, int) else tree.get(step)
        if piece is None:
            raise KeyError(step)
        tree = piece
    return tree


def find(tree: Tree, path: KeyPath, *, key: bool = False) -> int:
    """The place of the piece at a path, or of the nearest one above it that is written; with `key` that of its key."""
    place = tree.span
    for step in path:
        if isinstance(step, int):
            if not isinstance(tree.data, list) or not 0 <= step < len(tree.data):
                return place
            tree = Tree(tree.data[step], tree.positions[step + 1])
            place = tree.span
        else:
            below = tree.get(step)
            if below is None:
                return place
            place = tree.key_span(step) if key or isinstance(below.data, dict | list) else below.span
            tree = below
    return place


Replaces = Callable[[dict[str, Any], dict[str, Any]], bool]


def overlay(below: Tree, above: Tree, replaces: Replaces) -> Tree:
    """Lay one map over another: maps merge deeply, anything else replaces; `replaces` may ask for that of two maps."""
    return Tree(_overlaid(below.data, above.data, replaces), partial(_overlay, below, above.recipe, replaces))


def _overlaid(below: dict[str, Any], above: dict[str, Any], replaces: Replaces) -> dict[str, Any]:
    data = dict(below)
    for key, value in above.items():
        under = data.get(key)
        if isinstance(value, dict) and isinstance(under, dict) and not replaces(under, value):
            data[key] = _overlaid(under, value, replaces)
        else:
            data[key] = value
    return data


def _overlay(below: Tree, recipe: Callable[[], Tree], replaces: Replaces) -> Tree:
    """As `overlay`, with the places."""
    above = recipe()
    data = dict(below.data)
    places = {key: (span, value.positions) for key, span, value in below.items()}
    for key, span, value in above.items():
        under = data.get(key)
        if isinstance(value.data, dict) and isinstance(under, dict) and not replaces(under, value.data):
            merged = _overlay(Tree(under, places[key][1]), value.recipe, replaces)
            data[key], places[key] = merged.data, (span, merged.positions)
        else:
            data[key], places[key] = value.data, (span, value.positions)
    return Tree(data, [above.span, *(place for key in data for place in places[key])])


def make_map(span: int, items: Iterable[tuple[str, int, Tree]]) -> Tree:
    """A map of entries, each with the place of its key; the map's own place is `span`."""
    entries = list(items)
    places = [place for _key, at, value in entries for place in (at, value.positions)]
    return Tree({key: value.data for key, _at, value in entries}, [span, *places])
