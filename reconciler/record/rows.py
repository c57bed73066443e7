"""A record kept in rows: what each operation does with the tables and statements that the SQL backends share.

Knows no particular database: a backend hands in transactions (`Sql`) and keeps its own files, connections and errors.
"""

from __future__ import annotations

import threading
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import replace
from typing import Any

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
    wrong_name,
)
from reconciler.record.document import claim_of
from reconciler.record.locks import Claim, HeldLock, break_claims, is_dead, releasing, take
from reconciler.record.shapes import Claims, ClaimShape, check, check_run, damage_told, shaped
from reconciler.record.statements import Sql


def held(sql: Sql) -> tuple[Claim, ...]:
    """The locks that are held, by account; raises UnsoundError."""
    rows = sql.execute(
        "SELECT account, host, username, pid, run_id, since, token, process FROM locks "
        "WHERE record = ? ORDER BY account",
        (sql.record,),
    )
    found = [dict(zip(ClaimShape.__annotations__, row, strict=True)) for row in rows]
    return tuple(map(claim_of, shaped(Claims, found, at=("locks",))))


def put(sql: Sql, claims: Iterable[Claim]) -> None:
    """Store locks."""
    sql.many(
        "INSERT INTO locks (record, account, host, username, pid, run_id, since, token, process) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        [_claim_row(sql, claim) for claim in claims],
    )


def _claim_row(sql: Sql, claim: Claim) -> tuple[Any, ...]:
    holder = claim.holder
    return (
        *(sql.record, holder.account, holder.host, holder.user, holder.pid, holder.run_id, holder.since),
        *(claim.token, claim.process),
    )


def drop(sql: Sql, claims: Iterable[Claim]) -> None:
    """Remove exactly these locks."""
    sql.many(
        "DELETE FROM locks WHERE record = ? AND account = ? AND token = ?",
        [(sql.record, claim.holder.account, claim.token) for claim in claims],
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


class RowRecord(ABC):
    """The `Record` of a SQL backend. Every public operation is one transaction."""

    window_size = WINDOW_SIZE

    def __init__(self, *, name: str | None, description: str) -> None:
        self.description = description
        self._name = name
        self._broken: tuple[Holder, ...] = ()
        self._one_at_a_time = threading.RLock()

    @abstractmethod
    def _reading(self) -> AbstractContextManager[Sql | None]:
        """A consistent view that writes nothing; None where no record was ever made."""

    @abstractmethod
    def _writing(self) -> AbstractContextManager[Sql]:
        """A transaction that no other writer is in; durable when left, undone when an exception leaves it."""

    @property
    def broken_locks(self) -> tuple[Holder, ...]:
        return self._broken

    def load(self) -> RecordState:
        with self._one_at_a_time, self._reading() as sql:
            return RecordState(self._name or "") if sql is None else self._state(sql)

    @contextmanager
    def lock(self, holders: Sequence[Holder]) -> Iterator[Lock]:
        claims = take(holders)
        with self._one_at_a_time, self._writing() as sql:
            self._checked_head(sql)
            broken = self._taken(sql, [claim.holder.account for claim in claims])
            drop(sql, broken)
            put(sql, claims)
        self._broken = tuple(claim.holder for claim in broken)
        held = HeldLock.of(claims)
        with releasing(lambda: self._release(held)):
            yield held

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

    def holders(self) -> Sequence[Holder]:
        with self._one_at_a_time, self._reading() as sql:
            return () if sql is None else tuple(claim.holder for claim in self._held(sql))

    def abandoned(self) -> Sequence[Holder]:
        with self._one_at_a_time, self._reading() as sql:
            claims = () if sql is None else self._held(sql)
            return tuple(claim.holder for claim in claims if sql and self._is_over(sql, claim))

    def unlock(self, accounts: Sequence[str], *, force: bool) -> Sequence[Holder]:
        if not self.holders():
            return ()
        with self._one_at_a_time, self._writing() as sql:
            chosen = accounts or [claim.holder.account for claim in self._held(sql)]
            broken = self._broken_up(sql, chosen, force=force)
            drop(sql, broken)
        return tuple(claim.holder for claim in broken)

    def rehearse(self, holder: Holder) -> None:
        """Do to the tables, in one transaction, what a run does, and undo it all."""
        claims = take([holder])
        with suppress(_UndoneError), self._one_at_a_time, self._writing() as sql:
            head = self._checked_head(sql)
            put(sql, claims)
            for update in _rehearsal(holder):
                statements.store(sql, update, head, run_id=holder.run_id)
            drop(sql, claims)
            raise _UndoneError

    @abstractmethod
    def close(self) -> None:
        """Give back files and connections."""

    def _is_over(self, _sql: Sql, claim: Claim) -> bool:
        """Whether the lock of a row is held by nobody any more."""
        return is_dead(claim)

    def _taken(self, sql: Sql, accounts: Sequence[str]) -> Sequence[Claim]:
        """Make these accounts free to be locked and return the dead locks that stood on them; raises LockedError."""
        return break_claims(self._held(sql), accounts, force=False)

    def _broken_up(self, sql: Sql, accounts: Sequence[str], *, force: bool) -> Sequence[Claim]:
        """Return the locks on these accounts, which are dead or broken by force; raises LockedError."""
        return break_claims(self._held(sql), accounts, force=force)

    def _release(self, held: HeldLock) -> None:
        with self._one_at_a_time, self._writing() as sql:
            drop(sql, [claim for claim in self._held(sql) if claim.token == held.token])

    def _held(self, sql: Sql) -> tuple[Claim, ...]:
        """The locks that are held, by account."""
        with self._damage_told():
            return held(sql)

    def _checked_head(self, sql: Sql) -> RecordState:
        with self._damage_told():
            head = statements.head(sql)
        if self._name and head.name and head.name != self._name:
            raise wrong_name(self.description, recorded=head.name, wanted=self._name)
        return head

    def _state(self, sql: Sql) -> RecordState:
        head = self._checked_head(sql)
        with self._damage_told():
            return replace(check(statements.state(sql)), name=self._name or head.name)

    def _damage_told(self) -> AbstractContextManager[None]:
        hint = "restore it from a backup; without one, move it away: the next apply then adopts what is live"
        return damage_told(self.description, hint=hint)
