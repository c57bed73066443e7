"""Human schedules of a configuration to periods: names resolved, faults told where they are written.

Knows no accounts beyond how they send several parts; the compiler is loaded only where a schedule needs it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from functools import partial
from typing import TYPE_CHECKING, Literal

from reconciler.config.files import Files
from reconciler.config.horizon import unannounced
from reconciler.config.sections import Declared
from reconciler.document import Tree, find
from reconciler.settings import Union

if TYPE_CHECKING:
    from reconciler.schedule.asked import Answers
    from reconciler.schedule.human import Schedule

Base = Literal["sunday", "monday"]
_ANY_DAY = date(2026, 12, 31)


class _ReportedError(Exception):
    """A schedule that this one refers to is unfit, which has been told at its own place."""


class Compiler:
    """Compiles schedules for one zone; `is_fit` tells whether a declared schedule has passed its own checks."""

    def __init__(
        self,
        files: Files,
        declared: Mapping[str, Declared],
        *,
        timezone: str,
        calendar_until: date | None,
        is_fit: Callable[[Tree], bool],
    ) -> None:
        self._files = files
        self._declared = declared
        self._timezone = timezone
        self._calendar_until = calendar_until
        self._is_fit = is_fit
        self._read: dict[tuple[int, Base], tuple[Tree, Schedule | None]] = {}
        self._answers: Answers | None = None
        self.uses_holidays = False

    def judge(self, tree: Tree, base: Base) -> bool:
        """Report what is wrong in a schedule's hours, dates and names; True where nothing is."""
        return self._schedule(tree, base) is not None

    def compile(self, tree: Tree, union: Union, base: Base) -> tuple[str, ...] | None:
        """The periods of a schedule, none for always; None where it cannot be compiled, which is reported.

        `base`: which weekday the number 1 is in the periods that it is made of.
        """
        from reconciler.schedule.asked import Answers
        from reconciler.schedule.compile import CompileError, compile_schedule

        self._answers = self._answers or Answers()
        schedule = self._schedule(tree, base)
        if schedule is None or not self._knows_its_holidays(schedule, tree):
            return None
        until = self._calendar_until or _ANY_DAY
        try:
            compiled = compile_schedule(
                schedule, timezone=self._timezone, until=until, union_style=union.value, answers=self._answers
            )
        except CompileError as error:
            self._files.complain("schedule-not-compiled", tree.span, error.message, error.hint)
            return None
        self._files.found += unannounced(self._files, tree, self._declared, compiled.unannounced)
        return tuple(period for period in compiled.periods if period)

    def _knows_its_holidays(self, schedule: Schedule, tree: Tree) -> bool:
        from reconciler.schedule.human import made_of

        if not any(one.public for one in made_of(schedule)):
            return True
        self.uses_holidays = True
        if self._calendar_until is None:
            message = "public holidays differ from year to year, and it is not said how far to look"
            self._files.complain(
                "schedule-not-compiled", tree.span, message, "set defaults.calendar_until, like 2027-12-31"
            )
        return self._calendar_until is not None

    def _schedule(self, tree: Tree, base: Base) -> Schedule | None:
        from reconciler.schedule.human import HumanError, read_schedule

        key = (id(tree.data), base)
        if key not in self._read:
            self._read[key] = (tree, None)
            named = partial(self._named, base=base)
            try:
                self._read[key] = (tree, read_schedule(tree.data, named, weekday_base=base))
            except HumanError as error:
                span = find(tree, error.path, key=error.key)
                self._files.complain("schedule-shape", span, error.message, error.hint)
            except _ReportedError:
                pass
        return self._read[key][1]

    def _named(self, name: str, *, base: Base) -> Schedule:
        declared = self._declared.get(name)
        fit = declared is not None and self._is_fit(declared.tree)
        schedule = self._schedule(declared.tree, base) if declared is not None and fit else None
        if schedule is None:
            raise _ReportedError
        return schedule
