"""The sandbox's own place for a record keeps what any state server keeps."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from reconciler.record.base import Record
from reconciler.record.http_state import open_http
from reconciler.sandbox import Sandbox
from reconciler.secrets import Secrets
from tests.record.contract import Open, RecordContract


class TestSandbox(RecordContract):
    locks_each_account = False
    many_runs = 22

    @pytest.fixture
    def sandbox(self) -> Iterator[Sandbox]:
        with Sandbox() as running:
            yield running

    @pytest.fixture
    def opened(self, sandbox: Sandbox) -> Open:
        place = f"{sandbox.control_url}/record"

        def opened(name: str | None) -> Record:
            options = {"address": place, "lock_address": f"{place}/lock"}
            methods = {"lock_method": "POST", "unlock_method": "DELETE"}
            return open_http({**options, **methods}, name=name or "lines", secrets=Secrets({}))

        return opened
