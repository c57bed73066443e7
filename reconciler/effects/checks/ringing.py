"""What is wrong with the targets of one number: nobody rings, one rings twice or never, it takes too long.

Judged once for each distinct pattern of targets, however many numbers share it. Knows no chains of numbers.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

from reconciler.diagnostics import Diagnostic
from reconciler.effects.checks.calls import CallMap, found, heaviest, shortened
from reconciler.effects.states import times_of
from reconciler.model import Desired, Redirect
from reconciler.schedule import NEVER_PERIOD, Instants, Period

LONGEST_RINGING_SECONDS = 180
_ENOUGH_SECONDS = 10**6


class Fault(NamedTuple):
    """A fault of a pattern; `at` is the index of the target in question, None for all of them."""

    code: str
    message: str
    at: int | None = None


def ringing_faults(calls: CallMap) -> Iterator[Diagnostic]:
    """Judge the targets of every number; numbers with the same gap are told together."""
    gaps: dict[str, list[Desired]] = {}
    for desired, value in calls.numbers:
        names = [target.to for target in value.targets]
        times = tuple([(target.timeout, target.periods, target.active) for target in value.targets])
        when, faults = _judged(value.redirect, _alike(names), times)
        if when is not None:
            gaps.setdefault(when, []).append(desired)
        for fault in faults:
            path = "targets" if fault.at is None else f"targets[{fault.at}]"
            yield found(fault.code, desired, path, fault.message.format(*names))
    for when, numbers in gaps.items():
        yield _gap_of(numbers, when)


def _alike(names: list[str]) -> tuple[int, ...]:
    """A small number for each name, the same for the same; nothing where all differ."""
    if len(set(names)) == len(names):
        return ()
    return tuple(names.index(name) for name in names)


# docs/decisions/060
def _gap_of(numbers: list[Desired], when: str) -> Diagnostic:
    others = len(numbers) - 1
    same = f" (the same for {others} more number{'s' if others > 1 else ''})" if others else ""
    message = f"no target rings {shortened(when)}{same}; what the vendor does then is not documented"
    hint = "add a target without a schedule for the rest of the time, or set policy.rules.route-gap: off"
    return found("route-gap", numbers[0], "targets", message, hint=hint)


Times = tuple[tuple[int, tuple[str, ...], bool], ...]
"""Timeout, periods and `active` of each target: with `redirect`, the pattern that many numbers share."""


@lru_cache(maxsize=8192)
def _judged(redirect: Redirect, alike: tuple[int, ...], times: Times) -> tuple[str | None, tuple[Fault, ...]]:
    """The gap of a pattern and its faults; their messages name targets by their index in braces."""
    gap = _gap(tuple(periods for _, periods, active in times if active))
    on = [(at, when) for at, (_, periods, active) in enumerate(times) if active and (when := times_of(periods))]
    same = alike or tuple(range(len(times)))
    match redirect:
        case Redirect.SINGLE:
            return gap, tuple(_several_under_single(on))
        case Redirect.PARALLEL:
            return gap, tuple(_twice(on, same, neighbours=False))
        case Redirect.SEQUENTIAL:
            long = _long_ringing([(when, times[at][0]) for at, when in on])
            return gap, (*_twice(on, same, neighbours=True), *long)


def _gap(schedules: tuple[tuple[str, ...], ...]) -> str | None:
    """Say when none of these is on; None where one always is, or where that is not known."""
    if () in schedules:
        return None
    covered = NEVER_PERIOD.instants
    for periods in schedules:
        when = times_of(periods)
        if when is None:
            return None
        covered |= when
    if covered.is_full:
        return None
    return "at any time" if covered.is_empty else f"at these times: {Period(None, ~covered).phrase()}"


def _several_under_single(on: list[tuple[int, Instants]]) -> Iterator[Fault]:
    """Two targets at once where only one may ring; one that is covered wholly never does."""
    earlier = NEVER_PERIOD.instants
    for at, when in on:
        if when.is_empty:
            continue
        if (when - earlier).is_empty:
            message = f"{{{at}}} never rings: under `redirect: single` the targets before it cover all its time"
            yield Fault("route-shadowed", message, at)
        elif not (both := when & earlier).is_empty:
            shared = shortened(Period(None, both).phrase())
            message = f"{{{at}}} and a target before it are both on ({shared}), and `redirect: single` rings one"
            yield Fault("route-single-several", message, at)
        earlier |= when


def _twice(on: list[tuple[int, Instants]], same: tuple[int, ...], *, neighbours: bool) -> Iterator[Fault]:
    """The same target twice at once; one after the other only where nobody rings in between."""
    for index, (first, when) in enumerate(on):
        for second, other in on[index + 1 : index + 2] if neighbours else on[index + 1 :]:
            if same[first] == same[second] and not (both := when & other).is_empty:
                manner = "in a row" if neighbours else "at once"
                message = f"{{{second}}} rings twice {manner} ({shortened(Period(None, both).phrase())})"
                yield Fault("route-double-ring", message, second)


def _long_ringing(weighed: list[tuple[Instants, int]]) -> Iterator[Fault]:
    """Targets that ring one after the other for longer than callers wait."""
    if sum(seconds for _, seconds in weighed) <= LONGEST_RINGING_SECONDS:
        return
    longest = heaviest(weighed, enough=_ENOUGH_SECONDS)
    if longest > LONGEST_RINGING_SECONDS:
        most = LONGEST_RINGING_SECONDS
        message = f"a caller may wait {longest} s until the last target has rung (more than {most} s)"
        yield Fault("route-long-ringing", message)
