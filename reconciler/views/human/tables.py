"""Rows in columns: as wide as their content, the last one taking and wrapping what is left.

Knows nothing of what the rows are about.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from reconciler.views.base import Line, Span, Tone, pad, width, wrap

_GAP = 2
_NARROWEST = 24

Cell = str | Span


def table(head: Sequence[str], rows: Sequence[Sequence[Cell]], columns: int) -> Iterator[Line]:
    """Rows under a head; the last column wraps."""
    broad = [max(width(_text(row[at])) for row in [head, *rows]) for at in range(len(head))]
    room = max(columns - sum(broad[:-1]) - _GAP * (len(head) - 1), _NARROWEST)
    yield _row([Span(cell, Tone.STRONG) for cell in head[:-1]], broad, Span(head[-1], Tone.STRONG))
    for row in rows:
        yield from _wrapped(row, broad, room)


def _wrapped(row: Sequence[Cell], broad: Sequence[int], room: int) -> Iterator[Line]:
    last = row[-1]
    tone = last.tone if isinstance(last, Span) else Tone.PLAIN
    first, *rest = (part for each in _text(last).split("\n") for part in wrap(each, room))
    yield _row(row[:-1], broad, Span(first, tone))
    for part in rest:
        yield _row(["" for _ in row[:-1]], broad, Span(part, tone))


def _row(cells: Sequence[Cell], broad: Sequence[int], last: Span) -> Line:
    spans = [_padded(cell, columns) for cell, columns in zip(cells, broad, strict=False)]
    return (*spans, last)


def _padded(cell: Cell, columns: int) -> Span:
    tone = cell.tone if isinstance(cell, Span) else Tone.PLAIN
    return Span(pad(_text(cell), columns) + " " * _GAP, tone)


def _text(cell: Cell) -> str:
    return cell.text if isinstance(cell, Span) else cell
