"""Diagnostics with their source line and a caret, related places, and a line that counts them; and texts as a diff.

Knows no command and no YAML; a masked URL in a source line moves the caret along, and no line with a secret can be
read.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from difflib import SequenceMatcher

from reconciler.diagnostics import Diagnostic, Location, Severity, count_of
from reconciler.document.source import make_presentable
from reconciler.secrets import masked_spans
from reconciler.views.base import EMPTY, Line, Span, Tone, hanging, line, line_width, plural, width, wrap

_TONES = {Severity.ERROR: Tone.ERROR, Severity.WARNING: Tone.WARNING, Severity.NOTICE: Tone.NOTED}


def diagnostics(found: Iterable[Diagnostic], columns: int, *, wrapped: bool = False) -> Iterator[Line]:
    """Every diagnostic with its places and its hint; its message in one line, to be searched, unless `wrapped`."""
    for diagnostic in found:
        yield from one(diagnostic, columns, wrapped=wrapped)


def one(diagnostic: Diagnostic, columns: int, *, wrapped: bool = False) -> Iterator[Line]:
    """One diagnostic: place, severity and code, message; the source line with a caret; the hint; related places."""
    where = diagnostic.location
    place = Span(f"{where}: ", Tone.STRONG) if where else ""
    severity = Span(f"{diagnostic.severity.value}[{diagnostic.code}]", _TONES[diagnostic.severity])
    head = line(place, severity, ": ")
    first = wrap(diagnostic.message, columns - line_width(head))[0] if wrapped else diagnostic.message
    yield (*head, Span(first))
    if rest := diagnostic.message[len(first) :].lstrip():
        yield from hanging(line("    "), rest, columns)
    gutter = _gutter(diagnostic)
    if where is not None:
        yield from _excerpt(where, gutter, _TONES[diagnostic.severity])
    for related in diagnostic.related:
        yield line(" " * gutter, Span(" = ", Tone.FAINT), f"{related.location}: {related.message}")
        yield from _excerpt(related.location, gutter, Tone.NOTED)
    if diagnostic.hint:
        yield from hanging(line(" " * gutter, Span(" = hint: ", Tone.FAINT)), diagnostic.hint, columns)


def tally(found: Sequence[Diagnostic], numbers: int, *, strict: bool) -> Iterator[Line]:
    """How many findings there are, and what that means."""
    errors = count_of(found, Severity.ERROR)
    warnings = count_of(found, Severity.WARNING)
    if found:
        yield EMPTY
    if errors:
        yield line(Span(f"{plural(errors, 'error')}, {plural(warnings, 'warning')}", Tone.ERROR))
    elif warnings and strict:
        yield line(Span(f"{plural(warnings, 'warning')}, and --strict fails on them", Tone.ERROR))
    else:
        noted = f", {plural(warnings, 'warning')}" if warnings else ""
        yield line(Span("valid", Tone.ADDED), f": {plural(numbers, 'number')}{noted}")


def _gutter(diagnostic: Diagnostic) -> int:
    """Blanks before the bar: as many as the longest line number of this diagnostic needs, and two."""
    places = [diagnostic.location, *(related.location for related in diagnostic.related)]
    return 2 + max((len(str(place.line)) for place in places if place is not None and place.excerpt), default=0)


def _excerpt(where: Location, gutter: int, tone: Tone) -> Iterator[Line]:
    if where.excerpt is None:
        return
    start = where.column - where.excerpt_column
    end = where.end_column - where.excerpt_column if where.end_line == where.line else len(where.excerpt.rstrip())
    text, start, end = _masked(where.excerpt.rstrip("\r\n"), max(start, 0), max(end, start + 1))
    lead, trail = _cut_marks(where)
    yield line(Span(f"{where.line:>{gutter}} | ", Tone.FAINT), lead, text, trail)
    before, under = width(text[:start]) + len(lead), max(width(text[start:end]), 1)
    yield line(Span(" " * gutter + " | ", Tone.FAINT), " " * before, Span("^" * under, tone))


def _cut_marks(where: Location) -> tuple[str, str]:
    """Dots where a very long line was cut at its beginning."""
    return ("..." if where.excerpt_column > 1 else "", "")


def _masked(text: str, start: int, end: int) -> tuple[str, int, int]:
    """Hide what URLs hide, make what cannot be shown visible, and move the span along."""
    parts: list[str] = []
    at = shift = 0
    for first, last, masked in masked_spans(text):
        parts += [text[at:first], masked]
        at = last
        start, end = (_moved(place, first + shift, last + shift, len(masked)) for place in (start, end))
        shift += len(masked) - (last - first)
    return _visible("".join([*parts, text[at:]])), start, end


def _moved(place: int, first: int, last: int, length: int) -> int:
    """Where a place is after the text from `first` to `last` was replaced by one of another length."""
    if place >= last:
        return place + length - (last - first)
    return min(place, first + length)


def _visible(text: str) -> str:
    return "".join(_shown(character) for character in text)


def _shown(character: str) -> str:
    if character == "\t":
        return " "
    return character if character.isprintable() else "\N{REPLACEMENT CHARACTER}"


def diff_texts(before: Mapping[str, str], after: Mapping[str, str]) -> Iterator[str]:
    """The diff of each changed file, without the lines around a change, as one of these might hold a secret."""
    for name in sorted(after):
        old, new = (texts[name].splitlines(keepends=True) for texts in (before, after))
        rows = [f"--- a/{name}\n", f"+++ b/{name}\n"]
        for first, last, start, end in _differences(old, new):
            rows.append(f"@@ -{_lines(first, last)} +{_lines(start, end)} @@\n")
            rows += [f"-{row}" for row in old[first:last]] + [f"+{row}" for row in new[start:end]]
        for row in rows:
            yield make_presentable(row.rstrip("\r\n")) + "\n"
            if not row.endswith("\n"):
                yield "\\ No newline at end of file\n"


def _lines(first: int, end: int) -> str:
    """A range of lines as unified diffs write it."""
    return f"{first + 1}" if end - first == 1 else f"{first if first == end else first + 1},{end - first}"


def _differences(old: Sequence[str], new: Sequence[str]) -> Iterator[tuple[int, int, int, int]]:
    """Where two texts differ; only the lines between those that stand once in both are compared one by one."""
    done, begun = 0, 0
    for at, to in [*_anchors(old, new), (len(old), len(new))]:
        for kind, first, last, start, end in SequenceMatcher(None, old[done:at], new[begun:to]).get_opcodes():
            if kind != "equal":
                yield first + done, last + done, start + begun, end + begun
        done, begun = at + 1, to + 1


def _anchors(old: Sequence[str], new: Sequence[str]) -> Iterator[tuple[int, int]]:
    """Lines that stand once in both texts, as many as come in the same order (the longest rising sequence)."""
    once = [{row: at for at, row in enumerate(rows)} for rows in (old, new)]
    counts = [Counter(rows) for rows in (old, new)]
    shared = [row for row in old if counts[0][row] == 1 == counts[1][row]]
    tops: list[int] = []  # the least place in the new text at which a sequence of each length may end
    chain: list[tuple[str, int]] = []
    for row in shared:
        length = bisect_left(tops, once[1][row])
        tops[length : length + 1] = [once[1][row]]
        chain.append((row, length))
    wanted, found = len(tops) - 1, list[tuple[int, int]]()
    for row, length in reversed(chain):
        if length == wanted and (not found or once[1][row] < found[-1][1]):
            found.append((once[0][row], once[1][row]))
            wanted -= 1
    return reversed(found)
