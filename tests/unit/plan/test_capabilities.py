"""Capabilities decide, not kinds: parking that can be read is judged by what is live; unsupported values are told."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from reconciler.audit import judged
from reconciler.change import Action, Cause
from reconciler.config.settings import Capabilities
from reconciler.model import Kind, NumberForwarding, Parking, Value
from reconciler.plan.build import Refresh
from tests.world import (
    EVERYTHING,
    FORWARDING,
    NONE,
    Vendor,
    World,
    actions,
    codes,
    desired,
    only,
    outcomes,
    phone,
    rings,
    world,
)

READABLE = Capabilities(Kind.PARKING, readable=True, listable=True)
ON, OFF = Parking(parked=True), Parking(parked=False)


def parks(desired_value: Parking | None, live: Parking) -> World:
    """A number at a provider whose parking can be read."""
    office = Vendor({phone(3): live}, account="office", capabilities=READABLE)
    return world([desired(3, desired_value)] if desired_value else [], vendors={"office": office})


def applied(value: Parking) -> World:
    given = parks(value, ON if value == OFF else OFF)
    report = given.apply()
    assert outcomes(report) == {phone(3): "applied"}
    return given


def live_is(given: World, value: Value) -> World:
    given.live["office"].values[phone(3)] = value
    return given


def audit_of(given: World) -> Any:
    plan, state = given.plan_and_state()
    return judged(plan, state, accounts=[], risks=[], diagnostics=[], today=None)


@pytest.mark.parametrize(
    ("recorded", "by_hand", "drifted", "action"),
    [(ON, OFF, Action.DELETE, Action.UPDATE), (OFF, ON, Action.CREATE, Action.DELETE)],
)
def test_readable_parking_that_was_changed_by_hand_is_drift(
    recorded: Parking, by_hand: Parking, drifted: Action, action: Action
) -> None:
    given = live_is(applied(recorded), by_hand)
    plan = given.plan()
    assert (only(plan).action, only(plan).cause, plan.as_recorded) == (action, Cause.LIVE, 0)
    assert [each.action for each in audit_of(given).drift] == [drifted]
    assert outcomes(given.apply()) == {phone(3): "applied"}
    assert given.live["office"].values[phone(3)] == recorded
    assert audit_of(given).drift == ()


def test_readable_parking_that_is_as_recorded_was_read_and_is_not_drift() -> None:
    given = applied(ON)
    plan = given.plan()
    assert (plan.changes, plan.unchanged, plan.as_recorded, plan.parked_as_recorded) == ((), 1, 0, 0)
    assert audit_of(given).drift == ()


@pytest.mark.parametrize("refresh", [Refresh.ALL, Refresh.NONE])
def test_readable_parking_is_switched_on_as_what_was_not_there(refresh: Refresh) -> None:
    change = only(parks(ON, OFF).plan(refresh=refresh))
    assert (change.action, change.needs) == (Action.CREATE, ())


def test_readable_parking_that_is_on_and_not_recorded_is_somebody_elses() -> None:
    plan = parks(OFF, ON).plan()
    assert (only(plan).action, only(plan).needs) == (Action.DELETE, ("allow-adopt", "allow-delete"))


def test_readable_parking_in_no_file_any_more_is_switched_off_while_it_is_ours() -> None:
    given = applied(ON)
    given.files = []
    assert actions(given.plan(consent=EVERYTHING)) == {phone(3): "delete"}
    live_is(given, OFF)
    assert actions(given.plan()) == {phone(3): "forget"}


def test_a_value_that_the_provider_does_not_take_is_not_planned() -> None:
    def supports(value: Value) -> str | None:
        many = isinstance(value, NumberForwarding) and len(value.targets) > 1
        return "it rings one target only" if many else None

    given = world([desired(1, rings("74992223344", "74992223355")), desired(2, rings())], {1: NONE, 2: NONE})
    given.live["sales"].capabilities = replace(FORWARDING, supports=supports)
    plan = given.plan()
    assert (actions(plan), plan.unknown, plan.complete) == ({phone(2): "create"}, 1, False)
    assert codes(plan) == ["value-unsupported"]
    (told,) = plan.diagnostics
    assert told.message == f"sales/{phone(1)}: exolve cannot take this forwarding: it rings one target only"
    assert told.location == given.files[0].declared_at
