"""What a change does to callers: the times at which something else happens to them than before, in words.

Exact and in as few lines as carry the meaning. Knows no vendor and no output format.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date
from functools import lru_cache
from typing import NamedTuple

from reconciler.canonical import Json
from reconciler.effects.states import (
    CallFlow,
    CallHandling,
    OpaquePeriodError,
    Saying,
    Schedules,
    partition,
    plain_saying,
)
from reconciler.effects.wording import PLAIN, Noticed
from reconciler.model import Effect
from reconciler.schedule import Instants
from reconciler.schedule.picture import week_of

_A_MONDAY = 20_780  # 23 November 2026, in days since 1970


class Difference(NamedTuple):
    """A piece of the time at which callers notice a change, and both sides of what they notice."""

    piece: int
    when: Instants
    before: CallHandling
    after: CallHandling


def effects(
    before: Json | None, after: Json | None, *, hidden_url_differs: bool = False, since: date | None = None
) -> tuple[Effect, ...]:
    """Say when callers will notice a change, and what; empty where they notice nothing. Both values are canonical.

    `before` None is a value that is not known. `hidden_url_differs`: the URLs do, in a part that is masked here.
    Nothing is said of the time before `since`.
    """
    if before is None or after is None:
        return ()
    old, new = CallFlow.of(before), CallFlow.of(after)
    if old == new:
        return tuple(_hidden(new)) if hidden_url_differs else ()
    try:
        found = _in_words(differences(old, new))
    except OpaquePeriodError as error:
        period = repr(str(error))
        unknown = Saying("unknown: the live period {period} does not follow the grammar", (("period", period),))
        return (_effect(unknown, _possible(before), _possible(after)),)
    noticed = [(*_coming(old.schedules, new.schedules, tuple(picks), since), both) for picks, both in found.values()]
    told = [(order, _effect(when, *both)) for order, when, both in noticed if not when.is_empty]
    return tuple(effect for _, effect in sorted(told, key=lambda each: (each[0], each[1].when)))


def _effect(when: Instants | Saying, was: CallHandling, now: CallHandling) -> Effect:
    before, after = PLAIN.contrast(was, now)
    return Effect(PLAIN.when(when), before, after, Noticed(when, was, now))


def _hidden(flow: CallFlow) -> Iterator[Effect]:
    """Another part of a URL that is masked."""
    if flow.saying is not None:
        hidden = Saying("{url}, with another hidden part", (("url", flow.saying),))
        yield _effect(Saying("always"), CallHandling(saying=flow.saying), CallHandling(saying=hidden))


def _possible(value: Json) -> CallHandling:
    """The targets of a value regardless of time."""
    if value["type"] != "number":
        return CallHandling(saying=plain_saying(value))
    active = tuple(target["to"] for target in value["targets"] if target["active"])
    return CallHandling(saying=Saying("may ring {who}", (("who", active),)))


# docs/decisions/061
def differences(old: CallFlow, new: CallFlow) -> Iterator[Difference]:
    """Split the time at which callers notice a change by what they notice; raises OpaquePeriodError."""
    for piece, both in enumerate(_joint(old.schedules, new.schedules)):
        was, now = old.handling(both.old), new.handling(both.new)
        if was != now:
            yield Difference(piece, both.when, was, now)


class _Both(NamedTuple):
    """Instants at which the same targets are on before, and the same after."""

    when: Instants
    old: tuple[int, ...]
    new: tuple[int, ...]


@lru_cache(maxsize=4096)
def _joint(old: Schedules, new: Schedules) -> tuple[_Both, ...]:
    """Split time by both sides; many numbers share their schedules, so this is kept."""
    crossed = (_Both(was.when & now.when, was.on, now.on) for was in partition(old) for now in partition(new))
    return tuple(both for both in crossed if not both.when.is_empty)


_Sides = tuple[CallHandling, CallHandling]


def _in_words(
    found: Iterable[Difference],
) -> dict[tuple[str, str], tuple[list[int], _Sides]]:
    """The pieces of time at which callers notice the same, by what it is in words."""
    told: dict[tuple[str, str], tuple[list[int], _Sides]] = {}
    for each in found:
        both = each.before, each.after
        told.setdefault(PLAIN.contrast(*both), ([], both))[0].append(each.piece)
    return told


@lru_cache(maxsize=4096)
def _coming(old: Schedules, new: Schedules, picks: tuple[int, ...], since: date | None) -> tuple[int, Instants]:
    """What is to come of these pieces of time, after its place in an ordinary week, half hours counted from Monday."""
    pieces = _joint(old, new)
    when = pieces[picks[0]].when
    for index in picks[1:]:
        when |= pieces[index].when
    cells = [cell for day in week_of(when, _A_MONDAY) for cell in day.cells]
    return next((at for at, cell in enumerate(cells) if cell), len(cells)), when.ahead(since)
