"""The HTTP state protocol: where a document and its lock live, the requests on them, and what their answers mean.

Knows the protocol's statuses, not what a lock is good for. A lock's id is a UUID, as Terraform's are: some servers
take no other. GitLab takes any, but keeps nothing else of a lock and answers the asker's own `Info`; so there the id
itself says who holds the lock, and `Info` is believed only where it fits the id.
"""

from __future__ import annotations

import base64
import json
import re
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any
from urllib.parse import quote, unquote, urlsplit

from pydantic_core import from_json

from reconciler import __version__
from reconciler.http.answer import Answer, status_text
from reconciler.http.budget import Budget, patience_from
from reconciler.http.client import HttpClient, Request
from reconciler.http.errors import ProviderError
from reconciler.record.base import Holder, LockLostError, RecordError, WaitInterruptedError, Waits
from reconciler.record.document import lock_data, lock_of
from reconciler.record.locks import StoredLock, is_dead
from reconciler.record.shapes import Claims, check_shape
from reconciler.secrets import Secrets, mask_url

_LONGEST_ID = 255  # of GitLab
_BETWEEN = "~"


# A lock that is taken to learn who holds it, and given back at once. Servers want every one of these fields.
PROBE: Mapping[str, Any] = {
    "ID": "7ec0c11e-2000-4000-8000-000000000000",
    "Operation": "reconciler asks who holds the lock",
    "Info": "",
    "Who": "reconciler",
    "Version": "1",
    "Created": "2026-01-01T00:00:00Z",
    "Path": "",
}


# docs/decisions/103
def lock_info(stored_locks: Sequence[StoredLock], *, operation: str, path: str, is_gitlab: bool) -> dict[str, str]:
    """The lock info that is sent: who holds it (`claims`), what for, and what it locks."""
    holder = stored_locks[0].holder
    return {
        "ID": lock_id(stored_locks) if is_gitlab else str(uuid.UUID(stored_locks[0].token)),
        "Operation": operation,
        "Info": json.dumps([lock_data(stored_lock) for stored_lock in stored_locks]),
        "Who": f"{holder.user}@{holder.host}",
        "Version": __version__,
        "Created": holder.since,
        "Path": path,
    }


def lock_id(stored_locks: Sequence[StoredLock]) -> str:
    """Return the id of a lock: its token, and behind it who holds it, as far as there is room."""
    first = stored_locks[0]
    holder = first.holder
    accounts = ",".join(_quoted(stored_lock.holder.account) for stored_lock in stored_locks)
    parts = (holder.run_id, str(holder.pid), first.process, holder.since, holder.user, holder.host)
    text = _BETWEEN.join((first.token, *map(_quoted, parts), accounts))
    return text if len(text) <= _LONGEST_ID else first.token


def token_of(lock_id: str) -> str:
    """Return the token that a lock's id begins with, or is."""
    return lock_id.partition(_BETWEEN)[0].replace("-", "")


def locks_of(info: Mapping[str, Any] | None) -> tuple[StoredLock, ...]:
    """Who holds a lock, by its info; of a lock that another program made, what can be told."""
    if info is None:
        return ()
    return _by_info(info) or _by_id(info["ID"]) or (StoredLock(_stranger(info), info["ID"], ""),)


def _quoted(text: str) -> str:
    return quote(text, safe="|:").replace(_BETWEEN, "%7E")


def _by_info(info: Mapping[str, Any]) -> tuple[StoredLock, ...]:
    try:
        found = _claims(from_json(info["Info"]))
    except (KeyError, TypeError, ValueError):
        return ()
    return found if all(stored_lock.token == token_of(info["ID"]) for stored_lock in found) else ()


def _by_id(text: str) -> tuple[StoredLock, ...]:
    try:
        token, *parts, accounts = text.split(_BETWEEN)
        run_id, pid, process, since, user, host = (unquote(part) for part in parts)
        rest = {"host": host, "user": user, "pid": int(pid), "run_id": run_id, "since": since}
        rows = [{**rest, "account": unquote(account)} for account in accounts.split(",")]
        return _claims([{**row, "token": token, "process": process} for row in rows])
    except ValueError:
        return ()


