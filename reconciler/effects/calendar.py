"""The week of a value as a picture: seven days of half hours, and who rings in each.

Knows no colours, no letters and no output format.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import groupby
from typing import NamedTuple

from reconciler.canonical import Json, form
from reconciler.effects.states import CallFlow, Piece, Saying, Schedules, partition, plain_saying
from reconciler.effects.wording import PLAIN
from reconciler.model import Desired, declared
from reconciler.schedule.picture import WeekDay, week_of
from reconciler.schedule.zones import zone as zone_of

_WHOLE = 0.999


class Lane(NamedTuple):
    """Somebody who may ring; `key` is a number, a SIP ID, or what stands in place of targets; `text` says more.

    `saying` is set where it stands in place of targets.
    """

    key: str
    text: str
    saying: Saying | None = None


class Cell(NamedTuple):
    """Half an hour: who rings, in order; nobody is a gap. `is_part`: not for the whole of it."""

    who: tuple[str, ...]
    is_part: bool = False


class CellRun(NamedTuple):
    """Equal cells in a row: from the start of one to the end of another, counted in half hours."""

    start: int
    end: int
    cell: Cell


@dataclass(frozen=True, slots=True)
class CalendarDay:
    """One day; `weekday` counts from Monday, 0."""

    year: int
    month: int
    day: int
    weekday: int
    cells: tuple[Cell, ...]

    def runs(self) -> Iterator[CellRun]:
        """Equal cells put together."""
        start = 0
        for cell, row in groupby(self.cells):
            end = start + sum(1 for _ in row)
            yield CellRun(start, end, cell)
            start = end


Week = tuple[CalendarDay, ...]


def alike(chosen: Iterable[Desired]) -> list[list[Desired]]:
    """Group what shares a picture: all that is equal in the fields that decide whom a call reaches."""
    found: dict[str, list[Desired]] = {}
    for desired in chosen:
        unseen = {each.key for each in declared(type(desired.value)) if not each.routes}
        found.setdefault(form(desired.value).without(unseen).text, []).append(desired)
    return list(found.values())


def lanes(*values: Json) -> tuple[Lane, ...]:
    """Everybody who may ring in these values, in order of their first mention."""
    found: dict[str, Lane] = {}
    for value in values:
        if value["type"] == "number":
            for target in value["targets"]:
                if target["active"] and (target["name"] or target["to"] not in found):
                    found[target["to"]] = Lane(target["to"], f"{target['to']} {target['name']}".rstrip())
        elif value["type"] != "none":
            saying = plain_saying(value)
            text = PLAIN.said(saying)
            found.setdefault(text, Lane(text, text, saying))
    return tuple(found.values())


def week(value: Json, at: int, zone: str) -> Week:
    """The week, from Monday, that an instant falls into in a zone; raises OpaquePeriodError."""
    taken = CallFlow.of(value)
    today = zone_of(zone).local(at)[0]
    who = [_who(taken, piece, has_forwarding=value["type"] != "none") for piece in partition(taken.schedules)]
    return tuple(
        CalendarDay(day.year, day.month, day.day, (day.weekday - 1) % 7, _cells(shares, who))
        for day, shares in _shares(taken.schedules, today)
    )


@lru_cache(maxsize=1024)
def _shares(schedules: Schedules, today: int) -> list[tuple[WeekDay, list[tuple[float, ...]]]]:
    """The days of a week with the share that each piece of time has in each half hour; many numbers share these."""
    drawn = [week_of(piece.when, today) for piece in partition(schedules)]
    return [(day, list(zip(*(row[index].cells for row in drawn), strict=True))) for index, day in enumerate(drawn[0])]


def _cells(shares: list[tuple[float, ...]], who: list[tuple[str, ...]]) -> tuple[Cell, ...]:
    known: dict[tuple[float, ...], Cell] = {}
    for share in shares:
        if share not in known:
            known[share] = _cell(list(zip(who, share, strict=True)))
    return tuple(known[share] for share in shares)


def _who(value: CallFlow, piece: Piece, *, has_forwarding: bool) -> tuple[str, ...]:
    happening = value.handling(piece.on)
    if happening.saying is not None:
        return (PLAIN.said(happening.saying),) if has_forwarding else ()
    rings = [to for to, _ in happening.rings]
    if happening.redirect == "parallel":
        order = [to for to, _ in value.targets]
        rings.sort(key=order.index)
    return tuple(rings)


def _cell(shares: list[tuple[tuple[str, ...], float]]) -> Cell:
    """Who rings in a half hour of which each has a share; somebody counts before nobody."""
    present = [(bool(who), share, who) for who, share in shares if share]
    whole = next((who for _, share, who in present if share > _WHOLE), None)
    if whole is not None:
        return Cell(whole)
    alike = {who for _, _, who in present}
    if len(alike) == 1:
        return Cell(alike.pop())
    return Cell(max(present)[2], is_part=True)
