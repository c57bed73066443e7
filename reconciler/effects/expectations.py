"""What a configuration says of itself: who is to ring for a number, at some times or during a schedule.

Exact: a schedule is held against all times to come, not against samples. Knows no files and no output format.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

from reconciler.canonical import Json, form
from reconciler.clock import local_text
from reconciler.diagnostics import Diagnostic, Related
from reconciler.effects.calls import CallMap, shorten
from reconciler.effects.routes import TOLD_ABOVE, Step, StepKind, route, route_while
from reconciler.effects.states import OpaquePeriodError, instants_of, partition, times_of
from reconciler.rules import RULES
from reconciler.schedule import Instants
from reconciler.schedule.zones import zone as zone_of
from reconciler.settings import Configuration, Expectation

_CHANGE = "change the forwarding, or write under `expectations` what is right now"
_MOST_TOLD = 20
_MOST_SCHEDULES = 200  # what they take grows with their square: 8 s for so many


# docs/decisions/178
def unmet(configuration: Configuration) -> Iterator[Diagnostic]:
    """The expectations that do not hold, those of the scenario that is laid over, or of none."""
    asked = [each for each in configuration.expectations if each.scenario == configuration.scenario]
    if not asked:
        return
    calls = CallMap.of(configuration, with_others=True)
    for each in asked:
        yield from _Judge(calls, each).judged()


class _Judge:
    """One expectation, held against the forwardings that a call may pass through."""

    def __init__(self, calls: CallMap, expected: Expectation) -> None:
        self._calls = calls
        self._expected = expected
        self._values = dict(_behind(calls, expected.number))

    def judged(self) -> Iterator[Diagnostic]:
        """The times at which somebody else rings, those with the same ones told together."""
        if not self._values:
            yield self._broken(f"{self._expected.number} has no forwarding in these files")
            return
        try:
            yield from self._at() if self._expected.at else self._during()
        except OpaquePeriodError as error:
            yield self._broken(f"it is not known when {error} is on")

    @property
    def _zone(self) -> str:
        return self._calls.configuration.timezone

    def _at(self) -> Iterator[Diagnostic]:
        for text in self._schedules():
            instants_of(text)
        for at in self._expected.at:
            rings = _ringing(route(self._expected.number, self._values, at=at, zone=self._zone).steps)
            if rings != self._expected.rings:
                yield self._other(f"at {local_text(at, zone_of(self._zone).offset(at))}", rings)

    def _during(self) -> Iterator[Diagnostic]:
        asked = times_of(self._expected.during)
        if asked is None:
            raise OpaquePeriodError("; ".join(self._expected.during))
        if (count := len(self._schedules())) > _MOST_SCHEDULES:
            message = f"for {self._expected.number} {count} schedules decide who rings, too many to judge all times"
            yield self._broken(message, f"write `at`, or use fewer than {_MOST_SCHEDULES + 1} schedules on the way")
            return
        found: dict[tuple[str, ...], Instants] = {}
        for when, rings in self._states():
            both = self._calls.wording.coming(when & asked)
            if not both.is_empty and rings != self._expected.rings:
                found[rings] = found[rings] | both if rings in found else both
        for rings, when in islice(found.items(), _MOST_TOLD):
            yield self._other("" if when.is_full else shorten(self._calls.wording.times(when)), rings)
        if (more := len(found) - _MOST_TOLD) > 0:
            yield self._broken(f"for {self._expected.number} others ring at other times too, in {more} more ways")

    def _states(self) -> Iterator[tuple[Instants, tuple[str, ...]]]:
        """Who rings when: times at which the same schedules of all numbers on the way are on."""
        schedules = self._schedules()
        for piece in partition(schedules):
            on = {schedules[index] for index in piece.on}
            yield piece.when, _ringing(route_while(self._expected.number, self._values, on.__contains__).steps)

    def _schedules(self) -> tuple[str, ...]:
        return tuple(sorted({text for value in self._values.values() for text in _schedules(value)}))

    def _other(self, when: str, rings: tuple[str, ...]) -> Diagnostic:
        verb = "ring" if rings[1:] else "rings"
        who = f"{self._told(rings)} {verb}, where {self._told(self._expected.rings)} is expected"
        return self._broken(
            f"for {self._expected.number} {when}: {who}" if when else f"for {self._expected.number} {who}"
        )

    def _told(self, rings: tuple[str, ...]) -> str:
        more = ("others",) if rings[_MOST_TOLD:] else ()
        return ", then ".join((*map(self._calls.wording.who, rings[:_MOST_TOLD]), *more)) or "nobody"

    def _broken(self, message: str, hint: str = _CHANGE) -> Diagnostic:
        desired = self._calls.forwardings.get(self._expected.number)
        related = () if desired is None else (Related("its forwarding", desired.place_of("")),)
        return RULES["expectation-unmet"].at(self._expected.location, message, hint, related)


def _behind(calls: CallMap, number: str) -> Iterator[tuple[str, Json]]:
    """The canonical values of a number and of all managed ones that its calls may reach."""
    waiting, seen = [number], {number}
    while waiting:
        here = waiting.pop()
        if here in calls.forwardings:
            yield here, form(calls.forwardings[here].value).json
        onward = {edge.to for edge in calls.edges.get(here, ())} - seen
        seen |= onward
        waiting += sorted(onward)


def _schedules(value: Json) -> Iterator[str]:
    for target in value.get("targets", ()):
        if target["active"] and target["schedule"] is not None:
            yield target["schedule"]


_MOST_RINGING = 1000  # numbers that send calls on to each other twice double what rings at each step


def _ringing(steps: tuple[Step, ...], known: dict[str, tuple[str, ...]] | None = None) -> tuple[str, ...]:
    """Where a call ends up, in order; through other numbers to what rings there, also where the way is `known`."""
    known = {} if known is None else known
    found: list[str] = []
    for step in steps:
        if step.place is StepKind.NUMBER:
            if not step.why:
                known[step.to] = _ringing(step.steps, known)
            found += known.get(step.to, ()) if step.why in ("", TOLD_ABOVE) else ()
        elif step.rings:
            found.append(step.to)
    return tuple(found[:_MOST_RINGING])
