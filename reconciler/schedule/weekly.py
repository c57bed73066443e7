"""A set of instants as weekly hours, where it is the same every week. Must not know periods or text beyond them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from reconciler.schedule.foreign import Plain, Span, Table, weekly
from reconciler.schedule.instants import ALWAYS, Instants
from reconciler.schedule.masks import MINUTES, Scale, day_masks

_WEEK: Final = 7
_MOST_SPANS: Final = 4  # of a day: who would write more has a period in mind


def weekly_form(instants: Instants) -> Plain | None:
    """`{weekly: …}` as a person would write it; None where nobody would.

    That is a set that is not the same every week, is never or always, or has many pieces a day. Hours past midnight
    stand under the day on which they begin.
    """
    masks = _masks(instants)
    if masks is None or instants.is_empty or instants == ALWAYS:
        return None
    table = _table({day: list(_spans(mask)) for day, mask in masks.items()})
    return {"weekly": weekly(table)} if max(map(len, table.values())) <= _MOST_SPANS else None


def _masks(instants: Instants) -> Mapping[int, int] | None:
    """The minutes of each weekday from Monday 0; None where they are not the same every week."""
    if instants.fine or len(instants.spans) > 1:
        return None
    masks: dict[int, int] = {}
    for times, days in instants.spans[0][1].items():
        for day in range(_WEEK):
            all_of_them = day_masks(Scale.WD)[(day + 1) % _WEEK]
            if shared := days & all_of_them:
                if shared != all_of_them:
                    return None
                masks[day] = times
    return masks


def _spans(mask: int) -> Iterator[Span]:
    start = 0
    while rest := mask >> start:
        start += (rest & -rest).bit_length() - 1
        length = (~(mask >> start) & (mask >> start) + 1).bit_length() - 1
        yield start, start + length
        start += length


def _table(days: Mapping[int, list[Span]]) -> Table:
    """The hours by the days on which they begin: what ends at midnight and goes on after it is one span."""
    carried = {day for day in days if _reaches_over(days, day)}
    table: Table = {}
    for day, spans in days.items():
        own = spans[1:] if (day - 1) % _WEEK in carried else spans
        if day in carried:
            own = [*own[:-1], (own[-1][0], MINUTES + days[(day + 1) % _WEEK][0][1])]
        table[day] = own
    return table


def _reaches_over(days: Mapping[int, list[Span]], day: int) -> bool:
    """Whether a day's last hours go on the next morning: neither of the two days is whole."""
    today, tomorrow = days[day], days[(day + 1) % _WEEK]
    if not today or not tomorrow or today[-1][1] < MINUTES or tomorrow[0][0]:
        return False
    start, end = today[-1][0], tomorrow[0][1]
    return start > 0 and end < MINUTES and end <= start
