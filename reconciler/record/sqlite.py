"""The backend `file`: the record in one SQLite database beside the configuration, for one machine.

Knows how the database is opened, made, migrated and what its errors mean; not what stands in its rows.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

from reconciler.record import folder
from reconciler.record.base import FORMAT_VERSION, Holder, RecordError, too_new
from reconciler.record.rows import RowRecord
from reconciler.record.statements import TABLES, TO_FORMAT_2, Sql

APPLICATION_ID = 0x7265636F  # "reco"
BUSY_SECONDS = 30.0
_COMPUTED = re.compile(r"\b(VIRTUAL|GENERATED|CHECK|AS)\b|\bDEFAULT\s*\(", re.IGNORECASE)
_RECORD = 1  # the file holds one record, so its rows all have the same id

_MIGRATIONS: dict[int, tuple[str, ...]] = {
    0: (
        "ALTER TABLE records ADD COLUMN scenario TEXT NOT NULL DEFAULT ''",
        "ALTER TABLE entries ADD COLUMN digests TEXT NOT NULL DEFAULT ''",
        "ALTER TABLE entries ADD COLUMN protected INTEGER NOT NULL DEFAULT 0",
        "ALTER TABLE intents ADD COLUMN digests TEXT NOT NULL DEFAULT ''",
        "ALTER TABLE runs ADD COLUMN pid BIGINT NOT NULL DEFAULT 0",
        "ALTER TABLE locks ADD COLUMN process TEXT NOT NULL DEFAULT ''",
    ),
    1: TO_FORMAT_2,
}


@dataclass(frozen=True, slots=True)
class _Transaction:
    connection: sqlite3.Connection
    record: int = _RECORD

    def execute(self, statement: str, parameters: Sequence[Any] = ()) -> list[Any]:
        return self.connection.execute(statement, parameters).fetchall()

    def many(self, statement: str, rows: Iterable[Sequence[Any]]) -> None:
        self.connection.executemany(statement, rows)


class SqliteRecord(RowRecord):
    """The record in the file `path`, which is made by the first lock; `load` never writes."""

    def __init__(self, path: Path, *, name: str | None = None) -> None:
        super().__init__(name=name, description=f"the record {path}")
        self.path = path
        self._connection: sqlite3.Connection | None = None
        self._file: tuple[int, int] | None = None

    def rehearse(self, holder: Holder) -> None:
        folder.prove_writable(self.path)
        if self._is_made():
            super().rehearse(holder)

    def close(self) -> None:
        with self._one_at_a_time:
            if self._connection is not None:
                self._connection.close()
                self._connection = None

    @contextmanager
    def _reading(self) -> Iterator[Sql | None]:
        with _explained(self.path):
            if self._file is None and not self._is_made():
                yield None
                return
            with _current(self._opened()) as connection, _transaction(connection, "BEGIN") as transaction:
                yield transaction

    @contextmanager
    def _writing(self) -> Iterator[Sql]:
        if self._file is None and not self._is_made():
            folder.create(self.path, lambda draft: _make(draft, self._name or ""))
        with _explained(self.path):
            connection = self._opened()
            _migrate(connection)
            with _transaction(connection, "BEGIN IMMEDIATE") as transaction:
                yield transaction

    def _is_made(self) -> bool:
        return self.path.exists()

    def _opened(self) -> sqlite3.Connection:
        """Return the connection; raises RecordError where the file was removed or replaced under it."""
        found = self.path.stat() if self._is_made() else None
        file = (found.st_dev, found.st_ino) if found else None
        if self._file not in (None, file):
            raise RecordError(
                f"the record {self.path} was removed or replaced while it was in use",
                hint="find out who did that, restore the right file, then run again",
            )
        if self._connection is None:
            self._file = file
            connection = _connect(self.path)
            try:
                _check(connection, self.path)
            except BaseException:
                connection.close()
                raise
            self._connection = connection
        return self._connection


@contextmanager
def _transaction(connection: sqlite3.Connection, begin: str) -> Iterator[_Transaction]:
    connection.execute(begin)
    try:
        yield _Transaction(connection)
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


def _connect(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(
        f"file:{quote(str(path.absolute()))}?mode=rw",
        uri=True,
        timeout=BUSY_SECONDS,
        isolation_level=None,
        check_same_thread=False,
    )
    try:
        connection.execute("PRAGMA synchronous = FULL")
    except BaseException:
        connection.close()
        raise
    return connection


def _make(path: Path, name: str) -> None:
    """Fill an empty file with an empty record, all of it durable when this returns.

    WAL comes last: what stands in it at the end reaches the file only if there is room, and SQLite does not tell when
    there is none.
    """
    with _explained(path), closing(_connect(path)) as connection:
        with _transaction(connection, "BEGIN IMMEDIATE") as transaction:
            for table in TABLES:
                transaction.execute(table)
            transaction.execute("INSERT INTO records VALUES (?, ?, '', 0, '')", (_RECORD, name))
            transaction.execute(f"PRAGMA application_id = {APPLICATION_ID}")
            transaction.execute(f"PRAGMA user_version = {FORMAT_VERSION}")
        connection.execute("PRAGMA journal_mode = WAL")


def _check(connection: sqlite3.Connection, path: Path) -> None:
    """Raise RecordError unless this is a sound record of a format that can be read."""
    if _pragma(connection, "application_id") != APPLICATION_ID:
        raise RecordError(f"{path} is not a record", hint=_RESTORE.format(path=path))
    if (version := _pragma(connection, "user_version")) > FORMAT_VERSION:
        raise too_new(f"the record {path}", version)
    _check_tables(connection, path)
    (verdict,) = connection.execute("PRAGMA quick_check(1)").fetchone()
    if verdict != "ok":
        raise RecordError(f"the record {path} is damaged: {verdict}", hint=_RESTORE.format(path=path))


def _check_tables(connection: sqlite3.Connection, path: Path) -> None:
    """Raise RecordError unless all tables are plain ones, with their own indexes: an expression may run for ever."""
    for kind, name, statement in connection.execute("SELECT type, name, sql FROM sqlite_master"):
        is_table = kind == "table" and not _COMPUTED.search(statement)
        if not is_table and not (kind == "index" and statement is None):
            message = f"the record {path} holds more than plain tables: {kind} {name}"
            raise RecordError(message, hint=_RESTORE.format(path=path))


@contextmanager
def _current(connection: sqlite3.Connection) -> Iterator[sqlite3.Connection]:
    """Give a connection to the record in today's format; an older one is read from a migrated copy in memory."""
    if _pragma(connection, "user_version") == FORMAT_VERSION:
        yield connection
        return
    with closing(sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)) as copy:
        connection.backup(copy)
        _migrate(copy)
        yield copy


