"""Characters that a reader does not see, or that make a text read otherwise: which, and where they are legitimate.

Knows no files and no output.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

DIRECTIONAL = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
"""What changes the direction in which a text reads."""

_CONTROLS = ((0x00, 0x08), (0x0B, 0x0C), (0x0E, 0x1F), (0x7F, 0x9F), (0x2028, 0x202E), (0x2066, 0x2069))
_MARKS = ((0x061C, 0x061C), (0x200E, 0x200F))
# Hyphens that show only where a line breaks, blanks without width, fillers, operators, annotations, tags.
_UNSEEN = (
    *((0x00AD, 0x00AD), (0x034F, 0x034F), (0x115F, 0x1160), (0x17B4, 0x17B5), (0x180E, 0x180E), (0x200B, 0x200B)),
    *((0x2060, 0x2065), (0x206A, 0x206F), (0x3164, 0x3164), (0xFEFF, 0xFEFF), (0xFFA0, 0xFFA0), (0xFFF0, 0xFFFB)),
    *((0xFFFE, 0xFFFF), (0x1BCA0, 0x1BCA3), (0x1D173, 0x1D17A), (0xE0000, 0xE00FF), (0xE01F0, 0xE0FFF)),
)
_NEVER = (*_CONTROLS, *_MARKS, *_UNSEEN)
# Whether these may stand depends on what is around them; half a character may not.
_SOMETIMES = ((0x200C, 0x200D), (0xFE00, 0xFE0F), (0xE0100, 0xE01EF), (0xD800, 0xDFFF))
_SUSPECT = "[" + "".join(f"{chr(a)}-{chr(b)}" for a, b in (*_NEVER, *_SOMETIMES)) + "]|\r(?!\n)"

# Joiners shape emoji and the scripts whose letters join; a selector chooses a picture, or a form of an ideograph.
_JOINED = "\u0590-\u1c7f\u2190-\u2bff\u3000-\ufe0f\U00010000-\U000dffff"
_PLACED = (
    f"(?<=[{_JOINED}])[\u200c\u200d](?=[{_JOINED}])"
    "|(?<=[#*0-9\u00a9\u00ae\u1800-\u1aff\u2010-\u2bff\u3000-\ufdff\U00010000-\U000dffff])[\ufe00-\ufe0f]"
    "|(?<=[\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff])[\U000e0100-\U000e01ef]"
)

STRIPPED = dict.fromkeys([*(code for a, b in _NEVER for code in range(a, b + 1)), 0x0D])
"""For `str.translate`: takes out what is never printed, wherever it stands. Line breaks and tabs stay."""


# docs/decisions/115
def unprintable(text: str, start: int = 0) -> re.Match[str] | None:
    """The first character of a text that controls something, turns its direction or cannot be seen.

    A joiner is legitimate between letters of scripts that join, and in emoji; a selector behind what it selects of.
    """
    found, placed = _compiled(_SUSPECT).finditer(text, start), _compiled(_PLACED)
    return next((match for match in found if placed.match(text, match.start()) is None), None)


def visible(text: str) -> str:
    """A text of which every character may reach a terminal: U+FFFD stands where one may not."""
    if text.isprintable():
        return text
    placed = _compiled(_PLACED)
    return _compiled(_SUSPECT).sub(lambda match: match[0] if placed.match(text, match.start()) else "\ufffd", text)


# -- characters that look like others ----------------------------------------------------------------------------------


ODD_BLANKS = "\u00a0\u2000-\u200a\u202f\u205f\u3000"
"""Blanks that look like spaces and are none to a parser; for a class of a regular expression."""

_TWINS = dict(zip("аекорсухіјѕАВЕКМНОРСТУХІЈЅ", "aekopcyxijsABEKMHOPCTYXIJS", strict=True))
_QUOTES = "«»„“”‟‘’‚‛′″"


class LookAlike(NamedTuple):
    """What a text reads as, in the characters that are meant, and the names of those that only look so."""

    plain: str
    named: str


def look_alike(text: str) -> LookAlike | None:
    """What a text reads as where letters, blanks or quotes in it only look like others; None where none do."""
    if text.isascii():
        return None
    odd = [character for character in dict.fromkeys(text) if not character.isascii()]
    named = [_named(character) for character in odd if _meant(character) is not None]
    if not named:
        return None
    plain = "".join(_meant(character) or "" if character in odd else character for character in text)
    return LookAlike(plain.strip(), " and ".join(named))


def _meant(character: str) -> str | None:
    """The character that another is taken for, "" for a quote, which is to go; None for any other."""
    if character in _QUOTES:
        return ""
    return " " if character.isspace() else _TWINS.get(character)


def _named(character: str) -> str:
    code = f"(U+{ord(character):04X})"
    if character in _QUOTES:
        return f"the typographic quote {character} {code}"
    if character.isspace():
        return f"a no-break space {code}" if character in "\u00a0\u202f" else f"a blank {code} that is no space"
    return f"the Cyrillic letter {character} {code}"


@lru_cache(maxsize=2)
def _compiled(pattern: str) -> re.Pattern[str]:
    """A pattern, compiled when a text is looked at: commands that read none start without it."""
    return re.compile(pattern)
