"""The machine's own clock: how long it waits, with and without an interruption."""

from __future__ import annotations

from time import monotonic

from reconciler.clock import SystemClock


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
