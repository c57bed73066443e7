"""Where a shared record keeps the tokens of its accounts: encrypted texts by key, beside it, under locks of their own.

AES-256-GCM under a key derived from RECONCILER_RECORD_KEY; what is sealed for one name does not open under another.
Knows no vendor: what a text says is its user's matter.
"""

from __future__ import annotations

import base64
import json
import secrets
import threading
import uuid
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from pydantic_core import from_json

from reconciler.clock import SystemClock, rfc3339
from reconciler.http.errors import TokenStoreError
from reconciler.record.base import Holder, LockLostError, RecordError, Waits
from reconciler.record.http_wire import StateClient, lock_info, locks_of
from reconciler.record.locks import holders_of, is_dead, take, this_holder
from reconciler.record.postgres_session import Link, PostgresSession, make_schema
from reconciler.record.shapes import MalformedRecordError, TokensShape, check_shape
from reconciler.secrets import derived_key

_INFO = b"reconciler token store v1"
_VERSION = "v1."
_NONCE_BYTES = 12
_KEY_BYTES = 32


# docs/decisions/049
class Seal:
    """Seals and opens text. `key` is the text of RECONCILER_RECORD_KEY; a run that needs no token needs none."""

    def __init__(self, key: str | None) -> None:
        self._material = (key or "").encode()

    def _cipher(self) -> AESGCM:
        if len(self._material) < _KEY_BYTES:
            raise RecordError(
                f"tokens in a shared store are encrypted, and RECONCILER_RECORD_KEY has fewer than {_KEY_BYTES} bytes",
                hint="set RECONCILER_RECORD_KEY to the output of `openssl rand -hex 32`, the same everywhere",
            )
        return AESGCM(derived_key(self._material, info=_INFO))

    def seal(self, text: str, *, name: str) -> str:
        """Return the text encrypted, never twice the same; raises RecordError where the key is too short."""
        nonce = secrets.token_bytes(_NONCE_BYTES)
        sealed = self._cipher().encrypt(nonce, text.encode(), name.encode())
        return _VERSION + base64.b64encode(nonce + sealed).decode("ascii")

    def open(self, sealed: str, *, name: str) -> str:
        """Return the text; raises RecordError where the key is another, or what is stored was changed."""
        try:
            raw = _decoded(sealed)
            return self._cipher().decrypt(raw[:_NONCE_BYTES], raw[_NONCE_BYTES:], name.encode()).decode()
        except (InvalidTag, ValueError):
            raise RecordError(
                "the stored tokens cannot be decrypted: they were sealed with another key, or changed",
                hint="set RECONCILER_RECORD_KEY to the key they were stored with, or log in again",
            ) from None


def _decoded(sealed: str) -> bytes:
    if not sealed.startswith(_VERSION):
        raise ValueError("encrypted in a way that this version does not know")
    return base64.b64decode(sealed.removeprefix(_VERSION), validate=True)


LOCK_SECONDS = 60.0
_PAUSE_SECONDS = 0.5
_TOLD_AT = 4


@contextmanager
def _as_store_error() -> Iterator[None]:
    try:
        yield
    except RecordError as error:
        raise TokenStoreError(f"the tokens beside the record: {error}", hint=error.hint) from None


def _wait(take: Callable[[], str | None], what: str, waits: Waits) -> None:
    """Wait up to a minute until `take` has the lock, as long as it says who has it. Raises RecordError."""
    holder: str | None = ""
    for turn in range(int(LOCK_SECONDS / _PAUSE_SECONDS)):
        holder = take()
        if holder is None:
            return
        if turn == _TOLD_AT:
            waits.tell(f"waiting for {what}: it is held by {holder}")
        waits.pause(_PAUSE_SECONDS, what)
    raise RecordError(
        f"{what} has been held for {LOCK_SECONDS:.0f} s by {holder}",
        hint="try again; if that run is gone for good: reconciler record unlock --force",
    )


class _SealedTexts(ABC):
    """Texts that are sealed, each for its own key of the record `name`."""

    def __init__(self, seal: Seal, *, name: str, waits: Waits | None) -> None:
        self._waits = waits or Waits()
        self._seal = seal
        self._name = name
        self._one_at_a_time = threading.Lock()

    @contextmanager
    def lock(self, key: str) -> Iterator[None]:
        """Hold off everybody else from this key, or from all of them; waits up to a minute."""
        with self._one_at_a_time, self._locked(key):
            yield

    @abstractmethod
    def _locked(self, key: str) -> AbstractContextManager[None]:
        """Hold the lock that other processes heed."""

    def _sealed(self, key: str, text: str) -> str:
        return self._seal.seal(text, name=f"{self._name}/{key}")

    def _opened(self, key: str, sealed: str) -> str:
        return self._seal.open(sealed, name=f"{self._name}/{key}")


