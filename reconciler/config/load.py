"""A folder to a checked configuration: files, settings, schedules, contacts, numbers, scenario; all troubles at once.

Knows the order of the steps; each step knows its own matter.
"""

from __future__ import annotations

import gc
import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from reconciler.config.complaints import did_you_mean
from reconciler.config.files import Files, read_files
from reconciler.config.schedules import Schedules
from reconciler.config.sections import Declared, Profiles, Sections, merge
from reconciler.config.settings import Configuration, PeriodSettings
from reconciler.config.trusted import Settings, read_settings
from reconciler.config.values import quoted
from reconciler.desired import Builder, Contacts
from reconciler.diagnostics import Diagnostic, Diagnostics, Location
from reconciler.document import without_nulls
from reconciler.document.source import Sources, line_starts
from reconciler.model import Desired
from reconciler.rules import RULES


@dataclass(frozen=True, slots=True)
class Loaded:
    """What loading gave. `configuration` is None where any diagnostic is an error; `diagnostics` are in order of place."""

    configuration: Configuration | None
    diagnostics: tuple[Diagnostic, ...]
    numbers_count: int = 0
    sources: Mapping[str, str] = field(default_factory=dict)


def load(
    root: Path, *, trusted: str | None = None, scenario: str | None = None, paths: Sequence[Path] = ()
) -> Loaded:
    """Load the configuration in a folder.

    `trusted`: a git ref whose reconciler.yaml is used. `scenario`: lay that one over. `paths`: only the numbers of these
    files and folders are wanted.
    """
    with _collector_off():
        return _load(root, trusted, scenario, paths)


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


def _load(root: Path, trusted: str | None, scenario: str | None, paths: Sequence[Path]) -> Loaded:
    files = read_files(root, trusted=trusted)
    settings = read_settings(files)
    sections = merge(files)
    schedules = Schedules(
        files, sections.schedules, timezone=settings.timezone, calendar_until=settings.calendar_until
    )
    schedules.judge_all()
    profiles = Profiles(files, sections.profiles)
    builder = Builder(files, settings, Contacts(files, sections.contacts), schedules)
    has_nulls = any(file.has_nulls for file in files.files)
    desired: list[Desired] = []
    for number, declared in sections.numbers.items():
        tree = profiles.complete(declared.tree)
        if tree is not None:
            desired += builder.build(number, Declared(declared.span, without_nulls(tree) if has_nulls else tree))
    diagnostics = Diagnostics(settings.policy.rules)
    diagnostics.extend(files.found)
    if schedules.used:
        diagnostics.add(_zone_notice(settings))
    configuration = None if diagnostics.has_errors else _configuration(root, files, settings, sections, schedules, desired)
    return Loaded(configuration, diagnostics.sorted(), len(sections.numbers))


def _configuration(
    root: Path, files: Files, settings: Settings, sections: Sections, schedules: Schedules, desired: list[Desired]
) -> Configuration:
    locate = files.sources.location
    return Configuration(
        root=root,
        name=settings.name,
        accounts=settings.accounts,
        policy=settings.policy,
        record=settings.record,
        timezone=settings.timezone,
        calendar_until=settings.calendar_until,
        desired=tuple(desired),
        numbers={number: locate(declared.span) for number, declared in sections.numbers.items()},
        forget={number: locate(span) for number, span in sections.forget.items()},
        digest=_digest(files.sources.texts(), None),
    )


def _digest(texts: Iterable[tuple[str, str]], scenario: str | None) -> str:
    state = hashlib.sha256()
    for name, text in sorted(texts):
        for part in (name, text):
            raw = part.encode()
            state.update(len(raw).to_bytes(8, "big") + raw)
    state.update((scenario or "").encode())
    return f"sha256:{state.hexdigest()}"


def _zone_notice(settings: Settings) -> Diagnostic:
    message = f"periods are taken to be evaluated in {settings.timezone}: the vendor does not document the zone"
    return Diagnostic("assume-timezone", RULES["assume-timezone"].severity, message, None, "set defaults.timezone if you know better")
