"""Where events are kept: one SQLite file (WAL), each event once, durable when `add` returns.

Knows neither how events come nor who reads them. A file of another program is never written to.
"""

from __future__ import annotations

import hashlib
import json
import os
import secrets
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

from reconciler.events.model import Event, Kept, UnreadableEventError
from reconciler.events.reading import read_event

APPLICATION_ID = 0x7265766E  # "revn"
FORMAT = 1
DEFAULT = Path(".reconciler") / "events.db"
_BUSY_SECONDS = 10.0
_PATH_BYTES = 24
_EVENTS = (
    "CREATE TABLE events (number INTEGER PRIMARY KEY AUTOINCREMENT, digest BLOB NOT NULL UNIQUE, vendor TEXT NOT NULL, "
    "kind TEXT NOT NULL, uid TEXT NOT NULL, call_id TEXT NOT NULL, first REAL NOT NULL, last REAL NOT NULL, "
    "times INTEGER NOT NULL, body TEXT NOT NULL)"
)
_TABLES = (
    "CREATE TABLE settings (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID",
    _EVENTS,
    "CREATE INDEX by_uid ON events (uid) WHERE uid <> ''",
    "CREATE INDEX by_call_id ON events (call_id) WHERE call_id <> ''",
    "CREATE INDEX by_age ON events (last)",
)
_ADD = (
    "INSERT INTO events (digest, vendor, kind, uid, call_id, first, last, times, body) "
    "VALUES (?, ?, ?, ?, ?, ?, ?, 1, ?) ON CONFLICT (digest) DO UPDATE "
    "SET times = times + 1, first = min(first, excluded.first), last = max(last, excluded.last)"
)
_LATEST = "SELECT number, body, first, last, times FROM events ORDER BY number DESC LIMIT ?"
_AFTER = "SELECT number, body, first, last, times FROM events WHERE number > ? ORDER BY number"
_OF_NAMES = (
    "SELECT number, body, first, last, times FROM events WHERE uid <> '' AND uid IN (SELECT value FROM json_each(?1)) "
    "UNION SELECT number, body, first, last, times FROM events "
    "WHERE call_id <> '' AND call_id IN (SELECT value FROM json_each(?1)) ORDER BY number"
)


class StoreError(Exception):
    """The store cannot be read or written."""

    def __init__(self, message: str, hint: str | None = None) -> None:
        super().__init__(message)
        self.hint = hint


@dataclass(frozen=True, slots=True)
class Received:
    """An event that has come, at an instant in seconds since the epoch."""

    event: Event
    at: float


class EventStore:
    """The events in a file. One that is opened to be read is neither made nor changed."""

    def __init__(self, path: Path, *, writes: bool = False) -> None:
        self.path = path
        with _explained(path):
            if writes:
                _make_file(path)
            elif not path.is_file():
                raise StoreError(f"there is no store of events at {path}", "reconciler events listen makes one")
            self._connection = _opened(path, writes=writes)
            self._file = _identity(path)

    def close(self) -> None:
        """Let go of the file."""
        self._connection.close()

    def secret_path(self) -> str:
        """The path that senders use, made once for this store."""
        with self._transaction() as run:
            row = (secrets.token_urlsafe(_PATH_BYTES),)
            run.execute("INSERT INTO settings VALUES ('path', ?) ON CONFLICT DO NOTHING", row)
            found = run.execute("SELECT value FROM settings WHERE name = 'path'").fetchone()
        return str(found[0])

    def add(self, received: Iterable[Received]) -> None:
        """Keep events, all of them durable when this returns, or none; one that came before is counted."""
        if _identity(self.path) != self._file:
            message = f"the store of events {self.path} was removed or replaced while it was in use"
            raise StoreError(message, "find out who did that, put it back, then start again")
        with self._transaction() as run:
            run.executemany(_ADD, map(_row, received))

    def prune(self, before: float) -> int:
        """Remove events that came last before an instant; returns how many."""
        with self._transaction() as run:
            return run.execute("DELETE FROM events WHERE last < ?", (before,)).rowcount

    def latest(self, count: int) -> list[Kept]:
        """The events that came last, the latest at the end."""
        return list(self._read(_LATEST, (count,)))[::-1]

    def after(self, number: int) -> list[Kept]:
        """The events that came for the first time after the one of this number."""
        return list(self._read(_AFTER, (number,)))

    def everything(self) -> Iterator[Kept]:
        """All events, in the order in which they came."""
        return self._read(_AFTER, (0,))

    def of_call(self, name: str) -> list[Kept]:
        """All events that may be of a call: those of this name, and of the names that these lead to."""
        names, found = {name}, self._of_names({name})
        while more := {each for kept in found for each in (kept.event.uid, kept.event.call_id) if each} - names:
            names |= more
            found = self._of_names(names)
        return found

    def _of_names(self, names: Iterable[str]) -> list[Kept]:
        return list(self._read(_OF_NAMES, (json.dumps(sorted(names)),)))

    def _read(self, statement: str, values: Sequence[object]) -> Iterator[Kept]:
        with _explained(self.path):
            for number, body, first, last, times in self._connection.execute(statement, values):
                yield Kept(number, _event(body, self.path), first, last, times)

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        with _explained(self.path):
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield self._connection
                self._connection.execute("COMMIT")
            except BaseException:
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")
                raise


