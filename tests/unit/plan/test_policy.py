"""What stands against a plan: each breach names its number, its line, and the one thing that permits it."""

from __future__ import annotations

import pytest

from reconciler.model import Parking, UrlForwarding, Value
from reconciler.plan.model import Consent, Plan
from reconciler.settings import Destinations, Limit, Policy
from reconciler.workflow.validate import validate
from tests.world import EVERYTHING, NONE, World, breaches, desired, phone, rings, sip, url, world


def drifted(count: int, declared: int, policy: Policy | None = None) -> Plan:
    """A plan with `count` updates of `declared` numbers."""
    return drifted_world(count, declared, policy).plan()


def drifted_world(count: int, declared: int, policy: Policy | None = None) -> World:
    files = [desired(index, rings()) for index in range(declared)]
    given = world(files, dict.fromkeys(range(declared), NONE), policy=policy or Policy())
    assert given.apply().converged
    for index in range(count):
        given.live["sales"].values[phone(index)] = rings(timeout=99)
    return given


@pytest.mark.parametrize(
    ("count", "declared", "refused"),
    [(5, 5, False), (5, 10, False), (6, 10, True), (6, 20, False), (7, 20, True), (6, 19, True)],
)
def test_without_a_line_30_percent_but_never_less_than_5_may_change(
    count: int, declared: int, *, refused: bool
) -> None:
    assert (breaches(drifted(count, declared)) == ["policy-max-changes"]) is refused


def test_creates_are_free() -> None:
    given = world([desired(index, rings()) for index in range(20)], dict.fromkeys(range(20), NONE))
    assert breaches(given.plan()) == []


def test_a_count_holds_as_a_count() -> None:
    assert breaches(drifted(2, 100, Policy(max_changes=Limit(count=1)))) == ["policy-max-changes"]
    assert breaches(drifted(1, 100, Policy(max_changes=Limit(count=1)))) == []


@pytest.mark.parametrize(
    ("deletes", "declared", "refused"), [(1, 10, False), (2, 39, True), (2, 40, False), (3, 59, True)]
)
def test_without_a_line_5_percent_but_never_less_than_1_may_be_deleted(
    deletes: int, declared: int, *, refused: bool
) -> None:
    given = world([desired(index, rings()) for index in range(declared)], dict.fromkeys(range(declared), NONE))
    assert given.apply().converged
    given.files = [desired(index, NONE if index < deletes else rings()) for index in range(declared)]
    plan = given.plan(consent=Consent(frozenset({"delete"})))
    assert (breaches(plan) == ["policy-max-deletes"]) is refused


def test_a_breach_of_a_limit_says_count_limit_and_remedy() -> None:
    (breach,) = drifted(7, 20).breaches
    assert "7 changes in one run" in breach.diagnostic.message
    assert "policy allows 6 (30% of 20 managed numbers)" in breach.diagnostic.message
    assert breach.allowed_by == "--override policy-max-changes"


def test_a_breach_of_a_default_says_its_least_number() -> None:
    (breach,) = drifted(6, 12).breaches
    assert "policy allows 5 (30% of 12 managed numbers, but at least 5)" in breach.diagnostic.message


def test_all_of_the_managed_numbers_may_change_where_policy_says_so() -> None:
    given = world([desired(at, rings()) for at in range(4)], dict.fromkeys(range(4), NONE))
    assert given.apply().converged
    given.policy = Policy(max_changes=Limit(percent=100), max_deletes=Limit(percent=100))
    given.files = [desired(at, rings(timeout=33)) for at in range(3)]
    assert breaches(given.plan(consent=Consent(frozenset({"delete"})))) == []


def test_entries_that_manage_nothing_do_not_stretch_a_share() -> None:
    given = drifted_world(4, 10)
    given.files += [desired(at, NONE) for at in range(20, 60)]
    given.live["sales"].values |= {phone(at): NONE for at in range(20, 60)}
    given.policy = Policy(max_changes=Limit(percent=30))
    assert breaches(given.plan()) == ["policy-max-changes"]


def test_one_change_is_not_told_as_several() -> None:
    (breach,) = drifted(1, 20, Policy(max_changes=Limit(count=0))).breaches
    assert breach.diagnostic.message.startswith("1 change in one run; ")


def test_an_override_permits_its_rule_and_no_other() -> None:
    given = world(
        [desired(1, NONE)], {1: rings()}, policy=Policy(max_changes=Limit(count=0), max_deletes=Limit(count=0))
    )
    allow = frozenset({"delete", "adopt"})
    assert breaches(given.plan(consent=Consent(allow))) == ["policy-max-changes", "policy-max-deletes"]
    overrides = frozenset({"policy-max-changes"})
    assert breaches(given.plan(consent=Consent(allow, overrides))) == ["policy-max-deletes"]


