"""The words for every fault of a period: what is wrong with the user's own text, and what to type instead.

Faults of grammar, and values that their scale does not have. Must not know how the text is scanned; it is handed the
piece at fault and its place.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from itertools import pairwise
from typing import Final

from reconciler.diagnostics import Finding
from reconciler.rules import RULES
from reconciler.schedule.masks import FACTS, MONTHS, NOON, SCALE_NAMES, WEEKDAYS, Scale, value_of

_BARE_WORDS: Final[dict[str, str]] = {
    **dict.fromkeys(
        ("always", "any", "anytime", "all", "*", "true", "yes", "on", "24/7", "daily"),
        "for always, leave the period out",
    ),
    **dict.fromkeys(("never", "false", "no", "off", "nobody", "none."), "for never, write none by itself"),
    "none": "none is only allowed by itself; remove it from the list",
    **dict.fromkeys(("weekdays", "workdays"), "write wd {mon-fri}"),
    **dict.fromkeys(("weekend", "weekends"), "write wd {sat sun}"),
}
_JUNK_HINTS: Final[dict[str, str]] = {
    **dict.fromkeys(("not", "!"), "there is no negation; list the other values"),
    **dict.fromkeys(("&", "and", "&&"), "adjacent items must all match; remove it"),
    ";": "adjacent items must all match; separate alternatives with a comma",
    **dict.fromkeys(("or", "|"), "alternatives are separated by a comma"),
    "-": "a range goes inside one pair of braces, as in hr {9-17}",
}


def empty_part(comma: int) -> Finding:
    """Tell of a comma with nothing before it."""
    return RULES["period-empty-part"].within(comma, comma + 1, "there is nothing before this comma", "remove the comma")


def empty_braces(scale: Scale, start: int, end: int) -> Finding:
    """Tell of `{}`, which silently means never."""
    message = f"there is no {FACTS[scale].noun} in the braces; the vendor would probably never match it"
    hint = f"put a value in, or leave '{scale.value} {{}}' out"
    return RULES["period-empty-braces"].within(start, end, message, hint)


def comma_inside(body: str, offset: int) -> Finding:
    """Tell of a comma between values."""
    better = re.sub(r"\s*,\s*", " ", body).strip()
    message = "a comma inside braces ends the part; separate values with spaces"
    return RULES["period-comma-inside"].within(offset, offset + 1, message, f"write {{{better}}}")


def no_item(words: str, start: int, *, alone: bool) -> Finding:
    """Judge text that is not `scale {values}`."""
    code, message, hint = _unscaled(words, alone=alone)
    return RULES[code].within(start, start + len(words), message, hint)


def _unscaled(words: str, *, alone: bool) -> tuple[str, str, str]:
    if "{" in words or "}" in words:
        hint = "write scale {values}, one '{' and one '}' each"
        return "period-braces", f"the braces are unbalanced in '{words}'", hint
    if re.fullmatch(r"([a-z]+)\s*[(<\[].*", words):
        braced = re.sub(r"\s*[(<\[](.*?)[)>\]]*$", r" {\1}", words)
        return "period-braces", f"'{words}' has no braces", f"values go in braces: {braced}"
    first, *rest = words.split()
    if first in SCALE_NAMES:
        return "period-braces", f"'{first}' has no braces", f"write {first} {{{' '.join(rest) or '…'}}}"
    if alone:
        hint = _BARE_WORDS.get(words) or _from_prose(words) or "a period looks like wd {mon-fri} hr {9-17}"
        return "period-word", f"'{words}' is not a valid period", hint
    hint = _JUNK_HINTS.get(first, "every value goes in the braces of a scale; remove the rest")
    return "period-junk", f"'{words}' is not a valid item of a period", hint


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
        message = "there is no scale before this brace"
        return RULES["period-scale"].within(brace, brace + 1, message, "write wd, hr, md, mo … before it"), None
    last = re.search(r"[a-z]+\Z", words)
    if last and (scale := SCALE_NAMES.get(last.group())) and last.start():
        junk = words[: last.start()].rstrip()
        message = f"'{junk}' before '{last.group()}' is not a valid item of a period"
        hint = _JUNK_HINTS.get(junk, "remove it")
        return RULES["period-junk"].within(start, start + len(junk), message, hint), scale
    hint = _scale_hint(words)
    return RULES["period-scale"].within(start, start + len(words), f"'{words}' is not a known scale", hint), None


def closest(word: str, names: Iterable[str], cutoff: float) -> list[str]:
    """Find the name most like a word, if one is like it at all."""
    import difflib

    return difflib.get_close_matches(word, list(names), n=1, cutoff=cutoff)


def _scale_hint(words: str) -> str:
    letters = re.sub(r"[^a-z]", "", words)
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
        return RULES["period-open-range"].within(start, end, f"'{chain}' has only one end of a range", hint)
    apart = " ".join(f"{first}-{last}" for first, last in pairwise(words))
    hint = f"write {words[0]}-{words[-1]}" + ("" if len(words) == 2 else f", or {apart}")
    return RULES["period-several-dashes"].within(start, end, f"'{chain}' has more than one dash", hint)


_LAST_HOUR: Final = FACTS[Scale.HR].high
_HOURS_TEXT: Final = "0 to 23, or 12am 1am-11am 12pm 1pm-11pm"
_TWELVE: Final = re.compile(r"(\d+)(am|pm|noon|midnight)\Z")
_CLOCK: Final = re.compile(r"(\d{1,2})[:.](\d{2})\Z")
_JOINED: Final = re.compile(r"(\w+?)\s*(\.\.+|~|;|/|=|\||&|:)\s*(\w+)\Z")
_SEPARATOR_WORDS: Final = frozenset(
    {"to", "till", "until", "through", "thru", "and", "or", ";", "..", "...", "~", "/", "=", "&", "|"}
)


def value(scale: Scale, word: str, start: int, chain: str, text: str) -> Finding:
    """Judge one word that is not a value of its scale."""
    end = start + len(word)
    if word in _SEPARATOR_WORDS or ((scale is not Scale.HR or ":" not in word) and _joined(scale, word)):
        return _separator(word, start, end)
    if scale is Scale.HR:
        return _hour(word, start, end, chain, text)
    if scale in (Scale.MO, Scale.WD) and not word.isdigit():
        return _name(scale, word, start, end)
    if not word.isdigit():
        return _not_a_number(scale, word, start, end)
    return _out_of_range(scale, word, start, end)


def _joined(scale: Scale, word: str) -> bool:
    match = _JOINED.match(word)
    return match is not None and all(value_of(scale, match.group(side)) is not None for side in (1, 3))


def _separator(word: str, start: int, end: int) -> Finding:
    match = _JOINED.match(word)
    example = f"{match.group(1)}-{match.group(3)}, or {match.group(1)} {match.group(3)}" if match else "9-17"
    hint = f"a range has a hyphen, a list has blanks: write {example}"
    return RULES["period-separator"].within(start, end, f"'{word}' does not join values", hint)


def _hour(word: str, start: int, end: int, chain: str, text: str) -> Finding:
    message, meant = _hour_verdict(word)
    hint = f"hours are {_HOURS_TEXT}"
    if word in {"am", "pm", "noon"} and (before := re.search(r"(\d+)[ \t]+\Z", text[:start])):
        hint = f"join them: {before.group(1)}{word}"
    elif (clock := _CLOCK.match(word)) and clock.group(2) != "00" and meant is not None:
        hint = f"minutes are a separate scale: hr {{{meant}}} min {{{int(clock.group(2))}-59}}"
    elif meant is not None:
        hint = _corrected(chain, word, meant)
    return RULES["period-hour"].within(start, end, message, hint)


def _corrected(chain: str, word: str, meant: int) -> str:
    """Write the user's range again with this end corrected."""
    ends = [meant if end == word else value_of(Scale.HR, end) for end in re.split(r"[ \t]*-[ \t]*", chain)]
    if len(ends) == 2 and None not in ends and ends[0] != ends[1]:
        return f"for {ends[0]:02}:00-{(ends[1] or 0) + 1:02}:00 write hr {{{ends[0]}-{ends[1]}}}"
    return f"write {meant}"


