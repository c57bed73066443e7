"""The short phrase of plans: `Mon-Fri 9:00-18:00`, with half-open times.

Must not know how a set is held.
"""

from __future__ import annotations

from typing import Final

from reconciler.schedule.boxes import TimeBox
from reconciler.schedule.masks import bits
from reconciler.schedule.scales import MONTHS, WEEKDAYS
from reconciler.schedule.words.saying import Saying, Span, spans

_DAYS: Final = tuple(WEEKDAYS[(day + 1) % 7][:3].title() for day in range(7))
_MONTHS: Final = ("", *(month[:3].title() for month in MONTHS))
_LONG: Final = 3  # this many in a row are written as a range


def clock(seconds: int) -> str:
    """Write a time of day, with seconds only where there are some."""
    minutes, second = divmod(seconds, 60)
    text = f"{minutes // 60}:{minutes % 60:02}"
    return f"{text}:{second:02}" if second else text


def said(saying: Saying) -> str:
    """Say days and times."""
    days = _days(saying)
    times = _patterns(saying.patterns) if saying.patterns else _times(saying.intervals)
    return " ".join(word for word in (days or ("daily" if times else ""), times) if word)


def _times(intervals: tuple[Span, ...] | None) -> str:
    return ", ".join(f"{clock(start)}-{clock(end)}" for start, end in intervals or ())


def _days(saying: Saying) -> str:
    words = [
        _runs(saying.years),
        _dates(saying),
        f"{_noun('day', saying.yeardays)} {_runs(saying.yeardays)} of the year" if saying.yeardays else "",
        weekdays(saying.weekdays),
    ]
    return " ".join(word for word in words if word)


def _dates(saying: Saying) -> str:
    if not saying.monthdays:
        return ", ".join(_range(_MONTHS[first], _MONTHS[last], last - first) for first, last in saying.months)
    days = _runs(saying.monthdays)
    if not saying.months:
        return f"{_noun('day', saying.monthdays)} {days} of the month"
    months = [_MONTHS[month] for first, last in saying.months for month in range(first, last + 1)]
    return (
        ", ".join(f"{month} {days}" for month in months)
        if len(months) < _LONG
        else f"{_noun('day', saying.monthdays)} {days} of {_months(saying)}"
    )


def _months(saying: Saying) -> str:
    return ", ".join(_range(_MONTHS[first], _MONTHS[last], last - first) for first, last in saying.months)


def weekdays(days: tuple[int, ...]) -> str:
    """Write weekdays (Monday 0) as runs."""
    return ", ".join(_range(_DAYS[first], _DAYS[last], last - first) for first, last in spans(days))


def _range(first: str, last: str, steps: int) -> str:
    if not steps:
        return first
    return f"{first}-{last}" if steps >= _LONG - 1 else f"{first}, {last}"


def _runs(runs: tuple[Span, ...]) -> str:
    return ", ".join(str(first) if first == last else f"{first}-{last}" for first, last in runs)


def _noun(noun: str, runs: tuple[Span, ...]) -> str:
    return noun if len(runs) == 1 and runs[0][0] == runs[0][1] else f"{noun}s"


def _patterns(boxes: tuple[TimeBox, ...]) -> str:
    return " and ".join(map(_pattern, boxes))


def _pattern(box: TimeBox) -> str:
    scales = (("second", box.seconds), ("minute", box.minutes), ("hour", box.hours))
    words = [
        f"{_noun(noun, runs)} {_runs(runs)}"
        for noun, mask in scales
        if mask is not None
        for runs in [spans(bits(mask))]
    ]
    return " of ".join(words) + (" of every hour" if box.hours is None and box.minutes is not None else "")
