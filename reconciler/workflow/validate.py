"""What can be judged of a loaded configuration offline, beyond its form.

Knows no live values, no record and no output.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from reconciler.destinations import destination_findings
from reconciler.diagnostics import Diagnostic, Diagnostics
from reconciler.effects.checks import call_loops, check_calls
from reconciler.settings import Configuration


def validate(configuration: Configuration) -> tuple[Diagnostic, ...]:
    """What can be judged of a loaded configuration beyond its form: where calls would go, and against policy."""
    found = Diagnostics(configuration.policy.rules)
    found.extend(destination_findings(configuration))
    found.extend(check_calls(configuration))
    return found.sorted()


def validate_scenario(switched: Configuration, known: Collection[Diagnostic]) -> tuple[Diagnostic, ...]:
    """What would keep a scenario from being applied in the night it is needed, beside what is `known` without it."""
    found = Diagnostics(switched.policy.rules)
    found.extend(item for item in (*destination_findings(switched), *call_loops(switched)) if item not in known)
    told = (replace(item, message=f"with --scenario {switched.scenario}: {item.message}") for item in found.sorted())
    return tuple(item for item in told if item.is_error)


def unplannable(configuration: Configuration) -> tuple[Diagnostic, ...]:
    """The errors among these findings that no plan may be made with: calls that go in a circle."""
    return tuple(call_loops(configuration))
