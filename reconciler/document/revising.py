"""New data into the text of a file: only what differs is written, all else stays to the byte, comments and order too.

Works on the text's own tree of keys, values and aliases, with their offsets; what comes of it is read again and must
be the data that was asked for. Knows no schema.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import groupby
from operator import itemgetter
from typing import Any, Final, NamedTuple

from reconciler.document.layout import Node, layouts, read_layout
from reconciler.document.reading import RefusedError, parse
from reconciler.document.source import Edit, Sources, apply_edits
from reconciler.document.tree import KeyPath
from reconciler.document.writing import block_lines, flow_text, scalar_text

Data = Any
Notes = Mapping[tuple[str, ...], Sequence[str]]
"""Lines of comment to stand below what is added at a path."""

_STEP: Final = "  "
_ENTRIES: Final = 2  # how deep entries are: below their sections
_BARE: Final = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_./+-]*(?::[0-9][A-Za-z0-9_./+:-]*)?")


class RevisionError(ValueError):
    """A text that cannot be edited into the data that was asked for, as with anchors that others share."""


@dataclass(slots=True)
class Piece:
    """A piece of a text from `start` to `end`; a block begins at its first key or dash, and ends with its last value.

    `children` are the values of a map with their keys, or of a list with none. An alias has the name of its anchor as
    its text. `is_shared`: it, or a part of it, has an anchor, or is an alias of one.
    """

    kind: str
    start: int
    end: int
    text: str = ""
    is_flow: bool = False
    anchor: str | None = None
    is_shared: bool = False
    children: list[Child] = field(default_factory=list)

    def find(self, key: str) -> Child | None:
        """The child under a key that is written here."""
        return next((each for each in self.children if each.key is not None and each.key.text == key), None)


class Child(NamedTuple):
    """A value and its key."""

    key: Piece | None
    value: Piece


def pieces(text: str) -> Piece:
    """The tree of a text's pieces; raises RevisionError where it has none."""
    root = read_layout(text)
    if root is None:
        raise RevisionError("there is nothing in this text")
    return _piece(text, root)


def _piece(text: str, node: Node) -> Piece:
    if node.alias is not None:
        return Piece("alias", node.start, node.end, node.alias, is_shared=True)
    if node.children is None:
        end, is_shared = node.reach or node.end, node.anchor is not None
        return Piece("scalar", node.start, end, node.value or "", anchor=node.anchor, is_shared=is_shared)
    parts = [_piece(text, each) for each in node.children]
    start = node.start
    if node.anchor is not None:
        start = node.content(text) if node.is_flow or not parts else parts[0].start
    return Piece(
        "map" if node.is_map else "list",
        start,
        node.end if node.is_flow or not parts else parts[-1].end,
        is_flow=node.is_flow,
        anchor=node.anchor,
        is_shared=node.anchor is not None or any(each.is_shared for each in parts),
        children=_children(parts, is_map=node.is_map),
    )


def _children(parts: list[Piece], *, is_map: bool) -> list[Child]:
    if not is_map:
        return [Child(None, each) for each in parts]
    return [Child(*each) for each in zip(parts[::2], parts[1::2], strict=True)]


# docs/decisions/152
def revise(text: str, old: Data, new: Data, notes: Notes | None = None) -> str:
    """The text with the edits that make its data `new` of `old`; raises RevisionError."""
    with suppress(RefusedError):
        for root in filter(None, layouts(text)):
            whole = _piece(text, root)
            apart = _unshared(text, whole, old, new)
            for given in dict.fromkeys((text, apart)):
                with suppress(ValueError):
                    tree = whole if given is text else pieces(given)
                    revised = _Revision(given, tree, notes or {}).revised(old, new)
                    if not _differ(_read(revised), new):
                        return revised
    raise RevisionError("this text cannot be edited into what is asked for")


def _unshared(text: str, root: Piece, old: Data, new: Data) -> str:
    """The text with the aliases written out whose anchors are in an entry that changes: they mean what they meant."""
    anchors: dict[str, tuple[Data, bool]] = {}
    edits: list[Edit] = []

    def walk(piece: Piece, was: Data, now: Data, depth: int, *, changes: bool) -> None:
        changes = changes or (depth == _ENTRIES and _differ(was, now))
        if piece.anchor is not None:
            anchors[piece.anchor] = was, changes
        if piece.kind == "alias":
            meant, is_changed = anchors.get(piece.text, (None, False))
            edits.extend([Edit(piece.start, piece.end, flow_text(meant))] if is_changed else [])
        for at, child in enumerate(piece.children):
            step = at if child.key is None else child.key.text
            walk(child.value, _under(was, step), _under(now, step), depth + 1, changes=changes)

    if root.is_shared:
        walk(root, old, new, 0, changes=False)
    return apply_edits(text, edits)


