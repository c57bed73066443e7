"""One apply from a plan to a report: refuse, lock, prove that nothing has moved, walk, settle.

Knows no command line, no vendor and no backend; whoever calls has already shown the plan and asked.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from threading import Event

from reconciler.apply.attempt import Attempt
from reconciler.apply.events import Emit, LockBroken, ignore
from reconciler.apply.ledger import Ledger
from reconciler.apply.moved import another_record, moved, moved_diagnostic
from reconciler.apply.report import ApplyReport, Halt, Result
from reconciler.apply.troubles import Troubles
from reconciler.apply.walk import Walk
from reconciler.apply.write import Seen, Writer
from reconciler.change import Action, Change, Outcome
from reconciler.clock import Clock, rfc3339
from reconciler.diagnostics import Diagnostic, Location, Severity
from reconciler.model import Entry, Key
from reconciler.plan.model import Breach, Plan
from reconciler.plan.subject import Ground
from reconciler.pool import workers
from reconciler.providers.base import Provider, ProviderError
from reconciler.record.base import Holder, Lock, LockedError, Record, RecordError, RecordState, Run, Window


@dataclass(frozen=True, slots=True)
class Job:
    """All that an apply needs.

    `state` is the record that a fresh plan was made from, None for a stored plan: then every number is read anew.
    `open_provider` opens an account's provider; raises ProviderError. `may_write` says why nothing more may be written.
    `allow_partial` applies what has not moved of a stale plan; `scenario` is recorded as in force ("" = none,
    None = as it was); `places` are the lines of the declared numbers.
    """

    plan: Plan
    record: Record
    ground: Ground
    clock: Clock
    open_provider: Callable[[str], Provider]
    run: Run
    state: RecordState | None = None
    emit: Emit = ignore
    max_failures: int = 3
    allow_partial: bool = False
    interrupted: Event = field(default_factory=Event)
    may_write: Callable[[], str | None] = lambda: None
    scenario: str | None = ""
    places: Mapping[str, Location] = field(default_factory=dict)


def apply(job: Job) -> ApplyReport:
    """Apply a plan; never raises for what the outside world does."""
    plan = job.plan
    if plan.breaches:
        return _refused(job, Halt.REFUSED, [breach.diagnostic for breach in plan.breaches], _why(plan.breaches))
    try:
        state = job.state or job.record.load()
        if not plan.changes and not plan.recordings and not state.windows:
            return _with_scenario_only(job, state)
        return _with_locks(job, state.windows)
    except LockedError as error:
        return _refused(job, Halt.LOCK, [_diagnostic("record-locked", error)], str(error))
    except RecordError as error:
        return _refused(job, Halt.RECORD, [_diagnostic("record-unusable", error)], str(error))


def _with_scenario_only(job: Job, state: RecordState) -> ApplyReport:
    """Nothing is to be written; only which scenario is in force may be another one now."""
    accounts = {entry.account for entry in state.entries.values()}
    differs = job.scenario is not None and job.scenario != state.scenario
    return _under_lock(job, accounts) if differs and accounts and job.plan.complete else _report(job, (), ())


def _with_locks(job: Job, windows: Sequence[Window]) -> ApplyReport:
    """Lock what is written, and, where nobody else is at work there, what an interrupted run left unsettled."""
    needed = {change.account for change in job.plan.changes} | {entry.account for entry in job.plan.recordings}
    of_windows = [{intent.account for intent in window.intents} for window in windows]
    needed = needed.union(*(accounts for accounts in of_windows if accounts & needed))
    try:
        return _under_lock(job, needed.union(*of_windows))
    except LockedError as error:
        if error.holder.account in needed:
            raise
    return _under_lock(job, needed) if needed else _report(job, (), ())


def _under_lock(job: Job, accounts: Iterable[str]) -> ApplyReport:
    """Apply while the accounts are locked; what was done stays told also where the lock cannot be given back."""
    report: ApplyReport | None = None
    try:
        with job.record.lock(_holders(job, accounts)) as lock:
            report = _locked(job, lock)
    except RecordError as error:
        if report is None:
            raise
        message, hint = f"the lock could not be released: {error}", "release it: reconciler record unlock"
        note = Diagnostic("lock-not-released", Severity.WARNING, message, hint=hint)
        return replace(report, diagnostics=(*report.diagnostics, note))
    return report


def _locked(job: Job, lock: Lock) -> ApplyReport:
    for holder in job.record.broken_locks:
        job.emit(LockBroken(str(holder)))
    state = job.record.load()
    stale = another_record(job.plan, state)
    if stale is not None:
        return _refused(job, Halt.STALE, [stale], stale.message)
    providers, problems = _providers(job)
    read = _read_again(job, providers) if job.state is None or job.state.serial != state.serial else {}
    writers = _writers(job, providers, state, {key: seen for key, seen in read.items() if isinstance(seen, Seen)})
    numbers = moved(job.plan.changes, state, writers)
    if numbers and not job.allow_partial:
        return _stale(job, numbers, {key: why for key, why in read.items() if isinstance(why, ProviderError)})
    walk = Walk(
        ledger=_ledger(job, lock, state),
        writers=writers,
        emit=job.emit,
        max_failures=job.max_failures,
        interrupted=job.interrupted,
        may_write=job.may_write,
        troubles=Troubles(job.places),
    )
    walk.go(job.plan.changes, _recordings(job, state), _excluded(job.plan, numbers, problems))
    results = [walk.results[change.key] for change in job.plan.changes]
    return _report(job, results, [*_told(job, numbers), *walk.diagnostics], walk.halt)


def _ledger(job: Job, lock: Lock, state: RecordState) -> Ledger:
    """The record's side of the run: it settles the windows of runs that are over, as far as their numbers are known."""
    windows = [window for window in state.windows if {each.account for each in window.intents} <= set(lock.accounts)]
    known = job.plan.observed - {change.key for change in job.plan.changes}
    carried = {intent.key: intent for window in windows for intent in window.intents if intent.key not in known}
    return Ledger(
        record=job.record,
        lock=lock,
        state=state,
        run=replace(job.run, overrides=tuple(sorted(job.plan.consent.overrides | job.plan.consent.allow))),
        clock=job.clock,
        emit=job.emit,
        settle=[window.id for window in windows],
        carry=carried,
        scenario=job.scenario if state.scenario != job.scenario else None,
        changes=len(job.plan.changes),
    )


