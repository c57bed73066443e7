"""The text of a file to a document: the quick reader for common files, the thorough one for all others.

Bytes must be UTF-8. libyaml's parser gives the events; where it refuses a text, ruamel's slower parser is asked
before the user is told, so that a text has one verdict, however long the file is; its complaint is put in words that
help. Knows no schema.
"""

from __future__ import annotations

import codecs
import os
import re
import stat
from collections import deque
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from yaml import events as fast
from yaml._yaml import CParser
from yaml.error import YAMLError
from yaml.tokens import ScalarToken

from reconciler.characters import ODD_BLANKS, look_alike
from reconciler.diagnostics import Diagnostic, Location
from reconciler.document import quick
from reconciler.document.builder import Document, DocumentBuilder, MisreadError, StopError
from reconciler.document.source import Sources, is_ours, line_around, make_presentable, span_at, text_problems
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


_FLOW_NEEDS_QUOTES = re.compile(
    r"\b(yr|year|mo|month|wk|week|yd|yday|md|mday|wd|wday|hr|hour|min|minute|sec|second)\s*\{|\$\{"
)

_MARK = "${"
_NAMED = re.compile(r"\$\{([A-Z][A-Z0-9_]*)\}")
_NO_NAME = "expected alphabetic or numeric character"
_EXPLANATIONS: tuple[tuple[str, str, str], ...] = (
    (
        "mapping values are not allowed",
        "there is a second `: ` where only one value can be",
        "put the text in quotes, or start a new, deeper line for a nested key",
    ),
    (
        "could not find expected ':'",
        "this line is neither `key: value` nor a list item",
        "look for a missing `:` or a missing quote here or just above",
    ),
    (
        "expected ',' or",
        "there is a syntax error in this `{…}` or `[…]`",
        "separate the items with commas, close the bracket, and quote texts with special characters",
    ),
    (
        "did not find expected key",
        "this line's indentation does not match any map above it",
        "align it with the other keys of its map",
    ),
    (
        "did not find expected '-' indicator",
        "this line's indentation does not match any list above it",
        "begin it with `- `, or align it with the key that it belongs to",
    ),
    (
        "block sequence entries are not allowed",
        "a list item is not allowed here",
        "start the list on its own line under the key",
    ),
    ("found unexpected end of stream", "the quote opened here is never closed", "close the quote"),
    (
        "unknown escape character",
        "there is an unknown escape after the backslash",
        "use single quotes to keep a backslash",
    ),
    (
        "found character that cannot start any token",
        "a text cannot begin with this character",
        "put the text in quotes",
    ),
    (
        "did not find expected node content",
        "a value is missing here",
        "write a value, or close the open bracket",
    ),
    (
        _NO_NAME,
        "`*` or `&` has no name after it",
        "put the text in quotes",
    ),
    (
        "found incompatible YAML document",
        "this version of YAML is not known here",
        "write %YAML 1.2, or remove the line",
    ),
    (
        "found invalid Unicode character escape code",
        "this escape is not a character",
        "write the character itself",
    ),
    ("found undefined tag handle", "this tag has no meaning here", "remove the tag"),
)


def is_about_a_name(error: Exception) -> bool:
    """Whether a parser stumbles over the name of an anchor or alias, of which libyaml knows ASCII only."""
    return _NO_NAME in str(getattr(error, "problem", ""))


def explain(sources: Sources, base: int, text: str, error: Exception) -> Diagnostic:
    """Turn a parser's error into a diagnostic at its place."""
    complaint = str(getattr(error, "problem", None) or "the text is broken")
    mark, context = getattr(error, "problem_mark", None), getattr(error, "context_mark", None)
    if mark is None or ("end of stream" in complaint and context is not None):
        mark = context
    at = min(mark.index if mark is not None else 0, max(len(text) - 1, 0))
    span = span_at(base, at, at + 1)
    line_start, line_end = line_around(text, at)
    line = text[line_start:line_end]
    if "\t" in (indent := line[: len(line) - len(line.lstrip())]):
        place = line_start + indent.index("\t")
        return sources.problem(
            "yaml-tab", span_at(base, place, place + 1), "this line is indented with a tab", "indent with spaces"
        )
    odd = _odd_indentation(text, line_end)
    if odd is not None:
        message = "this line is indented with blanks that are not spaces"
        return sources.problem("yaml-blank", span_at(base, *odd), message, _spaces(text[slice(*odd)]))
    if ("expected ',' or" in complaint or "did not find expected key" in complaint) and (
        quotes := _FLOW_NEEDS_QUOTES.search(line)
    ):
        return _needs_quotes(sources, base, line_start, quotes)
    if (quoted := _quote_before(text, at)) is not None:
        return sources.problem(
            "yaml-syntax", span_at(base, quoted.start, quoted.start + 1), quoted.message, quoted.hint
        )
    for known, message, hint in _EXPLANATIONS:
        if known in complaint:
            return sources.problem("yaml-syntax", span, message, hint)
    hint = "quote the text, or fix what comes before it"
    return sources.problem("yaml-syntax", span, f"this is not YAML: {complaint}", hint)


