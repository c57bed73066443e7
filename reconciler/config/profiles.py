"""Profiles laid under the entries that use them: maps merge deeply, lists replace, null removes.

Knows how entries are laid over each other; knows no values in them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from reconciler.config import values
from reconciler.config.files import Files
from reconciler.config.forms import drop_empty_keys
from reconciler.config.models import entries
from reconciler.config.sections import DeclaredEntry
from reconciler.config.validation import did_you_mean, read
from reconciler.diagnostics import Diagnostic
from reconciler.document import Tree, at, overlay

_EMPTY = Tree({}, [0])
TYPES = "`type: number`, `url`, `sip_trunk` or `sip`"


# docs/decisions/031
def _other_type(below: Any, above: Any) -> bool:
    """A forwarding of another type replaces the one below: no field of the two means the same."""
    return "type" in above and above["type"] != below.get("type")


def lay_over(below: Tree, above: Tree) -> Tree:
    """Lay an entry, or part of one, over another."""
    return overlay(below, above, _other_type)


class Profiles:
    """Profiles with what they use laid under them; cycles and unknown names are reported once."""

    def __init__(self, files: Files, declared: Mapping[str, DeclaredEntry]) -> None:
        self._files = files
        self._declared = declared
        self._resolved: dict[str, Tree] = {}
        self._open: list[str] = []
        self._bases: dict[tuple[str, ...], Tree] = {}

    def complete(self, entry: Tree) -> Tree | None:
        """An entry over the profiles that it uses; None where it names one that does not exist."""
        written = entry.data.get("use")
        if written is None:
            return entry
        words = tuple(word for word in written if isinstance(word, str)) if isinstance(written, list) else ()
        base = self._bases.get(words)
        if base is None:
            uses = at(entry, ("use",)).elements() if words else []
            base = self._base([name for name in uses if isinstance(name.data, str)])
            if base is None:
                return None
            self._bases[words] = base
        return lay_over(base, entry)

    def complete_all(self) -> None:
        """Complete every profile, to find those that use what does not exist, or each other in a circle."""
        for word, declared in self._declared.items():
            self._profile(Tree(word, declared.span))

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
        hint = did_you_mean(name.data, self._declared) or "declare it under `profiles`"
        self._files.complain("unknown-profile", name.span, message, hint)

    def _cycle(self, name: Tree) -> None:
        """Tell of a circle at its first profile by name, so that it is the same finding wherever it was met."""
        circle = self._open[self._open.index(name.data) :]
        first = circle.index(min(circle))
        circle = [*circle[first:], *circle[:first]]
        last = at(self._declared[circle[-1]].tree, ("use",))
        place = next(element for element in last.elements() if element.data == circle[0])
        message = f"profiles use each other in a loop: {' -> '.join([*circle, circle[0]])}"
        self._files.complain("profile-cycle", place.span, message, "remove one `use`")


def without_key(tree: Tree, key: str) -> Tree:
    """A map without one key."""
    if key not in tree.data:
        return tree
    at = list(tree.data).index(key)
    data = {name: value for name, value in tree.data.items() if name != key}
    return Tree(data, [*tree.positions[: 2 * at + 1], *tree.positions[2 * at + 3 :]])


def judge_profiles(files: Files, declared: Mapping[str, DeclaredEntry]) -> None:
    """Judge the keys and values of every profile, and what it uses, whether anyone uses it or not."""
    for profile in declared.values():
        judge_part(files, drop_empty_keys(entries.EntryPart, profile.tree, files.sources, files.found))
    Profiles(files, declared).complete_all()


def judge_part(files: Files, part: Tree) -> None:
    """Judge part of an entry: its keys and values, but not what is missing, which may come from elsewhere."""
    read(entries.Entry, part, files.sources, files.found)
    forwarding = part.get("forwarding")
    if forwarding is None or forwarding.data == "none":
        return
    if isinstance(forwarding.data, dict):
        read(entries.ForwardingPart, forwarding, files.sources, files.found)
    else:
        files.found.append(no_forwarding(files, forwarding))


def no_forwarding(files: Files, block: Tree) -> Diagnostic:
    """The diagnostic for a `forwarding` that is neither `none` nor a map."""
    shown = values.quoted(block.data) if isinstance(block.data, str) else values.kind_of(block.data)
    hint = f"write `none`, or a map with {TYPES}"
    return files.sources.problem("forwarding-type", block.span, f"{shown} is not a valid forwarding", hint)
