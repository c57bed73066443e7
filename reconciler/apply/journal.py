"""What a run owes the record: intents before anything is sent, entries and outcomes after, saved one window at a time.

With the plain values in which a run tells what became of each change, and its events in the order in which things
happen. Decides no order and sends nothing; knows no vendor and no backend.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any
from uuid import uuid4

from reconciler.apply.report import Result
from reconciler.canonical import dump
from reconciler.clock import Clock, rfc3339
from reconciler.http.errors import ProviderError
from reconciler.live import Progress
from reconciler.model import CANONICAL_VERSION, Action, Change, Entry, Key, Outcome
from reconciler.plan.model import Settlement
from reconciler.record.base import Intent, Lock, Record, RecordState, Run, Update, Window


@dataclass(frozen=True, slots=True)
class Attempt:
    """What became of one change. `cause` groups like failures.

    `written` is True once the vendor took the value, also where it reads back otherwise. `lost` are live values that
    cannot be written and that the write may have reset. `code` and `hint` make a diagnostic of it.
    """

    outcome: Outcome
    error: str | None = None
    attempts: int = 0
    unverified: tuple[str, ...] = ()
    cause: str = ""
    written: bool = False
    lost: Mapping[str, Any] = field(default_factory=dict, hash=False)
    code: str | None = None
    hint: str | None = None

    @classmethod
    def failed(
        cls, error: ProviderError, sent: int, *, outcome: Outcome = Outcome.FAILED, message: str | None = None
    ) -> Attempt:
        """An attempt that the outside world brought to nothing; `message` in place of the error's own sentence."""
        text = str(error) if message is None else message
        return cls(outcome, text, sent, cause=error.cause_key, code=error.code, hint=error.hint)


@dataclass(frozen=True, slots=True)
class WindowOpening:
    """Intents are about to be made durable."""

    addresses: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class WindowOpened:
    """Intents are durable; nothing of this window is sent yet."""

    addresses: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Sending:
    """Requests of these changes start now."""

    addresses: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Finished:
    """One change came to an outcome, not yet settled in the record."""

    result: Result
    done: int
    total: int


@dataclass(frozen=True, slots=True)
class Settled:
    """The record holds the outcomes of a window."""

    serial: int


@dataclass(frozen=True, slots=True)
class LockBroken:
    """A lock left by a dead process was broken."""

    holder: str


ApplyEvent = WindowOpening | WindowOpened | Sending | Finished | Settled | LockBroken | Progress
Emit = Callable[[ApplyEvent], None]


def ignore(_event: ApplyEvent) -> None:
    """Listen to nothing."""


PROOF_SECONDS = 30.0
GOOD = (Outcome.APPLIED, Outcome.UNVERIFIED)


