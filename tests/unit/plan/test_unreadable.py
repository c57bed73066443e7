"""What cannot be read stays inside the rules: allowances, limits and exit codes hold for it as for all else."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from reconciler.cli.exits import Exit, of_plan
from reconciler.model import Action, Cause, Parking, TrunkForwarding, Value
from reconciler.plan.model import Consent
from reconciler.settings import Limit, Policy
from tests.world import (
    NONE,
    Vendor,
    World,
    actions,
    breaches,
    codes,
    desired,
    key,
    only,
    phone,
    rings,
    sip,
    url,
    world,
)

ON, OFF = Parking(parked=True), Parking(parked=False)
TRUNK = TrunkForwarding("203.0.113.7", 5060, 30, "111")
FOREIGN = TrunkForwarding("", 0, 0)
BODY = frozenset({"static_ip", "port", "timeout", "did"})
DELETE = Consent(frozenset({"delete"}))


def parkings(count: int, value: Parking, **more: Any) -> World:
    return world([desired(at, value) for at in range(count)], parking=range(count), **more)


def test_switching_off_parking_that_was_never_recorded_needs_the_allowance() -> None:
    given = parkings(3, OFF)
    plan = given.plan()
    assert {change.action for change in plan.changes} == {Action.ASSERT}
    assert breaches(plan) == ["needs-allow-delete"] * 3
    assert of_plan(plan, detailed=True, enforce_policy=True) is Exit.REFUSED


@pytest.mark.parametrize("value", [ON, OFF])
def test_an_assertion_of_what_is_not_known_counts_as_a_change(value: Parking) -> None:
    given = parkings(38, value, policy=Policy(max_changes=Limit(count=2), max_deletes=Limit(count=1)))
    plan = given.plan(consent=DELETE)
    assert breaches(plan) == ["policy-max-changes"]
    assert of_plan(plan, detailed=True, enforce_policy=False) is Exit.CHANGES
    assert given.apply(consent=DELETE).wrote is False


def test_what_is_asserted_again_as_recorded_counts_only_where_it_switches_off() -> None:
    policy = Policy(max_changes=Limit(count=0), max_deletes=Limit(count=0))
    for value, refused in ((ON, []), (OFF, ["policy-max-changes"])):
        given = parkings(1, value)
        assert given.apply().converged
        given.policy = policy
        assert breaches(given.plan(reassert=True, consent=DELETE)) == refused


def test_reassert_needs_the_allowance_to_switch_off() -> None:
    given = parkings(1, OFF)
    assert given.apply().converged
    assert breaches(given.plan(reassert=True)) == ["needs-allow-delete"]


def test_recorded_parking_that_is_switched_off_is_a_delete_that_stays_recorded() -> None:
    given = parkings(1, ON)
    assert given.apply().converged
    given.files = [desired(0, OFF)]
    plan = given.plan()
    assert (only(plan).action, only(plan).needs, only(plan).cause) == (Action.DELETE, ("allow-delete",), Cause.FILES)
    assert given.apply().converged
    assert given.plan().changes == ()
    assert len(given.state.entries) == 1


# -- a body that cannot be read --------------------------------------------------------------------------------------


def blind(files: list[Value], live: Value = FOREIGN, fields: frozenset[str] = BODY) -> World:
    given = world([desired(1, value) for value in files], {1: live, 2: NONE})
    vendor(given).unreadable = fields
    return given


def vendor(given: World) -> Vendor:
    live = given.live["sales"]
    assert isinstance(live, Vendor)
    return live


def test_a_strangers_trunk_is_not_ours_and_the_plan_does_not_say_that_it_is_as_the_files_say() -> None:
    given = blind([TRUNK])
    plan = given.plan()
    assert (only(plan).action, plan.unchanged, breaches(plan)) == (Action.ADOPT, 0, ["needs-allow-adopt"])
    assert only(plan).before == {"type": "sip_trunk", "static_ip": None, "port": None, "timeout": None, "did": None}
    assert of_plan(plan, detailed=True, enforce_policy=False) is Exit.CHANGES
    assert given.apply(consent=Consent()).wrote is False
    assert given.state.entries == {}


def test_a_strangers_trunk_is_never_deleted_as_ours() -> None:
    given = blind([TRUNK])
    given.apply(consent=Consent())
    given.files = []
    assert given.plan().changes == ()


def test_a_trunk_that_was_adopted_is_ours_as_far_as_it_can_be_known() -> None:
    given = blind([TRUNK])
    assert given.apply(consent=Consent(frozenset({"adopt"}))).summary["unverified"] == 1
    assert (given.plan().changes, list(given.state.entries)) == ((), [key(1)])
    given.files = [desired(1, replace(TRUNK, port=5061))]
    assert [field.path for field in only(given.plan()).fields] == ["port"]


def test_a_recorded_number_that_became_a_trunk_by_hand_is_drift() -> None:
    given = blind([url()], NONE, frozenset())
    assert given.apply().converged
    vendor(given).values[phone(1)], vendor(given).unreadable = FOREIGN, BODY
    given.files = [desired(1, TRUNK)]
    plan = given.plan()
    assert (only(plan).action, only(plan).cause, only(plan).needs) == (Action.UPDATE, Cause.BOTH, ())


def test_reassert_over_what_nobody_recorded_is_an_adoption_by_another_name() -> None:
    given = blind([rings(client_id="crm-1")], rings(), frozenset({"client_id"}))
    plan = given.plan(reassert=True)
    assert (only(plan).action, breaches(plan)) == (Action.ASSERT, ["needs-allow-adopt"])
    given.policy = Policy(max_changes=Limit(count=0))
    assert breaches(given.plan(reassert=True, consent=Consent(frozenset({"adopt"})))) == ["policy-max-changes"]


def test_what_cannot_be_read_is_never_shown_as_live() -> None:
    given = blind([rings("74995556677", client_id="mine")], rings(client_id="real"), frozenset({"client_id"}))
    change = only(given.plan())
    assert (change.action, change.before["client_id"], change.after["client_id"]) == (Action.ADOPT, None, "mine")


def test_protection_is_recorded_also_of_what_cannot_be_read() -> None:
    given = parkings(1, ON)
    assert given.apply().converged
    given.files = [desired(0, ON, protected=True)]
    assert given.apply(consent=Consent()).converged
    given.files = [desired(0, OFF)]
    assert breaches(given.plan()) == ["needs-allow-delete", "needs-allow-protected"]


def test_forgetting_a_protected_number_needs_its_allowance() -> None:
    given = world([desired(1, sip(), protected=True)], {1: NONE})
    assert given.apply().converged
    given.files, given.forget = [], (phone(1),)
    plan = given.plan()
    assert (actions(plan), breaches(plan)) == ({phone(1): "forget"}, ["needs-allow-protected"])
    assert given.apply(consent=DELETE).wrote is False
    assert codes(plan) == []
