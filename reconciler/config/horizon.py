"""How far public holidays are written out: what is told before the calendar ends, and of years not announced yet.

Knows no schedule's hours; today is handed in.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from functools import reduce
from typing import Final

from reconciler.config.files import Files
from reconciler.config.naming import references
from reconciler.config.sections import Declared
from reconciler.diagnostics import Diagnostic
from reconciler.document import Tree

NOTICE_DAYS: Final = 60
_RENEW: Final = "reconciler fmt --renew"


def ending(files: Files, place: int, until: date, today: date) -> Diagnostic | None:
    """What to say of a calendar that has ended or soon will; `place` is where its last day is written."""
    left = (until - today).days
    if left > NOTICE_DAYS:
        return None
    if left < 0:
        message = f"the calendar ended on {until}: public holidays after {until.year} are not written out"
    else:
        when = {0: "today", 1: "tomorrow"}.get(left, f"in {left} days")
        message = f"the calendar ends {when}: public holidays after {until.year} are not written out"
    return files.sources.problem("calendar-ending", place, message, _RENEW)


def unannounced(
    files: Files, tree: Tree, declared: Mapping[str, Declared], years: Iterable[tuple[str, int]]
) -> Iterator[Diagnostic]:
    """Name the years that a country has not announced yet, where a schedule, or one it refers to, names the country."""
    by_country: dict[str, list[int]] = {}
    for country, year in years:
        by_country.setdefault(country, []).append(year)
    places = list(_publics(tree, declared, set()))
    hint = "until the holidays library knows them, only the usual days off hold there"
    for country, listed in by_country.items():
        message = f"the moved days of {country} are not announced yet for {_in_words(listed)}"
        for place in places:
            if place.data == country:
                yield files.sources.problem("holidays-unannounced", place.span, message, hint)


def _publics(tree: Tree, declared: Mapping[str, Declared], seen: set[str]) -> Iterator[Tree]:
    """Where a schedule, and those it refers to, name a country."""
    if isinstance(tree.data, str):
        if tree.data in seen or tree.data not in declared:
            return
        seen.add(tree.data)
        tree = declared[tree.data].tree
    own = tree.get("public")
    if own is not None:
        yield own
    for reference in references(tree):
        yield from _publics(reference, declared, seen)


def _in_words(years: Iterable[int]) -> str:
    runs: list[tuple[int, int]] = reduce(_lengthened, sorted(years), [])
    return ", ".join(str(first) if first == last else f"{first}-{last}" for first, last in runs)


def _lengthened(runs: list[tuple[int, int]], year: int) -> list[tuple[int, int]]:
    if runs and runs[-1][1] == year - 1:
        return [*runs[:-1], (runs[-1][0], year)]
    return [*runs, (year, year)]
