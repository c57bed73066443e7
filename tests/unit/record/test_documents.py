from __future__ import annotations

import pytest

from reconciler.record.base import LockLostError, RecordError, Update
from reconciler.record.memory import MemoryRecord
from tests.record.contract import commit
from tests.record.faulty import FaultyStore
from tests.record.values import SIP, entry, holder, key


@pytest.fixture
def store() -> FaultyStore:
    return FaultyStore()


@pytest.fixture
def record(store: FaultyStore) -> MemoryRecord:
    return MemoryRecord(store, name="lines")


def test_a_save_that_fails_stores_nothing_and_the_next_one_goes_on(store: FaultyStore, record: MemoryRecord) -> None:
    with record.lock([holder()]) as lock:
        state = record.commit(lock, Update(put=[entry(1)]), expected=record.load())
        store.failing = "the disk is on fire"
        with pytest.raises(RecordError, match="on fire"):
            record.commit(lock, Update(put=[entry(2)]), expected=state)
        store.failing = None
        assert record.load() == state
        assert record.commit(lock, Update(put=[entry(2)]), expected=state).serial == 2


def test_a_chain_of_commits_fetches_nothing(store: FaultyStore, record: MemoryRecord) -> None:
    with record.lock([holder()]) as lock:
        state = record.load()
        fetched = store.fetches
        for number in range(4):
            state = record.commit(lock, Update(put=[entry(number)]), expected=state)
        assert store.fetches == fetched


def test_a_rival_who_gets_in_between_makes_a_commit_try_again(store: FaultyStore, record: MemoryRecord) -> None:
    rival = MemoryRecord(store, name="lines")
    commit(record, Update(put=[entry(1)]))

    def get_in_between(_: str) -> None:
        store.before_swap = None
        commit(rival, Update(put=[entry(2, account="office")]), holder("office", run_id="r2"))

    with record.lock([holder()]) as lock:
        state = record.load()
        store.before_swap = get_in_between
        state = record.commit(lock, Update(put=[entry(1, SIP)]), expected=state)
    assert state.serial == 3
    assert set(state.entries) == {key(1), key(2)}


def test_a_lock_that_is_stolen_between_reading_and_saving_is_noticed(store: FaultyStore, record: MemoryRecord) -> None:
    def steal(_: str) -> None:
        store.before_swap = None
        MemoryRecord(store).unlock([], force=True)

    with record.lock([holder()]) as lock:
        state = record.load()
        store.before_swap = steal
        with pytest.raises(LockLostError):
            record.commit(lock, Update(put=[entry()]), expected=state)
    assert record.load().serial == 0


def test_a_store_that_never_stands_still_is_an_error_at_last(
    store: FaultyStore, record: MemoryRecord, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("reconciler.record.documents._LONGEST_PAUSE_SECONDS", 0.0)
    store.before_swap = lambda _: store.replace(store.text)
    with pytest.raises(RecordError, match="50 times"), record.lock([holder()]):
        pass


def test_an_emptied_store_is_damaged_not_empty(store: FaultyStore, record: MemoryRecord) -> None:
    commit(record, Update(put=[entry()]))
    store.replace("")
    with pytest.raises(RecordError, match="damaged"):
        record.load()
    with pytest.raises(RecordError, match="damaged"), record.lock([holder()]):
        pass


def test_a_lock_of_something_else_is_a_mistake_in_the_program(record: MemoryRecord) -> None:
    class Other:
        accounts = ("sales",)

    with pytest.raises(TypeError):
        record.commit(Other(), Update(), expected=record.load())
    with pytest.raises(ValueError, match="at least one"), record.lock([]):
        pass
