"""Walks the changes of a plan: windows of durable intents, the first write of an account alone, failures contained.

An account is proven by its first write and stopped after like failures in a row; what went wrong is told once a
cause. Knows no vendor and no backend; `write` does one change, `journal` keeps the record.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, as_completed
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from threading import Lock

from reconciler.apply.journal import GOOD, Attempt, Emit, Finished, Journal, Sending, WindowOpened, WindowOpening
from reconciler.apply.report import Halt, Result
from reconciler.apply.write import Writer
from reconciler.clock import workers
from reconciler.diagnostics import Diagnostic, Location, Related
from reconciler.model import Action, Change, Entry, Key, Outcome
from reconciler.record.base import LockedError, LockLostError, RecordError, WaitInterruptedError
from reconciler.rules import RULES

_MOST_RELATED = 20


@dataclass(slots=True)
class FailureLog:
    """Collects attempts that came to nothing; `places` are the lines of the declared numbers."""

    places: Mapping[str, Location] = field(default_factory=dict)
    _found: dict[tuple[str, str, str | None], list[Change]] = field(default_factory=dict)

    def add(self, change: Change, attempt: Attempt) -> None:
        """Keep what an attempt has a rule for; what was only skipped has none."""
        if attempt.code:
            self._found.setdefault((attempt.code, attempt.error or "", attempt.hint), []).append(change)

    def diagnostics(self) -> Iterator[Diagnostic]:
        """One diagnostic a cause, in the order in which they came."""
        for (code, error, hint), changes in self._found.items():
            others = len(changes) - 1
            same = f" (the same for {others} more number{'s' if others > 1 else ''})" if others else ""
            message = f"{changes[0].address}: {error}{same}"
            place = self.places.get(changes[0].key.number)
            yield RULES[code].at(place, message, hint, self._related(changes[1:]))

    def _related(self, changes: Sequence[Change]) -> tuple[Related, ...]:
        named = [(self.places.get(change.key.number), change) for change in changes[:_MOST_RELATED]]
        return tuple(Related(change.address, place) for place, change in named if place is not None)


@dataclass(slots=True)
class AccountState:
    """`proven` once one write went through; `stopped` says why nothing more is sent."""

    writer: Writer
    proven: bool = False
    stopped: str = ""
    _cause: str = ""
    _alike: int = 0
    _lock: Lock = field(default_factory=Lock)

    @property
    def threads(self) -> int:
        """How many writes may go on at once."""
        return max(1, self.writer.provider.concurrency)

    @property
    def batch_size(self) -> int:
        """How many equal values one request takes."""
        return self.writer.provider.capabilities.batch_size

    def count(self, attempts: Sequence[Attempt], *, max_failures: int) -> None:
        """Judge what came of one group; one request that fails for many numbers is one failure.

        Called by the thread that wrote, before it writes again: what follows a failure must not overtake its judgement.
        """
        with self._lock:
            for attempt in {id(attempt): attempt for attempt in attempts}.values():
                if attempt.outcome in GOOD:
                    self.proven, self._alike, self._cause = True, 0, ""
                elif attempt.outcome is not Outcome.SKIPPED:
                    self._fail(attempt, max_failures)

    def _fail(self, attempt: Attempt, max_failures: int) -> None:
        self._alike = self._alike + 1 if attempt.cause == self._cause else 1
        self._cause = attempt.cause
        if self._alike >= max_failures:
            name = self.writer.provider.account
            cause = f"{self._alike} consecutive failures with the same cause: {attempt.error}"
            self.stopped = f"account {name} was stopped after {cause}"


_INTERRUPTED = "the run was interrupted"
_REASONS = {
    Halt.RECORD: "writing stopped: the record could not be saved",
    Halt.LOCK: "writing stopped: the lock was lost",
    Halt.INTERRUPTED: _INTERRUPTED,
}

Group = Sequence[Change]
"""Changes that one request writes."""


@dataclass(slots=True)
class Walk:
    """One run over a plan's changes; afterwards `results` has one row a change.

    `max_failures` like failures in a row stop an account. Once the clock is interrupted, nothing new is sent.
    `may_write` says why nothing more may be written.
    """

    journal: Journal
    writers: Mapping[str, Writer]
    emit: Emit
    max_failures: int
    may_write: Callable[[], str | None] = lambda: None
    results: dict[Key, Result] = field(default_factory=dict)
    diagnostics: list[Diagnostic] = field(default_factory=list)
    failures: FailureLog = field(default_factory=FailureLog)
    halt: Halt = Halt.NONE
    _accounts: dict[str, AccountState] = field(default_factory=dict)
    _closed: str = ""
    _total: int = 0
    _by_address: dict[str, list[Key]] = field(default_factory=dict)

    def go(self, changes: Sequence[Change], recordings: Sequence[Entry], excluded: Mapping[Key, Attempt]) -> None:
        """Apply every change that can be applied; `excluded` ones are not tried, for the reason that is given."""
        self._accounts = {name: AccountState(writer) for name, writer in self.writers.items()}
        self._total = len(changes)
        for change in changes:
            self._by_address.setdefault(change.address, []).append(change.key)
        for change in changes:
            if change.key in excluded:
                self._finished(change, excluded[change.key])
        self.journal.keep(recordings)
        try:
            self._walk([change for change in changes if change.key not in excluded])
            self.journal.finish()
        except RecordError as error:
            self._record_failed(error, changes)
        self._skip_rest(changes)
        self.diagnostics += self.failures.diagnostics()
        if self._closed:
            hint = "the rest must wait for the next change window: plan and apply again then"
            self.diagnostics.append(RULES["policy-change-window"].at(None, self._closed, hint))

    def _walk(self, pending: list[Change]) -> None:
        while pending and self.halt is Halt.NONE:
            groups, waiting = self._next_window(pending)
            if groups:
                self._window(groups)
            elif len(waiting) == len(pending):
                break
            pending = waiting

    def _skipped(self, change: Change) -> bool:
        """Whether a change cannot go any more; if so its result says why."""
        why = self._blocked_reason(change)
        if why:
            self._finished(change, Attempt(Outcome.SKIPPED, why))
        return bool(why)

    def _blocked_reason(self, change: Change) -> str:
        if self.journal.clock.interrupted.is_set():
            self.halt = Halt.INTERRUPTED
            return _INTERRUPTED
        if change.action is Action.FORGET:
            return ""
        if self._change_window_closed():
            return self._closed
        if self._accounts[change.account].stopped:
            return self._accounts[change.account].stopped
        failed = [address for address in change.depends_on if self._failed(address)]
        return f"it depends on {failed[0]}, which was not applied" if failed else ""

    def _change_window_closed(self) -> bool:
        """Whether nothing more may be written now; once it is so, it stays so for this run."""
        self._closed = self._closed or self.may_write() or ""
        return bool(self._closed)

    def _failed(self, address: str) -> bool:
        results = [self.results.get(key) for key in self._by_address.get(address, ())]
        return any(result is not None and result.outcome not in GOOD for result in results)

    def _ready(self, change: Change) -> bool:
        return all(key in self.results for address in change.depends_on for key in self._by_address.get(address, ()))

    # docs/decisions/073
    def _next_window(self, pending: Sequence[Change]) -> tuple[list[list[Change]], list[Change]]:
        """One group a request, as many as a window holds, and what waits; what cannot go any more is skipped."""
        only_deletes = all(change.action in (Action.DELETE, Action.FORGET) for change in pending)
        groups: list[list[Change]] = []
        waiting: list[Change] = []
        alone: set[str] = set()
        for at, change in enumerate(pending):
            if len(groups) >= self.journal.record.window_size:
                waiting += pending[at:]
                break
            if self._skipped(change):
                continue
            if not self._ready(change) or (change.action is Action.DELETE and not only_deletes):
                waiting.append(change)
            elif change.action is Action.FORGET or self._accounts[change.account].proven:
                groups += [] if self._joined(groups, change) else [[change]]
            elif change.account in alone:
                waiting.append(change)
            else:
                alone.add(change.account)
                groups.append([change])
        return groups, waiting

    def _joined(self, groups: Sequence[list[Change]], change: Change) -> bool:
        """Put a change to a batch of the same account and value, where the vendor takes batches."""
        if change.action is Action.FORGET or self._accounts[change.account].batch_size <= 1:
            return False
        size = self._accounts[change.account].batch_size
        for group in groups:
            if (group[0].account, group[0].write) == (change.account, change.write) and len(group) < size:
                group.append(change)
                return True
        return False

    def _window(self, groups: Sequence[Group]) -> None:
        for group in groups:
            if group[0].action is Action.FORGET:
                self.journal.forget(group[0])
                self._finished(group[0], Attempt(Outcome.APPLIED))
        writes = [group for group in groups if group[0].action is not Action.FORGET]
        if not writes:
            return
        changes = [change for group in writes for change in group]
        addresses = tuple(change.address for change in changes)
        self.emit(WindowOpening(addresses))
        self.journal.open(changes)
        self.emit(WindowOpened(addresses))
        for group, attempts in self._attempts(writes):
            for change, attempt in zip(group, attempts, strict=True):
                self.journal.outcome(change, attempt)
                self._finished(change, attempt)

    def _attempts(self, groups: Sequence[Group]) -> Iterator[tuple[Group, list[Attempt]]]:
        """Write the groups of a window, each account with its own threads; yields as they end."""
        by_account: dict[str, list[Group]] = {}
        for group in groups:
            by_account.setdefault(group[0].account, []).append(group)
        futures: dict[Future[list[Attempt]], Group] = {}
        with ExitStack() as pools:
            for name, of_account in by_account.items():
                account = self._accounts[name]
                pool = pools.enter_context(workers(min(account.threads, len(of_account))))
                futures.update((pool.submit(self._attempt, account, group), group) for group in of_account)
            for future in as_completed(futures):
                yield futures[future], future.result()

    def _attempt(self, account: AccountState, group: Group) -> list[Attempt]:
        if why := self._blocked_reason_of(account):
            return [Attempt(Outcome.SKIPPED, why)] * len(group)
        self.emit(Sending(tuple(change.address for change in group)))
        attempts = account.writer.write(group, lambda: self._blocked_reason_of(account))
        account.count(attempts, max_failures=self.max_failures)
        return attempts

    def _blocked_reason_of(self, account: AccountState) -> str:
        """Why nothing more may be sent to an account: asked before each request that leaves."""
        if self.journal.clock.interrupted.is_set():
            self.halt = Halt.INTERRUPTED
        if self.halt in _REASONS:
            return _REASONS[self.halt]
        if account.stopped:
            return account.stopped
        return self._closed if self._change_window_closed() else self._unlocked()

    def _unlocked(self) -> str:
        """Why the lock cannot be counted on any more."""
        try:
            self.journal.prove_lock()
        except RecordError as error:
            self._stop_for(error)
            return _REASONS[self.halt]
        return ""

    def _stop_for(self, error: RecordError) -> None:
        """Write nothing more; say why once."""
        if self.halt in (Halt.LOCK, Halt.RECORD):
            return
        self.halt = Halt.LOCK if isinstance(error, LockLostError) else Halt.RECORD
        message = f"writing stopped: {error}"
        self.diagnostics.append(RULES["record-not-saved"].at(None, message, error.hint))

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
        self.failures.add(change, attempt)
        self.journal.row(change, result, attempt.lost)
        self.emit(Finished(result, len(self.results), self._total))

    def _record_failed(self, error: RecordError, changes: Sequence[Change]) -> None:
        """Stop; what was forgotten since the last save was not."""
        self.halt = halt_of(error)
        self.diagnostics = [item for item in self.diagnostics if item.code != "record-not-saved"]
        unsettled = self.journal.unsettled
        named = f"; not settled in the record: {', '.join(unsettled)}" if unsettled else ""
        message = f"writing stopped: {error}{named}"
        self.diagnostics.append(RULES["record-not-saved"].at(None, message, error.hint))
        for change in changes:
            result = self.results.get(change.key)
            if change.action is Action.FORGET and result is not None and change.address in unsettled:
                self.results[change.key] = replace(result, outcome=Outcome.FAILED, error=_REASONS[self.halt])

    def _skip_rest(self, changes: Sequence[Change]) -> None:
        for change in changes:
            if change.key not in self.results:
                why = _REASONS.get(self.halt, "something it depends on was not applied")
                self._finished(change, Attempt(Outcome.SKIPPED, why))


def halt_of(error: RecordError) -> Halt:
    """How a run ends that the record stopped."""
    match error:
        case LockedError() | LockLostError():
            return Halt.LOCK
        case WaitInterruptedError():
            return Halt.INTERRUPTED
        case _:
            return Halt.RECORD
