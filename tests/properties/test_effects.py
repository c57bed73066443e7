"""What a change is said to do to callers is what it does, at every edge and one second around it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from reconciler.canonical import Json, form
from reconciler.effects.change import differences, effects
from reconciler.effects.states import CallFlow, CallHandling
from reconciler.model import NumberForwarding, Redirect, Target, WeekdayBase
from reconciler.schedule import Period

ZONE = "Europe/Moscow"
MOMENT = 1_795_000_000
PHONES = ("74992223344", "74992223355", "74992223366", "74992223377")
PERIODS = (
    "wd {mon-fri} hr {9-17}",
    "wd {mon-fri} hr {9-16}",
    "wd {sat sun}",
    "wd {sat} hr {10-13}",
    "hr {22-5}",
    "wd {mon} hr {9} min {30-59}",
    "mo {jan} md {1-8}",
    "mo {feb} md {29}",
    "yr {2027} mo {may} md {9}",
    "wd {wed} hr {12} min {0} sec {0-29}",
)

targets = st.builds(
    Target,
    to=st.sampled_from(PHONES),
    timeout=st.sampled_from([16, 20, 30]),
    periods=st.lists(st.sampled_from(PERIODS), max_size=2, unique=True).map(tuple),
    schedule_description=st.just(""),
    name=st.just(""),
    active=st.sampled_from([True, True, True, False]),
    weekday_base=st.just(WeekdayBase.REFUSE),
)
forwardings = st.builds(
    NumberForwarding,
    redirect=st.sampled_from(Redirect),
    targets=st.lists(targets, min_size=1, max_size=4).map(tuple),
    file_to_a=st.sampled_from(["", "", "12345"]),
)


def rings_at(value: Json, instant: int) -> tuple[Any, ...]:
    """Who rings at an instant, target by target, by asking each period: another way than the one under test."""
    on = [
        (target["to"], target["timeout"])
        for target in value["targets"]
        if target["active"] and (target["schedule"] is None or Period.parse(target["schedule"]).matches(instant, ZONE))
    ]
    if value["redirect"] == "single":
        on = on[:1]
    if value["redirect"] == "parallel":
        on.sort()
    manner = value["redirect"] if len(on) > 1 else ""
    return tuple(on), manner, value["file_to_a"] if on else ""


def edges(*values: Json) -> Iterator[int]:
    """Every instant of the next year at which some target's state changes, and the seconds before and after."""
    yield MOMENT
    schedules = {target["schedule"] for value in values for target in value["targets"] if target["schedule"]}
    for schedule in schedules:
        for flip, _ in Period.parse(schedule).next_flips(MOMENT, ZONE, 30):
            yield from (flip - 1, flip, flip + 1)


def as_tuple(happening: CallHandling) -> tuple[Any, ...]:
    return happening.rings, happening.redirect, happening.announcement


def hold(before: NumberForwarding, after: NumberForwarding) -> None:
    """Assert that the differences hold exactly when the ringing differs, and name both sides rightly."""
    old, new = form(before).json, form(after).json
    found = list(differences(CallFlow.of(old), CallFlow.of(new)))
    for instant in set(edges(old, new)):
        was, now = rings_at(old, instant), rings_at(new, instant)
        noticed = [each for each in found if Period(None, each.when).matches(instant, ZONE)]
        if was == now:
            assert noticed == []
        else:
            (each,) = noticed
            assert (as_tuple(each.before), as_tuple(each.after)) == (was, now)
    assert bool(effects(old, new)) == bool(found)


@given(forwardings, forwardings)
@settings(max_examples=60)
def test_effects_hold_exactly_when_the_ringing_differs(before: NumberForwarding, after: NumberForwarding) -> None:
    hold(before, after)


@pytest.mark.soak
@given(forwardings, forwardings)
@settings(max_examples=3000)
def test_effects_hold_exactly_in_a_long_campaign(before: NumberForwarding, after: NumberForwarding) -> None:
    hold(before, after)


@given(forwardings)
@settings(max_examples=60)
def test_a_value_has_no_effect_on_itself(value: NumberForwarding) -> None:
    assert effects(form(value).json, form(value).json) == ()


@given(forwardings, forwardings)
@settings(max_examples=60)
@example(
    NumberForwarding(Redirect.SEQUENTIAL, (Target(PHONES[0], 20),)),
    NumberForwarding(Redirect.PARALLEL, (Target(PHONES[0], 20),)),
)
def test_both_directions_tell_the_same_times_and_no_line_says_the_same_on_both_sides(
    before: NumberForwarding, after: NumberForwarding
) -> None:
    there, back = effects(form(before).json, form(after).json), effects(form(after).json, form(before).json)
    assert sorted(item.when for item in there) == sorted(item.when for item in back)
    assert all(item.before != item.after for item in there)
    assert len({(item.before, item.after) for item in there}) == len(there)
