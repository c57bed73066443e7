"""What every backend of the record must do: one suite, run over each of them by a class that says how to open one."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack
from dataclasses import replace
from typing import Any

import pytest

from reconciler.model import Kind
from reconciler.record.base import (
    Holder,
    LockedError,
    LockLostError,
    Record,
    RecordError,
    RecordState,
    Update,
)
from reconciler.record.memory import MemoryRecord
from reconciler.record.migration import migrate
from tests.record.values import JUDGES_PROCESSES, SIP, T0, dead_pid, entry, holder, key, run, window

Open = Callable[..., Record]


class RecordContract:
    """Subclasses give a fixture `opened`: a function of `name` that opens one more record on the same place."""

    locks_each_account = True  # False: one lock for the whole document
    finds_dead_processes = JUDGES_PROCESSES
    many_runs = 210  # more than are kept
    names_are_places = False  # True: a record of another name is another record, not a refused one

    def abandon(self, record: Record) -> None:
        """Let go of a record as the end of its process would, for backends whose locks end with a connection."""

    @pytest.fixture
    def open_record(self, opened: Open) -> Iterator[Open]:
        with ExitStack() as stack:

            def one_more(name: str | None = "lines") -> Record:
                record = opened(name)
                stack.callback(record.close)
                return record

            yield one_more

    @pytest.fixture
    def record(self, open_record: Open) -> Record:
        return open_record()

    # -- load and commit ---------------------------------------------------------------------------------------------

    def test_a_record_that_was_never_made_is_empty_and_has_no_lineage(self, record: Record) -> None:
        state = record.load()
        assert (state.lineage, state.serial, dict(state.entries), state.windows) == ("", 0, {}, ())

    def test_loading_makes_nothing(self, open_record: Open) -> None:
        assert open_record().load() == open_record().load()
        assert open_record().load().lineage == ""

    def test_the_first_commit_makes_a_lineage_that_stays(self, record: Record) -> None:
        first = commit(record, Update(put=[entry(1)]))
        second = commit(record, Update(put=[entry(2)]))
        assert first.lineage
        assert second.lineage == first.lineage

    def test_two_records_made_apart_have_different_lineages(self, record: Record) -> None:
        other = MemoryRecord(name="lines")
        assert commit(record, Update(put=[entry()])).lineage != commit(other, Update(put=[entry()])).lineage

    def test_each_commit_grows_the_serial_by_one(self, record: Record) -> None:
        serials = [commit(record, Update(put=[entry(n)])).serial for n in range(3)]
        assert serials == [1, 2, 3]

    def test_what_was_committed_is_what_another_process_loads(self, open_record: Open) -> None:
        full = replace(
            entry(1, '{"type":"none","name":"звонит \\"клиент\\"\\u0000","n":1}'),
            digests={"event_url": "hmac-sha256:00ff", "url": "hmac-sha256:11ee"},
            confirmed=False,
            protected=True,
        )
        parked = replace(
            entry(2), key=key(2, Kind.PARKING), account="office", value='{"type":"parking","parking":true}'
        )
        after = commit(
            open_record(),
            Update(put=[full, parked], open=window("w1", 3, 4), run=run("r1"), scenario="storm"),
            holder("sales"),
            holder("office"),
        )
        loaded = open_record().load()
        assert loaded == after
        assert loaded.entries == {full.key: full, parked.key: parked}
        assert loaded.windows == (window("w1", 3, 4),)
        assert (loaded.name, loaded.scenario, loaded.serial) == ("lines", "storm", 1)

    def test_the_returned_state_is_the_loaded_one_after_every_kind_of_update(self, record: Record) -> None:
        updates = [
            Update(put=[entry(1), entry(2)], open=window("w1", 1)),
            Update(put=[entry(1, '{"type":"url","url":"https://a.example"}')], settle=["w1"], open=window("w2", 2)),
            Update(drop=[key(1), key(9)], scenario="storm", open=window("w3", 3)),
            Update(settle=["w2", "w3"], scenario=""),
        ]
        for update in updates:
            assert commit(record, update) == record.load()
        assert record.load().entries == {key(2): entry(2)}
        assert record.load().windows == ()

    def test_windows_keep_the_order_in_which_they_were_opened(self, record: Record) -> None:
        for name in ("zz", "aa", "mm"):
            commit(record, Update(open=window(name, 1, 2, 3)))
        assert [each.id for each in record.load().windows] == ["zz", "aa", "mm"]
        assert record.load().windows[0] == window("zz", 1, 2, 3)

    def test_a_chain_of_commits_needs_no_load_in_between(self, record: Record) -> None:
        with record.lock([holder()]) as lock:
            state = record.load()
            for number in range(5):
                state = record.commit(lock, Update(put=[entry(number)]), expected=state)
        assert record.load() == state
        assert state.serial == 5

    def test_the_same_number_may_be_recorded_in_both_kinds(self, record: Record) -> None:
        value = '{"parking":true,"type":"parking"}'
        parking = replace(entry(1, value), key=key(1)._replace(kind=Kind.PARKING))
        commit(record, Update(put=[entry(1), parking]))
        assert len(record.load().entries) == 2

    def test_a_window_size_is_told(self, record: Record) -> None:
        assert record.window_size in (32, 500)
        assert record.description

    # -- whose record it is ------------------------------------------------------------------------------------------

    def test_a_record_of_another_configuration_is_refused_with_both_names(self, open_record: Open) -> None:
        if self.names_are_places:
            pytest.skip("a record of another name is another record here")
        commit(open_record("lines"), Update(put=[entry()]))
        other = open_record("other")
        with pytest.raises(RecordError, match=r"'lines'.*'other'") as caught:
            other.load()
        assert "name: lines" in (caught.value.hint or "")
        with pytest.raises(RecordError, match="'lines'"), other.lock([holder()]):
            pass
        assert not open_record("lines").holders()

    # -- a record that moved -----------------------------------------------------------------------------------------

    def test_a_commit_on_a_number_that_moved_is_refused_and_stores_nothing(self, open_record: Open) -> None:
        record = open_record()
        old = commit(record, Update(put=[entry(1)]))
        newer = commit(open_record(), Update(put=[entry(1, '{"type":"url","url":"https://a.example"}')]))
        with record.lock([holder()]) as lock, pytest.raises(RecordError, match=key(1).number):
            record.commit(lock, Update(put=[entry(1, SIP), entry(2)]), expected=old)
        assert open_record().load() == newer

    def test_a_commit_on_other_numbers_goes_on_top_of_what_moved(self, open_record: Open) -> None:
        record = open_record()
        old = commit(record, Update(put=[entry(1)]))
        commit(open_record(), Update(put=[entry(2, account="office")]), holder("office", run_id="r2"))
        with record.lock([holder()]) as lock:
            state = record.commit(lock, Update(put=[entry(1, SIP)]), expected=old)
        assert state.serial == 3
        assert state.entries == {
            key(1): entry(1, SIP),
            key(2): entry(2, account="office"),
        }
        assert open_record().load() == state

    def test_a_window_that_somebody_else_settled_is_a_conflict(self, open_record: Open) -> None:
        record = open_record()
        old = commit(record, Update(open=window("w1", 1)))
        commit(open_record(), Update(settle=["w1"]))
        with record.lock([holder()]) as lock, pytest.raises(RecordError, match="window"):
            record.commit(lock, Update(settle=["w1"]), expected=old)

    def test_a_state_of_another_lineage_is_refused(self, record: Record) -> None:
        state = commit(record, Update(put=[entry()]))
        forged = replace(state, lineage="4f1c2d8e-0000-4000-8000-000000000000")
        with record.lock([holder()]) as lock, pytest.raises(RecordError, match="the record has been replaced"):
            record.commit(lock, Update(put=[entry(2)]), expected=forged)
        assert record.load() == state

    def test_a_record_that_went_back_is_refused(self, record: Record) -> None:
        state = commit(record, Update(put=[entry()]))
        with record.lock([holder()]) as lock, pytest.raises(RecordError, match="serial 9 to 1"):
            record.commit(lock, Update(put=[entry(2)]), expected=replace(state, serial=9))
        assert record.load() == state

    def test_a_record_that_vanished_is_refused(self, record: Record) -> None:
        gone = RecordState("lines", lineage="4f1c2d8e-0000-4000-8000-000000000000", serial=3)
        with record.lock([holder()]) as lock, pytest.raises(RecordError, match="none instead of 4f1c2d8e"):
            record.commit(lock, Update(put=[entry()]), expected=gone)

    # -- locks -------------------------------------------------------------------------------------------------------

    def test_a_lock_names_its_accounts_sorted_and_its_holders_are_seen_by_others(self, open_record: Open) -> None:
        with open_record().lock([holder("sales"), holder("office")]) as lock:
            assert tuple(lock.accounts) == ("office", "sales")
            seen = open_record().holders()
            assert [each.account for each in seen] == ["office", "sales"]
            assert seen[0] == holder("office")
        assert not open_record().holders()

    def test_a_held_lock_refuses_others_and_names_the_holder(self, open_record: Open) -> None:
        with open_record().lock([holder("sales")]):
            with pytest.raises(LockedError) as caught, open_record().lock([holder("sales", run_id="r2")]):
                pass
            assert caught.value.holder == holder("sales")
            assert "anna" in str(caught.value)
            assert "r1" in str(caught.value)
            assert "record unlock" in (caught.value.hint or "")

    def test_one_process_cannot_lock_an_account_twice(self, record: Record) -> None:
        with record.lock([holder("sales")]) as lock:
            state = record.load()
            with pytest.raises(LockedError), record.lock([holder("sales", run_id="r2")]):
                pass
            with pytest.raises(LockedError):
                record.unlock(["sales"], force=False)
            assert record.commit(lock, Update(put=[entry(1)]), expected=state).serial == 1
        assert not record.holders()
        with record.lock([holder("sales", run_id="r2")]):
            pass

    def test_several_accounts_are_locked_all_or_none(self, open_record: Open) -> None:
        if not self.locks_each_account:
            pytest.skip("this backend locks the whole document")
        with open_record().lock([holder("office")]):
            with pytest.raises(LockedError), open_record().lock([holder("a"), holder("office"), holder("z")]):
                pass
            assert [each.account for each in open_record().holders()] == ["office"]

    def test_different_accounts_are_locked_by_different_runs(self, open_record: Open) -> None:
        if not self.locks_each_account:
            pytest.skip("this backend locks the whole document")
        with open_record().lock([holder("office")]), open_record().lock([holder("sales", run_id="r2")]):
            assert [each.run_id for each in open_record().holders()] == ["r1", "r2"]

    def test_a_lock_is_free_again_after_an_error_inside(self, open_record: Open) -> None:
        with pytest.raises(ZeroDivisionError), open_record().lock([holder()]):
            raise ZeroDivisionError
        with open_record().lock([holder(run_id="r2")]):
            pass

    def test_a_commit_after_the_lock_was_released_is_refused(self, record: Record) -> None:
        with record.lock([holder()]) as lock:
            state = record.load()
        with pytest.raises(LockLostError, match="sales"):
            record.commit(lock, Update(put=[entry()]), expected=state)
        assert record.load().serial == 0

    def test_a_commit_under_a_broken_lock_is_refused_and_stores_nothing(self, open_record: Open) -> None:
        record = open_record()
        with record.lock([holder()]) as lock:
            state = record.commit(lock, Update(put=[entry(1)]), expected=record.load())
            open_record().unlock([], force=True)
            with pytest.raises(LockLostError):
                record.commit(lock, Update(put=[entry(2)]), expected=state)
        assert open_record().load() == state

    def test_a_lock_that_another_run_has_now_is_not_ours_and_not_released_by_us(self, open_record: Open) -> None:
        record = open_record()
        with ExitStack() as stack:
            with record.lock([holder()]) as lock:
                state = record.load()
                open_record().unlock(["sales"], force=True)
                stack.enter_context(open_record().lock([holder(run_id="r2")]))
                with pytest.raises(LockLostError, match=r"r2|broken|lost"):
                    record.commit(lock, Update(put=[entry()]), expected=state)
            assert [each.run_id for each in open_record().holders()] == ["r2"]

    def test_a_lock_of_a_dead_process_is_broken_by_the_next_lock_which_says_so(self, open_record: Open) -> None:
        if not self.finds_dead_processes:
            pytest.skip("this backend cannot know")
        dead = holder(pid=dead_pid(), run_id="r0")
        record = open_record()
        left(record.lock([dead]))
        self.abandon(record)
        record = open_record()
        assert tuple(record.abandoned()) == (dead,)
        with record.lock([holder()]):
            assert record.broken_locks == (dead,)
            assert tuple(open_record().abandoned()) == ()
            assert [each.run_id for each in open_record().holders()] == ["r1"]
        with record.lock([holder()]):
            assert not record.broken_locks

    def test_a_lock_from_another_host_is_never_taken_for_dead(self, open_record: Open) -> None:
        far = holder(host="build-7.example.com", pid=dead_pid())
        left(open_record().lock([far]))
        with pytest.raises(LockedError, match=r"build-7\.example\.com"), open_record().lock([holder()]):
            pass
        with pytest.raises(LockedError):
            open_record().unlock([], force=False)
        assert open_record().unlock([], force=True) == (far,)
        assert not open_record().holders()

    def test_unlock_breaks_dead_locks_without_force(self, open_record: Open) -> None:
        if not self.finds_dead_processes:
            pytest.skip("this backend cannot know")
        dead = holder(pid=dead_pid())
        record = open_record()
        left(record.lock([dead]))
        self.abandon(record)
        assert open_record().unlock(["sales"], force=False) == (dead,)

    def test_unlock_refuses_a_lock_that_may_be_alive(self, open_record: Open) -> None:
        with open_record().lock([holder()]):
            with pytest.raises(LockedError, match="sales"):
                open_record().unlock(["sales"], force=False)
            assert len(open_record().holders()) == 1

    def test_unlock_of_an_account_leaves_the_others(self, open_record: Open) -> None:
        if not self.locks_each_account:
            pytest.skip("this backend locks the whole document")
        with open_record().lock([holder("office"), holder("sales")]):
            assert open_record().unlock(["office"], force=True) == (holder("office"),)
            assert [each.account for each in open_record().holders()] == ["sales"]

    def test_unlock_of_nothing_is_no_error(self, record: Record) -> None:
        assert tuple(record.unlock([], force=False)) == ()
        assert tuple(record.unlock(["sales"], force=True)) == ()

    # -- rehearsing ---------------------------------------------------------------------------------------------------

    def test_a_rehearsal_makes_nothing_where_nothing_was(self, open_record: Open) -> None:
        open_record().rehearse(holder("(doctor)"))
        assert open_record().load().lineage == ""
        assert not open_record().holders()
        assert open_record("other").load().serial == 0
        assert commit(open_record("other"), Update(put=[entry()])).serial == 1

    def test_a_rehearsal_leaves_a_record_as_it_was(self, open_record: Open) -> None:
        before = populated(open_record())
        runs = open_record().runs()
        open_record().rehearse(holder("(doctor)"))
        assert (open_record().load(), open_record().runs()) == (before, runs)
        assert not open_record().holders()

    def test_a_rehearsal_hinders_no_run_and_is_hindered_by_none_but_of_the_whole_record(
        self, open_record: Open
    ) -> None:
        with open_record().lock([holder("sales")]) as lock:
            if self.locks_each_account:
                open_record().rehearse(holder("(doctor)"))
            else:
                with pytest.raises(LockedError, match="sales"):
                    open_record().rehearse(holder("(doctor)"))
            assert lock.accounts == ("sales",)
            assert [each.account for each in open_record().holders()] == ["sales"]

    # -- moving ------------------------------------------------------------------------------------------------------

    def test_a_record_moves_in_from_another_backend_without_loss(self, open_record: Open) -> None:
        source = MemoryRecord(name="lines")
        before = populated(source)
        target = open_record()
        assert migrate(source, target, holders=[holder("sales"), holder("office")]) == before
        assert open_record().load() == before
        assert [open_record().run(each.id) for each in source.runs()] == [source.run(each.id) for each in source.runs()]
        assert [each.id for each in open_record().runs()] == ["r2", "r1"]
        after = commit(open_record(), Update(put=[entry(7)], settle=["w1"]))
        assert (after.serial, after.lineage) == (before.serial + 1, before.lineage)
        assert source.load() == before

    def test_a_record_moves_out_to_another_backend_without_loss(self, open_record: Open) -> None:
        source = open_record()
        before = populated(source)
        target = MemoryRecord(name="lines")
        assert migrate(source, target, holders=[holder("sales")]) == before
        assert target.load() == before
        assert target.run("r1") == source.run("r1")
        assert not source.holders()

    def test_a_record_never_moves_onto_another(self, open_record: Open) -> None:
        source = MemoryRecord(name="lines")
        populated(source)
        target = open_record()
        there = commit(target, Update(put=[entry(9)]))
        with pytest.raises(RecordError, match="not empty"):
            migrate(source, target, holders=[holder()])
        assert target.load() == there
        assert not source.holders()

    def test_a_record_that_was_never_made_does_not_move(self, open_record: Open) -> None:
        target = MemoryRecord(name="lines")
        with pytest.raises(RecordError, match="does not exist"):
            migrate(open_record(), target, holders=[holder()])
        assert target.load().serial == 0

    # -- runs --------------------------------------------------------------------------------------------------------

    def test_a_run_collects_its_results_over_several_commits(self, record: Record) -> None:
        rows: list[dict[str, Any]] = [
            {"address": "sales/7", "outcome": "applied", "before": None, "after": {"имя": [1]}},
            {"address": "sales/8", "outcome": "failed", "attempts": 2},
        ]
        commit(record, Update(run=run("r1")))
        commit(record, Update(results=rows[:1]))
        commit(record, Update(results=rows[1:], run=run("r1", finished_at=T0)))
        found = record.run("r1")
        assert found == replace(run("r1", finished_at=T0), results=tuple(rows))

    def test_runs_are_listed_newest_first_without_results(self, record: Record) -> None:
        for name in ("b", "a", "c"):
            commit(record, Update(run=run(name), results=[{"n": 1, "outcome": "applied"}]))
        assert record.runs() == (run("c"), run("a"), run("b"))
        assert record.runs(limit=2) == (run("c"), run("a"))

    def test_a_finished_run_keeps_its_place(self, record: Record) -> None:
        commit(record, Update(run=run("a")))
        commit(record, Update(run=run("b")))
        commit(record, Update(run=run("a", finished_at=T0)))
        assert [each.id for each in record.runs()] == ["b", "a"]

    def test_a_unique_beginning_names_a_run(self, record: Record) -> None:
        commit(record, Update(run=run("2026-aa")))
        commit(record, Update(run=run("2026-ab")))
        commit(record, Update(run=run("2026")))
        assert record.run("2026-aa") == run("2026-aa")
        with pytest.raises(RecordError, match="2 runs"):
            record.run("2026-a")
        assert record.run("2026") == run("2026")
        assert record.run("1999") is None
        assert record.run("") is None
        assert record.run("%") is None

    def test_old_runs_are_dropped_but_for_one_with_an_open_window(self, record: Record) -> None:
        commit(record, Update(run=run("first"), open=window("w", 1, run_id="first")))
        with record.lock([holder()]) as lock:
            state = record.load()
            for number in range(self.many_runs):
                state = record.commit(lock, Update(run=run(f"n{number:03}")), expected=state)
        kept = [each.id for each in record.runs(limit=1000)]
        assert kept[0] == f"n{self.many_runs - 1:03}"
        assert "first" in kept
        assert "n000" not in kept
        assert len(kept) <= 201


def commit(record: Record, update: Update, *holders: Holder) -> RecordState:
    """Commit one update under a lock of its own, on the record as it stands."""
    with record.lock(list(holders) or [holder()]) as lock:
        return record.commit(lock, update, expected=record.load())


def populated(record: Record) -> RecordState:
    """Put something of everything into a record."""
    kept = replace(entry(1), digests={"url": "hmac-sha256:00"}, confirmed=False, protected=True)
    commit(
        record,
        Update(
            put=[kept],
            open=window("w1", 3, 4),
            run=run("r1"),
            results=[{"n": 1, "outcome": "applied"}, {"имя": None, "outcome": "failed"}],
        ),
    )
    return commit(record, Update(put=[entry(2)], open=window("w2", 5), run=run("r2"), scenario="storm"))


def left(lock: AbstractContextManager[Any]) -> None:
    """Take a lock and never release it, as a killed process does."""
    lock.__enter__()
    _LEFT.append(lock)


_LEFT: list[AbstractContextManager[Any]] = []