@dataclass(slots=True)
class Journal:
    """The record's side of one run. Every method that saves raises RecordError, and then nothing was saved.

    `settle` are windows that the next save closes, `carry` intents of theirs whose effect is still not known, and
    `settlements` what became of the others: the next save adds it to the memory of the runs that sent them.
    `scenario` is in force from the first of the run's `changes` that is made, "" (none) from the last; None leaves the
    record's.
    """

    record: Record
    lock: Lock
    state: RecordState
    run: Run
    clock: Clock
    emit: Emit
    settle: list[str] = field(default_factory=list)
    carry: dict[Key, tuple[Intent, ...]] = field(default_factory=dict)
    settlements: Sequence[Settlement] = ()
    scenario: str | None = None
    changes: int = 0
    _made: int = 0
    _sent: bool = False
    _before: str = ""
    _fresh: dict[Key, Intent] = field(default_factory=dict)
    _older: dict[Key, tuple[Intent, ...]] = field(default_factory=dict)
    _put: list[Entry] = field(default_factory=list)
    _drop: list[Key] = field(default_factory=list)
    _rows: list[Mapping[str, Any]] = field(default_factory=list)
    _proven_at: float = 0.0
    _asking: threading.Lock = field(default_factory=threading.Lock)

    def __post_init__(self) -> None:
        self._before, self._proven_at = self.state.scenario, self.clock.monotonic()

    def keep(self, entries: Iterable[Entry]) -> None:
        """Record what was found to be as desired."""
        self._put += [replace(entry, run_id=self.run.id, written_at=self._now()) for entry in entries]

    def open(self, changes: Sequence[Change]) -> None:
        """Make the intents of a window durable, together with all that is owed so far."""
        self._fresh = {change.key: self._intent(change) for change in changes}
        window = self._window((*self._carried, *self._fresh.values()))
        self._save(window, scenario=self.scenario or None)
        self._older = {key: intents for key, intents in self.carry.items() if key in self._fresh}
        self.carry = {key: intents for key, intents in self.carry.items() if key not in self._fresh}
        self.settle.append(window.id)

    def outcome(self, change: Change, attempt: Attempt) -> None:
        """Note what became of a change that had an intent."""
        older = self._older.pop(change.key, ())
        if attempt.outcome is Outcome.UNKNOWN:
            self.carry[change.key] = (*older, replace(self._fresh[change.key], since=self._now()))
        elif attempt.written:
            self._remember(change, attempt)
        elif older:
            self.carry[change.key] = older

    def forget(self, change: Change) -> None:
        """Drop the entry of a number, and what an earlier run intended with it."""
        self._drop.append(change.key)
        self.carry.pop(change.key, None)

    def row(self, change: Change, result: Result, lost: Mapping[str, Any]) -> None:
        """Note the outcome for the run's memory."""
        self._made += result.outcome in GOOD
        self._sent = self._sent or result.outcome in (*GOOD, Outcome.UNKNOWN)
        self._rows.append(_row(change, result, lost))

    def finish(self) -> None:
        """Save the rest; what is still unknown stays open for the next run."""
        self.run = replace(self.run, finished_at=self._now())
        self._save(self._window(self._carried) if self.carry else None, scenario=self._in_force())

    def _in_force(self) -> str | None:
        """The scenario after the run: one is entered with the first change that is made, and left with the last."""
        if self.scenario == "":
            return "" if self._made == self.changes else None
        return self.scenario if self._sent or not self.changes else self._before

    @property
    def unsettled(self) -> tuple[str, ...]:
        """Addresses that were, or may have been, written and of which the record does not say so yet."""
        skipped = Outcome.SKIPPED.value
        return tuple(sorted({str(row["address"]) for row in self._rows if row["outcome"] != skipped}))

    def _remember(self, change: Change, attempt: Attempt) -> None:
        if change.action is Action.DELETE and not change.declared_at:
            self._drop += [change.key] if attempt.outcome in GOOD else []
            return
        entry = Entry(
            change.key,
            change.account,
            dump(change.after),
            dict(change.after_digests),
            confirmed=attempt.outcome is Outcome.APPLIED,
            protected=change.keeps_protection,
            written_at=self._now(),
            run_id=self.run.id,
        )
        self._put.append(entry)

    def _save(self, window: Window | None, *, scenario: str | None) -> None:
        update = Update(
            put=tuple(self._put),
            drop=tuple(self._drop),
            open=window,
            settle=tuple(self.settle),
            run=self.run,
            results=tuple(self._rows),
            results_of=_results_of(self.settlements),
            scenario=scenario,
        )
        self.state = self.record.commit(self.lock, update, expected=self.state)
        self._put, self._drop, self._rows, self.settle, self.settlements = [], [], [], [], ()
        self._proven_at = self.clock.monotonic()
        self.emit(Settled(self.state.serial))

    def prove_lock(self) -> None:
        """Ask the record whether the lock is still ours, unless it was asked a moment ago; raises RecordError."""
        with self._asking:
            if self.clock.monotonic() - self._proven_at > PROOF_SECONDS:
                self.record.prove(self.lock)
                self._proven_at = self.clock.monotonic()

    # docs/decisions/056
    @property
    def _carried(self) -> tuple[Intent, ...]:
        return tuple(intent for intents in self.carry.values() for intent in intents)

    def _intent(self, change: Change) -> Intent:
        before = "" if change.before is None else dump(change.before)
        after = "" if change.after is None else dump(change.after)
        return Intent(
            change.key,
            change.account,
            change.action.value,
            before,
            after,
            dict(change.after_digests),
            dict(change.before_digests),
            run_id=self.run.id,
            since=self._now(),
        )

    def _window(self, intents: Iterable[Intent]) -> Window:
        return Window(uuid4().hex, self.run.id, self._now(), tuple(intents))

    def _now(self) -> str:
        return rfc3339(self.clock.now())


def _results_of(settlements: Iterable[Settlement]) -> Mapping[str, Sequence[Mapping[str, Any]]]:
    """What became of earlier runs' writes, as rows of those runs."""
    found: dict[str, list[Mapping[str, Any]]] = {}
    for settlement in settlements:
        found.setdefault(settlement.intent.run_id, []).append(_settled_row(settlement))
    return found


_SETTLED = {
    Outcome.SKIPPED: "it had no effect, as a later run saw",
    Outcome.UNKNOWN: "a later write replaced it before its effect was seen",
}


def _settled_row(settlement: Settlement) -> Mapping[str, Any]:
    intent = settlement.intent
    return _row_of(
        intent,
        outcome=settlement.outcome.value,
        attempts=0,
        error=_SETTLED.get(settlement.outcome),
        unverified_fields=list(settlement.unverified),
        before=json.loads(intent.before) if intent.before else None,
        after=json.loads(intent.after) if intent.after else None,
        canonical_version=intent.canonical_version,
    )


def _row(change: Change, result: Result, lost: Mapping[str, Any]) -> Mapping[str, Any]:
    """A run's memory of a change: enough to show it and to undo it."""
    row = _row_of(
        change,
        outcome=result.outcome.value,
        attempts=result.attempts,
        error=result.error,
        unverified_fields=list(result.unverified_fields),
        before=change.before,
        after=change.after,
        canonical_version=CANONICAL_VERSION,
    )
    return {**row, "lost": dict(lost)} if lost else row


def _row_of(of: Change | Intent, **told: object) -> dict[str, Any]:
    """What a row says of a number, and of what was there before, whether the run itself tells of it or a later one."""
    row = {
        "address": f"{of.account}/{of.key.number}",
        "account": of.account,
        "provider": of.key.provider,
        "number": of.key.number,
        "kind": of.key.kind.value,
        "action": str(of.action),
        **told,
    }
    return {**row, "before_digests": dict(of.before_digests)} if of.before_digests else row
