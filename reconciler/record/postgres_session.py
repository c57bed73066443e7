"""One session with a PostgreSQL server: opened when needed, again when lost, refused behind a transaction pooler.

A thread looks after the connection while it waits: a wait is told, with who is in the way, and ends when the run is
interrupted. What the server itself can bound is bound there. Knows nothing of records. No error raised here carries
the DSN or its password.
"""

from __future__ import annotations

import contextlib
import os
import socket
import threading
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING, Any

from reconciler.record.base import RecordError, WaitInterruptedError, Waits

if TYPE_CHECKING:
    import psycopg


_TURN_SECONDS = 0.1
_QUIET_SECONDS = 2.0  # what takes longer is told
_GRACE_SECONDS = 1.0  # what takes longer is ended once the run is interrupted
_CANCEL_SECONDS = 2.0
_ASK_SECONDS = 3.0
_SPARE_SECONDS = 5.0  # beyond the server's own limit: then it is not the server that takes so long

# docs/decisions/102
LIMITS = {"lock_timeout": 30, "statement_timeout": 60, "idle_in_transaction_session_timeout": 60}
"""What one transaction of ours may wait and take, in seconds, unless the DSN, the role or the database say so."""

_SETTINGS = "SELECT name, setting::bigint, source FROM pg_settings WHERE name = ANY (%s)"
_IN_THE_WAY = (
    "SELECT pid, coalesce(usename, ''), coalesce(application_name, ''), coalesce(host(client_addr), ''), "
    "coalesce(state, ''), coalesce(date_trunc('second', xact_start)::text, '') "
    "FROM pg_stat_activity WHERE pid = ANY (pg_blocking_pids(%s)) ORDER BY xact_start LIMIT 1"
)


class Link:
    """A connection. `holder` is who was in the way last; `begins` sets our limits for a transaction.

    Raises RecordError where a wait was ended by us, and what psycopg raises otherwise.
    """

    def __init__(self, parameters: Mapping[str, Any], *, name: str, waits: Waits) -> None:
        self.holder = ""
        self.server_process = 0
        self._name = name
        self._ended: RecordError | None = None
        self._parameters = parameters
        self._waits = waits
        self._since: float | None = None
        self._limit = float(parameters["connect_timeout"]) or None
        self._closed = threading.Event()
        self._connection = _connected(parameters)
        threading.Thread(target=self._look_after, name="record", daemon=True).start()
        try:
            self._learn_limits()
        except BaseException:
            self.close()
            raise

    def _learn_limits(self) -> None:
        """Leave alone what somebody has chosen. Ours hold for a transaction only: a pooler may hand the session on."""
        ((self.server_process,),) = self.execute("SELECT pg_backend_pid()")
        found = {name: (setting, source) for name, setting, source in self.execute(_SETTINGS, ([*LIMITS],))}
        ours = {name: seconds for name, seconds in LIMITS.items() if _is_free(*found[name])}
        self.begins = "".join(f"SET LOCAL {name} = '{seconds}s'; " for name, seconds in ours.items())
        longest = ours.get("statement_timeout", found["statement_timeout"][0] / 1000)
        self._limit = longest + _SPARE_SECONDS if longest else None

    @property
    def is_closed(self) -> bool:
        return self._connection.closed

    def execute(self, statement: str | bytes, parameters: Sequence[Any] | None = None) -> list[Any]:
        """Run a statement and return its rows."""
        text = statement if isinstance(statement, bytes) else statement.encode()
        with self._attended():
            cursor = self._connection.execute(text, parameters)
            return cursor.fetchall() if cursor.description else []

    def many(self, statement: bytes, rows: Iterable[Sequence[Any]]) -> None:
        """Run a statement for each row of parameters."""
        with self._attended(), self._connection.cursor() as cursor:
            cursor.executemany(statement, rows)

    @contextlib.contextmanager
    def transaction(self, begin: str) -> Iterator[None]:
        """A transaction within our limits: durable when left, undone when an exception leaves it."""
        self.execute(f"{begin}; {self.begins}SET LOCAL search_path TO reconciler")
        try:
            yield
            self.execute("COMMIT")
        except BaseException:
            if not self.is_closed:
                self.execute("ROLLBACK")
            raise

    @contextlib.contextmanager
    def within(self, seconds: float) -> Iterator[None]:
        """Give the connection up where one statement gets no answer for so long."""
        before, self._limit = self._limit, seconds
        try:
            yield
        finally:
            self._limit = before

    def close(self) -> None:
        """Give the connection back."""
        self._closed.set()
        self._connection.close()

    @contextlib.contextmanager
    def _attended(self) -> Iterator[None]:
        import psycopg

        self._since = time.monotonic()
        try:
            yield
        except psycopg.Error:
            if self._ended is not None:
                raise self._ended from None
            raise
        finally:
            self._since = None

    # -- in the thread that looks after it -----------------------------------------------------------------------------

    def _look_after(self) -> None:
        told: float | None = None
        while not self._closed.wait(_TURN_SECONDS):
            since, limit = self._since, self._limit
            if since is None:
                continue
            seconds = time.monotonic() - since
            if limit is not None and seconds > limit:
                self._ended = RecordError(
                    f"{self._name} cannot be used: it did not answer for {limit:.0f} s",
                    hint="check the server; if it is a pooler, check that its pool has two free connections",
                )
                self._cut()
            elif seconds > _GRACE_SECONDS and self._waits.clock.interrupted.is_set():
                self._interrupt(since)
            elif seconds > _QUIET_SECONDS and told != since:
                told = since
                threading.Thread(target=self._tell, args=(since,), daemon=True).start()

    def _interrupt(self, since: float) -> None:
        """Cancel the statement, as a server that waits for a lock does not notice that nobody wants it any more.

        Behind a pooler the process may serve somebody else by now: the connection is cut there, and where nobody hears.
        """
        self._ended = WaitInterruptedError(f"interrupted while waiting for {self._name}")
        if self._connection.info.backend_pid == self.server_process:
            threading.Thread(target=self._cancel, daemon=True).start()
        until = time.monotonic() + _CANCEL_SECONDS
        while self._since == since and time.monotonic() < until:
            time.sleep(_TURN_SECONDS)
        if self._since == since:
            self._cut()

    def _cancel(self) -> None:
        with contextlib.suppress(Exception), contextlib.closing(_connected(self._parameters)) as other:
            other.execute("SELECT pg_cancel_backend(%s)", (self.server_process,))

    def _cut(self) -> None:
        """Cut the connection under whoever waits on it."""
        with contextlib.suppress(OSError), socket.socket(fileno=os.dup(self._connection.fileno())) as cut:
            cut.shutdown(socket.SHUT_RDWR)
        self._closed.set()

    def _tell(self, since: float) -> None:
        """Say what is waited for; who is in the way is asked on a second connection, which may have to wait as well."""
        asking = threading.Thread(target=self._ask, daemon=True)
        asking.start()
        asking.join(_ASK_SECONDS)
        if self._since == since:
            self._waits.tell(f"waiting for {self._name}: {self.holder or 'it has not answered yet'}")

    def _ask(self) -> None:
        with contextlib.suppress(Exception), contextlib.closing(_connected(self._parameters)) as other:
            rows = other.execute(_IN_THE_WAY, (self.server_process,)).fetchall()
            self.holder = f"it is held by {_in_the_way(*rows[0])}" if rows else ""


