"""A plan and an audit as remarks: each change and drift at the line that declares its number, and what refuses it.

Knows no format, no command and no terminal.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from reconciler.audit import Audit
from reconciler.diagnostics import Diagnostic, Location, Severity
from reconciler.effects.wording import Wording
from reconciler.model import Change
from reconciler.plan.model import Breach, Plan
from reconciler.views.base import WIDE, text_of
from reconciler.views.ci.review import Remark, Review, remark
from reconciler.views.human.audit import audit_sum_lines
from reconciler.views.human.plan import allowance_lines, sum_lines
from reconciler.views.human.told import BY_HAND, DRIFT_SIDES, GONE, SIDES, tell, where
from reconciler.views.human.values import gist

POLICY = "policy"
_ALLOWANCE = "needs-"


def plan_review(shown: Plan, told: Iterable[Diagnostic], *, failed: bool, enforced: bool) -> Review:
    """The whole plan, with as many of its findings as are told.

    A missing allowance is a warning, as it may come with the apply, and an error where policy is `enforced` now.
    """
    say = Wording(shown.names)
    remarks = (
        *(_breach(item, enforced=enforced) for item in shown.breaches),
        *(remark(item) for item in told),
        *(_change(item, say) for item in shown.changes),
    )
    summary, verdict = tuple(_summary(shown)), _plan_verdict(shown, failed=failed)
    return Review("plan", shown.configuration, summary, verdict, remarks, made_at=shown.created_at)


def change_lines(change: Change, say: Wording, sides: tuple[str, str] = SIDES) -> Iterator[str]:
    """What there is to say of a change, a line each: its description, what it does, and what callers notice."""
    told = tell(change, say, sides=sides)
    gone = GONE if where(change, say) == GONE else ""
    yield from filter(None, (change.description, gone, BY_HAND if told.by_hand else "", ", ".join(told.headline)))
    yield from (f"{side.label}: {', '.join(side.lines)}" for side in told.sides)
    yield from (f"{row.label}: {row.text}" + (f" ({row.place})" if row.place else "") for row in told.fields)
    if told.unnoticed:
        yield "callers notice nothing"
    yield from (f"callers ({row.label}): {row.text}" for row in told.effects)


def place_at(declared_at: str) -> Location | None:
    """The place that a change was declared at, None where no file declares its number any more."""
    if not declared_at:
        return None
    file, line, column = declared_at.rsplit(":", 2)
    return Location(file, int(line), int(column), int(line), int(column))


def _change(change: Change, say: Wording) -> Remark:
    return Remark(
        f"change-{change.action.value}",
        Severity.NOTICE,
        f"{change.action.value} {change.address}",
        tuple(change_lines(change, say)),
        place_at(change.declared_at),
        group=change.account,
        subject=change.address,
    )


def _breach(breach: Breach, *, enforced: bool) -> Remark:
    found = breach.diagnostic
    is_allowance = breach.rule.startswith(_ALLOWANCE)
    return Remark(
        breach.rule,
        Severity.WARNING if is_allowance and not enforced else Severity.ERROR,
        breach.rule,
        (found.message,),
        found.location,
        found.hint or "",
        found.related,
        breach.address.rpartition("/")[0] or POLICY,
        breach.address,
        fails=True,
    )


def _summary(shown: Plan) -> Iterator[str]:
    yield from text_of(sum_lines(shown, WIDE)).splitlines()
    yield from text_of(allowance_lines(shown.breaches)).splitlines()
    if any(not breach.rule.startswith(_ALLOWANCE) for breach in shown.breaches):
        yield "apply would refuse this plan"


def _plan_verdict(shown: Plan, *, failed: bool) -> Severity:
    if failed:
        return Severity.ERROR
    return Severity.WARNING if shown.breaches else Severity.NOTICE


def audit_review(shown: Audit, told: Iterable[Diagnostic], *, failed: bool) -> Review:
    """The whole audit, with as many of the findings about the reading as are told."""
    say = Wording(shown.names)
    remarks = (
        *(_drift(change, say) for change in shown.drift),
        *(remark(item) for item in (*told, *shown.risks)),
        *(_pending(change, say) for change in shown.pending),
        *_unmanaged(shown),
    )
    summary = tuple(text_of(audit_sum_lines(shown, WIDE)).splitlines())
    verdict = _audit_verdict(shown, failed=failed)
    return Review("audit", shown.configuration, summary, verdict, remarks, made_at=shown.created_at)


def _audit_verdict(shown: Audit, *, failed: bool) -> Severity:
    if failed:
        return Severity.ERROR
    return Severity.WARNING if shown.drift else Severity.NOTICE


def _drift(change: Change, say: Wording) -> Remark:
    return Remark(
        "drift",
        Severity.WARNING,
        f"drift {change.address}",
        tuple(change_lines(change, say, DRIFT_SIDES)),
        place_at(change.declared_at),
        group=change.account,
        subject=change.address,
        fails=True,
    )


def _pending(change: Change, say: Wording) -> Remark:
    return Remark(
        "not-applied",
        Severity.NOTICE,
        f"not applied {change.address}",
        (f"apply would {change.action.value}: {tell(change, say).gist}",),
        place_at(change.declared_at),
        group=change.account,
        subject=change.address,
    )


def _unmanaged(shown: Audit) -> Iterator[Remark]:
    for account, numbers in shown.unmanaged.items():
        for number in numbers:
            address = f"{account}/{number}"
            value = shown.listed.get(address)
            lines = ("owned by the account, declared in no file", *([gist(value)] if value is not None else []))
            title = f"unmanaged {address}"
            yield Remark("unmanaged", Severity.NOTICE, title, lines, group=account, subject=address, unjudged=True)
