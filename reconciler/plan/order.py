"""In which order changes go: whoever is forwarded to before whoever forwards, deletes last.

Pure and deterministic: the order follows from the changes alone, not from the order of files.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from reconciler.destinations import numbers_behind
from reconciler.model import Action, Change

_LAST = {Action.DELETE: 1, Action.FORGET: 2}
_WRITES = (Action.CREATE, Action.UPDATE, Action.ADOPT, Action.ASSERT)


def order_changes(changes: Iterable[Change]) -> tuple[Change, ...]:
    """Give each change its `depends_on` and sort: by dependency first, then deletes and forgets last, then address."""
    pending = sorted(changes, key=_rank)
    order, before = _walked(_before(pending))
    return tuple(
        replace(pending[at], depends_on=tuple(sorted({pending[other].address for other in before[at]}))) for at in order
    )


def _rank(change: Change) -> tuple[int, str, str]:
    return (_LAST.get(change.action, 0), change.address, change.key.kind.value)


def _before(changes: Sequence[Change]) -> list[list[int]]:
    """Of each change, by its place, the places of those that go before it."""
    by_number: dict[str, list[int]] = {}
    for at, change in enumerate(changes):
        by_number.setdefault(change.key.number, []).append(at)
    before: list[list[int]] = [[] for _ in changes]
    for at, change in enumerate(changes):
        if change.action is Action.FORGET:
            continue
        goes_to, went_to = (numbers_behind(value) - {change.key.number} for value in (change.after, change.before))
        for number in sorted(goes_to):
            before[at] += [other for other in by_number.get(number, ()) if changes[other].action in _WRITES]
        for number in sorted(went_to - goes_to):
            for other in by_number.get(number, ()):
                if changes[other].action is Action.DELETE:
                    before[other].append(at)
    return before


def _walked(before: Sequence[Sequence[int]]) -> tuple[list[int], list[list[int]]]:
    """An order in which each comes after those before it, and the edges that it keeps.

    A loop has no such order: the edge that closes it is dropped. Stable among what is free to go.
    """
    order: list[int] = []
    kept: list[list[int]] = [[] for _ in before]
    entered, done = [False] * len(before), [False] * len(before)
    for start in range(len(before)):
        stack: list[tuple[int, Iterator[int]]] = [] if entered[start] else [(start, iter(before[start]))]
        entered[start] = True
        while stack:
            at, others = stack[-1]
            following = next(others, None)
            if following is None:
                order.append(at)
                done[at] = True
                stack.pop()
            elif done[following] or not entered[following]:
                kept[at].append(following)
                if not entered[following]:
                    entered[following] = True
                    stack.append((following, iter(before[following])))
    return order, kept
