"""validate, plan and apply as plain functions that read like the picture: files → desired → plan → report.

Each takes a session and values and returns values; nothing here parses options, asks, or prints.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from threading import Event

from reconciler.apply.binding import StalePlanError, bound, stale
from reconciler.apply.events import Emit, ignore
from reconciler.apply.report import ApplyReport
from reconciler.apply.run import Job, apply
from reconciler.canonical import URL_FIELDS, dump
from reconciler.clock import epoch, rfc3339
from reconciler.config.settings import Configuration
from reconciler.diagnostics import Diagnostic, Diagnostics, Location, Severity
from reconciler.effects.checks import call_loops, check_calls
from reconciler.formats.plan import PlanFileError, load_plan
from reconciler.git import current_commit
from reconciler.live import Live, Progress, Reader, Wanted, read_live
from reconciler.model import Change, Desired, Key, Observation
from reconciler.plan.build import Options, Refresh, Selection, build
from reconciler.plan.model import Breach, Consent, Plan
from reconciler.plan.policy import breaches, closed_window, destination_findings, routes, window_breach
from reconciler.plan.scenario import is_whole, reminder
from reconciler.plan.subject import Ground
from reconciler.plan.undo import undoing
from reconciler.providers.base import Provider, ProviderError
from reconciler.record.base import RecordState, Run
from reconciler.secrets import SecretError, variables
from reconciler.wiring import Session

_UNWRITABLE = "unwritable-fields"


@dataclass(frozen=True, slots=True)
class Planning:
    """What a plan is asked for. `expires_in` in seconds; `limit` keeps the first so many changes.

    `kept`: the plan is to be applied or stored, so its digests need a key that lasts.
    """

    refresh: Refresh = Refresh.ALL
    selection: Selection = Selection()
    consent: Consent = Consent()
    reassert: bool = False
    expires_in: float | None = None
    limit: int | None = None
    kept: bool = False
    warnings: tuple[Diagnostic, ...] = ()
    progress: Callable[[Progress], None] = lambda _progress: None


@dataclass(frozen=True, slots=True)
class Applying:
    """How an apply goes. `interrupted` is set by a signal."""

    emit: Emit = ignore
    allow_partial: bool = False
    interrupted: Event = field(default_factory=Event)


def validate(configuration: Configuration) -> tuple[Diagnostic, ...]:
    """What can be judged of a loaded configuration beyond its form: where calls would go, and against policy."""
    found = Diagnostics(configuration.policy.rules)
    found.extend(destination_findings(configuration))
    found.extend(check_calls(configuration))
    return found.sorted()


def unplannable(configuration: Configuration) -> tuple[Diagnostic, ...]:
    """The errors among these findings that no plan may be made with: calls that go in a circle."""
    return tuple(call_loops(configuration))


def make_plan(session: Session, asked: Planning) -> tuple[Plan, RecordState]:
    """Read the record and the live numbers and say what would change. Raises RecordError."""
    state = session.record.load()
    return _planned(session, session.configuration, state, asked), state


def make_undo(session: Session, run: Run, asked: Planning) -> Plan:
    """Say what would bring back what a run found before it wrote. Raises RecordError."""
    state, configuration = session.record.load(), session.configuration
    past = undoing(run, state, configuration, session.ground(make_key=asked.kept))
    before = replace(configuration, desired=past.over(configuration.desired))
    asked = replace(asked, selection=Selection(keys=past.keys), warnings=(*asked.warnings, *past.diagnostics))
    return replace(_planned(session, before, state, asked), origin="undo", undoes=run.id, recordings=())


def _planned(session: Session, configuration: Configuration, state: RecordState, asked: Planning) -> Plan:
    clock = session.clock
    now = clock.now()
    options = Options(
        created_at=rfc3339(now),
        refresh=asked.refresh,
        selection=asked.selection,
        consent=asked.consent,
        expires_at=rfc3339(now + asked.expires_in) if asked.expires_in else None,
        commit=current_commit(configuration.root),
        warnings=asked.warnings,
    )
    _learn_variables(session)
    reader = Reader(clock, locations=_account_lines(configuration), emit=asked.progress)
    ground = session.ground(reassert=asked.reassert, make_key=asked.kept)
    plan = build(configuration, state, ground, options, lambda wanted: _read(session, wanted, reader))
    if asked.limit is not None:
        plan = _limited(configuration, plan, asked.limit)
    found = Diagnostics(configuration.policy.rules)
    found.extend(reminder(plan, state.scenario))
    return replace(plan, diagnostics=(*found, *plan.diagnostics))


def storable(plan: Plan, ground: Ground) -> tuple[Diagnostic, ...]:
    """Why a plan cannot be saved and applied later: without a key its sensitive values cannot be told apart."""
    if ground.digester.key is not None:
        return ()
    return tuple(
        Diagnostic(
            "plan-needs-record-key",
            Severity.ERROR,
            f"{change.address}: the plan changes a sensitive value ({item.path}), which a plan file can hold only as a "
            "keyed digest, and there is no key",
            hint="set RECONCILER_RECORD_KEY to 32 bytes or more, the same for plan and apply",
        )
        for change in plan.changes
        for item in change.fields
        if item.sensitive
    )


def stored_plan(session: Session, data: bytes, consent: Consent) -> Plan:
    """Read a plan file and bind it to the configuration. Raises PlanFileError, StalePlanError."""
    plan = load_plan(data)
    configuration = session.configuration
    if plan.configuration != (configuration.name or ""):
        raise PlanFileError(
            f"it was made for configuration {plan.configuration!r}, and this one is {configuration.name or ''!r}"
        )
    if plan.config_digest != configuration.digest:
        raise stale("the configuration has changed since this plan was made")
    if plan.expires_at is not None and session.clock.now() >= epoch(plan.expires_at):
        raise stale(f"the plan expired at {plan.expires_at}")
    if plan.commit is not None and plan.commit != (current_commit(configuration.root) or plan.commit):
        raise stale(f"the plan was made at commit {plan.commit[:12]}, and another one is checked out")
    merged = Consent(plan.consent.allow | consent.allow, plan.consent.overrides | consent.overrides)
    try:
        changes = bound(plan.changes, _wanted(session, plan), session.ground())
    except SecretError as error:
        raise PlanFileError(str(error)) from None
    plan = replace(plan, changes=changes, consent=merged)
    return replace(plan, breaches=_breaches_again(configuration, plan))


def expected(plan: Plan, reviewed: Plan) -> None:
    """Go on only if a fresh plan's changes are the reviewed ones. Raises StalePlanError naming who differs."""
    ours, theirs = ({_identity(change) for change in one.changes} for one in (plan, reviewed))
    differing = sorted({identity[0] for identity in ours ^ theirs})
    if differing:
        raise StalePlanError(
            [
                Diagnostic(
                    "plan-stale",
                    Severity.ERROR,
                    f"{address}: its change is not the one that was reviewed",
                    hint="review a new plan",
                )
                for address in differing
            ]
        )


