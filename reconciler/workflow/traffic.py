"""Calls of the past from a file: CSV with a header, JSON Lines, or the store of `events listen`.

Who called is read over, and kept nowhere.

Knows no command and no output.
"""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Collection, Iterator, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass, field
from datetime import datetime
from itertools import chain
from pathlib import Path
from typing import TextIO

from reconciler.config.phones import digits_of
from reconciler.diagnostics import Diagnostic
from reconciler.effects.traffic import PastCalls
from reconciler.events.calls import received_calls
from reconciler.events.store import EventStore, StoreError
from reconciler.rules import RULES

_MOST_QUOTED = 5
_TIME, _NUMBER = "time", "number"
_DELIMITERS = ",;\t"
_RFC3339 = "2026-11-21T10:00:00+03:00"
_SHORT_OF_COUNTRY = 10
_WITH_COUNTRY = 11
_SQLITE = b"SQLite format 3\0"
_SCHEME = re.compile(r"(?:tel|sip):", re.IGNORECASE)
_BLANK_BEFORE_OFFSET = re.compile(r"\s+(?=[Zz+-])")


class TrafficError(Exception):
    """A file of calls that cannot be used; `diagnostics` say why, and quote nothing from it."""

    def __init__(self, diagnostics: Sequence[Diagnostic]) -> None:
        super().__init__(diagnostics[0].message)
        self.diagnostics = tuple(diagnostics)


def read_traffic(path: Path, name: str, ours: Collection[str]) -> PastCalls:
    """Read calls, also those to numbers that are not `ours`; raises TrafficError. `name` is the file's, in messages."""
    reading = _Reading(name, ours)
    try:
        if _is_database(path):
            return PastCalls(_received(path, ours))
        with path.open(encoding="utf-8-sig", errors="replace", newline="") as file:
            reading.read(file)
    except OSError as error:
        raise _unusable(f"{name} cannot be read: {(error.strerror or 'unknown reason').lower()}") from None
    if reading.bad:
        raise TrafficError(list(reading.diagnostics()))
    return PastCalls(reading.calls)


def _is_database(path: Path) -> bool:
    """Whether a file is SQLite's; a pipe, which can be read only once, is none."""
    if not path.is_file():
        return False
    with path.open("rb") as file:
        return file.read(len(_SQLITE)) == _SQLITE


