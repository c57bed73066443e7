"""An audit from a session: everything is read and held against the record, and what the files say is judged.

Writes nothing. Knows no options of a command line and no output.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

from reconciler.audit import Audit, judge_drift
from reconciler.canonical import form
from reconciler.diagnostics import Diagnostic, Diagnostics, Severity
from reconciler.http.errors import ProviderError
from reconciler.live import Progress, values_listed
from reconciler.plan import model
from reconciler.plan.build import Options
from reconciler.plan.model import Calls, Plan
from reconciler.plan.policy import WINDOW
from reconciler.record.base import RecordState
from reconciler.rules import RULES
from reconciler.wiring import Session
from reconciler.workflow.plan import make_plan
from reconciler.workflow.validate import validate


def make_audit(session: Session, warnings: tuple[Diagnostic, ...], progress: Callable[[Progress], None]) -> Audit:
    """Say where reality differs from what was last written, and what is at risk. Raises RecordError."""
    configuration = session.configuration
    plan, state = make_plan(session, Options(warnings=warnings, progress=progress))
    told = Diagnostics(configuration.policy.rules)
    told.extend(model.scenario_reminder(configuration, state.scenario))
    for account in _unused(session, plan, state):
        plan = _with_list_of(session, account, plan)
    known = {(item.code, item.location) for item in warnings}
    audit = judge_drift(
        plan,
        state,
        accounts=configuration.accounts,
        risks=[item for item in validate(configuration) if (item.code, item.location) not in known],
        diagnostics=[*told, *_closed(plan), *(item for item in plan.diagnostics if item.code != model.RULE)],
        today=session.plan_context(make_key=False).today,
    )
    lacking = {name: account.unlisted for name, account in configuration.accounts.items() if account.unlisted}
    return replace(audit, lacking=lacking)


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