def _under(data: Data, step: str | int) -> Data:
    """The piece of data at a step, None where there is none."""
    if isinstance(step, int):
        return data[step] if isinstance(data, list) and step < len(data) else None
    return data.get(step) if isinstance(data, dict) else None


def _read(text: str) -> Data:
    """The data of a text; nothing where it has none."""
    sources = Sources()
    document = parse(sources, sources.add("revised", text), text)
    is_fit = document.tree is not None and not any(each.is_error for each in document.problems)
    return document.tree.data if is_fit and document.tree is not None else None


def _differ(one: Data, other: Data) -> bool:
    """Whether two pieces of data say different things; a key without a value says nothing."""
    if isinstance(one, dict) and isinstance(other, dict):
        return any(_differ(one.get(key), other.get(key)) for key in one.keys() | other.keys())
    if isinstance(one, list) and isinstance(other, list):
        return len(one) != len(other) or any(map(_differ, one, other))
    return bool(one != other)


def _kind(data: Data) -> str:
    """Which kind of node data are that have pieces; empty for others."""
    return "map" if isinstance(data, dict) else "list" if isinstance(data, list) else ""


def _is_short(data: Data) -> bool:
    """Whether data take no lines of their own: a value, nothing, or a list of values."""
    return not data or not _kind(data) or (isinstance(data, list) and not any(map(_kind, data)))


def _has_common(node: Piece, new: Data) -> bool:
    """Whether a container has a piece that stays, so that others can be written around it."""
    if node.kind == "map":
        return any(each.key is not None and each.key.text in new for each in node.children)
    return bool(node.children and new)


