"""A prepared switch: a scenario's parts of numbers, contacts, schedules and profiles, laid over the configuration.

Knows no order of steps and builds nothing from what it lays.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import replace

from reconciler.config import values
from reconciler.config.files import Files
from reconciler.config.forms import drop_empty_keys, stray_comma
from reconciler.config.models import entries
from reconciler.config.profiles import lay_over
from reconciler.config.sections import DeclaredEntry, Sections, clean_entry, refuse_second
from reconciler.config.validation import did_you_mean, read
from reconciler.diagnostics import Diagnostic
from reconciler.document import Tree, make_map
from reconciler.rules import RULES

_ENTRIES: dict[str, type] = {
    "contacts": entries.ContactPart,
    "schedules": entries.Schedule,
    "profiles": entries.Entry,
    "numbers": entries.Entry,
}


def lay_scenario(files: Files, sections: Sections, name: str) -> Sections:
    """The sections with a declared scenario laid over; what is wrong in it is reported."""
    scenario = sections.scenarios[name].tree
    laid = replace(sections, **{section: dict(getattr(sections, section)) for section in _ENTRIES})
    stated = drop_empty_keys(entries.Scenario, scenario, files.sources, files.found)
    read(entries.Scenario, _without_empty_entries(stated), files.sources, files.found)
    for section in _ENTRIES:
        _lay_section(files, scenario.get(section), section, getattr(laid, section), whole=section == "schedules")
    return laid


def _without_empty_entries(scenario: Tree) -> Tree:
    """A scenario without the entries that say nothing, which are told where they are laid."""
    return make_map(scenario.span, ((key, span, _stated(section)) for key, span, section in scenario.items()))


def _stated(section: Tree) -> Tree:
    if not isinstance(section.data, dict) or None not in section.data.values():
        return section
    return make_map(section.span, (item for item in section.items() if item[2].data is not None))


def _lay_section(
    files: Files, given: Tree | None, section: str, into: dict[str, DeclaredEntry], *, whole: bool
) -> None:
    if given is None or not isinstance(given.data, dict):
        return
    seen: dict[str, int] = {}
    for key, span, entry in given.items():
        name = files.judged(values.phone, key, span) if section == "numbers" else key
        if name is None:
            continue
        if name in seen:
            refuse_second(files, section, key, span, seen[name])
            continue
        seen[name] = span
        if entry.data is None:
            message = f"a scenario cannot remove {values.quoted(key)} from the configuration"
            ending = "write `forwarding: none` to end its forwarding" if section == "numbers" else None
            hint = stray_comma(files.sources, span) or ending
            files.complain("wrong-type", span, message, hint)
        elif (
            read(_ENTRIES[section], drop_empty_keys(_ENTRIES[section], entry, files.sources, []), files.sources, [])
            is None
        ):
            continue  # told with the scenario
        else:
            below = into.get(name, DeclaredEntry(span, entry))
            laid = entry if whole or name not in into else lay_over(below.tree, entry)
            into[name] = DeclaredEntry(span if whole else below.span, clean_entry(files, section, laid))


def touched_numbers(sections: Sections, name: str, laid: Sections) -> Collection[str]:
    """The numbers that a scenario may change: those it names, or all where it changes what they refer to."""
    scenario = sections.scenarios[name].tree
    if any(scenario.get(section) is not None for section in ("contacts", "schedules", "profiles")):
        return laid.numbers
    given = scenario.get("numbers")
    if given is None or not isinstance(given.data, dict):
        return ()
    return frozenset(number for key in given.data if (number := values.phone_or_none(key)) is not None)


def unknown_scenario(name: str, known: Iterable[str]) -> Diagnostic:
    """The diagnostic for a scenario that does not exist."""
    hint = did_you_mean(name, known) or "declare it under `scenarios`"
    message = f"there is no scenario {values.quoted(name)}"
    return RULES["unknown-scenario"].at(None, message, hint)