def apply_plan(session: Session, plan: Plan, state: RecordState | None, applying: Applying) -> ApplyReport:
    """Apply a plan; `state` is the record a fresh plan was made from, None for a stored plan. Raises RecordError."""
    configuration = session.configuration
    closed = _window_guard(session, plan.consent)
    late = closed()
    if late is not None and plan.changes:
        breach = window_breach(late, configuration.policy)
        plan = replace(plan, breaches=(*plan.breaches, breach))
    job = Job(
        plan=plan,
        record=session.record,
        ground=session.ground(),
        clock=session.clock,
        open_provider=session.provider,
        run=session.new_run(origin=plan.origin if plan.origin != "plan" else "apply", commit=plan.commit),
        state=state,
        emit=applying.emit,
        max_failures=configuration.policy.max_failures,
        allow_partial=applying.allow_partial,
        interrupted=applying.interrupted,
        may_write=closed,
        scenario=plan.scenario or ("" if is_whole(plan, configuration) else None),
    )
    return apply(job)


def _read(session: Session, wanted: Mapping[str, Sequence[Wanted]], reader: Reader) -> Live:
    """Open the accounts that are asked for; one that cannot be opened leaves its numbers unknown."""
    providers: dict[str, Provider] = {}
    problems: list[Diagnostic] = []
    unknown: dict[Key, Observation] = {}
    for account, items in wanted.items():
        try:
            providers[account] = session.provider(account)
        except ProviderError as error:
            message = f"account {account} cannot be read: {error}"
            place = reader.locations.get(account)
            problems.append(Diagnostic(error.code, Severity.ERROR, message, place, error.hint))
            unknown.update((item.key, Observation(None, 0.0)) for item in items)
    live = read_live(providers, {name: wanted[name] for name in providers}, reader)
    return replace(live, observations={**live.observations, **unknown}, diagnostics=(*problems, *live.diagnostics))