def test_no_override_stands_in_for_an_allowance() -> None:
    given = world([desired(1, rings())], {1: url()})
    assert breaches(given.plan(consent=Consent(overrides=frozenset({"needs-allow-adopt"})))) == ["needs-allow-adopt"]


@pytest.mark.parametrize(("need", "files"), [("adopt", rings("74995556677")), ("protected", None), ("delete", None)])
def test_each_allowance_permits_what_it_names(need: str, files: Value | None) -> None:
    given = world([desired(1, rings(), protected=need == "protected")], {1: url() if files else NONE})
    if not files:
        assert given.apply().converged
        given.files = [desired(1, NONE if need == "delete" else rings("74995556677"))]
    plan = given.plan()
    assert breaches(plan) == [f"needs-allow-{need}"]
    (breach,) = plan.breaches
    assert breach.allowed_by == f"--allow-{need}"
    assert breach.diagnostic.location == given.files[0].declared_at
    assert breaches(given.plan(consent=Consent(frozenset({need})))) == []


def test_a_breach_refuses_the_whole_run_before_its_first_write() -> None:
    given = world([desired(1, rings()), desired(2, rings())], {1: NONE, 2: url()})
    report = given.apply(consent=Consent())
    assert (report.halt.value, report.summary["skipped"], report.wrote) == ("refused", 2, False)
    assert given.live["sales"].writes == []
    assert "--allow-adopt would allow it" in (report.results[0].error or "")
    assert given.store.text is None


# -- destinations ---------------------------------------------------------------------------------------------------

ALLOWED = Policy(
    destinations=Destinations(("RU", "sip_id", "sip:*.example.com", "url:https://*.example.com"), ("+7809",))
)


def judged(value: Value, policy: Policy = ALLOWED) -> World:
    return world([desired(1, value)], {1: NONE}, policy=policy)


@pytest.mark.parametrize(
    "value",
    [
        rings("74992223344", "883140123456789"),
        sip("user@pbx.example.com:5060"),
        url("https://a.example.com/route?key=1", "74993334455"),
        NONE,
    ],
)
def test_permitted_destinations_are_no_breach(value: Value) -> None:
    assert breaches(judged(value).plan()) == []
    assert "policy-destination" not in {each.code for each in validate(judged(value).configuration)}


@pytest.mark.parametrize(
    ("value", "named"),
    [
        (rings("74992223344", "77172123456"), "77172123456"),
        (rings("78091234567"), "78091234567"),
        (url("https://a.example.com/", "19002123456"), "19002123456"),
        (url("https://evil.example.org/x?key=hidden"), "url:https://evil.example.org/x?***"),
        (sip("user@evil.org"), "sip:user@evil.org"),
    ],
)
def test_a_forbidden_destination_is_a_breach_and_found_offline(value: Value, named: str) -> None:
    plan = judged(value).plan()
    assert breaches(plan) == ["policy-destination"]
    assert named in plan.breaches[0].diagnostic.message
    (finding,) = [each for each in validate(judged(value).configuration) if each.code == "policy-destination"]
    assert finding.is_error
    assert named in finding.message


def test_a_forbidden_destination_at_the_end_of_a_chain_is_a_breach() -> None:
    files = [desired(1, rings(phone(2))), desired(2, rings("19002123456"))]
    given = world(files, {1: NONE, 2: rings("19002123456")}, policy=ALLOWED)
    plan = given.plan()
    (breach,) = plan.breaches
    assert breach.address == f"sales/{phone(1)}"
    assert f"19002123456 (by way of {phone(2)})" in breach.diagnostic.message


def test_a_chain_that_is_a_loop_is_judged_all_the_same() -> None:
    files = [desired(1, rings(phone(2))), desired(2, rings(phone(1)))]
    assert breaches(world(files, {1: NONE, 2: NONE}, policy=ALLOWED).plan()) == []


def test_a_delete_sends_calls_nowhere() -> None:
    given = world([desired(1, NONE)], {1: rings("19002123456")}, policy=ALLOWED)
    assert breaches(given.plan(consent=EVERYTHING)) == []


def test_parking_sends_calls_nowhere() -> None:
    given = world([desired(3, Parking(parked=True))], parking=[3], policy=ALLOWED)
    assert breaches(given.plan()) == []
    assert isinstance(url(), UrlForwarding)