def _recordings(job: Job, state: RecordState) -> list[Entry]:
    """What the plan found as desired, but for what another run has recorded meanwhile."""
    before = job.state.entries if job.state else {}
    return [entry for entry in job.plan.recordings if state.entries.get(entry.key) == before.get(entry.key)]


def _excluded(plan: Plan, numbers: Mapping[Key, str], problems: Mapping[str, ProviderError]) -> dict[Key, Attempt]:
    """Changes that are not tried: their number has moved, or their account cannot be opened."""
    found: dict[Key, Attempt] = {}
    for change in plan.changes:
        if change.key in numbers:
            found[change.key] = Attempt(Outcome.SKIPPED, f"it has moved since the plan: {numbers[change.key]}")
        elif change.account in problems and change.action is not Action.FORGET:
            found[change.key] = Attempt.failed(problems[change.account], 0)
    return found


def _holders(job: Job, accounts: Iterable[str]) -> Sequence[Holder]:
    run = job.run
    return [
        Holder(account, run.host, run.user, run.pid, run.id, rfc3339(job.clock.now())) for account in sorted(accounts)
    ]


def _providers(job: Job) -> tuple[dict[str, Provider], dict[str, ProviderError]]:
    providers: dict[str, Provider] = {}
    problems: dict[str, ProviderError] = {}
    for account in sorted({change.account for change in job.plan.changes if change.action is not Action.FORGET}):
        try:
            providers[account] = job.open_provider(account)
        except ProviderError as error:
            problems[account] = error
    return providers, problems


