"""Threads for requests side by side: waited for at the end, abandoned by whoever interrupts."""

from __future__ import annotations

from concurrent.futures import Future
from threading import Event

import pytest

from reconciler.clock import workers


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
