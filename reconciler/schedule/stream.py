"""Match a stream of lines `EPOCH<TAB>PERIOD` at speed: the answers of whole days are looked up, not computed.

Answers are `1` inside, `0` outside, `-1` malformed, a line each, in order. A chunk of ordinary lines is split once,
its epochs become integers and its periods tables in bulk, and each answer is one subscript of `bytes`. A chunk with
anything odd in it (a second tab, which is a legal blank, a missing tab, a sign) goes line by line.
Must not know files or terminals.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import lru_cache
from itertools import pairwise
from typing import Final, Protocol

from reconciler.schedule.grammar import read
from reconciler.schedule.instants import Instants
from reconciler.schedule.masks import SECONDS, SLOTS, bits, dates_of, first_day, to_seconds, year_of, year_type
from reconciler.schedule.moments import holds
from reconciler.schedule.period import Period, PeriodError
from reconciler.schedule.zones import Zone

_OUT, _IN, _BAD = b"01-"  # an answer is one byte; `-` is written as `-1` at the end
_WARM: Final = 32  # a period asked more often than this gets tables of its days
_MOST_PERIODS: Final = 10_000
_MOST_TABLES: Final = 2_000  # of 86,400 bytes each
_MOST_DIGITS: Final = 15
_BLANKS: Final = b" \t\n\r\f\v"


class _Odd(Exception):
    """The lines of a chunk do not each have one tab."""


class _Answers(Protocol):
    """The answers of one day, by its second."""

    def __getitem__(self, second: int, /) -> int: ...


class _Malformed(dict[int, _Answers]):
    """The days of a period that is none."""

    def __missing__(self, _day: int) -> _Answers:
        return _MALFORMED_DAY


_MALFORMED_DAY: Final = bytes([_BAD]) * SECONDS


class _OneByOne:
    """The answers of one day of a period that is not asked often enough for tables."""

    def __init__(self, instants: Instants, zone: Zone, midnight: int) -> None:
        self._instants = instants
        self._zone = zone
        self._midnight = midnight

    def __getitem__(self, second: int, /) -> int:
        return _IN if holds(self._instants, self._zone, self._midnight + second) else _OUT


class _Days(dict[int, _Answers]):
    """The days of a period by their number from 1970 in UTC, filled a year at a time."""

    def __init__(self, instants: Instants, zone: Zone) -> None:
        super().__init__()
        self._instants = instants
        self._zone = zone
        self._asked = 0
        self._local: dict[int, bytes] = {}  # time mask -> the answers of a local day
        self._rows: dict[tuple[int, int], list[bytes]] = {}  # (span, year type) -> the answers of its local days
        self._joined: dict[tuple[bytes, bytes, int], bytes] = {}

    @property
    def tables(self) -> int:
        return len(self._local) + len(self._joined)

    def __missing__(self, day: int) -> _Answers:
        self._asked += 1
        if self._asked <= _WARM:
            return _OneByOne(self._instants, self._zone, day * SECONDS)
        self._fill(year_of(day)[0])
        return self[day]

    def _fill(self, year: int) -> None:
        """Look up all days of a year, run by run of days between changes of the clock."""
        first = day = first_day(year)
        end = first_day(year + 1)
        rows = [self._rows_of(year - 1)[-1], *self._rows_of(year), *self._rows_of(year + 1)[:2]]
        while day < end:
            change = self._zone.next_change(day * SECONDS - 1)
            quiet = end if change is None else min(end, change // SECONDS)
            if quiet > day:
                shift, second = divmod(self._zone.offset(day * SECONDS), SECONDS)
                local = rows[day + shift - first + 1 : quiet + shift - first + 2]
                joined = [self._join(one, two, second) for one, two in pairwise(local)]
                self.update(zip(range(day, quiet), joined, strict=True))
            else:
                quiet = day + 1
                self[day] = self._with_changes(day)
            day = quiet

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
            seconds = mask if self._instants.fine else to_seconds(mask)
            answers = self._local[mask] = f"{seconds:0{SECONDS}b}"[::-1].encode()
        return answers

    def _join(self, one: bytes, two: bytes, second: int) -> bytes:
        """Take the end of one local day and the beginning of the next: a day in UTC."""
        if not second:
            return one
        key = (one, two, second)
        joined = self._joined.get(key)
        if joined is None:
            joined = self._joined[key] = one[second:] + two[:second]
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
                pieces.append(self._rows_of(year)[yearday0][second : second + length])
                at += length
        return b"".join(pieces)


class _Periods(dict[bytes, dict[int, _Answers]]):
    """The days of each period by its bytes in the stream."""

    def __init__(self, zone: Zone) -> None:
        super().__init__()
        self._zone = zone

    def __missing__(self, raw: bytes) -> dict[int, _Answers]:
        if raw.startswith(b"\n"):  # an epoch where a period should be
            raise _Odd
        try:
            period = Period.parse(_text_of(raw))
        except PeriodError:
            days: dict[int, _Answers] = _Malformed()
        else:
            days = _Days(period.instants, self._zone)
        self[raw] = days
        return days

    def shrink(self) -> None:
        """Forget everything once there is too much of it."""
        tables = sum(days.tables for days in self.values() if isinstance(days, _Days))
        if len(self) > _MOST_PERIODS or tables > _MOST_TABLES:
            self.clear()


class Matcher:
    """Answers chunks of lines in one time zone, remembering periods from chunk to chunk."""

    def __init__(self, zone: Zone) -> None:
        self._periods = _Periods(zone)

    def answers(self, chunk: bytes) -> bytes:
        """Answer whole lines, each with its newline; the answer has as many."""
        if not chunk:
            return b""
        try:
            found = self._in_bulk(chunk)
        except (_Odd, ValueError):
            found = bytes(map(self._one, chunk[:-1].split(b"\n")))
        self._periods.shrink()
        lines = bytearray(b"\n") * (2 * len(found))
        lines[::2] = found
        return bytes(lines.replace(b"-", b"-1") if _BAD in found else lines)

    def _in_bulk(self, chunk: bytes) -> bytes:
        tokens = chunk[:-1].replace(b"\n", b"\t\n").split(b"\t")
        epochs = tokens[::2]
        joined = b"".join(epochs)
        digits = joined.replace(b"\n", b"")
        if len(tokens) % 2 or len(joined) - len(digits) != len(epochs) - 1 or not digits.isdigit():
            raise _Odd
        seconds = list(map(int, epochs))
        if max(seconds) >= 10**_MOST_DIGITS:
            raise _Odd
        days = map(self._periods.__getitem__, tokens[1::2])
        return bytes([table[second // 86400][second % 86400] for table, second in zip(days, seconds, strict=True)])

    def _one(self, line: bytes) -> int:
        epoch, _, raw = line.partition(b"\t")
        digits = epoch.strip(_BLANKS)
        if not digits.isdigit() or len(digits.lstrip(b"0")) > _MOST_DIGITS:
            return _BAD
        day, second = divmod(int(digits), SECONDS)
        return self._periods[raw][day][second]


def matched(chunks: Iterable[bytes], zone: Zone) -> Iterator[bytes]:
    """Answer a stream cut anywhere; each chunk's whole lines are answered at once."""
    matcher = Matcher(zone)
    rest = b""
    for chunk in chunks:
        whole, newline, tail = chunk.rpartition(b"\n")
        if newline:
            yield matcher.answers(rest + whole + newline)
            rest = tail
        else:
            rest += tail
    if rest:
        yield matcher.answers(rest + b"\n")


def verdict(line: bytes) -> str:
    """Judge a line that holds a period: `ok`, or `error:` and the codes of its faults."""
    return _verdict(_text_of(line))


@lru_cache(maxsize=4096)
def _verdict(text: str) -> str:
    _, findings = read(text)
    return "error: " + " ".join(dict.fromkeys(finding.code for finding in findings)) if findings else "ok"


def _text_of(line: bytes) -> str:
    """Decode a line; a carriage return before the newline belongs to the line end."""
    return line.removesuffix(b"\r").decode("utf-8", "surrogateescape")
