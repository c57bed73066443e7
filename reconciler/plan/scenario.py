"""What a plan says of the scenario that the last apply put into force.

Pure; knows neither record backends nor output.
"""

from __future__ import annotations

from collections.abc import Iterator

from reconciler.config.settings import Configuration
from reconciler.diagnostics import Diagnostic
from reconciler.plan.model import Plan
from reconciler.rules import RULES

RULE = "scenario-in-force"
_GO_BACK = "to go back: reconciler apply without --scenario"


def reminder(plan: Plan, in_force: str) -> Iterator[Diagnostic]:
    """Remind of the scenario in force ("" = none), and say how to go back or how to stay."""
    if in_force and plan.scenario == in_force:
        message = f"scenario '{in_force}' is in force since an earlier apply"
        yield _found(message, _GO_BACK)
    elif in_force and plan.has_changes:
        leads_to = f"replaces it by '{plan.scenario}'" if plan.scenario else "goes back to the files without it"
        message = f"scenario '{in_force}' is in force; this plan {leads_to}"
        yield _found(message, f"to stay in it: --scenario {in_force}; to leave it: apply this plan")


def told(scenario: str | None, in_force: str) -> Iterator[Diagnostic]:
    """Tell an audit against `scenario` (None = the files as they are) which one is in force, and how to go back."""
    if not in_force:
        return
    message, hint = f"scenario '{in_force}' is in force since an earlier apply", _GO_BACK
    if scenario != in_force:
        message += "; what leads away from it counts as not applied yet"
        hint = f"to audit it: --scenario {in_force}; {hint}"
    yield _found(message, hint)


def _found(message: str, hint: str | None) -> Diagnostic:
    return Diagnostic(RULE, RULES[RULE].severity, message, hint=hint)


def is_whole(plan: Plan, configuration: Configuration) -> bool:
    """Whether a plan is about everything that is declared: only then is a scenario left behind by it."""
    return configuration.whole and sum(plan.summary.values()) >= len(configuration.desired)
