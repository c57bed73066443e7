"""Sections of several files as one: maps merged entry by entry, the same entry in two places refused, profiles resolved.

Knows which sections there are; knows no values in them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from pydantic_core import PydanticCustomError

from reconciler.config import values
from reconciler.config.complaints import did_you_mean
from reconciler.config.files import Files
from reconciler.diagnostics import Diagnostic, Related
from reconciler.document import Tree, overlay, without_nulls
from reconciler.document.source import problem

_EMPTY = Tree({}, [0])


@dataclass(frozen=True, slots=True)
class Declared:
    """An entry and the place of its name."""

    span: int
    tree: Tree


@dataclass(slots=True)
class Sections:
    """All entries of a configuration. `numbers` and `forget` are keyed by E.164 digits."""

    contacts: dict[str, Declared] = field(default_factory=dict)
    schedules: dict[str, Declared] = field(default_factory=dict)
    profiles: dict[str, Declared] = field(default_factory=dict)
    scenarios: dict[str, Declared] = field(default_factory=dict)
    numbers: dict[str, Declared] = field(default_factory=dict)
    forget: dict[str, int] = field(default_factory=dict)


def merge(files: Files) -> Sections:
    """Unite the sections of all files; every trouble goes to `files.found`."""
    sections = Sections()
    for file in files.files:
        for name in ("contacts", "schedules", "profiles", "scenarios", "numbers"):
            given = file.tree.get(name)
            if given is not None and given.data is not None:
                _unite(files, name, getattr(sections, name), given, prune=file.has_nulls and name in _PRUNED)
        _forget(files, sections, file.tree.get("forget"))
    for number in sections.forget.keys() & sections.numbers.keys():
        _refuse_forgotten(files, sections, number)
    return sections


_PRUNED = ("contacts", "schedules")


def _unite(files: Files, section: str, into: dict[str, Declared], given: Tree, *, prune: bool) -> None:
    if not isinstance(given.data, dict):
        message = f"{section} takes a map, not {values.kind_of(given.data)}"
        files.found.append(problem(files.sources, "wrong-type", message, given.span))
        return
    numbers = section == "numbers"
    for key, span, entry in given.items():
        name = number_key(files, key, span) if numbers else key
        if name is None:
            continue
        if entry.data is None and numbers:
            entry = Tree({}, [entry.span])  # noqa: PLW2901 - an entry that says nothing
        if not isinstance(entry.data, dict):
            message = f"{key} takes a map, not {values.kind_of(entry.data)}"
            files.found.append(problem(files.sources, "wrong-type", message, entry.span))
        elif name in into:
            _refuse_second(files, section, key, span, into[name].span)
        else:
            into[name] = Declared(span, without_nulls(entry) if prune else entry)


def number_key(files: Files, key: str, span: int) -> str | None:
    """The digits of a number's key; what is wrong with it is reported."""
    try:
        return values.phone(key)
    except PydanticCustomError as error:
        context = error.context or {}
        files.found.append(problem(files.sources, error.type, context["message"], span, hint=context["hint"]))
        return None


def _refuse_second(files: Files, section: str, key: str, span: int, first: int) -> None:
    kind = section.removesuffix("s")
    message = f"the {kind} {values.quoted(key)} is declared a second time"
    found = problem(files.sources, "duplicate-entry", message, span, hint="keep one of the two")
    related = (Related("first declared here", files.sources.location(first)),)
    files.found.append(Diagnostic(found.code, found.severity, found.message, found.location, found.hint, related))


def _forget(files: Files, sections: Sections, given: Tree | None) -> None:
    if given is None or given.data is None:
        return
    if not isinstance(given.data, list):
        message = f"forget takes a list, not {values.kind_of(given.data)}"
        files.found.append(problem(files.sources, "wrong-type", message, given.span, hint='write forget: ["74991112288"]'))
        return
    for element in given.elements():
        if not isinstance(element.data, str):
            message = f"a number is a text, not {values.kind_of(element.data)}"
            files.found.append(problem(files.sources, "wrong-type", message, element.span))
        elif (digits := number_key(files, element.data, element.span)) is not None:
            sections.forget.setdefault(digits, element.span)


def _refuse_forgotten(files: Files, sections: Sections, number: str) -> None:
    message = f"{number} is to be forgotten, but also declared"
    found = problem(files.sources, "forget-declared", message, sections.forget[number], hint="remove one of the two")
    related = (Related("declared here", files.sources.location(sections.numbers[number].span)),)
    files.found.append(Diagnostic(found.code, found.severity, found.message, found.location, found.hint, related))


# -- profiles and scenarios ------------------------------------------------------------------------------------------------


def _other_type(below: Any, above: Any) -> bool:
    """A forwarding of another type replaces the one below: no field of the two means the same."""
    return "type" in above and above["type"] != below.get("type")


def lay_over(below: Tree, above: Tree) -> Tree:
    """Lay an entry, or part of one, over another."""
    return overlay(below, above, replaces=_other_type)


class Profiles:
    """Profiles with what they use laid under them; cycles and unknown names are reported once."""

    def __init__(self, files: Files, declared: Mapping[str, Declared]) -> None:
        self._files = files
        self._declared = declared
        self._resolved: dict[str, Tree] = {}
        self._open: list[str] = []
        self._bases: dict[tuple[str, ...], Tree] = {}

    def complete(self, entry: Tree) -> Tree | None:
        """An entry over the profiles that it uses; None where it names one that does not exist."""
        use = entry.get("use")
        if use is None or use.data is None:
            return entry
        names = [element for element in use.elements() if isinstance(element.data, str)] if isinstance(use.data, list) else []
        key = tuple(element.data for element in names)
        if key not in self._bases:
            base = self._base(names)
            if base is None:
                return None
            self._bases[key] = base
        return lay_over(self._bases[key], entry)

    def _base(self, names: list[Tree]) -> Tree | None:
        base = _EMPTY
        known = True
        for name in names:
            resolved = self._profile(name)
            if resolved is None:
                known = False
            else:
                base = lay_over(base, resolved)
        return base if known else None

    def _profile(self, name: Tree) -> Tree | None:
        word = name.data
        if word in self._resolved:
            return self._resolved[word]
        if word not in self._declared:
            self._unknown(name)
            return None
        if word in self._open:
            self._cycle(name)
            return None
        self._open.append(word)
        completed = self.complete(self._declared[word].tree)
        self._open.pop()
        if completed is not None:
            self._resolved[word] = without_key(completed, "use")
        return self._resolved.get(word)

    def _unknown(self, name: Tree) -> None:
        if self._files.broken:
            return
        message = f"there is no profile {values.quoted(name.data)}"
        hint = did_you_mean(name.data, self._declared)
        self._files.found.append(problem(self._files.sources, "unknown-profile", message, name.span, hint=hint))

    def _cycle(self, name: Tree) -> None:
        circle = [*self._open[self._open.index(name.data) :], name.data]
        message = f"profiles use each other in a circle: {' -> '.join(circle)}"
        self._files.found.append(problem(self._files.sources, "profile-cycle", message, name.span, hint="remove one `use`"))


def without_key(tree: Tree, key: str) -> Tree:
    """A map without one key."""
    if key not in tree.data:
        return tree
    at = list(tree.data).index(key)
    data = {name: value for name, value in tree.data.items() if name != key}
    return Tree(data, [*tree.positions[: 2 * at + 1], *tree.positions[2 * at + 3 :]])
