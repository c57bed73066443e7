from __future__ import annotations

import itertools
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from reconciler.clock import SystemClock
from reconciler.http.budget import Budget, Patience, patience_from, retry_after
from reconciler.http.errors import ProviderError
from tests.unit.http.fakes import FakeClock


def take(budget: Budget, count: int) -> None:
    for _ in range(count):
        with budget.turn():
            pass


def test_calls_are_spaced_evenly_so_that_no_second_sees_more_than_the_rate() -> None:
    clock = FakeClock()
    starts: list[float] = []
    budget = Budget(per_second=10, concurrency=4, clock=clock)
    for _ in range(31):
        with budget.turn():
            starts.append(clock.time)
    assert starts[-1] - starts[0] == pytest.approx(3.0)
    assert all(later - earlier >= 0.1 - 1e-6 for earlier, later in itertools.pairwise(starts))


def test_idle_time_is_not_saved_up_for_a_burst() -> None:
    clock = FakeClock()
    budget = Budget(per_second=10, concurrency=4, clock=clock)
    take(budget, 1)
    clock.time += 100
    started = clock.time
    take(budget, 11)
    assert clock.time - started == pytest.approx(1.0)


def test_a_high_rate_is_reached_although_threads_wake_up_late() -> None:
    clock = FakeClock()
    budget = Budget(per_second=500, concurrency=4, clock=clock)
    take(budget, 1)
    started = clock.time
    for _ in range(100):
        clock.time += 0.001
        take(budget, 1)
    assert clock.time - started == pytest.approx(0.2, abs=0.025)


def test_a_rate_of_zero_is_unlimited() -> None:
    clock = FakeClock()
    budget = Budget(per_second=0, concurrency=4, clock=clock)
    take(budget, 1000)
    assert clock.slept == []
    assert budget.seconds_for(10_000) == 0


def test_the_time_for_calls_follows_the_rate_and_calls_are_counted() -> None:
    budget = Budget(per_second=8, concurrency=1, clock=FakeClock())
    take(budget, 3)
    assert budget.seconds_for(100) == 12.5
    assert budget.calls_made == 3


def test_an_interruption_ends_a_pause_without_sending() -> None:
    clock = SystemClock()
    budget = Budget(per_second=0, concurrency=1, clock=clock)
    take(budget, 1)
    budget.pause(30.0, "Exolve refuses further requests for now")
    threading.Timer(0.05, clock.interrupted.set).start()
    with pytest.raises(ProviderError, match="interrupted during a pause") as caught:
        take(budget, 1)
    assert (caught.value.attempts, budget.calls_made) == (0, 1)


def test_an_interruption_leaves_the_rate_as_it_is_for_what_is_still_read_back() -> None:
    clock = SystemClock()
    clock.interrupted.set()
    budget = Budget(per_second=20, concurrency=1, clock=clock)
    started = time.monotonic()
    take(budget, 5)
    assert time.monotonic() - started >= 0.2


def test_a_pause_holds_everybody_and_is_told_once() -> None:
    clock = FakeClock()
    heard: list[tuple[float, str]] = []
    budget = Budget(per_second=0, concurrency=4, clock=clock, on_wait=lambda s, why: heard.append((s, why)))
    budget.pause(7.0, "Exolve refuses further requests for now")
    budget.pause(3.0, "a shorter one changes nothing")
    take(budget, 2)
    assert clock.slept == [7.0]
    assert heard == [(7.0, "Exolve refuses further requests for now")]


def test_a_pause_holds_back_all_threads_together() -> None:
    budget = Budget(per_second=0, concurrency=8, clock=SystemClock())
    began = SystemClock().monotonic()
    budget.pause(0.2, "")

    def work(_: int) -> float:
        with budget.turn():
            return SystemClock().monotonic() - began

    with ThreadPoolExecutor(8) as pool:
        assert min(pool.map(work, range(16))) >= 0.2


def test_no_more_than_the_concurrency_are_sending_at_once() -> None:
    budget = Budget(per_second=0, concurrency=3, clock=SystemClock())
    lock, sending, peak = threading.Lock(), [0], [0]

    def work(_: int) -> None:
        with budget.turn():
            with lock:
                sending[0] += 1
                peak[0] = max(peak[0], sending[0])
            SystemClock().sleep(0.01)
            with lock:
                sending[0] -= 1

    with ThreadPoolExecutor(12) as pool:
        list(pool.map(work, range(36)))
    assert peak == [3]


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("5", 5.0),
        (" 120 ", 120.0),
        ("0", 0.0),
        ("Mon, 12 Jan 1970 13:46:50 GMT", 10.0),
        ("Mon, 12 Jan 1970 13:46:00 GMT", 0.0),
        ("99999999999999999999", 999999999.0),
        ("1000000000", 999999999.0),
        (None, None),
        ("", None),
        ("soon", None),
        ("-5", None),
        ("1.5", None),
        ("٣", None),
        ("Mon, 99 Jan 1970 99:99:99 GMT", None),
    ],
)
def test_retry_after_is_seconds_or_a_date_or_nothing(header: str | None, seconds: float | None) -> None:
    assert retry_after(header, FakeClock()) == seconds


def test_back_off_doubles_up_to_its_ceiling_with_jitter_between_half_and_all() -> None:
    longest = Patience(jitter=lambda: 1.0)
    assert [longest.backoff(n) for n in range(1, 10)] == [0.5, 1, 2, 4, 8, 16, 32, 60, 60]
    assert [Patience(jitter=lambda: 0.0).backoff(n) for n in (1, 2, 40)] == [0.25, 0.5, 30]


def test_the_time_for_an_exchange_can_be_set_from_the_environment() -> None:
    assert patience_from({"RECONCILER_TIMEOUT": "2.5"}).exchange == 2.5
    assert patience_from({"RECONCILER_TIMEOUT": "90"}).connect == 10


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ("", "is set but empty"),
        *((text, "which is not a number of seconds") for text in ("abc", "0", "-1", "inf", "nan")),
    ],
)
def test_a_time_that_is_none_is_told_and_not_passed_over(given: str, says: str) -> None:
    with pytest.raises(ProviderError, match=f"^RECONCILER_TIMEOUT .*{says}"):
        patience_from({"RECONCILER_TIMEOUT": given})
