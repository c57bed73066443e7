"""What holding a lock means in every backend: taken all or none, broken if dead or by force, proven at each save.

Knows no backend: claims come in, claims to store or to drop go out.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from reconciler.model import Key
from reconciler.record.base import Holder, Lock, LockLostError, RecordError, RecordState
from reconciler.record.process import Claim, claim, is_dead, locked


@dataclass(frozen=True, slots=True)
class HeldLock:
    """A held lock on some accounts; `token` is the one that was stored with each of them."""

    accounts: tuple[str, ...]
    run_id: str
    token: str

    @classmethod
    def of(cls, claims: Sequence[Claim]) -> HeldLock:
        """Return the lock that these claims of one run make."""
        first = claims[0]
        return cls(tuple(each.holder.account for each in claims), first.holder.run_id, first.token)

    @classmethod
    def checked(cls, lock: Lock) -> HeldLock:
        """Return a lock as the one that a backend gave out."""
        if not isinstance(lock, cls):
            raise TypeError(f"not a lock of a record: {lock!r}")
        return lock

    def prove(self, claims: Iterable[Claim]) -> None:
        """Raise LockLostError unless every account is still locked by this very lock."""
        stored = {each.holder.account: each for each in claims}
        for account in self.accounts:
            found = stored.get(account)
            if found is None or found.token != self.token:
                taken_by = f" and is held by {found.holder}" if found else ""
                raise LockLostError(
                    f"the lock of account {account} was broken{taken_by}: nothing more is written",
                    hint="find out who broke it, then run the command again",
                )


# docs/decisions/104
def accounts_to_lock(state: RecordState, keys: Collection[Key], accounts: Iterable[str] = ()) -> frozenset[str]:
    """Return what to lock for writing these numbers, which are of these `accounts`: all names that they go by.

    An account that was renamed is still the old one in the record, and for whoever runs an older configuration: locks
    by today's name alone would let both write. A window in which one of the accounts stands is wanted whole, as a run
    settles only what it has locked.
    """
    needed = frozenset((*accounts, *(entry.account for key, entry in state.entries.items() if key in keys)))
    for window in state.windows:
        needed = needed.union(intent.account for intent in window.intents if intent.key in keys)
    while more := [each.accounts for each in state.windows if each.accounts & needed and each.accounts - needed]:
        needed = needed.union(*more)
    return needed


def take(holders: Sequence[Holder]) -> tuple[Claim, ...]:
    """Return the claims to store for these holders, in sorted order of accounts, under one token."""
    if not holders:
        raise ValueError("a lock needs at least one account")
    token = uuid.uuid4().hex
    return tuple(claim(holder, token) for holder in sorted(holders, key=lambda holder: holder.account))


def break_claims(stored: Iterable[Claim], accounts: Collection[str], *, force: bool) -> tuple[Claim, ...]:
    """Return the claims on these accounts that may be broken; raises LockedError if one of them may be alive."""
    held = [each for each in stored if each.holder.account in accounts]
    for each in held:
        if not force and not is_dead(each):
            raise locked(each.holder)
    return tuple(held)


@contextmanager
def releasing(release: Callable[[], None]) -> Iterator[None]:
    """Release a lock at the end; trouble with that never hides the error that ended the work."""
    try:
        yield
    except BaseException as error:
        try:
            release()
        except RecordError as trouble:
            error.add_note(f"the lock could not be released: {trouble}")
        raise
    release()
