"""Scenarios: prepared switches that are laid over the sections of a configuration.

Knows sections; knows no values in them.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from pydantic_core import PydanticCustomError

from reconciler.config import models, values
from reconciler.config.complaints import did_you_mean, read
from reconciler.config.files import Files
from reconciler.config.profiles import lay_over
from reconciler.config.sections import Declared, Sections, number_key, refuse_second
from reconciler.diagnostics import Diagnostic
from reconciler.document import Tree, without_nulls
from reconciler.document.source import problem
from reconciler.rules import RULES

_ENTRIES: dict[str, type] = {
    "contacts": models.ContactPart,
    "schedules": models.Schedule,
    "profiles": models.Entry,
    "numbers": models.Entry,
}


def lay_scenario(files: Files, sections: Sections, name: str) -> Sections:
    """The sections with a declared scenario laid over; its own troubles are reported."""
    scenario = sections.scenarios[name].tree
    laid = replace(
        sections,
        contacts=dict(sections.contacts),
        schedules=dict(sections.schedules),
        profiles=dict(sections.profiles),
        numbers=dict(sections.numbers),
    )
    read(models.Scenario, without_nulls(scenario), files.sources, files.found)
    for section, into, whole in (
        ("contacts", laid.contacts, False),
        ("schedules", laid.schedules, True),
        ("profiles", laid.profiles, False),
        ("numbers", laid.numbers, False),
    ):
        _lay_section(files, scenario.get(section), section, into, whole=whole)
    return laid


def _lay_section(files: Files, given: Tree | None, section: str, into: dict[str, Declared], *, whole: bool) -> None:
    if given is None or not isinstance(given.data, dict):
        return
    seen: dict[str, int] = {}
    for key, span, entry in given.items():
        name = number_key(files, key, span) if section == "numbers" else key
        if name is None:
            continue
        if name in seen:
            refuse_second(files, section, key, span, seen[name])
            continue
        seen[name] = span
        if entry.data is None:
            message = f"a scenario cannot take {values.quoted(key)} out of the configuration"
            hint = "write `forwarding: none` to end its forwarding" if section == "numbers" else None
            files.found.append(problem(files.sources, "wrong-type", message, span, hint=hint))
        elif read(_ENTRIES[section], without_nulls(entry), files.sources, []) is None:
            continue  # told with the scenario
        elif name in into and not whole:
            into[name] = Declared(into[name].span, lay_over(into[name].tree, entry))
        else:
            into[name] = Declared(span, entry)


def touched(sections: Sections, name: str, laid: Sections) -> Collection[str]:
    """The numbers that a scenario may change: those it names, or all where it changes what they refer to."""
    scenario = sections.scenarios[name].tree
    if any(scenario.get(section) is not None for section in ("contacts", "schedules", "profiles")):
        return laid.numbers
    given = scenario.get("numbers")
    if given is None or not isinstance(given.data, dict):
        return ()
    return frozenset(number for key in given.data if (number := _digits(key)) is not None)


def _digits(key: str) -> str | None:
    try:
        return values.phone(key)
    except PydanticCustomError:
        return None


def unknown_scenario(name: str, sections: Sections) -> Diagnostic:
    """The diagnostic for a scenario that does not exist."""
    hint = did_you_mean(name, sections.scenarios) or "declare it under `scenarios`"
    message = f"there is no scenario {values.quoted(name)}"
    return Diagnostic("unknown-scenario", RULES["unknown-scenario"].severity, message, None, hint)