def _claims(rows: object) -> tuple[StoredLock, ...]:
    return tuple(map(lock_of, check_shape(Claims, rows)))


def _stranger(info: Mapping[str, Any]) -> Holder:
    told = {name: _brief(info.get(name)) for name in ("Who", "Created", "ID")}
    user, _, host = (told["Who"] or "somebody").partition("@")
    return Holder("", host or "unknown host", user, 0, told["ID"] or "unknown", told["Created"] or "unknown")


def _brief(value: object) -> str:
    """What a server says in a field that is shown: a text of bearable length, or nothing."""
    return value[:_LONGEST_ID] if isinstance(value, str) else ""


_OURS = b'"format_version"'
_KEYS_OF_TERRAFORM = {
    *("version", "terraform_version", "serial", "lineage", "outputs", "resources", "check_results"),
    *("modules", "remote", "backend"),
}


def _terraform_holds(text: bytes) -> bool | None:
    """Whether a Terraform state is a project's, and not provably empty; None for what is no such state.

    One that has a lineage, or was ever saved, is a project's, also where all of it was destroyed.
    """
    try:
        data = json.loads(text)
    except (ValueError, RecursionError):
        return None
    if not isinstance(data, dict) or type(data.get("version")) is not int or not data.keys() <= _KEYS_OF_TERRAFORM:
        return None
    return any(value for name, value in data.items() if name not in ("version", "terraform_version"))


_BYTES = 256 * 1024 * 1024
_QUESTIONS, _QUESTION_SECONDS = 10, 0.2
_QUIET_SECONDS = 1.0
_HELD = (HTTPStatus.LOCKED, HTTPStatus.CONFLICT)
_DONE = (HTTPStatus.OK, HTTPStatus.CREATED, HTTPStatus.ACCEPTED, HTTPStatus.NO_CONTENT)
_GITLAB = re.compile(r"/api/v4/projects/[^/]+/terraform/state/")
_NOT_THERE = (HTTPStatus.NOT_FOUND, HTTPStatus.BAD_REQUEST, HTTPStatus.UNPROCESSABLE_ENTITY)
_REFUSED = (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN)


@dataclass(frozen=True, slots=True)
class Endpoints:
    """Where the document is read and written, locked and unlocked, by which methods, and as whom."""

    address: str
    lock_address: str
    unlock_address: str
    lock_method: str = "LOCK"
    unlock_method: str = "UNLOCK"
    update_method: str = "POST"
    basic: str = field(default="", repr=False)

    @property
    def is_gitlab(self) -> bool:
        """Whether this is a state that GitLab manages."""
        return _GITLAB.search(urlsplit(self.address).path) is not None


class InDoubtError(RecordError):
    """A request was sent, and it could not be learned whether it took effect."""


