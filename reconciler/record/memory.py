"""The record in memory, for runs that keep none (`--ephemeral-record`), through the real document form.

Knows no files and no network.
"""

from __future__ import annotations

import threading

from reconciler.record.base import Holder, RecordError
from reconciler.record.documents import DocumentRecord


class MemoryStore:
    """One text with a version."""

    description = "the record in memory"

    def __init__(self) -> None:
        self.text: str | None = None
        self._version = 0
        self._one_at_a_time = threading.Lock()

    def fetch(self) -> tuple[str | None, str]:
        with self._one_at_a_time:
            return self.text, str(self._version)

    def swap(self, text: str, *, version: str, reason: str) -> str | None:
        del reason  # nobody reads a history of it
        with self._one_at_a_time:
            if version != str(self._version):
                return None
            self.text = text
            self._version += 1
            return str(self._version)

    def close(self) -> None:
        """Keep the text: another record may be opened on this store."""


class NoStore(MemoryStore):
    """The empty store of a tree that is not trusted to hold one."""

    description = "the record beside the files"

    def swap(self, text: str, *, version: str, reason: str) -> str | None:
        del text, version, reason
        raise RecordError(
            f"{self.description} cannot be saved: --trusted keeps none there; "
            "name a place outside, `record: {file: {path: /…}}`, or share it"
        )


class MemoryRecord(DocumentRecord):
    """The record of a process that keeps none behind it, or of a store shared by several records in a test."""

    def __init__(self, store: MemoryStore | None = None, *, name: str | None = None) -> None:
        super().__init__(store or MemoryStore(), name=name)

    def rehearse(self, holder: Holder) -> None:
        """Nothing could stand in the way."""


class NoRecord(DocumentRecord):
    """The empty record of a tree that is not trusted to hold one: nothing can be saved to it."""

    def __init__(self, *, name: str | None = None) -> None:
        super().__init__(NoStore(), name=name)
