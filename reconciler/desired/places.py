"""Where the fields of a value stand in the files, worked out only when asked for.

Knows how fields are named in values and in files; knows no values.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from reconciler.diagnostics import Location
from reconciler.document import Sources, Tree, find
from reconciler.model import Kind


class Places(Mapping[str, Location]):
    """The places of an entry's fields, worked out when asked for.

    A field that is not written has the place of the nearest part around it that is.
    """

    __slots__ = ("_kind", "_recipe", "_sources", "_whole")

    def __init__(self, sources: Sources, recipe: Callable[[], Tree], kind: Kind, whole: int) -> None:
        self._sources = sources
        self._recipe = recipe
        self._kind = kind
        self._whole = whole

    def __getitem__(self, path: str) -> Location:
        return self._sources.location(find(self._recipe(), (self._kind.value, *_steps(path))) if path else self._whole)

    def __iter__(self) -> Iterator[str]:
        yield ""
        yield from _paths(self._block())

    def __len__(self) -> int:
        return 1 + sum(1 for _ in _paths(self._block()))

    def _block(self) -> Tree:
        block = self._recipe().get(self._kind.value)
        return block if block is not None else Tree({}, [self._whole])


class Lines(Mapping[str, Location]):
    """The line of each declared number, worked out when asked for. `spans` are where the numbers' keys stand."""

    __slots__ = ("_sources", "_spans")

    def __init__(self, sources: Sources, spans: Mapping[str, int]) -> None:
        self._sources = sources
        self._spans = spans

    def __getitem__(self, number: str) -> Location:
        return self._sources.location(self._spans[number])

    def __iter__(self) -> Iterator[str]:
        return iter(self._spans)

    def __len__(self) -> int:
        return len(self._spans)

    def __contains__(self, number: object) -> bool:
        return number in self._spans


_WRITTEN_AS = {"periods": "schedule", "parked": ""}


def _steps(path: str) -> list[str | int]:
    """`targets[0].timeout` as steps; a derived field stands where it comes from."""
    steps: list[str | int] = []
    for piece in path.split("."):
        name, _, index = piece.partition("[")
        name = _WRITTEN_AS.get(name, name)
        if name:
            steps.append(name)
        if index.rstrip("]").isdigit():
            steps.append(int(index.rstrip("]")))
    return steps


def _paths(tree: Tree, before: str = "") -> Iterator[str]:
    if not isinstance(tree.data, dict):
        return
    for key, _, value in tree.items():
        path = f"{before}{key}"
        yield path
        if isinstance(value.data, list):
            for index, element in enumerate(value.elements()):
                yield f"{path}[{index}]"
                yield from _paths(element, f"{path}[{index}].")
