"""Walks the changes of a plan: windows of durable intents, the first write of an account alone, failures contained.

Knows no vendor and no backend; `write` does one change, the record stores what is decided here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from dataclasses import dataclass, field, replace
from threading import Event
from typing import Any
from uuid import uuid4

from reconciler.apply.events import Emit, Finished, Sending, Settled, WindowOpened, WindowOpening
from reconciler.apply.report import Halt, Result
from reconciler.apply.write import Attempt, Writer
from reconciler.canonical import dump
from reconciler.clock import Clock, rfc3339
from reconciler.diagnostics import Diagnostic, Severity
from reconciler.model import Action, Change, Entry, Key, Outcome
from reconciler.record.base import Intent, Lock, LockLostError, Record, RecordError, RecordState, Run, Update, Window

_GOOD = (Outcome.APPLIED, Outcome.UNVERIFIED)


@dataclass(slots=True)
class _Account:
    """How an account fares: `proven` once one write went through, `stopped` says why nothing more is sent."""

    writer: Writer
    proven: bool = False
    stopped: str = ""
    cause: str = ""
    alike: int = 0


@dataclass(slots=True)
class Walk:
    """One run over a plan's changes.

    `max_failures` like failures in a row stop an account. `interrupted` is set by a signal: nothing new is sent then.
    `settle` are windows of earlier runs whose numbers are known now, `carry` their intents that still are not.
    """

    record: Record
    lock: Lock
    state: RecordState
    run: Run
    writers: Mapping[str, Writer]
    clock: Clock
    emit: Emit
    max_failures: int
    interrupted: Event = field(default_factory=Event)
    settle: list[str] = field(default_factory=list)
    carry: list[Intent] = field(default_factory=list)
    may_write: Callable[[], str | None] = lambda: None
    run_scenario: str | None = None
    results: dict[Key, Result] = field(default_factory=dict)
    diagnostics: list[Diagnostic] = field(default_factory=list)
    halt: Halt = Halt.NONE
    _accounts: dict[str, _Account] = field(default_factory=dict)
    _put: list[Entry] = field(default_factory=list)
    _drop: list[Key] = field(default_factory=list)
    _rows: list[Mapping[str, Any]] = field(default_factory=list)
    _total: int = 0
    _by_address: dict[str, list[Key]] = field(default_factory=dict)

    def go(self, changes: Sequence[Change], recordings: Sequence[Entry]) -> None:
        """Apply every change that can be applied; afterwards `results` has one row a change."""
        self._accounts = {name: _Account(writer) for name, writer in self.writers.items()}
        self._total = len(changes)
        for change in changes:
            self._by_address.setdefault(change.address, []).append(change.key)
        self._put += [replace(entry, run_id=self.run.id, written_at=self._now()) for entry in recordings]
        try:
            self._walk(list(changes))
            self._finish()
        except RecordError as error:
            self._record_failed(error)
        self._skip_rest(changes)

    def _walk(self, pending: list[Change]) -> None:
        while pending and self.halt is Halt.NONE:
            pending = [change for change in pending if not self._skipped(change)]
            batch = self._next_window(pending)
            if not batch:
                break
            taken = {change.key for group in batch for change in group}
            self._window(batch)
            pending = [change for change in pending if change.key not in taken]

    def _skipped(self, change: Change) -> bool:
        """Whether a change cannot go any more; if so its result says why."""
        why = self._obstacle(change)
        if why:
            self._finished(change, Attempt(Outcome.SKIPPED, why))
        return bool(why)

    def _obstacle(self, change: Change) -> str:
        if self.interrupted.is_set():
            self.halt = Halt.INTERRUPTED
            return "the run was interrupted"
        if change.action is Action.FORGET:
            return ""
        closed = self.may_write()
        if closed:
            return closed
        if self._accounts[change.account].stopped:
            return self._accounts[change.account].stopped
        failed = [address for address in change.depends_on if self._failed(address)]
        return f"{failed[0]} goes before it and was not applied" if failed else ""

    def _failed(self, address: str) -> bool:
        results = [self.results.get(key) for key in self._by_address.get(address, ())]
        return any(result is not None and result.outcome not in _GOOD for result in results)

    def _ready(self, change: Change) -> bool:
        return all(key in self.results for address in change.depends_on for key in self._by_address.get(address, ()))

    def _next_window(self, pending: Sequence[Change]) -> list[list[Change]]:
        """Groups of changes, one request each: ready ones, up to the record's window, one alone for an unproven account."""
        deletes = all(change.action in (Action.DELETE, Action.FORGET) for change in pending)
        groups: list[list[Change]] = []
        alone: set[str] = set()
        for change in pending:
            if not self._ready(change) or (change.action is Action.DELETE and not deletes):
                continue
            account = self._accounts.get(change.account)
            if account is not None and not account.proven and change.action is not Action.FORGET:
                if change.account in alone:
                    continue
                alone.add(change.account)
                groups.append([change])
            elif not self._joined(groups, change):
                groups.append([change])
            if len(groups) >= self.record.window_size:
                break
        return groups

    def _joined(self, groups: Sequence[list[Change]], change: Change) -> bool:
        """Put a change to a batch of the same account and value, where the vendor takes batches."""
        account = self._accounts.get(change.account)
        size = account.writer.provider.capabilities.batch_size if account else 1
        if size <= 1 or change.action is Action.FORGET:
            return False
        for group in groups:
            first = group[0]
            if first.account == change.account and first.write == change.write and len(group) < size:
                group.append(change)
                return True
        return False

    def _window(self, groups: Sequence[Sequence[Change]]) -> None:
        writes = [group for group in groups if group[0].action is not Action.FORGET]
        for group in groups:
            if group[0].action is Action.FORGET:
                self._drop.append(group[0].key)
                self._finished(group[0], Attempt(Outcome.APPLIED))
        if not writes:
            return
        addresses = tuple(change.address for group in writes for change in group)
        self.emit(WindowOpening(addresses))
        window = self._open([change for group in writes for change in group])
        self.emit(WindowOpened(addresses))
        self.settle.append(window.id)
        for change, attempt in self._attempts(writes):
            self._settle_one(change, attempt)

    def _open(self, changes: Sequence[Change]) -> Window:
        intents = (*self.carry, *(_intent(change) for change in changes))
        window = Window(uuid4().hex, self.run.id, self._now(), intents)
        self._commit(window)
        self.carry = []
        return window

    def _commit(self, window: Window | None) -> None:
        update = Update(
            put=tuple(self._put),
            drop=tuple(self._drop),
            open=window,
            settle=tuple(self.settle),
            run=self.run,
            results=tuple(self._rows),
            scenario=self.run_scenario,
        )
        self.state = self.record.commit(self.lock, update, expected=self.state)
        self._put, self._drop, self._rows, self.settle = [], [], [], []
        self.emit(Settled(self.state.serial))

    def _attempts(self, groups: Sequence[Sequence[Change]]) -> Iterator[tuple[Change, Attempt]]:
        """Write the groups of a window, each account with its own threads; yields as they end."""
        by_account: dict[str, list[Sequence[Change]]] = {}
        for group in groups:
            by_account.setdefault(group[0].account, []).append(group)
        pools = [ThreadPoolExecutor(self._threads(name)) for name in by_account]
        futures: dict[Future[list[Attempt]], Sequence[Change]] = {}
        try:
            for pool, (name, of_account) in zip(pools, by_account.items(), strict=True):
                futures.update((pool.submit(self._attempt, self._accounts[name], group), group) for group in of_account)
            for future in as_completed(futures):
                yield from zip(futures[future], future.result(), strict=True)
        finally:
            for pool in pools:
                pool.shutdown(wait=True)

    def _threads(self, account: str) -> int:
        return max(1, self._accounts[account].writer.provider.concurrency)

    def _attempt(self, account: _Account, group: Sequence[Change]) -> list[Attempt]:
        if self.interrupted.is_set():
            return [Attempt(Outcome.SKIPPED, "the run was interrupted") for _ in group]
        if account.stopped:
            return [Attempt(Outcome.SKIPPED, account.stopped) for _ in group]
        self.emit(Sending(tuple(change.address for change in group)))
        return account.writer.write(group)

    def _settle_one(self, change: Change, attempt: Attempt) -> None:
        account = self._accounts[change.account]
        if attempt.outcome in _GOOD:
            account.proven, account.alike, account.cause = True, 0, ""
        elif attempt.outcome is not Outcome.SKIPPED:
            self._count_failure(account, attempt)
        if attempt.outcome is Outcome.UNKNOWN:
            self.carry.append(_intent(change))
        elif attempt.written:
            self._remember(change, attempt)
        self._finished(change, attempt)

    def _count_failure(self, account: _Account, attempt: Attempt) -> None:
        account.alike = account.alike + 1 if attempt.cause == account.cause else 1
        account.cause = attempt.cause
        if account.alike >= self.max_failures:
            name = account.writer.provider.account
            account.stopped = f"account {name} was stopped after {account.alike} like failures in a row: {attempt.error}"

    def _remember(self, change: Change, attempt: Attempt) -> None:
        if change.action is Action.DELETE and not change.declared_at:
            self._drop.append(change.key)
            return
        self._put.append(
            Entry(
                change.key,
                change.account,
                dump(change.after),
                dict(change.after_digests),
                confirmed=attempt.outcome is Outcome.APPLIED,
                protected=change.protected,
                written_at=self._now(),
                run_id=self.run.id,
            )
        )

    def _finished(self, change: Change, attempt: Attempt) -> None:
        result = Result(
            change.address,
            change.key.kind,
            change.action,
            attempt.outcome,
            attempt.attempts,
            attempt.error,
            attempt.unverified,
        )
        self.results[change.key] = result
        if attempt.moved:
            self.diagnostics.append(
                Diagnostic("plan-stale", Severity.ERROR, f"{change.address}: {attempt.error}", hint="plan again")
            )
        self._rows.append(_row(change, result))
        self.emit(Finished(result, len(self.results), self._total))

    def _finish(self) -> None:
        """Settle the last window; what is still unknown stays open for the next run."""
        left = Window(uuid4().hex, self.run.id, self._now(), tuple(self.carry)) if self.carry else None
        self.run = replace(self.run, finished_at=self._now())
        self._commit(left)

    def _record_failed(self, error: RecordError) -> None:
        self.halt = Halt.LOCK if isinstance(error, LockLostError) else Halt.RECORD
        unsettled = sorted({str(row["address"]) for row in self._rows if row["outcome"] != Outcome.SKIPPED.value})
        named = f"; written but not settled in the record: {', '.join(unsettled)}" if unsettled else ""
        self.diagnostics.append(
            Diagnostic("record-not-saved", Severity.ERROR, f"writing stopped: {error}{named}", hint=error.hint)
        )

    def _skip_rest(self, changes: Sequence[Change]) -> None:
        reasons = {
            Halt.RECORD: "writing stopped: the record could not be saved",
            Halt.LOCK: "writing stopped: the lock was lost",
            Halt.INTERRUPTED: "the run was interrupted",
        }
        for change in changes:
            if change.key not in self.results:
                self._finished(change, Attempt(Outcome.SKIPPED, reasons.get(self.halt, "what goes before it was not applied")))

    def _now(self) -> str:
        return rfc3339(self.clock.now())


def _intent(change: Change) -> Intent:
    before = "" if change.before is None else dump(change.before)
    after = "" if change.after is None else dump(change.after)
    return Intent(change.key, change.account, change.action.value, before, after, dict(change.after_digests))


def _row(change: Change, result: Result) -> Mapping[str, Any]:
    """A run's memory of a change: enough to show it and to undo it."""
    return {
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
