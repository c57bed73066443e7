"""An audit from a session: everything is read and held against the record, and what the files say is judged.

Writes nothing. Knows no options of a command line and no output.
"""

from __future__ import annotations

from collections.abc import Callable

from reconciler.audit import Audit, judged
from reconciler.diagnostics import Diagnostic, Diagnostics
from reconciler.live import Progress
from reconciler.plan import scenario
from reconciler.wiring import Session
from reconciler.workflow.plan import Planning, make_plan
from reconciler.workflow.validate import validate


def make_audit(session: Session, warnings: tuple[Diagnostic, ...], progress: Callable[[Progress], None]) -> Audit:
    """Say where reality differs from what was last written, and what is at risk. Raises RecordError."""
    configuration = session.configuration
    plan, state = make_plan(session, Planning(warnings=warnings, progress=progress))
    told = Diagnostics(configuration.policy.rules)
    told.extend(scenario.told(configuration.scenario, state.scenario))
    known = {(item.code, item.location) for item in warnings}
    return judged(
        plan,
        state,
        accounts=configuration.accounts,
        risks=[item for item in validate(configuration) if (item.code, item.location) not in known],
        diagnostics=[*told, *(item for item in plan.diagnostics if item.code != scenario.RULE)],
        today=session.ground(make_key=False).today,
    )
