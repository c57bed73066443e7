"""Plans that are saved, expected, limited and applied later: exactly that, or refused with the number named."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from reconciler.apply.report import ApplyReport, Halt
from reconciler.cli.exits import Exit, of_report
from reconciler.formats.plan import PlanFileError, load_plan, render_plan
from reconciler.http.errors import LoginRequired, Unavailable
from reconciler.model import LiveSource, NumberForwarding, Outcome, Parking, Target
from reconciler.plan.build import Refresh, Selection
from reconciler.plan.model import Consent, Plan
from reconciler.providers.base import Provider
from reconciler.secrets import VariableError
from reconciler.settings import Policy
from reconciler.wiring import Session
from reconciler.workflow.plan import storable
from reconciler.workflow.stored import StalePlanError, _moved_reason, check_expected, stored_plan
from tests.record.faulty import FaultyStore
from tests.world import (
    EVERYTHING,
    NONE,
    Vendor,
    World,
    breaches,
    desired,
    key,
    only,
    outcomes,
    phone,
    result,
    rings,
    sip,
    url,
    world,
)

EVENTS = "https://example.com/calls?key=${var:EVENT_KEY}"


def saved(given: World, **asked: object) -> bytes:
    """A plan file's bytes."""
    return given.saved(**asked)


def apply_file(
    given: World, data: bytes, *, allow_partial: bool = False, consent: Consent | None = None
) -> ApplyReport:
    return given.apply_saved(data, allow_partial=allow_partial, consent=consent)


def two() -> World:
    return world([desired(1, rings()), desired(2, sip())], {1: NONE, 2: url()})


def reads(given: World) -> list[str]:
    seen: list[str] = []
    given.live["sales"].before = lambda verb, number: seen.append(number) if verb == "read" else None
    return seen


def test_a_date_that_is_over_and_was_recorded_away_does_not_make_an_unread_plan_stale() -> None:
    def at(*periods: str) -> NumberForwarding:
        return NumberForwarding(rings().redirect, (Target("74992223344", 20, periods),))

    given = world([desired(1, at("yr {2020} mo {5} md {9}", "wd {mon}"))], {1: NONE})
    assert given.apply().converged
    given.files = [desired(1, at("wd {mon}"))]
    assert given.apply().converged
    given.files = [desired(1, replace(at("wd {mon}"), masking=True))]
    report = given.apply(refresh=Refresh.NONE)
    assert report.converged, report


def test_an_unread_plan_over_a_secret_that_is_still_there_is_not_stale() -> None:
    given = world([desired(1, rings(event_url=EVENTS))], {1: NONE})
    given.variables = {"EVENT_KEY": "s3cret"}
    assert given.apply().converged
    given.files = [desired(1, rings(timeout=35, event_url=EVENTS))]
    report = given.apply(refresh=Refresh.NONE)
    assert report.converged, report


def test_nothing_known_may_become_nothing_there_but_not_the_other_way_round() -> None:
    change = only(world([desired(1, rings())], {1: NONE}).plan(refresh=Refresh.NONE))
    assert (change.before, change.live_source) == (None, LiveSource.UNKNOWN)
    known = replace(change, before={"type": "none"})
    assert _moved_reason(change, known, None) == ""
    assert _moved_reason(known, change, None) == "what is known about its live value has changed"


# -- a saved plan ---------------------------------------------------------------------------------------------------


def test_a_saved_plan_is_applied_exactly() -> None:
    given = two()
    report = apply_file(given, saved(given))
    assert outcomes(report) == {phone(1): "applied", phone(2): "applied"}
    assert given.plan().changes == ()


def test_every_kind_of_change_survives_saving() -> None:
    files = [desired(index, rings()) for index in (1, 2, 3)]
    given = world([*files, desired(5, Parking(parked=True))], dict.fromkeys((1, 2, 3, 4), NONE), parking=[5, 6])
    given.files.append(desired(6, Parking(parked=True)))
    assert given.apply().converged
    given.files = [
        desired(1, rings(timeout=30)),
        desired(2, NONE),
        desired(4, rings(event_url=EVENTS)),
        desired(5, Parking(parked=False)),
    ]
    given.variables = {"EVENT_KEY": "s3cret"}
    data = saved(given)
    assert b"s3cret" not in data
    report = apply_file(given, data)
    assert report.converged, report
    assert {done.action.value for done in report.results} == {"create", "update", "delete"}
    assert given.plan().changes == ()
    assert set(given.state.entries) == {each.key for each in given.files}


