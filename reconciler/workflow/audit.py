"""An audit from a session: everything is read and held against the record, and what the files say is judged.

Writes nothing. Knows no options of a command line and no output.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import date

from reconciler.audit import Audit, judge_drift, lookout
from reconciler.audit.lookout import ENDING_DAYS, RECORD_DAYS, Ending
from reconciler.audit.sampling import Sample, Sampling, choose
from reconciler.canonical import form
from reconciler.diagnostics import Diagnostic, Diagnostics, Severity
from reconciler.http.errors import NotOwned, ProviderError
from reconciler.live import Progress, values_listed
from reconciler.plan import model
from reconciler.plan.build import Options, Selection, account_of
from reconciler.plan.candidate import open_intents
from reconciler.plan.model import Calls, Plan
from reconciler.plan.policy import WINDOW
from reconciler.providers.table import PROVIDERS
from reconciler.record.base import RecordState
from reconciler.rules import RULES
from reconciler.secrets import SecretError
from reconciler.wiring import Session
from reconciler.workflow.plan import make_plan
from reconciler.workflow.validate import validate


@dataclass(frozen=True, slots=True)
class Asked:
    """What an audit is asked for: of which numbers, and how near an end and how old a record are told."""

    sampling: Sampling | None = None
    ending_days: int = ENDING_DAYS
    record_days: int = RECORD_DAYS


WHOLE = Asked()
"""Everything is looked at."""


def make_audit(
    session: Session,
    warnings: tuple[Diagnostic, ...],
    progress: Callable[[Progress], None],
    asked: Asked = WHOLE,
) -> Audit:
    """Say where reality differs from what was last written, and what is at risk. Raises RecordError."""
    configuration = session.configuration
    chosen, selection = _selected(session, asked.sampling)
    plan, state = make_plan(session, Options(selection=selection, warnings=warnings, progress=progress))
    told = Diagnostics(configuration.policy.rules)
    told.extend(model.scenario_reminder(configuration, state.scenario))
    for account in _unused(session, plan, state) if chosen is None else ():
        plan = _with_list_of(session, account, plan)
    known = {(item.code, item.location) for item in warnings}
    audit = judge_drift(
        plan,
        state,
        accounts=configuration.accounts,
        risks=[item for item in validate(configuration) if (item.code, item.location) not in known],
        diagnostics=[*told, *_closed(plan), *(item for item in plan.diagnostics if item.code != model.RULE)],
        today=session.today,
        sample=chosen,
    )
    lacking = {name: account.unlisted for name, account in configuration.accounts.items() if account.unlisted}
    audit = replace(audit, lacking=lacking, not_owned=tuple(_not_owned(session, plan)))
    return _looking_out(session, audit, state, asked)


def _selected(session: Session, sampling: Sampling | None) -> tuple[Sample | None, Selection]:
    """Whose turn it is, of all that can be read; what cannot be costs nothing, and what is in doubt is always read."""
    if sampling is None:
        return None, Selection()
    configuration, state = session.configuration, session.record.load()
    accounts = {key: entry.account for key, entry in state.entries.items() if key.number not in configuration.forget}
    accounts = {key: account_of(configuration.accounts, name, key.provider) or name for key, name in accounts.items()}
    accounts |= {desired.key: desired.account for desired in configuration.desired}
    doubtful = open_intents(state).keys()
    readable = {key: name for key, name in accounts.items() if _is_readable(session, name) and key not in doubtful}
    chosen = choose(readable, state.entries, sampling, session.clock.now())
    return chosen, Selection(keys=frozenset(accounts.keys() - readable.keys() | chosen.keys | doubtful), exact=True)


def _is_readable(session: Session, account: str) -> bool:
    settings = session.configuration.accounts.get(account)
    return settings is not None and settings.capabilities.readable


def _not_owned(session: Session, plan: Plan) -> Iterator[str]:
    """Declared numbers that their account says it does not have."""
    accounts = {desired.key: desired.account for desired in session.configuration.desired}
    for key, problem in sorted(plan.learned.unread.items()):
        if problem.code == NotOwned.code and key in accounts:
            yield f"{accounts[key]}/{key.number}"


def _looking_out(session: Session, audit: Audit, state: RecordState, asked: Asked) -> Audit:
    """The same with what is not wrong yet, and will be."""
    configuration = session.configuration
    today = lookout.day_in(configuration.timezone, session.clock.now())
    ends = lookout.endings(configuration, audit.names, today, asked.ending_days)
    logins, unknown = _logins(session, today)
    doubtful = lookout.unconfirmed(configuration, state.entries)
    recorded_at = _recorded_at(session, state)
    told = Diagnostics(configuration.policy.rules)
    told.extend(lookout.tell_endings((*ends, *logins)))
    told.extend(unknown)
    told.extend(lookout.tell_unconfirmed(doubtful, configuration.accounts))
    told.extend(lookout.record_age(recorded_at, session.clock.now(), asked.record_days))
    return replace(
        audit,
        endings=(*ends, *logins),
        unconfirmed=doubtful,
        recorded_at=recorded_at,
        risks=(*audit.risks, *told),
    )


def _logins(session: Session, today: date) -> tuple[list[Ending], list[Diagnostic]]:
    """When logins end, of accounts that a person logs in to; nobody is asked, the tokens are looked at."""
    found: list[Ending] = []
    unknown: list[Diagnostic] = []
    used = {desired.account for desired in session.configuration.desired}
    for _name, account in sorted(session.configuration.accounts.items()):
        login = PROVIDERS[account.provider].login if account.provider in PROVIDERS else None
        if login is None:
            continue
        try:
            ends_at = login.ends_at(account, session.secrets, session.tokens())
        except (ProviderError, SecretError) as error:
            unknown.append(lookout.login_unknown(account, str(error), error.hint))
            continue
        if ends_at is None and account.name in used:
            unknown.append(lookout.login_unknown(account, "no tokens of one are stored here"))
        elif ends_at is not None:
            day = lookout.day_in(session.configuration.timezone, ends_at)
            found.append(lookout.login_ending(account, day, today))
    return found, unknown


def _recorded_at(session: Session, state: RecordState) -> str:
    """When something was last written to the record, as far as it says."""
    runs = [run.finished_at or run.started_at for run in session.record.runs(1)] if state.lineage else []
    return max((*runs, *(entry.written_at for entry in state.entries.values())), default="")


def _closed(plan: Plan) -> Iterator[Diagnostic]:
    """Say that what is to be set right can not be applied now."""
    for breach in plan.breaches:
        if breach.rule == WINDOW:
            yield breach.diagnostic.with_severity(Severity.WARNING)


def _unused(session: Session, plan: Plan, state: RecordState) -> Iterator[str]:
    """The accounts that no number is known to live in: a plan has no reason to ask them for their list."""
    configuration = session.configuration
    used = {desired.account for desired in configuration.desired} | {entry.account for entry in state.entries.values()}
    yield from sorted(configuration.accounts.keys() - used - plan.learned.unmanaged.keys())


def _with_list_of(session: Session, account: str, plan: Plan) -> Plan:
    """A plan that knows what an unused account owns; one that cannot be asked is only warned of: no number is in it."""
    configuration = session.configuration
    try:
        provider = session.provider(account)
        if not (provider.capabilities.listable and provider.capabilities.readable):
            return plan
        before = provider.calls_made
        listing = provider.list_numbers()
    except ProviderError as error:
        message = f"the numbers of account {account} cannot be listed: {error}"
        place = configuration.accounts[account].location
        found = RULES[error.code].at(place, message, error.hint).with_severity(Severity.WARNING)
        return replace(plan, diagnostics=(*plan.diagnostics, found))
    numbers = tuple(sorted(listing.numbers.keys() - configuration.numbers.keys()))
    calls = Calls(plan.calls.made + provider.calls_made - before, plan.calls.saved)
    told = values_listed(listing, {account: numbers}).items()
    listed = {address: form(value, holds=session.secrets.holds).json for address, value in told}
    learned = replace(
        plan.learned,
        unmanaged={**plan.learned.unmanaged, account: numbers},
        listed={**plan.learned.listed, **listed},
    )
    return replace(plan, learned=learned, calls=calls)
