"""Which fields differ between two canonical forms; pure, and the only importer of deepdiff.

Knows nothing of accounts, records or what a difference leads to.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator, Sequence
from difflib import SequenceMatcher
from functools import lru_cache
from typing import Any, NamedTuple

from reconciler.canonical import Form, Json
from reconciler.model import FieldChange

_PAIR = "@pair"
"""The key by which a target finds its partner; it tells equal targets apart, too: see docs/decisions/133."""


class _Pair(NamedTuple):
    """A target as it was and as it will be, None where it comes or goes, and the place at which that is told."""

    old: Json | None
    new: Json | None
    place: int


def field_changes(before: Form, after: Form) -> tuple[FieldChange, ...]:
    """Name each field that differs, in the order of `after`; equality is decided by the caller's canonical forms."""
    if before.json == after.json and before.secrets == after.secrets:
        return ()
    if before.json.get("type") != after.json.get("type"):
        return tuple(_all_fields(before, after))
    changes = [*_compared(json.dumps(before.json), json.dumps(after.json))] if before.json != after.json else []
    return tuple(_in_order([*_marked(changes, before, after), *_hidden(before, after)], after.json))


def _all_fields(before: Form, after: Form) -> Iterator[FieldChange]:
    """Another type: every field of both sides, the old ones to nothing, the new ones from nothing."""
    for path in dict.fromkeys([*before.json, *after.json]):
        old, new = before.json.get(path), after.json.get(path)
        if old != new:
            yield FieldChange(path, old, new, path in before.secrets or path in after.secrets)


# docs/decisions/059, docs/decisions/133
@lru_cache(maxsize=1024)
def _compared(before: str, after: str) -> Sequence[FieldChange]:
    """Compare two values of one type under each pairing of their targets, and tell the fewest changes.

    It takes long, and numbers that share a profile change alike, so this is kept.
    """
    old, new = json.loads(before), json.loads(after)
    pairings = _pairings(old.get("targets") or (), new.get("targets") or ())
    return min((_told(old, new, pairs) for pairs in pairings), key=len)


def _told(before: Json, after: Json, pairs: Sequence[_Pair]) -> Sequence[FieldChange]:
    from deepdiff import DeepDiff

    tree = DeepDiff(
        _unlike(before, after) | {"targets": [{**pair.old, _PAIR: at} for at, pair in enumerate(pairs) if pair.old]},
        _unlike(after, before) | {"targets": [{**pair.new, _PAIR: at} for at, pair in enumerate(pairs) if pair.new]},
        view="tree",
        iterable_compare_func=lambda one, other, _level: one[_PAIR] == other[_PAIR],
    )
    tree.pop("iterable_item_moved", None)
    differing = {place for levels in tree.values() for level in levels for place in _places(level)}
    changes = [*_named(before, after, [name for number, name in differing if number is None])]
    for at, (old, new, place) in enumerate(pairs):
        names = [name for number, name in differing if number == at]
        if "" in names:
            changes.append(FieldChange(f"targets[{place}]", old, new))
        else:
            changes += _named(old or {}, new or {}, names, prefix=f"targets[{place}].")
    return changes


def _unlike(value: Json, other: Json) -> Json:
    """A value without the fields that are as in the other: to look into equal ones takes long."""
    return {name: each for name, each in value.items() if name not in other or each != other[name]}


def _places(level: Any) -> Iterator[tuple[int | None, str]]:
    """Where a difference is: the number of a pair, None for none, and the field, "" for a target that came or went."""
    path = level.path(output_format="list")
    if path[0] != "targets":
        yield None, path[0]
        return
    for _ in path[2:]:
        level = level.up
    for target in (level.t1, level.t2):  # two that have nothing to do with each other, where one goes and one comes
        if isinstance(target, dict):
            yield target[_PAIR], path[2] if len(path) > 2 else ""


def _named(before: Json, after: Json, names: Collection[str], *, prefix: str = "") -> Iterator[FieldChange]:
    for name in dict.fromkeys([*after, *before]):
        if name in names:
            yield FieldChange(prefix + name, before.get(name), after.get(name))


def _pairings(old: Sequence[Json], new: Sequence[Json]) -> Iterator[Sequence[_Pair]]:
    """Pair targets by place, and by whom they ring where that is something else: one put in between moves the rest."""
    by_place = _beside(old, new, 0, len(old), 0, len(new))
    yield by_place
    matcher = SequenceMatcher(None, [target["to"] for target in old], [target["to"] for target in new], autojunk=False)
    by_destination = [pair for _, *block in matcher.get_opcodes() for pair in _beside(old, new, *block)]
    if by_destination != by_place:
        yield by_destination


def _beside(
    old: Sequence[Json], new: Sequence[Json], old_at: int, old_end: int, new_at: int, new_end: int
) -> list[_Pair]:
    """Pair the targets of a block one with one, but equal ones; those without a partner came or went."""
    both = min(old_end - old_at, new_end - new_at)
    pairs = [_Pair(old[old_at + step], new[new_at + step], new_at + step) for step in range(both)]
    pairs = [pair for pair in pairs if pair.old != pair.new]
    pairs += [_Pair(old[at], None, at) for at in range(old_at + both, old_end)]
    pairs += [_Pair(None, new[at], at) for at in range(new_at + both, new_end)]
    return pairs


def _marked(changes: Iterable[FieldChange], before: Form, after: Form) -> Iterator[FieldChange]:
    for change in changes:
        sensitive = change.path in before.secrets or change.path in after.secrets
        yield FieldChange(change.path, change.before, change.after, sensitive)


def _hidden(before: Form, after: Form) -> Iterator[FieldChange]:
    """Sensitive fields that look alike when masked and are not."""
    for path in before.secrets_apart(after):
        if before.json.get(path) == after.json.get(path):
            yield FieldChange(path, before.json.get(path), after.json.get(path), sensitive=True)


def _in_order(changes: Sequence[FieldChange], after: Json) -> list[FieldChange]:
    order = {name: at for at, name in enumerate(after)}
    return sorted(changes, key=lambda change: order.get(change.path.partition("[")[0], len(order)))
