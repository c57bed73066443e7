"""One session with a PostgreSQL server: opened when needed, again when lost, refused behind a transaction pooler.

Knows nothing of records. No error raised here carries the DSN or its password.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from reconciler.record.base import RecordError

if TYPE_CHECKING:
    import psycopg

_CONNECT_SECONDS = 10
_POOLER_SECONDS = 5.0
_PROBE = "reconciler.probe"
# A machine that loses its power says no farewell: its session and its locks end a minute later, not after two hours.
_KEEPALIVES = "SET tcp_keepalives_idle = 30; SET tcp_keepalives_interval = 10; SET tcp_keepalives_count = 3"
_LOCAL = ("", "localhost", "127.0.0.1", "::1")


class Session:
    """A connection that may be lost and made anew. `is_new` stays True until its user has looked at it."""

    def __init__(self, dsn: str) -> None:
        self._parameters = _parameters(dsn)
        self._connection: psycopg.Connection[Any] | None = None
        self._is_direct = False
        self.is_new = True

    @property
    def description(self) -> str:
        """The database and its host."""
        database = self._parameters.get("dbname") or self._parameters.get("user") or "postgres"
        return f"database {database} at {self._parameters.get('host') or 'this machine'}"

    def connection(self) -> psycopg.Connection[Any]:
        """Return a connection that answers."""
        if self._connection is not None and not _answers(self._connection):
            self.close()
        if self._connection is None:
            self._connection = self._connect()
            self._is_direct = False
            self.is_new = True
        return self._connection

    def refuse_pooler(self) -> None:
        """Raise RecordError where statements of one session may reach different servers: locks would not hold there.

        A pooler gives a server to whoever is in a transaction, so a second connection sits in one while this session
        is asked for what it was told before.
        """
        if self._is_direct:
            return
        with self.explained():
            mine = self.connection()
            before = _told(mine, set_to="here")
            with self._connect() as other, _interrupted(other, _POOLER_SECONDS), other.transaction():
                other.execute("SELECT 1")
                after = _told(mine)
        if before != after:
            raise RecordError(
                f"{self.description} is behind a pooler in transaction mode, where session locks do not hold",
                hint="give a DSN that reaches the server itself, or a pooler in session mode",
            )
        self._is_direct = True

    def close(self) -> None:
        """Give the connection back."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    @contextmanager
    def explained(self) -> Iterator[None]:
        """Turn what the database reports into a RecordError."""
        import psycopg

        try:
            yield
        except psycopg.Error as error:
            first = (str(error).strip().splitlines() or ["no reason given"])[0]
            raise RecordError(
                f"{self.description} cannot be used: {first}",
                hint="check the server and the DSN; the role needs to create and use the schema `reconciler`",
            ) from None

    def _connect(self) -> psycopg.Connection[Any]:
        import psycopg

        connection = psycopg.connect(**self._parameters, autocommit=True)
        connection.execute(_KEEPALIVES)
        return connection


def _parameters(dsn: str) -> dict[str, Any]:
    """Read a DSN; a server elsewhere must prove itself by its certificate, unless the DSN says how."""
    try:
        import psycopg
        from psycopg.conninfo import conninfo_to_dict
    except ImportError:
        raise RecordError(
            "the record backend postgres needs psycopg", hint="pip install 'reconciler[postgres]'"
        ) from None
    try:
        found = conninfo_to_dict(dsn)
    except psycopg.ProgrammingError:
        raise RecordError(
            "the DSN of the record cannot be read",
            hint="write host=HOST dbname=DATABASE user=USER password=PASSWORD, or the same as a URL",
        ) from None
    parameters = {"connect_timeout": _CONNECT_SECONDS, "application_name": "reconciler", **found}
    host = str(found.get("host", ""))
    if host not in _LOCAL and not host.startswith("/") and "sslmode" not in found:
        parameters["sslmode"] = "verify-full"
        parameters.setdefault("sslrootcert", "system")
    return parameters


def _answers(connection: psycopg.Connection[Any]) -> bool:
    import psycopg

    try:
        connection.execute("SELECT 1")
    except psycopg.Error:
        return False
    return True


def _told(connection: psycopg.Connection[Any], *, set_to: str | None = None) -> object:
    """What the session says of itself: its server process, and a setting that it may be given first."""
    if set_to is not None:
        connection.execute("SELECT set_config(%s, %s, false)", (_PROBE, set_to))
    return connection.execute("SELECT pg_backend_pid(), current_setting(%s, true)", (_PROBE,)).fetchone()


@contextmanager
def _interrupted(connection: psycopg.Connection[Any], seconds: float) -> Iterator[None]:
    """End what a connection waits for after a while: behind a pooler it may wait for a server for ever."""
    timer = threading.Timer(seconds, connection.cancel)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