def test_a_stale_plan_tells_of_numbers_that_cannot_be_read_and_an_error_goes_before() -> None:
    given = world([desired(1, rings()), desired(2, rings())], {1: NONE, 2: NONE})
    stored = saved(given)
    vendor = given.live["sales"]
    vendor.values[phone(1)] = url()

    def before(verb: str, number: str) -> None:
        if verb == "read" and number == phone(2):
            raise Unavailable("Exolve cannot be reached")

    vendor.before = before
    report = apply_file(given, stored)
    assert outcomes(report) == {phone(1): "skipped", phone(2): "failed"}
    assert [item.code for item in report.diagnostics] == ["plan-stale", "provider-unavailable"]
    assert (report.halt, of_report(report), vendor.writes) == (Halt.STALE, Exit.ERROR, [])


def test_a_number_that_moved_makes_the_plan_stale_names_it_and_touches_nothing() -> None:
    given = two()
    data = saved(given)
    given.live["sales"].values[phone(2)] = url("https://example.com/other")
    report = apply_file(given, data)
    assert (report.halt, report.wrote) == (Halt.STALE, False)
    (problem,) = report.diagnostics
    assert problem.code == "plan-stale"
    assert f"sales/{phone(2)} has changed since the plan" in problem.message
    assert 'url was "https://example.com/route", is "https://example.com/other"' in problem.message
    assert given.live["sales"].values[phone(1)] == NONE


def test_allow_partial_applies_what_has_not_moved() -> None:
    given = two()
    data = saved(given)
    given.live["sales"].values[phone(2)] = url("https://example.com/other")
    report = apply_file(given, data, allow_partial=True)
    assert outcomes(report) == {phone(1): "applied", phone(2): "skipped"}
    assert (report.converged, given.live["sales"].values[phone(2)]) == (False, url("https://example.com/other"))


def test_what_depends_on_a_number_that_moved_is_skipped_with_it() -> None:
    given = world([desired(1, rings(phone(2))), desired(2, sip()), desired(3, sip())], {1: NONE, 2: url(), 3: NONE})
    data = saved(given)
    given.live["sales"].values[phone(2)] = rings()
    report = apply_file(given, data, allow_partial=True)
    assert outcomes(report) == {phone(1): "skipped", phone(2): "skipped", phone(3): "applied"}


def test_every_number_of_a_saved_plan_is_read_before_the_first_write() -> None:
    given = two()
    data = saved(given)
    seen: list[tuple[str, str]] = []
    given.live["sales"].before = lambda verb, number: seen.append((verb, number))
    apply_file(given, data)
    first_write = [verb for verb, _ in seen].index("write")
    assert {number for _, number in seen[:first_write]} == {phone(1), phone(2)}
    assert len(seen[:first_write]) == 2


def test_a_read_older_than_30_seconds_is_repeated_just_before_the_write() -> None:
    for age, expected_reads in ((29.0, 1), (31.0, 2)):
        given = two()
        data = saved(given)
        before: list[str] = []

        def note(verb: str, number: str, *, given: World = given, before: list[str] = before, age: float = age) -> None:
            if verb == "write" and number == phone(1):
                given.clock.time += age
            if verb == "read" and number == phone(2) and given.live["sales"].values[phone(2)] != sip():
                before.append(number)

        given.live["sales"].before = note
        assert apply_file(given, data).converged
        assert len(before) == expected_reads, age


def test_a_number_that_moves_between_the_first_look_and_the_write_is_not_written() -> None:
    given = two()
    data = saved(given)

    def alter(verb: str, number: str) -> None:
        if verb == "write" and number == phone(1):
            given.clock.time += 31
            given.live["sales"].values[phone(2)] = rings()

    given.live["sales"].before = alter
    report = apply_file(given, data)
    assert outcomes(report) == {phone(1): "applied", phone(2): "skipped"}
    assert [item.code for item in report.diagnostics] == ["plan-stale"]


