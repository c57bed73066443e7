"""Drift is what somebody else changed since the last write; what the files ask for anew is not applied yet."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from reconciler.audit import Audit
from reconciler.http.errors import ProviderError
from reconciler.model import Action, Change, Kind, Parking, Target, Value
from reconciler.record.base import Holder, Intent, Update, Window
from reconciler.record.memory import MemoryRecord
from reconciler.workflow.audit import make_audit
from tests.world import NONE, Vendor, World, desired, key, phone, rings, sip, url, world

EVENTS = "https://example.com/calls?key=${var:EVENT_KEY}"


def audit(given: World) -> Audit:
    return make_audit(given.session, (), lambda _progress: None)


def applied(*values: Value, **more: Any) -> World:
    """Numbers 1 and on, applied with these values."""
    given = world(
        [desired(index, value) for index, value in enumerate(values, start=1)],
        {index: NONE for index, _value in enumerate(values, start=1)},
        **more,
    )
    assert given.apply().converged
    return given


def by_hand(given: World, index: int, value: Value) -> None:
    given.live["sales"].values[phone(index)] = value


def numbers(changes: tuple[Change, ...]) -> list[str]:
    return [change.key.number for change in changes]


def found(given: World) -> tuple[list[str], list[str]]:
    """The numbers that drifted, and those not applied yet."""
    seen = audit(given)
    return numbers(seen.drift), numbers(seen.pending)


def test_after_an_apply_nothing_is_found() -> None:
    seen = audit(applied(rings(), url(), sip()))
    assert (seen.drift, seen.pending, seen.complete, dict(seen.unmanaged)) == ((), (), True, {})
    assert (seen.tally.numbers, seen.tally.read, seen.tally.unknown) == (3, 3, 0)


def test_a_change_by_hand_is_drift_from_what_was_written_to_what_is_live() -> None:
    given = applied(rings(timeout=20), url())
    by_hand(given, 1, rings(timeout=35))
    seen = audit(given)
    (drift,) = seen.drift
    assert (drift.address, drift.action, seen.pending) == (f"sales/{phone(1)}", Action.UPDATE, ())
    assert [(item.path, item.before, item.after) for item in drift.fields] == [("targets[0].timeout", 20, 35)]
    (effect,) = drift.effects
    assert effect.when == "always"


@pytest.mark.parametrize(
    ("written", "live", "told"),
    [(url(), NONE, Action.DELETE), (url(), sip(), Action.UPDATE), (NONE, url(), Action.CREATE)],
)
def test_a_forwarding_that_came_went_or_became_another_is_told_as_that(
    written: Value, live: Value, told: Action
) -> None:
    given = world([desired(1, written), desired(2, url())], {1: NONE, 2: NONE})
    assert given.apply().complete
    by_hand(given, 1, live)
    seen = audit(given)
    assert [(drift.key.number, drift.action) for drift in seen.drift] == [(phone(1), told)]
    assert seen.pending == ()


def test_a_number_that_was_never_ours_cannot_drift() -> None:
    given = world([desired(1, rings()), desired(2, sip())], {1: NONE, 2: url()})
    seen = audit(given)
    assert seen.drift == ()
    assert [(change.key.number, change.action) for change in seen.pending] == [
        (phone(1), Action.CREATE),
        (phone(2), Action.ADOPT),
    ]


def test_an_edit_of_the_files_is_not_drift() -> None:
    given = applied(rings(timeout=20))
    given.files = [desired(1, rings(timeout=25))]
    assert found(given) == ([], [phone(1)])


def test_a_number_that_was_edited_here_and_there_is_both() -> None:
    given = applied(rings(timeout=20))
    given.files = [desired(1, rings(timeout=25))]
    by_hand(given, 1, rings(timeout=35))
    seen = audit(given)
    assert (numbers(seen.drift), numbers(seen.pending)) == ([phone(1)], [phone(1)])
    (drift,) = seen.drift
    assert [(item.before, item.after) for item in drift.fields] == [(20, 35)]


def test_what_somebody_else_made_as_the_files_say_is_neither() -> None:
    given = applied(rings(timeout=20))
    given.files = [desired(1, rings(timeout=25))]
    by_hand(given, 1, rings(timeout=25))
    assert found(given) == ([], [])


def test_a_period_that_is_spelled_otherwise_and_means_the_same_is_no_drift() -> None:
    def scheduled(*periods: str) -> Value:
        plain = rings()
        target = Target("74992223344", 20, periods)
        return type(plain)(plain.redirect, (target,), event_url=plain.event_url)

    given = applied(scheduled("wd {mon-fri} hr {9-17}"))
    given.files = [desired(1, scheduled("wd {mon-fri} hr {9-18}"))]
    by_hand(given, 1, scheduled("hr {9-17} wd {mo-fr}"))
    assert found(given) == ([], [phone(1)])
    by_hand(given, 1, scheduled("hr {9-16} wd {mon-fri}"))
    assert found(given) == ([phone(1)], [phone(1)])


def test_a_number_in_no_file_any_more_drifts_only_if_somebody_changed_it() -> None:
    given = applied(url(), url(), url())
    given.files = [desired(1, url())]
    by_hand(given, 3, sip())
    seen = audit(given)
    assert numbers(seen.drift) == [phone(3)]
    assert {change.key.number: change.action for change in seen.pending} == {
        phone(2): Action.DELETE,
        phone(3): Action.FORGET,
    }
    assert dict(seen.unmanaged) == {}


def rotated(given: World) -> None:
    given.variables["EVENT_KEY"] = "new"


def changed(given: World) -> None:
    by_hand(given, 1, rings(event_url="https://example.com/calls?key=stolen"))


@pytest.mark.parametrize(
    ("happens", "expected"), [(rotated, ([], [phone(1)])), (changed, ([phone(1)], [])), (lambda _given: None, ([], []))]
)
def test_secrets_are_told_apart_by_their_digests(
    happens: Callable[[World], None], expected: tuple[list[str], list[str]]
) -> None:
    given = applied(rings(event_url=EVENTS), variables={"EVENT_KEY": "old"})
    happens(given)
    assert found(given) == expected
    assert "stolen" not in str(audit(given).drift)


@pytest.mark.parametrize("key", [None, "another key of the record, long enough"])
def test_a_secret_that_cannot_be_compared_with_the_record_is_never_called_drift(key: str | None) -> None:
    given = applied(rings(event_url=EVENTS), variables={"EVENT_KEY": "old"})
    given.key = key
    assert found(given) == ([], [])
    changed(given)
    assert found(given) == ([], [phone(1)])


def test_a_field_that_cannot_be_read_is_no_drift() -> None:
    given = applied(rings(client_id="crm-1"))
    vendor = given.live["sales"]
    assert isinstance(vendor, Vendor)
    vendor.unreadable = frozenset({"client_id"})
    given.files = [desired(1, rings(client_id="crm-2"))]
    assert found(given) == ([], [phone(1)])
    by_hand(given, 1, rings(timeout=40))
    (drift,) = audit(given).drift
    assert [item.path for item in drift.fields] == ["targets[0].timeout"]


def test_what_a_run_that_broke_off_wrote_is_not_drift() -> None:
    given = applied(url())
    given.files = [desired(1, sip())]
    after = '{"sip_uri":"other@sip.example.com","type":"sip"}'
    by_hand(given, 1, sip("other@sip.example.com"))
    assert found(given) == ([phone(1)], [phone(1)])
    record = MemoryRecord(given.store, name="moscow")
    intent = Intent(key(1), "sales", "update", "", after)
    with record.lock([Holder("sales", "host", "user", 1, "r", "2026-11-21T10:00:00Z")]) as lock:
        window = Window("w", "r", "2026-11-21T10:00:00Z", (intent,))
        record.commit(lock, Update(open=window), expected=record.load())
    assert found(given) == ([], [phone(1)])


def test_parking_is_believed_to_be_as_recorded() -> None:
    given = world([desired(1, Parking(parked=True)), desired(2, Parking(parked=True))], parking=[1, 2])
    given.apply()
    seen = audit(given)
    assert (seen.drift, seen.pending, seen.tally.as_recorded) == ((), (), 2)
    given.files = [desired(1, Parking(parked=True)), desired(2, Parking(parked=False))]
    seen = audit(given)
    assert (seen.drift, [change.key for change in seen.pending]) == ((), [key(2, Kind.PARKING)])


def test_numbers_of_an_account_that_stand_in_no_file_are_unmanaged() -> None:
    given = world([desired(1, url())], {1: url(), 2: sip(), 3: NONE}, parking=[7])
    seen = audit(given)
    assert dict(seen.unmanaged) == {"sales": (phone(2), phone(3))}
    assert seen.unlisted == ("office",)


def test_a_number_under_forget_is_unmanaged_and_has_not_drifted() -> None:
    given = applied(url(), url())
    given.files, given.forget = [desired(1, url())], (phone(2),)
    by_hand(given, 2, sip())
    seen = audit(given)
    assert (seen.drift, dict(seen.unmanaged)) == ((), {"sales": (phone(2),)})


def test_a_number_that_cannot_be_read_is_neither_but_unknown() -> None:
    given = applied(url(), url())

    def fails(verb: str, _number: str) -> None:
        if verb != "write":
            raise ProviderError("no answer")

    given.live["sales"].before = fails
    seen = audit(given)
    assert (seen.drift, seen.pending, seen.complete, seen.has_errors) == ((), (), False, True)
    assert (seen.tally.numbers, seen.tally.read, seen.tally.unknown) == (2, 0, 2)


@pytest.mark.parametrize("scenario", [None, "storm", "calm"])
def test_the_scenario_in_force_is_told_with_the_way_back(scenario: str | None) -> None:
    given = applied(url(), scenario="storm")
    given.scenario = scenario
    seen = audit(given)
    assert (seen.scenario, seen.in_force) == (scenario, "storm")
    (told,) = [item for item in seen.diagnostics if item.code == "scenario-in-force"]
    assert told.message.startswith("scenario 'storm' is in force since an earlier apply")
    assert "to go back: reconciler apply without --scenario" in (told.hint or "")
    assert ("--scenario storm" in (told.hint or "")) == (scenario != "storm")


def test_without_a_scenario_nothing_is_said_of_one() -> None:
    assert audit(applied(url())).diagnostics == ()


def test_an_account_in_which_no_number_is_declared_is_asked_for_its_list_too() -> None:
    given = applied(url())
    given.live["spare"] = Vendor({phone(8): url(), phone(1): url()}, account="spare")
    seen = audit(given)
    assert (dict(seen.unmanaged), seen.unlisted) == ({"spare": (phone(8),)}, ())
    assert seen.calls.made == given.plan().calls.made + 1


def test_an_unused_account_that_cannot_be_asked_is_a_warning_and_not_an_error() -> None:
    given = applied(url())
    given.live["spare"] = Vendor({}, account="spare")

    def fails(_verb: str, _number: str) -> None:
        raise ProviderError("no answer")

    given.live["spare"].before = fails
    seen = audit(given)
    assert (seen.unlisted, seen.has_errors, seen.complete) == (("spare",), False, True)
    assert [item.message for item in seen.diagnostics] == ["the numbers of account spare cannot be listed: no answer"]