def _identity(path: Path) -> tuple[int, int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino


def _row(received: Received) -> tuple[object, ...]:
    event = received.event
    body = json.dumps(event.body, sort_keys=True, separators=(",", ":"))
    digest = hashlib.sha256(f"{event.vendor}\n{body}".encode()).digest()
    return (digest, event.vendor, event.kind, event.uid, event.call_id, received.at, received.at, body)


def _event(body: str, path: Path) -> Event:
    try:
        return read_event(json.loads(body))
    except (ValueError, UnreadableEventError) as error:
        raise StoreError(
            f"the store of events {path} is damaged", "move it away; the listener makes a new one"
        ) from error


def _make_file(path: Path) -> None:
    """Make an empty file for its owner alone, in a folder that is made alike and kept out of git."""
    if not path.parent.exists():
        path.parent.mkdir(mode=0o700, parents=True)
    ignore = path.parent / ".gitignore"
    if path.parent.name == DEFAULT.parent.name and not ignore.exists():
        ignore.write_text("*\n", encoding="utf-8")
    if path.is_symlink():
        raise StoreError(f"{path} is a link, and the store of events may not be one", "remove it")
    os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))


def _opened(path: Path, *, writes: bool) -> sqlite3.Connection:
    mode = "rw" if writes else "ro"
    address = f"file:{quote(str(path.absolute()))}?mode={mode}"
    connection = sqlite3.connect(
        address, uri=True, timeout=_BUSY_SECONDS, isolation_level=None, check_same_thread=False
    )
    try:
        if writes and path.stat().st_size == 0:
            _fill(connection)
        _check(connection, path)
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA secure_delete = ON")
    except BaseException:
        connection.close()
        raise
    return connection


def _fill(connection: sqlite3.Connection) -> None:
    """Make the tables, unless another listener has made them meanwhile."""
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("BEGIN IMMEDIATE")
    if not _pragma(connection, "user_version"):
        for table in _TABLES:
            connection.execute(table)
        connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        connection.execute(f"PRAGMA user_version = {FORMAT}")
    connection.execute("COMMIT")


def _check(connection: sqlite3.Connection, path: Path) -> None:
    if _pragma(connection, "application_id") != APPLICATION_ID:
        raise StoreError(f"{path} is not a store of events", "name another file with --store")
    if (version := _pragma(connection, "user_version")) > FORMAT:
        raise StoreError(f"the store of events {path} has format {version}, which is newer than this program")


def _pragma(connection: sqlite3.Connection, name: str) -> int:
    found: Any = connection.execute(f"PRAGMA {name}").fetchone()
    return int(found[0])


_CAUSES = (
    ("SQLITE_NOTADB", "is not a store of events", "name another file with --store"),
    ("SQLITE_CORRUPT", "is damaged", "move it away; the listener makes a new one"),
    ("SQLITE_FULL", "cannot be written: the disk is full", "make room on its disk"),
    ("SQLITE_READONLY", "cannot be written: the file or its folder is read-only", "make both writable for you"),
    ("SQLITE_CANTOPEN", "cannot be opened", "make the file and its folder readable and writable for you"),
    ("SQLITE_BUSY", "is in use by another process", "try again, or end that process"),
    ("SQLITE_IOERR", "cannot be read or written: the disk reports an error", "check its disk"),
)


@contextmanager
def _explained(path: Path) -> Iterator[None]:
    """Turn what the database or the disk reports into a StoreError with a remedy."""
    try:
        yield
    except sqlite3.Error as error:
        name = getattr(error, "sqlite_errorname", "")
        what, hint = next(((what, hint) for start, what, hint in _CAUSES if name.startswith(start)), ("", ""))
        raise StoreError(f"the store of events {path} {what or f'cannot be used: {error}'}", hint or None) from error
    except OSError as error:
        reason = (error.strerror or "unknown reason").lower()
        raise StoreError(
            f"the store of events {path} cannot be reached: {reason}", "name another file with --store"
        ) from error
