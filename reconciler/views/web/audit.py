"""An audit as a page: what drifted, with the week as it was written and as it is, and all else that the audit tells.

Knows neither commands nor files.
"""

from __future__ import annotations

from dataclasses import replace

from reconciler.audit import Audit
from reconciler.change import Change
from reconciler.clock import epoch
from reconciler.diagnostics import Diagnostic
from reconciler.views.base import WIDE, text_of
from reconciler.views.human.audit import aim, head_lines, sum_lines
from reconciler.views.human.plan import place_of
from reconciler.views.web.pages import Clean, render
from reconciler.views.web.plan import MOST_PICTURES, Section, section

OLD, NEW = "As last written", "Live now"


def page(shown: Audit, *, zone: str, clean: Clean = str) -> str:
    """Draw the whole page; pictures are of the week in which the audit was made, in a zone."""
    at = int(epoch(shown.created_at))
    sections = [_drift(change, at if index < MOST_PICTURES else None, zone) for index, change in enumerate(shown.drift)]
    return render(
        "audit.html.j2",
        clean,
        title=f"Audit of {shown.configuration}" if shown.configuration else "Audit",
        summary=text_of((*sum_lines(shown, WIDE), head_lines(shown)[0])).splitlines(),
        audit=shown,
        zone=zone,
        sections=sections,
        sides=(OLD, NEW),
        most_pictures=MOST_PICTURES,
        pending=[(each.address, each.action.value, aim(each), place_of(each.declared_at)) for each in shown.pending],
        findings=[_told(item) for item in (*shown.diagnostics, *shown.risks)],
    )


def _drift(change: Change, at: int | None, zone: str) -> Section:
    drawn = section(change, at, zone, sides_of_week=(OLD.lower(), NEW.lower()))
    return replace(drawn, action="drift")


def _told(found: Diagnostic) -> tuple[str, str, str, str, str]:
    """Severity, rule, message, place and hint."""
    place = place_of(str(found.location)) if found.location else ""
    return found.severity.value, found.code, found.message, place, found.hint or ""
