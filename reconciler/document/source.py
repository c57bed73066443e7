"""Texts of files and packed places in them: one integer names file, start and length, and becomes a Location on demand.

Edits of a text at such spans keep whatever stands between them, to the byte. Knows no YAML; hides secrets in the
source lines it hands out.
"""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate

from reconciler.characters import DIRECTIONAL, unprintable, visible
from reconciler.diagnostics import MOST_OF_A_KIND, Diagnostic, Location, Related, rest
from reconciler.rules import RULES
from reconciler.secrets import MASK, mask_urls


@dataclass(frozen=True, slots=True, order=True)
class Edit:
    """What to write in place of the characters from `start` to `end`, exclusive, of one text."""

    start: int
    end: int
    text: str


def apply_edits(text: str, edits: Iterable[Edit]) -> str:
    """The text with all edits, none of which may overlap another."""
    pieces, done = [], 0
    for edit in sorted(edits):
        if not done <= edit.start <= edit.end <= len(text):
            raise ValueError(f"an edit from {edit.start} to {edit.end} overlaps another, or leaves the text")
        pieces += [text[done : edit.start], edit.text]
        done = edit.end
    return "".join([*pieces, text[done:]])


Span = int
"""`start << 24 | length`, start counted over all files in turn; length 0 = to the end of the line."""

LENGTH_BITS = 24
LONGEST_SPAN = (1 << LENGTH_BITS) - 1
LONGEST_LINE = 100_000
_BETWEEN_MARKS = 1 << 15
_PIECE = 1 << 15
_EXCERPT = 200
_LEAD = 80
_MASKED_AROUND = 1_000
_INK = re.compile(r"\S")
_UNSEEN = re.compile(r"^\S*")
_OURS = re.compile(r"""^(?:\{[ \t]*)?["']?version["']?[ \t]*:""", re.MULTILINE)

_ORDINARY_ASCII = bytes([0x09, 0x0A, *range(0x20, 0x7F)])
_SECRET_WORD = re.compile("key|secret|token|pass|pwd|dsn|credential|authorization|bearer|env:", re.IGNORECASE)
_SECRET = re.compile(
    r"(?i:(?<![\w-])[\w-]*(?:key|secret|token|pass|pwd|dsn|credential|authorization|bearer)[\w-]*[\"']?\s*:[ \t]+)"
    r"(?![\s#>|]|\{\s*[\"']?(?:env|file|command)[\"']?\s*:)(\[[^\]]*\]?|\{[^}]*\}?|[^,}\]]+)"
    r"|\benv:[ \t]+(?![\"']?[A-Za-z_][A-Za-z0-9_]*[\"']?\s*(?:[,}#]|$))([^\s,}]+)"
)


@dataclass(frozen=True)
class _File:
    """A text that was read, and the offset at which its spans start. `quoted`: its lines may be shown."""

    name: str
    text: str
    base: int
    quoted: bool

    @cached_property
    def newlines(self) -> Newlines:
        return Newlines(self.text)


