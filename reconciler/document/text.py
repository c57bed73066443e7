"""Bytes of a file to text: UTF-8 without its byte order mark, or why not, and where.

Must not know YAML.
"""

from __future__ import annotations

import codecs
import stat
from pathlib import Path
from typing import NamedTuple

from reconciler.diagnostics import Diagnostic, Location
from reconciler.document.source import presentable
from reconciler.rules import RULES

_LONGEST_SHOWN = 200
_UTF_16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


class Unreadable(NamedTuple):
    """Why a file gives no text: a rule's code, the sentence, the remedy, and the character at which it is seen."""

    code: str
    message: str
    hint: str
    line: int = 1
    column: int = 1
    excerpt: str | None = None

    def at(self, name: str) -> Diagnostic:
        """The diagnostic of a file of that name."""
        place = Location(name, self.line, self.column, self.line, self.column + 1, self.excerpt)
        return Diagnostic(self.code, RULES[self.code].severity, self.message, place, self.hint)


def read_text(path: Path) -> str | Unreadable:
    """Read an ordinary file; anything else (a pipe would wait for ever) is refused."""
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            return _refused("it is no ordinary file")
        raw = path.read_bytes()
    except OSError as error:
        return _refused((error.strerror or "unknown error").lower())
    return decode(raw)


def _refused(reason: str) -> Unreadable:
    return Unreadable("file-unreadable", f"the file cannot be read: {reason}", "mend or remove it")


def decode(raw: bytes) -> str | Unreadable:
    """Bytes of a file to text, or why they are none."""
    try:
        return raw.decode("utf-8").removeprefix("\ufeff")
    except UnicodeDecodeError as error:
        return _not_utf_8(raw, error.start)


def _not_utf_8(raw: bytes, start: int) -> Unreadable:
    if raw.startswith(_UTF_16):
        return Unreadable("file-encoding", "the file is UTF-16, not UTF-8", "save it as UTF-8")
    number = raw.count(b"\n", 0, start) + 1
    first = raw.rfind(b"\n", 0, start) + 1
    column = len(raw[first:start].decode("utf-8").removeprefix("\ufeff")) + 1
    line = raw[first:].partition(b"\n")[0].decode("utf-8", "replace").removeprefix("\ufeff")
    excerpt = presentable(line.rstrip("\r")) if len(line) <= _LONGEST_SHOWN else None
    message = f"the file is not UTF-8: byte 0x{raw[start]:02x} on line {number}"
    return Unreadable("file-encoding", message, "save it as UTF-8", number, column, excerpt)
