"""Sections of several files as one: maps merged entry by entry, the same entry in two places refused.

Knows which sections there are; knows no values in them.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

from reconciler.config import values
from reconciler.config.files import Files
from reconciler.config.forms import drop_empty_keys, odd_blank, stray_comma
from reconciler.config.models.entries import Contact, Schedule
from reconciler.diagnostics import Related
from reconciler.document import Tree


class DeclaredEntry(NamedTuple):
    """An entry and the place of its name."""

    span: int
    tree: Tree


@dataclass(slots=True)
class Sections:
    """All entries of a configuration. `numbers` and `forget` are keyed by E.164 digits."""

    contacts: dict[str, DeclaredEntry] = field(default_factory=dict)
    schedules: dict[str, DeclaredEntry] = field(default_factory=dict)
    profiles: dict[str, DeclaredEntry] = field(default_factory=dict)
    scenarios: dict[str, DeclaredEntry] = field(default_factory=dict)
    numbers: dict[str, DeclaredEntry] = field(default_factory=dict)
    forget: dict[str, int] = field(default_factory=dict)


def merge(files: Files) -> Sections:
    """Unite the sections of all files; every diagnostic goes to `files.found`."""
    sections = Sections()
    for file in files.files:
        for name in _ENTRIES:
            _unite(files, name, getattr(sections, name), file.tree.get(name), has_nulls=file.has_nulls)
        _forget(files, sections, file.tree.get("forget"))
    for number in sections.forget.keys() & sections.numbers.keys():
        _refuse_forgotten(files, sections, number)
    return sections


def declared_schedules(files: Files, root: Tree) -> dict[str, DeclaredEntry]:
    """The schedules of one file that is not part of the configuration; every diagnostic goes to `files.found`."""
    declared: dict[str, DeclaredEntry] = {}
    _unite(files, "schedules", declared, root.get("schedules"), has_nulls=True)
    return declared


_JUDGED: dict[str, type] = {"contacts": Contact, "schedules": Schedule}
_ENTRIES = {
    "contacts": 'duty-desk: {to: "74992223344"}',
    "schedules": 'office-hours: {period: "wd {mon-fri} hr {9-17}"}',
    "profiles": "hotline: {tags: [sales]}",
    "scenarios": 'storm: {numbers: {"74991112233": {forwarding: none}}}',
    "numbers": '"74991112233": {forwarding: none}',
}


def _unite(files: Files, section: str, into: dict[str, DeclaredEntry], given: Tree | None, *, has_nulls: bool) -> None:
    if given is None or given.data is None:
        return
    if not isinstance(given.data, dict):
        message = f"{section} takes a map, not {values.kind_of(given.data)}"
        hint = f"write {section}: {{{_ENTRIES[section]}}}"
        files.complain("wrong-type", given.span, message, hint)
        return
    for key, span, entry in given.items():
        name = files.judged(values.phone, key, span) if section == "numbers" else key
        whole = _entry(files, section, key, span, entry) if name is not None else None
        if name is None or whole is None:
            continue
        if name in into:
            refuse_second(files, section, key, span, into[name].span)
        else:
            into[name] = DeclaredEntry(span, clean_entry(files, section, whole) if has_nulls else whole)


def clean_entry(files: Files, section: str, entry: Tree) -> Tree:
    """An entry as it is judged: without the keys that say nothing, where those may not remove what stands below it."""
    model = _JUDGED.get(section)
    return entry if model is None else drop_empty_keys(model, entry, files.sources, files.found)


def _entry(files: Files, section: str, key: str, span: int, given: Tree) -> Tree | None:
    """The map of an entry, None for what is not a map, which is reported; a number may say nothing."""
    if isinstance(given.data, dict):
        return given
    comma = odd_blank(given.data) or stray_comma(files.sources, span, given.data)
    if section == "numbers" and given.data is None and comma is None:
        return Tree({}, [given.span])
    message = f"{key} takes a map, not {values.kind_of(given.data)}"
    hint = comma or f"write it like {_ENTRIES[section]}"
    place = span if given.data is None else given.span
    files.complain("wrong-type", place, message, hint)
    return None


def refuse_second(files: Files, section: str, key: str, span: int, first: int) -> None:
    """Say that an entry of a section is declared a second time, and where it was before."""
    kind = section.removesuffix("s")
    message = f"the {kind} {values.quoted(key)} is declared a second time"
    related = (Related("first declared here", files.sources.location(first)),)
    files.complain("duplicate-entry", span, message, "keep one of the two", related)


def _forget(files: Files, sections: Sections, given: Tree | None) -> None:
    if given is None or given.data is None:
        return
    if not isinstance(given.data, list):
        message = f"forget takes a list, not {values.kind_of(given.data)}"
        files.complain("wrong-type", given.span, message, 'write forget: ["74991112288"]')
        return
    for element in given.elements():
        if not isinstance(element.data, str):
            message = f"a number is text, not {values.kind_of(element.data)}"
            hint = 'write its digits, like "74991112288", or remove the entry'
            files.complain("wrong-type", element.span, message, hint)
        elif (digits := files.judged(values.phone, element.data, element.span)) is not None:
            sections.forget.setdefault(digits, element.span)


def _refuse_forgotten(files: Files, sections: Sections, number: str) -> None:
    message = f"{number} is listed under forget, but also declared"
    related = (Related("declared here", files.sources.location(sections.numbers[number].span)),)
    files.complain("forget-declared", sections.forget[number], message, "remove one of the two", related)
