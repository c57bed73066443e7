"""A plan from a session: record and live numbers against what is desired, or against what a run found before it wrote.

Knows no options of a command line and no output.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from reconciler.canonical import URL_FIELDS
from reconciler.clock import rfc3339
from reconciler.destinations import routes
from reconciler.diagnostics import Diagnostic, Diagnostics, Location
from reconciler.git import current_commit
from reconciler.http.errors import ProviderError, SecretMissing
from reconciler.live import Live, Reader, ReadRequest, account_problem, read_live, unknown_in
from reconciler.model import Key, Observation
from reconciler.plan.build import Options, Selection, build
from reconciler.plan.candidate import PlanContext
from reconciler.plan.concealed import conceal, heal, redact_plan
from reconciler.plan.model import Breach, Plan, reminder
from reconciler.plan.policy import breaches, change_window_guard, in_change_window
from reconciler.plan.traffic import replayed
from reconciler.plan.undo import find_undo, later_changes
from reconciler.providers.base import Provider
from reconciler.record.base import RecordState, Run
from reconciler.rules import RULES
from reconciler.secrets import SecretError, Secrets, variables
from reconciler.settings import Configuration
from reconciler.wiring import Session

_UNWRITABLE = "unwritable-fields"


def make_plan(session: Session, asked: Options) -> tuple[Plan, RecordState]:
    """Read the record and the live numbers and say what would change. Raises RecordError."""
    recorded = session.record.load()
    state = conceal(recorded, session.plan_context(make_key=asked.kept))
    plan = _in_window(session, heal(_planned(session, session.configuration, state, asked), recorded, state))
    return _reminded(session.configuration, plan, state, session.secrets), state


def make_undo(session: Session, run: Run, asked: Options) -> tuple[Plan, RecordState]:
    """Say what would bring back what a run found before it wrote; of those `asked` for, or all. Raises RecordError."""
    configuration, context = session.configuration, session.plan_context(make_key=asked.kept)
    state = conceal(session.record.load(), context)
    past = find_undo(run, state, configuration, context)
    before = replace(configuration, desired=past.over(configuration.desired))
    chosen = asked.selection if asked.selection.exact else Selection(keys=past.keys)
    asked = replace(asked, selection=chosen, warnings=(*asked.warnings, *past.diagnostics))
    plan = replace(_planned(session, before, state, asked), origin="undo", undoes=run.id)
    plan = replace(plan, learned=replace(plan.learned, recordings=()))
    asking = _in_window(session, _asking(session, plan, run, state))
    return _reminded(configuration, asking, state, session.secrets), state


def _in_window(session: Session, plan: Plan) -> Plan:
    """A plan that says whether apply would be refused for the hour."""
    policy = session.configuration.policy
    return in_change_window(plan, policy, change_window_guard(policy, plan.consent, session.clock.now)())


def _asking(session: Session, plan: Plan, run: Run, state: RecordState) -> Plan:
    """An undo that asks before it overwrites what came after its run."""
    later = list(later_changes(plan.changes, run, state, session.plan_context(make_key=False).today))
    if not later:
        return plan
    keys = {change.key for change, _ in later}
    asking = tuple(
        replace(change, needs=tuple(sorted({*change.needs, "allow-adopt"}))) if change.key in keys else change
        for change in plan.changes
    )
    plan = replace(plan, changes=asking, diagnostics=(*plan.diagnostics, *(told for _, told in later)))
    return replace(plan, breaches=judge_again(session.configuration, plan))


def _reminded(configuration: Configuration, plan: Plan, state: RecordState, secrets: Secrets) -> Plan:
    """Say first that it is about a sandbox, and which scenario is in force, and nothing that is secret."""
    found = Diagnostics(configuration.policy.rules)
    found.extend(sandbox_in_use(configuration))
    found.extend(reminder(plan, state.scenario, configuration))
    return redact_plan(replace(plan, diagnostics=(*found, *plan.diagnostics)), secrets.redact)


def sandbox_in_use(configuration: Configuration) -> Iterator[Diagnostic]:
    """Say that none of it happens at the vendors."""
    if configuration.sandbox:
        message = (
            f"this is not about the vendors: all accounts and the record are in the sandbox {configuration.sandbox}"
        )
        yield RULES["sandbox-in-use"].at(None, message, "to reach the vendors: unset RECONCILER_SANDBOX")


def _planned(session: Session, configuration: Configuration, state: RecordState, asked: Options) -> Plan:
    now, commit = session.clock.now(), current_commit(configuration.root)
    learn_variables(session)
    locations = {name: account.location for name, account in configuration.accounts.items()}
    reader = Reader(session.clock, locations=locations, emit=asked.progress)
    context = session.plan_context(reassert=asked.reassert, make_key=asked.kept)
    plan = build(configuration, state, context, asked, lambda wanted: read_wanted(session, wanted, reader))
    expires_at = rfc3339(now + asked.expires_in) if asked.expires_in else None
    plan = replace(plan, created_at=rfc3339(now), expires_at=expires_at, commit=commit)
    if asked.traffic is not None:
        plan = replayed(plan, configuration, asked.traffic)
        plan = replace(plan, breaches=judge_again(configuration, plan))
    elif configuration.policy.max_lost_calls is not None and plan.changes:
        plan = replace(plan, diagnostics=(*plan.diagnostics, _not_replayed(configuration)))
    return plan if asked.limit is None else _limited(configuration, plan, asked.limit)


def _not_replayed(configuration: Configuration) -> Diagnostic:
    place = configuration.policy.place("max_lost_calls")
    message = "`policy.max_lost_calls` limits nothing here: no calls of the past were given"
    return RULES["traffic-missing"].at(place, message, "reconciler plan --traffic FILE")


def storable(plan: Plan, context: PlanContext) -> tuple[Diagnostic, ...]:
    """Why a plan cannot be saved and applied later: without a key its sensitive values cannot be told apart."""
    if context.digester.key is not None:
        return ()
    return tuple(
        RULES["plan-needs-record-key"].at(
            None,
            f"{change.address}: the plan changes a sensitive value ({item.path}), which a plan file can hold only as a "
            "keyed digest, and there is no key",
            "set RECONCILER_RECORD_KEY to 32 bytes or more, the same for plan and apply",
        )
        for change in plan.changes
        for item in change.fields
        if item.sensitive
    )


def guessable(plan: Plan, secrets: Secrets) -> tuple[Diagnostic, ...]:
    """The variables whose values a saved plan gives away: each guess of one, as a URL in a file, gets a digest too."""
    if not any(change.before_digests or change.after_digests for change in plan.changes):
        return ()
    return tuple(
        # docs/decisions/116
        RULES["variable-short"].at(
            None,
            f"the value of {name} has fewer than 8 characters, and a saved plan would hold digests against which "
            "guesses can be tested",
            "make it longer, or allow it on the trusted side: `policy: {rules: {variable-short: warning}}`",
        )
        for name in secrets.guessable
    )


def judge_again(configuration: Configuration, plan: Plan) -> tuple[Breach, ...]:
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
        managed=plan.learned.managed,
        consent=plan.consent,
        places=configuration.numbers,
        routes=routes(configuration),
        unwritable={},
    )
    return (*again, *unwritable)


def read_wanted(session: Session, wanted: Mapping[str, Sequence[ReadRequest]], reader: Reader) -> Live:
    """Open the accounts that are asked for; one that cannot be opened leaves its numbers unknown."""
    providers: dict[str, Provider] = {}
    problems: list[Diagnostic] = []
    unknown: dict[Key, Observation] = {}
    for account, items in wanted.items():
        try:
            providers[account] = session.provider(account)
        except ProviderError as error:
            place = _secret_place(session, account, error) or reader.locations.get(account)
            problems.append(account_problem(account, items, error, place))
            unknown.update(unknown_in(items))
    live = read_live(providers, {name: wanted[name] for name in providers}, reader)
    return replace(live, observations={**live.observations, **unknown}, diagnostics=(*problems, *live.diagnostics))


def _secret_place(session: Session, account: str, error: ProviderError) -> Location | None:
    """Where the secret stands that an account lacks."""
    settings = session.configuration.accounts.get(account)
    return settings.places.get(error.source) if settings and isinstance(error, SecretMissing) else None


def learn_variables(session: Session) -> tuple[SecretError, ...]:
    """Fill every template once before anything is asked: a value that is known is taken out of vendors' words too.

    Says what has no value.
    """
    missing: dict[str, SecretError] = {}
    for desired in session.configuration.desired:
        for template in (getattr(desired.value, name, "") for name in URL_FIELDS):
            if variables(template):
                try:
                    session.secrets.resolve(template)
                except SecretError as error:
                    missing[str(error)] = error
    return tuple(missing.values())


def _limited(configuration: Configuration, plan: Plan, limit: int) -> Plan:
    """Keep the first changes; they never depend on later ones."""
    plan = replace(plan, changes=plan.changes[:limit], left_out=max(0, len(plan.changes) - limit))
    return replace(plan, breaches=judge_again(configuration, plan))
