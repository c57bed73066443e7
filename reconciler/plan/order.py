"""In which order changes go: whoever is forwarded to before whoever forwards, deletes last.

Pure and deterministic: the order follows from the changes alone, not from the order of files.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from graphlib import CycleError, TopologicalSorter
from typing import Any

from reconciler.model import Action, Change


def ordered(changes: Iterable[Change]) -> tuple[Change, ...]:
    """Give each change its `depends_on` and sort: by dependency first, then deletes and forgets last, then address."""
    pending = sorted(changes, key=_rank)
    edges = _edges(pending)
    by_key = {id(change): change for change in pending}
    graph = {id(change): [id(other) for other in edges[id(change)]] for change in pending}
    order = _topological(graph)
    return tuple(
        replace(by_key[at], depends_on=tuple(sorted({other.address for other in edges[at]}))) for at in order
    )


def _rank(change: Change) -> tuple[int, str, str]:
    last = {Action.DELETE: 1, Action.FORGET: 2}
    return (last.get(change.action, 0), change.address, change.key.kind.value)


def _edges(changes: Sequence[Change]) -> dict[int, list[Change]]:
    """Which changes must go before which; a loop among them has no order, so its edges are dropped."""
    by_number: dict[str, list[Change]] = {}
    for change in changes:
        by_number.setdefault(change.key.number, []).append(change)
    edges: dict[int, list[Change]] = {id(change): [] for change in changes}
    for change in changes:
        if change.action is Action.FORGET:
            continue
        for number in destinations(change.after) - {change.key.number}:
            edges[id(change)] += [other for other in by_number.get(number, ()) if other.action in _WRITES]
        for number in destinations(change.before) - destinations(change.after) - {change.key.number}:
            for other in by_number.get(number, ()):
                if other.action is Action.DELETE:
                    edges[id(other)].append(change)
    return _without_cycles(edges)


_WRITES = (Action.CREATE, Action.UPDATE, Action.ADOPT, Action.ASSERT)


def destinations(value: Mapping[str, Any] | None) -> set[str]:
    """The numbers that a canonical value forwards to: targets and reserve."""
    if not value:
        return set()
    numbers = {str(target["to"]) for target in value.get("targets") or ()}
    return numbers | ({str(value["reserve"])} if value.get("reserve") else set())


def _without_cycles(edges: dict[int, list[Change]]) -> dict[int, list[Change]]:
    graph = {at: [id(other) for other in others] for at, others in edges.items()}
    while True:
        try:
            TopologicalSorter(graph).prepare()
        except CycleError as error:
            cycle = set(error.args[1])
            for at in cycle:
                graph[at] = [other for other in graph[at] if other not in cycle]
        else:
            return {at: [other for other in others if id(other) in graph[at]] for at, others in edges.items()}


def _topological(graph: Mapping[int, Sequence[int]]) -> list[int]:
    """Stable: among what is ready, the order of the graph's keys."""
    done: set[int] = set()
    order: list[int] = []
    for start in graph:
        stack = [(start, iter(graph[start]))]
        while stack:
            at, others = stack[-1]
            if at in done:
                stack.pop()
                continue
            following = next((other for other in others if other not in done), None)
            if following is None:
                done.add(at)
                order.append(at)
                stack.pop()
            else:
                stack.append((following, iter(graph[following])))
    return order
