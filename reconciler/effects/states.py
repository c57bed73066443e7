"""A canonical value as a partition of time: for every instant, what happens to a caller then.

Exact: nothing is sampled. Knows no configuration, no vendor and no output format.
"""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

from reconciler.canonical import Json
from reconciler.schedule import ALWAYS_PERIOD, Instants, Period, PeriodError

Schedules = tuple[str | None, ...]
"""The canonical schedule of each active target, None = always."""


class OpaquePeriodError(Exception):
    """A live period that does not follow the grammar: when it holds is not known."""


class Saying(NamedTuple):
    """What is to be said, before any language: a sentence with gaps, and what fills them.

    A gap is filled by a text, by another saying, or by phones and SIP IDs.
    """

    template: str
    parts: tuple[tuple[str, str | Saying | tuple[str, ...]], ...] = ()


class CallHandling(NamedTuple):
    """What happens to a caller: equal values mean that nobody notices a difference.

    `rings` are (number, seconds), in order; sorted, where all ring at once. `redirect` is empty where no more than one
    rings. `saying` is what happens where no targets are concerned.
    """

    rings: tuple[tuple[str, int], ...] = ()
    redirect: str = ""
    announcement: str = ""
    saying: Saying | None = None


class Piece(NamedTuple):
    """Instants at which the same targets are on, as indices."""

    when: Instants
    on: tuple[int, ...]


class CallFlow(NamedTuple):
    """A canonical value, taken apart: `schedules` of its active targets, and what happens when some of them are on."""

    schedules: Schedules
    targets: tuple[tuple[str, int], ...] = ()
    redirect: str = ""
    announcement: str = ""
    saying: Saying | None = None

    @classmethod
    def of(cls, value: Json | None) -> CallFlow:
        """Take a canonical value apart; None is not a forwarding."""
        if not value or value["type"] != "number":
            return cls((), saying=plain_saying(value))
        active = [target for target in value["targets"] if target["active"]]
        targets = tuple((target["to"], target["timeout"]) for target in active)
        schedules = tuple(target["schedule"] for target in active)
        return cls(schedules, targets, value["redirect"], value.get("file_to_a") or "")

    def handling(self, on: tuple[int, ...]) -> CallHandling:
        """What happens when these targets are on."""
        if self.saying:
            return CallHandling(saying=self.saying)
        chosen = on[:1] if self.redirect == "single" else on
        rings = tuple(self.targets[index] for index in chosen)
        if self.redirect == "parallel":
            rings = tuple(sorted(rings))
        return CallHandling(rings, self.redirect if len(rings) > 1 else "", self.announcement if rings else "")


def plain_saying(value: Json | None) -> Saying:
    """What a value without a schedule does."""
    held = value or {"type": "none"}
    match held["type"]:
        case "url":
            with_reserve = _filled("URL {url} (reserve {reserve})", held)
            return with_reserve if held["reserve"] else _filled("URL {url}", held)
        case "sip":
            return _filled("rings SIP {sip_uri}", held)
        case "sip_trunk" if held["static_ip"] is None:
            return Saying("rings a SIP trunk")
        case "sip_trunk":
            return _filled("rings SIP trunk {static_ip}:{port} for {timeout} s", held)
        case "parking":
            return Saying("waits 5 s for the application") if held["parking"] else Saying("follows its usual route")
        case _:
            return Saying("no forwarding")


def _filled(template: str, value: Json) -> Saying:
    return Saying(template, tuple((key, str(part)) for key, part in value.items() if f"{{{key}}}" in template))


def instants_of(schedule: str | None) -> Instants:
    """The instants of a canonical schedule; raises OpaquePeriodError."""
    if schedule is None:
        return ALWAYS_PERIOD.instants
    try:
        return Period.parse(schedule, weekday_base="refuse").instants.lasting()
    except PeriodError:
        raise OpaquePeriodError(schedule) from None


@lru_cache(maxsize=8192)
def times_of(periods: tuple[str, ...]) -> Instants | None:
    """When a target with these period strings is on; None where one of them has no certain meaning."""
    if not periods:
        return ALWAYS_PERIOD.instants
    try:
        return Period.union([Period.parse(text, weekday_base="refuse") for text in periods]).instants.lasting()
    except PeriodError:
        return None


@lru_cache(maxsize=4096)
def partition(schedules: Schedules) -> tuple[Piece, ...]:
    """Split time by which schedules are on: as many pieces as combinations occur; raises OpaquePeriodError."""
    pieces = [Piece(ALWAYS_PERIOD.instants, ())]
    for index, schedule in enumerate(schedules):
        times = instants_of(schedule)
        split = [Piece(piece.when & times, (*piece.on, index)) for piece in pieces]
        split += [Piece(piece.when - times, piece.on) for piece in pieces]
        pieces = [piece for piece in split if not piece.when.is_empty]
    return tuple(pieces)
