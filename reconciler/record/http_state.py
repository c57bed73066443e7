"""The backend `http`: the record as one document behind the lock of an HTTP state server, as GitLab has one.

One document and one lock hold all accounts. Knows what holding that lock means, not the requests that do it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from reconciler.record.base import Holder, Lock, LockLostError, RecordError
from reconciler.record.document import Document
from reconciler.record.documents import DocumentRecord
from reconciler.record.http_claims import PROBE, claims_of, lock_info, token_of
from reconciler.record.http_endpoints import open_wire
from reconciler.record.http_wire import Wire
from reconciler.record.locks import HeldLock, releasing, take
from reconciler.record.process import Claim, is_dead, locked
from reconciler.record.waits import Waits
from reconciler.secrets import Secrets

_ALL = ""  # the account of a lock that another program has on the whole record


class HttpStore:
    """The document of a server. There is no compare-and-swap: the lock stands for it, so every save reads first."""

    def __init__(self, wire: Wire) -> None:
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

    def __init__(self, wire: Wire, *, name: str) -> None:
        self._http = HttpStore(wire)
        super().__init__(self._http, name=name)
        self._wire = wire
        self._held: Mapping[str, Any] = {}

    @contextmanager
    def lock(self, holders: Sequence[Holder]) -> Iterator[Lock]:
        claims = take(holders)
        with self._one_at_a_time:
            self._broken = self._take(self._lock_info(claims), [claim.holder.account for claim in claims])
        held = HeldLock.of(claims)
        with releasing(lambda: self._release(held)):
            self._wire.prove_exclusion()
            self._fetch()  # a record of another configuration is refused before anything is done
            yield held

    def holders(self) -> Sequence[Holder]:
        """Ask by locking: the protocol has no other question. A free lock is given back at once."""
        with self._one_at_a_time:
            return tuple(claim.holder for claim in claims_of(self._current()))

    def abandoned(self) -> Sequence[Holder]:
        with self._one_at_a_time:
            claims = claims_of(self._current())
        return tuple(claim.holder for claim in claims) if all(map(is_dead, claims)) else ()

    def unlock(self, accounts: Sequence[str], *, force: bool) -> Sequence[Holder]:
        with self._one_at_a_time:
            info = self._current()
            claims = claims_of(info)
            if accounts and not {claim.holder.account for claim in claims} & {*accounts, _ALL}:
                return ()
            for claim in claims:
                if not force and not is_dead(claim):
                    raise locked(claim.holder)
            if info is not None:
                self._break(info)
            return tuple(claim.holder for claim in claims)

    def _break(self, info: Mapping[str, Any]) -> None:
        self._wire.unlock(info)
        still = self._current()
        if still is not None and still["ID"] == info["ID"]:
            raise RecordError(
                f"the server did not release the lock of {self.description}", hint="release it at the server itself"
            )

    def _take(self, info: Mapping[str, Any], accounts: Sequence[str]) -> tuple[Holder, ...]:
        """Lock, breaking a lock of a dead process on this host; return whose that was."""
        broken: tuple[Holder, ...] = ()
        found = self._wire.take(info)
        if found is not None and all(is_dead(claim) for claim in claims_of(found)):
            broken = tuple(claim.holder for claim in claims_of(found))
            self._wire.unlock(found)
            found = self._wire.take(info)
        if found is not None:
            claims = claims_of(found)
            raise locked(next((claim.holder for claim in claims if claim.holder.account in accounts), claims[0].holder))
        self._held = info
        self._http.lock_id = str(info["ID"])
        return broken

    def _prove(self, held: HeldLock, document: Document) -> None:
        """Prove the lock by asking who holds it: that works on any server, also on one that takes any save."""
        del document
        if not self._is_held(held):
            raise _lost(held, "was released")
        found = self._current()
        if found is None:
            raise _lost(held, "was broken")
        if found["ID"] not in ("", self._held["ID"]):
            raise _lost(held, f"was broken and is held by {claims_of(found)[0].holder}")

    def _release(self, held: HeldLock) -> None:
        with self._one_at_a_time:
            if self._is_held(held):
                info, self._held = self._held, {}
                self._wire.unlock(info)

    def _is_held(self, held: HeldLock) -> bool:
        return token_of(self._held.get("ID", "")) == held.token

    def _current(self) -> Mapping[str, Any] | None:
        """Return the lock info of whoever holds the lock."""
        found = self._wire.take(PROBE)
        if found is None:
            self._wire.unlock(PROBE)
        return found

    def _lock_info(self, claims: Sequence[Claim]) -> dict[str, str]:
        is_gitlab = self._wire.endpoints.is_gitlab
        return lock_info(claims, operation="reconciler apply", path=self._name or "", is_gitlab=is_gitlab)


def _lost(held: HeldLock, how: str) -> LockLostError:
    return LockLostError(
        f"the lock of account {', '.join(held.accounts)} {how}: nothing more is written",
        hint="find out who broke it, then run the command again",
    )


def open_http(options: Mapping[str, str], *, name: str, secrets: Secrets, waits: Waits | None = None) -> HttpRecord:
    """Return the record that the options name, filled up from TF_HTTP_*; raises RecordError where it has no lock."""
    return HttpRecord(open_wire(options, secrets, waits=waits), name=name)