class Sources:
    """Every text that was read, in turn; turns spans into Locations."""

    def __init__(self) -> None:
        self._files: list[_File] = []
        self._bases: list[int] = []
        self._end = 0
        self._found: Counter[str] = Counter()

    def problem(
        self,
        code: str,
        span: Span,
        message: str,
        hint: str | Callable[[], str | None] | None = None,
        related: tuple[Related, ...] = (),
    ) -> Diagnostic:
        """A breach of a rule at a span; one that only counts, where there are more of its kind than anybody can read.

        A hint that takes long to find is looked for where it is told.
        """
        rule = RULES[code]
        if not self.has_room(code):
            return rest(code, rule.severity)
        self.take_room(code)
        return rule.at(self.location(span), message, hint() if callable(hint) else hint, related)

    def has_room(self, code: str) -> bool:
        """Whether one more finding of a rule is told at its place."""
        return self._found[code] < MOST_OF_A_KIND

    def take_room(self, code: str) -> None:
        """Count a finding of a rule."""
        self._found[code] += 1

    def add(self, name: str, text: str, *, quoted: bool = True) -> int:
        """Take in a file's text; return the offset at which its spans start. `quoted`: its lines may be shown."""
        base = self._end
        self._files.append(_File(name, text, base, quoted))
        self._bases.append(base)
        self._end += len(text) + 1
        return base

    def texts(self) -> Iterable[tuple[str, str]]:
        """(name, text) of each file."""
        return ((file.name, file.text) for file in self._files)

    def name_of(self, span: Span) -> str:
        """The file that a span lies in."""
        return self._place(span)[0].name

    def text_of(self, span: Span) -> str:
        """The source text under a span."""
        file, start = self._place(span)
        return file.text[start : start + (span & LONGEST_SPAN)]

    def follows(self, span: Span) -> str:
        """The first character after a span that is not a blank or line break; empty where the file ends."""
        file, start = self._place(span)
        found = _INK.search(file.text, start + (span & LONGEST_SPAN))
        return found.group() if found is not None else ""

    def offset_of(self, span: Span) -> int:
        """Where a span starts in the text of its file."""
        return self._place(span)[1]

    def _place(self, span: Span) -> tuple[_File, int]:
        file = self._files[bisect_right(self._bases, span >> LENGTH_BITS) - 1]
        return file, (span >> LENGTH_BITS) - file.base

    def location(self, span: Span) -> Location:
        """The place of a span, with its source line."""
        file, start = self._place(span)
        text, name, newlines, length = file.text, file.name, file.newlines, span & LONGEST_SPAN
        first, last = line_around(text, start)
        row, line = newlines.before(first) + 1, text[first:last]
        column, end = start - first + 1, start + length
        shown = line if file.quoted else None
        excerpt, shift = _excerpt(line, column) if shown and not _is_harmless(line) else (shown, 1)
        if not length:
            return Location(name, row, column, row, max(len(line.rstrip()), column) + 1, excerpt, shift)
        if end <= last:
            return Location(name, row, column, row, column + length, excerpt, shift)
        end_first = text.rfind("\n", 0, end) + 1
        return Location(name, row, column, newlines.before(end_first) + 1, end - end_first + 1, excerpt, shift)


