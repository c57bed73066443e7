"""Schedules of hours and dates to periods: finds the named ones, and tells faults where they are written.

Knows nothing of how a schedule is compiled.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Literal

from reconciler.config.files import Files
from reconciler.config.settings import PeriodSettings, Union
from reconciler.document import Tree, find
from reconciler.document.source import problem
from reconciler.schedule.compile import CompileError, compile_schedule
from reconciler.schedule.human import HumanError, Schedule, read_schedule

Lookup = Callable[[str], Tree | None]
_NO_END = date(2027, 12, 31)  # has no effect: nothing in the schedule ends


class Unfit(Exception):
    """A schedule that is referred to cannot be used."""


def periods(
    files: Files, tree: Tree, lookup: Lookup, settings: PeriodSettings | None, *, timezone: str, until: date | None
) -> tuple[str, ...] | None:
    """Compile a schedule for an account (None: for ourselves); None where it cannot be, which was reported."""
    union: Literal["entries", "comma"] = "entries"
    if settings is None or settings.union is Union.COMMA:
        union = "comma"
    try:
        schedule = _read(files, tree, lookup)
        last_day = _last_day(schedule, until)
        compiled = compile_schedule(schedule, timezone=timezone, until=last_day, union_style=union)
    except Unfit:
        return None
    except CompileError as error:
        found = problem(files.sources, "schedule-not-compiled", error.message, tree.span, hint=error.hint)
        files.found.append(found)
        return None
    return () if compiled.periods == ("",) else compiled.periods


def _last_day(schedule: Schedule, until: date | None) -> date:
    if until is None and uses_holidays(schedule):
        message = "public holidays are compiled up to a day that is not given"
        raise CompileError(message, "add calendar_until: 2027-12-31 to defaults")
    return until or _NO_END


def uses_holidays(schedule: Schedule) -> bool:
    """Tell whether public holidays are in a schedule, or in one that it is made of."""
    inner = (*schedule.except_, *(schedule.any_ or ()), *(schedule.all_ or ()))
    parts = inner if schedule.not_ is None else (*inner, schedule.not_)
    return schedule.public is not None or any(map(uses_holidays, parts))


def _read(files: Files, tree: Tree, lookup: Lookup) -> Schedule:
    def named(name: str) -> Schedule:
        other = lookup(name)
        if other is None:
            raise Unfit
        return _read(files, other, lookup)

    try:
        return read_schedule(tree.data, named)
    except HumanError as error:
        found = problem(files.sources, "schedule-shape", error.message, find(tree, error.path), hint=error.hint)
        files.found.append(found)
        raise Unfit from error
