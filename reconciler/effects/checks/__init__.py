"""What goes wrong for callers across a configuration: gaps, loops, targets that ring twice or never.

Each check yields diagnostics at the line that causes it. Knows no live values and no output format.
"""

from __future__ import annotations

from collections.abc import Iterator

from reconciler.diagnostics import Diagnostic
from reconciler.effects.checks.calls import CallMap
from reconciler.effects.checks.chains import long_chains, loops
from reconciler.effects.checks.phones import dead_ends, foreign_display_numbers, shared_phones
from reconciler.effects.checks.places import parking_without_listener, private_trunks, urls_without_reserve
from reconciler.effects.checks.ringing import ringing_faults
from reconciler.settings import Configuration

__all__ = ["call_loops", "check_calls"]


def check_calls(configuration: Configuration) -> Iterator[Diagnostic]:
    """Run every check, in the severities of the table of rules."""
    calls = CallMap.of(configuration)
    yield from ringing_faults(calls)
    yield from call_loops(configuration) if configuration.others else loops(calls)
    yield from long_chains(calls)
    yield from dead_ends(calls)
    yield from shared_phones(calls)
    yield from foreign_display_numbers(calls)
    yield from urls_without_reserve(calls)
    yield from private_trunks(calls)
    yield from parking_without_listener(calls)


def call_loops(configuration: Configuration) -> Iterator[Diagnostic]:
    """Run the one check that finds errors, for those who need nothing else."""
    yield from loops(CallMap.of(configuration, with_others=True))