class StateClient:
    """Sends the requests of the protocol. `trusted` hosts may see the password without being allowed by name."""

    def __init__(
        self,
        endpoints: Endpoints,
        secrets: Secrets,
        *,
        trusted: frozenset[str] = frozenset(),
        waits: Waits | None = None,
    ) -> None:
        self.endpoints = endpoints
        self.waits = waits or Waits()
        self.description = f"the record at {mask_url(endpoints.address)}"
        self._secrets = secrets
        self._trusted = trusted
        self._clients: dict[str, HttpClient] = {}
        self._remarked: set[str] = set()
        self._excludes = False

    def read(self) -> str | None:
        """Return the document, None where there is none yet."""
        answer = self._send("GET", self.endpoints.address, is_read=True)
        if answer.status == HTTPStatus.NO_CONTENT:
            return None
        if answer.status == HTTPStatus.NOT_FOUND:
            self._prove_place()
            return None
        if not answer.ok:
            raise self._refused("read", answer.status)
        return self._document(answer)

    def _document(self, answer: Answer) -> str | None:
        """Return what was answered as a document; raises RecordError for what was never one of ours."""
        text = answer.body.strip()  # what it is must be seen: servers give JSON any type, also that of a page
        if not text:
            self.prove_exclusion(alone=True)
            return None
        if text[:1] == b"<":
            message, hint = "cannot be read: a web page answers there", "a login, or a wrong address"
            raise RecordError(f"{self.description} {message}", hint=f"{hint}: {_CHECK}")
        holds = None if _OURS in text else _terraform_holds(text)
        if holds:
            message, hint = "is the state of a Terraform project", "give the record an address of its own"
            raise RecordError(f"{self.description} {message}", hint=f"{hint}; nothing was written")
        if holds is not None:
            self._remark(f"{self.description} is Terraform's empty state: there is no record yet")
            return None
        try:
            return answer.body.decode("utf-8")
        except UnicodeDecodeError:
            raise RecordError(f"{self.description} is damaged: not UTF-8 text", hint=_VERSIONS) from None

    def prove_exclusion(self, *, alone: bool = False) -> None:
        """Make sure that a lock keeps others out: raises RecordError where it is given to two at once.

        The lock is held by this process, or, `alone`, by nobody that we know of: then it is taken for this, too.
        """
        if self._excludes:
            return
        ours, theirs = ({**PROBE, "ID": str(uuid.uuid4())} for _ in range(2))
        is_held = alone and self.lock(ours) is not None
        try:
            self._excludes = is_held or self.lock(theirs) is not None
            if not self._excludes:
                self.unlock(theirs)
        finally:
            if alone and not is_held:
                self.unlock(ours)
        if not self._excludes:
            raise RecordError(
                f"{self.description} cannot be locked: its server gives the lock to two holders at once",
                hint="use a server that refuses the second with 423 or 409, or another backend",
            )

    def _paused(self, seconds: float, reason: str) -> None:
        if seconds >= _QUIET_SECONDS:
            self.waits.tell(f"waiting {seconds:.0f} s for {self.description}: {reason}")

    def _remark(self, text: str) -> None:
        if text not in self._remarked:
            self._remarked.add(text)
            self.waits.tell(text)

    def save(self, text: str, *, lock_id: str, before: str | None) -> None:
        """Store the document under a lock, once more where a failure left the one that was there `before`."""
        try:
            self.write(text, lock_id=lock_id)
        except InDoubtError:
            found = self.read()
            if found == text:
                return
            if found != before:
                raise
            self.write(text, lock_id=lock_id)

    def write(self, text: str, *, lock_id: str) -> None:
        """Send the document to be stored; raises LockLostError where the server says that the lock is not ours."""
        address = self.endpoints.address
        address += ("&" if urlsplit(address).query else "?") + "ID=" + quote(lock_id, safe="")
        answer = self._send(self.endpoints.update_method, address, text)
        if answer.status in _HELD:
            raise LockLostError(
                f"{self.description} is locked by somebody else now: nothing more is written",
                hint="find out who broke the lock, then run the command again",
            )
        if answer.status not in _DONE:
            raise self._refused("saved", answer.status)

    def take(self, info: Mapping[str, Any]) -> Mapping[str, Any] | None:
        """Lock as `lock` does, but let no probe stand in the way: it lasts for two requests, or its process died."""
        for _ in range(_QUESTIONS):
            found = self.lock(info)
            if found is None or found["ID"] != PROBE["ID"]:
                return found
            self.waits.pause(_QUESTION_SECONDS, self.description)
        self.unlock(PROBE)
        return self.lock(info)

    def claim(self, info: Mapping[str, Any]) -> tuple[tuple[StoredLock, ...], tuple[StoredLock, ...]]:
        """Lock as `take` does, breaking a lock of a process that is dead on this host.

        Return the locks that stand in the way, and those that were broken.
        """
        found = self.take(info)
        there = locks_of(found)
        if found is None or not all(map(is_dead, there)):
            return there, ()
        self.unlock(found)
        return locks_of(self.take(info)), there

    def current(self) -> Mapping[str, Any] | None:
        """Return the lock info of whoever holds the lock now; a free one is given back at once."""
        found = self.take(PROBE)
        if found is None:
            self.unlock(PROBE)
        return found

    def lock(self, info: Mapping[str, Any]) -> Mapping[str, Any] | None:
        """Lock, and return None; or return the lock info of whoever holds it (`ID` "" where it is silent)."""
        try:
            answer = self._lock(info)
        except InDoubtError:
            answer = self._lock(info)
            if answer.status in _HELD and _info(answer)["ID"] == info["ID"]:
                return None
        if answer.status in _HELD:
            return _info(answer)
        if answer.status not in _DONE:
            raise self._refused("locked", answer.status)
        return None

    def unlock(self, info: Mapping[str, Any]) -> None:
        """Give a lock back. That it is gone already, or somebody else's, is fine: it is not ours either way."""
        endpoints = self.endpoints
        try:
            answer = self._send(endpoints.unlock_method, endpoints.unlock_address, json.dumps(info))
        except InDoubtError:
            answer = self._send(endpoints.unlock_method, endpoints.unlock_address, json.dumps(info))
        if answer.status not in (*_DONE, *_HELD, *_NOT_THERE):
            raise self._refused("unlocked", answer.status)

    def close(self) -> None:
        """Give back connections."""
        for client in self._clients.values():
            client.close()
        self._clients.clear()

    def _prove_place(self) -> None:
        """Make sure that 404 means "none yet": a place that is wrong, or hidden from us, cannot be locked either."""
        answer = self._lock(PROBE)
        if answer.status in _DONE:
            self.unlock(PROBE)
        elif answer.status not in (*_HELD, HTTPStatus.FORBIDDEN):
            raise self._refused("found", HTTPStatus.NOT_FOUND)

    def _lock(self, info: Mapping[str, Any]) -> Answer:
        return self._send(self.endpoints.lock_method, self.endpoints.lock_address, json.dumps(info))

    def _send(self, method: str, address: str, body: str = "", *, is_read: bool = False) -> Answer:
        parts = urlsplit(address)
        request = Request(
            method,
            parts.path + (f"?{parts.query}" if parts.query else ""),
            is_read=is_read,
            body=body.encode(),
            limit_bytes=_BYTES,
            basic=self.endpoints.basic,
        )
        try:
            return self._client(f"{parts.scheme}://{parts.netloc}").send(request)
        except ProviderError as error:
            if self.waits.clock.interrupted.is_set() and not error.may_have_taken_effect:
                raise WaitInterruptedError(f"interrupted while waiting for {self.description}: {error}") from None
            kind = InDoubtError if error.may_have_taken_effect else RecordError
            raise kind(f"{self.description} cannot be used: {error}", hint=error.hint) from None

    def _client(self, origin: str) -> HttpClient:
        if origin not in self._clients:
            clock = self.waits.clock
            self._clients[origin] = HttpClient(
                origin,
                peer="the record's server",
                trusted=self._trusted,
                budget=Budget(
                    per_second=0, concurrency=1, clock=clock, on_wait=self._paused, on_call=self.waits.on_call
                ),
                secrets=self._secrets,
                clock=clock,
                patience=patience_from(self._secrets.environ),
                setting="the record's address",
            )
        return self._clients[origin]

    def _refused(self, what: str, status: int) -> RecordError:
        hint = _CHECK
        if status in _REFUSED:
            hint = "check username and password (TF_HTTP_USERNAME, TF_HTTP_PASSWORD): they must be allowed to write it"
        return RecordError(f"{self.description} cannot be {what}: its server answered {status_text(status)}", hint=hint)


_CHECK = "check the address under `record: {http: …}` or TF_HTTP_ADDRESS, and what the credential may do"
_VERSIONS = "the server may keep earlier versions: restore the last good one"


def basic(username: str, password: str) -> str:
    """Encode a user name and a password for basic authentication."""
    return base64.b64encode(f"{username}:{password}".encode()).decode("ascii")


def _info(answer: Answer) -> Mapping[str, Any]:
    """Return the lock info of an answer; `ID` is "" where it tells none."""
    try:
        data = from_json(answer.body, allow_inf_nan=False)
    except ValueError:
        data = None
    told = data if isinstance(data, dict) else {}
    lock_id = told.get("ID")
    return {**told, "ID": lock_id if isinstance(lock_id, str) else ""}
