"""The days of one period as bytes, an answer a minute, so that a stream looks answers up in place of computing them.

Must not know lines or chunks.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Final, Protocol

from reconciler.schedule.instants import Instants
from reconciler.schedule.masks import MINUTES, SECONDS, SLOTS, bits, dates_of, first_day, year_of, year_type
from reconciler.schedule.zones import Zone

OUT, IN, ASK = b"01?"  # an answer is one byte; `?` where a minute does not decide
LAST_YEAR: Final = 2100  # the last year with tables
_CUT: Final = {0: OUT, 60: IN}


class Days(Protocol):
    """The answers of each day (from 1970, in UTC) by its minute."""

    def __getitem__(self, day: int, /) -> bytes: ...


class Constant:
    """The same answer on every day."""

    def __init__(self, answer: int) -> None:
        self._day = bytes([answer]) * MINUTES

    def __getitem__(self, _day: int, /) -> bytes:
        return self._day


class Tables:
    """The days of one period, filled a year at a time: `minutes` for the bulk, `fine` where seconds matter."""

    def __init__(self, instants: Instants, zone: Zone) -> None:
        days = first_day(LAST_YEAR + 1)
        self._instants = instants
        self._zone = zone
        self._unit = 1 if instants.fine or not zone.has_whole_minutes else 60
        self._filled: set[int] = set()
        self._local: dict[int, bytes] = {}  # time mask -> the answers of a local day
        self._rows: dict[tuple[int, int], list[bytes]] = {}  # (span, year type) -> the answers of its local days
        self._joined: dict[tuple[bytes, bytes, int], bytes] = {}
        self._coarse: dict[bytes, bytes] = {}
        self.minutes: list[bytes] = [b""] * days
        self.fine: list[bytes] | None = [b""] * days if self._unit == 1 else None

    def fill(self, years: range) -> None:
        """Look up all days of these years that are not known yet."""
        for year in years:
            if year not in self._filled:
                self._filled.add(year)
                self._fill(year)

    def answer(self, second: int) -> int:
        """Answer one instant before the end of all tables."""
        day, at = divmod(second, SECONDS)
        days = self.minutes if self.fine is None else self.fine
        if not days[day]:
            self.fill(range(year_of(day)[0], year_of(day)[0] + 1))
        return days[day][at // self._unit]

    def _fill(self, year: int) -> None:
        """Look up a year, run by run of days between changes of the clock."""
        first = day = first_day(year)
        end = first_day(year + 1)
        rows = [self._rows_of(year - 1)[-1], *self._rows_of(year), *self._rows_of(year + 1)[:2]]
        while day < end:
            change = self._zone.next_change(day * SECONDS - 1)
            quiet = end if change is None else min(end, change // SECONDS)
            if quiet > day:
                shift, second = divmod(self._zone.offset(day * SECONDS), SECONDS)
                local = rows[day + shift - first + 1 : quiet + shift - first + 2]
                self._keep(day, [self._join(one, two, second // self._unit) for one, two in pairwise(local)])
            else:
                quiet = day + 1
                self._keep(day, [self._with_changes(day)])
            day = quiet

    def _keep(self, day: int, answers: list[bytes]) -> None:
        if self.fine is None:
            self.minutes[day : day + len(answers)] = answers
        else:
            self.fine[day : day + len(answers)] = answers
            self.minutes[day : day + len(answers)] = map(self._by_minute, answers)

    def _by_minute(self, seconds: bytes) -> bytes:
        """Narrow the answers of a day; a minute that is cut has to be asked."""
        known = self._coarse.get(seconds)
        if known is None:
            counts = (seconds.count(b"1", at, at + 60) for at in range(0, SECONDS, 60))
            known = self._coarse[seconds] = bytes(_CUT.get(count, ASK) for count in counts)
        return known

    def _rows_of(self, year: int) -> list[bytes]:
        """Give the answers of each local day of a year."""
        kind = year_type(year)
        key = (self._instants.span_of(year), kind)
        rows = self._rows.get(key)
        if rows is None:
            rows = self._rows[key] = [b""] * len(dates_of(kind))
            for mask, days in self._instants.classes_in(year).items():
                for offset in bits(days >> kind * SLOTS & (1 << SLOTS) - 1):
                    rows[offset] = self._answers(mask)
        return rows

    def _answers(self, mask: int) -> bytes:
        answers = self._local.get(mask)
        if answers is None:
            size = SECONDS if self._instants.fine else MINUTES
            answers = f"{mask:0{size}b}"[::-1].encode()
            if self._unit == 1 and not self._instants.fine:
                answers = b"".join(bytes([answer]) * 60 for answer in answers)
            self._local[mask] = answers
        return answers

    def _join(self, one: bytes, two: bytes, shift: int) -> bytes:
        """Take the end of one local day and the beginning of the next: a day in UTC."""
        if not shift:
            return one
        key = (one, two, shift)
        joined = self._joined.get(key)
        if joined is None:
            joined = self._joined[key] = one[shift:] + two[:shift]
        return joined

    def _with_changes(self, day: int) -> bytes:
        """Put together a day on which clocks change."""
        at, end = day * SECONDS, (day + 1) * SECONDS
        pieces = []
        while at < end:
            change = self._zone.next_change(at)
            until = end if change is None else min(end, change)
            offset = self._zone.offset(at)
            while at < until:
                local_day, second = divmod(at + offset, SECONDS)
                length = min(until - at, SECONDS - second)
                year, yearday0 = year_of(local_day)
                row = self._rows_of(year)[yearday0]
                pieces.append(row[second // self._unit : (second + length) // self._unit])
                at += length
        return b"".join(pieces)
