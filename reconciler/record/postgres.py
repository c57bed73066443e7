"""The backend `postgres`: many records in one database, for teams and several workers.

An account is locked by an advisory lock of the session, so a lock never outlives its process, wherever that ran; the
row beside it says who it is. Knows connections and what their errors mean, not what stands in the rows.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from reconciler.record.base import FORMAT_VERSION, Holder, LockLostError, Waits, too_new
from reconciler.record.locks import HeldLock, StoredLock, holders_of, is_dead, locked_error
from reconciler.record.postgres_session import PostgresSession, make_schema
from reconciler.record.rows import RowRecord
from reconciler.record.statements import AS_FORMAT_1, TABLES, TO_FORMAT_2, Sql

if TYPE_CHECKING:
    from reconciler.record.postgres_session import Link

_READ = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"
_NOTICING_TURNS, _NOTICING_SECONDS = 50, 0.1


@dataclass(frozen=True, slots=True)
class _Transaction:
    connection: Link
    record: int
    format: int = FORMAT_VERSION

    def execute(self, statement: str, parameters: Sequence[Any] = ()) -> list[Any]:
        return self.connection.execute(_translated(statement, self.format), parameters)

    def many(self, statement: str, rows: Iterable[Sequence[Any]]) -> None:
        self.connection.many(_translated(statement, self.format), rows)


class PostgresRecord(RowRecord):
    """The record `name` in the database of a DSN; the schema `reconciler` is made by the first lock."""

    def __init__(self, dsn: str, *, name: str, waits: Waits | None = None) -> None:
        self._session = PostgresSession(dsn, waits=waits)
        super().__init__(name=name, description=f"the record {name!r} in {self._session.description}")
        self._record_name = name
        self._locked: tuple[str, ...] = ()

    def close(self) -> None:
        with self._one_at_a_time:
            self._session.close()

    def abandoned(self) -> Sequence[Holder]:
        with self._one_at_a_time, self._reading() as sql:
            stored_locks = () if sql is None else self._held(sql)
            return holders_of(each for each in stored_locks if sql and not self._sessions(sql, each.holder.account))

    @contextmanager
    def _reading(self) -> Iterator[Sql | None]:
        with self._session.explained():
            connection = self._session.connection()
            with connection.transaction(_READ):
                record = self._found(connection)
                yield None if record is None else _Transaction(connection, record, self._format(connection))

    @contextmanager
    def _writing(self) -> Iterator[Sql]:
        with self._session.explained():
            connection = self._session.connection()
            self._session.refuse_pooler()
            if self._session.is_new:
                self._take_again(connection)
            with self._keeping_locks_of_success(connection), connection.transaction("BEGIN"):
                _migrate(connection, self._format(connection))
                record = self._found(connection)
                if record is None:
                    record = _make(connection, self._record_name)
                connection.execute("SELECT 1 FROM records WHERE record = %s FOR UPDATE", (record,))
                yield _Transaction(connection, record)

    @contextmanager
    def _keeping_locks_of_success(self, connection: Link) -> Iterator[None]:
        """Give back the session locks that a transaction took and that ended in an error: no rollback does that."""
        before = self._locked
        try:
            yield
        except BaseException:
            taken, self._locked = set(self._locked) - set(before), before
            if taken and not connection.is_closed:
                self._let_go(_Transaction(connection, 0), sorted(taken))
            raise

    def _found(self, connection: Link) -> int | None:
        """Return the id of this record's rows; None where it was never made; raises RecordError for a newer format."""
        if self._format(connection) == 0:
            return None
        found = connection.execute("SELECT record FROM records WHERE name = %s", (self._record_name,))
        return int(found[0][0]) if found else None

    def _format(self, connection: Link) -> int:
        """Return the format of the tables, 0 where there are none; raises RecordError for a newer one."""
        if connection.execute("SELECT to_regclass('reconciler.format')") == [(None,)]:
            return 0
        ((version,),) = connection.execute("SELECT version FROM format") or [(0,)]
        if version > FORMAT_VERSION:
            raise too_new(self.description, version)
        return int(version)

    # -- locks -------------------------------------------------------------------------------------------------------

    def _taken(self, sql: Sql, accounts: Sequence[str]) -> Sequence[StoredLock]:
        """Lock all accounts or none. Whoever still stands in a row whose lock we could take has lost it."""
        stored = {stored_lock.holder.account: stored_lock for stored_lock in self._held(sql)}
        taken: list[str] = []
        for account in sorted(accounts):
            # A session may take its own advisory lock twice; two runs of one process may not.
            if account in self._locked or not self._try_patiently(sql, account, stored.get(account)):
                self._let_go(sql, taken)
                raise locked_error(stored[account].holder if account in stored else _nobody_known(account))
            taken.append(account)
        self._locked = (*self._locked, *taken)
        return [stored[account] for account in taken if account in stored]

    def _broken_up(self, sql: Sql, accounts: Sequence[str], *, force: bool) -> Sequence[StoredLock]:
        """Dead are the locks that can be taken; with force the sessions that hold the others are ended."""
        broken = [stored_lock for stored_lock in self._held(sql) if stored_lock.holder.account in accounts]
        for stored_lock in broken:
            account = stored_lock.holder.account
            if account not in self._locked and self._try(sql, account):
                self._let_go(sql, [account])
            elif force:
                for pid, is_ours in self._sessions(sql, account):
                    sql.execute("SELECT pg_terminate_backend(?)", (pid,)) if not is_ours else None
            else:
                raise locked_error(stored_lock.holder)
        return broken

    def _release(self, held: HeldLock) -> None:
        self._locked = tuple(account for account in self._locked if account not in held.accounts)
        super()._release(held)
        if not self._session.is_new:
            with self._one_at_a_time, self._reading() as sql:
                self._let_go(sql, held.accounts) if sql else None

    def _take_again(self, connection: Link) -> None:
        """Take the locks that an earlier connection had: its rows then prove whether somebody else was in between."""
        for account in self._locked:
            if connection.execute("SELECT pg_try_advisory_lock(%s)", (self._key(account),)) != [(True,)]:
                raise LockLostError(
                    f"the connection to {self.description} was lost, and with it the lock of account {account}",
                    hint="run the command again",
                )
        self._session.is_new = False

    def _try(self, sql: Sql, account: str) -> bool:
        return bool(sql.execute("SELECT pg_try_advisory_lock(?)", (self._key(account),))[0][0])

    def _sessions(self, sql: Sql, account: str) -> list[tuple[int, bool]]:
        """Which server processes hold the lock of an account, and whether that is our own."""
        return sql.execute(_SESSIONS, divmod(self._key(account) % 2**64, 2**32))

    def _try_patiently(self, sql: Sql, account: str, stored_lock: StoredLock | None) -> bool:
        """Try for a lock; the server may take a moment to notice that a process which died here has gone."""
        for _ in range(_NOTICING_TURNS):
            if self._try(sql, account):
                return True
            if stored_lock is None or not is_dead(stored_lock):
                return False
            time.sleep(_NOTICING_SECONDS)
        return False

    def _let_go(self, sql: Sql, accounts: Sequence[str]) -> None:
        for account in accounts:
            sql.execute("SELECT pg_advisory_unlock(?)", (self._key(account),))

    def _key(self, account: str) -> int:
        text = f"reconciler\0{self._record_name}\0{account}"
        return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big", signed=True)


