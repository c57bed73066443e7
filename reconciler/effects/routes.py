"""Where one call goes at one instant: targets in order, followed into other managed numbers, and why some stay silent.

Pure, over canonical values. Knows no files, no vendor and no output format.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from reconciler.canonical import Json
from reconciler.config.phones import is_sip_id
from reconciler.effects.wording import SHORT, marked
from reconciler.schedule import Period, PeriodError

_OUTSIDE = "outside its schedule"
_SINGLE = marked("redirect: single rings one target, and one before it is on")
_LOOP = marked("a loop: the call has come through this number already")
TOLD_ABOVE = marked("told above")
_NOWHERE = marked("a managed number that forwards nowhere")
_RESERVE = marked("the reserve rings only when the URL cannot be reached")
NO_TARGET_NOTE = marked("no target: what the vendor does then is not documented")
UNMANAGED_NOTE = marked("its forwarding is not managed here")


class StepKind(StrEnum):
    """What kind of place a call goes to; `NUMBER` is one of the configuration."""

    PHONE = "phone"
    SIP_ID = "sip_id"
    NUMBER = "number"
    URL = "url"
    SIP = "sip"
    TRUNK = "sip_trunk"


@dataclass(frozen=True, slots=True)
class Step:
    """One place that a call may go to. `why` it does not go there at this instant, else "".

    `position` counts places in the order in which they are tried, from 1; those tried at once share it, and silent ones
    have 0. `timeout` in seconds, 0 = not known. `steps` is how a managed number forwards the call on, by `redirect`.
    `schedule` is set where it is silent because of it.
    """

    to: str
    place: StepKind
    position: int = 0
    timeout: int = 0
    name: str = ""
    why: str = ""
    redirect: str = ""
    steps: tuple[Step, ...] = ()
    schedule: str = ""

    @property
    def rings(self) -> bool:
        """Whether somebody's phone rings, here or further on."""
        return not self.why and (self.place is not StepKind.NUMBER or any(step.rings for step in self.steps))


@dataclass(frozen=True, slots=True)
class Route:
    """What becomes of a call to `number`: who is tried, by `redirect`; `note` is set where nobody rings."""

    number: str
    redirect: str
    steps: tuple[Step, ...]
    note: str = ""


def route(number: str, values: Mapping[str, Json], *, at: int, zone: str) -> Route:
    """Follow a call. `values` maps managed numbers to canonical values, `at` is in seconds since the epoch."""
    return route_while(number, values, lambda text: Period.parse(text, weekday_base="refuse").matches(at, zone))


def route_while(number: str, values: Mapping[str, Json], is_on: Callable[[str], bool]) -> Route:
    """Follow a call while just these canonical schedules are on; `is_on` is asked of those that are periods."""
    walk = _Walk(values, is_on)
    steps = tuple(walk.steps(number, (number,)))
    note = "" if any(step.rings for step in steps) else NO_TARGET_NOTE
    return Route(number, values[number].get("redirect", ""), steps, note)


@dataclass(slots=True)
class _Walk:
    """One call; `followed` are the numbers whose further way was told already."""

    values: Mapping[str, Json]
    is_on: Callable[[str], bool]
    followed: set[str] = field(default_factory=set)

    def steps(self, number: str, path: tuple[str, ...]) -> Iterator[Step]:
        """The places that a number sends a call to; `path` are the numbers that it came through."""
        value = self.values[number]
        match value["type"]:
            case "number":
                yield from self._targets(value, path)
            case "url":
                yield Step(value["url"], StepKind.URL, 1)
                if value["reserve"]:
                    yield self._reserve(value["reserve"])
            case "sip":
                yield Step(value["sip_uri"], StepKind.SIP, 1)
            case "sip_trunk":
                yield Step(f"{value['static_ip']}:{value['port']}", StepKind.TRUNK, 1, value["timeout"])

    def _targets(self, value: Json, path: tuple[str, ...]) -> Iterator[Step]:
        position = 0
        for target in value["targets"]:
            why = self._silence(target)
            if not why and value["redirect"] == "single" and position:
                why = _SINGLE
            if not why:
                position = 1 if value["redirect"] == "parallel" else position + 1
            yield self._step(target, 0 if why else position, why, path)

    def _step(self, target: Json, position: int, why: str, path: tuple[str, ...]) -> Step:
        to, timeout, name = target["to"], target["timeout"], target["name"]
        place = self._place(to)
        if place is not StepKind.NUMBER or why:
            schedule = target["schedule"] if target["active"] and why not in ("", _SINGLE) else ""
            return Step(to, place, position, timeout, name, why, schedule=schedule)
        if to in path:
            return Step(to, place, position, timeout, name, _LOOP)
        if to in self.followed:
            return Step(to, place, position, timeout, name, TOLD_ABOVE)
        self.followed.add(to)
        redirect = self.values[to].get("redirect", "")
        steps = tuple(self.steps(to, (*path, to)))
        nowhere = "" if steps else _NOWHERE
        return Step(to, place, position, timeout, name, nowhere, redirect, steps)

    def _reserve(self, to: str) -> Step:
        return Step(to, self._place(to), why=_RESERVE)

    def _place(self, to: str) -> StepKind:
        if to in self.values:
            return StepKind.NUMBER
        return StepKind.SIP_ID if is_sip_id(to) else StepKind.PHONE

    def _silence(self, target: Json) -> str:
        """Why a target is not on at this instant, else ""."""
        if not target["active"]:
            return "active: false"
        schedule = target["schedule"]
        if schedule is None:
            return ""
        try:
            period = Period.parse(schedule, weekday_base="refuse")
        except PeriodError:
            return SHORT.opaque(schedule)
        return "" if self.is_on(schedule) else f"{_OUTSIDE} ({period.phrase()})"
