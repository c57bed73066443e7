"""The machine's own clock, and threads side by side: how long they wait, with and without an interruption."""

from __future__ import annotations

from concurrent.futures import Future
from threading import Event
from time import monotonic

import pytest

from reconciler.clock import SystemClock, epoch, workers


def waited(clock: SystemClock, seconds: float) -> float:
    started = monotonic()
    clock.sleep(seconds)
    return monotonic() - started


def test_a_wait_lasts_as_long_as_asked() -> None:
    assert waited(SystemClock(), 0.2) >= 0.19


def test_a_wait_after_an_interruption_is_short_and_yet_keeps_nobody_busy() -> None:
    clock = SystemClock()
    clock.interrupted.set()
    assert 0.04 <= waited(clock, 60.0) < 10.0


def test_at_the_end_all_threads_are_waited_for() -> None:
    with workers(2) as pool:
        waiting = [pool.submit(Event().wait, 0.1) for _ in range(4)]
    assert all(each.done() for each in waiting)


def test_an_interruption_waits_for_no_thread_and_begins_nothing_more() -> None:
    begun: list[Future[bool]] = []
    go_on = Event()

    def interrupted() -> None:
        with workers(1) as pool:
            begun.extend(pool.submit(go_on.wait, 60.0) for _ in range(2))
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert [each.done() for each in begun] == [False, True]
    assert begun[1].cancelled()
    go_on.set()


def test_a_time_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="has no time zone"):
        epoch("2026-11-21T10:00:00")
