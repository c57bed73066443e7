from __future__ import annotations

import pytest

from reconciler.record.base import Record
from reconciler.record.memory import MemoryRecord, MemoryStore
from tests.record.contract import Open, RecordContract


class TestMemory(RecordContract):
    @pytest.fixture
    def opened(self) -> Open:
        store = MemoryStore()

        def opened(name: str | None) -> Record:
            return MemoryRecord(store, name=name)

        return opened
