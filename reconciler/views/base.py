"""Lines of text with tones, measured and wrapped as a terminal shows them, and spelled so that no reader misreads them.

Knows no value of the domain. A tone is turned into colour by the screen, or into nothing; a spelling never changes
what a document of a machine format means.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from enum import Enum, StrEnum, auto
from typing import NamedTuple, TextIO


class OutputForm(Enum):
    """What kind of text is written; `COMMANDS` are workflow commands themselves."""

    TEXT = auto()
    JSON = auto()
    XML = auto()
    COMMANDS = auto()


# GitHub's runner reads all that a step prints: `::name::` after blanks at the beginning of a line is a command, and so
# is `##[name]` anywhere in it (ActionCommand.cs in actions/runner). Azure's agent takes `##vso[name]` and `##[name]`,
# TeamCity's `##teamcity[name]`, anywhere.
_COMMAND = re.compile(r"^([^\S\n]*):(?=:)|(?<=#)#(?=(?:vso|teamcity)?\[)", re.MULTILINE | re.IGNORECASE)
_FOREIGN = re.compile(r"(?<=#)#(?=(?:vso|teamcity)\[)", re.IGNORECASE)
_BREAKS = {OutputForm.TEXT: (": ", "# "), OutputForm.XML: ("&#58;", "&#35;"), OutputForm.JSON: (r"\u003a", r"\u0023")}
_NOT_ASCII = re.compile(r"[^\x00-\x7f]")


def has_runner(environ: Mapping[str, str]) -> bool:
    """Whether what is printed is read by a runner of GitHub, Azure or TeamCity, which say so in the environment."""
    is_told = any(environ.get(name, "").lower() == "true" for name in ("GITHUB_ACTIONS", "TF_BUILD"))
    return is_told or bool(environ.get("TEAMCITY_VERSION"))


def disarm(text: str, form: OutputForm) -> str:
    """Break up what a CI machine's runner would take for a command; JSON and XML say the same afterwards.

    GitHub's own commands are let through where they are what is written, those of others never.
    """
    if not ("::" in text or "##" in text):
        return text
    if form is OutputForm.COMMANDS:
        return _FOREIGN.sub("# ", text)
    colon, hash_sign = _BREAKS[form]
    return _COMMAND.sub(lambda match: hash_sign if match[1] is None else f"{match[1]}{colon}", text)


def in_ascii(text: str, form: OutputForm) -> str:
    """Spell a document whose format is UTF-8 in ASCII, with the format's own escapes."""
    match form:
        case OutputForm.JSON:
            return _NOT_ASCII.sub(lambda match: json.dumps(match[0])[1:-1], text)
        case OutputForm.XML:
            return _NOT_ASCII.sub(lambda match: f"&#{ord(match[0])};", text)
        case _:
            return text


def is_unicode(stream: TextIO) -> bool:
    """Whether a stream takes all of Unicode as it is; one in memory has no encoding and does."""
    return (stream.encoding or "utf-8").lower().replace("_", "-") in ("utf-8", "utf8", "cp65001")


# docs/decisions/132
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
_NARROWEST = 20
_BELOW = 6
_ITEM = re.compile(r"\d+\. ")


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
    """Break a text at blanks, and beside wide characters; a word longer than a line stays whole, to be copied."""
    lines: list[str] = []
    current = ""
    for word in (part for whole in text.split(" ") for part in _broken(whole, columns)):
        joined = f"{current} {word}" if current else word
        if current and width(joined) > columns:
            lines.append(current)
            current = word
        else:
            current = joined
    return [*lines, current]


def _broken(word: str, columns: int) -> Iterator[str]:
    """A word that is longer than a line in lines, as far as its characters are wide: those have no blanks between."""
    if word.isascii() or width(word) <= columns:
        yield word
        return
    line = ""
    for character in word:
        if line and width(line + character) > columns and 2 in (_columns(character), _columns(line[-1])):
            yield line
            line = ""
        line += character
    yield line


def least(text: str) -> int:
    """How many columns a text takes at least, when it is wrapped."""
    return max(width(part) for word in text.split(" ") for part in _broken(word, 1))


def hanging(first: Line, text: str, columns: int, *, tone: Tone = Tone.PLAIN) -> Iterator[Line]:
    """Put a text behind the beginning of a line; what does not fit goes on below itself.

    Where next to no room is left behind the beginning, or not enough for a word, all of the text stands below it.
    """
    indent = line_width(first)
    if indent > _BELOW and columns - indent < max(min(_NARROWEST, width(text)), min(least(text), columns - _BELOW)):
        yield first
        indent = _BELOW
        first = (Span(" " * indent),)
    head, *rest = wrap(text, columns - indent)
    yield (*first, Span(head, tone))
    for each in rest:
        yield line(" " * indent, Span(each, tone))


def stacked(first: Line, texts: Iterable[str], columns: int) -> Iterator[Line]:
    """Put texts below each other behind the beginning of a line; the item of a list goes on below its own text."""
    blanks = " " * line_width(first)
    for at, text in enumerate(texts):
        number = match[0] if (match := _ITEM.match(text)) else ""
        start = first if at == 0 else line(blanks)
        yield from hanging((*start, Span(number)) if number else start, text.removeprefix(number), columns)


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
