"""The corpus of period strings with the answers of Time::Period, and the module itself where it is installed."""

from __future__ import annotations

import functools
import re
import shutil
import subprocess
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

import pytest

_DATA = Path(__file__).parent / "data"
_ESCAPES = {b"t": b"\t", b"n": b"\n", b"r": b"\r", b"f": b"\f", b"v": b"\v", b"\\": b"\\"}
_ORACLE = """
use strict; use warnings; no warnings 'numeric'; use Time::Period;
binmode STDIN;
while (my $line = <STDIN>) {
  chomp $line;
  my ($epoch, $period) = split /\\t/, $line, 2;
  print inPeriod($epoch, defined $period ? $period : ''), "\\n";
}
"""

ZONES = ("Europe/Moscow", "UTC")


class String(NamedTuple):
    """One string of the corpus."""

    label: str
    category: str
    text: str


class Case(NamedTuple):
    """One instant and the answers in the two zones."""

    text: str
    epoch: int
    answers: tuple[str, str]


def _rows(name: str) -> Iterable[list[str]]:
    lines = (_DATA / name).read_text("utf-8").split("\n")[1:]
    return (line.split("\t") for line in lines if line)


def unescaped(text: str) -> str:
    def character(match: re.Match[bytes]) -> bytes:
        return bytes([int(match[1], 16)]) if match[1] else _ESCAPES[match[2]]

    return re.sub(rb"\\(?:x([0-9a-f]{2})|([tnrfv\\]))", character, text.encode()).decode()


@functools.cache
def strings() -> tuple[String, ...]:
    return tuple(String(row[1], row[2], unescaped(row[3])) for row in _rows("strings.tsv"))


@functools.cache
def valid_cases() -> tuple[Case, ...]:
    rows = (row for row in _rows("cases.tsv") if row[1] == "valid")
    return tuple(Case(unescaped(row[3]), int(row[4]), (row[5], row[6])) for row in rows)


@functools.cache
def _missing() -> str | None:
    perl = shutil.which("perl")
    if perl is None:
        return "perl is not installed"
    found = subprocess.run(
        [perl, "-MTime::Period", "-e", "print $Time::Period::VERSION"], capture_output=True, check=False
    )
    if found.returncode:
        return "Time::Period is not installed (Debian: apt-get install libtime-period-perl)"
    return None if found.stdout == b"1.25" else f"Time::Period is {found.stdout.decode()}, the meaning is that of 1.25"


def oracle(questions: Iterable[tuple[int, str]], zone: str) -> list[str]:
    """Ask Time::Period itself; skips the test where it cannot be asked."""
    missing = _missing()
    if missing:
        pytest.skip(missing)
    lines = "".join(f"{epoch}\t{text}\n" for epoch, text in questions).encode()
    command = ["perl", "-e", _ORACLE]
    answered = subprocess.run(
        command, input=lines, capture_output=True, check=True, env={"TZ": zone, "PATH": "/usr/bin:/bin"}
    )
    return answered.stdout.decode().split()
