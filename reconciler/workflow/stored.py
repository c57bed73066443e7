"""A plan that was stored or reviewed: read again, bound to the configuration, held against what is true now.

Knows no signatures (they are proven before) and no output.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from reconciler.apply.binding import StalePlanError, bound, stale
from reconciler.canonical import dump
from reconciler.change import Change
from reconciler.clock import epoch, rfc3339
from reconciler.diagnostics import Diagnostic, Severity
from reconciler.formats.plan import PlanFileError, load_plan
from reconciler.git import current_commit
from reconciler.model import Desired
from reconciler.plan.model import Consent, Plan
from reconciler.plan.undo import undoing
from reconciler.secrets import SecretError
from reconciler.wiring import Session
from reconciler.workflow.plan import judged_again

_CLOCKS_DIFFER_BY = 300.0  # seconds between the machine that plans and the one that applies


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
    _check_expiry(plan, session.clock.now())
    if plan.commit is not None and plan.commit != (current_commit(configuration.root) or plan.commit):
        raise stale(f"the plan was made at commit {plan.commit[:12]}, and another one is checked out")
    merged = Consent(plan.consent.allow | consent.allow, plan.consent.overrides | consent.overrides)
    try:
        changes = bound(plan.changes, _wanted(session, plan), session.ground())
    except SecretError as error:
        raise PlanFileError(str(error)) from None
    plan = replace(plan, changes=changes, consent=merged)
    return replace(plan, breaches=judged_again(configuration, plan))


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


def read_file(path: Path) -> bytes:
    """A plan file's bytes; raises PlanFileError."""
    try:
        return path.read_bytes()
    except OSError as error:
        raise PlanFileError(f"it cannot be read: {error.strerror}") from None


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


def _check_expiry(plan: Plan, now: float) -> None:
    """Raise StalePlanError for a plan that is too old, or of which a clock that went back cannot tell."""
    if plan.expires_at is None:
        return
    if now >= _time("expires_at", plan.expires_at):
        raise stale(f"the plan expired at {plan.expires_at}")
    if now < _time("created_at", plan.created_at) - _CLOCKS_DIFFER_BY:
        raise stale(
            f"the plan was made at {plan.created_at}, and this machine's clock says {rfc3339(now)}: set it right"
        )


def _time(field: str, text: str) -> float:
    try:
        return epoch(text)
    except ValueError:
        raise PlanFileError(f"it is damaged at `{field}`: it is no time; make a new plan") from None
