"""The walk over a plan: windows of durable intents, one first write alone, failures contained, records that fail."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from threading import Barrier

import pytest

from reconciler.apply.journal import ApplyEvent, Finished, LockBroken, Sending, Settled, WindowOpened, WindowOpening
from reconciler.apply.report import Halt
from reconciler.cli.exits import Exit, of_report
from reconciler.http.errors import Rejected, Unavailable
from reconciler.model import Outcome, Parking, Value
from reconciler.plan.build import Selection
from reconciler.plan.model import Consent
from reconciler.record.base import Intent, Lock, RecordState, Update, WaitInterruptedError, Window
from reconciler.record.memory import MemoryRecord
from reconciler.settings import Policy
from tests.record.faulty import FaultyStore
from tests.record.values import dead_pid, holder
from tests.world import (
    NONE,
    ObedientClock,
    Vendor,
    World,
    desired,
    key,
    outcomes,
    phone,
    result,
    rings,
    sip,
    url,
    world,
)

Hook = Callable[[str, str], None]


def many(count: int, before: Hook | None = None, value: Value | None = None) -> World:
    given = world([desired(index, value or rings()) for index in range(count)], dict.fromkeys(range(count), NONE))
    if before is not None:
        given.live["sales"].before = before
    return given


def refusing(*indices: int, error: Callable[[str], Exception] = lambda number: Rejected(f"no {number}")) -> Hook:
    bad = {phone(index) for index in indices}

    def before(verb: str, number: str) -> None:
        if verb == "write" and number in bad:
            raise error(number)

    return before


def sent(given: World) -> list[int]:
    """The numbers that were written, in order."""
    writes = given.live["sales"].writes
    return [int(each.number) - int(phone(0)) for each in writes]


# -- windows --------------------------------------------------------------------------------------------------------


def test_an_intent_is_durable_before_anything_is_sent() -> None:
    given = many(5)
    seen: list[tuple[str, set[str]]] = []

    def durable(verb: str, number: str) -> None:
        if verb == "write":
            windows = MemoryRecord(given.store).load().windows
            seen.append((number, {intent.key.number for window in windows for intent in window.intents}))

    given.live["sales"].before = durable
    assert given.apply().converged
    assert len(seen) == 5
    assert all(number in intents for number, intents in seen)


def test_a_window_holds_no_more_writes_than_the_record_allows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(MemoryRecord, "window_size", 4)
    given = many(10)
    assert given.apply().converged
    assert [len(event.addresses) for event in given.events if isinstance(event, WindowOpened)] == [1, 4, 4, 1]


def test_events_come_in_the_order_in_which_things_happen() -> None:
    given = many(1)
    given.apply()
    kinds = [type(event) for event in given.events]
    assert kinds == [WindowOpening, Settled, WindowOpened, Sending, Finished, Settled]


def test_the_first_write_of_an_account_goes_alone() -> None:
    given = many(5)
    given.apply()
    windows = [event.addresses for event in given.events if isinstance(event, WindowOpened)]
    assert windows[0] == (f"sales/{phone(0)}",)
    assert len(windows[1]) == 4


def test_the_first_writes_of_two_accounts_go_side_by_side() -> None:
    clock = ObedientClock()
    vendors = {
        name: Vendor({phone(index): NONE for index in range(at, 10, 2)}, account=name, clock=clock)
        for at, name in enumerate(("north", "south"))
    }
    files = [desired(index, rings(), account=("north", "south")[index % 2]) for index in range(10)]
    given = world(files, vendors=dict(vendors))
    assert given.apply().converged
    first = next(event for event in given.events if isinstance(event, WindowOpened))
    assert first.addresses == (f"north/{phone(0)}", f"south/{phone(1)}")


def test_while_no_write_went_through_every_write_goes_alone() -> None:
    given = many(5, refusing(0, 1))
    given.apply()
    sizes = [len(event.addresses) for event in given.events if isinstance(event, WindowOpened)]
    assert sizes == [1, 1, 1, 2]


def test_writes_of_a_window_go_on_at_once_within_the_accounts_concurrency() -> None:

    together = Barrier(4, timeout=10)

    def meet(verb: str, number: str) -> None:
        if verb == "write" and number != phone(0):
            together.wait()

    given = many(5)
    vendor = given.live["sales"]
    given.live = {"sales": Vendor(vendor.values, concurrency=4, clock=given.clock, before=meet)}
    assert given.apply().converged


# -- failures -------------------------------------------------------------------------------------------------------


def test_a_failure_skips_what_depends_on_it_and_nothing_else() -> None:
    files = [desired(0, rings()), desired(1, rings(phone(2))), desired(2, rings()), desired(3, rings(phone(1)))]
    given = world(files, dict.fromkeys(range(4), NONE))
    given.live["sales"].before = refusing(2)
    report = given.apply()
    assert outcomes(report) == {phone(0): "applied", phone(1): "skipped", phone(2): "failed", phone(3): "skipped"}
    reasons = {done.address[-1]: done.error for done in report.results}
    assert reasons["1"] == f"it depends on sales/{phone(2)}, which was not applied"
    assert reasons["3"] == f"it depends on sales/{phone(1)}, which was not applied"


def test_a_number_that_is_forwarded_to_is_written_first() -> None:
    files = [desired(0, rings(phone(1))), desired(1, rings(phone(2))), desired(2, rings())]
    given = world(files, dict.fromkeys(range(3), NONE))
    given.apply()
    assert sent(given) == [2, 1, 0]


def test_deletes_go_last_and_wait_for_who_leaves() -> None:
    given = world([desired(0, rings()), desired(1, rings(phone(0)))], {0: NONE, 1: NONE, 2: NONE})
    assert given.apply().converged
    given.files = [desired(0, NONE), desired(1, rings("74990001122")), desired(2, rings())]
    given.live["sales"].writes.clear()
    given.live["sales"].before = refusing(1)
    report = given.apply()
    assert outcomes(report) == {phone(0): "skipped", phone(1): "failed", phone(2): "applied"}
    given.live["sales"].before = refusing()
    assert given.apply().converged
    assert sent(given) == [2, 1, 0]


def test_a_delete_that_depends_on_nobody_still_waits_for_all_that_is_no_delete() -> None:
    given = world([desired(0, rings())], dict.fromkeys(range(5), NONE))
    assert given.apply().converged
    given.files = [desired(0, NONE), *(desired(index, rings()) for index in range(1, 5))]
    given.events.clear()
    assert given.apply().converged
    windows = [event.addresses for event in given.events if isinstance(event, WindowOpened)]
    assert windows[-1] == (f"sales/{phone(0)}",)
    assert sum(len(addresses) for addresses in windows) == 5


def test_forwardings_in_a_circle_are_written_all_the_same() -> None:
    files = [desired(index, rings(phone((index + 1) % 3))) for index in range(3)]
    assert world(files, dict.fromkeys(range(3), NONE)).apply().converged


def test_three_like_failures_in_a_row_stop_the_account() -> None:
    given = many(8, refusing(*range(8)))
    report = given.apply()
    assert report.summary == {"applied": 0, "unverified": 0, "failed": 3, "unknown": 0, "skipped": 5}
    skipped = [done.error or "" for done in report.results if done.outcome is Outcome.SKIPPED]
    assert all(
        "account sales was stopped after 3 consecutive failures with the same cause: " in error for error in skipped
    )


def test_a_failure_counts_before_the_next_write_goes_out_however_long_the_telling_takes() -> None:
    given = many(12, refusing(*range(1, 12)))

    def tell_slowly(event: ApplyEvent) -> None:
        if isinstance(event, Finished):
            time.sleep(0.05)

    given.on_event = tell_slowly
    report = given.apply()
    assert report.summary == {"applied": 1, "unverified": 0, "failed": 3, "unknown": 0, "skipped": 8}


def test_a_success_in_between_starts_the_count_again() -> None:
    given = many(8, refusing(0, 1, 3, 4, 6, 7))
    given.live["sales"].capabilities = given.live["sales"].capabilities
    assert given.apply().summary["failed"] == 6


def test_failures_with_different_causes_are_not_in_a_row() -> None:
    def before(verb: str, number: str) -> None:
        if verb == "write":
            index = int(number) - int(phone(0))
            raise Rejected("no") if index % 2 else Unavailable("down")

    assert many(6, before).apply().summary["failed"] == 6


def test_policy_says_how_many_failures_stop_an_account() -> None:

    given = many(8, refusing(*range(8)))
    given.policy = Policy(max_failures=5)
    assert given.apply().summary["failed"] == 5


def test_an_account_that_is_stopped_leaves_the_other_alone() -> None:
    clock = ObedientClock()
    vendors = {
        "north": Vendor({phone(i): NONE for i in range(5)}, account="north", clock=clock, before=refusing(*range(5))),
        "south": Vendor({phone(i): NONE for i in range(5, 10)}, account="south", clock=clock),
    }
    files = [desired(i, rings(), account="north" if i < 5 else "south") for i in range(10)]
    report = world(files, vendors=dict(vendors)).apply()
    assert report.summary == {"applied": 5, "unverified": 0, "failed": 3, "unknown": 0, "skipped": 2}


# -- interruption ---------------------------------------------------------------------------------------------------


def test_an_interruption_sends_nothing_new_and_settles_what_was_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(MemoryRecord, "window_size", 2)
    given = many(7)

    def interrupt(event: ApplyEvent) -> None:
        if isinstance(event, Finished) and event.done == 3:
            given.clock.interrupted.set()

    given.on_event = interrupt
    report = given.apply()
    assert report.halt is Halt.INTERRUPTED
    assert report.summary["applied"] == 3
    assert {done.error for done in report.results if done.outcome is Outcome.SKIPPED} == {"the run was interrupted"}
    assert (len(given.state.entries), given.state.windows) == (3, ())
    given.on_event = lambda _event: None
    given.clock.interrupted.clear()
    assert given.apply().converged


def test_a_change_window_that_closes_stops_writing() -> None:

    given = many(3)
    # 2026-11-18 11:06:40 UTC is 14:06:40 in Moscow, and each write lets a minute pass: the third would be at 14:08:40.
    given.policy = Policy(change_window=("hr {14} min {0-7}",))

    def pass_time(verb: str, _number: str) -> None:
        if verb == "write":
            given.clock.time += 60

    given.live["sales"].before = pass_time
    report = given.apply()
    assert report.summary["applied"] == 2
    assert report.summary["skipped"] == 1
    assert "the change window is closed" in (report.results[2].error or "")


# -- the record -----------------------------------------------------------------------------------------------------


def test_a_record_that_cannot_be_saved_stops_writing_and_the_unsettled_are_named(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(MemoryRecord, "window_size", 2)
    given = many(7)

    def full(event: ApplyEvent) -> None:
        if isinstance(event, Finished) and event.done == 3:
            given.store.failing = "the disk is full"

    given.on_event = full
    report = given.apply()
    assert (report.halt, report.summary["applied"], report.summary["skipped"]) == (Halt.RECORD, 3, 4)
    problem = next(item for item in report.diagnostics if item.code == "record-not-saved")
    assert problem.message.endswith(f"not settled in the record: sales/{phone(1)}, sales/{phone(2)}")
    assert sent(given) == [0, 1, 2]
    assert "lock-not-released" in [item.code for item in report.diagnostics]
    given.store.failing, given.on_event = None, lambda _event: None
    MemoryRecord(given.store).unlock([], force=True)
    assert given.apply().converged
    assert (sent(given), given.state.windows) == ([0, 1, 2, 3, 4, 5, 6], ())


def test_a_record_that_cannot_be_saved_at_first_sends_nothing() -> None:
    given = many(3)
    given.store.before_swap = lambda reason: setattr(given.store, "failing", "no" if "run" in reason else None)
    report = given.apply()
    assert (report.halt, sent(given), report.wrote) == (Halt.RECORD, [], False)


def test_a_record_that_cannot_be_reached_is_an_error_and_nothing_is_sent() -> None:
    given = many(3)
    plan, state = given.plan_and_state()
    given.store.failing = "no route to host"
    report = given.apply_plan(plan, state)
    assert (report.halt, sent(given)) == (Halt.RECORD, [])
    assert [item.code for item in report.diagnostics] == ["record-unusable"]


def test_forgetting_that_could_not_be_saved_was_not_done() -> None:
    given = world([desired(0, rings())], {0: NONE})
    assert given.apply().converged
    given.files, given.forget = [], (phone(0),)
    given.store.before_swap = lambda reason: setattr(given.store, "failing", "no" if reason.startswith("run") else None)
    report = given.apply()
    assert result(report).outcome is Outcome.FAILED
    assert not report.converged


def test_a_lock_that_is_lost_stops_writing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(MemoryRecord, "window_size", 2)
    given = many(7)

    def steal(event: ApplyEvent) -> None:
        if isinstance(event, Finished) and event.done == 1:
            MemoryRecord(given.store).unlock([], force=True)

    given.on_event = steal
    report = given.apply()
    assert (report.halt, sent(given)) == (Halt.LOCK, [0])
    assert {done.error for done in report.results[1:]} == {"writing stopped: the lock was lost"}


def test_a_save_that_an_interruption_cut_short_ends_the_run_as_interrupted(monkeypatch: pytest.MonkeyPatch) -> None:
    given = many(3)

    def cut(*_: object, **__: object) -> str:
        raise WaitInterruptedError("interrupted while waiting for the record")

    def settle(event: object) -> None:
        if isinstance(event, Finished):
            monkeypatch.setattr(FaultyStore, "swap", cut)

    given.on_event = settle
    report = given.apply()
    assert report.halt is Halt.INTERRUPTED
    assert of_report(report) is Exit.INTERRUPTED
    assert "record-not-saved" in [item.code for item in report.diagnostics]


def test_a_lock_that_is_held_refuses_the_run_and_names_the_holder() -> None:
    given = many(1)
    with MemoryRecord(given.store).lock([holder(run_id="other")]):
        report = given.apply()
    assert (report.halt, sent(given)) == (Halt.LOCK, [])
    assert "anna" in report.diagnostics[0].message


def test_another_accounts_lock_is_no_obstacle() -> None:
    given = many(1)
    with MemoryRecord(given.store).lock([holder("elsewhere", run_id="other")]):
        assert given.apply().converged


def test_a_lock_of_a_dead_process_is_broken_and_that_is_told() -> None:

    given = many(1)
    record = MemoryRecord(given.store)
    with record.lock([holder(pid=dead_pid())]):
        kept = given.store.text
    given.store.replace(kept)
    assert given.apply().converged
    assert isinstance(given.events[0], LockBroken)


def test_an_apply_without_changes_takes_no_lock_and_saves_nothing() -> None:
    given = many(1)
    given.apply()
    saves = given.store.saves
    with MemoryRecord(given.store).lock([holder(run_id="other")]):
        assert given.apply().converged
    assert given.store.saves == saves + 2


def test_a_run_does_not_settle_the_window_of_a_run_that_is_alive_on_another_account() -> None:
    clock = ObedientClock()
    vendors = {
        "north": Vendor({phone(1): NONE}, account="north", clock=clock),
        "south": Vendor({phone(2): NONE}, account="south", clock=clock),
    }
    files = [desired(1, rings(), account="north"), desired(2, NONE, account="south")]
    given = world(files, vendors=dict(vendors))
    other = MemoryRecord(given.store, name=given.name)
    with other.lock([holder("south", run_id="r9")]) as lock:
        intent = Intent(key(2), "south", "create", '{"type":"none"}', '{"sip_uri":"a@b","type":"sip"}')
        opened = Update(open=Window("w9", "r9", "2026-11-21T10:00:00Z", (intent,)))
        state = other.commit(lock, opened, expected=other.load())
        assert given.apply(selection=Selection(accounts=("north",))).converged
        assert [window.id for window in given.state.windows] == ["w9"]
        after: RecordState = other.commit(lock, Update(settle=["w9"]), expected=state)
        assert after.windows == ()


def left_open(given: World, after: str = '{"sip_uri":"user@sip.example.com","type":"sip"}') -> World:
    """A run died when the intent to create number 1 was durable."""
    record = MemoryRecord(given.store, name=given.name)
    intent = Intent(key(1), "sales", "create", '{"type":"none"}', after)
    with record.lock([holder(run_id="r0")]) as lock:
        record.commit(lock, Update(open=Window("w0", "r0", "2026-11-21T10:00:00Z", (intent,))), expected=record.load())
    return given


def open_values(given: World) -> list[str]:
    return [json.loads(intent.after)["type"] for window in given.state.windows for intent in window.intents]


def test_an_intent_of_a_number_that_the_run_is_not_about_is_carried_along() -> None:
    given = left_open(world([desired(1, rings()), desired(2, rings())], {1: sip(), 2: NONE}))
    assert given.apply(selection=Selection(targets=(phone(2),))).converged
    assert [intent.key for window in given.state.windows for intent in window.intents] == [key(1)]
    plan = given.plan()
    assert [change.action.value for change in plan.changes] == ["update"]
    assert given.apply(consent=Consent()).converged
    assert given.state.windows == ()


def test_an_intent_whose_successor_was_never_sent_stays_as_it_was() -> None:
    given = left_open(world([desired(1, rings())], {1: sip()}))
    given.on_event = lambda event: given.clock.interrupted.set() if isinstance(event, WindowOpened) else None
    assert given.apply().halt is Halt.INTERRUPTED
    assert (sent(given), open_values(given)) == ([], ["sip"])
    given.on_event = lambda _event: None
    given.clock.interrupted.clear()
    assert given.apply(consent=Consent()).converged
    assert given.state.windows == ()


def test_a_delete_that_a_dead_run_had_done_is_forgotten_and_settled_at_once() -> None:
    given = world([desired(1, sip())], {1: NONE})
    assert given.apply().converged
    record = MemoryRecord(given.store, name=given.name)
    intent = Intent(key(1), "sales", "delete", '{"sip_uri":"user@sip.example.com","type":"sip"}', '{"type":"none"}')
    with record.lock([holder(run_id="r0")]) as lock:
        record.commit(lock, Update(open=Window("w0", "r0", "2026-11-21T10:00:00Z", (intent,))), expected=record.load())
    given.live["sales"].values[phone(1)] = NONE
    given.files = []
    assert given.apply().converged
    assert (given.state.entries, given.state.windows) == ({}, ())


def test_what_another_run_recorded_since_the_plan_is_not_recorded_over() -> None:
    given = world([desired(1, rings())], {1: NONE})
    assert given.apply().converged
    given.live["sales"].values[phone(1)] = url()
    given.files = [desired(1, url())]
    plan, state = given.plan_and_state()
    assert (plan.changes, len(plan.learned.recordings)) == ((), 1)
    given.files = [desired(1, sip())]
    assert given.apply().converged
    assert given.apply_plan(plan, state).converged
    assert json.loads(given.state.entries[key(1)].value)["type"] == "sip"


def test_the_run_keeps_what_it_did_with_before_and_after() -> None:
    given = world([desired(1, rings())], {1: sip()})
    report = given.apply()
    run = MemoryRecord(given.store).run(report.run_id)
    assert run is not None
    (row,) = run.results
    assert (row["action"], row["outcome"], row["before"]["type"], row["after"]["type"]) == (
        "adopt",
        "applied",
        "sip",
        "number",
    )
    assert run.finished_at
    assert "protected" in run.overrides


def test_a_scenario_in_force_is_recorded_and_its_end_too() -> None:
    given = many(1)
    given.scenario = "storm"
    given.apply()
    assert given.state.scenario == "storm"
    given.scenario, given.files = None, [desired(0, url())]
    given.apply()
    assert given.state.scenario == ""


def test_progress_counts_to_the_end() -> None:
    given = world([desired(0, rings()), desired(1, Parking(parked=True))], {0: NONE}, parking=[1])
    given.apply()
    finished = [(event.done, event.total) for event in given.events if isinstance(event, Finished)]
    assert finished == [(1, 2), (2, 2)]


def test_nothing_is_written_without_consent_to_the_plan() -> None:
    given = world([desired(1, rings())], {1: url()})
    assert given.apply(consent=Consent()).halt is Halt.REFUSED
    assert sent(given) == []


@pytest.mark.parametrize(("seconds", "proofs"), [(1.0, 0), (31.0, 1)])
def test_a_lock_is_proven_before_a_write_where_its_last_proof_is_old(
    seconds: float, proofs: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    proven: list[Lock] = []
    monkeypatch.setattr(MemoryRecord, "prove", lambda _record, lock: proven.append(lock))

    def slow(verb: str, _number: str) -> None:
        given.clock.sleep(seconds if verb == "write" else 0.0)

    given = many(3, slow)
    given.apply()
    assert len(proven) == proofs
