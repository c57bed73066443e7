"""Where a shared record keeps the tokens of its accounts: encrypted texts by key, beside it, under locks of their own.

Knows no vendor: what a text says is its user's matter. Trouble is a ProviderError, as with any other store of tokens.
"""

from __future__ import annotations

import json
import threading
import time
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from reconciler.clock import SystemClock, rfc3339
from reconciler.providers.base import ProviderError
from reconciler.record.base import Holder, LockLostError, RecordError
from reconciler.record.http_claims import claims_of, lock_info
from reconciler.record.http_wire import PROBE, Wire
from reconciler.record.locks import take
from reconciler.record.process import is_dead, this_holder
from reconciler.record.sealed import Seal

if TYPE_CHECKING:
    from reconciler.record.postgres_session import Session

LOCK_SECONDS = 60.0
_PAUSE_SECONDS = 0.5


class TokensError(ProviderError):
    """The shared store of tokens cannot be used; nothing was sent to the vendor."""

    code = "provider-token-store"


@contextmanager
def _told() -> Iterator[None]:
    try:
        yield
    except RecordError as error:
        raise TokensError(f"the tokens beside the record: {error}", hint=error.hint) from None


class PostgresTexts:
    """Rows in the schema `reconciler`, an advisory lock a key."""

    def __init__(self, session: Session, seal: Seal, *, name: str) -> None:
        self._session = session
        self._seal = seal
        self._name = name
        self._one_at_a_time = threading.Lock()

    @contextmanager
    def lock(self, key: str) -> Iterator[None]:
        """Hold off everybody else from this key; waits up to a minute."""
        with self._one_at_a_time, self._locked(key):
            yield

    @contextmanager
    def _locked(self, key: str) -> Iterator[None]:
        with _told(), self._session.explained():
            self._session.refuse_pooler()
            connection = self._session.connection()
            self._session.is_new = False
            connection.execute(_TABLE)
            connection.execute("SELECT set_config('lock_timeout', %s, false)", (f"{LOCK_SECONDS:.0f}s",))
            connection.execute("SELECT pg_advisory_lock(hashtextextended(%s, 0))", (self._lock_name(key),))
        try:
            yield
        finally:
            with _told(), self._session.explained():
                self._session.connection().execute(
                    "SELECT pg_advisory_unlock(hashtextextended(%s, 0))", (self._lock_name(key),)
                )

    def load(self, key: str) -> str | None:
        """Return the text of a key, None where there is none."""
        with _told(), self._session.explained():
            connection = self._session.connection()
            if connection.execute("SELECT to_regclass('reconciler.tokens')").fetchone() == (None,):
                return None
            row = connection.execute(
                "SELECT body FROM reconciler.tokens WHERE name = %s AND key = %s", (self._name, key)
            ).fetchone()
            return None if row is None else self._seal.open(row[0], name=f"{self._name}/{key}")

    def save(self, key: str, text: str) -> None:
        """Store the text of a key durably, under its lock."""
        with _told(), self._session.explained():
            sealed = self._seal.seal(text, name=f"{self._name}/{key}")
            connection = self._session.connection()
            if self._session.is_new:
                raise LockLostError("the connection to the database was lost, and with it the lock")
            connection.execute(
                "INSERT INTO reconciler.tokens VALUES (%s, %s, %s) "
                "ON CONFLICT (name, key) DO UPDATE SET body = excluded.body",
                (self._name, key, sealed),
            )

    def close(self) -> None:
        """Give back the connection."""
        self._session.close()

    def unlock(self, *, force: bool) -> tuple[Holder, ...]:
        """Nothing to break: the locks of a process that has ended are gone with its connection."""
        del force
        return ()

    def _lock_name(self, key: str) -> str:
        return f"reconciler tokens {self._name} {key}"