def test_a_fresh_plan_reads_each_number_once_more_before_its_write() -> None:
    given = two()
    plan, state = given.plan_and_state(consent=EVERYTHING)
    seen = reads(given)
    given.apply_plan(plan, state)
    assert sorted(seen) == [phone(1)] * 2 + [phone(2)] * 2


def test_an_expired_plan_is_stale() -> None:
    given = two()
    data = saved(given, expires_in=3600.0)
    given.clock.time += 3599
    assert stored_plan(given.session, data, Consent()).plan.changes
    given.clock.time += 1
    with pytest.raises(StalePlanError, match="expired"):
        stored_plan(given.session, data, Consent())


def test_a_plan_of_another_configuration_is_refused() -> None:
    given = two()
    data = saved(given)
    given.name = "kazan"
    with pytest.raises(PlanFileError, match="made for configuration 'moscow', and this one is 'kazan'"):
        stored_plan(given.session, data, Consent())


def test_a_configuration_that_changed_makes_the_plan_stale() -> None:
    given = two()
    data = saved(given)
    given.digest = "sha256:2"
    with pytest.raises(StalePlanError, match="the configuration has changed since"):
        stored_plan(given.session, data, Consent())


def test_a_record_that_is_another_one_makes_the_plan_stale() -> None:
    given = two()
    given.apply()
    given.files = [desired(1, rings(timeout=30)), desired(2, sip())]
    data = saved(given)
    other = two()
    other.apply()
    given.store = other.store
    report = apply_file(given, data)
    assert (report.halt, report.wrote) == (Halt.STALE, False)
    assert "another record (lineage)" in report.diagnostics[0].message


def test_a_record_that_was_made_after_the_plan_makes_it_stale() -> None:
    given = two()
    data = saved(given)
    third = desired(3, sip())
    given.files.append(third)
    given.live["sales"].values[phone(3)] = NONE
    given.apply(selection=Selection(targets=(phone(3),)))
    given.files.remove(third)
    report = apply_file(given, data)
    assert report.halt is Halt.STALE
    assert "the record was made after this plan" in report.diagnostics[0].message


def test_a_record_that_vanished_makes_the_plan_stale() -> None:
    given = two()
    given.apply()
    given.files = [desired(1, rings(timeout=30)), desired(2, sip())]
    data = saved(given)
    given.store = FaultyStore()
    assert apply_file(given, data).halt is Halt.STALE


def test_a_change_that_came_from_the_record_is_stale_when_the_record_moved() -> None:
    given = world([desired(3, Parking(parked=True))], parking=[3])
    given.apply()
    given.files = [desired(3, Parking(parked=False))]
    data = saved(given)
    given.files = [desired(3, Parking(parked=True), protected=True)]
    given.apply()
    given.files = [desired(3, Parking(parked=False))]
    report = apply_file(given, data)
    assert (report.halt, report.wrote) == (Halt.STALE, False)
    assert "it is protected now" in report.diagnostics[0].message


def test_a_secret_that_rotated_since_the_plan_makes_it_stale() -> None:
    given = world([desired(1, rings(event_url=EVENTS))], {1: NONE}, variables={"EVENT_KEY": "one-s3cret"})
    data = saved(given)
    assert stored_plan(given.session, data, Consent()).plan.changes
    given.variables = {"EVENT_KEY": "two-s3cret"}
    report = apply_file(given, data)
    assert (report.halt, report.wrote) == (Halt.STALE, False)
    assert "its desired value is no longer the one in the plan" in report.diagnostics[0].message


def test_a_variable_that_is_unset_at_apply_is_named() -> None:
    given = world([desired(1, rings(event_url=EVENTS))], {1: NONE}, variables={"EVENT_KEY": "one-s3cret"})
    data = saved(given)
    given.variables = {}
    with pytest.raises(VariableError, match="RECONCILER_VAR_EVENT_KEY is not set"):
        stored_plan(given.session, data, Consent())


