"""A plan over calls of the past: what each of its changes would do to them.

Pure; knows no files, no callers and no output.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import replace

from reconciler.canonical import Json, form
from reconciler.clock import epoch
from reconciler.diagnostics import Diagnostic
from reconciler.effects.states import OpaquePeriodError
from reconciler.effects.traffic import PastCalls, Routing, Side, moving, replay, unanswered, within_week
from reconciler.model import Action, Change, Desired, Parking, Traffic
from reconciler.plan.model import Plan
from reconciler.rules import RULES
from reconciler.schedule.zones import zone as zone_of
from reconciler.settings import Configuration

_PARKING = "parking"


# docs/decisions/185
def replayed(plan: Plan, configuration: Configuration, past: PastCalls) -> Plan:
    """The plan with what its changes would do to calls of the past, moved into the week from its own time on."""
    start = int(epoch(plan.created_at))
    move, days = moving(plan.timezone, start), past.days_until(start)
    before, after = (Routing(look_up) for look_up in _look_ups(plan, configuration))
    changes = []
    for change in plan.changes:
        calls = [move(call) for call in past.calls.get(change.key.number, ())]
        changes.append(replace(change, traffic=_traffic(change, calls, before, after, days)))
    ours = {*configuration.numbers, *(change.key.number for change in changes)}
    told = (*about_others(past, ours), *_unknown(changes))
    return replace(plan, replayed=True, changes=tuple(changes), diagnostics=(*plan.diagnostics, *told))


def _traffic(change: Change, calls: list[int], before: Routing, after: Routing, days: int) -> Traffic:
    if change.action is Action.FORGET:
        return Traffic(len(calls), days=days)
    if change.before is None or change.after is None:
        return Traffic(len(calls), unknown=len(calls), days=days)
    hidden = any(item.sensitive and item.path == "url" for item in change.fields)
    sides = Side(change.before, before), Side(change.after, after)
    try:
        return replay(change.key.number, calls, *sides, days=days, hidden_differs=hidden)
    except OpaquePeriodError:
        return Traffic(len(calls), unknown=len(calls), days=days)


Count = Callable[[Sequence[Desired]], Traffic | None]


def counting(configuration: Configuration, past: PastCalls, at: int) -> Count:
    """What counts the calls to numbers in the week, from Monday, of an instant; those that reach nobody are lost.

    It gives None where it is not known who rings.
    """
    today = zone_of(configuration.timezone).local(at)[0]
    move = within_week(configuration.timezone, today - (today + 3) % 7)
    routing = Routing(_look_up({}, _forwardings(configuration)))

    def count(items: Sequence[Desired]) -> Traffic | None:
        try:
            return Traffic.together(_unanswered(item, past, move, routing) for item in items)
        except OpaquePeriodError:
            return None

    return count


def _unanswered(item: Desired, past: PastCalls, move: Callable[[int], int], routing: Routing) -> Traffic:
    calls = [move(call) for call in past.calls.get(item.key.number, ())]
    return unanswered(item.key.number, calls, Side(form(item.value).json, routing))


def _forwardings(configuration: Configuration) -> dict[str, Desired]:
    everything = (*configuration.others, *configuration.desired)
    return {item.key.number: item for item in everything if not isinstance(item.value, Parking)}


def _look_ups(plan: Plan, configuration: Configuration) -> Iterator[Callable[[str], Json | None]]:
    """What each number does with calls before the plan and after it; what it leaves alone does what the files say."""
    desired = _forwardings(configuration)
    changed = [each for each in plan.changes if each.action is not Action.FORGET]
    for side in ({each.key.number: each.before for each in changed}, {each.key.number: each.after for each in changed}):
        yield _look_up({number: value for number, value in side.items() if value is not None}, desired)


def _look_up(changed: Mapping[str, Json], desired: Mapping[str, Desired]) -> Callable[[str], Json | None]:
    def look_up(number: str) -> Json | None:
        if number in changed:
            return None if changed[number]["type"] == _PARKING else changed[number]
        item = desired.get(number)
        return None if item is None else form(item.value).json

    return look_up


def about_others(past: PastCalls, ours: Collection[str]) -> Iterator[Diagnostic]:
    """Say how many calls went to numbers that are not ours."""
    others = sum(len(calls) for number, calls in past.calls.items() if number not in ours)
    if others and others == past.total:
        message = f"none of the {others} calls is to a number that a file declares"
        yield RULES["traffic-foreign"].at(None, message, "is `number` the number that was called?")
    elif others:
        message = f"{others} of {past.total} calls are to numbers that no file declares; they are left out"
        yield RULES["traffic-others"].at(None, message)


def _unknown(changes: list[Change]) -> Iterator[Diagnostic]:
    for change in changes:
        if change.traffic is not None and change.traffic.unknown:
            message = (
                f"{change.address}: what becomes of its {change.traffic.unknown} calls is not known, as what it does "
                "with calls now is not; they count as neither changed nor lost"
            )
            yield RULES["traffic-unknown"].at(None, message)