def _hour_verdict(word: str) -> tuple[str, int | None]:
    """Give the sentence, and the hour that was probably meant."""
    if match := _TWELVE.match(word):
        return _twelve_hour_verdict(word, int(match.group(1)[-4:]), match.group(2))
    if word in {"noon", "midnight"}:
        return f"'{word}' is not an hour by itself", NOON if word == "noon" else 0
    if match := _CLOCK.match(word):
        hour = int(match.group(1))
        return f"'{word}' is a time of day, not an hour", hour if hour <= _LAST_HOUR else None
    if word.isdigit():
        hour, minute = divmod(int(word[-4:]), 100)
        whole = len(word) == 4 and minute == 0 and hour <= _LAST_HOUR
        meant = hour if whole else (23 if word == "24" else None)
        return f"{word} is not a valid hour; hours run from 0 to 23", meant
    if match := re.match(r"(\d{1,2})(?:h|a|p|a\.m\.|p\.m\.)?\Z", word):
        hour = int(match.group(1)) % 24 + (NOON if "p" in word and int(match.group(1)) < NOON else 0)
        return f"'{word}' is not a valid hour", hour
    return f"'{word}' is not a valid hour", None


def _twelve_hour_verdict(word: str, hour: int, half: str) -> tuple[str, int | None]:
    if half in {"noon", "midnight"}:
        return f"'{word}' is not a valid hour; noon is 12noon, midnight is 12am", NOON if half == "noon" else 0
    meant = hour if 0 < hour <= _LAST_HOUR else (0 if half == "am" else NOON)
    reach = f"12{half}, 1{half} to 11{half}" if not NOON < hour <= _LAST_HOUR else f"1{half} to 11{half}"
    read = hour + (NOON if half == "pm" else 0)
    message = f"'{word}' is not an hour of the 12-hour clock ({reach})"
    if read <= _LAST_HOUR and not (half == "pm" and hour == NOON):
        message += f"; the vendor would probably read {read}"
    return message, meant if hour <= _LAST_HOUR else None


