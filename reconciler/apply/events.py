"""What an apply tells while it goes on, for progress displays and tests.

Plain values in the order in which things happen; knows nothing of who listens.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from reconciler.apply.report import Result
from reconciler.live import Progress


@dataclass(frozen=True, slots=True)
class WindowOpening:
    """Intents are about to be made durable."""

    addresses: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class WindowOpened:
    """Intents are durable; nothing of this window is sent yet."""

    addresses: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Sending:
    """Requests of these changes start now."""

    addresses: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Finished:
    """One change came to an outcome, not yet settled in the record."""

    result: Result
    done: int
    total: int


@dataclass(frozen=True, slots=True)
class Settled:
    """The record holds the outcomes of a window."""

    serial: int


@dataclass(frozen=True, slots=True)
class LockBroken:
    """A lock left by a dead process was broken."""

    holder: str


ApplyEvent = WindowOpening | WindowOpened | Sending | Finished | Settled | LockBroken | Progress
Emit = Callable[[ApplyEvent], None]


def ignore(_event: ApplyEvent) -> None:
    """Listen to nothing."""
