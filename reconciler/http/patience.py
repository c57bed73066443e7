"""How long one request may take and how often it is tried: numbers, back-off with jitter, Retry-After.

Knows no client and no vendor.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime

from reconciler.clock import Clock
from reconciler.http.answer import plain
from reconciler.http.errors import ProviderError

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
        says = "is set and empty" if not given else f"is {plain(given, 40)!r}, which is no number of seconds above 0"
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
    try:
        moment = parsedate_to_datetime(text)
        return max(0.0, moment.timestamp() - clock.now())
    except (ValueError, TypeError, OverflowError, OSError, IndexError):
        return None
