"""Read a period's text into its syntax tree, strictly, and tell every fault with its characters and a remedy.

A character that has no place in a period is reported once and replaced, so that the rest can still be judged. Must
not know what a period means in time; the wording of faults lives in `faults`, which is loaded with the first of them.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Final

from reconciler.diagnostics import Finding
from reconciler.rules import RULES
from reconciler.schedule.masks import SCALE_NAMES, Scale, WeekdayBase, value_of
from reconciler.schedule.syntax import Item, Part, PeriodTree, PeriodValue, Range

BLANKS: Final = " \t"
TAINT: Final = "\0"  # stands for a character already reported; findings about words that hold it would be echoes

_STRANGE: Final = re.compile(r"[\r\n]+|[\v\f]+|[^ \t!-~]+?(?=[ \t!-~\r\n\v\f]|$)")
_DASH_SIGNS: Final = frozenset("\u2010\u2011\u2012\u2013\u2014\u2015\u2212\u2043\ufe58\ufe63\uff0d")
_PLAIN: Final = re.compile(r"[ \t!-~]*\Z")


def replace_strange(text: str) -> tuple[str, list[Finding]]:
    """Give the text with strange characters replaced one for one, and a finding for each run of them."""
    if _PLAIN.match(text):
        return text, []
    findings: list[Finding] = []

    def replaced(match: re.Match[str]) -> str:
        code, message, hint = _verdict(match.group())
        findings.append(RULES[code].within(match.start(), match.end(), message, hint))
        return "".join(map(_stand_in, match.group()))

    return _STRANGE.sub(replaced, text), findings


def _stand_in(character: str) -> str:
    if character in _DASH_SIGNS:
        return "-"
    return " " if character.isspace() or character in "\ufeff\u200b" else TAINT


def _verdict(run: str) -> tuple[str, str, str]:
    import unicodedata

    first = run[0]
    if first in "\r\n":
        message = "a period is one line; anything after a line break is silently dropped"
        return "period-newline", message, "write it on one line"
    if first in "\v\f":
        return "period-blank", f"{_named(first)} is not allowed as a space in a period", "use an ordinary space"
    if dash := next((character for character in run if character in _DASH_SIGNS), None):
        message = f"{_named(dash)} is not a hyphen: a range of names would shrink to its first name"
        return "period-dash", message, "type the ASCII hyphen '-'"
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


_ITEM: Final = re.compile(r"[ \t]*([^{},]*?)[ \t]*\{([^{}]*)\}[ \t]*")
_REST: Final = re.compile(r"(?:\{[^{}]*\}|[^,])+")
_GAP: Final = re.compile(r"[ \t]*")
_BODY_GAP: Final = re.compile(r"[ \t,]*")
_RANGE: Final = re.compile(r"([^ \t,-]+)(?:[ \t]*-[ \t]*([^ \t,-]+))?(?:[ \t]+(?![ \t-])|(?=,)|\Z)[ \t,]*")
_DASHES: Final = re.compile(r"((?:[^ \t,-]+|(?=-))(?:[ \t]*-[ \t]*[^ \t,-]*)*)[ \t,]*")


def read(text: str, base: WeekdayBase = "sunday") -> tuple[PeriodTree, tuple[Finding, ...]]:
    """Read a whole period; the tree holds what could be read, and is to be trusted only without findings."""
    clean, findings = replace_strange(text)
    trimmed = clean.strip(BLANKS)
    if not trimmed or trimmed.lower() == "none":
        return PeriodTree(text, (), is_none=bool(trimmed)), tuple(findings)
    reader = _Reader(clean.lower(), base, findings)
    parts = reader.parts()
    found = sorted((_as_written(finding, text) for finding in findings), key=lambda finding: finding.start)
    return PeriodTree(text, tuple(parts), commas=tuple(reader.commas)), tuple(found)


def _as_written(finding: Finding, text: str) -> Finding:
    """Quote the user's own capitals in the message."""
    written = text[finding.start : finding.end]
    return replace(finding, message=finding.message.replace(f"'{written.lower()}'", f"'{written}'"))


