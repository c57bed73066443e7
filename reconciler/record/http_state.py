"""The backend `http`: the record as one document behind the lock of an HTTP state server, as GitLab has one.

Where the server is comes from the configuration, filled up from the variables that CI templates set. One document and
one lock hold all accounts. Knows what holding that lock means, not the requests that do it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

from reconciler.http.hosts import host_of
from reconciler.record.base import Holder, Lock, LockLostError, RecordError, Waits
from reconciler.record.document import StoredDocument
from reconciler.record.documents import DocumentRecord
from reconciler.record.http_wire import Endpoints, StateClient, basic, lock_info, locks_of, token_of
from reconciler.record.locks import HeldLock, StoredLock, holders_of, is_dead, locked_error
from reconciler.secrets import SecretError, Secrets, bare, mask_url

_METHODS = {
    "lock_method": ("LOCK", "POST", "PUT"),
    "unlock_method": ("UNLOCK", "DELETE", "POST", "PUT"),
    "update_method": ("POST", "PUT"),
}
"""What a state server knows; the first is the default."""
_OF_ANY_SERVER = ("DELETE", "POST", "PUT")
_ADDRESSES = ("address", "lock_address", "unlock_address")
_LOGIN = ("username", "password")
_TOKENS = "-tokens"


def _variable(option: str) -> str:
    """The variable that Terraform reads an option from, and that CI templates set."""
    return f"TF_HTTP_{option.upper()}"


def open_state_client(
    options: Mapping[str, str], secrets: Secrets, *, tokens: bool = False, waits: Waits | None = None
) -> StateClient:
    """Return the way to the record's document, or to that of its tokens; raises RecordError where it has no lock."""
    chosen = {option: _choose(options, option, secrets) for option in (*_ADDRESSES, *_METHODS, *_LOGIN)}
    chosen["unlock_address"] = chosen["unlock_address"] or chosen["lock_address"]
    _check(chosen)
    for option in _LOGIN:
        _check_quotes(chosen[option], _variable(option))
    secrets.remember(chosen["password"])
    login = basic(chosen["username"], chosen["password"]) if chosen["username"] or chosen["password"] else ""
    endpoints = Endpoints(**{option: chosen[option] for option in (*_ADDRESSES, *_METHODS)}, basic=login)
    given = (secrets.environ.get(_variable(option), "") for option in _ADDRESSES)
    trusted = frozenset(host_of(address) or "" for address in given) - {""}
    return StateClient(_beside(endpoints) if tokens else endpoints, secrets, trusted=trusted, waits=waits)


def _choose(options: Mapping[str, str], option: str, secrets: Secrets) -> str:
    """What the configuration says, unless that is only the default; then the environment; then the default."""
    default = _METHODS.get(option, ("",))[0]
    given = options.get(option, default)
    return given if given != default else secrets.environ.get(_variable(option)) or default


def _check(chosen: Mapping[str, str]) -> None:
    if not chosen["address"]:
        raise RecordError(
            "the record has no address", hint="write `record: {http: {address: …}}`, or set TF_HTTP_ADDRESS"
        )
    if not chosen["lock_address"]:
        raise RecordError(
            "the record has no lock_address, which it needs to be safe",
            hint=f"for GitLab: lock_address: {chosen['address']}/lock, lock_method: POST, unlock_method: DELETE",
        )
    for name in _ADDRESSES:
        if chosen[name] and host_of(chosen[name]) is None:
            raise RecordError(
                f"the record's {name} is not a URL", hint=f"check {_variable(name)} and `record: {{http: …}}`"
            )
    _check_methods(chosen)


def _check_methods(chosen: Mapping[str, str]) -> None:
    """Raise RecordError for a request that no state server knows, and that may mean something else to another."""
    for name, known in _METHODS.items():
        if chosen[name] not in known:
            hint = f"write {', '.join(known[:-1])} or {known[-1]}"
            raise RecordError(f"the record's {name} is not a method of a state server: {chosen[name]}", hint=hint)
    for verb in ("lock", "unlock"):
        name, path = f"{verb}_method", urlsplit(chosen[f"{verb}_address"]).path
        if chosen[name] in _OF_ANY_SERVER and "lock" not in path.lower():
            hint = "the address of a lock must have the word lock in its path, or use LOCK and UNLOCK"
            raise RecordError(
                f"the record's {name} {chosen[name]} might change something that is not a lock", hint=hint
            )


def _check_quotes(given: str, variable: str) -> None:
    try:
        bare(given, variable)
    except SecretError as error:
        raise RecordError(str(error)) from None


def _beside(endpoints: Endpoints) -> Endpoints:
    """Where the tokens are: `…/NAME-tokens`, locked where the record is locked, under that name in place of NAME.

    NAME is what the document's address ends with: the last part of its path, or the one parameter of its query.
    """
    moved = {each: _renamed(getattr(endpoints, each), endpoints.address) for each in _ADDRESSES}
    return replace(endpoints, **moved)


