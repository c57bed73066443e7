"""What a plan says of the scenario that the last apply put into force.

Pure; knows neither record backends nor output.
"""

from __future__ import annotations

from collections.abc import Iterator

from reconciler.config.settings import Configuration
from reconciler.diagnostics import Diagnostic
from reconciler.plan.model import Plan
from reconciler.rules import RULES

_RULE = "scenario-in-force"


def reminder(plan: Plan, in_force: str) -> Iterator[Diagnostic]:
    """Remind of the scenario in force ("" = none), and say how to go back or how to stay."""
    if in_force and plan.scenario == in_force:
        message = f"scenario '{in_force}' is in force since an earlier apply"
        yield _found(message, "to go back: reconciler apply without --scenario")
    elif in_force and plan.has_changes:
        leads_to = f"replaces it by '{plan.scenario}'" if plan.scenario else "goes back to the files without it"
        message = f"scenario '{in_force}' is in force; this plan {leads_to}"
        yield _found(message, f"to stay in it: --scenario {in_force}; to leave it: apply this plan")


def _found(message: str, hint: str | None) -> Diagnostic:
    return Diagnostic(_RULE, RULES[_RULE].severity, message, hint=hint)


def is_whole(plan: Plan, configuration: Configuration) -> bool:
    """Whether a plan is about everything that is declared: only then is a scenario left behind by it."""
    return configuration.whole and sum(plan.summary.values()) >= len(configuration.desired)
