"""A text as it is written: every scalar, map and list with where it begins and ends, anchors and comments included.

What `Tree` leaves out for the sake of speed, for those who edit the text. Knows no schema.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from yaml.error import YAMLError

from reconciler.document.reading import readers
from reconciler.document.source import Edit

_COMMENT = re.compile(r"#[^\r\n]*")
_PROPERTIES = re.compile(r"(?:[&!][^\s,\[\]{}]*[ \t]+)*")


@dataclass(slots=True)
class Node:
    """A piece of a text from `start` to `end`, exclusive; its anchor and tag belong to it, blanks after it do not.

    `children` of a map are its keys and values in turn. An alias has the name of its anchor in `alias`. `style` is that
    of a scalar: `'`, `"`, `|`, `>`, or nothing for a plain one. Blank lines may belong to a text up to `reach`, and do
    where it `keeps_blanks`.
    """

    start: int
    end: int
    value: str | None = None
    style: str = ""
    anchor: str | None = None
    alias: str | None = None
    children: list[Node] | None = None
    is_map: bool = False
    is_flow: bool = False
    reach: int = 0
    keeps_blanks: bool = False

    @property
    def pairs(self) -> list[tuple[Node, Node]]:
        """The keys and values of a map."""
        children = self.children or []
        return list(zip(children[::2], children[1::2], strict=True))

    def leaves(self) -> Iterator[Node]:
        """What has no children, itself included, in the order of the text."""
        if self.children is None:
            yield self
        else:
            for child in self.children:
                yield from child.leaves()

    @property
    def double_quoted(self) -> str | None:
        """A text of one line in double quotes that stands in single ones and needs no escape in the others."""
        value = self.value or ""
        fits = self.style == "'" and value.isprintable() and not {'"', "\\"} & set(value)
        return f'"{value}"' if fits else None

    def content(self, text: str) -> int:
        """Where a scalar begins behind its anchor and tag."""
        found = _PROPERTIES.match(text, self.start, self.end)
        return found.end() if found else self.start


def read_layout(text: str) -> Node | None:
    """Read a text that is known to be one document; None where there is nothing in it."""
    return next(layouts(text), None)


def layouts(text: str) -> Iterator[Node | None]:
    """The same as one parser sees it, then the other; raises RefusedError where neither can read the text."""
    for events, kinds in readers(text):
        with suppress(YAMLError):
            yield _read(events, kinds, text)


def _read(events: Iterator[Any], kinds: Any, text: str) -> Node | None:
    children: list[Node] = []
    open_nodes = [Node(0, 0, children=children)]
    for event in events:
        kind = event.__class__
        if kind is kinds.ScalarEvent:
            children.append(_scalar(event, text))
        elif kind is kinds.MappingStartEvent or kind is kinds.SequenceStartEvent:
            below: list[Node] = []
            node = _opened(event, below, is_map=kind is kinds.MappingStartEvent)
            children.append(node)
            open_nodes.append(node)
            children = below
        elif kind is kinds.MappingEndEvent or kind is kinds.SequenceEndEvent:
            _close(open_nodes.pop(), event)
            children = open_nodes[-1].children if open_nodes[-1].children is not None else []
        elif kind is kinds.AliasEvent:
            children.append(Node(event.start_mark.index, event.end_mark.index, alias=event.anchor))
    return children[0] if children else None


def _scalar(event: Any, text: str) -> Node:
    start, end, style = event.start_mark.index, event.end_mark.index, event.style or ""
    node = Node(start, end, event.value, style, event.anchor, reach=end)
    if style in ("|", ">"):
        written = text[start:end]
        node.end = start + len(written.rstrip())
        node.keeps_blanks = "+" in written.partition("\n")[0]
    return node


def _opened(event: Any, children: list[Node], *, is_map: bool) -> Node:
    start, end = event.start_mark.index, event.end_mark.index
    return Node(start, end, anchor=event.anchor, children=children, is_map=is_map, is_flow=bool(event.flow_style))


def _close(node: Node, event: Any) -> None:
    if node.is_flow:
        node.end = event.end_mark.index
    elif node.children:
        node.end, node.keeps_blanks = node.children[-1].end, node.children[-1].keeps_blanks


def comments(text: str, root: Node | None) -> Iterator[str]:
    """The comments of a text, in their order."""
    done = 0
    for leaf in [*root.leaves()] if root is not None else []:
        if "#" in text[done : leaf.start]:
            yield from (found.group().rstrip() for found in _COMMENT.finditer(text, done, leaf.start))
        done = max(done, leaf.end)
    yield from (found.group().rstrip() for found in _COMMENT.finditer(text, done))


# -- lines ------------------------------------------------------------------------------------------------------------


class Lines:
    """Where the lines of a text begin; each reaches to where the next begins."""

    def __init__(self, text: str) -> None:
        self.text = text
        self._starts = [0, *(found.end() for found in re.finditer("\n", text))]
        if self._starts[-1] == len(text):
            self._starts.pop()

    def __len__(self) -> int:
        return len(self._starts)

    def start(self, number: int) -> int:
        """Where a line begins; behind the last one, where the text ends."""
        return self._starts[number] if number < len(self._starts) else len(self.text)

    def at(self, offset: int) -> int:
        """The number of the line of an offset."""
        return bisect_right(self._starts, offset) - 1

    def __getitem__(self, number: int) -> str:
        return self.text[self.start(number) : self.start(number + 1)]

    def is_blank(self, number: int) -> bool:
        """Whether nothing stands in a line."""
        return not self[number].strip()

    def is_comment(self, number: int) -> bool:
        """Whether a line that belongs to no text is a comment."""
        return self[number].lstrip(" \t").startswith("#")

    def indent(self, number: int) -> int:
        """How far what stands in a line is from its beginning."""
        line = self[number]
        return len(line) - len(line.lstrip(" \t"))


# -- moves ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Move:
    """The pieces that stand from `start` to `end`, exclusive, in another order; a text among them is new."""

    start: int
    end: int
    pieces: tuple[tuple[int, int] | str, ...]


Changes = Sequence[Edit | Move]


def rewrite(text: str, changes: Iterable[Edit | Move]) -> str:
    """The text with all changes, of which one may lie inside the piece of another, and none overlaps another."""
    ordered = sorted(changes, key=lambda change: (change.start, -change.end))
    return _rewritten(text, ordered, [change.start for change in ordered], (0, len(text)), 0)


def _rewritten(text: str, changes: Changes, starts: list[int], piece: tuple[int, int], first: int) -> str:
    """One piece of the text; the changes inside it are looked for from the first of these on."""
    done, end = piece
    written: list[str] = []
    at = max(bisect_left(starts, done), first)
    while at < len(changes) and changes[at].end <= end:
        change = changes[at]
        if change.start >= done:
            written.append(text[done : change.start])
            written.append(
                change.text if isinstance(change, Edit) else "".join(_moved(text, changes, starts, change, at + 1))
            )
            done = change.end
        at += 1
    return "".join([*written, text[done:end]])


def _moved(text: str, changes: Changes, starts: list[int], move: Move, first: int) -> Iterator[str]:
    for piece in move.pieces:
        yield piece if isinstance(piece, str) else _rewritten(text, changes, starts, piece, first)