def _renamed(address: str, document: str) -> str:
    """Put the name of the tokens into an address that has that of the document; raises RecordError."""
    parts, base = urlsplit(address), urlsplit(document)
    whole, in_path = base.path.rstrip("/"), parts.path.split("/")
    name = whole.rpartition("/")[2]
    if base.query:
        if parts.query == base.query and "=" in base.query and "&" not in base.query:
            return parts._replace(query=base.query + _TOKENS).geturl()
    elif name and (parts.path + "/").startswith(whole + "/"):
        return parts._replace(path=whole + _TOKENS + parts.path.removeprefix(whole)).geturl()
    elif name and in_path.count(name) == 1:
        return parts._replace(path="/".join(each + _TOKENS if each == name else each for each in in_path)).geturl()
    raise RecordError(
        f"the place of shared tokens cannot be derived from {mask_url(address)}",
        hint="use addresses that both have the state's name, such as …/states/NAME and …/locks/NAME",
    )


_ALL = ""  # the account of a lock that another program has on the whole record


class HttpStore:
    """The document of a server. There is no compare-and-swap: the lock stands for it, so every save reads first."""

    def __init__(self, wire: StateClient) -> None:
        self.wire = wire
        self.description = wire.description
        self.lock_id = ""
        self._before: str | None = None

    def fetch(self) -> tuple[str | None, str]:
        self._before = self.wire.read()
        return self._before, ""

    def swap(self, text: str, *, version: str, reason: str) -> str | None:
        del version, reason  # the protocol knows neither
        self.wire.save(text, lock_id=self.lock_id, before=self._before)
        return ""

    def close(self) -> None:
        self.wire.close()


# docs/decisions/047
class HttpRecord(DocumentRecord):
    """The record on a state server."""

    reads_before_saving = True

    def __init__(self, wire: StateClient, *, name: str) -> None:
        self._http = HttpStore(wire)
        super().__init__(self._http, name=name)
        self._wire = wire
        self._held: Mapping[str, Any] = {}

    @contextmanager
    def lock(self, holders: Sequence[Holder]) -> Iterator[Lock]:
        with super().lock(holders) as held:
            self._wire.prove_exclusion()
            self._fetch()  # a record of another configuration is refused before anything is done
            yield held

    def _stored_locks(self) -> Sequence[StoredLock]:
        """Ask by locking: the protocol has no other question. A free lock is given back at once."""
        return locks_of(self._wire.current())

    def abandoned(self) -> Sequence[Holder]:
        with self._one_at_a_time:
            stored_locks = self._stored_locks()
        return holders_of(stored_locks) if all(map(is_dead, stored_locks)) else ()

    def unlock(self, accounts: Sequence[str], *, force: bool) -> Sequence[Holder]:
        with self._one_at_a_time:
            info = self._wire.current()
            stored_locks = locks_of(info)
            if accounts and not {stored_lock.holder.account for stored_lock in stored_locks} & {*accounts, _ALL}:
                return ()
            for stored_lock in stored_locks:
                if not force and not is_dead(stored_lock):
                    raise locked_error(stored_lock.holder)
            if info is not None:
                self._break(info)
            return holders_of(stored_locks)

    def _break(self, info: Mapping[str, Any]) -> None:
        self._wire.unlock(info)
        still = self._wire.current()
        if still is not None and still["ID"] == info["ID"]:
            raise RecordError(
                f"the server did not release the lock of {self.description}", hint="release it at the server itself"
            )

    def _claim(self, stored_locks: Sequence[StoredLock]) -> Sequence[StoredLock]:
        info = self._lock_info(stored_locks)
        there, broken = self._wire.claim(info)
        if there:
            accounts = {stored_lock.holder.account for stored_lock in stored_locks}
            alive = holders_of(there)
            raise locked_error(next((holder for holder in alive if holder.account in accounts), alive[0]))
        self._held = info
        self._http.lock_id = str(info["ID"])
        return broken

    def _prove(self, held: HeldLock, document: StoredDocument) -> None:
        """Prove the lock by asking who holds it: that works on any server, also on one that takes any save."""
        del document
        if not self._is_held(held):
            raise _lost(held, "was released")
        found = self._wire.current()
        if found is None:
            raise _lost(held, "was broken")
        if found["ID"] not in ("", self._held["ID"]):
            raise _lost(held, f"was broken and is held by {locks_of(found)[0].holder}")

    def _release(self, held: HeldLock) -> None:
        with self._one_at_a_time:
            if self._is_held(held):
                info, self._held = self._held, {}
                self._wire.unlock(info)

    def _is_held(self, held: HeldLock) -> bool:
        return token_of(self._held.get("ID", "")) == held.token

    def _lock_info(self, stored_locks: Sequence[StoredLock]) -> dict[str, str]:
        is_gitlab = self._wire.endpoints.is_gitlab
        return lock_info(stored_locks, operation="reconciler apply", path=self._name or "", is_gitlab=is_gitlab)


def _lost(held: HeldLock, how: str) -> LockLostError:
    return LockLostError(
        f"the lock of account {', '.join(held.accounts)} {how}: writing stops",
        hint="find out who broke it, then run the command again",
    )


def open_http(options: Mapping[str, str], *, name: str, secrets: Secrets, waits: Waits | None = None) -> HttpRecord:
    """Return the record that the options name, filled up from TF_HTTP_*; raises RecordError where it has no lock."""
    return HttpRecord(open_state_client(options, secrets, waits=waits), name=name)
