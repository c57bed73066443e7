"""The record: what we last wrote, kept between runs, with its locks, windows and runs; one interface for all backends.

A backend stores; what an update means is decided once, here, by `apply_update`. Whoever waits for somebody else says
for whom. Knows no vendor and no configuration.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

from reconciler.clock import Clock, SystemClock
from reconciler.diagnostics import Location
from reconciler.http.calls import OnCall, unheard
from reconciler.model import CANONICAL_VERSION, Entry, Key


def _nobody(_text: str) -> None:
    """Nobody listens."""


@dataclass(frozen=True, slots=True)
class Waits:
    """How a store that others work with too is waited for.

    `tell` hears one sentence on what is waited for, or taken for granted; `clock` knows when waits are to end;
    `on_call` hears of every HTTP request.
    """

    tell: Callable[[str], None] = _nobody
    clock: Clock = field(default_factory=SystemClock)
    on_call: OnCall = unheard

    def pause(self, seconds: float, what: str) -> None:
        """Wait; raises WaitInterruptedError, which says for `what`, as soon as the run is interrupted."""
        if self.clock.interrupted.wait(seconds):
            raise WaitInterruptedError(f"interrupted while waiting for {what}")


FORMAT_VERSION = 2


class RecordError(Exception):
    """The record cannot be used: unreachable, too new, of another configuration, damaged. `hint` is the remedy."""

    def __init__(self, message: str, *, hint: str | None = None) -> None:
        super().__init__(message)
        self.hint = hint


class RecordSecretError(RecordError):
    """A secret that the record needs cannot be had; `place` is where it is asked for."""

    def __init__(self, message: str, *, hint: str | None, place: Location | None) -> None:
        super().__init__(message, hint=hint)
        self.place = place


class LockedError(RecordError):
    """Somebody else holds the lock; `holder` says who."""

    def __init__(self, message: str, *, holder: Holder, hint: str | None = None) -> None:
        super().__init__(message, hint=hint)
        self.holder = holder


class LockLostError(RecordError):
    """The lock is no longer ours: writing must stop."""


class WaitInterruptedError(RecordError):
    """The run was interrupted while it waited for somebody else."""


@dataclass(frozen=True, slots=True)
class Holder:
    """Who holds a lock. `since` is an RFC 3339 time in UTC."""

    account: str
    host: str
    user: str
    pid: int
    run_id: str
    since: str

    @property
    def what(self) -> str:
        """What is locked: an account, or all of the record, as another program locks it."""
        return f"account {self.account}" if self.account else "the record"

    def __str__(self) -> str:
        process = f"process {self.pid}, run" if self.pid else "lock"
        return f"{self.user}@{self.host} ({process} {self.run_id}, since {self.since})"


@dataclass(frozen=True, slots=True)
class Intent:
    """A write that is about to be sent: `before` and `after` as canonical, masked JSON text ("" = nothing).

    `digests` belong to `after`, `before_digests` to `before`. `run_id` is the run that sent it and `since` when that
    run last had to do with it, an RFC 3339 time in UTC: a later run that cannot settle it carries both on.
    """

    key: Key
    account: str
    action: str
    before: str
    after: str
    digests: Mapping[str, str] = field(default_factory=dict, hash=False)
    before_digests: Mapping[str, str] = field(default_factory=dict, hash=False)
    run_id: str = ""
    since: str = ""
    canonical_version: int = CANONICAL_VERSION


@dataclass(frozen=True, slots=True)
class Window:
    """Intents made durable together before any of them is sent. While it is open its numbers are unknown until read."""

    id: str
    run_id: str
    opened_at: str
    intents: tuple[Intent, ...]

    @property
    def signed(self) -> tuple[Intent, ...]:
        """The intents, each with the run and the time of this window where it has no others."""
        return tuple(
            intent
            if intent.run_id and intent.since
            else replace(intent, run_id=intent.run_id or self.run_id, since=intent.since or self.opened_at)
            for intent in self.intents
        )

    @property
    def accounts(self) -> frozenset[str]:
        """The accounts of its intents."""
        return frozenset(intent.account for intent in self.intents)


@dataclass(frozen=True, slots=True)
class Run:
    """One apply: who, when, and what became of each change (`results`: rows of the apply report, with before/after)."""

    id: str
    started_at: str
    user: str
    host: str
    pid: int = 0
    origin: str = "apply"
    commit: str = ""
    finished_at: str = ""
    overrides: tuple[str, ...] = ()
    results: tuple[Mapping[str, Any], ...] = ()

    @property
    def latest_results(self) -> tuple[Mapping[str, Any], ...]:
        """One row a number and kind: a later run that saw what became of a write knows better."""
        keys = ("provider", "number", "kind", "address")
        by_number = {tuple(row.get(name) for name in keys): row for row in self.results}
        return tuple(by_number.values())


@dataclass(frozen=True, slots=True)
class RecordState:
    """The record as loaded. `serial` grows by one with each commit.

    `lineage` is random and made by the first commit; a record that was never made has none ("") and serial 0.
    """

    name: str
    lineage: str = ""
    serial: int = 0
    entries: Mapping[Key, Entry] = field(default_factory=dict)
    windows: tuple[Window, ...] = ()
    scenario: str = ""


@dataclass(frozen=True, slots=True)
class Update:
    """What one commit changes, all or nothing.

    `put` and `drop` are entries; `open` is a window to add, `settle` are ids of windows that are done with;
    `run` replaces the run of that id but for its results, `results` are appended to that run, or to the run that
    holds the lock where `run` is None; `results_of` are appended to other runs that are still kept. `scenario` None
    leaves it.
    """

    put: Sequence[Entry] = ()
    drop: Sequence[Key] = ()
    open: Window | None = None
    settle: Sequence[str] = ()
    run: Run | None = None
    results: Sequence[Mapping[str, Any]] = ()
    results_of: Mapping[str, Sequence[Mapping[str, Any]]] = field(default_factory=dict)
    scenario: str | None = None


class Lock(Protocol):
    """A held lock on one or more accounts; released by leaving the context it came from."""

    @property
    def accounts(self) -> tuple[str, ...]: ...


class Record(Protocol):
    """One configuration's record in one backend."""

    window_size: int
    description: str

    def load(self) -> RecordState:
        """Read the record, writing nothing; empty and without lineage only where none was ever made.

        Raises RecordError.
        """

    def lock(self, holders: Sequence[Holder]) -> AbstractContextManager[Lock]:
        """Take the locks of all accounts, in sorted order, all or none; raises LockedError.

        A lock whose process is dead on this host is broken, and `broken_locks` names its holder.
        """

    @property
    def broken_locks(self) -> tuple[Holder, ...]:
        """Holders whose locks `lock` found dead and broke."""

    def prove(self, lock: Lock) -> None:
        """Ask whether a lock is still held; raises LockLostError, RecordError where that cannot be learned."""

    def commit(self, lock: Lock, update: Update, *, expected: RecordState) -> RecordState:
        """Store an update durably and return the new state.

        Proves first that the lock is still ours and that the record is `expected`, or has since moved only in what
        the update does not touch (`rebase`); raises LockLostError or RecordError, and then nothing was stored.
        """

    def adopt(self, lock: Lock, state: RecordState, runs: Sequence[Run]) -> None:
        """Store a whole state, lineage and serial included, and runs, oldest first, where no record was ever made."""

    def runs(self, limit: int = 20) -> Sequence[Run]:
        """The latest runs, newest first, without their results."""

    def run(self, run_id: str) -> Run | None:
        """One run with its results; a unique prefix of its id is enough."""

    def holders(self) -> Sequence[Holder]:
        """Who holds locks now."""

    def abandoned(self) -> Sequence[Holder]:
        """Those of the `holders` whose process is provably dead: the next `lock` breaks theirs by itself."""

    def unlock(self, accounts: Sequence[str], *, force: bool) -> Sequence[Holder]:
        """Break locks (all when `accounts` is empty): those of dead processes on this host, any with `force`.

        Returns the holders whose locks were broken; raises LockedError for one that may be alive.
        """

    def rehearse(self, holder: Holder) -> None:
        """Prove that this process could lock and save, and leave all as it was; `holder` is of no account.

        Raises RecordError; LockedError where somebody else holds what that takes.
        """

    def close(self) -> None:
        """Give back files and connections."""


