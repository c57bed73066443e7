"""What a change does to callers: the times at which something else happens to them than before, in words.

Exact and in as few lines as carry the meaning. Knows no vendor and no output format.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import NamedTuple

from reconciler.canonical import Json
from reconciler.effects.states import CallFlow, CallHandling, OpaquePeriodError, Schedules, partition, plain_text
from reconciler.model import Effect
from reconciler.schedule import Instants, Period
from reconciler.schedule.picture import week_of

NO_TARGET = "no target"


def contrast(was: CallHandling, now: CallHandling) -> tuple[str, str]:
    """Both sides of a difference: where only one of several targets differs, only that one."""
    if was.redirect and was.redirect == now.redirect and was.announcement == now.announcement:
        if found := _retimed(was, now) or _without(was, now):
            return found
        if found := _without(now, was):
            return found[1], found[0]
    return text_of(was), text_of(now)


def text_of(happening: CallHandling) -> str:
    """Who rings, in which order and for how long."""
    if not happening.rings:
        return happening.text or NO_TARGET
    text = "rings " + _joined(happening.rings, " and " if happening.redirect == "parallel" else ", then ")
    return f"hears announcement {happening.announcement}, {text}" if happening.announcement else text


def _joined(rings: tuple[tuple[str, int], ...], between: str) -> str:
    return between.join(f"{to} for {seconds} s" for to, seconds in rings)


def _retimed(was: CallHandling, now: CallHandling) -> tuple[str, str] | None:
    """The same targets, some of which ring for another time."""
    if [to for to, _ in was.rings] != [to for to, _ in now.rings]:
        return None
    apart = [pair for pair in zip(was.rings, now.rings, strict=True) if pair[0] != pair[1]]
    before, after = (tuple(pair[side] for pair in apart) for side in (0, 1))
    return f"rings {_joined(before, ', ')}", f"rings {_joined(after, ', ')}"


def _without(more: CallHandling, fewer: CallHandling) -> tuple[str, str] | None:
    """The same targets but for one that is gone, where several are left."""
    at = next((at for at in range(len(more.rings)) if more.rings[:at] + more.rings[at + 1 :] == fewer.rings), None)
    if at is None or len(fewer.rings) < 2:
        return None
    to, seconds = more.rings[at]
    if any(other == to for other, _ in fewer.rings):
        return None
    if more.redirect == "parallel":
        place = " too"
    else:
        place = f" after {more.rings[at - 1][0]}" if at else f" before {more.rings[1][0]}"
    return f"rings {to} for {seconds} s{place}", f"does not ring {to}"


ALWAYS_TEXT = "always"
_A_MONDAY = 20_780  # 23 November 2026, in days since 1970


class Difference(NamedTuple):
    """A piece of the time at which callers notice a change, and both sides of what they notice."""

    piece: int
    when: Instants
    before: CallHandling
    after: CallHandling


def effects(before: Json | None, after: Json | None, *, hidden_url_differs: bool = False) -> tuple[Effect, ...]:
    """Say when callers notice a change, and what; empty where they notice nothing. Both values are canonical.

    `before` None is a value that is not known. `hidden_url_differs`: the URLs do, in a part that is masked here.
    """
    if before is None or after is None:
        return ()
    old, new = CallFlow.of(before), CallFlow.of(after)
    if hidden_url_differs and old == new:
        return (Effect(ALWAYS_TEXT, old.text, f"{new.text}, with another hidden part"),)
    if old == new:
        return ()
    try:
        found = _in_words(differences(old, new))
    except OpaquePeriodError as error:
        when = f"unknown: the live period {str(error)!r} does not follow the grammar"
        return (Effect(when, _who(before), _who(after)),)
    told = [(_times(old.schedules, new.schedules, picks), texts) for texts, picks in found.items()]
    return tuple(Effect(phrase, *texts) for (_, phrase), texts in sorted(told))


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


def _in_words(found: Iterable[Difference]) -> dict[tuple[str, str], tuple[int, ...]]:
    """What callers notice, in words, and the pieces of time at which they do."""
    told: dict[tuple[str, str], tuple[int, ...]] = {}
    for each in found:
        texts = contrast(each.before, each.after)
        told[texts] = (*told.get(texts, ()), each.piece)
    return told


@lru_cache(maxsize=4096)
def _times(old: Schedules, new: Schedules, picks: tuple[int, ...]) -> tuple[int, str]:
    """These pieces of time as a phrase, after their place in an ordinary week, half hours counted from Monday."""
    pieces = _joint(old, new)
    when = pieces[picks[0]].when
    for index in picks[1:]:
        when |= pieces[index].when
    phrase = ALWAYS_TEXT if when.is_full else Period(None, when).phrase()
    cells = [cell for day in week_of(when, _A_MONDAY) for cell in day.cells]
    return next((at for at, cell in enumerate(cells) if cell), len(cells)), phrase


def _who(value: Json) -> str:
    """The targets of a value regardless of time."""
    if value["type"] != "number":
        return plain_text(value)
    return "may ring " + ", ".join(str(target["to"]) for target in value["targets"] if target["active"])
