"""One apply from a plan to a report: refuse, lock, prove that nothing has moved, walk, settle.

Knows no command line, no vendor and no backend; whoever calls has already shown the plan and asked.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from reconciler.apply.journal import Attempt, Emit, Journal, LockBroken, ignore
from reconciler.apply.report import ApplyReport, Halt, Result
from reconciler.apply.walk import FailureLog, Walk, halt_of
from reconciler.apply.write import SETTLE_SECONDS, LiveReading, RecordedValues, Writer
from reconciler.canonical import Form, stored_form
from reconciler.clock import Clock, rfc3339, workers
from reconciler.diagnostics import Diagnostic, Location
from reconciler.http.errors import ProviderError
from reconciler.model import Action, Change, Entry, Key, LiveSource, Outcome
from reconciler.plan.candidate import PlanContext, form_after, form_before, open_intents
from reconciler.plan.concealed import conceal
from reconciler.plan.model import Breach, Plan
from reconciler.providers.base import Provider
from reconciler.record.base import Holder, Lock, LockedError, Record, RecordError, RecordState, Run
from reconciler.record.locks import accounts_to_lock
from reconciler.rules import RULES


def another_record(plan: Plan, state: RecordState) -> Diagnostic | None:
    """Say that the plan was made from another record than this one, or return None."""
    if plan.lineage == (state.lineage if state.serial else ""):
        return None
    message = (
        "the record was made after this plan" if not plan.lineage else "the plan was made from another record (lineage)"
    )
    return RULES["plan-stale"].at(None, message, "make a new plan")


def find_moved(changes: Iterable[Change], state: RecordState, writers: Mapping[str, Writer]) -> dict[Key, str]:
    """Which numbers have moved since the plan, and how."""
    found = {
        change.key: _moved_live(change, writers.get(change.account)) or _moved_in_record(change, state)
        for change in changes
        if change.action is not Action.FORGET
    }
    return {key: why for key, why in found.items() if why}


def _moved_live(change: Change, writer: Writer | None) -> str | None:
    """How a number is not any more what its change was made from, as far as it was read."""
    if writer is None or change.key not in writer.seen:
        return None
    return writer.moved_reason(change, writer.seen[change.key].observation)


def _moved_in_record(change: Change, state: RecordState) -> str | None:
    """Where the value before a change came from the record, it must still say so."""
    if change.live_source is not LiveSource.RECORDED:
        return None
    entry = state.entries.get(change.key)
    return None if entry is not None and _says(entry, change) else "its record entry has changed"


def _says(entry: Entry, change: Change) -> bool:
    """Whether a recorded value is the one that a change was made from."""
    recorded = stored_form(entry.value, entry.digests, entry.canonical_version)
    return change.before is not None and recorded.agrees(Form(change.before, change.before_digests))


@dataclass(frozen=True, slots=True)
class Job:
    """All that an apply needs.

    `state` is the record that the plan was made from, `seen` the reads that may still be fresh. Of a stored plan,
    `differing` says which changes are decided otherwise now and how, `unread` what could not be read, and `done` which
    run has made what is not among the changes any more. `open_provider` opens an account's provider; raises
    ProviderError. `may_write` says why nothing more may be written. `allow_partial` applies what has not moved of a
    stale plan; `scenario` is recorded as in force ("" = none, None = as it was); `places` are the lines of the declared
    numbers; `settle_seconds` is for how long each account's accepted writes may read as before.
    """

    plan: Plan
    record: Record
    context: PlanContext
    clock: Clock
    open_provider: Callable[[str], Provider]
    run: Run
    state: RecordState
    seen: Mapping[Key, LiveReading] = field(default_factory=dict)
    differing: Mapping[Key, str] = field(default_factory=dict)
    unread: Mapping[Key, Diagnostic] = field(default_factory=dict)
    done: Mapping[Key, str] = field(default_factory=dict)
    emit: Emit = ignore
    max_failures: int = 3
    allow_partial: bool = False
    may_write: Callable[[], str | None] = lambda: None
    scenario: str | None = ""
    places: Mapping[str, Location] = field(default_factory=dict)
    settle_seconds: Mapping[str, float] = field(default_factory=dict)


def apply(job: Job) -> ApplyReport:
    """Apply a plan; never raises for what the outside world does."""
    plan = job.plan
    if job.differing and not job.allow_partial:
        return _stale(job, job.differing, job.unread)
    if plan.breaches:
        return _refused(job, Halt.REFUSED, [breach.diagnostic for breach in plan.breaches], _why(plan.breaches))
    try:
        if not plan.changes and not plan.learned.recordings and not job.state.windows:
            return _with_scenario_only(job, job.state)
        return _with_locks(job, job.state)
    except RecordError as error:
        holder = error.holder if isinstance(error, LockedError) else None
        told = RULES["record-locked" if holder else "record-unusable"].at(None, str(error), error.hint)
        return replace(_refused(job, halt_of(error), [told], str(error)), locked_by=holder)


def _with_scenario_only(job: Job, state: RecordState) -> ApplyReport:
    """Nothing is to be written; only which scenario is in force may be another one now."""
    accounts = {entry.account for entry in state.entries.values()}
    differs = job.scenario is not None and job.scenario != state.scenario
    return _under_lock(job, accounts) if differs and accounts and job.plan.complete else _report(job, (), ())


class _MoreToLockError(Exception):
    """Before anything was locked, numbers of the plan came to go by another account's name too, as `state` has it."""

    def __init__(self, state: RecordState) -> None:
        super().__init__("more accounts must be locked")
        self.state = state


