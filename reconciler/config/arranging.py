"""The keys of a map in the order of its model, as a move of the text: each key with the comments that belong to it.

A comment belongs to the line it stands on; above a key, or indented below it, to that key. Nothing moves past a comment
between blank lines. A map whose text cannot be moved in whole lines, or between commas, stays as it is.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

from reconciler.document.layout import Lines, Move, Node

_COMMA = re.compile(r"\s*,\s*")
_DASHES = re.compile(r" *(?:- +)+")
_ODD_BREAKS = re.compile("\r(?!\n)|[\x85\u2028\u2029]")
_ELEMENT = re.compile(r"#\s*- ")
_FIRST = ("<<", "version")
_OWN_PREFIX = "x-"


# docs/decisions/156
class Arranger:
    """Puts maps of one text in order."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._is_odd = _ODD_BREAKS.search(text) is not None
        self._has_aliases = "*" in text

    @cached_property
    def _lines(self) -> Lines:
        return Lines(self._text)

    def move(self, node: Node, order: Sequence[str]) -> Move | None:
        """What brings the keys of a map in order; None where they are, or have to stay as they are."""
        pairs = node.pairs
        ranks = [_rank(key, order) for key, _ in pairs]
        known = [rank for rank in ranks if rank is not None]
        if len(known) < len(ranks) or known == sorted(known) or self._is_odd:
            return None
        if node.is_flow:
            wanted = sorted(range(len(pairs)), key=known.__getitem__)
            return self._in_braces(node, pairs, wanted) if self._is_free(pairs, wanted) else None
        rows = _rows(self._lines, pairs)
        if rows is None:
            return None
        wanted = _arranged(rows, known)
        return _in_lines(self._lines, rows, wanted) if self._is_free(pairs, wanted) else None

    def _is_free(self, pairs: Sequence[tuple[Node, Node]], wanted: Sequence[int]) -> bool:
        """Whether something moves, and every alias still follows the anchor that it followed."""
        if not self._has_aliases:
            return wanted != sorted(wanted)
        named = [_names(pair) for pair in pairs]
        swapped = [(early, late) for at, late in enumerate(wanted) for early in wanted[at + 1 :] if early < late]
        return bool(swapped) and not any(_depend(named[early], named[late]) for early, late in swapped)

    def _in_braces(self, node: Node, pairs: Sequence[tuple[Node, Node]], wanted: Sequence[int]) -> Move | None:
        places = [(key.start, max(key.end, value.end)) for key, value in pairs]
        between = [(one[1], other[0]) for one, other in pairwise(places)]
        opening = self._text[node.content(self._text) + 1 : places[0][0]]
        if opening.strip() or not all(_COMMA.fullmatch(self._text, *piece) for piece in between):
            return None
        pieces = [piece for at, one in enumerate(wanted) for piece in (places[one], *between[at : at + 1])]
        return Move(places[0][0], places[-1][1], tuple(pieces))


def _rank(key: Node, order: Sequence[str]) -> int | None:
    """Where a key belongs; what merges and what is the user's own come first, so that their anchors do."""
    if key.value is None:
        return None
    if key.value in _FIRST and not key.style:
        return _FIRST.index(key.value) - len(_FIRST) - 1
    if key.value.startswith(_OWN_PREFIX):
        return -1
    return order.index(key.value) if key.value in order else None


def _names(pair: tuple[Node, Node]) -> tuple[set[str], set[str]]:
    """The anchors of a key and its value, and the aliases in them."""
    nodes = [*pair]
    for node in nodes:
        nodes += node.children or []
    return {node.anchor for node in nodes if node.anchor}, {node.alias for node in nodes if node.alias}


def _depend(early: tuple[set[str], set[str]], late: tuple[set[str], set[str]]) -> bool:
    return bool(early[0] & (late[0] | late[1]) or early[1] & late[0])


# -- lines ------------------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class _Row:
    """The lines of a key: its comments from `lead`, itself from `first`, what is indented below it, up to `end`.

    `is_fenced`: nothing moves past what follows.
    """

    offset: int
    lead: int
    first: int
    end: int = 0
    is_fenced: bool = False


