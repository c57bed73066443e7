"""What a record does while it waits for somebody else: it says for whom, and ends when the run is interrupted.

Knows no backend.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from reconciler.clock import Clock, SystemClock
from reconciler.record.base import WaitInterruptedError


def _nobody(_text: str) -> None:
    """Nobody listens."""


@dataclass(frozen=True, slots=True)
class Waits:
    """`tell` hears one sentence on what is waited for, or taken for granted; `clock` knows when waits are to end."""

    tell: Callable[[str], None] = _nobody
    clock: Clock = field(default_factory=SystemClock)

    def pause(self, seconds: float, what: str) -> None:
        """Wait; raises WaitInterruptedError, which says for `what`, as soon as the run is interrupted."""
        if self.clock.interrupted.wait(seconds):
            raise WaitInterruptedError(f"interrupted while waiting for {what}")
