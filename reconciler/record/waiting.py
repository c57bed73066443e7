"""Waiting for a lock that somebody else holds, for as long as the user allows, and saying for whom.

Knows neither backends nor what the lock is wanted for: whoever got no lock waits here, and then starts afresh.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import TypeVar

from reconciler.record.base import Holder, LockedError, Record, Waits

T = TypeVar("T")

_FIRST_SECONDS, _LONGEST_SECONDS, _GROWTH = 0.5, 5.0, 1.5
_REMINDER_SECONDS = 60.0


# docs/decisions/171
@dataclass(slots=True)
class Queue:
    """A place in the queue for locks, for `seconds` of waiting in all; 0 = whoever is late is refused at once.

    All methods raise RecordError where it cannot be learned who holds locks, WaitInterruptedError at an interrupt.
    """

    records: Sequence[Record]
    waits: Waits
    seconds: float
    _waited: float = 0.0

    def enter(self, accounts: Collection[str] = ()) -> None:
        """Wait until none of these accounts, or of all where none is named, is locked, or until the time is up."""
        while self.seconds and (holders := self._alive(accounts)):
            if not self.outlast(holders[0]):
                return

    def outlast(self, holder: Holder) -> bool:
        """Wait until this holder has its lock no more; False where the time is up first."""
        if not self.seconds:
            return False
        self.waits.tell(f"{holder.what} is locked by {holder}: waiting up to {_spelled(self._left)}")
        pause, told = _FIRST_SECONDS, self._waited
        while self._left > 0:
            self._pause(pause, f"the lock of {holder.what}")
            if holder not in self._alive():
                return True
            pause = min(pause * _GROWTH, _LONGEST_SECONDS)
            if self._waited - told >= _REMINDER_SECONDS:
                told = self._waited
                self.waits.tell(f"still waiting for the lock of {holder.what}, {_spelled(self._left)} more")
        self.waits.tell(f"{holder.what} is still locked after {_spelled(self.seconds)}")
        return False

    def run(self, work: Callable[[], T]) -> T:
        """Do work that takes locks, and again from its beginning when they are free; raises LockedError."""
        while True:
            try:
                return work()
            except LockedError as error:
                if not self.outlast(error.holder):
                    raise

    @property
    def _left(self) -> float:
        return self.seconds - self._waited

    def _pause(self, seconds: float, what: str) -> None:
        begun = self.waits.clock.monotonic()
        self.waits.pause(min(seconds, self._left), what)
        self._waited += self.waits.clock.monotonic() - begun

    def _alive(self, accounts: Collection[str] = ()) -> Sequence[Holder]:
        """Who holds a lock, but for the dead, whose locks are broken by whoever takes them; "" is all accounts."""
        return [each for record in self.records for each in _holders(record, accounts)]


def _holders(record: Record, accounts: Collection[str]) -> Sequence[Holder]:
    held = [each for each in record.holders() if not accounts or each.account in ("", *accounts)]
    dead = record.abandoned() if held else ()
    return [each for each in held if each not in dead]


def _spelled(seconds: float) -> str:
    """A time span as `--lock-timeout` takes it."""
    whole = max(1, round(seconds))
    for unit, size in (("h", 3600), ("m", 60)):
        if whole >= size and whole % size == 0:
            return f"{whole // size}{unit}"
    return f"{whole}s" if whole < 120 else f"{whole // 60}m {whole % 60}s"
