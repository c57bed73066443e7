from __future__ import annotations

import pytest

from reconciler.record.base import Record
from reconciler.record.memory import MemoryRecord
from tests.record.contract import Open, RecordContract
from tests.record.faulty import FaultyStore


class TestMemory(RecordContract):
    @pytest.fixture
    def opened(self) -> Open:
        store = FaultyStore()

        def opened(name: str | None) -> Record:
            return MemoryRecord(store, name=name)

        return opened