def test_without_a_key_a_plan_that_changes_a_secret_cannot_be_saved_and_says_so() -> None:
    given = world([desired(1, rings(event_url=EVENTS))], {1: NONE}, variables={"EVENT_KEY": "one-s3cret"}, key=None)
    (problem,) = storable(given.plan(), given.session.plan_context())
    assert (problem.code, problem.is_error) == ("plan-needs-record-key", True)
    assert "event_url" in problem.message
    given.key = "another key that is long enough to be one"
    assert storable(given.plan(), given.session.plan_context()) == ()


def test_without_a_key_a_plan_without_secrets_can_be_saved() -> None:
    given = world([desired(1, rings())], {1: NONE}, key=None)
    assert storable(given.plan(), given.session.plan_context()) == ()


# -- consent of a saved plan ----------------------------------------------------------------------------------------


def test_allowances_are_kept_in_the_plan_file() -> None:
    given = world([desired(1, rings())], {1: url()})
    plan = given.plan(consent=Consent(frozenset({"adopt"})))
    assert apply_file(given, render_plan(plan, tool_version="1").encode()).converged


def test_a_saved_plan_without_its_allowance_is_refused_until_it_is_given() -> None:
    given = world([desired(1, rings())], {1: url()})
    data = render_plan(given.plan(), tool_version="1").encode()
    report = apply_file(given, data)
    assert (report.halt, report.wrote) == (Halt.REFUSED, False)
    assert apply_file(given, data, consent=Consent(frozenset({"adopt"}))).converged


def test_policy_is_judged_again_when_a_saved_plan_is_applied() -> None:
    given = two()
    data = saved(given)
    given.policy = Policy(change_window=("hr {3}",))
    report = apply_file(given, data)
    assert (report.halt, report.wrote) == (Halt.REFUSED, False)
    assert [item.code for item in report.diagnostics] == ["policy-change-window"]
    assert apply_file(given, data, consent=Consent(overrides=frozenset({"policy-change-window"}))).converged


def test_what_cannot_be_written_still_refuses_a_saved_plan() -> None:

    given = world([desired(1, rings())], {1: url()})
    vendor = given.live["sales"]
    assert isinstance(vendor, Vendor)
    vendor.unwritable = {"answer": True}
    data = saved(given)
    report = apply_file(given, data)
    assert (report.halt, report.wrote) == (Halt.REFUSED, False)
    assert apply_file(given, data, consent=Consent(overrides=frozenset({"unwritable-fields"}))).converged


# -- an expected plan -----------------------------------------------------------------------------------------------


def reviewed(given: World) -> Plan:
    return given.plan(consent=EVERYTHING)


def test_the_reviewed_change_set_is_as_expected_also_from_another_machine_and_time() -> None:
    given = two()
    plan = reviewed(given)
    given.clock.time += 7200
    check_expected(reviewed(given), plan, given.clock.now())


@pytest.mark.parametrize(
    "alter",
    [
        lambda given: given.live["sales"].values.update({phone(2): rings()}),
        lambda given: given.files.__setitem__(1, desired(2, sip("other@example.com"))),
        lambda given: given.files.pop(),
        lambda given: given.files.append(desired(3, rings())) or given.live["sales"].values.update({phone(3): NONE}),
    ],
)
def test_any_other_change_set_is_refused_and_names_who_differs(alter: Callable[[World], object]) -> None:
    given = two()
    plan = reviewed(given)
    alter(given)
    with pytest.raises(StalePlanError) as caught:
        check_expected(reviewed(given), plan, given.clock.now())
    (problem,) = caught.value.diagnostics
    assert phone(3 if len(given.files) == 3 else 2) in problem.message


def test_a_secret_that_rotated_is_another_change_set() -> None:
    given = world([desired(1, rings(event_url=EVENTS))], {1: NONE}, variables={"EVENT_KEY": "one-s3cret"})
    plan = reviewed(given)
    given.variables = {"EVENT_KEY": "two-s3cret"}
    with pytest.raises(StalePlanError):
        check_expected(reviewed(given), plan, given.clock.now())


