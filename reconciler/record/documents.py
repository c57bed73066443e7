"""A record kept as one document in a store with compare-and-swap: locks stand in the document, every save is one swap.

Knows no particular store: a backend fetches a text with its version, and swaps in another if that version still stands.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from reconciler.record.base import (
    Holder,
    Lock,
    RecordError,
    RecordState,
    Run,
    Update,
    apply_update,
    is_same,
    not_empty,
    one_run,
    rebase,
)
from reconciler.record.document import RESTORE, WINDOW_SIZE, StoredDocument, parse, render
from reconciler.record.locks import HeldLock, LockingRecord, StoredLock, break_locks, holders_of
from reconciler.record.shapes import check_run, damage_as_error

_ATTEMPTS = 50
_LONGEST_PAUSE_SECONDS = 0.5
_SPREAD = random.SystemRandom()  # rivals must not try again in step


class Store(Protocol):
    """Where one text lives. Both methods raise RecordError when the store cannot be used."""

    description: str

    def fetch(self) -> tuple[str | None, str]:
        """Return the text (None: none was ever stored) and the version that it has."""

    def swap(self, text: str, *, version: str, reason: str) -> str | None:
        """Store a text durably if `version` still stands and return its new version; None where it has moved."""

    def close(self) -> None:
        """Give back files and connections."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A document as it stood in the store at one version."""

    document: StoredDocument
    version: str


class DocumentRecord(LockingRecord):
    """The `Record` of a store that keeps one text. A commit builds on what was last seen: the swap proves it."""

    window_size = WINDOW_SIZE
    reads_before_saving = False  # True where a swap proves nothing, because the store has no compare-and-swap

    def __init__(self, store: Store, *, name: str | None = None) -> None:
        super().__init__(name=name, description=store.description)
        self._store = store
        self._seen: Snapshot | None = None

    def load(self) -> RecordState:
        with self._one_at_a_time:
            return self._fetch().document.state

    def prove(self, lock: Lock) -> None:
        held = HeldLock.checked(lock)
        with self._one_at_a_time:
            self._prove(held, self._fetch().document)

    def commit(self, lock: Lock, update: Update, *, expected: RecordState) -> RecordState:
        held = HeldLock.checked(lock)

        def change(document: StoredDocument) -> StoredDocument:
            self._prove(held, document)
            current = expected if is_same(expected, document.state) else rebase(expected, document.state, update)
            after = replace(apply_update(current, update), name=self._name or document.state.name)
            settled = replace(document, state=after).with_results_of(update.results_of)
            return settled.with_run(update.run, update.results, default=held.run_id)

        with self._one_at_a_time:
            fits = self._seen is not None and is_same(expected, self._seen.document.state)
            seen = self._seen if fits and not self.reads_before_saving else None
            return self._swap(change, seen=seen, reason=f"run {held.run_id}").state

    def adopt(self, lock: Lock, state: RecordState, runs: Sequence[Run]) -> None:
        """Store a whole state and runs, oldest first, where no record was ever made."""
        held = HeldLock.checked(lock)

        def change(document: StoredDocument) -> StoredDocument:
            self._prove(held, document)
            if document.state.lineage:
                raise not_empty(self.description, document.state)
            return replace(document, state=replace(state, name=self._name or state.name), runs=tuple(runs))

        with self._one_at_a_time:
            self._swap(change, seen=None, reason=f"run {held.run_id}")

    def runs(self, limit: int = 20) -> Sequence[Run]:
        with self._one_at_a_time:
            latest = reversed(self._fetch().document.runs)
            return tuple(replace(run, results=()) for run, _ in zip(latest, range(limit), strict=False))

    def run(self, run_id: str) -> Run | None:
        with self._one_at_a_time:
            found = {run.id: run for run in self._fetch().document.runs}
        chosen = one_run([each for each in found if each.startswith(run_id)], run_id)
        if chosen is None:
            return None
        with damage_as_error(self.description, hint=RESTORE):
            return check_run(found[chosen])

    def unlock(self, accounts: Sequence[str], *, force: bool) -> Sequence[Holder]:
        def chosen(stored: Sequence[StoredLock]) -> tuple[StoredLock, ...]:
            return break_locks(stored, accounts or [each.holder.account for each in stored], force=force)

        with self._one_at_a_time:
            broken = self._change_locks(chosen, reason="unlock")
        return holders_of(broken)

    def rehearse(self, holder: Holder) -> None:
        with self.lock([holder]):
            pass  # a lock, and its end, are saves like any other

    def close(self) -> None:
        self._store.close()

    def _prove(self, held: HeldLock, document: StoredDocument) -> None:
        """Raise LockLostError unless the lock is still ours."""
        held.prove(document.locks)

    def _claim(self, stored_locks: Sequence[StoredLock]) -> Sequence[StoredLock]:
        accounts = [stored_lock.holder.account for stored_lock in stored_locks]
        return self._change_locks(
            lambda stored: break_locks(stored, accounts, force=False),
            add=stored_locks,
            reason=f"lock {', '.join(accounts)}",
        )

    def _stored_locks(self) -> Sequence[StoredLock]:
        return self._fetch().document.locks

    def _release(self, held: HeldLock) -> None:
        def ours(stored: Sequence[StoredLock]) -> tuple[StoredLock, ...]:
            return tuple(stored_lock for stored_lock in stored if stored_lock.token == held.token)

        with self._one_at_a_time:
            self._change_locks(ours, reason=f"unlock {', '.join(held.accounts)}")

    def _change_locks(
        self,
        drop: Callable[[Sequence[StoredLock]], tuple[StoredLock, ...]],
        *,
        add: Sequence[StoredLock] = (),
        reason: str,
    ) -> tuple[StoredLock, ...]:
        """Drop and add locks in one swap, and return the dropped ones; nothing is stored where nothing changes."""
        dropped: tuple[StoredLock, ...] = ()

        def change(document: StoredDocument) -> StoredDocument:
            nonlocal dropped
            dropped = drop(document.locks)
            kept = [stored_lock for stored_lock in document.locks if stored_lock not in dropped]
            return replace(
                document, locks=tuple(sorted((*kept, *add), key=lambda stored_lock: stored_lock.holder.account))
            )

        self._swap(change, seen=None, reason=reason)
        return dropped

    def _swap(
        self, change: Callable[[StoredDocument], StoredDocument], *, seen: Snapshot | None, reason: str
    ) -> StoredDocument:
        """Store a changed document, tried first on what was `seen`; while others get in between, read and try again."""
        for attempt in range(_ATTEMPTS):
            before = seen or self._fetch()
            after = change(before.document)
            if after == before.document:
                return after
            version = self._store.swap(render(after), version=before.version, reason=reason)
            if version is not None:
                self._see(Snapshot(after, version))
                return after
            seen = self._seen = None
            time.sleep(_SPREAD.uniform(0, min(_LONGEST_PAUSE_SECONDS, 0.01 * 2**attempt)))
        raise RecordError(f"{self.description} was changed by others {_ATTEMPTS} times in succession", hint="try again")

    def _fetch(self) -> Snapshot:
        text, version = self._store.fetch()
        if text is None:
            document = StoredDocument(RecordState(self._name or ""))
        else:
            document = parse(text, source=self.description)
            self._check_name(document.state.name)
        return self._see(Snapshot(document, version))

    def _see(self, seen: Snapshot) -> Snapshot:
        """Keep what was seen last."""
        self._seen = seen
        return seen
