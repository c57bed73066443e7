"""Exit codes, the same for every command, and which one holds where several do.

Knows no option and no output.
"""

from __future__ import annotations

from enum import IntEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from reconciler.apply.report import ApplyReport
    from reconciler.audit import Audit
    from reconciler.plan.model import Plan


class Exit(IntEnum):
    """What a process ends with."""

    DONE = 0
    ERROR = 1
    CHANGES = 2
    PARTIAL = 3
    STALE = 4
    REFUSED = 5
    USAGE = 64
    INTERRUPTED = 130


_UNWRITTEN_ORDER = (Exit.INTERRUPTED, Exit.ERROR, Exit.STALE, Exit.REFUSED, Exit.CHANGES)


def first(holding: set[Exit]) -> Exit:
    """The code that counts where several hold and nothing was written."""
    return next((code for code in _UNWRITTEN_ORDER if code in holding), Exit.DONE)


def of_plan(plan: Plan, *, detailed: bool, enforce_policy: bool) -> Exit:
    """The code of `plan`."""
    holding = set()
    if not plan.complete or any(item.is_error for item in plan.diagnostics):
        holding.add(Exit.ERROR)
    if enforce_policy and plan.breaches:
        holding.add(Exit.REFUSED)
    if detailed and plan.has_changes:
        holding.add(Exit.CHANGES)
    return first(holding)


def of_audit(audit: Audit) -> Exit:
    """The code of `audit`: only drift counts as such, not what is not applied yet or not managed."""
    holding = set()
    if audit.has_errors:
        holding.add(Exit.ERROR)
    if audit.drift:
        holding.add(Exit.CHANGES)
    return first(holding)


def of_report(report: ApplyReport) -> Exit:
    """The code of `apply`."""
    from reconciler.apply.report import Halt

    if report.halt is Halt.INTERRUPTED:
        return Exit.INTERRUPTED
    if report.converged:
        return Exit.DONE
    return Exit.PARTIAL if report.wrote else _unwritten(report)


def _unwritten(report: ApplyReport) -> Exit:
    """Nothing was written: an error counts before staleness, and that before a refusal."""
    from reconciler.apply.report import Halt
    from reconciler.model import Outcome

    failed = any(result.outcome in (Outcome.FAILED, Outcome.UNKNOWN) for result in report.results)
    holding = set()
    if failed or not report.complete or report.halt is Halt.RECORD:
        holding.add(Exit.ERROR)
    if report.halt is Halt.STALE or any(item.code == "plan-stale" for item in report.diagnostics):
        holding.add(Exit.STALE)
    closed = any(item.code == "policy-change-window" for item in report.diagnostics)
    if report.halt in (Halt.REFUSED, Halt.LOCK) or closed:
        holding.add(Exit.REFUSED)
    return first(holding) if holding else Exit.ERROR
