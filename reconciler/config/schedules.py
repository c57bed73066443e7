"""Schedules by name or literal to the period strings that are sent, judged once, with the caret under the bad piece.

Knows the period language through `reconciler.schedule` only; knows no numbers.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Literal

from reconciler.config import models, values, window
from reconciler.config.compiling import Compiler
from reconciler.config.complaints import did_you_mean, read
from reconciler.config.files import Files
from reconciler.config.sections import Declared
from reconciler.config.settings import PeriodSettings, Union
from reconciler.diagnostics import Diagnostic, Finding, Severity
from reconciler.document import Tree
from reconciler.document.source import narrowed, problem
from reconciler.schedule import account_findings, check, zone_findings

_FORMS = ("period", "weekly", "dates", "public", "not", "any", "all")
_OPERATORS = ("not", "any", "all")


@dataclass(frozen=True, slots=True)
class Times:
    """A resolved schedule: one period a `call_control` entry; empty = always."""

    periods: tuple[str, ...]
    description: str


class Schedules:
    """All schedules of a configuration; each is judged once, and once more for each account's settings it meets.

    `weekday_base`: which day a number is taken to mean before an account is known.
    """

    def __init__(
        self,
        files: Files,
        declared: Mapping[str, Declared],
        *,
        timezone: str,
        calendar_until: date | None,
        today: date | None,
        weekday_base: Literal["sunday", "monday"] = "sunday",
    ) -> None:
        self._files = files
        self._declared = declared
        self._timezone = timezone
        self._compiler = Compiler(
            files, declared, timezone=timezone, calendar_until=calendar_until, is_fit=self._is_fit
        )
        self._today = today
        self._weekday_base = weekday_base
        # By identity: a literal is written in one place. What has been seen is held, so no identity comes twice.
        self._judged: dict[int, tuple[Tree, models.Schedule | None]] = {}
        self._resolved: dict[tuple[str | int, int], Times | None] = {}
        self.used = False

    @property
    def uses_holidays(self) -> bool:
        """Whether any compiled schedule follows public holidays."""
        return self._compiler.uses_holidays

    def _is_fit(self, tree: Tree) -> bool:
        return self._shape(tree) is not None

    def judge_all(self) -> None:
        """Judge every declared schedule, used or not."""
        for declared in self._declared.values():
            self._shape(declared.tree)
        self._find_cycles()
        for declared in self._declared.values():
            model = self._shape(declared.tree)
            if model is not None and model.period is None:
                self._compiler.judge(declared.tree)

    def resolve(self, written: object, reference: Callable[[], Tree], settings: PeriodSettings) -> Times | None:
        """A name or literal, with a function that gives its tree, to periods; None where there are none: reported."""
        key = (written if isinstance(written, str) else id(written), id(settings))
        known = self._resolved.get(key)
        if known is None:
            self.used = True
            tree = self._tree(reference())
            known = self._resolved[key] = self._times(tree, settings) if tree is not None else None
        return known

    def window(self, reference: Tree, *, only_in: str | None) -> Times | None:
        """A change window, which we evaluate ourselves, so that no account's settings matter.

        With a trusted file (`only_in`) all that it names must stand in that file: it is part of the policy.
        """
        tree = self._tree(reference)
        if tree is None:
            return None
        if only_in is not None:
            foreign = [
                named for named, part in window.parts(reference, self._declared) if not self._is_in(part, only_in)
            ]
            self._files.found += [self._outside(named, only_in) for named in foreign]
            if foreign:
                return None
        return self._times(tree, None)

    def _is_in(self, tree: Tree, name: str) -> bool:
        return self._files.sources.name_of(tree.span) == name

    def _outside(self, named: Tree, trusted: str) -> Diagnostic:
        message = f"the change window {values.quoted(named.data)} is declared outside the trusted file"
        hint = f"declare that schedule in {trusted.rpartition(':')[2]}, or write its period in place"
        return problem(self._files.sources, "trusted-only", message, named.span, hint=hint)

    def _tree(self, reference: Tree) -> Tree | None:
        if isinstance(reference.data, dict):
            return reference
        if not isinstance(reference.data, str):
            message = f"a schedule is a name or a map, not {values.kind_of(reference.data)}"
            self._files.found.append(problem(self._files.sources, "wrong-type", message, reference.span))
            return None
        if reference.data in self._declared:
            return self._declared[reference.data].tree
        if not self._files.broken:
            self._files.found.append(self._unknown(reference))
        return None

    def _unknown(self, reference: Tree) -> Diagnostic:
        message = f"there is no schedule {values.quoted(reference.data)}"
        hint = did_you_mean(reference.data, self._declared) or "declare it under `schedules`"
        if "{" in reference.data:
            hint = f'a bare text is a name; write {{period: "{reference.data}"}}'
        return problem(self._files.sources, "unknown-schedule", message, reference.span, hint=hint)

    def _times(self, tree: Tree, settings: PeriodSettings | None) -> Times | None:
        model = self._shape(tree)
        if model is None:
            return None
        description = model.description or ""
        if model.period is None:
            periods = self._compiler.compile(tree, Union.ENTRIES if settings is None else settings.union)
            return None if periods is None else Times(periods, description)
        if settings is not None and not model.verbatim:
            judged = account_findings(
                model.period, union=settings.union.value, weekday_base=settings.weekday_base.value
            )
            self._report(tree, judged)
        return Times((model.period,) if model.period.strip() else (), description)

    # -- judging ------------------------------------------------------------------------------------------------------

    def _shape(self, tree: Tree) -> models.Schedule | None:
        """The schedule's model, judged once; None where it is unfit."""
        key = id(tree.data)
        if key not in self._judged:
            model = read(models.Schedule, tree, self._files.sources, self._files.found)
            self._judged[key] = (tree, model if model is not None and self._is_whole(tree) else None)
            if model is not None and model.period is not None:
                self._check_period(tree, model)
            for reference in _references(tree):
                self._tree(reference)
                if isinstance(reference.data, dict):
                    self._shape(reference)
        return self._judged[key][1]

    def _is_whole(self, tree: Tree) -> bool:
        given = [form for form in _FORMS if form in tree.data]
        if not given:
            message, hint = "this schedule says no times", "add `period:`, `weekly:` or `dates:`"
        elif len(given) > 1 and ("period" in given or set(given) & set(_OPERATORS)):
            message, hint = (
                f"{' and '.join(given)} exclude each other in one schedule",
                "name two schedules and join them with `any`",
            )
        else:
            return True
        self._files.found.append(problem(self._files.sources, "schedule-shape", message, tree.span, hint=hint))
        return False

    def _check_period(self, tree: Tree, model: models.Schedule) -> None:
        period, base = model.period or "", self._weekday_base
        findings = check(period, weekday_base=base, today=self._today)
        if self._today is not None:
            findings += zone_findings(period, timezone=self._timezone, year=self._today.year, weekday_base=base)
        if model.verbatim and any(finding.severity is Severity.ERROR for finding in findings):
            place = tree.get("period")
            message = "this period cannot be understood, and is sent as it stands"
            span = place.span if place is not None else tree.span
            self._files.found.append(problem(self._files.sources, "schedule-verbatim", message, span))
        else:
            self._report(tree, findings)

    def _report(self, tree: Tree, findings: tuple[Finding, ...]) -> None:
        place = tree.get("period")
        if place is None:
            return
        for finding in findings:
            span = piece(self._files, place, finding.start, finding.end)
            self._files.found.append(finding.at(self._files.sources.location(span)))

    def _find_cycles(self) -> None:
        done: set[str] = set()
        for name in self._declared:
            self._walk(name, [], done)

    def _walk(self, name: str, open_names: list[str], done: set[str]) -> None:
        if name in done:
            return
        for reference in _all_references(self._declared[name].tree):
            if reference.data in [*open_names, name]:
                circle = [*[*open_names, name][[*open_names, name].index(reference.data) :], reference.data]
                message = f"schedules refer to each other in a circle: {' -> '.join(circle)}"
                self._files.found.append(problem(self._files.sources, "schedule-cycle", message, reference.span))
                tree = self._declared[name].tree
                self._judged[id(tree.data)] = (tree, None)
            elif reference.data in self._declared:
                self._walk(reference.data, [*open_names, name], done)
        done.add(name)


def _references(tree: Tree) -> Iterator[Tree]:
    """The schedules that one refers to, as written."""
    for key in ("except", *_OPERATORS):
        given = tree.get(key)
        if given is not None:
            yield from given.elements() if isinstance(given.data, list) else (given,)


def _all_references(tree: Tree) -> Iterator[Tree]:
    """The names that a schedule refers to, also from literals inside it."""
    for reference in _references(tree):
        if isinstance(reference.data, dict):
            yield from _all_references(reference)
        elif isinstance(reference.data, str):
            yield reference


def piece(files: Files, scalar: Tree, start: int, end: int) -> int:
    """The span of some characters of a scalar's value, plain or quoted; of all of it where they cannot be told."""
    raw = files.sources.text_of(scalar.span)
    quote = 1 if raw[:1] in ("'", '"') and raw[-1:] == raw[:1] else 0
    if raw[quote : len(raw) - quote] != scalar.data:
        return scalar.span
    return narrowed(scalar.span, start + quote, end + quote)


def holidays_version() -> str:
    """The release of the library that public holidays come from."""
    from importlib.metadata import version

    return version("holidays")
