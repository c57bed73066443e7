"""An apply from a session and a plan: within the change window, under the policy, to a report.

Knows no options of a command line and no output.
"""

from __future__ import annotations

from dataclasses import replace

from reconciler.apply.journal import Emit, ignore
from reconciler.apply.report import ApplyReport
from reconciler.apply.run import Job, apply
from reconciler.diagnostics import Diagnostics
from reconciler.plan.model import Plan, is_whole
from reconciler.plan.policy import change_window_guard, in_change_window
from reconciler.settings import Configuration
from reconciler.wiring import Session
from reconciler.workflow.plan import sandbox_in_use
from reconciler.workflow.stored import StoredPlan


def apply_stored(
    session: Session, stored: StoredPlan, *, emit: Emit = ignore, allow_partial: bool = False
) -> ApplyReport:
    """Apply a plan, fresh or stored and decided again; `allow_partial` what has not moved of it. Raises RecordError."""
    configuration, plan = session.configuration, stored.plan
    closed = change_window_guard(configuration.policy, plan.consent, session.clock.now)
    plan = in_change_window(plan, configuration.policy, closed())
    job = Job(
        plan=plan,
        record=session.record,
        context=session.plan_context(),
        clock=session.clock,
        open_provider=session.provider,
        run=session.new_run(origin=plan.origin if plan.origin != "plan" else "apply", commit=plan.commit),
        state=stored.state,
        seen=stored.seen,
        differing=stored.differing,
        unread=stored.unread,
        done=stored.done,
        emit=emit,
        max_failures=configuration.policy.max_failures,
        allow_partial=allow_partial,
        may_write=closed,
        scenario=None if stored.done and not plan.changes else _scenario(plan, configuration),
        places=configuration.numbers,
        settle_seconds={name: account.settle_seconds for name, account in configuration.accounts.items()},
    )
    whole = (is_whole(plan, configuration) or plan.origin == "undo") and not stored.done and not plan.left_alone
    whole = whole and bool(plan.changes or plan.unchanged)
    report, told = apply(job), Diagnostics(configuration.policy.rules)
    told.extend(sandbox_in_use(configuration))
    return replace(report, whole=whole, diagnostics=(*told, *report.diagnostics))


def _scenario(plan: Plan, configuration: Configuration) -> str | None:
    """Which scenario is in force once all of a plan is applied ("" = none); None leaves the record's."""
    if plan.origin == "undo":
        return None
    leaves = is_whole(plan, configuration) and plan.complete
    return plan.scenario or ("" if leaves else None)
