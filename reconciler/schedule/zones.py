"""The offset of a time zone at any instant, from the transitions in the zone's own data.

Reads compiled zone files (RFC 8536) and the rule in their last line for later years. Must not know periods.
"""

from __future__ import annotations

import re
import struct
from bisect import bisect_right
from datetime import datetime
from functools import lru_cache
from typing import Final, NamedTuple

from reconciler.schedule.masks import MONTH_LENGTHS, first_day, is_leap, year_of

DAY_SECONDS: Final = 86_400
_HEADER: Final = struct.Struct(">4sc15x6l")
_RULE: Final = re.compile(r"M(\d+)\.(\d)\.(\d)(?:/([+-]?[\d:]+))?\Z")
_FOOTER: Final = re.compile(
    r"(?:<[^>]+>|[A-Za-z]+)([+-]?[\d:]+)(?:(?:<[^>]+>|[A-Za-z]+)([+-]?[\d:]+)?,([^,]+),([^,]+))?\Z"
)
_HOUR: Final = 3600
_UNIX_START: Final = datetime.fromisoformat("1970-01-01")  # without a zone, as local times are
_LAST_WEEK: Final = 5


class UnknownZoneError(ValueError):
    """No zone of that name is known on this machine, or its data cannot be read."""


class _Rule(NamedTuple):
    """The day and second of the year at which clocks change: the n-th weekday of a month."""

    month: int
    week: int
    weekday: int
    seconds: int

    def local_second(self, year: int) -> int:
        """Count local seconds from 1970 to the change in one year."""
        lengths = [length + (1 if month == 1 and is_leap(year) else 0) for month, length in enumerate(MONTH_LENGTHS)]
        start = first_day(year) + sum(lengths[: self.month - 1])
        ahead = (self.weekday - (start + 4)) % 7  # 1 January 1970 was a Thursday
        day = ahead + 7 * (self.week - 1)
        if self.week == _LAST_WEEK and day >= lengths[self.month - 1]:
            day -= 7
        return (start + day) * DAY_SECONDS + self.seconds


class _Tail(NamedTuple):
    """What holds after the last listed transition: one offset, or two that alternate.

    `rules` say when, by the clock of the offset before, and the offset from then on.
    """

    standard: int
    rules: tuple[tuple[_Rule, int, int], ...] = ()

    def changes(self, year: int) -> list[tuple[int, int]]:
        """List (instant, offset from then on) of one year."""
        return sorted((rule.local_second(year) - before, after) for rule, before, after in self.rules)


