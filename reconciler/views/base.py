"""Lines of text with tones, measured and wrapped as a terminal shows them.

Knows nothing of what is shown; a tone is turned into colour by the screen, or into nothing.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator
from enum import StrEnum
from typing import NamedTuple


class Tone(StrEnum):
    """What a piece of text means to the eye; the value is how terminals are told (the parameters of ECMA-48's SGR)."""

    PLAIN = ""
    ADDED = "32"  # green
    CHANGED = "33"  # yellow
    REMOVED = "31"  # red
    ADOPTED = "35"  # magenta
    NOTED = "36"  # cyan
    STRONG = "1"  # bold
    FAINT = "2"
    ERROR = "1;31"  # bold red
    WARNING = "1;33"  # bold yellow
    LANE_1 = "30;46"  # black on cyan
    LANE_2 = "30;43"  # black on yellow
    LANE_3 = "30;42"  # black on green
    LANE_4 = "30;45"  # black on magenta
    LANE_5 = "30;47"  # black on white
    LANE_6 = "37;44"  # white on blue
    GAP = "1;91"  # bold bright red


class Span(NamedTuple):
    """A piece of a line in one tone."""

    text: str
    tone: Tone = Tone.PLAIN


Line = tuple[Span, ...]
Page = list[Line]
EMPTY: Line = ()
WIDE = 10_000
"""Columns that no line fills: nothing is wrapped."""
_APART = 2


def line(*parts: str | Span) -> Line:
    """Put pieces together to a line; empty pieces fall away."""
    spans = (part if isinstance(part, Span) else Span(part) for part in parts)
    return tuple(span for span in spans if span.text)


def text_of(page: Iterable[Line]) -> str:
    """The plain text of lines, each ended by a newline."""
    return "".join("".join(span.text for span in each).rstrip() + "\n" for each in page)


def width(text: str) -> int:
    """How many columns a terminal gives a text: combining marks none, wide characters two."""
    if text.isascii():
        return len(text)
    return sum(_columns(character) for character in text)


def line_width(each: Line) -> int:
    """How many columns a line takes."""
    return sum(width(span.text) for span in each)


def pad(text: str, columns: int) -> str:
    """Fill a text up with blanks to so many columns."""
    return text + " " * (columns - width(text))


def wrap(text: str, columns: int) -> list[str]:
    """Break a text at blanks; a word that is longer than a line stays whole, so that it can be copied."""
    lines: list[str] = []
    current = ""
    for word in text.split(" "):
        joined = f"{current} {word}" if current else word
        if current and width(joined) > columns:
            lines.append(current)
            current = word
        else:
            current = joined
    return [*lines, current]


def hanging(first: Line, text: str, columns: int, *, tone: Tone = Tone.PLAIN) -> Iterator[Line]:
    """Put a text behind the beginning of a line; what does not fit goes on below itself."""
    indent = line_width(first)
    head, *rest = wrap(text, max(columns - indent, 20))
    yield (*first, Span(head, tone))
    for each in rest:
        yield line(" " * indent, Span(each, tone))


def at_right(each: Line, note: str, columns: int) -> list[Line]:
    """Put a faint note at the right end of a line, or below it where there is no room."""
    if not note:
        return [each]
    room = columns - line_width(each) - width(note)
    gap = " " * max(room, 0)
    if room >= _APART or not each:
        return [(*each, Span(gap), Span(note, Tone.FAINT))]
    return [each, line(" " * max(columns - width(note), 0), Span(note, Tone.FAINT))]


def plural(count: int, noun: str, several: str | None = None) -> str:
    """Spell a count with its noun: `1 number`, `2 numbers`."""
    return f"{count} {noun if count == 1 else several or noun + 's'}"


def _columns(character: str) -> int:
    if unicodedata.combining(character) or unicodedata.category(character) in ("Mn", "Me", "Cf"):
        return 0
    return 2 if unicodedata.east_asian_width(character) in ("W", "F") else 1


def aim(origin: str) -> str:
    """How a plan wants numbers to be, by where it comes from."""
    return "as before the run that was undone" if origin == "undo" else "as the files say"