class HttpTexts:
    """A document of its own beside the record's, with its own lock: `wire` leads to that document."""

    def __init__(self, wire: Wire, seal: Seal, *, name: str) -> None:
        self._wire = wire
        self._seal = seal
        self._name = name
        self._one_at_a_time = threading.Lock()
        self._lock_id = ""

    @contextmanager
    def lock(self, key: str) -> Iterator[None]:
        """Hold off everybody else from all keys; waits up to a minute."""
        with self._one_at_a_time, self._locked(key):
            yield

    @contextmanager
    def _locked(self, key: str) -> Iterator[None]:
        info = _lock_info(key)
        with _told():
            self._wait_for(info)
        self._lock_id = info["ID"]
        try:
            yield
        finally:
            self._lock_id = ""
            with _told():
                self._wire.unlock(info)

    def load(self, key: str) -> str | None:
        """Return the text of a key, None where there is none."""
        with _told():
            sealed = self._parsed(self._wire.read())["tokens"].get(key)
            return None if sealed is None else self._seal.open(sealed, name=f"{self._name}/{key}")

    def save(self, key: str, text: str) -> None:
        """Store the text of a key durably, under the lock."""
        with _told():
            before = self._wire.read()
            document = self._parsed(before)
            document["serial"] += 1
            document["tokens"][key] = self._seal.seal(text, name=f"{self._name}/{key}")
            self._wire.save(json.dumps(document), lock_id=self._lock_id, before=before)

    def close(self) -> None:
        """Give back connections."""
        self._wire.close()

    def unlock(self, *, force: bool) -> tuple[Holder, ...]:
        """Break the lock of a dead process here, with `force` any; return whose it was. Raises ProviderError."""
        with self._one_at_a_time, _told():
            found = self._wire.take(PROBE)
            if found is None:
                self._wire.unlock(PROBE)
                return ()
            claims = claims_of(found)
            if not force and not all(map(is_dead, claims)):
                return ()
            self._wire.unlock(found)
        return tuple(claim.holder for claim in claims)

    def _wait_for(self, info: Mapping[str, Any]) -> None:
        """Lock, once the lock is free or its process is found dead on this host."""
        found: Mapping[str, Any] | None = None
        for _ in range(int(LOCK_SECONDS / _PAUSE_SECONDS)):
            found = self._wire.take(info)
            if found is None:
                return
            if all(map(is_dead, claims_of(found))):
                self._wire.unlock(found)
                continue
            time.sleep(_PAUSE_SECONDS)
        (holder, *_) = (claim.holder for claim in claims_of(found))
        raise RecordError(
            f"{self._wire.description} has been locked for {LOCK_SECONDS:.0f} s by {holder}",
            hint="try again; if that run is gone for good: reconciler record unlock --force",
        )

    def _parsed(self, text: str | None) -> dict[str, Any]:
        if text is None:
            return {"format_version": 1, "version": 1, "serial": 0, "lineage": str(uuid.uuid4()), "tokens": {}}
        try:
            data = json.loads(text)
            found = {**data, "serial": int(data["serial"]), "tokens": dict(data["tokens"])}
        except (ValueError, KeyError, TypeError, RecursionError):
            raise RecordError(f"{self._wire.description} is damaged", hint="remove it and log in again") from None
        return found


def _lock_info(key: str) -> dict[str, str]:
    """The lock info of this process."""
    since = rfc3339(SystemClock().now())
    claims = take([this_holder("", run_id=uuid.uuid4().hex, since=since)])
    return lock_info(claims, operation="reconciler renews tokens", path=key)


_TABLE = (
    "SELECT pg_advisory_xact_lock(hashtext('reconciler tables')); "  # IF NOT EXISTS alone trips over a rival
    "CREATE SCHEMA IF NOT EXISTS reconciler; CREATE TABLE IF NOT EXISTS reconciler.tokens "
    "(name TEXT NOT NULL, key TEXT NOT NULL, body TEXT NOT NULL, PRIMARY KEY (name, key))"
)
