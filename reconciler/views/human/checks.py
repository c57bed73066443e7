"""What `doctor` found, a row a check.

Knows no check by itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from reconciler.views.base import EMPTY, Page, Span, Tone, line, plural
from reconciler.views.human.tables import table


class Health(StrEnum):
    """How a check went."""

    OK = "ok"
    WARN = "warn"
    FAIL = "fail"


_TONES = {Health.OK: Tone.ADDED, Health.WARN: Tone.WARNING, Health.FAIL: Tone.ERROR}


@dataclass(frozen=True, slots=True)
class Check:
    """One check: what was looked at, how it is, a sentence, and a remedy."""

    what: str
    health: Health
    message: str
    hint: str | None = None


def checks(shown: Sequence[Check], columns: int) -> Page:
    """All checks in a table, and what they mean together."""
    rows = [(Span(check.health.value, _TONES[check.health]), check.what, _text(check)) for check in shown]
    failed = sum(check.health is Health.FAIL for check in shown)
    warned = sum(check.health is Health.WARN for check in shown)
    if failed:
        verdict = line(Span(f"{plural(failed, 'check')} failed: an apply would not go through.", Tone.ERROR))
    elif warned:
        verdict = line(Span(f"Nothing would stop an apply; {plural(warned, 'warning')}.", Tone.WARNING))
    else:
        verdict = line(Span("Nothing would stop an apply.", Tone.ADDED))
    return [*table(("", "CHECK", "FOUND"), rows, columns), EMPTY, verdict]


def checks_json(shown: Sequence[Check]) -> list[dict[str, Any]]:
    """The content of the JSON answer."""
    return [
        {"check": check.what, "status": check.health.value, "message": check.message, "hint": check.hint}
        for check in shown
    ]


def _text(check: Check) -> str:
    return f"{check.message}\nhint: {check.hint}" if check.hint else check.message
