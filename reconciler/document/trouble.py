"""A YAML parser's complaint in words that help: what stands there and what to type instead.

Knows the parsers' messages, no schema.
"""

from __future__ import annotations

import re

from reconciler.diagnostics import Diagnostic
from reconciler.document.source import Sources, line_around, span_at

_FLOW_NEEDS_QUOTES = re.compile(
    r"\b(yr|year|mo|month|wk|week|yd|yday|md|mday|wd|wday|hr|hour|min|minute|sec|second)\s*\{|\$\{"
)

_NO_NAME = "expected alphabetic or numeric character"
_EXPLANATIONS: tuple[tuple[str, str, str], ...] = (
    (
        "mapping values are not allowed",
        "a second `: ` stands where only one value can be",
        "put the text in quotes, or start a new, deeper line for a nested key",
    ),
    (
        "could not find expected ':'",
        "this line is neither `key: value` nor a list item",
        "look for a missing `:` or a missing quote here or just above",
    ),
    (
        "expected ',' or",
        "the `{…}` or `[…]` is broken here",
        "separate the items with commas, close the bracket, and quote texts with special characters",
    ),
    (
        "did not find expected key",
        "this line's indentation fits no map above it",
        "align it with the other keys of its map",
    ),
    (
        "did not find expected '-' indicator",
        "this line's indentation fits no list above it",
        "begin it with `- `, or align it with the key that it belongs to",
    ),
    (
        "block sequence entries are not allowed",
        "a list item cannot stand here",
        "start the list on its own line under the key",
    ),
    ("found unexpected end of stream", "a quote that is opened here is never closed", "close the quote"),
    (
        "unknown escape character",
        "an unknown escape stands after the backslash",
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
        "write a value, or close the bracket that is opened before it",
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
        "this escape names no character",
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
            "yaml-tab", span_at(base, place, place + 1), "a tab indents this line", "indent with spaces"
        )
    if ("expected ',' or" in complaint or "did not find expected key" in complaint) and (
        quotes := _FLOW_NEEDS_QUOTES.search(line)
    ):
        return _needs_quotes(sources, base, line_start, quotes)
    for known, message, hint in _EXPLANATIONS:
        if known in complaint:
            return sources.problem("yaml-syntax", span, message, hint)
    hint = "put the text in quotes, or mend what stands before this place"
    return sources.problem("yaml-syntax", span, f"this is not YAML: {complaint}", hint)


def _needs_quotes(sources: Sources, base: int, line_start: int, found: re.Match[str]) -> Diagnostic:
    what = "a ${var:…}" if found.group().startswith("$") else "a period"
    span = span_at(base, line_start + found.start(), line_start + found.end())
    message = f"{what} inside {{…}} or […] needs quotes"
    return sources.problem("yaml-flow-quotes", span, message, 'put the whole value in quotes: "…"')