_ODD_INDENTATION = re.compile(rf"^ *[{ODD_BLANKS}][ {ODD_BLANKS}]*", re.MULTILINE)
_LINES_NEAR = 2


def _odd_indentation(text: str, end: int) -> tuple[int, int] | None:
    """Where the line of a fault, or one just above, is indented with what only looks like spaces."""
    start = end
    for _line in range(_LINES_NEAR + 1):
        start = text.rfind("\n", 0, max(start, 0))
    found = _ODD_INDENTATION.search(text, start + 1, end)
    return None if found is None else found.span()


def _spaces(indentation: str) -> str:
    alike = look_alike(indentation)
    return f"indent it with spaces, not with {alike.named}" if alike else "indent it with spaces"


class _Quote(NamedTuple):
    """A quoted text that ends where it should not: where it begins, what is wrong, and what to type."""

    start: int
    message: str
    hint: str


def _quote_before(text: str, at: int) -> _Quote | None:
    """The quoted text that ends just before a fault, where that is why: its end is missing, or comes too early."""
    last = _quoted_token(text, at)
    if last is None or text[last.end_mark.index : at].strip(" \n"):
        return None
    first_line, last_line = last.start_mark.line + 1, last.end_mark.line + 1
    if first_line < last_line:
        message = f"the quote that begins here ends only in line {last_line}: a closing quote is missing"
        return _Quote(last.start_mark.index, message, "close it where its text ends")
    if text[last.end_mark.index : last.end_mark.index + 1].strip(" \n,:]}#"):
        other = "double it ('') or put the text in double quotes" if last.style == "'" else 'write \\" inside the text'
        message = f"the quote that begins here ends in column {last.end_mark.column}, before the end of the text"
        return _Quote(last.start_mark.index, message, f"for a quote within the text {other}")
    return None


def _quoted_token(text: str, at: int) -> Any:
    """The last quoted text that begins before a place, as a scanner sees it; None where there is none."""
    scanner, last = CParser(text), None
    try:
        while (token := scanner.get_token()) is not None and token.start_mark.index < at:
            if isinstance(token, ScalarToken) and token.style in ("'", '"'):
                last = token
    except YAMLError:
        pass  # what was seen before counts
    return last


def _needs_quotes(sources: Sources, base: int, line_start: int, found: re.Match[str]) -> Diagnostic:
    what, hint = "a period", 'put the whole value in quotes: "…"'
    if found.group() == _MARK:
        what = "a ${var:…}"
        named = _NAMED.match(found.string, found.start())
        hint = f"for a secret write {{env: {named[1]}}}" if named else hint
    span = span_at(base, line_start + found.start(), line_start + found.end())
    message = f"{what} inside {{…}} or […] needs quotes"
    return sources.problem("yaml-flow-quotes", span, message, hint)


# docs/decisions/105
# What ruamel's parser has been seen to raise, or may: it asserts, indexes and converts without looking.
_RAISED = (ArithmeticError, AssertionError, AttributeError, LookupError, RuntimeError, TypeError, ValueError)


class _RefusedError(Exception):
    """ruamel's parser cannot read a text; `error` is what it raised."""

    def __init__(self, error: Exception) -> None:
        super().__init__(str(error))
        self.error = error


def parse(sources: Sources, base: int, text: str) -> Document:
    """Parse the text of one file, added to `sources` at `base`; every diagnostic is in `problems`."""
    unfit = text_problems(sources, base, text)
    if unfit:
        return Document(None, tuple(unfit))
    if quick.is_common(text):
        try:
            tree, has_nulls = quick.read(text, base, partial(_piece, sources, base, text))
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
    builder = DocumentBuilder(sources, base, text)
    try:
        return builder.build(CParser(text).get_event, fast)
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

    builder, events = DocumentBuilder(sources, base, text), _events(text)
    try:
        return builder.build(lambda: next(events, None), slow)
    except StopError:
        return builder.document(None)
    except _RefusedError as refusal:
        return Document(None, (explain(sources, base, text, error or refusal.error),))


def is_readable(text: str) -> bool:
    """Whether ruamel's parser takes a text, whatever it means."""
    try:
        deque(_events(text), maxlen=0)
    except _RefusedError:
        return False
    return True


def _events(text: str) -> Iterator[Any]:
    """The events of ruamel's parser; raises _RefusedError, whatever that raises."""
    from ruamel.yaml import YAML
    from ruamel.yaml.error import YAMLError as SlowError
    from ruamel.yaml.error import YAMLStreamError

    try:
        yield from YAML(typ="safe", pure=True).parse(text)
    except (SlowError, YAMLStreamError, *_RAISED) as error:
        raise _RefusedError(error) from error