class _Reader:
    """One pass over one text; collects findings as it goes and never stops at the first."""

    def __init__(self, text: str, base: WeekdayBase, findings: list[Finding]) -> None:
        self._text = text
        self._base = base
        self._findings = findings
        self.commas: list[int] = []

    def parts(self) -> list[Part]:
        parts: list[Part] = []
        lone: list[int] = []  # commas with nothing before them; allowed only at the end
        at = 0
        while True:
            part, at = self._part(at)
            if part is None:
                lone.append(at)
            else:
                parts.append(part)
                self._report_empty(lone)
                lone = []
            if at == len(self._text):
                break
            self.commas.append(at)
            at += 1
        if not parts:
            self._report_empty(lone[:1])
        return parts

    def _report_empty(self, commas: list[int]) -> None:
        if commas:
            from reconciler.schedule import faults

            self._findings += map(faults.empty_part, commas)

    def _part(self, at: int) -> tuple[Part | None, int]:
        """Read up to the next comma outside braces; None where there is nothing before it."""
        text = self._text
        items: list[Item] = []
        start = _skip(text, at)
        end = at = start
        while at < len(text) and text[at] != ",":
            match = _ITEM.match(text, at)
            if match is None:
                end = at = self._rest(at, alone=not items)
                continue
            at = match.end()
            end = match.end(2) + 1
            item = self._item(match)
            if item is not None:
                items.append(item)
        return (Part(tuple(items), start, end) if at > start else None), at

    def _rest(self, at: int, *, alone: bool) -> int:
        """Report text that is not an item, up to the next comma."""
        match = _REST.match(self._text, at)
        end = match.end() if match else len(self._text)
        words = self._text[at:end].rstrip(BLANKS)
        is_echo = not words.strip("-") and any(finding.start == at for finding in self._findings)
        if TAINT not in words and not is_echo:
            from reconciler.schedule import faults

            self._findings.append(faults.no_item(words, at, alone=alone))
        return end

    def _item(self, match: re.Match[str]) -> Item | None:
        head, body = match.group(1), match.group(2)
        scale = self._scale(head, match.start(1), match.start(2) - 1)
        if scale is None:
            return None
        if "," in body or not body.strip(BLANKS):
            self._body(scale, body, match.start(2))
        ranges = self._ranges(scale, match.start(2), match.end(2))
        start = match.start(1) if head in SCALE_NAMES else match.end(1) - len(scale.value)
        return Item(scale, tuple(ranges), start, match.end(2) + 1)

    def _body(self, scale: Scale, body: str, start: int) -> None:
        """Report braces that hold nothing, or commas."""
        from reconciler.schedule import faults

        if not body.strip(BLANKS):
            self._findings.append(faults.empty_braces(scale, start - 1, start + len(body) + 1))
        commas = [at for at, character in enumerate(body, start) if character == ","]
        self._findings += [faults.comma_inside(body, comma) for comma in commas]

    def _scale(self, head: str, start: int, brace: int) -> Scale | None:
        """Find the scale that ends the head; whatever stands before it is reported."""
        known = SCALE_NAMES.get(head)
        if known is None and TAINT not in head:
            from reconciler.schedule import faults

            fault, known = faults.head(head, start, brace)
            self._findings.append(fault)
        return known

    def _ranges(self, scale: Scale, at: int, end: int) -> list[Range]:
        text = self._text
        ranges = []
        at = _skip(text, at, _BODY_GAP)
        while at < end:
            match = _RANGE.match(text, at, end)
            if match is None:
                at = self._dashes(scale, at, end)
                continue
            at = match.end()
            first = self._value(scale, match, 1)
            last = first if match.group(2) is None else self._value(scale, match, 2)
            if first is not None and last is not None:
                ranges.append(Range(first, last))
        return ranges

    def _dashes(self, scale: Scale, at: int, end: int) -> int:
        """Report dashes that join no two values; gives the offset after them."""
        match = _DASHES.match(self._text, at, end)
        if match is None:
            return end
        chain = match.group(1).rstrip(BLANKS)
        if TAINT not in chain:
            from reconciler.schedule import faults

            self._findings.append(faults.dashes(scale, chain, at))
        return match.end()

    def _value(self, scale: Scale, match: re.Match[str], side: int) -> PeriodValue | None:
        word, start = match.group(side), match.start(side)
        number = value_of(scale, word, self._base)
        if number is None:
            if TAINT not in word:
                from reconciler.schedule import faults

                chain = match.group().rstrip(BLANKS + ",")

                self._findings.append(faults.value(scale, word, start, chain, self._text))
            return None
        return PeriodValue(number, start, start + len(word))


def _skip(text: str, at: int, gap: re.Pattern[str] = _GAP) -> int:
    match = gap.match(text, at)
    return match.end() if match else at
