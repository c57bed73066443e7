"""What follows for one number from what is desired, live and recorded: the contract's rules, sentence by sentence."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from reconciler.canonical import form
from reconciler.model import Action, Kind, LiveSource, NumberForwarding, Parking, Target, TrunkForwarding, Value
from reconciler.plan.build import Refresh, Selection
from reconciler.plan.model import Consent
from reconciler.record.base import Intent, Update, Window
from reconciler.record.memory import MemoryRecord
from tests.record.values import holder
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
    place,
    rings,
    sip,
    url,
    world,
)

ON, OFF = Parking(parked=True), Parking(parked=False)
TRUNK = TrunkForwarding("203.0.113.7", 5060, 30, "111")
UNKNOWN_TRUNK = TrunkForwarding("", 0, 0)


def applied(given: World) -> World:
    """The world after an apply that recorded everything."""
    report = given.apply()
    assert report.converged, report
    return given


def vendor(given: World) -> Vendor:
    provider = given.live["sales"]
    assert isinstance(provider, Vendor)
    return provider


def by_hand(given: World, value: Value, index: int = 1) -> World:
    vendor(given).values[phone(index)] = value
    return given


# -- what is not there yet, and what is ------------------------------------------------------------------------------


def test_a_forwarding_where_there_is_none_is_created_and_needs_no_allowance() -> None:
    change = only(world([desired(1, rings())], {1: NONE}).plan())
    assert (change.action, change.needs, change.live_source) == (Action.CREATE, (), LiveSource.READ)
    assert change.before == {"type": "none"}


def test_drift_on_a_recorded_number_is_an_update_and_needs_no_allowance() -> None:
    given = by_hand(applied(world([desired(1, rings())], {1: NONE})), rings(timeout=16))
    change = only(given.plan())
    assert (change.action, change.needs) == (Action.UPDATE, ())
    assert [(each.path, each.before, each.after) for each in change.fields] == [("targets[0].timeout", 16, 20)]


def test_a_recorded_forwarding_that_is_gone_is_drift_too() -> None:
    given = by_hand(applied(world([desired(1, rings())], {1: NONE})), NONE)
    assert only(given.plan()).action is Action.UPDATE


def test_an_unrecorded_live_forwarding_that_differs_is_adopted_with_its_whole_old_value() -> None:
    plan = world([desired(1, rings())], {1: url()}).plan()
    change = only(plan)
    assert (change.action, change.needs) == (Action.ADOPT, ("allow-adopt",))
    assert change.before == {"type": "url", "url": "https://example.com/route", "reserve": ""}
    assert breaches(plan) == ["needs-allow-adopt"]


def test_an_unrecorded_live_forwarding_that_is_equal_is_recorded_silently() -> None:
    given = world([desired(1, rings())], {1: rings()})
    plan = given.plan()
    assert (plan.changes, plan.unchanged, len(plan.learned.recordings)) == ((), 1, 1)
    assert given.apply(consent=Consent()).converged
    assert key(1) in given.state.entries
    assert vendor(given).writes == []


def test_none_over_a_recorded_forwarding_needs_the_allowance_to_delete() -> None:
    given = applied(world([desired(1, rings())], {1: NONE}))
    given.files = [desired(1, NONE)]
    change = only(given.plan())
    assert (change.action, change.needs) == (Action.DELETE, ("allow-delete",))


def test_none_over_a_forwarding_without_record_needs_both_allowances() -> None:
    change = only(world([desired(1, NONE)], {1: rings()}).plan())
    assert (change.action, change.needs) == (Action.DELETE, ("allow-adopt", "allow-delete"))


def test_an_absent_block_is_not_managed() -> None:
    given = world([], {1: rings()})
    assert given.plan().changes == ()


# -- what stands in the record and no more in the files --------------------------------------------------------------


def test_a_vanished_number_that_is_still_what_we_wrote_is_deleted() -> None:
    given = applied(world([desired(1, rings())], {1: NONE}))
    given.files = []
    change = only(given.plan())
    assert (change.action, change.needs, change.declared_at) == (Action.DELETE, ("allow-delete",), "")
    assert given.apply().converged
    assert vendor(given).values[phone(1)] == NONE
    assert given.state.entries == {}


def test_a_vanished_number_that_was_changed_by_hand_is_only_forgotten() -> None:
    given = by_hand(applied(world([desired(1, rings())], {1: NONE})), url())
    given.files = []
    plan = given.plan()
    assert (only(plan).action, only(plan).needs) == (Action.FORGET, ())
    assert "released-changed-by-hand" in codes(plan)
    assert given.apply(consent=Consent()).converged
    assert vendor(given).values[phone(1)] == url()
    assert given.state.entries == {}


def test_a_vanished_number_without_forwarding_is_forgotten() -> None:
    given = by_hand(applied(world([desired(1, rings())], {1: NONE})), NONE)
    given.files = []
    assert actions(given.plan()) == {phone(1): "forget"}


def test_a_vanished_number_that_the_account_does_not_have_is_kept_with_a_warning_and_the_plan_is_complete() -> None:
    given = applied(world([desired(1, rings()), desired(2, sip())], {1: NONE, 2: NONE}))
    given.files = [desired(2, sip())]
    del vendor(given).values[phone(1)]
    plan = given.plan()
    assert (plan.changes, plan.complete, plan.unchanged, plan.left_alone) == ((), True, 1, 1)
    assert "released-not-owned" in codes(plan)
    assert given.apply().converged
    assert key(1) in given.state.entries


@pytest.mark.parametrize(("value", "action"), [(ON, "delete"), (OFF, "forget")])
def test_a_vanished_parking_is_switched_off_or_forgotten(value: Parking, action: str) -> None:
    given = applied(world([desired(3, value)], parking=[3]))
    given.files = []
    assert actions(given.plan()) == {phone(3): action}
    assert given.apply().converged
    assert given.live["office"].values[phone(3)] == OFF
    assert given.state.entries == {}


@pytest.mark.parametrize("narrow", ["targets", "tags", "accounts"])
def test_a_narrowed_plan_never_deletes_by_absence(narrow: str) -> None:

    given = applied(world([desired(1, rings())], {1: NONE}))
    given.files = []
    selection: dict[str, Any] = {narrow: ("sales" if narrow == "accounts" else "*",)}
    assert given.plan(selection=Selection(**selection)).changes == ()


def test_a_part_of_the_configuration_never_deletes_by_absence() -> None:
    given = applied(world([desired(1, rings())], {1: NONE}))
    given.files, given.whole = [], False
    assert given.plan().changes == ()


def test_forget_drops_the_record_and_leaves_the_vendor_alone() -> None:
    given = applied(world([desired(1, rings(), protected=True)], {1: NONE}))
    given.files, given.forget = [], (phone(1),)
    plan = given.plan()
    assert (only(plan).action, breaches(plan)) == (Action.FORGET, ["needs-allow-protected"])
    assert given.apply(consent=Consent(frozenset({"protected"}))).converged
    assert (given.state.entries, vendor(given).values[phone(1)]) == ({}, rings())


def test_a_recorded_block_that_is_missing_from_an_entry_is_an_error() -> None:
    given = applied(world([desired(1, rings())], {1: NONE}, parking=[1]))
    given.files = [desired(1, ON)]
    plan = given.plan()
    (problem,) = [item for item in plan.diagnostics if item.code == "block-missing"]
    assert problem.is_error
    assert problem.hint is not None
    assert "`account: sales` with `forwarding: none`" in problem.hint
    assert f"reconciler record forget {phone(1)}" in problem.hint
    assert not plan.complete
    assert actions(plan) == {phone(1): "assert"}


def test_a_vanished_number_of_an_account_that_is_gone_is_left_alone_with_a_warning() -> None:
    given = applied(world([desired(1, rings())], {1: NONE}))
    given.files, given.live = [], {}
    plan = given.plan()
    assert (plan.changes, codes(plan)) == ((), ["record-account-gone"])


def test_an_account_that_is_renamed_is_no_change() -> None:
    given = applied(world([desired(1, rings())], {1: NONE}))
    given.live = {"main": Vendor(vendor(given).values, account="main", clock=given.clock)}
    given.files = [desired(1, rings(), account="main")]
    plan = given.plan()
    assert plan.changes == ()
    assert given.apply(consent=Consent()).converged
    assert given.state.entries[key(1)].account == "main"


def test_a_vanished_number_of_a_renamed_account_is_deleted_in_the_new_one() -> None:
    given = applied(world([desired(1, rings())], {1: NONE}))
    given.live = {"main": Vendor(vendor(given).values, account="main", clock=given.clock)}
    given.files = []
    assert only(given.plan()).address == f"main/{phone(1)}"


# -- protection ------------------------------------------------------------------------------------------------------


def test_the_stricter_of_file_and_record_protects() -> None:
    given = applied(world([desired(1, rings(), protected=True)], {1: NONE}))
    given.files = [desired(1, rings("74995556677"))]
    assert breaches(given.plan()) == ["needs-allow-protected"]
    assert given.apply().converged
    given.files = [desired(1, rings())]
    assert breaches(given.plan()) == []


def test_protection_alone_is_recorded_without_a_change() -> None:
    given = applied(world([desired(1, rings())], {1: NONE}))
    given.files = [desired(1, rings(), protected=True)]
    assert given.plan().changes == ()
    applied(given)
    given.files = [desired(1, rings("74995556677"))]
    assert breaches(given.plan()) == ["needs-allow-protected"]


def test_drift_that_happens_to_be_desired_does_not_lift_protection() -> None:
    given = by_hand(applied(world([desired(1, rings(), protected=True)], {1: NONE})), url())
    given.files = [desired(1, url())]
    assert given.apply(consent=Consent()).converged
    assert given.state.entries[key(1)].protected


def test_deleting_a_protected_number_by_absence_needs_both_allowances() -> None:
    given = applied(world([desired(1, rings(), protected=True)], {1: NONE}))
    given.files = []
    assert only(given.plan()).needs == ("allow-delete", "allow-protected")


# -- fields that cannot be read --------------------------------------------------------------------------------------


def with_client_id(client_id: str, timeout: int = 20) -> NumberForwarding:
    return rings(timeout=timeout, client_id=client_id)


def blind(given: World, *fields: str) -> World:
    """The vendor does not tell these fields."""
    vendor(given).unreadable = frozenset(fields)
    return given


def test_an_unreadable_field_compares_with_the_record() -> None:
    given = blind(world([desired(1, with_client_id("crm-1"))], {1: NONE}), "client_id")
    given.apply()
    assert given.plan().changes == ()
    given.files = [desired(1, with_client_id("crm-2"))]
    (field,) = only(given.plan()).fields
    assert (field.path, field.before, field.after) == ("client_id", "crm-1", "crm-2")


def test_an_unreadable_field_without_record_is_no_difference_and_is_warned_about() -> None:
    given = blind(world([desired(1, with_client_id("crm-1"))], {1: rings()}), "client_id")
    plan = given.plan()
    assert (plan.changes, codes(plan)) == ((), ["field-unreadable"])


def test_an_unreadable_field_is_written_along_with_the_next_change() -> None:
    given = blind(world([desired(1, with_client_id("crm-1", 30))], {1: rings()}), "client_id")
    plan = given.plan()
    assert [field.path for field in only(plan).fields] == ["targets[0].timeout"]
    assert given.apply().summary["unverified"] == 1
    assert vendor(given).values[phone(1)] == with_client_id("crm-1", 30)
    assert codes(given.plan()) == []


def test_an_unreadable_field_that_is_empty_and_unrecorded_is_not_worth_a_warning() -> None:
    assert codes(blind(world([desired(1, rings())], {1: rings()}), "client_id").plan()) == []


def test_a_change_that_may_empty_an_unreadable_field_without_record_is_warned_about() -> None:
    plan = blind(world([desired(1, rings(timeout=33))], {1: rings()}), "client_id").plan()
    assert codes(plan) == ["field-unreadable"]
    assert plan.diagnostics[0].message.endswith(
        "`client_id` cannot be read and is not in the record; this change empties it"
    )


def test_a_trunk_whose_body_cannot_be_read_compares_with_the_record() -> None:
    given = world([desired(1, TRUNK)], {1: NONE})
    given.apply()
    blind(by_hand(given, UNKNOWN_TRUNK), "static_ip", "port", "timeout", "did")
    assert given.plan().changes == ()
    given.files = [desired(1, replace(TRUNK, port=5061))]
    assert [field.path for field in only(given.plan()).fields] == ["port"]


def test_a_trunk_without_record_is_adopted_as_nothing_says_that_it_is_ours() -> None:
    given = blind(world([desired(1, TRUNK)], {1: UNKNOWN_TRUNK}), "static_ip", "port", "timeout", "did")
    plan = given.plan()
    assert (only(plan).action, only(plan).needs) == (Action.ADOPT, ("allow-adopt",))
    assert [field.path for field in only(plan).fields] == ["static_ip", "port", "timeout", "did"]
    assert codes(plan) == ["field-unreadable"]


def test_reassert_writes_again_what_cannot_be_read() -> None:
    given = blind(world([desired(1, with_client_id("crm-1"))], {1: NONE}), "client_id")
    given.apply()
    before = len(vendor(given).writes)
    plan = given.plan(reassert=True)
    assert (only(plan).action, plan.has_changes) == (Action.ASSERT, True)
    assert [field.path for field in only(plan).fields] == ["client_id"]
    given.apply(reassert=True)
    assert len(vendor(given).writes) == before + 1


def test_reassert_reads_whatever_is_refreshed() -> None:
    given = blind(world([desired(1, with_client_id("crm-1"))], {1: NONE}), "client_id")
    given.apply()
    assert actions(given.plan(reassert=True, refresh=Refresh.CHANGED)) == {phone(1): "assert"}


# -- fields that cannot be written -----------------------------------------------------------------------------------


def test_a_write_that_may_reset_what_cannot_be_written_is_refused() -> None:
    given = world([desired(1, rings(timeout=30))], {1: rings()})
    vendor(given).unwritable = {"answer": True, "targets[0].dtmf": "8"}
    plan = given.plan(consent=Consent(frozenset({"adopt"})))
    assert breaches(plan) == ["unwritable-fields"]
    message = plan.breaches[0].diagnostic.message
    assert "answer = true" in message
    assert "targets[0].dtmf = 8" in message
    assert plan.breaches[0].allowed_by == "--override unwritable-fields"
    assert given.apply(consent=Consent(frozenset({"adopt"}))).summary["skipped"] == 1
    assert vendor(given).writes == []


def test_the_override_permits_it_and_the_run_keeps_the_old_values() -> None:
    given = world([desired(1, rings(timeout=30))], {1: rings()})
    vendor(given).unwritable = {"answer": True}
    report = given.apply(consent=Consent(frozenset({"adopt"}), frozenset({"unwritable-fields"})))
    assert report.converged
    run = MemoryRecord(given.store).run(report.run_id)
    assert run is not None
    assert [row["lost"] for row in run.results] == [{"answer": True}]


def test_a_delete_is_no_set_and_needs_no_override() -> None:
    given = world([desired(1, NONE)], {1: rings()})
    vendor(given).unwritable = {"answer": True}
    assert given.apply(consent=Consent(frozenset({"adopt", "delete"}))).converged


def test_an_event_url_that_is_removed_is_warned_about() -> None:
    plan = world([desired(1, rings())], {1: rings(event_url="https://example.com/calls")}).plan()
    (told,) = [item for item in plan.diagnostics if item.code == "event-url-removed"]
    assert told.location is not None
    assert "write `event_url` in its entry" in (told.hint or "")
    assert [field.path for field in only(plan).fields] == ["event_url"]


def test_an_event_url_that_changes_is_not_warned_about() -> None:
    given = world([desired(1, rings(event_url="https://example.com/b"))], {1: rings(event_url="https://example.com/a")})
    assert codes(given.plan()) == []


# -- schedules compare by what they mean from now on -----------------------------------------------------------------


def at(*periods: str) -> NumberForwarding:
    return NumberForwarding(rings().redirect, (Target("74992223344", 20, periods),))


# The clock of these tests stands at 2026-11-18.
OVER = "yr {2026} mo {may} md {9}"
TODAY = "yr {2026} mo {nov} md {18}"
AHEAD = "yr {2026} mo {dec} md {31}"


def test_a_date_that_is_over_is_no_difference() -> None:
    given = world([desired(1, at(AHEAD))], {1: at(f"{OVER}, {AHEAD}")})
    assert given.plan().changes == ()
    assert given.apply(consent=Consent()).converged
    assert given.plan(refresh=Refresh.NONE).changes == ()
    given.files = [desired(1, at(f"yr {{2025}}, {AHEAD}"))]
    assert given.plan(refresh=Refresh.NONE).changes == ()


@pytest.mark.parametrize("date", [TODAY, AHEAD])
def test_a_date_that_is_not_over_is_a_difference(date: str) -> None:
    plan = world([desired(1, at("hr {9-17}"))], {1: at(f"hr {{9-17}}, {date}")}).plan()
    assert [field.path for field in only(plan).fields] == ["targets[0].schedule"]


def test_a_year_of_two_digits_has_no_fixed_meaning_to_compare() -> None:
    plan = world([desired(1, at("yr {25}"))], {1: at("yr {24}")}).plan()
    assert [field.path for field in only(plan).fields] == ["targets[0].schedule"]


def test_a_date_that_is_over_does_not_make_a_vanished_number_changed_by_hand() -> None:
    given = applied(world([desired(1, at(AHEAD))], {1: NONE}))
    by_hand(given, at(f"{OVER}, {AHEAD}"))
    given.files = []
    assert actions(given.plan()) == {phone(1): "delete"}


# -- parking ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("value", [ON, OFF])
def test_parking_without_record_is_asserted_on_or_off(value: Parking) -> None:
    plan = world([desired(3, value)], parking=[3]).plan()
    assert (only(plan).action, only(plan).live_source, only(plan).before) == (Action.ASSERT, LiveSource.UNKNOWN, None)
    assert plan.has_changes


def test_recorded_parking_decides_and_the_vendor_is_not_asked() -> None:
    given = applied(world([desired(3, ON)], parking=[3]))
    calls = given.live["office"].calls_made
    plan = given.plan()
    assert (plan.changes, plan.as_recorded, plan.parked_as_recorded) == ((), 1, 1)
    assert given.live["office"].calls_made == calls


def test_parking_that_changes_is_not_counted_as_recorded() -> None:
    given = applied(world([desired(3, ON), desired(4, ON)], parking=[3, 4]))
    given.files = [desired(3, OFF), desired(4, ON)]
    plan = given.plan()
    assert (len(plan.changes), plan.as_recorded, plan.parked_as_recorded) == (1, 1, 1)


@pytest.mark.parametrize(("was", "is_now", "action"), [(ON, OFF, Action.DELETE), (OFF, ON, Action.UPDATE)])
def test_parking_that_differs_from_the_record_is_switched_off_or_on(
    was: Parking, is_now: Parking, action: Action
) -> None:
    given = applied(world([desired(3, was)], parking=[3]))
    given.files = [desired(3, is_now)]
    change = only(given.plan())
    assert (change.action, change.live_source) == (action, LiveSource.RECORDED)
    assert change.before == {"type": "parking", "parking": was.parked}


def test_reassert_writes_recorded_parking_again() -> None:
    given = applied(world([desired(3, ON)], parking=[3]))
    assert actions(given.plan(reassert=True)) == {phone(3): "assert"}


def test_parking_of_a_number_that_is_not_ours_is_unknown() -> None:
    plan = world([desired(4, ON)], parking=[3]).plan()
    assert (plan.changes, plan.unknown, plan.complete) == ((), 1, False)
    assert codes(plan) == ["provider-not-owned"]


# -- secrets ---------------------------------------------------------------------------------------------------------

EVENTS = "https://example.com/calls?key=${var:EVENT_KEY}"


def test_a_filled_template_equals_what_is_live() -> None:
    given = world(
        [desired(1, rings(event_url=EVENTS))],
        {1: rings(event_url="https://example.com/calls?key=s3cret")},
        variables={"EVENT_KEY": "s3cret"},
    )
    assert given.plan().changes == ()


def test_a_rotated_secret_shows_masked_on_both_sides() -> None:
    given = applied(world([desired(1, rings(event_url=EVENTS))], {1: NONE}, variables={"EVENT_KEY": "old-s3cret"}))
    given.variables = {"EVENT_KEY": "new-s3cret"}
    for refresh in Refresh:
        plan = given.plan(refresh=refresh)
        (field,) = only(plan).fields
        assert (field.path, field.sensitive) == ("event_url", True)
        assert field.before == field.after == "https://example.com/calls?***"
        assert "s3cret" not in repr(plan)


def test_a_secret_path_of_the_record_stays_hidden_when_the_files_move_away_from_it() -> None:
    path = "https://example.com/hooks/${var:TOKEN}"
    given = applied(world([desired(1, url(path))], {1: NONE}, variables={"TOKEN": "s3cret-token"}))
    given.files = [desired(1, url("https://example.com/plain"))]
    plan = given.plan()
    assert [(field.before, field.after) for field in only(plan).fields] == [
        ("https://example.com/***", "https://example.com/plain")
    ]
    assert "s3cret" not in repr(plan)
    assert given.apply().converged


@pytest.mark.parametrize("template", ["https://e.com/${var:T}", "https://${var:T}.e.com/x", "https://${var:T}@e.com/"])
def test_a_secret_anywhere_in_a_url_equals_itself_and_is_never_shown(template: str) -> None:
    given = applied(world([desired(1, url(template))], {1: NONE}, variables={"T": "t0ken"}))
    for refresh in Refresh:
        assert given.plan(refresh=refresh).changes == ()
    given.variables = {"T": "0ther"}
    for refresh in Refresh:
        plan = given.plan(refresh=refresh)
        assert [(field.path, field.before == field.after) for field in only(plan).fields] == [("url", True)]
        assert "t0ken" not in repr(plan)
    assert given.apply().converged
    assert "0ther" not in (given.store.text or "")
    given.files = [desired(1, url("https://e.com/plain"))]
    assert "0ther" not in repr(given.plan())


@pytest.mark.parametrize("template", ["https://e.com/${var:T}", "https://${var:T}.e.com/x"])
def test_a_secret_that_the_files_say_in_clear_is_no_change(template: str) -> None:
    given = applied(world([desired(1, url(template))], {1: NONE}, variables={"T": "token"}))
    given.files = [desired(1, url(template.replace("${var:T}", "token")))]
    assert given.plan().changes == ()


def test_an_unset_variable_is_an_error_at_its_line_and_the_number_is_unknown() -> None:

    where = place(7)
    declared = desired(1, rings(event_url=EVENTS))
    given = world([declared._replace(place={"": place(2), "event_url": where}.__getitem__)], {1: NONE})
    plan = given.plan()
    (problem,) = plan.diagnostics
    assert (problem.code, problem.location, plan.unknown, plan.complete) == ("variable-unset", where, 1, False)
    assert "RECONCILER_VAR_EVENT_KEY" in problem.message


def test_without_a_key_a_sensitive_field_is_not_compared_with_the_record_and_that_is_said() -> None:
    given = applied(world([desired(1, rings(event_url=EVENTS))], {1: NONE}, variables={"EVENT_KEY": "old-s3cret"}))
    given.variables, given.key = {"EVENT_KEY": "new-s3cret"}, None
    plan = given.plan(refresh=Refresh.NONE)
    assert (plan.changes, codes(plan)) == ((), ["record-key-differs"])
    assert actions(given.plan()) == {phone(1): "update"}


@pytest.mark.parametrize("key", [None, "a key of the record that came later"])
def test_a_secret_that_was_recorded_without_a_key_is_not_compared_with_the_record_and_that_is_said(
    key: str | None,
) -> None:
    given = world([desired(1, rings(event_url=EVENTS))], {1: NONE}, variables={"EVENT_KEY": "old-s3cret"}, key=None)
    applied(given)
    given.variables, given.key = {"EVENT_KEY": "new-s3cret"}, key
    plan = given.plan(refresh=Refresh.NONE)
    assert (plan.changes, codes(plan)) == ((), ["field-not-comparable"])


def test_no_secret_stands_in_the_record() -> None:
    given = applied(
        world(
            [desired(1, rings(event_url=EVENTS)), desired(2, url("https://u:pw-s3cret@e.com/${var:EVENT_KEY}"))],
            {1: NONE, 2: NONE},
            variables={"EVENT_KEY": "k-s3cret"},
        )
    )
    assert given.store.text is not None
    assert "s3cret" not in given.store.text


# -- an interrupted run ----------------------------------------------------------------------------------------------


def interrupted(given: World, before: str, after: str, action: str = "create", index: int = 1) -> World:
    """A run that died after its intent was durable."""
    record = MemoryRecord(given.store, name=given.name)
    kind = Kind.FORWARDING
    intent = Intent(key(index, kind), "sales", action, before, after)
    with record.lock([holder()]) as lock:
        record.commit(lock, Update(open=Window("w", "r0", "2026-11-18T10:00:00Z", (intent,))), expected=record.load())
    return given


SIP = '{"sip_uri":"user@sip.example.com","type":"sip"}'
EMPTY = '{"type":"none"}'


def test_a_create_that_took_effect_is_recorded_by_the_next_apply_and_the_window_is_settled() -> None:
    given = interrupted(world([desired(1, sip())], {1: sip()}), EMPTY, SIP)
    plan = given.plan()
    assert plan.changes == ()
    assert given.apply(consent=Consent()).converged
    assert (given.state.windows, list(given.state.entries)) == ((), [key(1)])


def test_a_create_that_did_not_take_effect_is_planned_again() -> None:
    given = interrupted(world([desired(1, sip())], {1: NONE}), EMPTY, SIP)
    assert actions(given.plan()) == {phone(1): "create"}
    assert given.apply(consent=Consent()).converged
    assert given.state.windows == ()


def test_a_create_that_took_effect_needs_no_second_write_for_what_cannot_be_read() -> None:
    given = blind(world([desired(1, rings())], {1: rings()}), "client_id")
    interrupted(given, EMPTY, form(rings()).text)
    assert given.plan().changes == ()
    assert given.apply(consent=Consent()).converged
    assert vendor(given).writes == []


def test_what_an_interrupted_run_wrote_is_ours_and_needs_no_adoption() -> None:
    given = interrupted(world([desired(1, rings())], {1: sip()}), EMPTY, SIP)
    assert (only(given.plan()).action, only(given.plan()).needs) == (Action.UPDATE, ())


def test_what_an_interrupted_run_did_not_write_is_not_ours() -> None:
    given = interrupted(world([desired(1, rings())], {1: url()}), EMPTY, SIP)
    assert only(given.plan()).action is Action.ADOPT


def test_a_vanished_number_that_only_an_interrupted_run_knew_is_deleted_if_it_holds_what_that_run_wrote() -> None:
    given = interrupted(world([], {1: sip()}), EMPTY, SIP)
    assert actions(given.plan()) == {phone(1): "delete"}
    assert given.apply().converged
    assert (given.state.windows, vendor(given).values[phone(1)]) == ((), NONE)


def test_parking_that_only_an_interrupted_run_knew_and_no_file_declares_is_switched_off() -> None:
    given = world([], parking=[3])
    record = MemoryRecord(given.store, name=given.name)
    intent = Intent(key(3, Kind.PARKING), "office", "assert", "", '{"parking":true,"type":"parking"}')
    with record.lock([holder("office")]) as lock:
        record.commit(lock, Update(open=Window("w", "r0", "2026-11-18T10:00:00Z", (intent,))), expected=record.load())
    given.live["office"].values[phone(3)] = ON
    change = only(given.plan())
    assert (change.action, change.before, change.live_source) == (Action.DELETE, None, LiveSource.UNKNOWN)
    assert given.apply().converged
    assert (given.state.windows, given.state.entries, given.live["office"].values[phone(3)]) == ((), {}, OFF)


def test_a_vanished_number_is_deleted_from_the_record_alone_where_nothing_is_read() -> None:
    given = applied(world([desired(1, rings())], {1: NONE}))
    given.files = []
    change = only(given.plan(refresh=Refresh.NONE))
    assert (change.action, change.live_source) == (Action.DELETE, LiveSource.RECORDED)
    by_hand(given, url())
    assert given.apply(refresh=Refresh.NONE).summary["skipped"] == 1
    assert vendor(given).values[phone(1)] == url()


def test_a_vanished_number_that_is_recorded_as_forwarded_nowhere_is_forgotten() -> None:
    given = applied(world([desired(1, NONE)], {1: NONE}))
    given.files = []
    for refresh in Refresh:
        assert actions(given.plan(refresh=refresh)) == {phone(1): "forget"}


@pytest.mark.parametrize("live", [NONE, url()])
def test_a_vanished_number_of_an_interrupted_run_that_holds_something_else_is_left_alone(live: Value) -> None:
    given = interrupted(world([], {1: live}), EMPTY, SIP)
    assert given.plan().changes == ()
    given.apply()
    assert (given.state.windows, vendor(given).writes) == ((), [])


def test_numbers_of_an_open_window_are_read_whatever_is_refreshed() -> None:
    given = interrupted(world([desired(1, sip())], {1: sip()}), EMPTY, SIP)
    for refresh in (Refresh.NONE, Refresh.CHANGED):
        assert given.plan(refresh=refresh).changes == ()


def test_an_unreadable_field_of_an_open_window_is_asserted() -> None:
    given = blind(world([desired(1, with_client_id("crm-2"))], {1: NONE}), "client_id")
    given.files = [desired(1, with_client_id("crm-1"))]
    given.apply()
    entry = given.state.entries[key(1)]
    interrupted(given, entry.value, entry.value.replace("crm-1", "crm-2"), "update")
    change = only(given.plan())
    assert (change.action, [field.path for field in change.fields]) == (Action.ASSERT, ["client_id"])
    assert change.before["client_id"] is None
    given.apply()
    assert given.state.windows == ()
    assert given.plan().changes == ()


# -- which numbers are read ------------------------------------------------------------------------------------------


def reads(given: World) -> list[str]:
    """Reads of single numbers from now on."""
    seen: list[str] = []

    def note(verb: str, number: str) -> None:
        if verb == "read":
            seen.append(number)

    vendor(given).before = note
    vendor(given).capabilities = replace(vendor(given).capabilities, listable=False)
    return seen


def test_refresh_all_reads_every_number() -> None:
    given = applied(world([desired(1, rings()), desired(2, sip())], {1: NONE, 2: NONE}))
    seen = reads(given)
    plan = given.plan(refresh=Refresh.ALL)
    assert (sorted(seen), plan.calls.made, plan.calls.saved) == ([phone(1), phone(2)], 2, 0)


def test_refresh_changed_reads_only_what_differs_from_the_record() -> None:
    given = applied(world([desired(1, rings()), desired(2, sip())], {1: NONE, 2: NONE}))
    given.files = [desired(1, rings(timeout=30)), desired(2, sip())]
    seen = reads(given)
    plan = given.plan(refresh=Refresh.CHANGED)
    assert (seen, actions(plan), plan.as_recorded, plan.calls.saved) == ([phone(1)], {phone(1): "update"}, 1, 1)
    assert only(plan).live_source is LiveSource.READ


def test_refresh_none_reads_nothing_and_says_so_of_each_change() -> None:
    given = applied(world([desired(1, rings())], {1: NONE, 2: NONE}))
    given.files = [desired(1, rings(timeout=30)), desired(2, sip())]
    seen = reads(given)
    plan = given.plan(refresh=Refresh.NONE)
    assert seen == []
    assert [(each.action, each.live_source) for each in plan.changes] == [
        (Action.UPDATE, LiveSource.RECORDED),
        (Action.CREATE, LiveSource.UNKNOWN),
    ]
