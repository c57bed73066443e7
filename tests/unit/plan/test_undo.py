"""What a run found before it wrote, worked out again from the record; what cannot be restored is named."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given as drawn
from hypothesis import settings

from reconciler.apply.report import ApplyReport, Halt
from reconciler.canonical import form
from reconciler.formats.plan import render_plan
from reconciler.model import Forwarding, NumberForwarding, Parking, Target, Value
from reconciler.plan.build import Options, Refresh
from reconciler.plan.model import Consent, Plan
from reconciler.record.base import LockLostError, Run
from reconciler.settings import Configuration, PeriodSettings, Union
from reconciler.workflow.plan import make_undo
from reconciler.workflow.stored import StalePlanError
from tests.properties.strategies import present
from tests.world import EVERYTHING, NONE, Vendor, World, actions, codes, desired, only, phone, rings, sip, url, world

EVENTS = "https://example.com/calls?key=${var:EVENT_KEY}"


def latest(given: World) -> Run:
    """The latest run that is recorded, with its results."""
    record = given.session.record
    run = record.run(record.runs()[0].id)
    assert run is not None
    return run


def undone(given: World, run: Run | None = None, **asked: Any) -> Plan:
    plan, _state = make_undo(
        given.session, run or latest(given), Options(kept=True, **{"consent": EVERYTHING, **asked})
    )
    return plan


def applied(given: World, plan: Plan) -> ApplyReport:
    """Save the plan, and apply what was saved."""
    data = render_plan(plan, tool_version="1.0").encode()
    return given.apply_saved(data)


def changed(before: Value, after: Value, **more: Any) -> World:
    """A number that was one thing and was made another by the latest run."""
    given = world([desired(1, after)], {1: before}, **more)
    assert given.apply().converged
    return given


def vendor(given: World) -> Vendor:
    live = given.live["sales"]
    assert isinstance(live, Vendor)
    return live


@pytest.mark.parametrize(
    ("before", "after", "action"),
    [
        (NONE, rings(), "delete"),
        (rings(), NONE, "create"),
        (rings(), rings(timeout=99), "update"),
        (sip(), url(), "update"),
        (url("https://example.com/a", "74993334455"), sip(), "update"),
    ],
)
def test_an_undo_leads_back_and_is_recorded_as_ours(before: Value, after: Value, action: str) -> None:
    given = changed(before, after)
    plan = undone(given)
    assert actions(plan) == {phone(1): action}
    assert (plan.origin, plan.undoes, plan.complete) == ("undo", latest(given).id, True)
    assert applied(given, plan).converged
    assert given.live["sales"].values[phone(1)] == before
    assert latest(given).origin == "undo"
    assert actions(given.plan(consent=EVERYTHING))[phone(1)] in {"create", "update", "delete"}


@settings(max_examples=25, deadline=None)
@drawn(before=present, after=present)
def test_whatever_was_there_comes_back(before: Forwarding, after: Forwarding) -> None:
    """The other number keeps the secrets of the first value in the files."""
    given = world([desired(1, after), desired(9, before)], {1: before, 9: before})
    assert given.apply().converged
    report = applied(given, undone(given))
    assert report.converged, report
    now = form(given.live["sales"].values[phone(1)])
    assert (now.text, now.secrets) == (form(before).text, form(before).secrets)


def test_a_number_that_is_back_already_is_no_change() -> None:
    given = changed(rings(), sip())
    given.live["sales"].values[phone(1)] = rings()
    assert undone(given).changes == ()


def test_parking_goes_back_by_the_record_and_is_left_out_where_that_did_not_know() -> None:
    given = world([desired(3, Parking(parked=True))], parking=[3])
    given.apply()
    first = undone(given)
    assert (first.changes, codes(first), first.complete) == ((), ["undo-left-out"], False)
    given.files = [desired(3, Parking(parked=False))]
    given.apply()
    assert applied(given, undone(given)).converged
    assert given.live["office"].values[phone(3)] == Parking(parked=True)


# -- secrets ----------------------------------------------------------------------------------------------------------


def test_a_secret_is_found_in_the_files_by_its_digest_wherever_it_stands_there() -> None:
    given = world([desired(1, rings(event_url=EVENTS))], {1: NONE}, variables={"EVENT_KEY": "s3cret-one"})
    given.apply()
    given.files = [desired(1, rings()), desired(2, url(EVENTS))]
    vendor(given).values[phone(2)] = url(EVENTS.replace("${var:EVENT_KEY}", "s3cret-one"))
    given.apply()
    plan = undone(given)
    assert "s3cret-one" not in render_plan(plan, tool_version="1.0")
    assert applied(given, plan).converged
    back = vendor(given).values[phone(1)]
    assert isinstance(back, NumberForwarding)
    assert back.event_url == "https://example.com/calls?key=s3cret-one"


@pytest.mark.parametrize("rotated", ["files", "variable", "key"])
def test_a_secret_that_nobody_has_any_more_leaves_the_number_out(rotated: str) -> None:
    given = world([desired(1, rings(event_url=EVENTS))], {1: NONE}, variables={"EVENT_KEY": "s3cret-one"})
    given.apply()
    given.files = [desired(1, rings(timeout=99, event_url=EVENTS if rotated != "files" else ""))]
    given.apply()
    if rotated == "variable":
        given.variables = {"EVENT_KEY": "s3cret-two"}
    if rotated == "key":
        given.key = "another key of the record, long enough"
    plan = undone(given)
    assert (plan.changes, codes(plan)) == ((), ["undo-left-out"])
    assert "`event_url` of sales/" in plan.diagnostics[0].message


def test_a_secret_that_rotates_between_undo_and_apply_makes_it_stale() -> None:
    given = world([desired(1, rings(event_url=EVENTS))], {1: NONE}, variables={"EVENT_KEY": "s3cret-one"})
    given.apply()
    given.files = [desired(1, rings(timeout=99, event_url=EVENTS))]
    given.apply()
    plan = undone(given)
    given.variables = {"EVENT_KEY": "s3cret-two"}
    report = applied(given, plan)
    assert (report.halt, report.wrote) == (Halt.STALE, False)
    assert "its desired value is no longer the one in the plan" in report.diagnostics[-1].message


# -- what is not known ------------------------------------------------------------------------------------------------


def test_a_field_that_cannot_be_read_goes_back_to_the_record_and_is_named() -> None:
    given = world([desired(1, rings(client_id="crm-1"))], {1: NONE})
    vendor(given).unreadable = frozenset({"client_id"})
    given.apply()
    given.files = [desired(1, rings(client_id="crm-2"))]
    given.apply()
    plan = undone(given)
    assert only(plan).after["client_id"] == "crm-1"
    assert "`client_id` cannot be read; it goes back to what was recorded" in plan.diagnostics[0].message


def test_a_field_that_was_never_known_stays_as_the_files_have_it_and_is_named() -> None:
    given = changed(rings(), rings(client_id="crm-2", timeout=99))
    run = latest(given)
    row = {**run.results[0], "before": {**run.results[0]["before"], "client_id": None}}
    plan = undone(given, replace(run, results=(row,)))
    assert (only(plan).after["client_id"], only(plan).after["targets"][0]["timeout"]) == ("crm-2", 20)
    assert codes(plan) == ["undo-unsure"]
    assert "the previous `client_id` is not known; it stays as the files have it" in plan.diagnostics[0].message


def test_a_forwarding_of_another_type_goes_back_without_the_field_that_was_never_known() -> None:
    given = world([desired(1, url())], {1: rings(timeout=25)})
    vendor(given).unreadable = frozenset({"client_id"})
    assert given.apply().converged
    plan = undone(given)
    assert (only(plan).after["client_id"], only(plan).after["targets"][0]["timeout"]) == ("", 25)
    assert codes(plan) == ["undo-unsure"]
    assert "the previous `client_id` is not known; it is left empty" in plan.diagnostics[0].message
    assert applied(given, plan).converged
    assert given.live["sales"].read(phone(1)).value == rings(timeout=25)


def test_what_a_write_may_have_reset_is_named() -> None:
    given = world([desired(1, rings())], {1: sip()})
    vendor(given).unwritable = {"answer": True}
    permitted = Consent(EVERYTHING.allow, EVERYTHING.overrides | {"unwritable-fields"})
    given.apply(consent=permitted)
    plan = undone(given, consent=permitted)
    assert "`answer` was true and cannot be written" in "\n".join(item.message for item in plan.diagnostics)


def test_a_number_that_was_only_forgotten_is_named() -> None:
    given = changed(NONE, rings())
    given.files, given.forget = [], (phone(1),)
    given.apply()
    plan = undone(given)
    assert (plan.changes, codes(plan)) == ((), ["undo-unsure"])


@pytest.mark.parametrize(
    "before",
    [None, {"type": None}, {"type": "number"}, {"type": "magic"}, {"type": "url", "url": 7, "reserve": ""}],
)
def test_a_row_that_does_not_tell_leaves_its_number_out(before: object) -> None:
    given = changed(rings(), sip())
    run = latest(given)
    plan = undone(given, replace(run, results=({**run.results[0], "before": before},)))
    assert (plan.changes, codes(plan)) == ((), ["undo-left-out"])


def test_a_number_whose_account_is_gone_is_left_out() -> None:
    given = changed(rings(), sip())
    run = latest(given)
    given.files, given.live = [], {"other": given.live["sales"], "more": Vendor({}, account="more")}
    plan = undone(given, run)
    assert "no account matches it (it was in sales)" in plan.diagnostics[0].message


# -- periods ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("union", "sent"),
    [(Union.ENTRIES, ("wd {sat} hr {10-12}", "wd {mon} hr {9-17}")), (Union.COMMA, ("one text",))],
)
def test_a_period_of_several_parts_is_sent_as_the_account_takes_it(
    union: Union, sent: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    target = Target("74992223344", 20, ("wd {sat} hr {10-12}", "wd {mon} hr {9-17}"))
    before = replace(rings(), targets=(target,))
    plain = vars(World)["configuration"].fget

    def configured(self: World) -> Configuration:
        made: Configuration = plain(self)
        accounts = {name: replace(each, period=PeriodSettings(union)) for name, each in made.accounts.items()}
        return replace(made, accounts=accounts)

    monkeypatch.setattr(World, "configuration", property(configured))
    given = changed(before, sip())
    assert applied(given, undone(given)).converged
    back = given.live["sales"].values[phone(1)]
    assert isinstance(back, NumberForwarding)
    assert len(back.targets[0].periods) == len(sent)
    assert form(back).text == form(before).text


# -- runs -------------------------------------------------------------------------------------------------------------


def test_what_an_interrupted_run_left_in_doubt_is_undone_too() -> None:
    given = world([desired(1, rings()), desired(2, rings())], {1: sip(), 2: sip()})
    seen: list[str] = []

    def lose(reason: str) -> None:
        seen.append(reason)
        if vendor(given).writes and len(seen) > 2:
            raise LockLostError("the lock is somebody else's")

    given.store.before_swap = lose
    assert not given.apply().converged
    given.store.before_swap = None
    run = latest(given)
    plan = undone(given, run)
    assert set(actions(plan)) == {phone(1)}
    assert only(plan).after == form(sip()).json


def test_only_the_numbers_of_the_run_are_in_the_plan_whatever_else_has_drifted() -> None:
    given = changed(rings(), sip())
    given.files.append(desired(2, rings()))
    vendor(given).values[phone(2)] = url()
    assert set(actions(undone(given))) == {phone(1)}


def test_protection_holds_for_an_undo() -> None:
    given = world([desired(1, sip(), protected=True)], {1: rings()})
    given.apply()
    plan = undone(given, consent=Consent(frozenset({"adopt", "delete"})))
    assert [breach.rule for breach in plan.breaches] == ["needs-allow-protected"]


def test_a_run_that_is_no_longer_recorded_makes_its_undo_stale() -> None:
    given = changed(rings(), sip())
    plan = replace(undone(given), undoes="0000")
    with pytest.raises(StalePlanError, match="is no longer in the record"):
        applied(given, plan)


def test_an_undo_reads_what_it_changes_unless_told_otherwise() -> None:
    given = changed(rings(), sip())
    assert undone(given, refresh=Refresh.ALL).changes[0].live_digest
