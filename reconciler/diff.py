"""Which fields differ between two canonical forms; pure, and the only importer of deepdiff.

Knows nothing of accounts, records or what a difference leads to.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher

from reconciler.canonical import Form, Json
from reconciler.change import FieldChange

_Block = tuple[int, int, int, int]
"""Start and end among the old targets, start and end among the new ones."""


def field_changes(before: Form, after: Form) -> tuple[FieldChange, ...]:
    """Name each field that differs, in the order of `after`; equality is decided by the caller's canonical forms."""
    if before.json == after.json and before.secrets == after.secrets:
        return ()
    if before.json.get("type") != after.json.get("type"):
        return tuple(_all_fields(before, after))
    changes = [*_plain(before.json, after.json), *_targets(before.json, after.json)]
    return tuple(_in_order([*_marked(changes, before, after), *_hidden(before, after)], after.json))


def _all_fields(before: Form, after: Form) -> Iterator[FieldChange]:
    """Another type: every field of both sides, the old ones to nothing, the new ones from nothing."""
    for path in dict.fromkeys([*before.json, *after.json]):
        old, new = before.json.get(path), after.json.get(path)
        if old != new:
            yield FieldChange(path, old, new, path in before.secrets or path in after.secrets)


def _plain(before: Json, after: Json) -> list[FieldChange]:
    return _deep(
        {path: value for path, value in before.items() if path != "targets"},
        {path: value for path, value in after.items() if path != "targets"},
        prefix="",
    )


def _targets(before: Json, after: Json) -> list[FieldChange]:
    """Pair the targets by place, or by whom they ring, whichever tells less: one put in between moves the rest."""
    old: Sequence[Json] = before.get("targets") or ()
    new: Sequence[Json] = after.get("targets") or ()
    if old == new:
        return []
    in_place = _paired(old, new, [(0, len(old), 0, len(new))])
    matcher = SequenceMatcher(None, [target["to"] for target in old], [target["to"] for target in new], autojunk=False)
    by_destination = _paired(old, new, [codes[1:] for codes in matcher.get_opcodes()])
    return min(in_place, by_destination, key=len)


# docs/decisions/059
def _paired(old: Sequence[Json], new: Sequence[Json], blocks: Sequence[_Block]) -> list[FieldChange]:
    """The changes when each block's targets are compared one with one, and those without a partner came or went."""
    changes: list[FieldChange] = []
    for old_start, old_end, new_start, new_end in blocks:
        pairs = min(old_end - old_start, new_end - new_start)
        for step in range(pairs):
            changes += _deep(old[old_start + step], new[new_start + step], prefix=f"targets[{new_start + step}].")
        changes += [FieldChange(f"targets[{at}]", old[at], None) for at in range(old_start + pairs, old_end)]
        changes += [FieldChange(f"targets[{at}]", None, new[at]) for at in range(new_start + pairs, new_end)]
    return changes


def _deep(before: Json, after: Json, *, prefix: str) -> list[FieldChange]:
    if before == after:
        return []
    from deepdiff import DeepDiff

    tree = DeepDiff(before, after, view="tree", ignore_type_in_groups=[], verbose_level=2)
    differing = {str(level.path(output_format="list")[0]) for kind in tree.values() for level in kind}
    names = dict.fromkeys([*after, *before])
    return [FieldChange(prefix + name, before.get(name), after.get(name)) for name in names if name in differing]


def _marked(changes: Sequence[FieldChange], before: Form, after: Form) -> Iterator[FieldChange]:
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
