"""A thread that keeps what comes: many events a transaction, and word to each sender once its own is durable.

Knows neither HTTP nor the shape of events.
"""

from __future__ import annotations

import asyncio
import queue
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field

from reconciler.clock import Clock
from reconciler.events.store import EventStore, Received, StoreError

MOST_WAITING = 5_000
_MOST_AT_ONCE = 500
_PRUNE_SECONDS = 3600.0
_PAUSE_SECONDS = 60.0
Tell = Callable[[str], None]


class BusyError(Exception):
    """More events wait to be kept than may."""


@dataclass(frozen=True, slots=True)
class _Waiting:
    received: Received
    loop: asyncio.AbstractEventLoop
    kept: asyncio.Future[None]


# docs/decisions/189
@dataclass(slots=True)
class Writer:
    """Keeps events in a store for so many seconds, until it is stopped; `tell` hears of trouble, and of its end."""

    store: EventStore
    clock: Clock
    keep_seconds: float
    tell: Tell
    _queue: queue.Queue[_Waiting | None] = field(default_factory=lambda: queue.Queue(MOST_WAITING))
    _thread: threading.Thread | None = None
    _pruned: float | None = None
    _is_troubled: bool = False

    def start(self) -> None:
        """Begin to keep."""
        self._thread = threading.Thread(target=self._run, name="events", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Keep all that waits, then end."""
        if self._thread is not None:
            self._queue.put(None)
            self._thread.join()
            self._thread = None

    async def keep(self, received: Received) -> None:
        """Return once an event is durable; raises StoreError where it is not, and BusyError."""
        loop = asyncio.get_running_loop()
        waiting = _Waiting(received, loop, loop.create_future())
        try:
            self._queue.put_nowait(waiting)
        except queue.Full:
            raise BusyError from None
        await asyncio.shield(waiting.kept)

    def _run(self) -> None:
        is_running = True
        while is_running:
            self._prune()
            batch = self._batch()
            is_running = None not in batch
            self._keep([each for each in batch if each is not None])

    def _batch(self) -> list[_Waiting | None]:
        """All that waits, within bounds; nothing where nothing came for a while."""
        batch: list[_Waiting | None] = []
        with suppress(queue.Empty):
            batch.append(self._queue.get(timeout=_PAUSE_SECONDS))
            while len(batch) < _MOST_AT_ONCE and batch[-1] is not None:
                batch.append(self._queue.get_nowait())
        return batch

    def _keep(self, batch: Sequence[_Waiting]) -> None:
        failure: StoreError | None = None
        try:
            if batch:
                self.store.add(each.received for each in batch)
        except StoreError as error:
            failure = error
        if batch:
            self._tell_of(failure)
        for each in batch:
            each.loop.call_soon_threadsafe(_settle, each.kept, failure)

    def _tell_of(self, failure: StoreError | None) -> None:
        """Say once that events cannot be kept, and once that they can be again."""
        if failure is not None and not self._is_troubled:
            self.tell(f"{failure}: senders are answered 503 until it can be written")
        elif failure is None and self._is_troubled:
            self.tell("events are kept again")
        self._is_troubled = failure is not None

    def _prune(self) -> None:
        now = self.clock.monotonic()
        if self._pruned is not None and now - self._pruned < _PRUNE_SECONDS:
            return
        self._pruned = now
        try:
            self.store.prune(self.clock.now() - self.keep_seconds)
        except StoreError as error:
            self.tell(f"old events are not removed: {error}")


def _settle(kept: asyncio.Future[None], failure: StoreError | None) -> None:
    if kept.done():
        return
    if failure is None:
        kept.set_result(None)
    else:
        kept.set_exception(failure)