def apply_update(state: RecordState, update: Update) -> RecordState:
    """Return the state after an update: entries put and dropped, windows opened and settled, serial one higher.

    The first update of a record gives it its lineage.
    """
    entries = dict(state.entries)
    for key in update.drop:
        entries.pop(key, None)
    entries.update((entry.key, entry) for entry in update.put)
    settled = set(update.settle)
    windows = tuple(window for window in state.windows if window.id not in settled)
    if update.open is not None:
        windows = (*windows, update.open)
    return replace(
        state,
        # docs/decisions/045
        lineage=state.lineage or str(uuid.uuid4()),
        serial=state.serial + 1,
        entries=entries,
        windows=windows,
        scenario=state.scenario if update.scenario is None else update.scenario,
    )


def is_same(expected: RecordState, current: RecordState) -> bool:
    """Whether two states are the same one of the same record, by lineage and serial."""
    return (expected.lineage, expected.serial) == (current.lineage, current.serial)


# docs/decisions/046
def rebase(expected: RecordState, current: RecordState, update: Update) -> RecordState:
    """Return the state that an update made for `expected` may be applied to, now that the record is `current`.

    Locks are per account, so a run of another account may have committed in between. That is not a conflict as long as
    the record is still the same one, only newer, and nothing that this update touches has moved: no entry of it, and no
    number of it has come to stand in a window of somebody else. Raises RecordError.
    """
    if is_same(expected, current):
        return current
    if expected.lineage and expected.lineage != current.lineage:
        raise RecordError(
            f"the record has been replaced: its lineage is {current.lineage or 'none'} instead of {expected.lineage}",
            hint="find out who replaced the record, restore the right one, then run again",
        )
    if current.serial < expected.serial:
        raise RecordError(
            f"the record went back from serial {expected.serial} to {current.serial}",
            hint="an older copy was restored over it: restore the newest one, then run again",
        )
    theirs = [window for window in current.windows if window not in expected.windows]
    at_work = {intent.key for window in theirs for intent in window.intents}
    moved = [key for key in _touched(update) if key in at_work or current.entries.get(key) != expected.entries.get(key)]
    open_windows = {window.id for window in current.windows}
    if moved or not open_windows.issuperset(update.settle):
        what = f"number {moved[0].number}" if moved else "an open window"
        raise RecordError(f"{what} was changed in the record by another run", hint="run the command again")
    return current