class Zone:
    """One time zone: offsets east of Greenwich in seconds, and when they change."""

    def __init__(self, name: str, instants: tuple[int, ...], offsets: tuple[int, ...], tail: _Tail) -> None:
        """Take the transitions: `offsets` has one more than `instants`, the first holds before all of them."""
        self.name = name
        self._instants = instants
        self._offsets = offsets
        self._tail = tail

    def offset(self, epoch: int) -> int:
        """Give the offset at an instant."""
        if not self._tail.rules or not self._instants or epoch < self._instants[-1]:
            return self._offsets[bisect_right(self._instants, epoch)]
        year = year_of(epoch // DAY_SECONDS)[0]
        passed = [change for nearby in (year - 1, year) for change in self._tail.changes(nearby) if change[0] <= epoch]
        return passed[-1][1] if passed else self._offsets[-1]

    def next_change(self, epoch: int) -> int | None:
        """Give the first instant after `epoch` at which the offset may change, None where it never does again."""
        at = bisect_right(self._instants, epoch)
        if at < len(self._instants):
            return self._instants[at]
        if not self._tail.rules:
            return None
        year = year_of(epoch // DAY_SECONDS)[0]
        return next(
            instant
            for later in range(year - 1, year + 3)
            for instant, _ in self._tail.changes(later)
            if instant > epoch
        )

    def local(self, epoch: int) -> tuple[int, int]:
        """Give the local day (counted from 1970) and the second of that day."""
        return divmod(epoch + self.offset(epoch), DAY_SECONDS)

    @property
    def has_whole_minutes(self) -> bool:
        """Tell whether all offsets and changes since 1970 are on whole minutes."""
        start = bisect_right(self._instants, 0)
        return not any(second % 60 for second in (*self._offsets[start:], *self._instants[start:]))

    @property
    def last_offset(self) -> int:
        """The offset that holds in the end, summer time aside."""
        return self._tail.standard

    def epoch(self, local: int) -> int:
        """Give the instant of a local time (seconds from 1970 as a clock there shows them).

        Of an hour that comes twice the first; a time that is skipped is taken by the offset before.
        """
        offsets = [self.offset(local - DAY_SECONDS), self.offset(local + DAY_SECONDS)]
        return next((local - offset for offset in offsets if self.offset(local - offset) == offset), local - offsets[0])

    @property
    def is_fixed(self) -> bool:
        """Tell whether the offset will never change again by a rule."""
        return not self._tail.rules


def epoch_of(moment: datetime, name: str) -> int:
    """Give the instant of a moment, which is local time of the zone unless it has an offset of its own."""
    if moment.tzinfo is not None:
        return int(moment.timestamp())
    return zone(name).epoch(int((moment - _UNIX_START).total_seconds()))


@lru_cache(maxsize=64)
def zone(name: str) -> Zone:
    """Find a zone by its name in the tz database."""
    data = _data(name)
    try:
        return _parse(name, data)
    except (struct.error, ValueError, IndexError) as trouble:
        raise UnknownZoneError(f"the data of time zone {name!r} cannot be read: {trouble}") from trouble


# docs/decisions/011
def _data(name: str) -> bytes:
    if name == "UTC":
        return _UTC
    if not re.fullmatch(r"[A-Za-z0-9_+-]+(?:/[A-Za-z0-9_+-]+)*", name):
        raise UnknownZoneError(f"{name!r} is not the name of a time zone")
    import importlib.resources
    import zoneinfo
    from pathlib import Path

    bundled = importlib.resources.files("tzdata") / "zoneinfo"
    for folder in (bundled, *map(Path, zoneinfo.TZPATH)):
        file = folder.joinpath(*name.split("/"))
        if file.is_file():
            return file.read_bytes()
    raise UnknownZoneError(f"there is no time zone {name!r}")


_UTC: Final = (_HEADER.pack(b"TZif", b"2", 0, 0, 0, 0, 1, 4) + bytes(6) + b"UTC\0") * 2 + b"\nUTC0\n"


def _parse(name: str, data: bytes) -> Zone:
    magic, version, *counts = _HEADER.unpack_from(data)
    if magic != b"TZif" or version < b"2":
        raise ValueError("no zone file of version 2 or later")
    is_utc, is_std, leaps, times, types, letters = counts
    second = _HEADER.size + times * 5 + types * 6 + letters + leaps * 8 + is_std + is_utc
    _, _, is_utc, is_std, leaps, times, types, letters = _HEADER.unpack_from(data, second)
    at = second + _HEADER.size
    instants = struct.unpack_from(f">{times}q", data, at)
    kinds = data[at + times * 8 : at + times * 9]
    offsets = [struct.unpack_from(">l", data, at + times * 9 + kind * 6)[0] for kind in range(types)]
    footer = data[at + times * 9 + types * 6 + letters + leaps * 12 + is_std + is_utc :].strip(b"\n").decode("ascii")
    return Zone(name, instants, (offsets[0], *(offsets[kind] for kind in kinds)), _tail(footer))


def _tail(footer: str) -> _Tail:
    match = _FOOTER.match(footer)
    if match is None:
        raise ValueError(f"its last line is {footer!r}")
    standard = -_seconds(match.group(1))
    if match.group(3) is None:
        return _Tail(standard)
    summer = -_seconds(match.group(2)) if match.group(2) else standard + _HOUR
    begins, ends = _rule(match.group(3)), _rule(match.group(4))
    return _Tail(standard, ((begins, standard, summer), (ends, summer, standard)))


def _rule(text: str) -> _Rule:
    match = _RULE.match(text)
    if match is None:
        raise ValueError(f"a rule of its last line is {text!r}")
    month, week, weekday = (int(match.group(index)) for index in (1, 2, 3))
    return _Rule(month, week, weekday, _seconds(match.group(4)) if match.group(4) else 2 * _HOUR)


def _seconds(text: str) -> int:
    """Read `[+-]hh[:mm[:ss]]`."""
    sign = -1 if text.startswith("-") else 1
    pieces = [*map(int, text.lstrip("+-").split(":")), 0, 0]
    return sign * (pieces[0] * _HOUR + pieces[1] * 60 + pieces[2])
