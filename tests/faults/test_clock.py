"""A clock that is set back, at any point, hides no change, revives no plan and unlocks nothing."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator

import pytest

from reconciler.apply.journal import ApplyEvent, Finished, WindowOpened
from reconciler.apply.report import ApplyReport, Halt
from reconciler.clock import epoch
from reconciler.formats.plan import render_plan
from reconciler.model import Desired, Key, Kind, Parking
from reconciler.plan.build import Options
from reconciler.record.base import Holder
from reconciler.record.locks import this_holder
from reconciler.record.memory import MemoryRecord
from reconciler.sandbox import Sandbox
from reconciler.settings import Policy
from reconciler.workflow.plan import make_undo
from reconciler.workflow.stored import StalePlanError
from tests.sandbox_world import QuickClock, SandboxWorld
from tests.world import (
    EVERYTHING,
    NONE,
    ObedientClock,
    World,
    desired,
    outcomes,
    phone,
    place,
    result,
    rings,
    sip,
    url,
    world,
)

HOUR = 3600.0
DAY = 24 * HOUR


class FaultyClock(ObedientClock):
    """Wall time can be set back; the monotonic count never is."""

    def __init__(self) -> None:
        super().__init__()
        self.behind = 0.0

    def now(self) -> float:
        return self.time - self.behind


@pytest.fixture
def clock() -> FaultyClock:
    return FaultyClock()


def on(kind: type[ApplyEvent], act: Callable[[], None]) -> Callable[[ApplyEvent], None]:
    """Do something at the first event of a kind."""
    todo = [act]

    def hear(event: ApplyEvent) -> None:
        if isinstance(event, kind) and todo:
            todo.pop()()

    return hear


def saved(given: World, **more: float) -> bytes:
    return render_plan(given.plan(consent=EVERYTHING, **more), tool_version="1.0").encode()


def apply_file(given: World, data: bytes) -> ApplyReport:
    return given.apply_saved(data)


# -- within a run ----------------------------------------------------------------------------------------------------


def test_a_read_is_not_fresh_for_ever_because_the_clock_went_back(clock: FaultyClock) -> None:
    given = world([desired(0, rings())], {0: NONE}, clock=clock)
    data = saved(given)

    def meanwhile() -> None:
        clock.time += 60
        clock.behind = HOUR
        given.live["sales"].values[phone(0)] = sip("somebody@elsewhere.example")

    given.on_event = on(WindowOpened, meanwhile)
    report = apply_file(given, data)
    assert outcomes(report) == {phone(0): "skipped"}
    assert given.live["sales"].values[phone(0)] == sip("somebody@elsewhere.example")


def test_a_run_whose_clock_goes_back_settles_everything(clock: FaultyClock) -> None:
    given = world([desired(at, rings()) for at in range(4)], dict.fromkeys(range(4), NONE), clock=clock)
    given.on_event = on(Finished, lambda: setattr(clock, "behind", DAY))
    assert given.apply().summary["applied"] == 4
    assert (given.state.windows, given.plan().changes) == ((), ())


def test_a_change_window_that_the_clock_leaves_backwards_is_closed(clock: FaultyClock) -> None:
    opens = epoch("2026-11-23T10:00:00+03:00")
    clock.time = opens + 60
    policy = Policy(change_window=("hr {10-17}",), change_window_timezone="Europe/Moscow")
    given = world([desired(at, rings()) for at in range(3)], dict.fromkeys(range(3), NONE), clock=clock, policy=policy)
    given.on_event = on(Finished, lambda: setattr(clock, "behind", HOUR))
    report = given.apply()
    assert (report.summary["applied"], report.summary["skipped"]) == (1, 2)
    clock.behind = 0.0
    assert given.apply().converged


# -- between plan and apply ------------------------------------------------------------------------------------------


def test_a_saved_plan_holds_although_the_clock_went_back_a_little(clock: FaultyClock) -> None:
    given = world([desired(0, rings())], {0: NONE}, clock=clock)
    data = saved(given, expires_in=DAY)
    clock.behind = 60
    assert apply_file(given, data).converged


def test_a_saved_plan_is_stale_where_a_number_moved_whatever_the_clock_says(clock: FaultyClock) -> None:
    given = world([desired(0, rings())], {0: NONE}, clock=clock)
    data = saved(given)
    clock.behind = DAY
    given.live["sales"].values[phone(0)] = url()
    report = apply_file(given, data)
    assert (report.halt, report.wrote) == (Halt.STALE, False)


def test_a_plan_that_expires_does_not_live_longer_because_the_clock_went_back(clock: FaultyClock) -> None:
    given = world([desired(0, rings())], {0: NONE}, clock=clock)
    data = saved(given, expires_in=DAY)
    clock.time += 2 * DAY
    with pytest.raises(StalePlanError, match="expired"):
        apply_file(given, data)
    clock.behind = 3 * DAY
    with pytest.raises(StalePlanError, match="clock"):
        apply_file(given, data)
    assert given.live["sales"].values[phone(0)] == NONE


# -- between runs ----------------------------------------------------------------------------------------------------


def test_the_latest_run_is_the_last_one_and_not_the_one_with_the_latest_time(clock: FaultyClock) -> None:
    given = world([desired(0, rings())], {0: NONE}, clock=clock)
    assert given.apply().converged
    clock.behind = DAY
    given.files = [desired(0, url())]
    second = given.apply()
    assert second.converged
    last, first = MemoryRecord(given.store).runs()
    assert (last.id, last.started_at < first.started_at) == (second.run_id, True)
    full = MemoryRecord(given.store).run(last.id)
    assert full is not None
    undone, _state = make_undo(given.session, full, Options(kept=True, consent=EVERYTHING))
    assert [change.after and change.after["type"] for change in undone.changes] == ["number"]


def test_a_killed_run_is_settled_although_the_clock_went_back(clock: FaultyClock) -> None:
    given = world([desired(at, rings()) for at in range(3)], dict.fromkeys(range(3), NONE), clock=clock)

    class Killed(BaseException):
        pass

    def die() -> None:
        raise Killed

    given.on_event = on(Finished, die)
    with pytest.raises(Killed):
        given.apply()
    assert len(given.state.windows) == 1
    clock.behind = DAY
    given.on_event = lambda _event: None
    assert given.apply().converged
    assert set(given.live["sales"].values.values()) == {rings()}
    assert not given.state.windows


def holder_of(pid: int, since: str = "2099-01-01T00:00:00Z") -> Holder:
    mine = this_holder("sales", run_id="another", since=since)
    return Holder(mine.account, mine.host, mine.user, pid, mine.run_id, mine.since)


def test_a_lock_from_the_future_holds_while_its_process_lives_and_not_longer(clock: FaultyClock) -> None:
    given = world([desired(0, rings())], {0: NONE}, clock=clock)
    with MemoryRecord(given.store, name="moscow").lock([holder_of(os.getpid())]):
        assert given.apply().halt is Halt.LOCK
    with subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"]) as child:
        held = MemoryRecord(given.store, name="moscow").lock([holder_of(child.pid)])
        held.__enter__()
        assert given.apply().halt is Halt.LOCK
        child.kill()
    assert result(given.apply()).outcome.value == "applied"


# -- tokens ----------------------------------------------------------------------------------------------------------


class SetBack(QuickClock):
    behind = 0.0

    def now(self) -> float:
        return super().now() - self.behind


@pytest.fixture
def parking() -> Iterator[SandboxWorld]:
    with Sandbox(numbers=0, mtt_numbers=1) as sandbox:
        (number,) = sandbox.mtt.numbers
        key = Key("mtt", number, Kind.PARKING)
        yield SandboxWorld(sandbox, [Desired(key, "office", Parking(parked=True), place())], clock=SetBack())


def test_an_access_token_that_died_while_the_clock_went_back_is_renewed_once(parking: SandboxWorld) -> None:
    assert parking.apply().converged
    assert isinstance(parking.clock, SetBack)
    parking.clock.behind = 30 * DAY
    parking.sandbox.mtt.oauth.revoke_access()
    parking.files = [Desired(each.key, each.account, Parking(parked=False), place()) for each in parking.files]
    parking.sandbox.journal.clear()
    report = parking.apply()
    assert [row.outcome.value for row in report.results] == ["unverified"]
    assert len([call for call in parking.sandbox.log if call.vendor == "oauth"]) == 1
    assert not parking.sandbox.mtt.parked(parking.sandbox.mtt.numbers[0])
