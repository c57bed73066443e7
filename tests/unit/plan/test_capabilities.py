"""Capabilities decide, not kinds: parking that can be read is judged by what is live; unsupported values are told."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from reconciler.audit import judge_drift
from reconciler.formats.plan import PlanFileError, load_plan, plan_as_shown, render_plan
from reconciler.model import Action, Cause, Kind, NumberForwarding, Parking, Value
from reconciler.plan.build import Refresh
from reconciler.settings import Capabilities
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
    return judge_drift(plan, state, accounts=[], risks=[], diagnostics=[], today=None)


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
    given = parks(ON, OFF)
    plan = given.plan(refresh=refresh)
    change = only(plan)
    assert (change.action, change.needs) == (Action.CREATE, ())
    assert [(each.path, each.before, each.after) for each in change.fields] == [("parking", False, True)]
    (kept,) = plan_as_shown(load_plan(render_plan(plan, tool_version="1.0").encode())).changes
    assert (kept.action, kept.fields) == (change.action, change.fields)
    assert outcomes(given.apply(refresh=refresh)) == {phone(3): "applied"}


def test_readable_parking_that_we_switched_off_is_not_there_when_it_is_switched_on_again() -> None:
    given = applied(OFF)
    given.files = [desired(3, ON)]
    assert actions(given.plan()) == {phone(3): "create"}


def test_a_shown_plan_that_adopts_what_is_off_was_edited() -> None:
    plan = parks(ON, OFF).plan()
    edited = replace(plan, changes=(replace(only(plan), action=Action.ADOPT),))
    with pytest.raises(PlanFileError, match="adopt"):
        plan_as_shown(edited)


@pytest.mark.parametrize("refresh", [Refresh.ALL, Refresh.NONE])
@pytest.mark.parametrize(("was", "wanted"), [(OFF, ON), (ON, OFF)])
def test_a_saved_plan_of_readable_parking_is_applied_as_it_was_made(
    refresh: Refresh, was: Parking, wanted: Parking
) -> None:
    given = parks(wanted, was) if wanted == ON else applied(ON)
    given.files = [desired(3, wanted)]
    assert outcomes(given.apply_saved(given.saved(refresh=refresh))) == {phone(3): "applied"}
    assert given.live["office"].values[phone(3)] == wanted


def test_a_saved_plan_has_nothing_to_write_where_readable_parking_was_switched_by_hand() -> None:
    given = applied(ON)
    given.files = [desired(3, OFF)]
    saved = given.saved(refresh=Refresh.NONE)
    live_is(given, OFF)
    writes = list(given.live["office"].writes)
    assert given.apply_saved(saved).converged
    assert given.live["office"].writes == writes


def test_readable_parking_that_is_on_and_not_recorded_is_somebody_elses() -> None:
    plan = parks(OFF, ON).plan()
    assert (only(plan).action, only(plan).needs) == (Action.DELETE, ("allow-adopt", "allow-delete"))


def test_readable_parking_in_no_file_any_more_is_switched_off_while_it_is_ours() -> None:
    given = applied(ON)
    given.files = []
    assert actions(given.plan(consent=EVERYTHING)) == {phone(3): "delete"}
    live_is(given, OFF)
    plan = given.plan()
    assert (actions(plan), codes(plan)) == ({phone(3): "forget"}, [])


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
