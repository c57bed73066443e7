"""Plans, changes and reports made by hand, for views to draw."""

from __future__ import annotations

from typing import Any

from reconciler.diagnostics import Diagnostic, Location, Severity
from reconciler.effects.change import effects
from reconciler.model import Action, Change, FieldChange, Key, Kind, LiveSource
from reconciler.plan.model import Breach, Plan

NOTHING = {"type": "none"}


def target(to: str = "74992223344", timeout: int = 16, **more: Any) -> dict[str, Any]:
    """A target in canonical form."""
    empty = {"schedule": None, "schedule_description": "", "name": "", "active": True}
    return {"to": to, "timeout": timeout, **empty, **more}


def numbers(*targets: dict[str, Any], **more: Any) -> dict[str, Any]:
    """A forwarding to numbers in canonical form."""
    empty = {"event_url": "", "event_extended": False, "client_id": "", "file_to_a": "", "file_to_b": ""}
    empty |= {"masking": False, "display_number": ""}
    return {"type": "number", "redirect": "single", "targets": list(targets), **empty, **more}


def url(address: str, reserve: str = "") -> dict[str, Any]:
    return {"type": "url", "url": address, "reserve": reserve}


def change(address: str, action: Action, before: Any, after: Any, *fields: FieldChange, **more: Any) -> Change:
    """A change that was read live."""
    account, _, number = address.partition("/")
    kind = more.pop("kind", Kind.FORWARDING)
    noticed = effects(before, after)
    more = {"live_source": LiveSource.READ, "read_at": "2026-11-21T10:00:00Z", "effects": noticed, **more}
    key = Key("mtt" if kind is Kind.PARKING else "exolve", number, kind)
    return Change(key, account, action, before, after, tuple(fields), **more)


def plan(*changes: Change, **more: Any) -> Plan:
    return Plan(
        configuration="moscow-lines",
        config_digest="sha256:00",
        lineage="a-lineage",
        created_at="2026-11-21T10:00:00Z",
        changes=changes,
        **more,
    )


def breach(rule: str, message: str, allowed_by: str, location: Location | None = None, hint: str = "") -> Breach:
    return Breach(rule, "", Diagnostic(rule, Severity.ERROR, message, location, hint or None), allowed_by)


def place(file: str, line: int, column: int, length: int, excerpt: str | None = None) -> Location:
    return Location(file, line, column, line, column + length, excerpt)
