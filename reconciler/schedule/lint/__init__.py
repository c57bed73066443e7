"""Warnings about well-formed periods that probably do not say what was meant.

Must not know accounts (see `account`) or time; the day from which years count as past is passed in.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from reconciler.diagnostics import Finding
from reconciler.schedule.grammar import read
from reconciler.schedule.lint.clock import CLOCK_CHECKS
from reconciler.schedule.lint.dates import DATE_CHECKS
from reconciler.schedule.lint.view import View
from reconciler.schedule.lint.whole import whole_findings
from reconciler.schedule.lint.zone import zone_findings
from reconciler.schedule.scales import WeekdayBase

if TYPE_CHECKING:
    from datetime import date

__all__ = ["check", "zone_findings"]


@lru_cache(maxsize=4096)  # a configuration says the same few periods again and again
def check(text: str, *, weekday_base: WeekdayBase = "sunday", today: date | None = None) -> tuple[Finding, ...]:
    """List the errors of grammar or, where there are none, the warnings about a period, in the order of its text.

    With `today` a period whose last year is over is told too.
    """
    tree, errors = read(text, weekday_base)
    if errors:
        return errors
    findings = list(whole_findings(tree, today))
    always = any(finding.code == "period-always" for finding in findings)
    for part in () if always else tree.parts:
        view = View(tree, part)
        for find in (*CLOCK_CHECKS, *DATE_CHECKS):
            findings += find(view)
    return tuple(sorted(findings, key=lambda finding: (finding.start, finding.code)))
