"""What a run owes the record: intents before anything is sent, entries and outcomes after, saved one window at a time.

Decides no order and sends nothing; knows no vendor and no backend.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any
from uuid import uuid4

from reconciler.apply.attempt import Attempt
from reconciler.apply.events import Emit, Settled
from reconciler.apply.report import Result
from reconciler.canonical import dump
from reconciler.change import Action, Change, Outcome
from reconciler.clock import Clock, rfc3339
from reconciler.model import Entry, Key
from reconciler.record.base import Intent, Lock, Record, RecordState, Run, Update, Window

GOOD = (Outcome.APPLIED, Outcome.UNVERIFIED)


@dataclass(slots=True)
class Ledger:
    """The record's side of one run. Every method that saves raises RecordError, and then nothing was saved.

    `settle` are windows that the next save closes, `carry` intents of theirs whose effect is still not known.
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
    carry: dict[Key, Intent] = field(default_factory=dict)
    scenario: str | None = None
    changes: int = 0
    _made: int = 0
    _sent: bool = False
    _before: str = ""
    _older: dict[Key, Intent] = field(default_factory=dict)
    _put: list[Entry] = field(default_factory=list)
    _drop: list[Key] = field(default_factory=list)
    _rows: list[Mapping[str, Any]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._before = self.state.scenario

    def keep(self, entries: Iterable[Entry]) -> None:
        """Record what was found to be as desired."""
        self._put += [replace(entry, run_id=self.run.id, written_at=self._now()) for entry in entries]

    def open(self, changes: Sequence[Change]) -> None:
        """Make the intents of a window durable, together with all that is owed so far."""
        fresh = {change.key: _intent(change) for change in changes}
        self._older = {key: intent for key, intent in self.carry.items() if key in fresh}
        window = self._window((self.carry | fresh).values())
        self._save(window, scenario=self.scenario or None)
        self.carry = {key: intent for key, intent in self.carry.items() if key not in fresh}
        self.settle.append(window.id)

    def outcome(self, change: Change, attempt: Attempt) -> None:
        """Note what became of a change that had an intent."""
        older = self._older.pop(change.key, None)
        if attempt.outcome is Outcome.UNKNOWN:
            self.carry[change.key] = _intent(change)
        elif attempt.outcome is Outcome.SKIPPED and older is not None:
            self.carry[change.key] = older
        elif attempt.written:
            self._remember(change, attempt)

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
        self._save(self._window(self.carry.values()) if self.carry else None, scenario=self._in_force())

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
            scenario=scenario,
        )
        self.state = self.record.commit(self.lock, update, expected=self.state)
        self._put, self._drop, self._rows, self.settle = [], [], [], []
        self.emit(Settled(self.state.serial))

    def _window(self, intents: Iterable[Intent]) -> Window:
        return Window(uuid4().hex, self.run.id, self._now(), tuple(intents))

    def _now(self) -> str:
        return rfc3339(self.clock.now())


def _intent(change: Change) -> Intent:
    before = "" if change.before is None else dump(change.before)
    after = "" if change.after is None else dump(change.after)
    return Intent(change.key, change.account, change.action.value, before, after, dict(change.after_digests))


def _row(change: Change, result: Result, lost: Mapping[str, Any]) -> Mapping[str, Any]:
    """A run's memory of a change: enough to show it and to undo it."""
    row = {
        "address": result.address,
        "account": change.account,
        "provider": change.key.provider,
        "number": change.key.number,
        "kind": result.kind.value,
        "action": result.action.value,
        "outcome": result.outcome.value,
        "attempts": result.attempts,
        "error": result.error,
        "unverified_fields": list(result.unverified_fields),
        "before": change.before,
        "after": change.after,
    }
    if change.before_digests:
        row["before_digests"] = dict(change.before_digests)
    return {**row, "lost": dict(lost)} if lost else row
