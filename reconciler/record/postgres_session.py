"""One session with a PostgreSQL server: opened when needed, again when lost, refused behind a transaction pooler.

Knows nothing of records. No error raised here carries the DSN or its password.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING, Any

from reconciler.record.base import RecordError
from reconciler.record.postgres_link import Link
from reconciler.record.waits import Waits

if TYPE_CHECKING:
    import psycopg


_CONNECT_SECONDS = 10
_POOLER_SECONDS = 5.0
_PROBE = "reconciler.probe"
# A machine that loses its power says no farewell: its session and its locks end a minute later, not after two hours.
# What a pooler hands on without resetting it may still have the locks of a run that was killed.
_PREPARED = (
    "SELECT pg_advisory_unlock_all(); "
    "SET tcp_keepalives_idle = 30; SET tcp_keepalives_interval = 10; SET tcp_keepalives_count = 3"
)
_DEFAULTS = {
    "connect_timeout": _CONNECT_SECONDS,
    "application_name": "reconciler",
    "keepalives_idle": 30,
    "keepalives_interval": 10,
    "keepalives_count": 3,
    "tcp_user_timeout": 60_000,
}
_LOCAL = ("", "localhost", "127.0.0.1", "::1")


class Session:
    """A connection that may be lost and made anew. `is_new` stays True until its user has looked at it."""

    def __init__(self, dsn: str, *, waits: Waits | None = None) -> None:
        self._parameters = _parameters(dsn)
        self._waits = waits or Waits()
        self._link: Link | None = None
        self._is_direct = False
        self.is_new = True

    @property
    def description(self) -> str:
        """The database and its host."""
        database = self._parameters.get("dbname") or self._parameters.get("user") or "postgres"
        return f"database {database} at {self._parameters.get('host') or 'this machine'}"

    def connection(self) -> Link:
        """Return a connection that answers."""
        if self._link is not None and not _answers(self._link):
            self.close()
        if self._link is None:
            self._link = self._connect()
            self._is_direct = False
            self.is_new = True
        return self._link

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
            with closing(self._connect()) as other, mine.within(_POOLER_SECONDS):
                other.execute("BEGIN; SELECT 1")
                after = _told(mine)
            if before == after:
                mine.execute(_PREPARED)
        if before != after:
            raise RecordError(
                f"{self.description} is behind a pooler in transaction mode, where session locks do not hold",
                hint="give a DSN that reaches the server itself, or a pooler in session mode",
            )
        self._is_direct = True

    def close(self) -> None:
        """Give the connection back."""
        if self._link is not None:
            self._link.close()
            self._link = None

    @contextmanager
    def explained(self) -> Iterator[None]:
        """Turn what the database reports into a RecordError."""
        import psycopg

        try:
            yield
        except psycopg.Error as error:
            raise self._trouble(error) from None

    def _trouble(self, error: psycopg.Error) -> RecordError:
        import psycopg

        first = (str(error).strip().splitlines() or ["no reason given"])[0]
        hint = "check the server and the DSN; docs/record.md lists what the role must be allowed to"
        if isinstance(error, psycopg.errors.LockNotAvailable):
            first += "" if self._link is None else f": {self._link.holder or 'another session is in the way'}"
            hint = "wait until that session is done, or end it: SELECT pg_terminate_backend(…)"
        return RecordError(f"{self.description} cannot be used: {first}", hint=hint)

    def _connect(self) -> Link:

        return Link(self._parameters, name=self.description, waits=self._waits)


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
    parameters = {**_DEFAULTS, **found}
    host = str(found.get("host", ""))
    if host not in _LOCAL and not host.startswith("/") and "sslmode" not in found:
        parameters["sslmode"] = "verify-full"
        parameters.setdefault("sslrootcert", "system")
    return parameters


def make_schema(link: Link) -> None:
    """Make the schema where there is none.

    `CREATE SCHEMA IF NOT EXISTS` wants the right to make schemas also where there is nothing to make.
    """
    if link.execute("SELECT to_regnamespace('reconciler')") == [(None,)]:
        link.execute("CREATE SCHEMA IF NOT EXISTS reconciler")


def _answers(link: Link) -> bool:
    import psycopg

    try:
        link.execute("SELECT 1")
    except (psycopg.Error, RecordError):
        return False
    return True


def _told(link: Link, *, set_to: str | None = None) -> object:
    """What the session says of itself: its server process, and a setting that it may be given first."""
    if set_to is not None:
        link.execute("SELECT set_config(%s, %s, false)", (_PROBE, set_to))
    return link.execute("SELECT pg_backend_pid(), current_setting(%s, true)", (_PROBE,))
