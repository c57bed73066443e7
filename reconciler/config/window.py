"""A change window belongs to the policy: every schedule that it is made of must stand where the policy stands.

Knows how schedules name each other, not what they mean.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from reconciler.config.sections import Declared
from reconciler.document import Tree

_NAMING = ("except", "not", "any", "all")


def parts(window: Tree, declared: Mapping[str, Declared]) -> Iterator[tuple[Tree, Tree]]:
    """Every named schedule that a window is made of, after the place that names it, but for those that do not exist."""
    open_references, seen = [window], set[str]()
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


def references(tree: Tree) -> Iterator[Tree]:
    """The schedules that one refers to, as written."""
    if not isinstance(tree.data, dict):
        return
    for key in _NAMING:
        child = tree.get(key)
        if child is not None:
            yield from child.elements() if isinstance(child.data, list) else (child,)
