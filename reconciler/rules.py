"""Every rule code, once: its default severity, one sentence, and whether `policy.rules` may change it.

A code is stable and never reused. Checks name a rule by its code; the docs page of rules is generated from here.
Adding a rule: a row here, an example under `examples/invalid/` that triggers exactly it.
"""

from __future__ import annotations

from dataclasses import dataclass

from reconciler.diagnostics import Severity

_ERROR, _WARNING, _NOTICE = Severity.ERROR, Severity.WARNING, Severity.NOTICE


@dataclass(frozen=True, slots=True)
class Rule:
    """One row of the table. `adjustable`: `policy.rules` may give it another severity or switch it off."""

    code: str
    severity: Severity
    sentence: str
    adjustable: bool = False


_TABLE: tuple[Rule, ...] = (
    # -- files and YAML ---------------------------------------------------------------------------------------------
    # -- configuration ----------------------------------------------------------------------------------------------
    # -- numbers, targets, parking ----------------------------------------------------------------------------------
    # -- periods and schedules (every code begins with `period-` or `schedule-`) ---------------------------------------
    # -- live reads, plan, policy -------------------------------------------------------------------------------------
    # -- apply and record ---------------------------------------------------------------------------------------------
)

RULES: dict[str, Rule] = {rule.code: rule for rule in _TABLE}
