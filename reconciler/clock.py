"""Time as it is passed in, and the threads whose waits end with the program.

Nothing else in the program asks the machine what time it is. Knows nothing but time and threads; tests hand in their
own.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from threading import Event
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from concurrent.futures import ThreadPoolExecutor


@contextmanager
def workers(count: int, name: str = "") -> Iterator[ThreadPoolExecutor]:
    """Give a pool of threads, and wait for them at the end, but after a KeyboardInterrupt: then they are abandoned."""
    from concurrent.futures import ThreadPoolExecutor

    pool = ThreadPoolExecutor(count, thread_name_prefix=name)
    wait = True
    try:
        yield pool
    except KeyboardInterrupt:
        wait = False
        raise
    finally:
        pool.shutdown(wait=wait, cancel_futures=not wait)


class Clock(Protocol):
    """Wall time in seconds since the epoch, a monotonic count of seconds, and waiting.

    `interrupted` is set once the run is to end: nobody waits for others any more, and nothing new is begun.
    """

    @property
    def interrupted(self) -> Event: ...

    def now(self) -> float: ...

    def monotonic(self) -> float: ...

    def sleep(self, seconds: float) -> None: ...


# How long a wait still takes once waits are cut short: nothing that asks again and again may keep the machine busy.
_NAP_SECONDS = 0.05


class SystemClock:
    """The machine's own clock. Once `interrupted` is set, waits are over, those that are on and those to come."""

    def __init__(self) -> None:
        self.interrupted = Event()

    def now(self) -> float:
        return time.time()

    def today(self) -> date:
        """The day in UTC."""
        return datetime.fromtimestamp(self.now(), UTC).date()

    def monotonic(self) -> float:
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        if self.interrupted.is_set():
            time.sleep(min(seconds, _NAP_SECONDS))
        else:
            self.interrupted.wait(seconds)


def rfc3339(epoch_seconds: float) -> str:
    """Spell an instant as `2026-11-21T10:00:00Z`."""
    return datetime.fromtimestamp(int(epoch_seconds), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def local_text(epoch_seconds: int, offset: int) -> str:
    """An instant as clocks show it that are `offset` seconds ahead of UTC: `Thu 2026-12-31 18:30`."""
    local = datetime.fromtimestamp(epoch_seconds + offset, UTC)
    return local.strftime("%a %Y-%m-%d %H:%M") + (local.strftime(":%S") if local.second else "")


def epoch(text: str) -> float:
    """Read an RFC 3339 time with its zone; raises ValueError."""
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError(f"{text!r} has no time zone")
    return moment.timestamp()
