"""The words for a value that its scale does not have: an hour of no clock, a month of no name, a number out of reach.

Must not know how the text is scanned; it is handed the word at fault and its place.
"""

from __future__ import annotations

import re
from typing import Final

from reconciler.diagnostics import Finding
from reconciler.rules import RULES
from reconciler.schedule.faults import closest
from reconciler.schedule.scales import FACTS, MONTHS, NOON, WEEKDAYS, Scale, value_of

_HOURS_TEXT: Final = "0 to 23, or 12am 1am-11am 12pm 1pm-11pm"
_TWELVE: Final = re.compile(r"(\d+)(am|pm|noon|midnight)\Z")
_CLOCK: Final = re.compile(r"(\d{1,2})[:.](\d{2})\Z")
_JOINED: Final = re.compile(r"(\w+?)\s*(\.\.+|~|;|/|=|\||&|:)\s*(\w+)\Z")
_SEPARATOR_WORDS: Final = frozenset(
    {"to", "till", "until", "through", "thru", "and", "or", ";", "..", "...", "~", "/", "=", "&", "|"}
)


def value(scale: Scale, word: str, start: int, chain: str, text: str) -> Finding:
    """Judge one word that is no value of its scale."""
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
    return RULES["period-separator"].within(
        start, end, f"'{word}' does not join values", f"a range has a hyphen, a list has blanks: write {example}"
    )


def _hour(word: str, start: int, end: int, chain: str, text: str) -> Finding:
    message, meant = _hour_verdict(word)
    hint = f"hours are {_HOURS_TEXT}"
    if word in {"am", "pm", "noon"} and (before := re.search(r"(\d+)[ \t]+\Z", text[:start])):
        hint = f"join them: {before.group(1)}{word}"
    elif (clock := _CLOCK.match(word)) and clock.group(2) != "00" and meant is not None:
        hint = f"minutes are a scale of their own: hr {{{meant}}} min {{{int(clock.group(2))}-59}}"
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
        return f"'{word}' is no hour by itself", NOON if word == "noon" else 0
    if match := _CLOCK.match(word):
        hour = int(match.group(1))
        return f"'{word}' is a time of day, not an hour", hour if hour <= FACTS[Scale.HR].high else None
    if word.isdigit():
        hour, minute = divmod(int(word[-4:]), 100)
        whole = len(word) == 4 and minute == 0 and hour <= FACTS[Scale.HR].high
        meant = hour if whole else (23 if word == "24" else None)
        return f"{word} is no hour; they run from 0 to 23", meant
    if match := re.match(r"(\d{1,2})(?:h|a|p|a\.m\.|p\.m\.)?\Z", word):
        hour = int(match.group(1)) % 24 + (NOON if "p" in word and int(match.group(1)) < NOON else 0)
        return f"'{word}' is no hour", hour
    return f"'{word}' is no hour", None


def _twelve_hour_verdict(word: str, hour: int, half: str) -> tuple[str, int | None]:
    if half in {"noon", "midnight"}:
        return f"'{word}' is no hour; noon is 12noon, midnight 12am", NOON if half == "noon" else 0
    meant = hour if 0 < hour <= FACTS[Scale.HR].high else (0 if half == "am" else NOON)
    reach = f"12{half}, 1{half} to 11{half}" if not NOON < hour <= FACTS[Scale.HR].high else f"1{half} to 11{half}"
    read = hour + (NOON if half == "pm" else 0)
    probably = (
        f"; the vendor would probably read {read}"
        if read <= FACTS[Scale.HR].high and not (half == "pm" and hour == NOON)
        else ""
    )
    return f"'{word}' is not an hour of the 12-hour clock ({reach}){probably}", meant if hour <= FACTS[
        Scale.HR
    ].high else None


def _name(scale: Scale, word: str, start: int, end: int) -> Finding:
    names = MONTHS if scale is Scale.MO else WEEKDAYS
    shortest, noun = (3, "month") if scale is Scale.MO else (2, "weekday")
    truncated = [name for name in names if name[:shortest] == word[:shortest]]
    close = truncated or [name for name in names if name.startswith(word)] or closest(word, names, 0.6)
    hint = (
        "write " + " or ".join(name[:3] for name in close)
        if close
        else "names are " + " ".join(name[:3] for name in names)
    )
    message = f"'{word}' is no name of a {noun}, nor the beginning of one"
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
    return RULES["period-number"].within(start, end, f"'{word}' is no number", hint)


_RANGE_CODES: Final = {Scale.YR: "period-year", Scale.MIN: "period-minute", Scale.SEC: "period-second"}


def _out_of_range(scale: Scale, word: str, start: int, end: int) -> Finding:
    facts = FACTS[scale]
    code = _RANGE_CODES.get(scale, "period-range")
    shown = word if len(word) <= 12 else word[:12] + "…"
    if scale is Scale.YR:
        return RULES[code].within(
            start, end, f"{shown} is no year that a period can name", "write a year of four digits, from 1970 on"
        )
    if scale in (Scale.MIN, Scale.SEC) and word == "60":
        return RULES[code].within(
            start,
            end,
            f"60 is no {facts.noun}; they run from 0 to 59",
            "the last one of the hour is 59" if scale is Scale.MIN else "the last one of the minute is 59",
        )
    return RULES[code].within(
        start,
        end,
        f"{shown} is no {facts.noun}; they run from {facts.low} to {facts.high}",
        f"write a number from {facts.low} to {facts.high}",
    )
