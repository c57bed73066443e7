"""A set of instants seen from one time zone: is it now inside, and when will that change.

Must not know periods or text.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from reconciler.schedule.instants import Classes, Instants
from reconciler.schedule.masks import CYCLE_YEARS, SLOTS, first_day, is_leap, slot_of, year_of, year_type
from reconciler.schedule.zones import DAY_SECONDS, Zone

_HORIZON_YEARS: Final = CYCLE_YEARS + 1


def holds(instants: Instants, zone: Zone, epoch: int) -> bool:
    """Tell whether an instant (Unix seconds) is in the set."""
    day, second = zone.local(epoch)
    year, yearday0 = year_of(day)
    mask = instants.times_on(year, slot_of(year, yearday0))
    return bool(mask >> (second if instants.fine else second // 60) & 1)


def flips(instants: Instants, zone: Zone, epoch: int) -> Iterator[tuple[int, bool]]:
    """Yield (instant, state from then on) after `epoch`, in order; ends where the state never changes again."""
    state = holds(instants, zone, epoch)
    start = epoch
    horizon = max(instants.last_change, year_of(epoch // DAY_SECONDS)[0]) + _HORIZON_YEARS
    while True:
        change = zone.next_change(start)
        offset = zone.offset(start)
        limit = None if change is None else change + offset
        for local in _local_flips(instants, start + offset, limit, horizon, state=state):
            state = not state
            yield local - offset, state
            horizon = max(horizon, year_of(local // DAY_SECONDS)[0] + _HORIZON_YEARS)
        if change is None or year_of(change // DAY_SECONDS)[0] > horizon:
            return
        start = change
        if holds(instants, zone, start) != state:
            state = not state
            yield start, state


def _local_flips(instants: Instants, start: int, limit: int | None, horizon: int, *, state: bool) -> Iterator[int]:
    """Yield seconds of local time after `start` and before `limit` at which the state changes."""
    at: int | None = start
    while at is not None:
        at = _next_flip(instants, at, limit, horizon, state=state)
        if at is not None:
            yield at
            state = not state
            horizon = max(horizon, year_of(at // DAY_SECONDS)[0] + _HORIZON_YEARS)


def _next_flip(instants: Instants, start: int, limit: int | None, horizon: int, *, state: bool) -> int | None:
    """Find the first second after `start` whose state is not `state`."""
    unit = 1 if instants.fine else 60
    full = instants.full_day
    day, second = divmod(start, DAY_SECONDS)
    year, yearday0 = year_of(day)
    mask = instants.times_on(year, slot_of(year, yearday0))
    found = _first_bit(full ^ mask if state else mask, second // unit + 1)
    while found is None:
        classes = instants.classes_in(year)
        if year >= instants.last_change and not classes.keys() - {full if state else 0}:
            return None
        ahead = _next_day(classes, year, yearday0 + 1, full if state else 0)
        if ahead is None:
            year, yearday0 = year + 1, -1
            if year > horizon or (limit is not None and first_day(year) * DAY_SECONDS >= limit):
                return None
            continue
        yearday0, mask = ahead
        found = _first_bit(full ^ mask if state else mask, 0)
    flip = (first_day(year) + yearday0) * DAY_SECONDS + found * unit
    return flip if limit is None or flip < limit else None


def _first_bit(mask: int, start: int) -> int | None:
    rest = mask >> start
    return start + (rest & -rest).bit_length() - 1 if rest else None


def _next_day(classes: Classes, year: int, yearday0: int, dull: int) -> tuple[int, int] | None:
    """Find the first day of a year, from `yearday0` on, whose times are not `dull`, and its time mask."""
    length = SLOTS if is_leap(year) else SLOTS - 1
    if yearday0 >= length:
        return None
    shift = year_type(year) * SLOTS + yearday0
    window = (1 << length - yearday0) - 1
    nearest, times = length, 0
    for mask, days in classes.items():
        ahead = days >> shift & window if mask != dull else 0
        if ahead and (offset := (ahead & -ahead).bit_length() - 1) < nearest:
            nearest, times = offset, mask
    return (yearday0 + nearest, times) if nearest < length else None
