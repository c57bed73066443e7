"""Write parts as text in the safe profile, whose strings mean the same in every known implementation.

The profile: scale codes, one item a scale, one space, names for months and weekdays, 24-hour numbers, no wrap, no
`wk`, `yd` only where leap years differ, `sec` only where seconds matter, years of four digits.
Must not know how text is read.
"""

from __future__ import annotations

from collections.abc import Iterable

from reconciler.schedule.boxes import Piece
from reconciler.schedule.masks import MONTHS, WEEKDAYS, Scale, bits, spans
from reconciler.schedule.meaning import values_of
from reconciler.schedule.syntax import Part, PeriodTree


def part_text(piece: Piece) -> str:
    """Write one part; the empty text is always."""
    days, times = piece.days, piece.times
    masks = (
        (Scale.MO, days.months),
        (Scale.YD, days.yeardays),
        (Scale.MD, days.monthdays),
        (Scale.WD, days.weekdays),
        (Scale.HR, times.hours),
        (Scale.MIN, times.minutes),
        (Scale.SEC, times.seconds),
    )
    values: dict[Scale, list[int]] = {} if piece.years is None else {Scale.YR: list(piece.years)}
    values.update({scale: bits(mask) for scale, mask in masks if mask is not None})
    return _items(values)


def tree_text(tree: PeriodTree) -> tuple[str, ...]:
    """Write each part of a tree in the profile's spelling without touching its structure."""
    return tuple(sorted({_written(part) for part in tree.parts}))


def _written(part: Part) -> str:
    values: dict[Scale, list[int]] = {
        scale: sorted(chosen) for scale in Scale if scale is not Scale.YR and (chosen := values_of(part, scale))
    }
    rest = _items(values)
    if not part.has(Scale.YR):
        return rest
    years = sorted({(one.first.number, one.last.number) for one in part.ranges(Scale.YR)})
    spans = " ".join(str(first) if first == last else f"{first}-{last}" for first, last in years)
    return f"yr {{{spans}}} {rest}".rstrip()


def _items(values: dict[Scale, list[int]]) -> str:
    return " ".join(f"{scale.value} {{{runs_of(scale, chosen)}}}" for scale, chosen in values.items())


def runs_of(scale: Scale, values: Iterable[int]) -> str:
    """Write values as maximal runs, weekdays from Monday and never across the end of the week."""
    ordered = sorted(values, key=lambda value: (value - 1) % 7 if scale is Scale.WD else value)
    runs = [(_word(scale, first), _word(scale, last)) for first, last in spans(ordered)]
    return " ".join(first if first == last else f"{first}-{last}" for first, last in runs)


def _word(scale: Scale, value: int) -> str:
    if scale is Scale.WD:
        return WEEKDAYS[value][:3]
    return MONTHS[value - 1][:3] if scale is Scale.MO else str(value)
