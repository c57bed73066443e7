"""The record in memory: for tests and for runs that keep none (`--ephemeral-record`), through the real document form.

Knows no files and no network. `MemoryStore` has the faults that tests switch on.
"""

from __future__ import annotations

import threading
from collections.abc import Callable

from reconciler.record.base import Holder, RecordError
from reconciler.record.documents import DocumentRecord


class MemoryStore:
    """One text with a version. `failing` is the trouble that every save meets while it is set.

    `before_swap` is called with each save's reason before it is tried: the place to get in between.
    """

    def __init__(self, text: str | None = None, *, description: str = "the record in memory") -> None:
        self.description = description
        self.text = text
        self.failing: str | None = None
        self.before_swap: Callable[[str], None] | None = None
        self.fetches = 0
        self.saves = 0
        self._version = 0
        self._one_at_a_time = threading.Lock()

    def fetch(self) -> tuple[str | None, str]:
        with self._one_at_a_time:
            self.fetches += 1
            return self.text, str(self._version)

    def swap(self, text: str, *, version: str, reason: str) -> str | None:
        if self.before_swap is not None:
            self.before_swap(reason)
        if self.failing is not None:
            raise RecordError(f"{self.description} cannot be saved: {self.failing}")
        with self._one_at_a_time:
            if version != str(self._version):
                return None
            return self._put(text)

    def replace(self, text: str | None) -> None:
        """Put another text in place, as somebody outside the program would."""
        with self._one_at_a_time:
            self._put(text)

    def close(self) -> None:
        """Keep the text: another record may be opened on this store."""

    def _put(self, text: str | None) -> str:
        self.text = text
        self._version += 1
        self.saves += 1
        return str(self._version)


class MemoryRecord(DocumentRecord):
    """The record of a process that keeps none behind it, or of a store shared by several records in a test."""

    def __init__(self, store: MemoryStore | None = None, *, name: str | None = None) -> None:
        super().__init__(store or MemoryStore(), name=name)

    def rehearse(self, holder: Holder) -> None:
        """Nothing could stand in the way."""


class NoRecord(MemoryRecord):
    """The empty record of a tree that is not trusted to hold one: nothing can be saved to it."""

    def __init__(self, *, name: str | None = None) -> None:
        store = MemoryStore(description="the record beside the files")
        store.failing = "--trusted keeps none there; name a place outside, `record: {file: {path: /…}}`, or share it"
        super().__init__(store, name=name)

    def rehearse(self, holder: Holder) -> None:
        DocumentRecord.rehearse(self, holder)