def _with_locks(job: Job, state: RecordState) -> ApplyReport:
    """Lock what is written, and, where nobody else is at work there, what an interrupted run left unsettled."""
    needed = _needed(job.plan, state)
    try:
        return _under_lock(job, needed.union(*(window.accounts for window in state.windows)))
    except LockedError as error:
        if error.holder.account in needed:
            raise
    return _under_lock(job, needed) if needed else _report(job, (), ())


def _needed(plan: Plan, state: RecordState) -> frozenset[str]:
    touched: list[Change | Entry] = [*plan.changes, *plan.learned.recordings]
    return accounts_to_lock(state, {each.key for each in touched}, {each.account for each in touched})


def _under_lock(job: Job, accounts: Iterable[str]) -> ApplyReport:
    """Apply while the accounts are locked; what was done stays told also where the lock cannot be given back."""
    report: ApplyReport | None = None
    try:
        with job.record.lock(_holders(job, accounts)) as lock:
            report = _locked(job, lock)
    except _MoreToLockError as later:
        return _with_locks(job, later.state)
    except RecordError as error:
        if report is None:
            raise
        message, hint = f"the lock could not be released: {error}", "release it: reconciler record unlock"
        note = RULES["lock-not-released"].at(None, message, hint)
        return replace(report, diagnostics=(*report.diagnostics, note))
    return report


def _locked(job: Job, lock: Lock) -> ApplyReport:
    for holder in job.record.broken_locks:
        job.emit(LockBroken(str(holder)))
    state = conceal(job.record.load(), job.context)
    if not _needed(job.plan, state) <= set(lock.accounts):
        raise _MoreToLockError(state)
    stale = another_record(job.plan, state)
    if stale is not None:
        return _refused(job, Halt.STALE, [stale], stale.message)
    providers, problems = _providers(job)
    read = _read_again(job, providers) if job.state.serial != state.serial else dict(job.seen)
    writers = _writers(
        job, providers, state, {key: seen for key, seen in read.items() if isinstance(seen, LiveReading)}
    )
    unread = {**{key: why for key, why in read.items() if isinstance(why, Diagnostic)}, **job.unread}
    numbers = {**find_moved(_tried(job), state, writers), **job.differing}
    if numbers and not job.allow_partial:
        return _stale(job, numbers, unread)
    walk = Walk(
        journal=_open_journal(job, lock, state),
        writers=writers,
        emit=job.emit,
        max_failures=job.max_failures,
        may_write=job.may_write,
        failures=FailureLog(job.places),
    )
    walk.go(job.plan.changes, _recordings(job, state), _excluded(job, numbers, problems))
    results = [walk.results[change.key] for change in job.plan.changes]
    return _report(job, results, [*_moved_diagnostics(job, numbers), *walk.diagnostics], walk.halt)


def _open_journal(job: Job, lock: Lock, state: RecordState) -> Journal:
    """The record's side of the run: it settles the windows of runs that are over, as far as their numbers are known."""
    windows = [window for window in state.windows if window.accounts <= set(lock.accounts)]
    known = job.plan.learned.observed - {change.key for change in job.plan.changes}
    open_ = open_intents(replace(state, windows=tuple(windows)))
    carried = {key: intents for key, intents in open_.items() if key not in known}
    ended = {intent for intents in open_.values() for intent in intents}
    return Journal(
        record=job.record,
        lock=lock,
        state=state,
        run=replace(job.run, overrides=tuple(sorted(job.plan.consent.overrides | job.plan.consent.allow))),
        clock=job.clock,
        emit=job.emit,
        settle=[window.id for window in windows],
        carry=carried,
        settlements=[each for each in job.plan.learned.settlements if each.intent in ended],
        scenario=job.scenario if state.scenario != job.scenario else None,
        changes=len(job.plan.changes),
    )


def _recordings(job: Job, state: RecordState) -> list[Entry]:
    """What the plan found as desired, but for what another run has recorded meanwhile."""
    before = job.state.entries
    return [entry for entry in job.plan.learned.recordings if state.entries.get(entry.key) == before.get(entry.key)]


