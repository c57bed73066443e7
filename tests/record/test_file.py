from __future__ import annotations

from pathlib import Path

import pytest

from reconciler.record.base import Record
from reconciler.record.sqlite import SqliteRecord
from tests.record.contract import Open, RecordContract
from tests.record.processes import ProcessContract


class TestFile(RecordContract):
    @pytest.fixture
    def opened(self, tmp_path: Path) -> Open:
        def opened(name: str | None) -> Record:
            return SqliteRecord(tmp_path / ".reconciler" / "record.db", name=name)

        return opened


class TestFileAndProcesses(ProcessContract):
    racers = 20

    @pytest.fixture
    def place(self, tmp_path: Path) -> str:
        return f"file:{tmp_path / '.reconciler' / 'record.db'}"
