"""A folder to a checked configuration: files, settings, schedules, contacts, numbers, scenario; all faults at once.

Knows the order of the steps; each step knows its own matter.
"""

from __future__ import annotations

import gc
import hashlib
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import date
from functools import partial
from pathlib import Path
from typing import Literal, NamedTuple

from reconciler.config.compiling import ending
from reconciler.config.desired import DesiredBuilder, Lines, ProfileNames
from reconciler.config.entry_counts import many_entries
from reconciler.config.expectations import Expectations
from reconciler.config.files import WORKING_COPY, Files, Origin, read_files
from reconciler.config.forms import drop_empty_keys
from reconciler.config.forwardings import Contacts
from reconciler.config.models import entries
from reconciler.config.phones import digits_of
from reconciler.config.profiles import Profiles, judge_profiles
from reconciler.config.scenarios import lay_scenario, touched_numbers, unknown_scenario
from reconciler.config.schedules import Schedules, holidays_version
from reconciler.config.sections import (
    DeclaredEntry,
    Sections,
    declared_schedules,
    merge,
)
from reconciler.config.trusted import Providers, TrustedSettings, judge_templates, read_policy, read_settings
from reconciler.diagnostics import Diagnostic, Diagnostics, Severity
from reconciler.document import Tree
from reconciler.model import Desired
from reconciler.names import Names
from reconciler.rules import RULES
from reconciler.settings import Configuration, Expectation


def selected_files(root: Path, files: Files, paths: Sequence[Path]) -> frozenset[str]:
    """The names of the files that paths mean, folders with all below them; one that means none is reported.

    A path is looked for from the current folder, then from the configuration's.
    """
    chosen: set[str] = set()
    for path in paths:
        hits = _below(root, path, files.names)
        if not hits:
            message = f"{path} is not a file of this configuration"
            hint = "name a file or folder that `include` covers"
            if (digits := digits_of(str(path))) is not None:
                hint = f"for a number write --target {digits}"
            files.found.append(RULES["path-not-included"].at(None, message, hint))
        chosen |= hits
    return frozenset(chosen)


def _below(root: Path, path: Path, names: Sequence[str]) -> set[str]:
    places = {name: root / name.rpartition(":")[2] for name in names}  # the trusted file's name begins with its ref
    for candidate in (path, root / path):
        target = candidate.resolve()
        hits = {name for name, place in places.items() if place.resolve().is_relative_to(target)}
        if candidate.exists() and hits:
            return hits
    return set()


_FILE_DIGEST = 12


class Parts(NamedTuple):
    """What a configuration was made from, also where it is faulty."""

    files: Files
    sections: Sections
    schedules: Schedules
    settings: TrustedSettings


class LoadResult(NamedTuple):
    """What loading gave: `configuration` is None where any diagnostic is an error; these are in order of place.

    `scenarios` are the configuration with each prepared scenario laid over, where all of it was loaded without one.
    """

    configuration: Configuration | None
    diagnostics: tuple[Diagnostic, ...]
    numbers_count: int = 0
    scenarios: tuple[Configuration, ...] = ()
    parts: Parts | None = None


def load(
    root: Path,
    providers: Providers,
    *,
    origin: Origin = WORKING_COPY,
    scenario: str | None = None,
    paths: Sequence[Path] = (),
    today: date | None = None,
    policy: Path | None = None,
) -> LoadResult:
    """Load the configuration in a folder, with accounts at these providers.

    `origin`: where the files are taken from. `scenario`: lay that one over. `paths`: only the numbers of
    these files and folders are wanted. `today`: judge also what depends on the year, such as periods that are over.
    `policy`: a file whose policy holds in place of the configuration's own.
    """
    with _collector_off():
        files = read_files(root, origin)
        loading = _Loading(files, providers, origin, scenario, paths, today, policy)
        try:
            return loading.run()._replace(parts=loading.parts)
        except RecursionError:  # the nesting of a file is bounded, so only names that lead on can go so deep
            return loading.gone_too_deep()


