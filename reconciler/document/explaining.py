"""A parser's complaint about a text in words that help: what was probably meant, at the place where it went wrong.

Looks at the lines around a fault, as people see them. Knows no file but the text, and no schema.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import suppress
from itertools import takewhile
from typing import Any, NamedTuple

from yaml.error import YAMLError

from reconciler.characters import ODD_BLANKS, look_alike
from reconciler.diagnostics import Diagnostic
from reconciler.document.libyaml import PARSER
from reconciler.document.source import Sources, line_around, span_at

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
# How ruamel's parser says the same, by its complaint and the context after it.
_ALSO = (
    (re.compile(r"expected <block end>.*\n.*block mapping"), "did not find expected key"),
    (re.compile("expected <block end>"), "did not find expected '-' indicator"),
    (re.compile("expected the node content"), "did not find expected node content"),
    (re.compile("found character .* that cannot start any token"), "found character that cannot start any token"),
    (re.compile("^sequence entries are not allowed"), "block sequence entries are not allowed"),
    (re.compile("expected '<document start>'"), "did not find expected <document start>"),
    (re.compile("expected (a comment or a line break|chomping)"), "did not find expected comment or line break"),
    (re.compile("found unexpected document separator"), "found unexpected document indicator"),
)


def is_about_a_name(error: Exception) -> bool:
    """Whether a parser stumbles over the name of an anchor or alias, of which libyaml knows ASCII only."""
    return _NO_NAME in str(getattr(error, "problem", ""))


class _Fault(NamedTuple):
    """Where a parser stopped, what it said, and the line in which it did."""

    text: str
    at: int
    complaint: str
    line_start: int
    line_end: int

    @property
    def line(self) -> str:
        return self.text[self.line_start : self.line_end]


class _Cause(NamedTuple):
    """What went wrong, between two characters, and what to type."""

    code: str
    start: int
    end: int
    message: str
    hint: str


def explain(sources: Sources, base: int, text: str, error: Exception) -> Diagnostic:
    """Turn a parser's error into a diagnostic at its place."""
    fault = _fault_of(text, error)
    cause = next((found for look in _LOOKS if (found := look(fault)) is not None), None) or _in_words(fault)
    return sources.problem(cause.code, span_at(base, cause.start, cause.end), cause.message, cause.hint)


def _fault_of(text: str, error: Exception) -> _Fault:
    complaint = _complaint(error)
    mark, context = getattr(error, "problem_mark", None), getattr(error, "context_mark", None)
    if mark is None or ("end of stream" in complaint and context is not None):
        mark = context
    at = min(mark.index if mark is not None else 0, max(len(text) - 1, 0))
    return _Fault(text, at, complaint, *line_around(text, at))


def _complaint(error: Exception) -> str:
    """What a parser says, as libyaml's would."""
    complaint = str(getattr(error, "problem", None) or "the text is broken")
    whole = f"{complaint}\n{getattr(error, 'context', None)}"
    return next((known for pattern, known in _ALSO if pattern.search(whole)), complaint)


def _in_words(fault: _Fault) -> _Cause:
    """What a parser says, in our words where there are any."""
    place = fault.at, fault.at + 1
    for known, message, hint in _EXPLANATIONS:
        if known in fault.complaint:
            return _Cause("yaml-syntax", *place, message, hint)
    hint = "quote the text, or fix what comes before it"
    return _Cause("yaml-syntax", *place, f"this is not YAML: {fault.complaint}", hint)


def _tab(fault: _Fault) -> _Cause | None:
    line = fault.line
    at = line[: len(line) - len(line.lstrip())].find("\t") + fault.line_start
    if at < fault.line_start:
        return None
    return _Cause("yaml-tab", at, at + 1, "this line is indented with a tab", "indent with spaces")


_ODD_INDENTATION = re.compile(rf"^ *[{ODD_BLANKS}][ {ODD_BLANKS}]*", re.MULTILINE)
_LINES_NEAR = 2