class Newlines:
    """Counts the line breaks before an offset, from the last of its marks on: cheap for one place and for thousands."""

    __slots__ = ("_before", "_text")

    def __init__(self, text: str) -> None:
        self._text = text
        marks = range(0, len(text), _BETWEEN_MARKS)
        self._before = list(accumulate((text.count("\n", mark, mark + _BETWEEN_MARKS) for mark in marks), initial=0))

    def before(self, offset: int) -> int:
        mark = min(offset // _BETWEEN_MARKS, len(self._before) - 1)
        return self._before[mark] + self._text.count("\n", mark * _BETWEEN_MARKS, offset)


def line_around(text: str, offset: int) -> tuple[int, int]:
    """Where the line of an offset starts, and where it ends, its break left out."""
    end = text.find("\n", offset)
    return (text.rfind("\n", 0, offset) + 1, len(text) if end < 0 else end)


def is_ours(text: str) -> bool:
    """Whether a text says its version at its outermost level, as every file of a configuration does.

    What does not may be anything, a secret too: nothing of it is shown. An empty text has nothing to hide.
    """
    return _OURS.search(text) is not None or not text.strip()


def span_at(base: int, start: int, end: int) -> Span:
    """Pack the place from `start` to `end` (exclusive) of the file whose spans begin at `base`."""
    return (base + start) << LENGTH_BITS | min(end - start, LONGEST_SPAN)


def narrow(span: Span, start: int, end: int) -> Span:
    """The piece of a span from `start` to `end`, both counted from the span's own start."""
    return ((span >> LENGTH_BITS) + start) << LENGTH_BITS | max(end - start, 1)


def text_problems(sources: Sources, base: int, text: str) -> list[Diagnostic]:
    """What makes a text unfit before any parser sees it: empty, forbidden characters, an endless line."""
    if not text or text.isspace():
        return [sources.problem("file-empty", span_at(base, 0, 1), "the file is empty", "begin with `version: 1`")]
    found = _long_line(sources, base, text)
    if not _is_ordinary(text):
        found.extend(_forbidden(sources, base, text))
    return found


def _is_ordinary(text: str) -> bool:
    """Whether a text is printable ASCII in lines; by pieces, as a copy of all of it costs more than looking at it."""
    pieces = (text[start : start + _PIECE] for start in range(0, len(text), _PIECE))
    return text.isascii() and not any(piece.encode().translate(None, _ORDINARY_ASCII) for piece in pieces)


def _long_line(sources: Sources, base: int, text: str) -> list[Diagnostic]:
    """The first line that is too long; every step goes as far as a line may reach."""
    start = 0
    while len(text) - start > LONGEST_LINE:
        end = text.rfind("\n", start, start + LONGEST_LINE + 1)
        if end < 0:
            return [_too_long(sources, base, text, start)]
        start = end + 1
    return []


def _too_long(sources: Sources, base: int, text: str, start: int) -> Diagnostic:
    row, length = text.count("\n", 0, start) + 1, line_around(text, start)[1] - start
    message = f"line {row} has {length:,} characters, more than {LONGEST_LINE:,}"
    span = span_at(base, start, start + 1)
    return sources.problem("file-line-length", span, message, "split the value into several lines")


def _forbidden(sources: Sources, base: int, text: str, limit: int = 5) -> Iterable[Diagnostic]:
    match = unprintable(text)
    while match is not None and limit:
        yield forbidden_character(sources, match.group()[0], span_at(base, match.start(), match.start() + 1))
        match, limit = unprintable(text, match.end()), limit - 1


def forbidden_character(sources: Sources, character: str, span: Span) -> Diagnostic:
    """The diagnostic for a character that a text may not hold, at least not there."""
    name = f"U+{ord(character):04X}"
    if character in DIRECTIONAL:
        message = f"{name} changes the direction of this text"
        return sources.problem("text-direction", span, message, "remove the invisible character")
    if "\ud800" <= character <= "\udfff":
        hint = "write both halves one after the other, or the character itself"
        return sources.problem("text-control", span, f"the escape {name} is half a character", hint)
    kind = "control" if unicodedata.category(character) == "Cc" else "invisible"
    what = "a NUL byte" if character == "\0" else f"the {kind} character {name}"
    message = f"this text contains {what}"
    return sources.problem("text-control", span, message, "remove the invisible character")


def _is_harmless(line: str) -> bool:
    """Whether a line is short and has nothing to hide, seen at a glance: nothing stands after its colon."""
    return len(line) <= _EXCERPT and ": " not in line and "://" not in line and line.isprintable()


def _excerpt(line: str, column: int) -> tuple[str, int]:
    """The line as it may be shown, and the column of its first character: long lines are cut around the column."""
    line = line.removesuffix("\r")
    if len(line) <= _EXCERPT:
        return (visible(_masked(line)), 1)
    start = max(0, column - 1 - _LEAD) if column > _EXCERPT - _LEAD else 0
    before = max(0, start - _MASKED_AROUND)
    if before:  # what begins before the window cannot be recognised: its rest is hidden up to the next blank
        line = _UNSEEN.sub(lambda match: MASK[0] * len(match.group()), line[before : start + _MASKED_AROUND], count=1)
    shown = _masked(line[: start - before + _MASKED_AROUND])
    return (visible(shown[start - before : start - before + _EXCERPT]), start + 1)


def make_presentable(line: str) -> str:
    """A line of a file as it may be shown."""
    return visible(_masked(line))


def _masked(line: str) -> str:
    """Hide URL queries and literal secrets, keeping what follows them in its column."""
    line = mask_urls(line, in_place=True)
    if _SECRET_WORD.search(line):
        line = _SECRET.sub(_blotted, line)
    return line


def _blotted(match: re.Match[str]) -> str:
    group = 1 if match.group(1) is not None else 2
    head = match.group()[: match.start(group) - match.start()]
    return head + MASK.ljust(len(match.group(group).rstrip()), MASK[0])