def _touched(update: Update) -> list[Key]:
    opened = update.open.intents if update.open else ()
    return [*update.drop, *(entry.key for entry in update.put), *(intent.key for intent in opened)]


def wrong_name(description: str, *, recorded: str, wanted: str) -> RecordError:
    """Return the error for a record of another configuration."""
    return RecordError(
        f"{description} belongs to the configuration {recorded!r}, not to {wanted!r}",
        hint=f"write `name: {recorded}` in reconciler.yaml, or give this configuration its own place under `record`",
    )


def too_new(description: str, version: int) -> RecordError:
    """Return the error for a record of a newer version of this program."""
    return RecordError(
        f"{description} has format {version}, this version knows formats up to {FORMAT_VERSION}",
        hint="upgrade reconciler to the version that wrote it, or newer",
    )


def not_empty(description: str, there: RecordState) -> RecordError:
    """Return the error for a place that a record is to be moved to and that has one already."""
    return RecordError(
        f"{description} is not empty: it has serial {there.serial} and lineage {there.lineage}",
        hint="choose an empty place; a record is never merged into another",
    )


def one_run(ids: Sequence[str], prefix: str) -> str | None:
    """Choose the id that is, or alone begins with, `prefix`; raises RecordError where several do."""
    if not prefix or not ids:
        return None
    if prefix in ids:
        return prefix
    if len(ids) > 1:
        raise RecordError(f"{prefix!r} matches the ids of {len(ids)} runs", hint="type more of the id")
    return ids[0]
