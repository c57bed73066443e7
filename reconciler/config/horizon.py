"""How far public holidays are written out: what is told before the calendar ends, and of years not announced yet.

Knows no schedule's hours; today is handed in.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from functools import reduce
from typing import Final

from reconciler.config.files import Files
from reconciler.config.sections import Declared
from reconciler.config.window import parts
from reconciler.diagnostics import Diagnostic
from reconciler.document import Tree
from reconciler.document.source import problem

NOTICE_DAYS: Final = 60
_RENEW = "reconciler fmt --renew"


def ending(files: Files, place: int, until: date, today: date) -> Diagnostic | None:
    """What to say of a calendar that has ended or soon will; `place` is where its last day is written."""
    left = (until - today).days
    if left >= NOTICE_DAYS:
        return None
    if left < 0:
        message = f"the calendar has ended on {until}: later public holidays and moved days are guesses"
    else:
        days = {0: "today", 1: "tomorrow"}.get(left, f"in {left} days")
        message = f"the calendar ends {days}: after {until} public holidays and moved days are guesses"
    return problem(files.sources, "calendar-ending", message, place, hint=_RENEW)


def unannounced(
    files: Files, tree: Tree, declared: Mapping[str, Declared], years: Iterable[tuple[str, int]]
) -> Iterator[Diagnostic]:
    """Name the years that a country has not announced yet, where a schedule, or one it refers to, names the country."""
    by_country: dict[str, list[int]] = {}
    for country, year in years:
        by_country.setdefault(country, []).append(year)
    for country, listed in by_country.items():
        message = f"the moved working days of {country} are not known yet for {_listed(listed)}"
        for place in _places(tree, declared, country):
            hint = "they come with a later release of the holidays library; until then only the usual days off count"
            yield problem(files.sources, "holidays-unannounced", message, place, hint=hint)


def _places(tree: Tree, declared: Mapping[str, Declared], country: str) -> list[int]:
    given = [tree.get("public"), *(named.get("public") for named in _all_parts(tree, declared))]
    return [one.span for one in given if one is not None and one.data == country] or [tree.span]


def _all_parts(tree: Tree, declared: Mapping[str, Declared]) -> Iterator[Tree]:
    """Literals inside a schedule, and the declared schedules that it names."""
    return (part for _reference, part in parts(tree, declared))


def _listed(years: list[int]) -> str:
    runs: list[tuple[int, int]] = reduce(_run, sorted(years), [])
    return ", ".join(str(first) if first == last else f"{first}-{last}" for first, last in runs)


def _run(runs: list[tuple[int, int]], year: int) -> list[tuple[int, int]]:
    if runs and runs[-1][1] == year - 1:
        return [*runs[:-1], (runs[-1][0], year)]
    return [*runs, (year, year)]
