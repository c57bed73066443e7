"""One request budget for an account: rate, concurrency, pauses for all its workers, and how often a request is tried.

Back-off with jitter, and Retry-After. Knows no HTTP client and no vendor; time is handed in.
"""

from __future__ import annotations

import copy
import math
import random
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Protocol

from reconciler.clock import Clock
from reconciler.http.answer import parse_date, plain
from reconciler.http.calls import OnCall, unheard
from reconciler.http.errors import ProviderError

OnWait = Callable[[float, str], None]

# A thread wakes up a little late; at high rates that may be caught up, or it would lower the rate.
_WAKE_UP_SECONDS = 0.02


class TurnMissed(Exception):
    """What a request stood on was not sure any more when its turn came: nothing was sent, no call was counted."""


def silent(_seconds: float, _reason: str) -> None:
    """Tell nobody about a wait."""


class Gate(Protocol):
    """What a write stands on, asked each time that a request is about to leave: a pause may have made it untrue."""

    def enter(self) -> None:
        """Make sure of it, which may take requests of its own; raises ProviderError, Withheld where it is not so."""

    def is_open(self) -> bool:
        """Whether it is sure right now; asked again and again while a request waits for its turn."""


class OpenGate:
    """A gate for what stands on nothing."""

    def enter(self) -> None:
        """Let everything through."""

    def is_open(self) -> bool:
        return True


OPEN = OpenGate()


class Budget:
    """Hands out turns to send: `per_second` evenly spaced (0 = unlimited), at most `concurrency` at once.

    `on_wait(seconds, reason)` hears of every pause that a vendor's answer brought about, `on_call` of every request
    that was sent; an interruption of the `clock` ends pauses.
    """

    def __init__(
        self,
        *,
        per_second: float,
        concurrency: int,
        clock: Clock,
        on_wait: OnWait = silent,
        on_call: OnCall = unheard,
    ) -> None:
        self.concurrency = max(1, concurrency)
        self.on_call = on_call
        self._interval = 1.0 / per_second if per_second > 0 else 0.0
        self._slack = _WAKE_UP_SECONDS if self._interval < _WAKE_UP_SECONDS else 0.0
        self._clock = clock
        self._on_wait = on_wait
        self._seats = threading.BoundedSemaphore(self.concurrency)
        self._lock = threading.Lock()
        self._next = 0.0
        self._paused_until = 0.0
        self._closed_until = 0.0
        self._why_closed: ProviderError | None = None
        self._calls = 0

    @property
    def calls_made(self) -> int:
        return self._calls

    def seconds_for(self, calls: int) -> float:
        """How long so many calls take at this rate, without latency."""
        return calls * self._interval

    def pause(self, seconds: float, reason: str) -> None:
        """Hold everybody back; a pause never shortens one that is already on."""
        until = self._clock.monotonic() + seconds
        with self._lock:
            longer = until > self._paused_until
            self._paused_until = max(self._paused_until, until)
        if longer:
            self._on_wait(seconds, reason)

    def close(self, seconds: float, why: ProviderError) -> None:
        """Hand out no turn for so long, a time that nobody waits for: who asks for one is told why."""
        with self._lock:
            self._closed_until = max(self._closed_until, self._clock.monotonic() + seconds)
            self._why_closed = copy.copy(why)

    @contextmanager
    def turn(self, ready: Callable[[], bool] = OPEN.is_open) -> Iterator[None]:
        """Wait for a turn and hold a seat while sending; raises ProviderError where there will be none.

        `ready` is asked whenever a turn might be had; raises TurnMissed where it says no.
        """
        with self._seats:
            while (seconds := self._book(ready)) > 0:
                self._clock.sleep(seconds)
            yield

    def _book(self, ready: Callable[[], bool]) -> float:
        """Count a call that may go now and return 0, or return the seconds to wait before asking again."""
        if not ready():
            raise TurnMissed
        with self._lock:
            now = self._clock.monotonic()
            if self._why_closed is not None and now < self._closed_until:
                raise copy.copy(self._why_closed)
            if self._clock.interrupted.is_set() and now < self._paused_until:
                raise ProviderError("the run was interrupted during a pause that the vendor asked for", attempts=0)
            wait = max(self._paused_until, self._next) - now
            if wait > 0:
                return wait
            self._next = max(self._next, now - self._slack) + self._interval
            self._calls += 1
            return 0.0


TIMEOUT = "RECONCILER_TIMEOUT"

_LONGEST_TOLD = 999_999_999.0


@dataclass(frozen=True, slots=True)
class Patience:
    """Limits in seconds and attempts.

    `exchange` bounds one whole exchange, however slowly it drips; `together` all attempts and the waits between.
    `attempts_when_told` holds where the vendor says when to come back: many workers may have to queue for few places.
    A Retry-After of more than `longest_wait` is given up at once: the vendor wants to be left alone.
    """

    connect: float = 10.0
    read: float = 30.0
    exchange: float = 60.0
    attempts: int = 5
    attempts_when_told: int = 10
    together: float = 180.0
    first_wait: float = 0.5
    longest_wait: float = 60.0
    jitter: Callable[[], float] = random.random

    def most(self, told: float | None) -> int:
        """How many attempts to make; `told` is what the vendor asked to wait, if it did."""
        return self.attempts_when_told if told else self.attempts

    def backoff(self, attempt: int) -> float:
        """Wait before the attempt after this one (counted from 1): doubled each time, between half and all of it."""
        ceiling = min(self.longest_wait, self.first_wait * 2.0 ** min(attempt - 1, 30))
        return ceiling * (0.5 + 0.5 * self.jitter())


def patience_from(environ: Mapping[str, str]) -> Patience:
    """Take RECONCILER_TIMEOUT, the seconds that one exchange may take; raises ProviderError where it says none."""
    given = environ.get(TIMEOUT)
    if given is None:
        return Patience()
    seconds = _seconds(given)
    if not 0 < seconds < math.inf:
        says = "is set but empty" if not given else f"is {plain(given, 40)!r}, which is not a number of seconds above 0"
        raise ProviderError(f"{TIMEOUT} {says}", hint=f"write it like {TIMEOUT}=30, or unset it")
    return Patience(connect=min(seconds, 10.0), read=seconds, exchange=seconds)


def _seconds(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return math.nan


def retry_after(header: str | None, clock: Clock) -> float | None:
    """Read a Retry-After header, seconds or an HTTP date, as seconds from now; None where it says nothing."""
    text = (header or "").strip()
    if text.isascii() and text.isdigit():
        return min(float(text), _LONGEST_TOLD)
    date = parse_date(text)
    return None if date is None else max(0.0, date - clock.now())