def _writers(
    job: Job, providers: Mapping[str, Provider], state: RecordState, fresh: dict[Key, Seen]
) -> dict[str, Writer]:
    """Writers with what was read just now, where nobody else has written since the plan."""
    overrides = job.plan.consent.overrides
    recorded = {key: entry.digests for key, entry in state.entries.items()}
    return {
        account: Writer(provider, job.clock, job.ground, overrides, fresh, recorded, job.interrupted)
        for account, provider in providers.items()
    }


def _read_again(job: Job, providers: Mapping[str, Provider]) -> dict[Key, Seen | ProviderError]:
    """Read every number of a stored plan before the first write; what cannot be read is tried once more later."""
    found: dict[Key, Seen | ProviderError] = {}
    for account, provider in providers.items():
        if not provider.capabilities.readable:
            continue
        keys = [change.key for change in _writes(job.plan.changes) if change.account == account]
        with workers(max(1, provider.concurrency)) as pool:
            seen = pool.map(lambda key, provider=provider: _seen(provider, key, job), keys)
            found.update((key, value) for key, value in zip(keys, seen, strict=True) if value is not None)
    return found


def _seen(provider: Provider, key: Key, job: Job) -> Seen | ProviderError | None:
    if job.interrupted.is_set():
        return None
    since = job.clock.monotonic()
    try:
        return Seen(provider.read(key.number), since)
    except ProviderError as error:
        return error


def _writes(changes: Iterable[Change]) -> list[Change]:
    return [change for change in changes if change.action is not Action.FORGET]


def _told(job: Job, numbers: Mapping[Key, str]) -> list[Diagnostic]:
    """A finding for each number that has moved."""
    return [
        moved_diagnostic(change, numbers[change.key], job.places.get(change.key.number))
        for change in job.plan.changes
        if change.key in numbers
    ]


def _stale(job: Job, numbers: Mapping[Key, str], unread: Mapping[Key, ProviderError]) -> ApplyReport:
    """Nothing is written; what could not be read is told too, as it may have moved as well."""
    found, results = _told(job, numbers), []
    for change in job.plan.changes:
        error = unread.get(change.key)
        if error is None:
            results.append(_result(change, Outcome.SKIPPED, "the plan is stale; nothing was written"))
        else:
            why, place = f"it cannot be read: {error}", job.places.get(change.key.number)
            results.append(_result(change, Outcome.FAILED, f"not written: {why}"))
            found.append(Diagnostic(error.code, Severity.ERROR, f"{change.address}: {why}", place, error.hint))
    return _report(job, results, found, Halt.STALE)


def _why(breaches: Sequence[Breach]) -> str:
    named = list(dict.fromkeys(breach.allowed_by for breach in breaches))
    return f"the run was refused before its first write: {', '.join(named)} would permit it"


def _refused(job: Job, halt: Halt, diagnostics: Sequence[Diagnostic], why: str) -> ApplyReport:
    results = [_result(change, Outcome.SKIPPED, why) for change in job.plan.changes]
    return _report(job, results, diagnostics, halt)


def _result(change: Change, outcome: Outcome, why: str) -> Result:
    return Result(change.address, change.key.kind, change.action, outcome, 0, why)


def _report(
    job: Job, results: Sequence[Result], diagnostics: Sequence[Diagnostic], halt: Halt = Halt.NONE
) -> ApplyReport:
    return ApplyReport(
        job.run.id,
        job.run.started_at,
        rfc3339(job.clock.now()),
        tuple(results),
        (*(item for item in job.plan.diagnostics if item.is_error), *diagnostics),
        halt,
        job.plan.complete,
        job.plan.origin,
    )


def _diagnostic(code: str, error: RecordError) -> Diagnostic:
    return Diagnostic(code, Severity.ERROR, str(error), hint=error.hint)
