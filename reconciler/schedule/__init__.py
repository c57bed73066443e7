"""The period language: when a target is active, as a string, a syntax tree and an exact set of instants.

Imports nothing of ours but `diagnostics`; usable as a library (`docs/period.md`).
How it works, with a drawing: `docs/schedule-engine.md`.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Final

from reconciler.schedule.instants import Instants, NotExpressibleError
from reconciler.schedule.masks import WeekdayBase
from reconciler.schedule.period import ALWAYS_PERIOD, CANONICAL_VERSION, LONGEST, NEVER_PERIOD, Period, PeriodError

if TYPE_CHECKING:
    from reconciler.schedule.account import UnionStyle, account_findings
    from reconciler.schedule.lint import check, zone_findings
    from reconciler.schedule.telling import told
    from reconciler.schedule.words import phrased
    from reconciler.schedule.zones import UnknownZoneError

__all__ = [
    "ALWAYS_PERIOD",
    "CANONICAL_VERSION",
    "LONGEST",
    "NEVER_PERIOD",
    "Instants",
    "NotExpressibleError",
    "Period",
    "PeriodError",
    "UnionStyle",
    "UnknownZoneError",
    "WeekdayBase",
    "account_findings",
    "check",
    "phrased",
    "told",
    "zone_findings",
]

# docs/decisions/013
_LATER: Final = {
    "UnionStyle": "account",
    "account_findings": "account",
    "check": "lint",
    "zone_findings": "lint",
    "UnknownZoneError": "zones",
    "phrased": "words",
    "told": "telling",
}


def __getattr__(name: str) -> object:
    """Load the judges of periods when they are first asked for; a filter that only matches never pays for them."""
    if name not in _LATER:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_LATER[name]}"), name)
