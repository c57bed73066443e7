"""Characters that have no place in a period: each is reported once and replaced, so that the rest can still be judged.

Must not know the grammar, only which characters it is written in.
"""

from __future__ import annotations

import re
from typing import Final

from reconciler.diagnostics import Finding
from reconciler.rules import RULES

BLANKS: Final = " \t"
TAINT: Final = "\0"  # stands for a character already reported; findings about words that hold it would be echoes

_STRANGE: Final = re.compile(r"[\r\n]+|[\v\f]+|[^ \t!-~]+?(?=[ \t!-~\r\n\v\f]|$)")
_DASHES: Final = frozenset("\u2010\u2011\u2012\u2013\u2014\u2015\u2212\u2043\ufe58\ufe63\uff0d")
_PLAIN: Final = re.compile(r"[ \t!-~]*\Z")


def cleaned(text: str) -> tuple[str, list[Finding]]:
    """Give the text with strange characters replaced one for one, and a finding for each run of them."""
    if _PLAIN.match(text):
        return text, []
    findings: list[Finding] = []
    pieces: list[str] = []
    done = 0
    for match in _STRANGE.finditer(text):
        pieces += text[done : match.start()], "".join(map(_stand_in, match.group()))
        done = match.end()
        findings.append(_finding(match.group(), match.start(), match.end()))
    return "".join((*pieces, text[done:])), findings


def _stand_in(character: str) -> str:
    if character in _DASHES:
        return "-"
    return " " if character.isspace() or character in "\ufeff\u200b" else TAINT


def _finding(run: str, start: int, end: int) -> Finding:
    code, message, hint = _verdict(run)
    return RULES[code].within(start, end, message, hint)


def _verdict(run: str) -> tuple[str, str, str]:
    import unicodedata

    first = run[0]
    if first in "\r\n":
        return (
            "period-newline",
            "a period is one line; what follows a line break is dropped in silence",
            "write it on one line",
        )
    if first in "\v\f":
        return "period-blank", f"{_named(first)} is no blank of a period", "use an ordinary space"
    if any(character in _DASHES for character in run):
        dash = next(character for character in run if character in _DASHES)
        return (
            "period-dash",
            f"{_named(dash)} is no hyphen: a range of names would shrink to its first name",
            "type the ASCII hyphen '-'",
        )
    if all(unicodedata.category(character) == "Cc" for character in run):
        return "period-control", f"{_named(first)} is a control character", "remove it"
    return "period-non-ascii", _foreign(run), _ascii_hint(run)


def _named(character: str) -> str:
    import unicodedata

    name = unicodedata.name(character, "")
    return f"U+{ord(character):04X}" + (f" ({name.lower()})" if name else "")


def _foreign(run: str) -> str:
    if all(character.isalnum() for character in run):
        return f"'{run}' is not ASCII; a period is written in Latin letters and the digits 0-9"
    return f"{_named(run[0])} is not ASCII"


def _ascii_hint(run: str) -> str:
    if run[0].isspace() or run[0] in "\ufeff\u200b":
        return "remove it, or use an ordinary space"
    import unicodedata

    plain = unicodedata.normalize("NFKC", run)
    if plain.isascii():
        return f"type '{plain}'"
    if run.isdecimal():
        return f"type {int(run)}"
    return "type Latin letters; names are English: mon tue wed thu fri sat sun, jan to dec"