def _learn_variables(session: Session) -> None:
    """Fill every template once before anything is asked: a value that is known is taken out of vendors' words too."""
    for desired in session.configuration.desired:
        for template in (getattr(desired.value, name, "") for name in URL_FIELDS):
            if variables(template):
                with suppress(SecretError):
                    session.secrets.resolve(template)


def _account_lines(configuration: Configuration) -> dict[str, Location]:
    return {name: account.location for name, account in configuration.accounts.items()}


def _limited(configuration: Configuration, plan: Plan, limit: int) -> Plan:
    """Keep the first changes; they never depend on later ones."""
    plan = replace(plan, changes=plan.changes[:limit])
    return replace(plan, breaches=_breaches_again(configuration, plan))


def _breaches_again(configuration: Configuration, plan: Plan) -> tuple[Breach, ...]:
    """Judge a plan that has fewer changes or more consent now; what live values cannot be written is as it was."""
    kept = {change.address for change in plan.changes}
    unwritable = [
        breach
        for breach in plan.breaches
        if breach.rule == _UNWRITABLE and breach.address in kept and _UNWRITABLE not in plan.consent.overrides
    ]
    again = breaches(
        plan.changes,
        policy=configuration.policy,
        declared=len(configuration.numbers),
        consent=plan.consent,
        places=configuration.numbers,
        routes=routes(configuration),
        unwritable={},
    )
    return (*again, *unwritable)


def _wanted(session: Session, plan: Plan) -> Sequence[Desired]:
    """What a stored plan's values are found in: the files, or for an undo what the record says of its run."""
    if plan.undoes is None:
        return session.configuration.desired
    run = session.record.run(plan.undoes)
    if run is None:
        raise stale(f"run {plan.undoes}, which it undoes, is not in the record any more")
    return undoing(run, session.record.load(), session.configuration, session.ground()).desired


def _identity(change: Change) -> tuple[str, str, str, str, str, str]:
    digests = dump(dict(change.after_digests))
    return (
        change.address,
        change.key.kind.value,
        change.action.value,
        dump(change.before),
        dump(change.after),
        digests,
    )


def _window_guard(session: Session, consent: Consent) -> Callable[[], str | None]:
    """Say why nothing may be written now: the policy's change window is closed."""
    policy = session.configuration.policy
    if policy.change_window is None or "policy-change-window" in consent.overrides:
        return lambda: None
    from reconciler.schedule import Period

    window = Period.union([Period.parse(text) for text in policy.change_window])

    def closed() -> str | None:
        now, zone = int(session.clock.now()), policy.change_window_timezone
        return None if window.matches(now, zone) else closed_window(window, now, zone)

    return closed


def read_file(path: Path) -> bytes:
    """A plan file's bytes; raises PlanFileError."""
    try:
        return path.read_bytes()
    except OSError as error:
        raise PlanFileError(f"it cannot be read: {error.strerror}") from None
