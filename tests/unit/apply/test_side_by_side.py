"""Several runs at once: one at a time per account, and none disturbs another account's run."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import pytest

from reconciler.apply.report import ApplyReport, Halt
from reconciler.plan.build import Options, Selection
from reconciler.record.base import Holder, Record, Update
from reconciler.record.memory import MemoryRecord
from reconciler.record.sqlite import SqliteRecord
from reconciler.wiring import Session
from reconciler.workflow.apply import apply_stored
from reconciler.workflow.plan import make_plan
from reconciler.workflow.stored import StoredPlan
from tests.record.faulty import FaultyStore
from tests.record.values import holder
from tests.world import EVERYTHING, NONE, ObedientClock, Vendor, World, desired, phone, rings, world

COUNT = 12


@pytest.fixture(params=["memory", "file"])
def records(request: pytest.FixtureRequest, tmp_path: Path) -> list[Record]:
    """Two records on one store, as two processes would have."""
    if request.param == "file":
        return [SqliteRecord(tmp_path / "record.db", name="moscow") for _ in range(2)]
    store = FaultyStore()
    return [MemoryRecord(store, name="moscow") for _ in range(2)]


def of_two_accounts(meet: Barrier) -> World:
    """Numbers of two accounts; each account's second write waits for the other's, so that both are under way."""
    clock = ObedientClock()

    def vendor(name: str, at: int) -> Vendor:
        numbers = [phone(index) for index in range(at, COUNT, 2)]

        def before(verb: str, number: str) -> None:
            if verb == "write" and number == numbers[1]:
                meet.wait()

        return Vendor(dict.fromkeys(numbers, NONE), account=name, clock=clock, before=before)

    files = [desired(index, rings(), account=("north", "south")[index % 2]) for index in range(COUNT)]
    return world(files, vendors={"north": vendor("north", 0), "south": vendor("south", 1)}, clock=clock)


def session_of(given: World, record: Record) -> Session:
    session = given.session
    session._record = record
    return session


def run(session: Session, account: str) -> ApplyReport:
    asked = Options(kept=True, consent=EVERYTHING, selection=Selection(accounts=(account,)))
    plan, state = make_plan(session, asked)
    return apply_stored(session, StoredPlan(plan, state))


def test_two_accounts_are_applied_at_the_same_time_into_one_record(records: list[Record]) -> None:
    meet = Barrier(2, timeout=20)
    given = of_two_accounts(meet)
    with records[0].lock([_anybody()]) as lock:
        records[0].commit(lock, Update(), expected=records[0].load())
    with ThreadPoolExecutor(2) as pool:
        sessions = [session_of(given, record) for record in records]
        reports = list(pool.map(run, sessions, ("north", "south")))
    assert [report.converged for report in reports] == [True, True], reports
    state = records[0].load()
    assert (len(state.entries), state.windows) == (COUNT, ())
    for record in records:
        record.close()


def test_a_second_run_on_the_same_account_is_refused_and_names_the_first(records: list[Record]) -> None:
    meet = Barrier(1)
    given = of_two_accounts(meet)
    with records[0].lock([_anybody("north")]):
        report = run(session_of(given, records[1]), "north")
    assert (report.halt, report.wrote) == (Halt.LOCK, False)
    assert "anna" in report.diagnostics[0].message
    for record in records:
        record.close()


def test_several_accounts_are_locked_all_or_none(records: list[Record]) -> None:
    given = of_two_accounts(Barrier(1))
    with records[0].lock([_anybody("south")]):
        session = session_of(given, records[1])
        plan, state = make_plan(session, Options(kept=True, consent=EVERYTHING))
        assert apply_stored(session, StoredPlan(plan, state)).halt is Halt.LOCK
        assert [holder.account for holder in records[1].holders()] == ["south"]
    for record in records:
        record.close()


def _anybody(account: str = "elsewhere") -> Holder:
    return holder(account, run_id="other")
