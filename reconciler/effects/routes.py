"""Where one call goes at one instant: targets in order, followed into other managed numbers, and why some stay silent.

Pure, over canonical values. Knows no files, no vendor and no output format.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from reconciler.canonical import Json
from reconciler.effects.states import plain_text
from reconciler.schedule import Period, PeriodError

NO_TARGET_NOTE = "no target: what the vendor does then is not documented"


@dataclass(frozen=True, slots=True)
class Step:
    """One target on the way of a call. `depth` counts the numbers it was forwarded through; `why` it does not ring, else "".

    `position` is the place in the order of ringing, from 1; parallel targets share one. `timeout` in seconds, 0 = unknown.
    """

    depth: int
    to: str
    rings: bool
    position: int = 0
    timeout: int = 0
    name: str = ""
    why: str = ""


@dataclass(frozen=True, slots=True)
class Route:
    """What becomes of a call to `number`; `note` is set where nothing rings."""

    number: str
    steps: tuple[Step, ...]
    note: str = ""


def route(number: str, values: Mapping[str, Json], *, at: int, zone: str) -> Route:
    """Follow a call. `values` maps managed numbers to canonical values, `at` is in seconds since the epoch."""
    steps = tuple(_follow(number, values, _Instant(at, zone), depth=0, seen=(number,)))
    rings = any(step.rings for step in steps)
    return Route(number, steps, "" if rings else NO_TARGET_NOTE)


@dataclass(frozen=True, slots=True)
class _Instant:
    at: int
    zone: str

    def inside(self, schedule: str | None) -> bool | None:
        """Whether a canonical schedule holds now; None where it is not of the grammar."""
        if schedule is None:
            return True
        try:
            return Period.parse(schedule).matches(self.at, self.zone)
        except PeriodError:
            return None


def _follow(
    number: str, values: Mapping[str, Json], now: _Instant, *, depth: int, seen: tuple[str, ...]
) -> Iterator[Step]:
    value = values.get(number)
    if value is None or value["type"] != "number":
        if value is not None and value["type"] != "none":
            yield Step(depth, plain_text(value), rings=True, position=1, timeout=value.get("timeout") or 0)
            if value.get("reserve"):
                yield Step(
                    depth, value["reserve"], rings=False, why="reserve: rings only when the URL cannot be reached"
                )
        return
    for step, managed in _targets(value, now, depth, values):
        yield step
        if step.rings and managed:
            yield from _into(step.to, values, now, depth=depth, seen=seen)


def _into(
    number: str, values: Mapping[str, Json], now: _Instant, *, depth: int, seen: tuple[str, ...]
) -> Iterator[Step]:
    """Follow a target that is a managed number itself."""
    if number in seen:
        yield Step(depth + 1, number, rings=False, why="a loop: the call has been here before")
        return
    inner = tuple(_follow(number, values, now, depth=depth + 1, seen=(*seen, number)))
    yield from inner
    if not any(step.rings for step in inner):
        yield Step(depth + 1, number, rings=False, why="it is a managed number that forwards to nobody now")


def _targets(value: Json, now: _Instant, depth: int, values: Mapping[str, Json]) -> Iterator[tuple[Step, bool]]:
    position = 0
    for target in value["targets"]:
        why = _silence(target, now)
        if not why and value["redirect"] == "single" and position:
            why = "only one target rings (redirect: single), and one before it does"
        if why:
            yield Step(depth, target["to"], rings=False, timeout=target["timeout"], name=target["name"], why=why), False
            continue
        position = 1 if value["redirect"] == "parallel" else position + 1
        step = Step(depth, target["to"], True, position, target["timeout"], target["name"])
        yield step, target["to"] in values


def _silence(target: Json, now: _Instant) -> str:
    if not target["active"]:
        return "active: false"
    inside = now.inside(target["schedule"])
    if inside is None:
        return f"when it rings is not known: {target['schedule']!r} is not of the period grammar"
    return "" if inside else f"outside its schedule ({Period.parse(target['schedule']).phrase()})"
