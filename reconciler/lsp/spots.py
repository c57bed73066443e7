"""What stands at a place of a file: which text, under which keys, and what kind of name it is.

Two ways: by the content of a file that can be read, and by the line alone while it is being typed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from reconciler.document import Sources, Tree
from reconciler.document.source import LONGEST_SPAN

KeyPath = tuple[str | int, ...]

_LISTS = ("except", "any", "all")
_SECTIONS = {
    "schedule": "schedules",
    "change_window": "schedules",
    "during": "schedules",
    "not": "schedules",
    **dict.fromkeys(_LISTS, "schedules"),
    "use": "profiles",
    "account": "accounts",
    "to": "contacts",
    "rings": "contacts",
    "scenario": "scenarios",
}
_MANY = (*_LISTS, "use", "rings")
_DECLARING = frozenset(_SECTIONS.values())


class Spot(NamedTuple):
    """A text in a file; `path` leads to it, or to what it is the key of."""

    path: KeyPath
    text: str
    span: int
    is_key: bool

    @property
    def section(self) -> str | None:
        """The section in which this text is a name, declared here or used."""
        path = self.path[2:] if self.path[:1] == ("scenarios",) else self.path
        if self.is_key:
            return str(path[0]) if len(path) == 2 and path[0] in _DECLARING else None
        keys = [step for step in path if isinstance(step, str)]
        listed = bool(path) and isinstance(path[-1], int)
        key = keys[-1] if keys else ""
        return None if listed and key not in _MANY else _SECTIONS.get(key)

    @property
    def is_period(self) -> bool:
        """Whether this is the text of a period."""
        return not self.is_key and self.path[-1:] == ("period",)


def spot_at(sources: Sources, tree: Tree, name: str, offset: int) -> Spot | None:
    """The text at an offset of a file: each step goes into the last piece that begins before it."""
    path: KeyPath = ()
    while True:
        pieces = [(step, at, value) for step, at, value in _pieces(tree) if sources.name_of(at) == name]
        before = [piece for piece in pieces if sources.offset_of(piece[1]) <= offset]
        if not before:
            return None
        step, at, value = max(before, key=lambda piece: sources.offset_of(piece[1]))
        path = (*path, step)
        if isinstance(step, str) and _covers(sources, at, offset):
            return Spot(path, step, at, is_key=True)
        if isinstance(value.data, str):
            covered = sources.name_of(value.span) == name and _covers(sources, value.span, offset)
            return Spot(path, value.data, value.span, is_key=False) if covered else None
        tree = value


def _pieces(tree: Tree) -> Iterator[tuple[str | int, int, Tree]]:
    """The pieces of a map or list, each with where it begins."""
    if isinstance(tree.data, dict):
        yield from tree.items()
    elif isinstance(tree.data, list):
        yield from ((index, element.span, element) for index, element in enumerate(tree.elements()))


def _covers(sources: Sources, span: int, offset: int) -> bool:
    start = sources.offset_of(span)
    return start <= offset <= start + (span & LONGEST_SPAN)


# -- by the line ------------------------------------------------------------------------------------------------------

_VALUE = re.compile(r"""(?:^|[\s{,-])["']?([\w-]+)["']?:[ \t]+(\[[^\]]*|[^\s"'\[{,#][^,{}\[\]#]*|["'][^"']*|)$""")
_ELEMENT = re.compile(r"""^(\s*)-[ \t]+["']?([^\s"'\[{:#][^:{}\[\]#]*|)$""")
_HEAD = re.compile(r"""^(\s*)(?:-[ \t]+)*["']?([\w-]+)["']?:[ \t]*(?:#.*)?$""")
_COMMENT = re.compile(r"(?:^|\s)#")
_MOST_LINES = 200


class Typed(NamedTuple):
    """The word that is being typed, up to the cursor, and the section whose names are due there."""

    section: str
    word: str


def typed(lines: Sequence[str], row: int, before: str) -> Typed | None:
    """What is being typed in a row, whose text stands before the cursor."""
    if _COMMENT.search(before) is not None:
        return None
    match = _VALUE.search(before)
    if match is not None:
        section, written = _SECTIONS.get(match.group(1)), match.group(2)
        if section is None or (written.startswith("[") and match.group(1) not in _MANY):
            return None
        word = re.split(r"[\[,]\s*", written)[-1] if written.startswith("[") else written
        return Typed(section, word.lstrip("\"'"))
    element = _ELEMENT.match(before)
    key = _key_above(lines, row, len(element.group(1))) if element is not None else None
    if element is None or key not in _MANY:
        return None
    return Typed(_SECTIONS[key], element.group(2))


def _key_above(lines: Sequence[str], row: int, indent: int) -> str | None:
    """The key whose list a row with a hyphen belongs to."""
    for line in reversed(lines[max(0, row - _MOST_LINES) : row]):
        head = _HEAD.match(line)
        if head is not None and len(head.group(1)) <= indent:
            return head.group(2)
        if line.strip() and not line.lstrip().startswith(("-", "#")) and len(line) - len(line.lstrip()) <= indent:
            return None
    return None