def _rows(lines: Lines, pairs: Sequence[tuple[Node, Node]]) -> list[_Row] | None:
    """The lines of each key of a block; None where they are not whole lines of their own."""
    rows: list[_Row] = []
    column = pairs[0][0].start - lines.start(lines.at(pairs[0][0].start))
    for key, value in pairs:
        first = lines.at(key.start)
        head = lines.text[lines.start(first) : key.start]
        if head != " " * column and (rows or not _DASHES.fullmatch(head)):
            return None
        if rows and not _close(lines, rows[-1], first, column):
            return None
        lead = _above(lines, first) if not rows else max(rows[-1].end, _lead(lines, first))
        rows.append(_Row(key.start, lead if head == " " * column else first, first))
        rows[-1].end = lines.at(max(key.start, value.end - 1)) + 1
        rows[-1].is_fenced = _is_ambiguous(lines, rows[-1].end, value, column)
        if value.keeps_blanks:
            return None
    _close(lines, rows[-1], _stop(lines, rows[-1].end), column)
    return rows if lines[rows[-1].end - 1].endswith("\n") else None


def _close(lines: Lines, row: _Row, stop: int, column: int) -> bool:
    """Give a key the comments that are indented below it, and see what else is there before the next; False if text."""
    gap = range(row.end, stop)
    if stop < row.end or not all(lines.is_blank(at) or lines.is_comment(at) for at in gap):
        return False
    for at in gap:
        if lines.is_comment(at):
            if lines.indent(at) <= column:
                break
            row.end = at + 1
    row.is_fenced |= any(lines.is_comment(at) for at in range(row.end, _lead(lines, stop)))
    return True


def _lead(lines: Lines, first: int) -> int:
    """The first of the comments directly above a line."""
    while first and lines.is_comment(first - 1):
        first -= 1
    return first


def _above(lines: Lines, first: int) -> int:
    """The same for the first key of a map; what stands at the top of the file is the file's."""
    top = first
    while top and not lines.is_blank(top - 1) and not lines[top - 1].startswith((" ", "\t")):
        top -= 1
    is_head = all(lines.is_comment(at) or lines[at].startswith(("%", "---")) for at in range(top, first))
    return first if not top and is_head else _lead(lines, first)


def _stop(lines: Lines, first: int) -> int:
    while first < len(lines) and (lines.is_blank(first) or lines.is_comment(first)):
        first += 1
    return first


def _is_ambiguous(lines: Lines, after: int, value: Node, column: int) -> bool:
    """Whether a comment behind a list, at the list's own column, may be an element of it."""
    is_list = bool(value.children) and not value.is_map and not value.is_flow
    if not is_list or after >= len(lines) or value.start - lines.start(lines.at(value.start)) != column:
        return False
    return _ELEMENT.match(lines[after].strip()) is not None


def _arranged(rows: Sequence[_Row], ranks: Sequence[int]) -> list[int]:
    """The keys in order, between one fence and the next."""
    wanted: list[int] = []
    first = 0
    for at, row in enumerate(rows):
        if row.is_fenced or at + 1 == len(rows):
            wanted += sorted(range(first, at + 1), key=ranks.__getitem__)
            first = at + 1
    return wanted


def _in_lines(lines: Lines, rows: Sequence[_Row], wanted: Sequence[int]) -> Move | None:
    opening, top = rows[0], rows[wanted[0]]
    is_dashed = bool(lines.text[lines.start(opening.first) : opening.offset].strip())
    if is_dashed and top.lead < top.first:
        return None
    pieces: list[tuple[int, int] | str] = []
    for at, one in enumerate(wanted):
        row, end = rows[one], lines.start(rows[one].end)
        if is_dashed and at and not one:
            pieces.append(" " * (row.offset - lines.start(row.first)))
        pieces.append((row.offset if is_dashed and not (at and one) else lines.start(row.lead), end))
        pieces += _between(lines, rows, at)
    start = opening.offset if is_dashed else lines.start(opening.lead)
    return Move(start, lines.start(rows[-1].end), tuple(pieces))


def _between(lines: Lines, rows: Sequence[_Row], at: int) -> Iterator[tuple[int, int]]:
    """What stands between two keys stays where it is."""
    if at + 1 < len(rows) and rows[at].end < rows[at + 1].lead:
        yield (lines.start(rows[at].end), lines.start(rows[at + 1].lead))
