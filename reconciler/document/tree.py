"""Data with its places: a tree of plain values beside a tree of spans, looked up, overlaid and pruned together.

Knows no YAML and no files: a span is an opaque integer here.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

Positions = Any
"""An int for a scalar; `[own, key, value, key, value…]` for a map in its order; `[own, value…]` for a list."""

Path = Sequence[str | int]


class Tree(NamedTuple):
    """A value (text, None, dict, list) and the places of its pieces."""

    data: Any
    positions: Positions

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
        return [Tree(value, place) for value, place in zip(self.data, self.positions[1:], strict=True)]

    def get(self, key: str) -> Tree | None:
        """The value under a key of a map, or None."""
        if not isinstance(self.data, dict) or key not in self.data:
            return None
        return Tree(self.data[key], self.positions[2 * list(self.data).index(key) + 2])

    def key_span(self, key: str) -> int:
        """The place of a key of a map."""
        place: int = self.positions[2 * list(self.data).index(key) + 1]
        return place


def find(tree: Tree, path: Path, *, key: bool = False) -> int:
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


def overlay(below: Tree, above: Tree, *, replaces: Callable[[Any, Any], bool] = lambda _below, _above: False) -> Tree:
    """Lay one map over another: maps merge deeply, anything else replaces; `replaces` may ask for that of two maps."""
    data = dict(below.data)
    places = dict(zip(below.data, _pairs(below.positions), strict=True))
    for key, key_span, value in above.items():
        under = data.get(key)
        if isinstance(value.data, dict) and isinstance(under, dict) and not replaces(under, value.data):
            value = overlay(Tree(under, places[key][1]), value, replaces=replaces)  # noqa: PLW2901 - the merged value
        data[key] = value.data
        places[key] = (key_span, value.positions)
    return Tree(data, [above.span, *(place for key in data for place in places[key])])


def without_nulls(tree: Tree) -> Tree:
    """Remove the keys of maps whose value is null, at any depth."""
    if isinstance(tree.data, list):
        kept = [without_nulls(element) for element in tree.elements()]
        return Tree([element.data for element in kept], [tree.span, *(element.positions for element in kept)])
    if not isinstance(tree.data, dict):
        return tree
    data, positions = {}, [tree.span]
    for key, key_span, value in tree.items():
        if value.data is not None:
            data[key], places = without_nulls(value)
            positions += [key_span, places]
    return Tree(data, positions)


def _pairs(positions: list[Any]) -> list[tuple[int, Positions]]:
    return list(zip(positions[1::2], positions[2::2], strict=True))
