"""What all readers of other notations share: how they refuse, and weekly hours as our human form.

Must not know any one notation.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final, NamedTuple

from reconciler.schedule.masks import MINUTES

Plain = dict[str, Any]
"""A schedule as YAML gives it."""

WHOLE_DAY: Final = (0, MINUTES)
_KEYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")

Span = tuple[int, int]
Table = dict[int, list[Span]]  # weekday from Monday 0 -> minutes, beyond 1440 on the next day


class ForeignError(ValueError):
    """A text that cannot be read into a schedule: which characters are at fault, and what to do."""

    def __init__(self, message: str, hint: str, start: int = 0, end: int | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.start = start
        self.end = end


class MissingExtraError(ForeignError):
    """The library that reads a notation is not installed."""


class Remark(NamedTuple):
    """What a schedule says otherwise than the calendar does, and which characters of it are meant."""

    start: int
    end: int
    message: str


def merged(spans: list[Span]) -> list[Span]:
    """Unite spans that touch."""
    found: list[Span] = []
    for start, end in sorted(spans):
        if found and start <= found[-1][1]:
            found[-1] = (found[-1][0], max(end, found[-1][1]))
        else:
            found.append((start, end))
    return found


def weekly(table: Table) -> Plain:
    """The hours by runs of days that have the same ones."""
    rows: dict[str, Any] = {}
    days = [day for day in range(7) if table.get(day)]
    while days:
        run = [days.pop(0)]
        while days and days[0] == run[-1] + 1 and table[days[0]] == table[run[0]]:
            run.append(days.pop(0))
        key = _KEYS[run[0]] if len(run) == 1 else f"{_KEYS[run[0]]}-{_KEYS[run[-1]]}"
        hours = [text for span in table[run[0]] for text in _hours_texts(*span)]
        rows[key] = hours[0] if len(hours) == 1 else hours
    return rows


def _hours_texts(start: int, end: int) -> Iterator[str]:
    if end - start >= MINUTES and (start, end) != WHOLE_DAY:
        yield f"{_clock(start)}-24:00"  # two ranges that overlap: none is as long as a day
        start = MINUTES - 1
    yield f"{_clock(start)}-{_clock(end if end <= MINUTES else end - MINUTES)}"


def _clock(minute: int) -> str:
    return f"{minute // 60:02}:{minute % 60:02}"
