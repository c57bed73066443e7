"""The words for every fault of grammar: what is wrong with the user's own text, and what to type instead.

Must not know how the text is scanned; it is handed the piece at fault and its place.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from itertools import pairwise
from typing import Final

from reconciler.diagnostics import Finding
from reconciler.rules import RULES
from reconciler.schedule.scales import FACTS, SCALE_NAMES, Scale, value_of

_BARE_WORDS: Final[dict[str, str]] = {
    **dict.fromkeys(
        ("always", "any", "anytime", "all", "*", "true", "yes", "on", "24/7", "daily"),
        "for always leave the period out",
    ),
    **dict.fromkeys(("never", "false", "no", "off", "nobody", "none."), "for never write none, alone"),
    "none": "none stands alone; leave it out of a list",
    "weekdays": "write wd {mon-fri}",
    "workdays": "write wd {mon-fri}",
    "weekend": "write wd {sat sun}",
    "weekends": "write wd {sat sun}",
}
_JUNK_HINTS: Final[dict[str, str]] = {
    "not": "there is no negation; list the other values",
    "!": "there is no negation; list the other values",
    "&": "items side by side hold together; remove it",
    "and": "items side by side hold together; remove it",
    "&&": "items side by side hold together; remove it",
    ";": "items side by side hold together; alternatives are separated by a comma",
    "or": "alternatives are separated by a comma",
    "|": "alternatives are separated by a comma",
    "-": "a range stands inside one pair of braces, as in hr {9-17}",
}


def empty_part(comma: int) -> Finding:
    """Tell of a comma with nothing before it."""
    return RULES["period-empty-part"].within(comma, comma + 1, "there is nothing before this comma", "remove the comma")


def empty_braces(scale: Scale, start: int, end: int) -> Finding:
    """Tell of `{}`, which silently means never."""
    message = f"no {FACTS[scale].noun} stands in the braces; the vendor would probably never match it"
    hint = f"put a value in, or leave '{scale.value} {{}}' out"
    return RULES["period-empty-braces"].within(start, end, message, hint)


def comma_inside(body: str, offset: int) -> Finding:
    """Tell of a comma between values."""
    better = re.sub(r"\s*,\s*", " ", body).strip()
    message = "a comma inside braces ends the part; values are separated by blanks"
    return RULES["period-comma-inside"].within(offset, offset + 1, message, f"write {{{better}}}")


def no_item(words: str, start: int, *, alone: bool) -> Finding:
    """Judge text that is not `scale {values}`."""
    end = start + len(words)
    if "{" in words or "}" in words:
        return RULES["period-braces"].within(
            start, end, f"braces do not pair in '{words}'", "write scale {values}, one '{' and one '}' each"
        )
    if re.fullmatch(r"([a-z]+)\s*[(<\[].*", words):
        return RULES["period-braces"].within(
            start,
            end,
            f"'{words}' has no braces",
            "values stand in braces: " + re.sub(r"\s*[(<\[](.*?)[)>\]]*$", r" {\1}", words),
        )
    first = words.split(maxsplit=1)[0]
    if first in SCALE_NAMES:
        rest = " ".join(words.split()[1:])
        return RULES["period-braces"].within(start, end, f"'{first}' has no braces", f"write {first} {{{rest or '…'}}}")
    if alone:
        return _bare_words(words, start, end)
    return RULES["period-junk"].within(
        start,
        end,
        f"'{words}' is no item of a period",
        _JUNK_HINTS.get(first, "every value stands in the braces of a scale; remove the rest"),
    )


def _bare_words(words: str, start: int, end: int) -> Finding:
    hint = _BARE_WORDS.get(words) or _from_prose(words) or "a period looks like wd {mon-fri} hr {9-17}"
    return RULES["period-word"].within(start, end, f"'{words}' is no period", hint)


def _from_prose(words: str) -> str | None:
    """Guess what `mon-fri 9:00-18:00` or `9-17` was to say."""
    match = re.fullmatch(r"(?:([a-z]+(?:-[a-z]+)?)\s*)?(?:(\d{1,2})(?::00)?-(\d{1,2})(:00)?)?", words)
    if match is None:
        return None
    days, first, last, sharp = match.groups()
    if days and any(value_of(Scale.WD, name) is None for name in days.split("-")):
        return None
    if first and (int(first) > FACTS[Scale.HR].high or not 0 < int(last) <= FACTS[Scale.HR].high + 1):
        return None
    last_hour = int(last) - 1 if first and (sharp or int(last) > FACTS[Scale.HR].high) else last
    items = ([f"wd {{{days}}}"] if days else []) + ([f"hr {{{first}-{last_hour}}}"] if first else [])
    return "write " + " ".join(items)


def head(words: str, start: int, brace: int) -> tuple[Finding, Scale | None]:
    """Judge what stands before a brace; gives the scale too where only something before it is wrong."""
    if not words:
        return RULES["period-scale"].within(
            brace, brace + 1, "no scale stands before this brace", "write wd, hr, md, mo … before it"
        ), None
    pieces = words.split()
    last = re.search(r"([a-z]+)\Z", words)
    if last and last.group(1) in SCALE_NAMES and len(words) > len(last.group(1)):
        junk = words[: last.start()].rstrip()
        hint = _JUNK_HINTS.get(junk, "remove it")
        return RULES["period-junk"].within(
            start, start + len(junk), f"'{junk}' before '{last.group(1)}' is no item of a period", hint
        ), SCALE_NAMES[last.group(1)]
    hint = _scale_hint("".join(pieces))
    return RULES["period-scale"].within(start, start + len(words), f"'{words}' is no scale", hint), None


def closest(word: str, names: Iterable[str], cutoff: float) -> list[str]:
    """Find the name most like a word, if one is like it at all."""
    import difflib

    return difflib.get_close_matches(word, list(names), n=1, cutoff=cutoff)


def _scale_hint(word: str) -> str:
    letters = re.sub(r"[^a-z]", "", word)
    special = {
        "day": "wd (weekday) or md (day of the month)",
        "dy": "wd (weekday) or md (day of the month)",
        "time": "hr and min",
        "date": "md and mo",
        "weekday": "wd",
        "mn": "min or mo",
    }
    if letters in special:
        return f"write {special[letters]}"
    close = closest(letters, SCALE_NAMES, 0.5)
    return f"did you mean {close[0]}?" if close else "the scales are yr mo wk yd md wd hr min sec"


def dashes(scale: Scale, chain: str, start: int) -> Finding:
    """Judge a range that lacks an end, or has too many."""
    end = start + len(chain)
    words = [word for word in re.split(r"[ \t-]+", chain) if word]
    if len(words) < 2:
        facts = FACTS[scale]
        hint = f"write both ends, from {facts.low} to {facts.high}; there are no negative values"
        return RULES["period-open-range"].within(start, end, f"'{chain}' lacks one end of its range", hint)
    apart = " ".join(f"{first}-{last}" for first, last in pairwise(words))
    hint = f"write {words[0]}-{words[-1]}" + ("" if len(words) == 2 else f", or {apart}")
    return RULES["period-several-dashes"].within(start, end, f"'{chain}' has more than one dash", hint)
