"""A store in memory whose faults tests switch on."""

from __future__ import annotations

from collections.abc import Callable

from reconciler.record.base import RecordError
from reconciler.record.memory import MemoryStore


class FaultyStore(MemoryStore):
    """Counts what is done to it. `failing` is the trouble that every save meets while it is set.

    `before_swap` is called with each save's reason before it is tried: the place to get in between.
    """

    def __init__(self) -> None:
        super().__init__()
        self.failing: str | None = None
        self.before_swap: Callable[[str], None] | None = None
        self.fetches = 0
        self.saves = 0

    def fetch(self) -> tuple[str | None, str]:
        self.fetches += 1
        return super().fetch()

    def swap(self, text: str, *, version: str, reason: str) -> str | None:
        if self.before_swap is not None:
            self.before_swap(reason)
        if self.failing is not None:
            raise RecordError(f"{self.description} cannot be saved: {self.failing}")
        saved = super().swap(text, version=version, reason=reason)
        self.saves += saved is not None
        return saved

    def replace(self, text: str | None) -> None:
        """Put another text in place, as somebody outside the program would."""
        with self._one_at_a_time:
            self.text = text
            self._version += 1