def _received(path: Path, ours: Collection[str]) -> dict[str, list[int]]:
    """The calls that came in, by the listener's store; raises TrafficError."""
    found: dict[str, list[int]] = {}
    try:
        with closing(EventStore(path)) as store:
            for call in received_calls(store.everything()):
                digits = _digits(call.number)
                number = call.number if digits is None else _number(call.number, digits, ours)
                found.setdefault(number, []).append(int(call.at // 1))
    except StoreError as error:
        raise _unusable(str(error), "give a CSV file, JSON Lines, or the store of `events listen`") from None
    return found


def _unusable(message: str, hint: str | None = None) -> TrafficError:
    return TrafficError([RULES["traffic-file"].at(None, message, hint)])


@dataclass(slots=True)
class _Reading:
    """What was read so far; `bad` are the rows that are no calls, the first of them with the reason in `told`."""

    name: str
    ours: Collection[str]
    calls: dict[str, list[int]] = field(default_factory=dict)
    bad: int = 0
    told: list[tuple[int, str]] = field(default_factory=list)
    known: dict[str, str] = field(default_factory=dict)

    def read(self, file: TextIO) -> None:
        """Read all rows."""
        for line, first in enumerate(file, 1):
            self._check_text(first)
            if first.strip():
                start = first.lstrip()[0]
                rest = chain([first], file)
                read = self._read_objects if start in "{[" else self._read_rows
                read(rest, line)
                return
        raise _unusable(f"{self.name} is empty", f"its first line is to name the columns: {_TIME},{_NUMBER}")

    def _check_text(self, first: str) -> None:
        if first.startswith("\x1f\ufffd"):
            raise _unusable(f"{self.name} is compressed", "unpack it first")
        if "\0" in first:
            raise _unusable(f"{self.name} is not UTF-8 text", "save it as CSV in UTF-8")

    def diagnostics(self) -> Iterator[Diagnostic]:
        """What is wrong with the rows, the first of them one by one."""
        for line, why in self.told:
            yield RULES["traffic-file"].at(None, f"{self.name}, line {line}: {why}")
        more = self.bad - len(self.told)
        if more:
            which = "1 more row is no call" if more == 1 else f"{more} more rows are no calls"
            yield RULES["traffic-file"].at(None, f"{self.name}: {which}")

    def _read_rows(self, lines: Iterator[str], start: int) -> None:
        """Read CSV, whose header is the first of these lines."""
        header = next(lines)
        delimiter = max(_DELIMITERS, key=header.count)
        time, number = self._columns(next(csv.reader([header], delimiter=delimiter)), start)
        rows = csv.reader(lines, delimiter=delimiter, strict=True)
        try:
            for row in rows:
                if len(row) > max(time, number):
                    self._take(start + rows.line_num, row[time], row[number])
                elif any(row):
                    self._refuse(start + rows.line_num, "it has fewer columns than the header")
        except csv.Error:
            raise _unusable(f"{self.name}, line {start + rows.line_num}: it is not CSV") from None

    def _columns(self, header: Sequence[str], line: int) -> tuple[int, int]:
        """Where the time and the called number stand."""
        names = [name.strip().lower() for name in header]
        for name in (_TIME, _NUMBER):
            if names.count(name) != 1:
                found = "no column" if name not in names else "more than one column"
                hint = f"name the columns in the first line: {_TIME},{_NUMBER}, in any order, beside any others"
                raise _unusable(f"{self.name}, line {line}: it has {found} `{name}`", hint)
        return names.index(_TIME), names.index(_NUMBER)

    def _read_objects(self, lines: Iterator[str], start: int) -> None:
        """Read JSON Lines."""
        for line, text in enumerate(lines, start):
            if not text.strip():
                continue
            item: object = None
            with suppress(ValueError, RecursionError):
                item = json.loads(text)
            if not isinstance(item, dict):
                self._refuse(line, "it is not one JSON object")
                continue
            time, number = item.get(_TIME), item.get(_NUMBER)
            if type(number) is int:
                number = str(number)
            if isinstance(time, str) and isinstance(number, str):
                self._take(line, time, number)
            else:
                self._refuse(line, f"`{_NUMBER if isinstance(time, str) else _TIME}` is missing or is not text")

    def _take(self, line: int, time: str, number: str) -> None:
        """Count one call."""
        if number not in self.known:
            if not (time.strip() or number.strip()):
                return  # a row of blanks
            if (digits := _digits(number)) is None:
                self._refuse(line, f"`{_NUMBER}` is not a phone number")
                return
            self.known[number] = _number(number, digits, self.ours)
        try:
            at = instant(time)
        except ValueError as error:
            self._refuse(line, str(error))
            return
        self.calls.setdefault(self.known[number], []).append(at)

    def _refuse(self, line: int, why: str) -> None:
        self.bad += 1
        if len(self.told) < _MOST_QUOTED:
            self.told.append((line, why))


def instant(text: str) -> int:
    """Read an RFC 3339 time, to the second; raises ValueError, which quotes nothing."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        moment = _moment(text)
    if moment.tzinfo is None:
        # docs/decisions/186
        raise ValueError(f"`{_TIME}` has no offset from UTC: write it like {_RFC3339}")
    return int(moment.timestamp() // 1)


def _moment(text: str) -> datetime:
    """A time in one of the rarer spellings of RFC 3339."""
    spelled = _BLANK_BEFORE_OFFSET.sub("", text.strip()[10:]).upper()
    try:
        return datetime.fromisoformat(text.strip()[:10] + spelled.replace(":60", ":59"))
    except ValueError:
        raise ValueError(f"`{_TIME}` is not a time: write it like {_RFC3339}") from None


def _digits(text: str) -> str | None:
    return digits_of(_SCHEME.sub("", text.strip(), count=1).partition("@")[0])


def _number(text: str, digits: str, ours: Collection[str]) -> str:
    """The number that is meant: also a Russian one with 8 in place of 7, or without either."""
    if digits in ours or text.lstrip().startswith("+"):
        return digits
    if len(digits) == _WITH_COUNTRY and digits[0] == "8":
        return f"7{digits[1:]}"
    return f"7{digits}" if len(digits) == _SHORT_OF_COUNTRY else digits
