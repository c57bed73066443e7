"""From a syntax tree to the set of instants it means: each part a product of years, days and times.

Must not know how text is read, nor time zones.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Final

from reconciler.schedule.instants import ALWAYS, NEVER, Box, Instants
from reconciler.schedule.masks import (
    ALL_MINUTES,
    ALL_SECONDS,
    FACTS,
    FIRST_YEAR,
    LAST_SHORT_YEAR,
    Scale,
    all_days,
    day_masks,
    time_masks,
    to_seconds,
    union,
)
from reconciler.schedule.syntax import Part, PeriodTree, Range

_LAST_CENTURY: Final = 99  # two-digit years are followed up to 9999
_TIME_SCALES: Final = frozenset({Scale.HR, Scale.MIN})


def instants_of(tree: PeriodTree) -> Instants:
    """Give the exact set of instants of a well-formed period."""
    if not tree.parts:
        return NEVER if tree.is_none else ALWAYS
    fine = any(part.has(Scale.SEC) for part in tree.parts)
    return Instants.of([box_of(part, fine=fine) for part in tree.parts], fine=fine)


def box_of(part: Part, *, fine: bool) -> Box:
    """Give the product that one part is."""
    masks: dict[Scale, int] = {}
    for item in part.items:
        mask = masks.get(item.scale, 0)
        if item.scale is not Scale.YR:
            for one in item.ranges:
                mask |= _range_mask(item.scale, one.first.number, one.last.number)
        masks[item.scale] = mask
    years = years_of(part) if masks.pop(Scale.YR, None) is not None else None
    seconds = masks.pop(Scale.SEC, ALL_SECONDS)
    days, times = all_days(), ALL_MINUTES
    for scale, mask in masks.items():
        if scale in _TIME_SCALES:
            times &= mask
        else:
            days &= mask
    return Box(years, days, to_seconds(times) & seconds if fine else times)


@lru_cache(maxsize=4096)
def _range_mask(scale: Scale, first: int, last: int) -> int:
    """Mask all values of a range, wrapping at the scale's end."""
    masks = time_masks(scale) if scale in _TIME_SCALES or scale is Scale.SEC else day_masks(scale)
    return union(masks[value] for value in _spread(scale, first, last))


def values_of(part: Part, scale: Scale) -> frozenset[int] | None:
    """Collect the values of a scale that a part admits (weekdays: Sunday 0), None where it does not name the scale."""
    if not part.has(scale):
        return None
    return frozenset(value for one in part.ranges(scale) for value in spread(scale, one))


def spread(scale: Scale, one: Range) -> list[int]:
    """List the values of a range of any scale but years, wrapping at the scale's end."""
    return _spread(scale, one.first.number, one.last.number)


def _spread(scale: Scale, first: int, last: int) -> list[int]:
    if first <= last:
        return list(range(first, last + 1))
    low, high = (0, 6) if scale is Scale.WD else (FACTS[scale].low, FACTS[scale].high)
    return [*range(low, last + 1), *range(first, high + 1)]


def years_of(part: Part) -> tuple[tuple[int, int], ...] | None:
    """Give the years of a part as half-open spans, None where it names none."""
    if not part.has(Scale.YR):
        return None
    return tuple(span for one in part.ranges(Scale.YR) for span in _year_spans(one))


def has_short_year(part: Part) -> bool:
    """Tell whether a part names a year by two digits, which changes its meaning every century."""
    return any(min(one.first.number, one.last.number) <= LAST_SHORT_YEAR for one in part.ranges(Scale.YR))


def _year_spans(one: Range) -> list[tuple[int, int]]:
    """Spell out a range of years; the century of a two-digit year is that of the instant itself."""
    first, last = one.first.number, one.last.number
    if min(first, last) > LAST_SHORT_YEAR:
        return [(min(first, last), max(first, last) + 1)]
    spans = []
    for century in range(FIRST_YEAR // 100, _LAST_CENTURY + 1):
        start = century * 100
        low, high = sorted(year + start if year <= LAST_SHORT_YEAR else year for year in (first, last))
        span = max(low, start), min(high + 1, start + 100)
        if span[0] < span[1]:
            spans.append(span)
    return spans
