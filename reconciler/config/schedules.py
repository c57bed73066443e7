"""Schedules by name or literal to the period strings that are sent, judged once, with the caret under the bad piece.

Knows the period language through `reconciler.schedule` only; knows no numbers.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from functools import partial
from importlib.metadata import version
from typing import TYPE_CHECKING, Literal, NamedTuple

from reconciler.canonical import period_text
from reconciler.config import compiling, values
from reconciler.config.compiling import Compiler
from reconciler.config.files import Files
from reconciler.config.models import entries
from reconciler.config.sections import DeclaredEntry
from reconciler.config.validation import did_you_mean, read
from reconciler.diagnostics import Diagnostic, Finding, Severity
from reconciler.document import Tree, at
from reconciler.document.source import narrow
from reconciler.document.tree import KeyPath
from reconciler.model import WeekdayBase
from reconciler.names import Named
from reconciler.rules import RULES
from reconciler.schedule import LONGEST, account_findings, check, zone_findings
from reconciler.settings import PeriodSettings, Union

if TYPE_CHECKING:
    from reconciler.schedule.telling import Calendar

_FORMS = ("period", "weekly", "dates", "public", "not", "any", "all")
_OPERATORS = ("not", "any", "all")
_OPEN_IT = "replace one of these names with times"


class Times(NamedTuple):
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
        declared: Mapping[str, DeclaredEntry],
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
            files, declared, timezone=timezone, calendar_until=calendar_until, is_fit=self._is_fit, today=today
        )
        self._today = today
        self._weekday_base = weekday_base
        # By identity: a literal is written in one place. What has been seen is held, so no identity comes twice.
        self._judged: dict[int, tuple[Tree, entries.Schedule | None]] = {}
        self._resolved: dict[tuple[str | int, int], Times | None] = {}
        self._settings: dict[int, PeriodSettings] = {}
        self.used = False

    @property
    def uses_holidays(self) -> bool:
        """Whether any compiled schedule follows public holidays."""
        return bool(self._compiler.countries)

    @property
    def uses_calendar(self) -> bool:
        """Whether any schedule is written out up to the calendar's last day."""
        return self.uses_holidays or self._compiler.calendar_files.is_used

    def named(self) -> dict[str, Named]:
        """The declared schedules that are used, by their canonical text; of equal ones the first."""
        found: dict[str, Named] = {}
        for (written, settings), times in self._resolved.items():
            if isinstance(written, str) and times is not None:
                text = period_text(times.periods, self._settings[settings].weekday_base)
                location = self._files.sources.location(self._declared[written].span)
                if text is not None:  # a target that says nothing is always on, and not by that schedule
                    found.setdefault(text, Named(written, f"{location.file}:{location.line}"))
        return found

    def calendars(self) -> tuple[Calendar, ...]:
        """The public holidays that schedules follow."""
        return self._compiler.calendars()

    def _is_fit(self, tree: Tree) -> bool:
        return self._shape(tree) is not None

    def judge_all(self) -> None:
        """Judge every declared schedule, used or not."""
        for declared in self._declared.values():
            self._shape(declared.tree)
        self._find_cycles()
        for declared in self._declared.values():
            model = self._shape(declared.tree)
            if (
                model is not None
                and _is_compiled(model)
                and not self._compiler.judge(declared.tree, self._weekday_base)
            ):
                self._judged[id(declared.tree.data)] = (declared.tree, None)

    def resolve(self, written: object, settings: PeriodSettings, block: Tree, path: KeyPath) -> Times | None:
        """A name or literal, which stands at a path of a block, to periods; None where there are none: reported."""
        key = (written if isinstance(written, str) else id(written), id(settings))
        known = self._resolved.get(key)
        if known is None:
            self.used = True
            self._settings[id(settings)] = settings
            tree = self._tree(at(block, path))
            known = self._resolved[key] = self._times(tree, settings) if tree is not None else None
        return known

    def periods_of(self, name: str, settings: PeriodSettings) -> tuple[tuple[str, ...], list[Diagnostic]]:
        """The periods of a declared schedule as an account takes it, and what is wrong with it there."""
        told = len(self._files.found)
        times = self._times(self._declared[name].tree, settings)
        found = self._files.found[told:]
        del self._files.found[told:]
        return () if times is None else times.periods, found

    def times_of(self, name: str, settings: PeriodSettings) -> Times | None:
        """When a declared schedule is active; None where it is unfit, which has been told."""
        told = len(self._files.found)
        times = self._times(self._declared[name].tree, settings)
        del self._files.found[told:]
        return times

    def exists(self, reference: Tree) -> bool:
        """Whether a reference names a schedule or is one; reported where it does not."""
        return self._tree(reference) is not None

    def own_times(self, reference: Tree | None, *, only_in: str | None = None) -> Times | None:
        """Times that we evaluate ourselves, such as a change window, so that no account's settings matter.

        With a trusted file (`only_in`) all that it names must stand in that file: it is part of the policy.
        """
        tree = self._tree(reference) if reference is not None else None
        if tree is None or reference is None:
            return None
        if only_in is not None:
            name_of, parts = self._files.sources.name_of, compiling.parts(reference, self._declared)
            foreign = [named for named, part in parts if name_of(part.span) != only_in]
            self._files.found += [self._outside(named, only_in) for named in foreign]
            outside = [place for part in compiling.written_parts(tree, self._declared) for place in _files_of(part)]
            self._files.found += [self._outside(named, only_in) for named in outside]
            if foreign or outside:
                return None
        return self._times(tree, None)

    def _outside(self, named: Tree, trusted: str) -> Diagnostic:
        # docs/decisions/034
        message = f"the change window {values.quoted(named.data)} is declared outside the trusted file"
        hint = f"declare that schedule in {trusted.rpartition(':')[2]}, or write its period here"
        return self._files.sources.problem("trusted-only", named.span, message, hint)

    def _tree(self, reference: Tree) -> Tree | None:
        if isinstance(reference.data, dict):
            return reference
        if not isinstance(reference.data, str):
            message = f"a schedule is a name or a map, not {values.kind_of(reference.data)}"
            hint = 'write a name of `schedules`, or {period: "wd {mon-fri}"}'
            self._files.complain("wrong-type", reference.span, message, hint)
            return None
        if reference.data in self._declared:
            return self._declared[reference.data].tree
        if not self._files.broken:
            self._files.found.append(self._unknown(reference))
        return None

    def _unknown(self, reference: Tree) -> Diagnostic:
        message = f"there is no schedule {values.quoted(reference.data)}"
        return self._files.sources.problem(
            "unknown-schedule", reference.span, message, partial(self._instead, reference.data)
        )

    def _instead(self, written: str) -> str:
        if "{" in written:
            return f'plain text is a name; write {{period: "{written}"}}'
        return did_you_mean(written, self._declared) or "declare it under `schedules`"

    def _times(self, tree: Tree, settings: PeriodSettings | None) -> Times | None:
        model = self._shape(tree)
        if model is None:
            return None
        description = model.description or ""
        if _is_compiled(model):
            return self._compiled(tree, settings, description)
        period = model.period or ""
        if settings is not None and not model.verbatim:
            judged = account_findings(period, union=settings.union.value, weekday_base=settings.weekday_base.value)
            self._report(tree, judged)
        return Times((period,) if period.strip() else (), description)

    def _compiled(self, tree: Tree, settings: PeriodSettings | None, description: str) -> Times | None:
        """The periods of a schedule that is not sent as it is written."""
        base = self._weekday_base
        if settings is not None:
            base = "monday" if settings.weekday_base is WeekdayBase.MONDAY else "sunday"
            if self._counts_weekdays(tree, settings):
                return None
        periods = self._compiler.compile(tree, Union.ENTRIES if settings is None else settings.union, base)
        return None if periods is None else Times(periods, description)

    def _counts_weekdays(self, tree: Tree, settings: PeriodSettings) -> bool:
        """Whether a schedule is made of a period with numeric weekdays that the account refuses, which is reported."""
        refused = False
        for part in compiling.written_parts(tree, self._declared):
            period = part.data.get("period")
            for finding in account_findings(
                period if isinstance(period, str) else "", union="comma", weekday_base=settings.weekday_base.value
            ):
                if finding.code == "period-numeric-weekday":
                    self._report(part, (finding,))
                    refused = refused or finding.severity is Severity.ERROR
        return refused

    # -- judging ------------------------------------------------------------------------------------------------------

    def _shape(self, tree: Tree) -> entries.Schedule | None:
        """The schedule's model, judged once; None where it is unfit."""
        key = id(tree.data)
        if key not in self._judged:
            model = read(entries.Schedule, tree, self._files.sources, self._files.found)
            short = model is not None and self._is_short(tree, model.period or "")
            fit = model is not None and self._is_whole(tree) and short
            self._judged[key] = (tree, None)
            if model is not None and model.period is not None and short:
                fit = self._check_period(tree, model) and fit
            for reference in compiling.references(tree):
                known = self._tree(reference) is not None
                fit = known and fit and (not isinstance(reference.data, dict) or self._shape(reference) is not None)
            self._judged[key] = (tree, model if fit else None)
        return self._judged[key][1]

    def _is_whole(self, tree: Tree) -> bool:
        given = [form for form in _FORMS if form in tree.data]
        if not given:
            message, hint = "this schedule has no times", "add `period:`, `weekly:` or `dates:`"
        elif len(given) > 1 and ("period" in given or set(given) & set(_OPERATORS)):
            message, hint = (
                f"{' and '.join(given)} cannot be combined in one schedule",
                "name two schedules and join them with `any`",
            )
        elif "verbatim" in tree.data and ("except" in tree.data or "timezone" in tree.data):
            message, hint = (
                "a verbatim period is sent as written, and other keys have no effect on it",
                ("leave `verbatim` out, or `except` and `timezone`"),
            )
        else:
            return True
        self._files.complain("schedule-shape", tree.span, message, hint)
        return False

    def _is_short(self, tree: Tree, period: str) -> bool:
        place = tree.get("period")
        if len(period) <= LONGEST or place is None:
            return True
        message = f"this period has {len(period):,} characters, more than {LONGEST:,}"
        hint = "write it as several schedules, or as weekly hours and dates"
        self._files.complain("period-too-long", place.span, message, hint)
        return False

    def _check_period(self, tree: Tree, model: entries.Schedule) -> bool:
        """Report what is wrong with a period; whether it can be read for all that."""
        period, base = model.period or "", self._weekday_base
        findings = check(period, weekday_base=base, today=self._today)
        if self._today is not None:
            findings += zone_findings(period, timezone=self._timezone, year=self._today.year, weekday_base=base)
        if model.verbatim and any(finding.severity is Severity.ERROR for finding in findings):
            place = tree.get("period")
            message = "this period cannot be understood and is sent as written"
            span = place.span if place is not None else tree.span
            hint = "remove `verbatim` to see what is wrong with it"
            self._files.complain("schedule-verbatim", span, message, hint)
            return True
        self._report(tree, findings)
        return not any(item.severity is Severity.ERROR and not RULES[item.code].adjustable for item in findings)

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
        for reference in compiling.names(self._declared[name].tree):
            if reference.data in [*open_names, name]:
                circle = [*[*open_names, name][[*open_names, name].index(reference.data) :], reference.data]
                message = f"schedules refer to each other in a loop: {' -> '.join(circle)}"
                self._files.complain("schedule-cycle", reference.span, message, _OPEN_IT)
                tree = self._declared[name].tree
                self._judged[id(tree.data)] = (tree, None)
            elif reference.data in self._declared:
                self._walk(reference.data, [*open_names, name], done)
        done.add(name)


def _files_of(tree: Tree) -> Iterator[Tree]:
    """Where a schedule names a calendar file, which is no part of the trusted file."""
    dates = tree.get("dates")
    named = dates.get("ics") if dates is not None else None
    if named is not None:
        yield named


def _is_compiled(model: entries.Schedule) -> bool:
    """Whether periods are made of a schedule; one that is a period and nothing else is sent as it is written."""
    return model.period is None or model.except_ is not None or model.timezone is not None


def piece(files: Files, scalar: Tree, start: int, end: int) -> int:
    """The span of some characters of a scalar's value, plain or quoted; of all of it where they cannot be told."""
    raw = files.sources.text_of(scalar.span)
    quote = 1 if raw[:1] in ("'", '"') and raw[-1:] == raw[:1] else 0
    if raw[quote : len(raw) - quote] != scalar.data:
        return scalar.span
    return narrow(scalar.span, start + quote, end + quote)


def holidays_version() -> str:
    """The release of the library that public holidays come from."""
    return version("holidays")
