"""One connection to a PostgreSQL server, looked after by a thread of its own while it waits for an answer.

A wait is told, with who is in the way; it ends when the run is interrupted, or when nothing answers at all. What the
server itself can bound is bound there, by settings of the session. Knows nothing of records.
"""

from __future__ import annotations

import contextlib
import os
import socket
import threading
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from reconciler.record.base import RecordError, WaitInterruptedError
from reconciler.record.waits import Waits

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
                    f"{self._name} cannot be used: there was no answer for {limit:.0f} s",
                    hint="look whether the server is well; of a pooler, whether its pool has two connections to spare",
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
            self.holder = f"it is held by {_told(*rows[0])}" if rows else ""


def _is_free(setting: int, source: str) -> bool:
    """Whether nobody has chosen a limit: not the DSN, the role or the database, nor the server for all of them."""
    return source in {"default", "session"} or (source == "configuration file" and setting == 0)


def _connected(parameters: Mapping[str, Any]) -> psycopg.Connection[Any]:
    import psycopg

    # What a pooler hands on may have been prepared under the same name by somebody else.
    return psycopg.connect(**parameters, autocommit=True, prepare_threshold=None)


def _told(pid: int, user: str, program: str, host: str, state: str, since: str) -> str:
    """Who is in the way, as far as this role may know."""
    parts = [f"session {pid} of {user or 'another role'}", program, host and f"from {host}"]
    return ", ".join(filter(None, (*parts, state and since and f"{state} since {since}")))
