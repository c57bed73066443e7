"""What there is to say of a period: for each set of days its intervals of time, before any language.

Must not know words.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, NamedTuple

from reconciler.schedule.boxes import DayBox, TimeBox
from reconciler.schedule.instants import Instants
from reconciler.schedule.masks import ALL_MINUTES, ALL_SECONDS, SECONDS, bits, time_masks, to_seconds, union
from reconciler.schedule.pieces import pieces_of
from reconciler.schedule.scales import Scale

_MANY: Final = 6  # more intervals than that are told as a pattern of hours and minutes
Span = tuple[int, int]


class Saying(NamedTuple):
    """Some days and when they hold: `intervals` in seconds of the day, half-open, None for all day.

    `patterns` stand in for intervals that are too many to list.
    """

    years: tuple[Span, ...]
    months: tuple[Span, ...]
    monthdays: tuple[Span, ...]
    yeardays: tuple[Span, ...]
    weekdays: tuple[int, ...]
    intervals: tuple[Span, ...] | None
    patterns: tuple[TimeBox, ...] = ()

    @property
    def is_daily(self) -> bool:
        """Whether the days are not restricted at all."""
        return not (self.years or self.months or self.monthdays or self.yeardays or self.weekdays)


class Tongue(NamedTuple):
    """A language: three words, and how it says a saying."""

    always: str
    never: str
    except_: str
    said: Callable[[Saying], str]


def sayings_of(instants: Instants) -> list[Saying]:
    """Collect what there is to say, in the order of the normal form."""
    times: dict[tuple[DayBox, tuple[int, ...] | None], list[TimeBox]] = {}
    for piece in pieces_of(instants):
        times.setdefault((piece.days, piece.years), []).append(piece.times)
    return [_saying(days, years, boxes) for (days, years), boxes in times.items()]


def _saying(days: DayBox, years: tuple[int, ...] | None, boxes: list[TimeBox]) -> Saying:
    mask = union(map(_seconds, boxes))
    daily = days == DayBox() and years is None
    intervals = None if mask == ALL_SECONDS else _intervals(mask, joined=daily)
    many = intervals is not None and len(intervals) > _MANY
    return Saying(
        spans(years or ()),
        _of(days.months),
        _of(days.monthdays),
        _of(days.yeardays),
        () if days.weekdays is None else tuple(sorted((weekday - 1) % 7 for weekday in bits(days.weekdays))),
        intervals,
        tuple(boxes) if many else (),
    )


def _of(mask: int | None) -> tuple[Span, ...]:
    return () if mask is None else spans(bits(mask))


def spans(values: tuple[int, ...] | list[int]) -> tuple[Span, ...]:
    """Group sorted values into runs, both ends included."""
    runs: list[Span] = []
    for value in values:
        if runs and runs[-1][1] == value - 1:
            runs[-1] = runs[-1][0], value
        else:
            runs.append((value, value))
    return tuple(runs)


def _seconds(box: TimeBox) -> int:
    minutes = ALL_MINUTES
    for scale, mask in ((Scale.HR, box.hours), (Scale.MIN, box.minutes)):
        if mask is not None:
            minutes &= union(time_masks(scale)[value] for value in bits(mask))
    seconds = ALL_SECONDS if box.seconds is None else union(time_masks(Scale.SEC)[value] for value in bits(box.seconds))
    return to_seconds(minutes) & seconds


def _intervals(mask: int, *, joined: bool) -> tuple[Span, ...]:
    """List the runs of a mask of seconds; `joined`: a run over midnight is one."""
    found = []
    at = 0
    while mask >> at:
        start = at + _trailing(mask >> at)
        at = start + _trailing(~(mask >> start))
        found.append((start, at))
    if joined and len(found) > 1 and found[0][0] == 0 and found[-1][1] == SECONDS:
        (_, morning), *rest, (evening, _) = found
        return (*rest, (evening, morning))
    return tuple(found)


def _trailing(mask: int) -> int:
    return (mask & -mask).bit_length() - 1