def _name(scale: Scale, word: str, start: int, end: int) -> Finding:
    names = MONTHS if scale is Scale.MO else WEEKDAYS
    shortest, noun = (3, "month") if scale is Scale.MO else (2, "weekday")
    truncated = [name for name in names if name[:shortest] == word[:shortest]]
    close = truncated or [name for name in names if name.startswith(word)] or closest(word, names, 0.6)
    short = [name[:3] for name in close or names]
    hint = f"write {' or '.join(short)}" if close else f"names are {' '.join(short)}"
    message = f"'{word}' is neither the name of a {noun} nor a prefix of one"
    if truncated:
        message += f"; the vendor would probably read {truncated[0].title()}"
    return RULES["period-name"].within(start, end, message, hint)


def _not_a_number(scale: Scale, word: str, start: int, end: int) -> Finding:
    facts = FACTS[scale]
    digits = re.sub(r"\D", "", word)
    hint = f"write a plain number from {facts.low} to {facts.high}"
    if word in {"*", "?"}:
        hint = f"for every {facts.noun} leave '{scale.value} {{{word}}}' out"
    elif word.startswith("*/") and digits and 0 < int(digits[:4]) <= facts.high:
        hint = "there are no steps: write {" + " ".join(map(str, range(facts.low, facts.high + 1, int(digits)))) + "}"
    elif digits and value_of(scale, digits) is not None and word.strip("+_0123456789"[:1]).startswith(digits):
        hint = f"write {digits}"
    return RULES["period-number"].within(start, end, f"'{word}' is not a number", hint)


_RANGE_CODES: Final = {Scale.YR: "period-year", Scale.MIN: "period-minute", Scale.SEC: "period-second"}


def _out_of_range(scale: Scale, word: str, start: int, end: int) -> Finding:
    facts = FACTS[scale]
    code = _RANGE_CODES.get(scale, "period-range")
    shown = word if len(word) <= 12 else word[:12] + "…"
    message = f"{shown} is not a valid {facts.noun}; the range is {facts.low} to {facts.high}"
    hint = f"write a number from {facts.low} to {facts.high}"
    if scale is Scale.YR:
        message, hint = f"{shown} is not a valid year for a period", "write a year of four digits, from 1970 on"
    elif scale in (Scale.MIN, Scale.SEC) and word == "60":
        hint = f"the last one of the {'hour' if scale is Scale.MIN else 'minute'} is 59"
    return RULES[code].within(start, end, message, hint)