def _is_free(setting: int, source: str) -> bool:
    """Whether nobody has chosen a limit: not the DSN, the role or the database, nor the server for all of them."""
    return source in {"default", "session"} or (source == "configuration file" and setting == 0)


def _connected(parameters: Mapping[str, Any]) -> psycopg.Connection[Any]:
    import psycopg

    # What a pooler hands on may have been prepared under the same name by somebody else.
    return psycopg.connect(**parameters, autocommit=True, prepare_threshold=None)


def _in_the_way(pid: int, user: str, program: str, host: str, state: str, since: str) -> str:
    """Who is in the way, as far as this role may know."""
    parts = [f"session {pid} of {user or 'another role'}", program, host and f"from {host}"]
    return ", ".join(filter(None, (*parts, state and since and f"{state} since {since}")))


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


class PostgresSession:
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
            before = _describe_session(mine, set_to="here")
            with closing(self._connect()) as other, mine.within(_POOLER_SECONDS):
                other.execute("BEGIN; SELECT 1")
                after = _describe_session(mine)
            if before == after:
                mine.execute(_PREPARED)
        if before != after:
            raise RecordError(
                f"{self.description} is behind a pooler in transaction mode, where session locks do not hold",
                hint="use a DSN that reaches the server directly, or a pooler in session mode",
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
            "the record backend postgres needs psycopg", hint="pip install 'phone-reconciler[postgres]'"
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


def _describe_session(link: Link, *, set_to: str | None = None) -> object:
    """What the session says of itself: its server process, and a setting that it may be given first."""
    if set_to is not None:
        link.execute("SELECT set_config(%s, %s, false)", (_PROBE, set_to))
    return link.execute("SELECT pg_backend_pid(), current_setting(%s, true)", (_PROBE,))