class PostgresTexts(_SealedTexts):
    """Rows in the schema `reconciler`, an advisory lock a key."""

    def __init__(self, session: PostgresSession, seal: Seal, *, name: str, waits: Waits | None = None) -> None:
        super().__init__(seal, name=name, waits=waits)
        self._session = session

    @contextmanager
    def _locked(self, key: str) -> Iterator[None]:
        with _as_store_error(), self._session.explained():
            self._session.refuse_pooler()
            connection = self._session.connection()
            self._session.is_new = False
            _make_table(connection)
            _wait(lambda: self._try(connection, key), f"the lock of tokens in {self._session.description}", self._waits)
        try:
            yield
        finally:
            with _as_store_error(), self._session.explained():
                self._session.connection().execute(
                    "SELECT pg_advisory_unlock(hashtextextended(%s, 0))", (self._lock_name(key),)
                )

    def _try(self, link: Link, key: str) -> str | None:
        """Lock, and return None; or return who holds the lock."""
        name = (self._lock_name(key),)
        ((is_ours,),) = link.execute("SELECT pg_try_advisory_lock(hashtextextended(%s, 0))", name)
        return None if is_ours else "another run"

    def load(self, key: str) -> str | None:
        """Return the text of a key, None where there is none."""
        with _as_store_error(), self._session.explained():
            connection = self._session.connection()
            if connection.execute(_HAS_TABLE) == [(None,)]:
                return None
            rows = connection.execute(
                "SELECT body FROM reconciler.tokens WHERE name = %s AND key = %s", (self._name, key)
            )
            return self._opened(key, rows[0][0]) if rows else None

    def save(self, key: str, text: str) -> None:
        """Store the text of a key durably, under its lock."""
        with _as_store_error(), self._session.explained():
            sealed = self._sealed(key, text)
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


class HttpTexts(_SealedTexts):
    """A document of its own beside the record's, with its own lock: `wire` leads to that document."""

    def __init__(self, wire: StateClient, seal: Seal, *, name: str, waits: Waits | None = None) -> None:
        super().__init__(seal, name=name, waits=waits)
        self._wire = wire
        self._lock_id = ""

    @contextmanager
    def _locked(self, key: str) -> Iterator[None]:
        info = _lock_info(key, is_gitlab=self._wire.endpoints.is_gitlab)
        with _as_store_error():
            _wait(lambda: self._try(info), f"the lock of {self._wire.description}", self._waits)
        self._lock_id = info["ID"]
        try:
            yield
        finally:
            self._lock_id = ""
            with _as_store_error():
                self._wire.unlock(info)

    def load(self, key: str) -> str | None:
        """Return the text of a key, None where there is none."""
        with _as_store_error():
            sealed = self._parsed(self._wire.read())["tokens"].get(key)
            return None if sealed is None else self._opened(key, sealed)

    def save(self, key: str, text: str) -> None:
        """Store the text of a key durably, under the lock."""
        with _as_store_error():
            before = self._wire.read()
            document = self._parsed(before)
            document["serial"] += 1
            document["tokens"][key] = self._sealed(key, text)
            self._wire.save(json.dumps(document), lock_id=self._lock_id, before=before)

    def close(self) -> None:
        """Give back connections."""
        self._wire.close()

    def unlock(self, *, force: bool) -> tuple[Holder, ...]:
        """Break the lock of a dead process here, with `force` any; return whose it was. Raises ProviderError."""
        with self._one_at_a_time, _as_store_error():
            found = self._wire.current()
            claims = locks_of(found)
            if found is None or not (force or all(map(is_dead, claims))):
                return ()
            self._wire.unlock(found)
        return holders_of(claims)

    def _try(self, info: Mapping[str, Any]) -> str | None:
        """Lock, breaking a lock of a process that is dead on this host, and return None; or return who holds it."""
        there, _ = self._wire.claim(info)
        return str(there[0].holder) if there else None

    def _parsed(self, text: str | None) -> dict[str, Any]:
        if text is None:
            return {"format_version": 1, "version": 1, "serial": 0, "lineage": str(uuid.uuid4()), "tokens": {}}
        try:
            data = from_json(text, allow_inf_nan=False)
            return {**data, **check_shape(TokensShape, data)}
        except ValueError as error:
            why = f": {error}" if isinstance(error, MalformedRecordError) else ""
            raise RecordError(f"{self._wire.description} is damaged{why}", hint="remove it and log in again") from None


def _lock_info(key: str, *, is_gitlab: bool) -> dict[str, str]:
    """The lock info of this process."""
    since = rfc3339(SystemClock().now())
    claims = take([this_holder("", run_id=uuid.uuid4().hex, since=since)])
    return lock_info(claims, operation="reconciler renews tokens", path=key, is_gitlab=is_gitlab)


_HAS_TABLE = "SELECT to_regclass('reconciler.tokens')"
_TABLE = (
    "CREATE TABLE IF NOT EXISTS reconciler.tokens "
    "(name TEXT NOT NULL, key TEXT NOT NULL, body TEXT NOT NULL, PRIMARY KEY (name, key))"
)


def _make_table(link: Link) -> None:
    """Make the table where there is none; safe against others who do the same."""
    if link.execute(_HAS_TABLE) != [(None,)]:
        return
    with link.transaction("BEGIN"):
        link.execute("SELECT pg_advisory_xact_lock(hashtext('reconciler tables'))")
        make_schema(link)
        link.execute(_TABLE)
