"""An account that is renamed while runs go on: whoever writes its numbers under either name does so alone."""

from __future__ import annotations

import pytest

from reconciler.apply.report import ApplyReport, Halt
from reconciler.model import Value
from reconciler.record.base import Intent, Update, Window
from reconciler.record.memory import MemoryRecord
from tests.record.values import SIP, T0, holder
from tests.world import FORWARDING, NONE, Vendor, World, desired, key, phone, rings, sip, url, world

OLD, NEW = "sales", "vertrieb"


def named(account: str, *values: Value, given: World | None = None) -> World:
    """A configuration in which the account has this name; a second one shares vendor and record with the first."""
    files = [desired(at, value, account=account) for at, value in enumerate(values, 1)]
    if given is None:
        vendor = Vendor({phone(at): NONE for at in range(1, 9)}, account=account, capabilities=FORWARDING)
        return world(files, vendors={account: vendor})
    return World(files, {account: given.live[next(iter(given.live))]}, store=given.store, clock=given.clock)


def refused_over(report: ApplyReport, account: str) -> None:
    assert (report.halt, report.wrote) == (Halt.LOCK, False)
    assert f"account {account} is locked by anna" in report.diagnostics[0].message


@pytest.mark.parametrize(("recorded", "configured"), [(OLD, NEW), (NEW, OLD)])
def test_a_run_locks_the_name_that_its_numbers_are_recorded_under_too(recorded: str, configured: str) -> None:
    before = named(recorded, rings())
    assert before.apply().converged
    after = named(configured, url(), given=before)
    with MemoryRecord(after.store).lock([holder(recorded, run_id="other")]):
        refused_over(after.apply(), recorded)
    assert after.apply().converged


@pytest.mark.parametrize(("recorded", "configured"), [(OLD, NEW), (NEW, OLD)])
def test_a_run_locks_the_name_that_an_open_window_has_its_numbers_under(recorded: str, configured: str) -> None:
    given = named(configured, sip(), rings())
    intents = (Intent(key(1), recorded, "create", '{"type":"none"}', SIP),)
    record = MemoryRecord(given.store, name=given.name)
    with record.lock([holder(recorded)]) as lock:
        record.commit(lock, Update(open=Window("w", "r1", T0, intents)), expected=record.load())
    with record.lock([holder(recorded, run_id="other")]):
        refused_over(given.apply(), recorded)


def test_a_run_that_began_to_plan_before_the_rename_locks_what_is_recorded_now() -> None:
    before = named(OLD, rings(), rings())
    assert before.apply().converged
    stale = named(OLD, url(), rings(), given=before)
    plan, state = stale.plan_and_state()
    assert named(NEW, rings(timeout=30), rings(), given=before).apply().converged
    with MemoryRecord(stale.store).lock([holder(NEW, run_id="other")]):
        refused_over(stale.apply_plan(plan, state), NEW)
    assert [each.account for each in MemoryRecord(stale.store).holders()] == []


def test_numbers_of_other_accounts_are_not_locked() -> None:
    given = named(OLD, rings())
    assert given.apply().converged
    other = world(
        [desired(5, url(), account="office")],
        vendors={"office": Vendor({phone(5): NONE}, account="office", capabilities=FORWARDING)},
        store=given.store,
        whole=False,
    )
    with MemoryRecord(given.store).lock([holder(OLD, run_id="other")]):
        assert other.apply().converged


def test_of_two_runs_that_make_the_first_record_under_two_names_only_one_writes_a_number() -> None:
    """No entry and no window says yet that both are one account: the record itself lets only one intent in."""
    given = named(NEW, url(), url())
    first = MemoryRecord(given.store, name=given.name)
    intents = tuple(Intent(key(at), OLD, "create", '{"type":"none"}', SIP) for at in (1, 2))

    def opened(reason: str) -> None:
        if reason.startswith("run"):
            given.store.before_swap = None
            first.commit(lock, Update(open=Window("w", "r1", T0, intents)), expected=first.load())

    with first.lock([holder(OLD)]) as lock:
        given.store.before_swap = opened
        report = given.apply()
    assert (report.halt, report.wrote) == (Halt.RECORD, False)
    assert f"number {phone(1)} was changed in the record by another run" in report.diagnostics[0].message
    assert [window.id for window in given.state.windows] == ["w"]
