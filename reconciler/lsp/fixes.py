"""Edits that hints of findings lead to: each is tried on the configuration, and offered only if the finding is gone.

Nothing here knows a rule: what a hint says to type is what is typed.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from itertools import islice
from typing import NamedTuple

from reconciler.diagnostics import Diagnostic, Location
from reconciler.document.source import Edit, apply_edits
from reconciler.lsp.project import Project, State

_MOST_TRIED = 6
_MEANT = re.compile(r"did you mean (\S+)\?")
_WRITE = re.compile(r"(?:.*: )?write (\S+|[^\s{]+ \{[^}]*\}|`.+`)(?: if .*)?")
_CODED = re.compile(r"`([^`]+)`")
_ADD = re.compile(r"(?:add|begin with) `(version: 1|\w+: (?:true|false))`.*")
_REMOVALS = ("remove it", "remove the invisible character", "remove the comma", "remove the line")


class Fix(NamedTuple):
    """An edit of one file, and what it is called."""

    title: str
    edit: Edit
    finding: Diagnostic


# docs/decisions/176
def fixes(project: Project, name: str, found: Diagnostic) -> Iterator[Fix]:
    """The edits that a finding's hint names and that make it go away without another fault."""
    text, place = project.text_of(name), found.location
    if place is None or not found.hint or not text:
        return
    offered: set[str] = set()
    for title, edit in islice(_candidates(text, place, found.hint), _MOST_TRIED):
        after = apply_edits(text, [edit])
        if title not in offered and _mends(project.state, project.tried(name, after), found):
            offered.add(title)
            yield Fix(title, edit, found)


def _mends(before: State, after: State, found: Diagnostic) -> bool:
    """Whether a finding is gone, and no error has come in its place."""
    was, now = (Counter(item.code for item in state.everything) for state in (before, after))
    errors = [sum(item.is_error for item in state.everything) for state in (before, after)]
    return now[found.code] < was[found.code] and errors[1] <= errors[0] - found.is_error


def _candidates(text: str, place: Location, hint: str) -> Iterator[tuple[str, Edit]]:
    start, end = _offset(text, place.line, place.column), _offset(text, place.end_line, place.end_column)
    written = text[start:end]
    for words in _words(hint):
        for each in dict.fromkeys((_as_quoted(written, words), f'"{words}"')):
            yield f"Write {words}", Edit(start, end, each)
    added = _ADD.fullmatch(hint)
    if added is not None:
        yield f"Add {added.group(1)}", _line_before(text, place.line, added.group(1))
    if "quote" in hint and written[:1] not in ('"', "'"):
        whole = _whole_value(text, start)
        yield "Put it in quotes", Edit(whole.start, whole.end, _quoted(text[whole.start : whole.end]))
    if hint in _REMOVALS:
        yield "Remove it", Edit(start, end, "")


def _words(hint: str) -> Iterator[str]:
    """The texts that a hint says to write."""
    meant = _MEANT.search(hint)
    if meant is not None:
        yield meant.group(1)
    write = _WRITE.fullmatch(hint)
    if write is not None:
        coded = _CODED.findall(write.group(1))
        yield from coded or [write.group(1)]


def _as_quoted(written: str, words: str) -> str:
    """The words in the quotes of what they replace."""
    quote = written[:1] if written[:1] in ('"', "'") and written[-1:] == written[:1] and len(written) > 1 else ""
    return f"{quote}{words}{quote}"


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


_LINE = re.compile(r"[^\n]*")
_KEY = re.compile(r"""(?:[\s{,\[-]|^)["']?[\w-]+["']?:[ \t]+""")


def _whole_value(text: str, start: int) -> Edit:
    """The plain value around a place: from the last key before it to the end of its line, or of what encloses it."""
    first = text.rfind("\n", 0, start) + 1
    line = _LINE.match(text, first)
    row = line.group() if line is not None else ""
    heads = [match.end() for match in _KEY.finditer(row, 0, max(1, start - first))]
    begin = heads[-1] if heads else len(row) - len(row.lstrip(" -"))
    depth, end = 0, len(row)
    for at in range(begin, len(row)):
        depth += (row[at] == "{") - (row[at] == "}")
        if depth < 0 or (depth == 0 and row[at] in ",]"):
            end = at
            break
    return Edit(first + begin, first + len(row[:end].rstrip()), "")


def _line_before(text: str, line: int, words: str) -> Edit:
    """A line of its own before another, as deep as that."""
    first = _offset(text, line, 1)
    match = _LINE.match(text, first)
    row = match.group() if match is not None else ""
    indent = row[: len(row) - len(row.lstrip(" "))]
    return Edit(first, first, f"{indent}{words}\n")


def _offset(text: str, line: int, column: int) -> int:
    """Where a line and column, from 1, are in a text."""
    at = 0
    for _ in range(line - 1):
        at = text.find("\n", at) + 1
    return min(at + column - 1, len(text))
