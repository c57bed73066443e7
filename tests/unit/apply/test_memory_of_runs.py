"""What a run did survives it: the run that settles a dead one's window writes what became of it, for show and undo."""

from __future__ import annotations

from typing import Any

import pytest

from reconciler.apply.journal import ApplyEvent, Sending
from reconciler.canonical import form
from reconciler.formats.plan import render_plan
from reconciler.model import Outcome, Parking, Value
from reconciler.plan.build import Options, Selection
from reconciler.plan.model import Consent, Plan
from reconciler.record.base import Run
from reconciler.workflow.plan import make_undo
from tests.world import (
    EVERYTHING,
    NONE,
    Vendor,
    World,
    actions,
    breaches,
    codes,
    desired,
    only,
    phone,
    rings,
    sip,
    url,
    world,
)


class Killed(BaseException):
    """The process ends here."""


def die_after(given: World, sent: int) -> None:
    """Apply, and die when one more write would be sent."""
    left = [sent]

    def die(event: ApplyEvent) -> None:
        if isinstance(event, Sending):
            left[0] -= 1
            if left[0] < 0:
                raise Killed

    given.on_event = die
    with pytest.raises(Killed):
        given.apply()
    given.on_event = lambda _event: None
    given.clock.time += 60


def run_of(given: World, at: int = 0) -> Run:
    record = given.session.record
    run = record.run(record.runs()[at].id)
    assert run is not None
    return run


def undone(given: World, run: Run, **asked: Any) -> Plan:
    return make_undo(given.session, run, Options(kept=True, **{"consent": EVERYTHING, **asked}))[0]


def six(monkeypatch: pytest.MonkeyPatch) -> World:
    """Six updates in one window; the run died after four of them."""
    monkeypatch.setattr("reconciler.record.documents.DocumentRecord.window_size", 500)
    given = world([desired(at, rings()) for at in range(6)], dict.fromkeys(range(6), NONE))
    assert given.apply().converged
    given.files = [desired(at, rings(timeout=35)) for at in range(6)]
    die_after(given, 4)
    return given


def test_a_dead_run_is_remembered_with_what_became_of_each_write(monkeypatch: pytest.MonkeyPatch) -> None:
    given = six(monkeypatch)
    dead = run_of(given)
    assert given.apply().converged
    rows = {row["number"]: row["outcome"] for row in run_of(given, 1).latest_results}
    assert run_of(given, 1).id == dead.id
    assert len(run_of(given, 1).results) == 6
    assert {number for number, outcome in rows.items() if outcome == "applied"} == {phone(at) for at in range(4)}
    assert {rows[phone(at)] for at in (4, 5)} == {"skipped"}


def test_an_undo_of_a_dead_run_takes_back_all_that_it_wrote_and_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    given = six(monkeypatch)
    dead = run_of(given)
    before = actions(undone(given, dead))
    assert {number for number, action in before.items() if action == "update"} == {phone(at) for at in range(4)}
    assert {number for number, action in before.items() if action == "assert"} == {phone(4), phone(5)}
    assert given.apply().converged
    after = undone(given, run_of(given, 1))
    assert set(actions(after)) == {phone(at) for at in range(4)}
    assert set(actions(undone(given, run_of(given)))) == {phone(4), phone(5)}


def test_a_write_in_doubt_is_remembered_as_what_it_turned_out_to_be() -> None:
    given = world([desired(1, rings())], {1: NONE})
    vendor = given.live["sales"]
    old = dict(vendor.values)
    shown = vendor._observe
    vars(vendor)["_observe"] = lambda number: shown(number) if given.clock.time > 1_795_000_040 else _shown(vendor, old)
    report = given.apply()
    assert report.results[0].outcome is Outcome.UNKNOWN
    assert [row["outcome"] for row in run_of(given).latest_results] == ["unknown"]
    given.clock.time += 60
    assert given.apply().converged
    dead = next(run for at in range(2) if (run := run_of(given, at)).id == report.run_id)
    assert [row["outcome"] for row in dead.latest_results] == ["applied"]
    assert actions(undone(given, dead)) == {phone(1): "delete"}