@contextmanager
def _collector_off() -> Iterator[None]:
    """Loading makes many objects and no garbage: the collector would only walk them again and again."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


class _Loading:
    """One load: its files, settings and sections."""

    def __init__(
        self,
        files: Files,
        providers: Providers,
        origin: Origin,
        scenario: str | None,
        paths: Sequence[Path],
        today: date | None,
        policy: Path | None,
    ) -> None:
        self.parts: Parts | None = None
        self._today = today
        self._scenario = scenario
        self._paths = paths
        self._all_schedules: list[Schedules] = []
        self._named_contacts: Contacts | None = None
        self._contacts: dict[str, int] = {}
        self._files = files
        # The digest says what the numbers were made from: a policy judges them, and is judged anew by each apply.
        self._texts = tuple(self._files.sources.texts())
        self._digest = partial(_digest, self._texts, self._files.calendars, scenario, origin.environment)
        self._judge = judge = read_policy(self._files, policy) if policy is not None else None
        self._settings = read_settings(files, judge if policy is not None else files.trusted, providers)
        self._from_tree = origin.trusted is None
        self._trusted_name = self._trusted_place(judge, is_trusted=origin.trusted is not None)
        self._has_nulls = any(file.has_nulls for file in self._files.files)

    def run(self) -> LoadResult:
        files, sections = self._files, merge(self._files)
        judge_templates(files)
        judge_profiles(files, sections.profiles)
        chosen = self._lay_scenario(sections)
        schedules = self._schedules(chosen)
        self.parts = Parts(files, chosen, schedules, self._settings)
        desired = self._build(chosen, schedules, self._wanted(chosen))
        laid = list(self._judge_scenarios(sections))
        expectations = self._expectations(sections, schedules)
        self._resolve_change_window(chosen, schedules)
        self._judge_calendar()
        diagnostics = Diagnostics(self._settings.policy.rules)
        diagnostics.extend(files.found)
        if schedules.used and not self._settings.states_timezone:
            diagnostics.add(_zone_notice(files, self._settings))
        if diagnostics.has_errors:
            return LoadResult(None, diagnostics.sorted(), len(chosen.numbers))
        if not chosen.numbers:
            diagnostics.add(_no_numbers(files))
        diagnostics.extend(many_entries(desired, self._settings.calendar_until))
        configuration = self._configuration(chosen, schedules, desired, expectations)
        judged = self._scenario is None and configuration.whole
        scenarios = [_switched(configuration, *each) for each in laid] if judged else ()
        return LoadResult(configuration, diagnostics.sorted(), len(chosen.numbers), tuple(scenarios))

    def gone_too_deep(self) -> LoadResult:
        """Give up on profiles, contacts or schedules that name each other in a row without an end in sight."""
        message = "profiles, contacts or schedules refer to each other through too many steps"
        hint = "shorten the chain: at most a few hundred steps are followed"
        found = Diagnostics(self._settings.policy.rules)
        found.extend([*self._files.found, RULES["yaml-depth"].at(None, message, hint)])
        return LoadResult(None, found.sorted())

    def _trusted_place(self, judge: Tree | None, *, is_trusted: bool) -> str | None:
        """The file that all of the policy must stand in; None where any file may have a part of it."""
        if judge is not None:
            return self._files.sources.name_of(judge.span)
        return self._files.names[0] if is_trusted and self._files.names else None

    def _schedules(self, sections: Sections) -> Schedules:
        schedules = self._new_schedules(sections.schedules, self._settings.timezone)
        schedules.judge_all()
        self._all_schedules.append(schedules)
        return schedules

    def _new_schedules(self, declared: dict[str, DeclaredEntry], timezone: str) -> Schedules:
        settings = self._settings
        return Schedules(
            self._files,
            declared,
            timezone=timezone,
            calendar_until=settings.calendar_until,
            today=self._today,
            weekday_base=_common_base(settings),
        )

    def _judge_calendar(self) -> None:
        """A calendar matters where any schedule, also one of a prepared scenario, follows it."""
        until, today = self._settings.calendar_until, self._today
        if until is None or today is None or not any(each.uses_calendar for each in self._all_schedules):
            return
        told = ending(self._files, self._settings.calendar_place, until, today)
        self._files.found += [told] if told is not None else []

    def _build(self, sections: Sections, schedules: Schedules, numbers: Collection[str]) -> list[Desired]:
        profiles = Profiles(self._files, sections.profiles)
        contacts = Contacts(self._files, sections.contacts)
        self._named_contacts = self._named_contacts or contacts
        self._contacts = {**contacts.ends, **self._contacts}
        builder = DesiredBuilder(self._files, self._settings, contacts, schedules)
        desired: list[Desired] = []
        for number in numbers:
            declared = sections.numbers[number]
            tree = profiles.complete(declared.tree)
            if tree is None:
                builder.judge(self._written(declared.tree), declared.span)
            else:
                desired += builder.build(number, declared.span, self._written(tree))
        return desired

    def _written(self, entry: Tree) -> Tree:
        """An entry of a number without the keys that say nothing."""
        files = self._files
        return drop_empty_keys(entries.EntryPart, entry, files.sources, files.found) if self._has_nulls else entry

    def _wanted(self, sections: Sections) -> Collection[str]:
        """The numbers to build: all, or those that stand in the wanted files."""
        if not self._paths:
            return sections.numbers
        names = selected_files(self._files.root, self._files, self._paths)
        name_of = self._files.sources.name_of
        return [number for number, declared in sections.numbers.items() if name_of(declared.span) in names]

    def _others(self, sections: Sections, schedules: Schedules, wanted: Collection[str]) -> tuple[Desired, ...]:
        """What is desired of the other numbers, as far as it can be told; what is wrong there is not asked for."""
        found = len(self._files.found)
        built = self._build(sections, schedules, [number for number in sections.numbers if number not in wanted])
        del self._files.found[found:]
        return tuple(built)

    def _lay_scenario(self, sections: Sections) -> Sections:
        if self._scenario is None:
            return sections
        if self._scenario not in sections.scenarios:
            self._files.found.append(unknown_scenario(self._scenario, sections.scenarios))
            return sections
        return lay_scenario(self._files, sections, self._scenario)

    def _judge_scenarios(self, sections: Sections) -> Iterator[tuple[str, list[Desired]]]:
        """A prepared switch that would fail in the night it is needed is an error today; what it makes of numbers."""
        for name in sections.scenarios:
            if name != self._scenario:
                laid = lay_scenario(self._files, sections, name)
                numbers = [number for number in touched_numbers(sections, name, laid) if number in laid.numbers]
                yield name, self._build(laid, self._schedules(laid), numbers)

    def _resolve_change_window(self, sections: Sections, schedules: Schedules) -> None:
        window, policy = self._settings.change_window, self._settings.policy
        if window is not None:
            if self._judge is not None:
                own = declared_schedules(self._files, self._judge)
                schedules = self._new_schedules({**sections.schedules, **own}, policy.change_window_timezone)
            times = schedules.own_times(window, only_in=self._trusted_name)
            self._settings.policy = replace(policy, change_window=None if times is None else times.periods or ("",))

    def _expectations(self, sections: Sections, schedules: Schedules) -> tuple[Expectation, ...]:
        contacts, zone = self._named_contacts or Contacts(self._files, sections.contacts), self._settings.timezone
        return Expectations(self._files, contacts, schedules, sections.scenarios, zone, self._today).read()

    def _configuration(
        self,
        sections: Sections,
        schedules: Schedules,
        desired: list[Desired],
        expectations: tuple[Expectation, ...],
    ) -> Configuration:
        locate, settings, numbers = self._files.sources.location, self._settings, sections.numbers.items()
        wanted = frozenset(self._wanted(sections)) if self._paths else None
        return Configuration(
            root=self._files.root,
            name=settings.name,
            accounts=settings.accounts,
            calls=settings.calls,
            policy=settings.policy,
            record=settings.record._replace(from_tree=self._from_tree),
            timezone=settings.timezone,
            calendar_until=settings.calendar_until,
            desired=tuple(desired),
            expectations=expectations,
            numbers=Lines(self._files.sources, {number: declared.span for number, declared in numbers}),
            forget={number: locate(span) for number, span in sections.forget.items()},
            digested=self._digest,
            file_digests=partial(_file_digests, tuple(self._texts)),
            whole=not self._paths,
            wanted=wanted,
            others=() if wanted is None else self._others(sections, schedules, wanted),
            scenario=self._scenario,
            scenarios=frozenset(sections.scenarios),
            contacts={to: locate(span) for to, span in self._contacts.items()},
            holidays_version=holidays_version() if schedules.uses_holidays else None,
            schedules=Lines(self._files.sources, {name: each.span for name, each in sections.schedules.items()}),
            compiled=schedules.periods_of,
            named=partial(_names, sections, schedules, self._named_contacts, self._files, self._today),
        )


def _names(
    sections: Sections, schedules: Schedules, contacts: Contacts | None, files: Files, today: date | None
) -> Names:
    """What the configuration calls things; contacts are those that were built first, of the numbers themselves."""
    return Names(
        since=today,
        schedules=schedules.named(),
        contacts=contacts.named() if contacts is not None else {},
        profiles=ProfileNames(files.sources, sections.numbers, sections.profiles),
        calendars=schedules.calendars(),
    )


def _switched(configuration: Configuration, scenario: str, desired: Sequence[Desired]) -> Configuration:
    """The configuration with what a scenario makes of the numbers it touches."""
    own = {each.key.number for each in desired}
    kept = [each for each in configuration.desired if each.key.number not in own]
    return replace(configuration, scenario=scenario, desired=(*kept, *desired))


def _common_base(settings: TrustedSettings) -> Literal["sunday", "monday"]:
    """How the accounts that take numeric weekdays count them, where they agree."""
    bases = {account.period.weekday_base.value for account in settings.accounts.values()} - {"refuse"}
    return "monday" if bases == {"monday"} else "sunday"


def _file_digests(texts: Iterable[tuple[str, str]]) -> dict[str, str]:
    return {name: hashlib.sha256(text.encode()).hexdigest()[:_FILE_DIGEST] for name, text in texts}


def _digest(
    texts: Iterable[tuple[str, str]], calendars: Mapping[str, str], scenario: str | None, environment: str | None
) -> str:
    state = hashlib.sha256()
    for name, text in sorted((*texts, *calendars.items())):
        for part in (name, text):
            raw = part.encode()
            state.update(len(raw).to_bytes(8, "big") + raw)
    state.update((scenario or "").encode())
    state.update(f"\0{environment}".encode() if environment else b"")
    return f"sha256:{state.hexdigest()}"


def _zone_notice(files: Files, settings: TrustedSettings) -> Diagnostic:
    message = f"periods are assumed to be evaluated in {settings.timezone}: the vendor does not document the zone"
    hint = f"set defaults.timezone to {settings.timezone}, or to the zone that you know it to be"
    return files.sources.problem("assume-timezone", settings.zone_place, message, hint)


# docs/decisions/162
def _no_numbers(files: Files) -> Diagnostic:
    """A configuration that would do nothing, and looks as if all were well; `numbers: {}` says that it is meant."""
    root, read_from = files.trusted, ", ".join(files.names[:3]) + (" and others" if len(files.names) > 3 else "")
    place = 0 if root is None else root.key_span("include") if root.get("include") is not None else root.span
    message = f"no numbers are declared in {read_from}: nothing is managed"
    hint = "declare them under `numbers`, in reconciler.yaml or in a file that `include` covers"
    found = files.sources.problem("numbers-missing", place, message, hint)
    is_meant = any(tree.data == {} for each in files.files if (tree := each.tree.get("numbers")) is not None)
    return found.with_severity(Severity.NOTICE) if is_meant else found
