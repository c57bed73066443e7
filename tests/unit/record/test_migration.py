from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest

from reconciler.record.base import Lock, RecordError, RecordState, Run, Update
from reconciler.record.memory import MemoryRecord
from reconciler.record.migration import migrate
from tests.record.contract import commit
from tests.record.values import entry, holder


class Forgetful(MemoryRecord):
    """A record that loses an entry on the way."""

    def adopt(self, lock: Lock, state: RecordState, runs: Sequence[Run]) -> None:
        super().adopt(lock, replace(state, entries={}), runs)


def test_what_arrives_is_compared_with_what_was_sent() -> None:
    source = MemoryRecord(name="lines")
    commit(source, Update(put=[entry(1)]))
    with pytest.raises(RecordError, match="does not hold what was written to it"):
        migrate(source, Forgetful(name="lines"), holders=[holder()])


def test_a_name_is_the_target_s_own() -> None:
    source = MemoryRecord()
    commit(source, Update(put=[entry(1)]))
    assert migrate(source, MemoryRecord(name="lines"), holders=[holder()]).name == "lines"
