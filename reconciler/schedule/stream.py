"""Match a stream of lines `EPOCH<TAB>PERIOD` at speed: the answers of whole days are looked up, not computed.

Answers are `1` inside, `0` outside, `-1` malformed, a line each, in order. A chunk of ordinary lines is split once,
its epochs become integers and its periods lists of days in bulk, and each answer is a subscript of one day's bytes by
its minute. `?` stands where a minute does not decide: such a line is asked by itself. A chunk with anything odd in it
(a second tab, which is a legal blank, a missing tab, a sign) goes line by line. Must not know files or terminals.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache
from itertools import pairwise
from typing import Final, Protocol

from reconciler.schedule.grammar import read
from reconciler.schedule.instants import Instants
from reconciler.schedule.masks import MINUTES, SECONDS, SLOTS, bits, dates_of, first_day, year_of, year_type
from reconciler.schedule.period import Period, PeriodError, holds
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


_BAD: Final = ord("-")  # written as `-1` at the end
_WARM: Final = 32  # a period asked more often than this gets tables of its days
_MOST_WARM: Final = 128
_MOST_PERIODS: Final = 10_000
_END: Final = first_day(LAST_YEAR + 1) * SECONDS
_MOST_DIGITS: Final = 15
_BLANKS: Final = b" \t\n\r\f\v"


class _Odd(Exception):
    """The lines of a chunk do not each have one tab."""


_MALFORMED: Final = Constant(_BAD)
_COLD: Final = Constant(ASK)


class _Entry:
    """A well-formed period of the stream: asked one by one until it is asked often."""

    def __init__(self, instants: Instants) -> None:
        self.instants = instants
        self.asked = 0
        self.tables: Tables | None = None


class Matcher:
    """Answers chunks of lines in one time zone, remembering periods from chunk to chunk."""

    def __init__(self, zone: Zone) -> None:
        self._zone = zone
        self._days = _Remembered(self._met)
        self._entries: dict[bytes, _Entry] = {}
        self._warm: list[Tables] = []

    def answers(self, chunk: bytes) -> bytes:
        """Answer whole lines, each with its newline; the answer has as many."""
        if not chunk:
            return b""
        try:
            found = self._in_bulk(chunk)
        except (_Odd, ValueError, IndexError):
            found = bytes(map(self._one, chunk[:-1].split(b"\n")))
        if len(self._days) > _MOST_PERIODS:
            self._forget()
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
        raws = tokens[1::2]
        days = list(map(self._days.__getitem__, raws))
        years = range(year_of(min(seconds) // SECONDS)[0], year_of(max(seconds) // SECONDS)[0] + 1)
        if years.stop > LAST_YEAR + 1:
            raise _Odd
        for tables in self._warm:
            tables.fill(years)
        found = bytes([table[at // 86400][at % 86400 // 60] for table, at in zip(days, seconds, strict=True)])
        return self._asked(found, raws, seconds) if ASK in found else found

    def _asked(self, found: bytes, raws: list[bytes], seconds: list[int]) -> bytes:
        """Answer by itself each line whose minute did not decide."""
        answers = bytearray(found)
        at = answers.find(ASK)
        while at >= 0:
            answers[at] = self._exact(raws[at], seconds[at])
            at = answers.find(ASK, at + 1)
        return bytes(answers)

    def _exact(self, raw: bytes, second: int) -> int:
        entry = self._entries[raw]
        if entry.tables is not None and second < _END:
            return entry.tables.answer(second)
        entry.asked += 1
        if entry.asked > _WARM and entry.tables is None and len(self._warm) < _MOST_WARM:
            entry.tables = Tables(entry.instants, self._zone)
            self._warm.append(entry.tables)
            self._days[raw] = entry.tables.minutes
        return IN if holds(entry.instants, self._zone, second) else OUT

    def _one(self, line: bytes) -> int:
        """Answer a line whatever it looks like."""
        epoch, _, raw = line.partition(b"\t")
        digits = epoch.strip(_BLANKS)
        if not digits.isdigit() or len(digits.lstrip(b"0")) > _MOST_DIGITS:
            return _BAD
        return _BAD if self._days[raw] is _MALFORMED else self._exact(raw, int(digits))

    def _met(self, raw: bytes) -> Days:
        """Judge a period that was not met before."""
        if raw.startswith(b"\n"):  # an epoch where a period should be
            raise _Odd
        try:
            self._entries[raw] = _Entry(Period.parse(_text_of(raw)).instants)
        except PeriodError:
            return _MALFORMED
        return _COLD

    def _forget(self) -> None:
        self._days.clear()
        self._entries.clear()
        self._warm.clear()


class _Remembered(dict[bytes, Days]):
    """The days of each period by its bytes in the stream; a new one is asked for."""

    def __init__(self, meet: Callable[[bytes], Days]) -> None:
        super().__init__()
        self._meet = meet

    def __missing__(self, raw: bytes) -> Days:
        days = self[raw] = self._meet(raw)
        return days


def whole_lines(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """Cut a stream anew, each piece as many lines as its chunk completes, each with its newline."""
    rest = b""
    for chunk in chunks:
        whole, newline, tail = chunk.rpartition(b"\n")
        if newline:
            yield rest + whole + newline
            rest = tail
        else:
            rest += tail
    if rest:
        yield rest + b"\n"


def matched(chunks: Iterable[bytes], zone: Zone) -> Iterator[bytes]:
    """Answer a stream cut anywhere; each chunk's whole lines are answered at once."""
    return map(Matcher(zone).answers, whole_lines(chunks))


@lru_cache(maxsize=4096)
def verdict(line: bytes) -> str:
    """Judge a line that holds a period: `ok`, or `error:` and the codes of its faults."""
    _, findings = read(_text_of(line))
    return "error: " + " ".join(dict.fromkeys(finding.code for finding in findings)) if findings else "ok"


def _text_of(line: bytes) -> str:
    """Decode a line; a carriage return before the newline belongs to the line end."""
    return line.removesuffix(b"\r").decode("utf-8", "surrogateescape")
