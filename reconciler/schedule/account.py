"""What an account's settings say of a period: commas, `none`, numeric weekdays, and what releases read differently.

Must not know configuration or vendors; the settings come as plain words.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import Final, Literal

from reconciler.diagnostics import Finding, Severity
from reconciler.rules import RULES
from reconciler.schedule.dialect import disagreements
from reconciler.schedule.grammar import read
from reconciler.schedule.scales import WEEKDAYS, Scale, WeekdayBase
from reconciler.schedule.syntax import Item, Tree

UnionStyle = Literal["entries", "comma"]
_WEEK: Final = 7


# docs/decisions/014
@lru_cache(maxsize=4096)
def account_findings(text: str, *, union: UnionStyle, weekday_base: WeekdayBase) -> tuple[Finding, ...]:
    """Judge what depends on the account; says nothing of what `check` says."""
    tree, errors = read(text, "sunday" if weekday_base == "refuse" else weekday_base)
    findings = [*_none(tree), *numeric_weekdays(tree, weekday_base)]
    if union == "entries":
        findings += _commas(tree)
    if not errors:
        findings += disagreements(tree)
    return tuple(sorted(findings, key=lambda finding: finding.start))


def _none(tree: Tree) -> Iterator[Finding]:
    if tree.is_none:
        start = len(tree.text) - len(tree.text.lstrip())
        message = f"'{tree.text.strip()}' is never; the vendor does not document the word"
        hint = "leave the target out, or set active: false"
        yield RULES["period-none"].within(start, start + len("none"), message, hint)


def _commas(tree: Tree) -> Iterator[Finding]:
    if tree.commas:
        comma = tree.commas[0]
        hint = "write one target a part, or set period: {union: comma} at the account"
        yield RULES["period-comma"].within(comma, comma + 1, "this account takes no comma in a period", hint)


def numeric_weekdays(tree: Tree, base: WeekdayBase) -> Iterator[Finding]:
    """Find weekdays written as numbers: an error where the base is refused, else a warning with the reading."""
    for part in tree.parts:
        for item in part.of(Scale.WD):
            if any(tree.slice(end).isdigit() for one in item.ranges for end in (one.first, one.last)):
                yield _numeric_weekday(tree, item, base)


def _numeric_weekday(tree: Tree, item: Item, base: WeekdayBase) -> Finding:
    start, end = item.ranges[0].start, item.ranges[-1].end
    numbers, rule = tree.text[start:end], RULES["period-numeric-weekday"]
    if base != "refuse":
        names = _named(tree, item, 0)
        message = f"'{numbers}' is read as {names} here; vendors count weekdays differently"
        return rule.within(start, end, message, f"write wd {{{names}}}").with_severity(Severity.WARNING)
    message = f"'{numbers}' may count weekdays from Sunday or from Monday"
    hint = f"write wd {{{_named(tree, item, 0)}}} if 1 is Sunday, wd {{{_named(tree, item, 1)}}} if 1 is Monday"
    return rule.within(start, end, message, hint)


def _named(tree: Tree, item: Item, shift: int) -> str:
    """Write the item with names; numbers, not names, move by `shift` days."""
    words = []
    for one in item.ranges:
        names = [
            WEEKDAYS[(end.number + (shift if tree.slice(end).isdigit() else 0)) % _WEEK][:3]
            for end in ((one.first,) if one.is_single else (one.first, one.last))
        ]
        words.append("-".join(names))
    return " ".join(words)