# -- limits ---------------------------------------------------------------------------------------------------------


def test_a_limit_keeps_the_first_changes_and_what_they_depend_on() -> None:
    files = [desired(1, rings(phone(2))), desired(2, rings()), desired(3, rings())]
    given = world(files, {1: NONE, 2: NONE, 3: NONE})
    plan = given.plan(limit=2)
    assert [change.key.number for change in plan.changes] == [phone(2), phone(1)]
    assert given.apply(limit=1).summary["applied"] == 1
    assert len(given.plan().changes) == 2


def test_a_limit_that_keeps_a_delete_for_later_makes_no_claim_about_everything() -> None:
    given = world([desired(index, rings()) for index in range(3)], dict.fromkeys(range(3), NONE))
    given.apply()
    given.files = given.files[:1]
    plan, state = given.plan_and_state(limit=1, consent=EVERYTHING)
    assert (len(plan.changes), plan.left_out) == (1, 1)
    assert not given.apply_plan(plan, state).whole
    assert load_plan(render_plan(plan, tool_version="1").encode()).left_out == 1
    assert given.apply().whole


def test_a_narrowed_apply_makes_no_claim_about_numbers_that_have_left_the_files() -> None:
    given = world([desired(index, rings()) for index in range(2)], dict.fromkeys(range(2), NONE))
    given.apply()
    given.files = given.files[:1]
    plan, state = given.plan_and_state(selection=Selection(accounts=("sales",)), consent=EVERYTHING)
    assert (plan.changes, plan.narrowed) == ((), True)
    assert load_plan(render_plan(plan, tool_version="1").encode()).narrowed
    assert not given.apply_plan(plan, state).whole


def test_a_limited_plan_is_judged_by_what_is_left() -> None:
    given = world([desired(1, rings()), desired(2, sip())], {1: NONE, 2: url()})
    assert breaches(given.plan()) == ["needs-allow-adopt"]
    assert breaches(given.plan(limit=1)) == []


# -- what else an apply is ------------------------------------------------------------------------------------------


def test_refresh_none_applies_from_the_record_and_still_looks_before_each_write() -> None:
    given = two()
    given.apply()
    given.files = [desired(1, rings(timeout=30)), desired(2, sip())]
    seen = reads(given)
    assert given.apply(refresh=Refresh.NONE).converged
    assert seen == [phone(1), phone(1)]


def test_a_second_apply_changes_nothing() -> None:
    given = two()
    assert given.apply().converged
    writes = len(given.live["sales"].writes)
    report = given.apply()
    assert (report.results, report.converged, len(given.live["sales"].writes)) == ((), True, writes)


def test_a_plan_writes_nothing_anywhere() -> None:
    given = two()
    given.plan()
    assert (given.store.saves, given.live["sales"].writes) == (0, [])


def test_an_account_that_cannot_be_opened_fails_its_changes_and_no_others(monkeypatch: pytest.MonkeyPatch) -> None:
    given = world([desired(1, rings()), desired(3, Parking(parked=True))], {1: NONE}, parking=[3])
    plan, state = given.plan_and_state()

    def open_provider(_session: Session, name: str) -> Provider:
        if name == "office":
            raise LoginRequired("log in again")
        return given.live[name]

    monkeypatch.setattr(Session, "provider", open_provider)
    report = given.apply_plan(plan, state)
    assert outcomes(report) == {phone(1): "applied", phone(3): "failed"}


def test_outcomes_say_what_was_proven() -> None:
    given = world([desired(1, rings()), desired(3, Parking(parked=True))], {1: NONE}, parking=[3])
    report = given.apply()
    assert outcomes(report) == {phone(1): "applied", phone(3): "unverified"}
    assert report.converged
    assert given.state.entries[key(1)].confirmed
    assert replace(report, results=report.results[1:]).results[0].outcome is Outcome.APPLIED


def test_one_result_a_change() -> None:
    given = world([desired(1, rings())], {1: NONE})
    assert result(given.apply()).address == f"sales/{phone(1)}"