def _migrate(connection: sqlite3.Connection) -> None:
    """Bring an older record to today's format, all steps or none."""
    if _pragma(connection, "user_version") == FORMAT_VERSION:
        return
    with _transaction(connection, "BEGIN IMMEDIATE") as transaction:
        for version in range(_pragma(connection, "user_version"), FORMAT_VERSION):
            for statement in _MIGRATIONS[version]:
                transaction.execute(statement)
        transaction.execute(f"PRAGMA user_version = {FORMAT_VERSION}")


def _pragma(connection: sqlite3.Connection, name: str) -> int:
    return int(connection.execute(f"PRAGMA {name}").fetchone()[0])


_RESTORE = "restore {path} from a backup; without one, move it away: the next apply then adopts what is live"
_CAUSES = (
    ("SQLITE_NOTADB", "is not a record", _RESTORE),
    ("SQLITE_CORRUPT", "is damaged", _RESTORE),
    ("SQLITE_FULL", "cannot be saved: the disk is full", "make room on the disk of {path}"),
    (
        "SQLITE_READONLY",
        "cannot be written: the file or its folder is read-only",
        "make {path} and its folder writable",
    ),
    ("SQLITE_CANTOPEN", "cannot be opened", "make {path} and its folder readable and writable for you"),
    ("SQLITE_PERM", "cannot be opened", "make {path} and its folder readable and writable for you"),
    (
        "SQLITE_BUSY",
        f"is in use: another process has kept it for {BUSY_SECONDS:.0f} s",
        "try again, or end that process",
    ),
    ("SQLITE_IOERR", "cannot be read or saved: the disk reports an error", "check the disk of {path}"),
)


@contextmanager
def _explained(path: Path) -> Iterator[None]:
    """Turn what the database or the disk reports into a RecordError with a remedy."""
    try:
        yield
    except sqlite3.Error as error:
        name = getattr(error, "sqlite_errorname", "")
        for prefix, what, hint in _CAUSES:
            if name.startswith(prefix):
                raise RecordError(f"the record {path} {what}", hint=hint.format(path=path)) from error
        raise RecordError(f"the record {path} cannot be used: {error}", hint=_RESTORE.format(path=path)) from error
    except OSError as error:
        raise RecordError(
            f"the record {path} cannot be reached: {error.strerror}", hint="check the folder and its permissions"
        ) from error
