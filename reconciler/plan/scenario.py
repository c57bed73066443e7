"""What a plan says of the scenario that the last apply put into force.

Pure; knows neither record backends nor output.
"""

from __future__ import annotations

from collections.abc import Iterator

from reconciler.diagnostics import Diagnostic
from reconciler.plan.model import Plan
from reconciler.rules import RULES
from reconciler.settings import Configuration

RULE = "scenario-in-force"
_GO_BACK = "to go back: reconciler apply without --scenario"


def reminder(plan: Plan, in_force: str, configuration: Configuration) -> Iterator[Diagnostic]:
    """Remind of the scenario in force ("" = none), and say how to go back or how to stay."""
    if not in_force:
        return
    message, hint = f"scenario '{in_force}' is in force", _GO_BACK
    if plan.origin == "undo":
        message += ", and an undo leaves it so"
        hint = f"afterwards: reconciler plan, to go back; to stay in it: {_stay(in_force, configuration)}"
    elif plan.scenario == in_force:
        message += " since an earlier apply"
    elif plan.has_changes:
        leads_to = f"replaces it by '{plan.scenario}'" if plan.scenario else "goes back to the files without it"
        message += f"; this plan {leads_to}"
        hint = f"to stay in it: {_stay(in_force, configuration)}; to leave it: apply this plan"
    elif plan.scenario is None:
        message += " since an earlier apply, and what was planned here is as the files say without it"
    else:
        message += f" since an earlier apply, and what was planned here is as '{plan.scenario}' says"
        hint = "to record the other one: apply this plan"
    yield RULES[RULE].at(None, message, hint)


def told(configuration: Configuration, in_force: str) -> Iterator[Diagnostic]:
    """Tell an audit of a configuration, with or without a scenario, which one is in force, and how to go back."""
    if not in_force:
        return
    message, hint = f"scenario '{in_force}' is in force since an earlier apply", _GO_BACK
    if configuration.scenario != in_force:
        message += "; what leads away from it counts as not applied yet"
        hint = f"to audit it: {_stay(in_force, configuration)}; {hint}"
    yield RULES[RULE].at(None, message, hint)


def _stay(in_force: str, configuration: Configuration) -> str:
    known = configuration.scenarios
    gone = known is not None and in_force not in known
    return f"put '{in_force}' back into the files, then --scenario {in_force}" if gone else f"--scenario {in_force}"


def is_whole(plan: Plan, configuration: Configuration) -> bool:
    """Whether a plan is about everything that is declared: only then is a scenario left behind by it."""
    whole = configuration.whole and not plan.narrowed and not plan.left_out
    return whole and sum(plan.summary.values()) >= len(configuration.desired)