def _odd_blanks(fault: _Fault) -> _Cause | None:
    """Blanks that only look like spaces, before the line or one just above."""
    start = fault.line_end
    for _line in range(_LINES_NEAR + 1):
        start = fault.text.rfind("\n", 0, max(start, 0))
    found = _ODD_INDENTATION.search(fault.text, start + 1, fault.line_end)
    alike = look_alike(found[0]) if found is not None else None
    if found is None or alike is None:
        return None
    hint = f"indent it with spaces, not with {alike.named}"
    return _Cause("yaml-blank", *found.span(), "this line is indented with blanks that are not spaces", hint)


def _bare_in_braces(fault: _Fault) -> _Cause | None:
    """A period or a variable in `{…}` or `[…]` without quotes."""
    found = _FLOW_NEEDS_QUOTES.search(fault.line)
    if found is None or not any(each in fault.complaint for each in ("expected ',' or", "did not find expected key")):
        return None
    what, hint = "a period", 'put the whole value in quotes: "…"'
    if found.group() == _MARK:
        what = "a ${var:…}"
        named = _NAMED.match(found.string, found.start())
        hint = f"for a secret write {{env: {named[1]}}}" if named else hint
    start, end = (fault.line_start + each for each in found.span())
    return _Cause("yaml-flow-quotes", start, end, f"{what} inside {{…}} or […] needs quotes", hint)


_HAS_KEY = re.compile(r"""\s*(?:-\s|[^\s#].*?:(?:\s|$)|["'#{\[&*!|>%])""")


def _no_key_above(fault: _Fault) -> _Cause | None:
    """The line above, at the same depth, is text without a key: the parser takes both for one."""
    end = max(fault.line_start - 1, 0)
    first = fault.text.rfind("\n", 0, end) + 1
    above = fault.text[first:end].rstrip("\r")
    depth = _depth(above)
    if "mapping values are not allowed" not in fault.complaint or depth != _depth(fault.line) or not above.strip():
        return None
    if _HAS_KEY.match(above):
        return None
    return _Cause("yaml-syntax", first + depth, end, "this line is not `key: value`", _with_colon(above))


def _depth(line: str) -> int:
    return len(line) - len(line.lstrip(" "))


def _with_colon(line: str) -> str:
    """What to type where a line has no key."""
    if "\N{FULLWIDTH COLON}" in line:
        return "it has a full-width colon (U+FF1A): type `:` and a space"
    if re.match(r"\s*[\w-]+:\S", line):
        return "type a space after the colon"
    return "type `: ` instead of `=`" if "=" in line else "type `: ` after the key"


def _quote_before(fault: _Fault) -> _Cause | None:
    """The quoted text just before the fault, where its end is missing or comes too early."""
    text, last = fault.text, _quoted_token(fault.text, fault.at)
    if last is None or text[last.end_mark.index : fault.at].strip(" \n"):
        return None
    message, hint = "", "close it where its text ends"
    if last.start_mark.line < last.end_mark.line:
        message = f"the quote that begins here ends only in line {last.end_mark.line + 1}: a closing quote is missing"
    elif text[last.end_mark.index : last.end_mark.index + 1].strip(" \n,:]}#"):
        message = f"the quote that begins here ends in column {last.end_mark.column}, before the end of the text"
        other = "double it ('') or put the text in double quotes" if last.style == "'" else 'write \\" inside the text'
        hint = f"for a quote within the text {other}"
    start = last.start_mark.index
    return _Cause("yaml-syntax", start, start + 1, message, hint) if message else None


def _quoted_token(text: str, at: int) -> Any:
    """The last quoted text that begins before a place, as a scanner sees it; None where there is none."""
    last = None
    for token in takewhile(lambda each: each.start_mark.index < at, _tokens(text)):
        if getattr(token, "style", None) in ("'", '"'):
            last = token
    return last


def _tokens(text: str) -> Iterator[Any]:
    """The tokens of a text up to the one that cannot be read."""
    try:
        if PARSER is not None:
            yield from iter(PARSER(text).get_token, None)
            return
    except YAMLError:
        return
    from ruamel.yaml import YAML
    from ruamel.yaml.error import YAMLError as SlowError

    with suppress(SlowError):
        yield from YAML(typ="safe", pure=True).scan(text)


_LOOKS: tuple[Callable[[_Fault], _Cause | None], ...] = (
    _tab,
    _odd_blanks,
    _bare_in_braces,
    _no_key_above,
    _quote_before,
)
