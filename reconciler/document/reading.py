"""The text of a file to a document: the quick reader for common files, the thorough one for all others.

Bytes must be UTF-8. libyaml's parser gives the events; where it is missing or refuses a text, ruamel's slower parser
is asked before the user is told, so that a text has one verdict, however long the file is; its complaint is put in
words that help. Knows no schema.
"""

from __future__ import annotations

import codecs
import os
import stat
from collections import deque
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from yaml import events as fast
from yaml.error import YAMLError

from reconciler.diagnostics import Diagnostic, Location
from reconciler.document import quick
from reconciler.document.builder import Document, DocumentBuilder, MisreadError, StopError
from reconciler.document.explaining import explain, is_about_a_name
from reconciler.document.libyaml import PARSER
from reconciler.document.source import Sources, is_ours, make_presentable, text_problems
from reconciler.document.tree import Tree
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
                return _refused("it is not a regular file")
            raw = file.read((LARGEST_MIB << 20) + 1)
    except OSError as error:
        return _refused((error.strerror or "unknown error").lower())
    if len(raw) > LARGEST_MIB << 20:
        return _refused(f"it is larger than {LARGEST_MIB} MiB")
    return decode(raw)


def _refused(reason: str) -> Unreadable:
    return Unreadable("file-unreadable", f"the file cannot be read: {reason}", "fix or remove it")


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
    excerpt = make_presentable(line.rstrip("\r")) if is_shown else None
    message = f"the file is not UTF-8: byte 0x{raw[start]:02x} on line {number}"
    return Unreadable("file-encoding", message, "save it as UTF-8", number, column, excerpt)


# docs/decisions/105
# What ruamel's parser has been seen to raise, or may: it asserts, indexes and converts without looking.
_RAISED = (ArithmeticError, AssertionError, AttributeError, LookupError, RuntimeError, TypeError, ValueError)


class RefusedError(Exception):
    """ruamel's parser cannot read a text; `error` is what it raised."""

    def __init__(self, error: Exception) -> None:
        super().__init__(str(error))
        self.error = error


def parse(sources: Sources, base: int, text: str) -> Document:
    """Parse the text of one file, added to `sources` at `base`; every diagnostic is in `problems`."""
    unfit = text_problems(sources, base, text)
    if unfit:
        return Document(None, tuple(unfit))
    if PARSER is not None and quick.is_common(text):
        try:
            tree, has_nulls = quick.read(PARSER(text).get_event, base, partial(_piece, sources, base, text))
        except (quick.UncommonTextError, YAMLError):
            pass  # the thorough builder says what is wrong, or that nothing is
        else:
            return Document(tree, (), has_nulls)
    return read_thoroughly(sources, base, text)


def _piece(sources: Sources, base: int, text: str, start: int, end: int) -> Tree:
    """The tree of one container of a common text, read again with all its places."""
    if text[start] not in "[{":
        start = text.rindex("\n", 0, start) + 1
    tree = read_thoroughly(sources, base + start, text[start:end]).tree
    if tree is None:
        raise AssertionError("a container that was read once must be readable again")
    return tree


def read_thoroughly(sources: Sources, base: int, text: str) -> Document:
    """Read a text with all its places, whatever stands in it."""
    return second_opinion(sources, base, text) if PARSER is None else _by_libyaml(PARSER, sources, base, text)


def _by_libyaml(parser: Callable[[str], Any], sources: Sources, base: int, text: str) -> Document:
    builder = DocumentBuilder(sources, base, text)
    try:
        return builder.build(parser(text).get_event, fast)
    except StopError:
        return builder.document(None)
    except MisreadError:
        return second_opinion(sources, base, text)
    except YAMLError as error:
        if is_about_a_name(error):
            return second_opinion(sources, base, text)  # names of any alphabet are legal: what else is wrong is told
        suspect = builder.suspect()
        if suspect != text and not is_readable(suspect):
            return Document(None, (explain(sources, base, text, error),))
        return second_opinion(sources, base, text, error)


def second_opinion(sources: Sources, base: int, text: str, error: Exception | None = None) -> Document:
    """Ask ruamel's parser, which knows YAML 1.2 better; its verdict stands. `error`: why libyaml's refuses the text."""
    from ruamel.yaml import events as slow

    builder, events = DocumentBuilder(sources, base, text), thorough_events(text)
    try:
        return builder.build(lambda: next(events, None), slow)
    except StopError:
        return builder.document(None)
    except RefusedError as refusal:
        return Document(None, (explain(sources, base, text, error or refusal.error),))


def readers(text: str) -> Iterator[tuple[Iterator[Any], Any]]:
    """The events of a text as one parser gives them, then the other, each with the module of their classes.

    The first raises YAMLError where it refuses the text.
    """
    from ruamel.yaml import events as slow

    if PARSER is not None:
        yield iter(PARSER(text).get_event, None), fast
    yield thorough_events(text), slow


def is_readable(text: str) -> bool:
    """Whether ruamel's parser takes a text, whatever it means."""
    try:
        deque(thorough_events(text), maxlen=0)
    except RefusedError:
        return False
    return True


def thorough_events(text: str) -> Iterator[Any]:
    """The events of ruamel's parser; raises RefusedError, whatever that raises."""
    from ruamel.yaml import YAML
    from ruamel.yaml.error import YAMLError as SlowError
    from ruamel.yaml.error import YAMLStreamError

    try:
        yield from YAML(typ="safe", pure=True).parse(text)
    except (SlowError, YAMLStreamError, *_RAISED) as error:
        raise RefusedError(error) from error