def _shown(vendor: Any, values: dict[str, Value]) -> Any:
    kept, vendor.values = vendor.values, values
    try:
        return type(vendor)._observe(vendor, phone(1))
    finally:
        vendor.values = kept


def test_an_intent_that_a_later_run_carries_on_stays_one_of_the_run_that_sent_it() -> None:
    given = world([desired(1, rings()), desired(2, sip())], {1: NONE, 2: NONE})
    die_after(given, 1)
    dead = run_of(given)

    given.files.append(desired(3, url()))
    given.live["sales"].values[phone(3)] = NONE
    assert given.apply(selection=Selection(targets=(phone(3),))).converged
    (window,) = given.state.windows
    assert {intent.run_id for intent in window.intents} == {dead.id}
    assert set(actions(undone(given, dead))) <= {phone(1), phone(2)}
    assert given.apply().converged
    assert {row["number"] for row in run_of(given, 2).latest_results} == {phone(1), phone(2)}


def test_parking_that_a_dead_run_sent_is_remembered_as_not_known() -> None:
    given = world([desired(1, Parking(parked=True))], parking=[1])
    die_after(given, 0)
    assert given.apply().converged
    assert run_of(given, 1).latest_results == ()


# -- undo ------------------------------------------------------------------------------------------------------------


def blind(given: World) -> World:
    vendor = given.live["sales"]
    assert isinstance(vendor, Vendor)
    vendor.unreadable = frozenset({"client_id"})
    return given


@pytest.mark.parametrize("declared", [True, False])
def test_an_undo_of_a_delete_restores_what_the_record_held(*, declared: bool) -> None:
    given = blind(world([desired(1, rings(client_id="crm-1"))], {1: NONE}))
    given.apply()
    given.files = [desired(1, NONE)] if declared else []
    assert given.apply().summary["applied"] == 1
    plan = undone(given, run_of(given))
    assert only(plan).after["client_id"] == "crm-1"
    assert codes(plan) in ([], ["undo-unsure"])


def applied_twice() -> tuple[World, Run]:
    """A number that one run made what a later one changed again."""
    given = world([desired(1, rings())], {1: url()})
    given.apply()
    first = run_of(given)
    given.files = [desired(1, sip())]
    given.apply()
    return given, first


def test_an_undo_that_would_overwrite_a_later_run_says_whose_and_needs_the_allowance() -> None:
    given, first = applied_twice()
    later = run_of(given)
    plan = undone(given, first, consent=Consent())
    assert (only(plan).needs, breaches(plan)) == (("allow-adopt",), ["needs-allow-adopt"])
    (told,) = [item for item in plan.diagnostics if item.code == "undo-overwrites"]
    assert f"run {later.id[:12]}" in told.message


def test_an_undo_that_would_overwrite_somebody_elses_change_says_so_and_needs_the_allowance() -> None:
    given = world([desired(1, rings())], {1: url()})
    given.apply()
    given.live["sales"].values[phone(1)] = sip()
    plan = undone(given, run_of(given), consent=Consent())
    assert breaches(plan) == ["needs-allow-adopt"]
    (told,) = [item for item in plan.diagnostics if item.code == "undo-overwrites"]
    assert "by hand" in told.message


def test_an_undo_of_the_latest_run_asks_for_nothing_more() -> None:
    given, _first = applied_twice()
    plan = undone(given, run_of(given), consent=Consent())
    assert (breaches(plan), codes(plan)) == ([], [])


def test_a_stored_undo_needs_the_allowance_again() -> None:

    given, first = applied_twice()
    data = render_plan(undone(given, first), tool_version="1").encode()
    tampered = data.replace(b'"allow-adopt"', b'"allow-delete"')
    assert given.apply_saved(tampered).wrote is False
    assert given.apply_saved(data).converged
    live = given.live["sales"].values[phone(1)]
    assert form(live).json == form(url()).json
