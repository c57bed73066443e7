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
from reconciler.config.forms import stray_comma, written
from reconciler.config.profiles import lay_over
from reconciler.config.sections import Declared, Sections, judged, number_key, refuse_second
from reconciler.diagnostics import Diagnostic
from reconciler.document import Tree, mapped
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
    stated = written(models.Scenario, scenario, files.sources, files.found)
    read(models.Scenario, _without_empty_entries(stated), files.sources, files.found)
    for section, into, whole in (
        ("contacts", laid.contacts, False),
        ("schedules", laid.schedules, True),
        ("profiles", laid.profiles, False),
        ("numbers", laid.numbers, False),
    ):
        _lay_section(files, scenario.get(section), section, into, whole=whole)
    return laid


def _without_empty_entries(scenario: Tree) -> Tree:
    """A scenario without the entries that say nothing, which are told where they are laid."""
    return mapped(scenario.span, ((key, span, _stated(section)) for key, span, section in scenario.items()))


def _stated(section: Tree) -> Tree:
    if not isinstance(section.data, dict) or None not in section.data.values():
        return section
    return mapped(section.span, (item for item in section.items() if item[2].data is not None))


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
            ending = "write `forwarding: none` to end its forwarding" if section == "numbers" else None
            hint = stray_comma(files.sources, span) or ending
            files.complain("wrong-type", span, message, hint)
        elif read(_ENTRIES[section], written(_ENTRIES[section], entry, files.sources, []), files.sources, []) is None:
            continue  # told with the scenario
        else:
            below = into.get(name, Declared(span, entry))
            laid = entry if whole or name not in into else lay_over(below.tree, entry)
            into[name] = Declared(span if whole else below.span, judged(files, section, laid))


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
    return RULES["unknown-scenario"].at(None, message, hint)
