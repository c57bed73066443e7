"""The period language: when a target is active, as a string, a syntax tree and an exact set of instants.

Imports nothing of ours but `diagnostics`; usable as a library (`docs/period.md`).
"""

from __future__ import annotations

from reconciler.schedule.account import UnionStyle, account_findings
from reconciler.schedule.instants import Instants
from reconciler.schedule.lint import check, zone_findings
from reconciler.schedule.period import ALWAYS_PERIOD, CANONICAL_VERSION, NEVER_PERIOD, Period, PeriodError
from reconciler.schedule.pieces import NotExpressibleError
from reconciler.schedule.scales import WeekdayBase
from reconciler.schedule.zones import UnknownZoneError

__all__ = [
    "ALWAYS_PERIOD",
    "CANONICAL_VERSION",
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
    "zone_findings",
]