class _Revision:
    """The edits of one text."""

    def __init__(self, text: str, root: Piece, notes: Notes) -> None:
        self._text = text
        self._root = root
        self._notes = notes
        self._above = {path[:size] for path in notes for size in range(len(path))}
        self._newline = "\r\n" if "\r\n" in text else "\n"
        self._edits: list[Edit] = []
        self._added: dict[int, list[tuple[int, str]]] = {}

    def revised(self, old: Data, new: Data) -> str:
        self._value(self._root, old, new, (), within_flow=False)
        # What stands deeper belongs to what is above it, and comes first.
        ordered = {at: sorted(pieces, key=itemgetter(0), reverse=True) for at, pieces in self._added.items()}
        added = [Edit(at, at, "".join(text for _, text in pieces)) for at, pieces in ordered.items()]
        return apply_edits(self._text, [*self._edits, *added])

    def _value(self, node: Piece, old: Data, new: Data, path: KeyPath, *, within_flow: bool) -> bool:
        """Change what differs inside a value; False where it must be replaced whole."""
        if not _differ(old, new):
            return True
        if node.kind == _kind(old) == _kind(new) and _has_common(node, new):
            if node.kind == "map":
                self._map(node, old, new, path)
            else:
                self._list(node, old, new, path)
            return True
        fits_line = within_flow or _is_short(new) or bool(node.is_flow and node.children)
        if not fits_line or (node.kind in ("map", "list") and not node.is_flow):
            return False
        self._inline(node, new, within_flow=within_flow or node.is_flow)
        return True

    def _inline(self, node: Piece, new: Data, *, within_flow: bool) -> None:
        """Write a value that fits its line in the place of another."""
        raw = self._text[node.start : node.end]
        written = flow_text(new) if within_flow or _kind(new) else scalar_text(new)
        if isinstance(new, str) and node.kind == "scalar" and raw:
            written = _styled_like(raw, new, written)
        ending = self._newline if raw[:1] in ("|", ">") and raw.endswith("\n") and node.kind == "scalar" else ""
        self._edits.append(Edit(node.start, node.end, written + ending if raw else f" {written}"))

    # -- maps ---------------------------------------------------------------------------------------------------------

    def _map(self, node: Piece, old: dict[str, Data], new: dict[str, Data], path: KeyPath) -> None:
        gone = [
            at
            for at, child in enumerate(node.children)
            if child.key is not None and child.key.text not in new and child.key.text in old
        ]
        self._remove(node, gone)
        last = next(child for at, child in reversed(list(enumerate(node.children))) if at not in gone)
        for key, value in new.items():
            child = node.find(key)
            if child is None:
                if key not in old or _differ(old[key], value):
                    self._add(node, last, key, value, path)
            else:
                last = child
                self._under(child, old.get(key), value, path, within_flow=node.is_flow)

    def _under(self, child: Child, old: Data, new: Data, path: KeyPath, *, within_flow: bool) -> None:
        """Change the value under a key of a map."""
        key = child.key.text if child.key is not None else ""
        if not self._value(child.value, old, new, (*path, key), within_flow=within_flow):
            self._replace(child, new, path)

    def _add(self, node: Piece, after: Child, key: str, value: Data, path: KeyPath) -> None:
        if node.is_flow:
            pad = "" if after.value.end > after.value.start else " "
            self._insert(after.value.end, f"{pad}, {flow_text({key: value})[1:-1]}")
            return
        lines = self._lines(key, value, (*map(str, path), key))
        if not path and self._text[after.value.start : after.value.start + 1] not in ("|", ">"):
            lines = ["", *lines]  # which would belong to a text that keeps its last lines
        column = self._column(node.start)
        self._insert_lines(self._behind(after.value, column), lines, column)

    def _lines(self, key: str, value: Data, path: tuple[str, ...]) -> list[str]:
        """A key and its value as lines, with the notes that belong to it."""
        if path in self._above and isinstance(value, dict) and value:
            return [block_lines({key: {}})[0].removesuffix(" {}"), *self._noted(value, path)]
        return [*block_lines({key: value}), *(f"{_STEP}# {each}" for each in self._notes.get(path, ()))]

    def _noted(self, value: dict[str, Data], path: tuple[str, ...]) -> Iterator[str]:
        for key, below in value.items():
            yield from (f"{_STEP}{each}" for each in self._lines(key, below, (*path, key)))

    def _remove(self, node: Piece, gone: Sequence[int]) -> None:
        """Take out pieces of a container, of which others stay."""
        runs = groupby(enumerate(gone), key=lambda pair: pair[1] - pair[0])
        for run in (tuple(at for _, at in each) for _, each in runs):
            if node.is_flow:
                self._edits.append(self._cut_from_flow(node, run[0], run[-1]))
            else:
                self._edits.append(self._cut_from_block(node, run[0], run[-1]))

    def _cut_from_flow(self, node: Piece, first: int, last: int) -> Edit:
        if last + 1 < len(node.children):
            return Edit(self._start(node, first), self._start(node, last + 1), "")
        before = node.children[first - 1].value.end if first else node.start + 1
        return Edit(before, node.children[last].value.end, "")

    def _cut_from_block(self, node: Piece, first: int, last: int) -> Edit:
        start = self._start(node, first)
        if self._is_first_of_line(start):
            return Edit(self._line_start(start), self._below(node.children[last].value), "")
        if last + 1 < len(node.children):
            return Edit(start, self._start(node, last + 1), "")
        raise RevisionError("what shares a line with its container cannot be removed here")

    def _start(self, node: Piece, at: int) -> int:
        """Where a piece begins: its key, its dash, or in brackets its value."""
        child = node.children[at]
        if child.key is not None:
            return child.key.start
        return child.value.start if node.is_flow else self._dash(node, at)

    def _replace(self, child: Child, value: Data, path: KeyPath) -> None:
        """Write another value under a key of a block, where one of the two takes lines of its own."""
        if child.key is None:
            raise RevisionError("what has no key is not under one")
        old = child.value
        colon = self._text.index(":", child.key.end) + 1
        if old.kind in ("map", "list") and not old.is_flow:
            self._edits.append(Edit(self._line_start(old.start), self._below(old), ""))
        elif old.end > colon:
            is_block = self._text[old.end - 1] == "\n"
            self._edits.append(Edit(colon, old.end, self._newline if is_block else ""))
        if not _is_short(value):
            lines = [
                line.removeprefix(_STEP)
                for line in self._lines(child.key.text, value, (*map(str, path), child.key.text))[1:]
            ]
            self._insert_lines(self._below(old), lines, self._column(child.key.start) + len(_STEP))
        else:
            mark = f"&{old.anchor}" if old.anchor is not None and old.children else ""
            after = self._text.index(mark, colon) + len(mark) if mark else colon
            self._insert(after, f" {flow_text(value) if _kind(value) else scalar_text(value)}")

    # -- lists --------------------------------------------------------------------------------------------------------

    def _list(self, node: Piece, old: list[Data], new: list[Data], path: KeyPath) -> None:
        start, kept = 0, min(len(old), len(new))
        while start < kept and not _differ(old[start], new[start]):
            start += 1
        end = 0
        while end < kept - start and not _differ(old[-1 - end], new[-1 - end]):
            end += 1
        was, now = range(start, len(old) - end), range(start, len(new) - end)
        for one, other in zip(was, now, strict=False):
            self._element(node, node.children[one].value, old[one], new[other], (*path, one))
        self._remove(node, was[len(now) :])
        self._add_elements(node, start + len(was), [new[at] for at in now[len(was) :]])

    def _element(self, node: Piece, child: Piece, old: Data, new: Data, path: KeyPath) -> None:
        if self._value(child, old, new, path, within_flow=node.is_flow):
            return
        lines = self._element_lines(new)
        indent = " " * self._column(child.start)
        written = f"{self._newline}{indent}".join([lines[0][2:], *(line[2:] for line in lines[1:])])
        self._edits.append(Edit(child.start, child.end, written))

    def _add_elements(self, node: Piece, at: int, values: Iterable[Data]) -> None:
        for value in values:
            if node.is_flow:
                self._add_to_flow(node, at, value)
                continue
            column = self._column(self._dash(node, 0))
            place = self._behind(node.children[at - 1].value, column) if at else self._line_start(self._dash(node, 0))
            self._insert_lines(place, self._element_lines(value), column)

    def _add_to_flow(self, node: Piece, at: int, value: Data) -> None:
        if at:
            self._insert(node.children[at - 1].value.end, f", {flow_text(value)}")
        else:
            self._insert(node.start + 1, f"{flow_text(value)}, ")

    def _element_lines(self, value: Data) -> list[str]:
        """A value as an element of a list: a dash before its first line."""
        return [line.removeprefix(_STEP) for line in block_lines({"k": [value, {}]})[1:-1]]

    def _dash(self, node: Piece, at: int) -> int:
        """Where the dash before an element stands."""
        if not at:
            return self._first_dash(node)
        column = self._column(self._first_dash(node))
        before, start = node.children[at - 1].value.end, node.children[at].value.start
        for found in re.finditer(rf"^ {{{column}}}-(?=\s)", self._text[: start + 1], re.MULTILINE):
            if found.end() > before:
                return found.end() - 1
        raise RevisionError("a dash cannot be found")

    def _first_dash(self, node: Piece) -> int:
        if self._text[node.start] == "-" and node.start < node.children[0].value.start:
            return node.start
        return self._text.rindex("-", 0, node.children[0].value.start)

    # -- places -------------------------------------------------------------------------------------------------------

    def _line_start(self, offset: int) -> int:
        return self._text.rfind("\n", 0, offset) + 1

    def _column(self, offset: int) -> int:
        return offset - self._line_start(offset)

    def _is_first_of_line(self, offset: int) -> bool:
        return not self._text[self._line_start(offset) : offset].strip(" ")

    def _below(self, node: Piece) -> int:
        """Where the line after a value begins, which is the end of the text where there is none."""
        if node.end and self._text[node.end - 1] == "\n":
            return node.end
        found = self._text.find("\n", node.end)
        return len(self._text) if found < 0 else found + 1

    def _behind(self, node: Piece, column: int) -> int:
        """The same behind the comments that belong to the value, as they are indented below a column."""
        found = re.compile(rf"(?: {{{column + 1},}}#[^\n]*(?:\n|\Z))*").match(self._text, self._below(node))
        return found.end() if found is not None else self._below(node)

    def _insert(self, offset: int, text: str, column: int = 0) -> None:
        self._added.setdefault(offset, []).append((column, text))

    def _insert_lines(self, offset: int, lines: Iterable[str], column: int) -> None:
        indent = " " * column
        written = [f"{indent}{line}" if line else "" for line in lines]
        if offset == len(self._text) and not self._text.endswith("\n"):
            self._insert(offset, "".join(self._newline + line for line in written), column)
        else:
            self._insert(offset, "".join(line + self._newline for line in written), column)


def _styled_like(raw: str, new: str, written: str) -> str:
    """A value in the quotes that the one before it had, where it can be."""
    if raw[0] == "'" and new.isprintable() and "'" not in new:
        return f"'{new}'"
    if raw[0] not in "\"'|>&!*" and _BARE.fullmatch(new) and new not in ("null", "Null", "NULL"):
        return new
    return written
