"""Waiting in the queue for a lock: whom it tells, when it asks again, and when it gives up."""

from __future__ import annotations

from collections.abc import Sequence
from threading import Event

import pytest

from reconciler.record.base import Holder, LockedError, Waits
from reconciler.record.locks import locked_error
from reconciler.record.memory import MemoryRecord
from reconciler.record.waiting import Queue
from tests.record.values import holder

OURS = holder("sales", run_id="theirs")


class PatientClock:
    """Time passes only by waiting."""

    def __init__(self) -> None:
        self.at = 0.0
        self.interrupted: Event = self.Waiting(self)

    class Waiting(Event):
        def __init__(self, clock: PatientClock) -> None:
            super().__init__()
            self.clock = clock

        def wait(self, timeout: float | None = None) -> bool:
            self.clock.at += timeout or 0.0
            return False

    def now(self) -> float:
        return self.at

    def monotonic(self) -> float:
        return self.at

    def sleep(self, seconds: float) -> None:
        self.at += seconds


class Locked(MemoryRecord):
    """A record whose lock somebody has until a time."""

    def __init__(self, clock: PatientClock, until: float) -> None:
        super().__init__(name="lines")
        self.clock, self.until, self.asked = clock, until, list[float]()

    def holders(self) -> Sequence[Holder]:
        self.asked.append(self.clock.at)
        return [OURS] if self.clock.at < self.until else []


def queue(until: float, seconds: float) -> tuple[Queue, Locked, list[str]]:
    clock, told = PatientClock(), list[str]()
    record = Locked(clock, until)
    return Queue([record], Waits(told.append, clock), seconds), record, told


def test_it_asks_less_and_less_often_but_at_least_every_five_seconds() -> None:
    waiting, record, _told = queue(until=100, seconds=600)
    assert waiting.outlast(OURS)
    pauses = [later - earlier for earlier, later in zip([0.0, *record.asked], record.asked, strict=False)]
    assert pauses[0] == 0.5
    assert pauses == sorted(pauses)
    assert max(pauses) == 5
    assert 100 <= record.clock.at < 105


def test_it_never_waits_longer_than_allowed_and_says_so() -> None:
    waiting, record, told = queue(until=10_000, seconds=90)
    assert not waiting.outlast(OURS)
    assert record.clock.at == pytest.approx(90)
    assert told[0].endswith(": waiting up to 90s")
    assert told[-1] == "account sales is still locked after 90s"


def test_a_long_wait_is_remembered_every_minute() -> None:
    waiting, _record, told = queue(until=10_000, seconds=300)
    waiting.outlast(OURS)
    assert 3 <= sum(text.startswith("still waiting for the lock of account sales, ") for text in told) <= 5


def test_all_waits_together_take_no_longer_than_allowed() -> None:
    waiting, record, _told = queue(until=20, seconds=30)
    assert waiting.outlast(OURS)
    record.until = 10_000
    assert not waiting.outlast(OURS)
    assert record.clock.at == pytest.approx(30)


def test_work_begins_again_each_time_that_a_lock_was_in_its_way() -> None:
    waiting, _record, _told = queue(until=5, seconds=60)
    tries: list[int] = []

    def work() -> str:
        tries.append(1)
        if len(tries) < 3:
            raise locked_error(OURS)
        return "done"

    assert waiting.run(work) == "done"
    assert len(tries) == 3


def test_without_time_the_first_refusal_counts() -> None:
    waiting, record, told = queue(until=5, seconds=0)

    def work() -> None:
        raise locked_error(OURS)

    with pytest.raises(LockedError):
        waiting.run(work)
    waiting.enter()
    assert (record.asked, told) == ([], [])
