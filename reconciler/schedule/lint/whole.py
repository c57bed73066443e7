"""Warnings about a period as a whole: never, always, over, or about to end.

Must not know hours or days by themselves.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from reconciler.diagnostics import Finding
from reconciler.rules import RULES
from reconciler.schedule.instants import Instants
from reconciler.schedule.lint.view import View
from reconciler.schedule.meaning import has_short_year, instants_of
from reconciler.schedule.scales import Scale
from reconciler.schedule.syntax import Tree

if TYPE_CHECKING:
    from datetime import date


def whole_findings(tree: Tree, today: date | None) -> Iterator[Finding]:
    """Judge the period as one."""
    if not tree.parts:
        return
    yield from _trailing_comma(tree)
    never = [part for part in tree.parts if View(tree, part).is_never]
    for part in never:
        message = f"'{tree.slice(part)}' never matches"
        yield RULES["period-never"].within(part.start, part.end, message, "remove it, or correct its days")
    instants = instants_of(tree)
    start, end = tree.parts[0].start, tree.parts[-1].end
    if instants.is_full:
        message = "this is always: every value is listed"
        yield RULES["period-always"].within(start, end, message, "leave the period out")
    if not never:
        yield from _end_of_years(tree, instants, today)


def _trailing_comma(tree: Tree) -> Iterator[Finding]:
    if len(tree.commas) >= len(tree.parts):
        comma = tree.commas[len(tree.parts) - 1]
        yield RULES["period-trailing-comma"].within(comma, comma + 1, "nothing follows this comma", "remove it")


def _end_of_years(tree: Tree, instants: Instants, today: date | None) -> Iterator[Finding]:
    """Tell of the last year where every part has one."""
    if any(has_short_year(part) or not part.has(Scale.YR) for part in tree.parts):
        return
    last = instants.last_change - 1
    item = next(tree.parts[-1].of(Scale.YR))
    if today is not None and last < today.year:
        message = f"this was over at the end of {last}"
        yield RULES["period-expired"].within(item.start, item.end, message, "remove it, or name a year to come")
    else:
        message = f"this ends with {last}; afterwards it never matches"
        yield RULES["period-expires"].within(item.start, item.end, message, "leave yr out if it should go on")