def _excluded(job: Job, numbers: Mapping[Key, str], problems: Mapping[str, ProviderError]) -> dict[Key, Attempt]:
    """Changes that are not tried: their number has moved or cannot be read, or their account cannot be opened."""
    found: dict[Key, Attempt] = {}
    for change in job.plan.changes:
        if change.key in numbers:
            found[change.key] = Attempt(Outcome.SKIPPED, f"it has changed since the plan: {numbers[change.key]}")
        elif (problem := job.unread.get(change.key)) is not None:
            why = f"not written: {problem.message}"
            found[change.key] = Attempt(Outcome.FAILED, why, code=problem.code, hint=problem.hint)
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
    job: Job, providers: Mapping[str, Provider], state: RecordState, fresh: dict[Key, LiveReading]
) -> dict[str, Writer]:
    """Writers with what was read just now, where nobody else has written since the plan."""
    return {
        account: Writer(
            provider,
            job.clock,
            job.context,
            job.plan.consent.overrides,
            fresh,
            _kept(job.plan, state),
            job.settle_seconds.get(account, SETTLE_SECONDS),
        )
        for account, provider in providers.items()
    }


def _kept(plan: Plan, state: RecordState) -> dict[Key, RecordedValues]:
    """What the record has of each number that is to be written."""
    intents, found = open_intents(state), {}
    for change in plan.changes:
        entry, open_ = state.entries.get(change.key), intents.get(change.key, ())
        unsettled = [form_after(intent) for intent in open_ if intent.after]
        unsettled += [form_before(intent) for intent in open_ if intent.before]
        found[change.key] = RecordedValues(entry.digests if entry else {}, tuple(unsettled))
    return found


def _read_again(job: Job, providers: Mapping[str, Provider]) -> dict[Key, LiveReading | Diagnostic]:
    """Read every number before the first write, as the record has moved; what cannot be read is tried again later."""
    found: dict[Key, LiveReading | Diagnostic] = {}
    for account, provider in providers.items():
        if not provider.capabilities.readable:
            continue
        changes = [each for each in _tried(job) if each.account == account and each.action is not Action.FORGET]
        with workers(max(1, provider.concurrency)) as pool:
            seen = pool.map(lambda change, provider=provider: _seen(provider, change, job), changes)
            found.update((each.key, value) for each, value in zip(changes, seen, strict=True) if value is not None)
    return found


def _seen(provider: Provider, change: Change, job: Job) -> LiveReading | Diagnostic | None:
    if job.clock.interrupted.is_set():
        return None
    since = job.clock.monotonic()
    try:
        return LiveReading(provider.read(change.key.number), since)
    except ProviderError as error:
        message, place = f"{change.address}: it cannot be read: {error}", job.places.get(change.key.number)
        return RULES[error.code].at(place, message, error.hint)


def _tried(job: Job) -> list[Change]:
    """The changes that are to be written as they are in the plan."""
    return [change for change in job.plan.changes if change.key not in job.differing and change.key not in job.unread]


def _moved_diagnostics(job: Job, numbers: Mapping[Key, str]) -> list[Diagnostic]:
    """A finding for each number that has moved, at its line."""
    return [
        RULES["plan-stale"].at(
            job.places.get(change.key.number),
            f"{change.address} has changed since the plan: {numbers[change.key]}",
            "make a new plan, or --allow-partial for the others",
        )
        for change in job.plan.changes
        if change.key in numbers
    ]


def _stale(job: Job, numbers: Mapping[Key, str], unread: Mapping[Key, Diagnostic]) -> ApplyReport:
    """Nothing is written; what could not be read is told too, as it may have moved as well."""
    found, results = _moved_diagnostics(job, numbers), []
    for change in job.plan.changes:
        problem = unread.get(change.key)
        if problem is None:
            results.append(_result(change, Outcome.SKIPPED, "the plan is stale; nothing was written"))
        else:
            results.append(_result(change, Outcome.FAILED, f"not written: {problem.message}"))
            found.append(problem)
    return _report(job, results, found, Halt.STALE)


def _why(breaches: Sequence[Breach]) -> str:
    named = list(dict.fromkeys(breach.allowed_by for breach in breaches))
    return f"the run was refused before its first write: {', '.join(named)} would allow it"


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
        (
            *_already(job),
            *(item for item in job.plan.diagnostics if item.is_error and item not in job.unread.values()),
            *diagnostics,
        ),
        halt,
        job.plan.complete or bool(job.unread),
        job.plan.origin,
        done=tuple(dict.fromkeys(job.done.values())),
    )


def _already(job: Job) -> Iterator[Diagnostic]:
    """Say of a stored plan what of it has been made before."""
    by_run: dict[str, list[Key]] = {}
    for key, run_id in job.done.items():
        by_run.setdefault(run_id, []).append(key)
    for run_id, keys in by_run.items():
        what = f"number {keys[0].number} is" if len(keys) == 1 else f"{len(keys)} numbers are"
        whose = f"applied by run {run_id[:12]} already" if run_id else "already as planned"
        yield RULES["plan-applied"].at(None, f"{what} {whose}")
