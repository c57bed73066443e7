"""Where calls end up by way of managed numbers is judged too, whichever way a number hands them on."""

from __future__ import annotations

import pytest

from reconciler.model import TrunkForwarding, Value
from reconciler.plan.build import Selection
from reconciler.plan.model import Consent
from reconciler.plan.policy import breaches as judged
from reconciler.settings import Destinations, Policy
from tests.world import NONE, breaches, desired, phone, place, rings, sip, url, world

POLICY = Policy(
    destinations=Destinations(("RU", "sip_id", "sip:*.example.com", "sip:203.0.113.*", "url:https://*.example.com"))
)
TRUNK = TrunkForwarding("198.51.100.7", 5060, 30)


@pytest.mark.parametrize(
    ("end", "named"),
    [
        (rings("77172123456"), "77172123456"),
        (rings("74992223344", "19002123456"), "19002123456"),
        (sip("user@pbx.example.org"), "sip:user@pbx.example.org"),
        (url("https://evil.example.org/x?key=1"), "url:https://evil.example.org/x?***"),
        (url("https://a.example.com/x", "77172123456"), "77172123456"),
        (TRUNK, "sip:198.51.100.7"),
    ],
)
@pytest.mark.parametrize(
    "first",
    [rings(phone(2)), rings("74992223344", phone(2)), url("https://a.example.com/", phone(2))],
    ids=["target", "second-target", "reserve"],
)
def test_the_end_of_a_chain_is_judged_and_the_way_is_named(first: Value, end: Value, named: str) -> None:
    files = [desired(1, first), desired(2, rings(phone(3))), desired(3, end)]
    given = world(files, {1: NONE, 2: rings(phone(3)), 3: end}, policy=POLICY)
    plan = given.plan(selection=Selection(targets=(phone(1),)))
    (breach,) = plan.breaches
    assert (breach.rule, breach.address) == ("policy-destination", f"sales/{phone(1)}")
    assert f"would send calls to {named} (by way of {phone(3)})" in breach.diagnostic.message
    assert breach.diagnostic.location == place(2)
    assert breach.allowed_by == "--override policy-destination"
    override = Consent(overrides=frozenset({"policy-destination"}))
    assert breaches(given.plan(selection=Selection(targets=(phone(1),)), consent=override)) == []


def test_every_number_of_a_changed_chain_has_its_own_breach() -> None:
    files = [desired(1, rings(phone(2))), desired(2, sip("user@pbx.example.org"))]
    plan = world(files, {1: NONE, 2: NONE}, policy=POLICY).plan()
    assert {breach.address for breach in plan.breaches} == {f"sales/{phone(1)}", f"sales/{phone(2)}"}


def test_a_trunk_is_judged_by_its_address() -> None:
    permitted = TrunkForwarding("203.0.113.9", 5060, 30)
    assert breaches(world([desired(1, permitted)], {1: NONE}, policy=POLICY).plan()) == []
    assert breaches(world([desired(1, TRUNK)], {1: NONE}, policy=POLICY).plan()) == ["policy-destination"]


def test_a_value_that_comes_from_a_stored_plan_is_judged_by_the_policy_of_now() -> None:
    given = world([desired(1, rings("77172123456"))], {1: NONE})
    plan = given.plan()
    assert plan.breaches == ()
    again = judged(
        plan.changes,
        policy=POLICY,
        managed=1,
        consent=Consent(),
        places=given.configuration.numbers,
        routes={},
        unwritable={},
    )
    assert [breach.rule for breach in again] == ["policy-destination"]
