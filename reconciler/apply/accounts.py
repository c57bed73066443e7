"""How an account fares in a run: proven by its first write, stopped after like failures in a row.

Knows no vendor and no record.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from threading import Lock

from reconciler.apply.attempt import Attempt
from reconciler.apply.ledger import GOOD
from reconciler.apply.write import Writer
from reconciler.change import Outcome


@dataclass(slots=True)
class AccountState:
    """`proven` once one write went through; `stopped` says why nothing more is sent."""

    writer: Writer
    proven: bool = False
    stopped: str = ""
    _cause: str = ""
    _alike: int = 0
    _lock: Lock = field(default_factory=Lock)

    @property
    def threads(self) -> int:
        """How many writes may go on at once."""
        return max(1, self.writer.provider.concurrency)

    @property
    def batch_size(self) -> int:
        """How many equal values one request takes."""
        return self.writer.provider.capabilities.batch_size

    def count(self, attempts: Sequence[Attempt], *, max_failures: int) -> None:
        """Judge what came of one group; one request that fails for many numbers is one failure.

        Called by the thread that wrote, before it writes again: what follows a failure must not overtake its judgement.
        """
        with self._lock:
            for attempt in {id(attempt): attempt for attempt in attempts}.values():
                if attempt.outcome in GOOD:
                    self.proven, self._alike, self._cause = True, 0, ""
                elif attempt.outcome is not Outcome.SKIPPED:
                    self._fail(attempt, max_failures)

    def _fail(self, attempt: Attempt, max_failures: int) -> None:
        self._alike = self._alike + 1 if attempt.cause == self._cause else 1
        self._cause = attempt.cause
        if self._alike >= max_failures:
            name = self.writer.provider.account
            self.stopped = f"account {name} was stopped after {self._alike} like failures in a row: {attempt.error}"
