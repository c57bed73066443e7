"""Bytes of a file to text: UTF-8 without its byte order mark, or why not, and where.

Must not know YAML.
"""

from __future__ import annotations

import codecs
import os
import stat
from pathlib import Path
from typing import NamedTuple

from reconciler.diagnostics import Diagnostic, Location
from reconciler.document.source import is_ours, presentable
from reconciler.rules import RULES

LARGEST_MIB = 16
_LONGEST_SHOWN = 200
_AT_ONCE = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0)
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
        return RULES[self.code].at(place, self.message, self.hint)


def read_text(path: Path) -> str | Unreadable:
    """Read an ordinary file of a bounded size; anything else (a pipe would wait for ever) is refused."""
    try:
        with open(path, "rb", opener=lambda name, _flags: os.open(name, _AT_ONCE)) as file:
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                return _refused("it is no ordinary file")
            raw = file.read((LARGEST_MIB << 20) + 1)
    except OSError as error:
        return _refused((error.strerror or "unknown error").lower())
    if len(raw) > LARGEST_MIB << 20:
        return _refused(f"it is larger than {LARGEST_MIB} MiB")
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
    is_shown = len(line) <= _LONGEST_SHOWN and is_ours(raw.decode("utf-8", "replace"))
    excerpt = presentable(line.rstrip("\r")) if is_shown else None
    message = f"the file is not UTF-8: byte 0x{raw[start]:02x} on line {number}"
    return Unreadable("file-encoding", message, "save it as UTF-8", number, column, excerpt)