# pg_locks shows a 64-bit advisory key in two unsigned halves: the upper one as classid, the lower one as objid.
_SESSIONS = (
    "SELECT pid, pid = pg_backend_pid() FROM pg_locks WHERE locktype = 'advisory' AND granted "
    "AND database = (SELECT oid FROM pg_database WHERE datname = current_database()) "
    "AND objsubid = 1 AND classid = ?::bigint::oid AND objid = ?::bigint::oid"
)


def _nobody_known(account: str) -> Holder:
    return Holder(account, "unknown", "unknown", 0, "unknown", "unknown")


def _make(connection: Link, name: str) -> int:
    """Make the tables where there are none and the row of a record; safe against others who do the same."""
    connection.execute("SELECT pg_advisory_xact_lock(hashtext('reconciler tables'))")
    make_schema(connection)
    if connection.execute("SELECT to_regclass('reconciler.format')") == [(None,)]:
        connection.execute("CREATE TABLE format (version INTEGER NOT NULL)")
        connection.execute("INSERT INTO format VALUES (%s)", (FORMAT_VERSION,))
        for table in TABLES:
            connection.execute(table)
    connection.execute(
        "INSERT INTO records SELECT coalesce(max(record), 0) + 1, %s, '', 0, '' FROM records "
        "ON CONFLICT (name) DO NOTHING",
        (name,),
    )
    ((record,),) = connection.execute("SELECT record FROM records WHERE name = %s", (name,))
    return int(record)


def _migrate(connection: Link, version: int) -> None:
    """Bring tables of an older format to today's; safe against others who do the same."""
    if not 0 < version < FORMAT_VERSION:
        return
    connection.execute("SELECT pg_advisory_xact_lock(hashtext('reconciler tables'))")
    if connection.execute("SELECT version FROM format") == [(version,)]:
        for statement in TO_FORMAT_2:
            connection.execute(statement)
        connection.execute("UPDATE format SET version = %s", (FORMAT_VERSION,))


@lru_cache(maxsize=128)
def _translated(statement: str, version: int) -> bytes:
    for today, then in AS_FORMAT_1 if version == 1 else ():
        statement = statement.replace(today, then)
    return statement.replace("?", "%s").encode()
