"""What can be judged of a loaded configuration offline, beyond its form.

Knows no live values, no record and no output.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from reconciler.config.load import LoadResult
from reconciler.destinations import destination_findings
from reconciler.diagnostics import Diagnostic, Diagnostics, Severity
from reconciler.effects.checks import call_loops, check_calls
from reconciler.effects.expectations import unmet
from reconciler.settings import Configuration


def validate(configuration: Configuration) -> tuple[Diagnostic, ...]:
    """What can be judged of a loaded configuration beyond its form: where calls would go, and against policy."""
    found = Diagnostics(configuration.policy.rules)
    found.extend(destination_findings(configuration))
    found.extend(check_calls(configuration))
    found.extend(unmet(configuration))
    return found.sorted()


def judged(loaded: LoadResult) -> tuple[Diagnostic, ...]:
    """All that `validate` says of what was loaded: its form, its meaning, and each prepared scenario."""
    if loaded.configuration is None:
        return tuple(loaded.diagnostics)
    known = {(item.code, item.location) for item in loaded.diagnostics}
    found = Diagnostics()
    found.extend(loaded.diagnostics)
    plain = validate(loaded.configuration)
    found.extend(item for item in plain if (item.code, item.location) not in known)
    for switched in loaded.scenarios:
        found.extend(validate_scenario(switched, plain))
    return found.sorted()


def judged_elsewhere(name: str, loaded: LoadResult, known: Collection[Diagnostic]) -> tuple[Diagnostic, ...]:
    """What is wrong with an environment laid over, beside what is `known` without it."""
    told = {_fault(item) for item in known}
    found = (item for item in judged(loaded) if item.severity is not Severity.NOTICE and _fault(item) not in told)
    return tuple(_within(f"with --environment {name}: ", item) for item in found)


def validate_scenario(switched: Configuration, known: Collection[Diagnostic]) -> tuple[Diagnostic, ...]:
    """What would keep a scenario from being applied in the night it is needed, beside what is `known` without it."""
    found = Diagnostics(switched.policy.rules)
    told = {_fault(item): set(item.numbers) for item in known}
    judged = (*destination_findings(switched), *call_loops(switched), *unmet(switched))
    found.extend(item for item in judged if not _is_told(item, told.get(_fault(item))))
    within = f"with --scenario {switched.scenario}: "
    return tuple(_within(within, item) for item in found.sorted() if item.is_error)


def _fault(found: Diagnostic) -> object:
    return (found.code, found.location, found.what or found.message)


def _is_told(found: Diagnostic, numbers: set[str] | None) -> bool:
    return numbers is not None and numbers.issuperset(found.numbers)


def _within(within: str, found: Diagnostic) -> Diagnostic:
    return replace(found, message=within + found.message, what=found.what and within + found.what)


def unplannable(configuration: Configuration) -> tuple[Diagnostic, ...]:
    """The errors among these findings that no plan may be made with: calls that go in a circle."""
    return tuple(call_loops(configuration))
