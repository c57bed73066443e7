"""How schedules name each other: by name, or with a schedule written out inside another.

Must not know what they mean.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from reconciler.config.sections import Declared
from reconciler.document import Tree

_LISTS = ("except", "any", "all")


def parts(schedule: Tree, declared: Mapping[str, Declared]) -> Iterator[tuple[Tree, Tree]]:
    """Every named schedule that one is made of, after the place that names it, but for those that do not exist."""
    open_references, seen = [schedule], set[str]()
    while open_references:
        reference = open_references.pop()
        tree = reference
        if isinstance(reference.data, str):
            if reference.data in seen or reference.data not in declared:
                continue
            seen.add(reference.data)
            tree = declared[reference.data].tree
            yield reference, tree
        open_references += references(tree)


def written_parts(schedule: Tree, declared: Mapping[str, Declared]) -> Iterator[Tree]:
    """A schedule and every other that it is made of, as each is written."""
    for whole in (schedule, *(tree for _, tree in parts(schedule, declared))):
        yield whole
        yield from _literals(whole)


def references(tree: Tree) -> Iterator[Tree]:
    """The schedules that one refers to, as written."""
    if not isinstance(tree.data, dict):
        return
    for key in ("not", *_LISTS):
        given = tree.get(key)
        if given is not None and isinstance(given.data, list) and key in _LISTS:
            yield from given.elements()
        elif given is not None and key in ("not", "except"):
            yield given


def names(tree: Tree) -> Iterator[Tree]:
    """The names that a schedule refers to, also from literals inside it."""
    for reference in references(tree):
        if isinstance(reference.data, dict):
            yield from names(reference)
        elif isinstance(reference.data, str):
            yield reference


def _literals(tree: Tree) -> Iterator[Tree]:
    for reference in references(tree):
        if isinstance(reference.data, dict):
            yield reference
            yield from _literals(reference)
