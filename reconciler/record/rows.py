"""A record kept in rows: what each operation does with the tables and statements that the SQL backends share.

Knows no particular database: a backend hands in transactions (`Sql`) and keeps its own files, connections and errors.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable, Sequence
from contextlib import AbstractContextManager, suppress
from dataclasses import replace

from reconciler.model import Entry, Key, Kind
from reconciler.record import statements
from reconciler.record.base import (
    Holder,
    Intent,
    Lock,
    RecordState,
    Run,
    Update,
    Window,
    apply_update,
    is_same,
    not_empty,
    rebase,
)
from reconciler.record.document import lock_data, lock_of
from reconciler.record.locks import HeldLock, LockingRecord, StoredLock, break_locks, holders_of, take
from reconciler.record.shapes import Claims, LockShape, check, check_run, check_shape, damage_as_error
from reconciler.record.statements import Sql


def read_locks(sql: Sql) -> tuple[StoredLock, ...]:
    """The locks that are held, by account; raises MalformedRecordError."""
    rows = sql.execute(
        "SELECT account, host, username, pid, run_id, since, token, process FROM locks "
        "WHERE record = ? ORDER BY account",
        (sql.record,),
    )
    found = [dict(zip(LockShape.__annotations__, row, strict=True)) for row in rows]
    return tuple(map(lock_of, check_shape(Claims, found, at=("locks",))))


def put(sql: Sql, stored_locks: Iterable[StoredLock]) -> None:
    """Store locks."""
    sql.many(
        "INSERT INTO locks (record, account, host, username, pid, run_id, since, token, process) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        [(sql.record, *lock_data(stored_lock).values()) for stored_lock in stored_locks],
    )


def drop(sql: Sql, stored_locks: Iterable[StoredLock]) -> None:
    """Remove exactly these locks."""
    sql.many(
        "DELETE FROM locks WHERE record = ? AND account = ? AND token = ?",
        [(sql.record, stored_lock.holder.account, stored_lock.token) for stored_lock in stored_locks],
    )


class _UndoneError(Exception):
    """Leaves a transaction that is to leave nothing behind."""


def _rehearsal(holder: Holder) -> tuple[Update, Update]:
    """A window that is opened and settled by a run, about a number that nobody has."""
    key = Key("none", "0", next(iter(Kind)))
    intent = Intent(key, holder.account, "create", "", "")
    window = Window(holder.run_id, holder.run_id, holder.since, (intent,))
    run = Run(holder.run_id, holder.since, holder.user, holder.host, holder.pid)
    begun = Update(put=[Entry(key, holder.account, "")], open=window, run=run, results=[{}])
    return begun, Update(drop=[key], settle=[window.id])


WINDOW_SIZE = 32
KEPT_RUNS = 200


class RowRecord(LockingRecord):
    """The `Record` of a SQL backend. Every public operation is one transaction."""

    window_size = WINDOW_SIZE

    @abstractmethod
    def _reading(self) -> AbstractContextManager[Sql | None]:
        """A consistent view that writes nothing; None where no record was ever made."""

    @abstractmethod
    def _writing(self) -> AbstractContextManager[Sql]:
        """A transaction that no other writer is in; durable when left, undone when an exception leaves it."""

    def load(self) -> RecordState:
        with self._one_at_a_time, self._reading() as sql:
            return RecordState(self._name or "") if sql is None else self._state(sql)

    def prove(self, lock: Lock) -> None:
        held = HeldLock.checked(lock)
        with self._one_at_a_time, self._reading() as sql:
            held.prove(() if sql is None else self._held(sql))

    def commit(self, lock: Lock, update: Update, *, expected: RecordState) -> RecordState:
        held = HeldLock.checked(lock)
        with self._one_at_a_time, self._writing() as sql:
            held.prove(self._held(sql))
            head = self._checked_head(sql)
            current = expected if is_same(expected, head) else rebase(expected, self._state(sql), update)
            after = replace(apply_update(current, update), name=self._name or head.name)
            statements.store(sql, update, after, run_id=held.run_id)
            if update.run is not None:
                statements.prune(sql, keep=KEPT_RUNS)
        return after

    def adopt(self, lock: Lock, state: RecordState, runs: Sequence[Run]) -> None:
        """Store a whole state and runs, oldest first, where no record was ever made."""
        held = HeldLock.checked(lock)
        with self._one_at_a_time, self._writing() as sql:
            held.prove(self._held(sql))
            head = self._checked_head(sql)
            if head.lineage:
                raise not_empty(self.description, head)
            updates = (Update(put=tuple(state.entries.values())), *(Update(open=window) for window in state.windows))
            for update in (*updates, *(Update(run=run, results=run.results) for run in runs)):
                statements.store(sql, update, replace(state, name=self._name or state.name), run_id=held.run_id)

    def runs(self, limit: int = 20) -> Sequence[Run]:
        with self._one_at_a_time, self._reading() as sql:
            if sql is None:
                return ()
            with self._damage_told():
                return statements.runs(sql, limit)

    def run(self, run_id: str) -> Run | None:
        with self._one_at_a_time, self._reading() as sql:
            if sql is None:
                return None
            with self._damage_told():
                found = statements.run(sql, run_id)
                return found and check_run(found)

    def unlock(self, accounts: Sequence[str], *, force: bool) -> Sequence[Holder]:
        if not self.holders():
            return ()
        with self._one_at_a_time, self._writing() as sql:
            chosen = accounts or [stored_lock.holder.account for stored_lock in self._held(sql)]
            broken = self._broken_up(sql, chosen, force=force)
            drop(sql, broken)
        return holders_of(broken)

    def rehearse(self, holder: Holder) -> None:
        """Do to the tables, in one transaction, what a run does, and undo it all."""
        stored_locks = take([holder])
        with suppress(_UndoneError), self._one_at_a_time, self._writing() as sql:
            head = self._checked_head(sql)
            put(sql, stored_locks)
            for update in _rehearsal(holder):
                statements.store(sql, update, head, run_id=holder.run_id)
            drop(sql, stored_locks)
            raise _UndoneError

    @abstractmethod
    def close(self) -> None:
        """Give back files and connections."""

    def _claim(self, stored_locks: Sequence[StoredLock]) -> Sequence[StoredLock]:
        with self._writing() as sql:
            self._checked_head(sql)
            broken = self._taken(sql, [stored_lock.holder.account for stored_lock in stored_locks])
            drop(sql, broken)
            put(sql, stored_locks)
        return broken

    def _stored_locks(self) -> Sequence[StoredLock]:
        with self._reading() as sql:
            return () if sql is None else self._held(sql)

    def _taken(self, sql: Sql, accounts: Sequence[str]) -> Sequence[StoredLock]:
        """Make these accounts free to be locked and return the dead locks that stood on them; raises LockedError."""
        return break_locks(self._held(sql), accounts, force=False)

    def _broken_up(self, sql: Sql, accounts: Sequence[str], *, force: bool) -> Sequence[StoredLock]:
        """Return the locks on these accounts, which are dead or broken by force; raises LockedError."""
        return break_locks(self._held(sql), accounts, force=force)

    def _release(self, held: HeldLock) -> None:
        with self._one_at_a_time, self._writing() as sql:
            drop(sql, [stored_lock for stored_lock in self._held(sql) if stored_lock.token == held.token])

    def _held(self, sql: Sql) -> tuple[StoredLock, ...]:
        """The locks that are held, by account."""
        with self._damage_told():
            return read_locks(sql)

    def _checked_head(self, sql: Sql) -> RecordState:
        with self._damage_told():
            head = statements.head(sql)
        self._check_name(head.name)
        return head

    def _state(self, sql: Sql) -> RecordState:
        head = self._checked_head(sql)
        with self._damage_told():
            return replace(check(statements.state(sql)), name=self._name or head.name)

    def _damage_told(self) -> AbstractContextManager[None]:
        hint = "restore it from a backup; without one, move it away: the next apply then adopts what is live"
        return damage_as_error(self.description, hint=hint)
