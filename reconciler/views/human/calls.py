"""Live calls, workplaces, and what a service accepted, for people and as JSON.

Knows no vendor and no options.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

from reconciler.calls.base import Done, Listing, LiveCall
from reconciler.views.base import EMPTY, Line, line
from reconciler.views.human.tables import table

_CALL_HEAD = ("EXTENSION", "CALL", "WAY", "FROM", "TO", "SINCE", "STATE")
_WORKPLACE_HEAD = ("WORKPLACE", "NAME", "TERMINALS")


def listing_json(found: Listing) -> dict[str, Any]:
    """What a service lists."""
    calls = None if found.calls is None else [asdict(each) for each in found.calls]
    workplaces = None if found.workplaces is None else [each._asdict() for each in found.workplaces]
    return {"calls": calls, "workplaces": workplaces, "note": found.note}


def listing(found: Listing, columns: int) -> Iterator[Line]:
    """What a service lists, as tables, and what it does not list."""
    if found.calls:
        yield from table(_CALL_HEAD, [_row(each) for each in found.calls], columns)
    elif found.calls is not None:
        yield line("no live calls")
    if found.workplaces:
        rows = [(each.id, each.name, ", ".join(each.terminals)) for each in found.workplaces]
        yield from table(_WORKPLACE_HEAD, rows, columns)
    elif found.workplaces is not None:
        yield line("no workplaces")
    yield EMPTY
    yield line(found.note)


def _row(call: LiveCall) -> tuple[str, ...]:
    caller = " ".join(filter(None, (call.caller_number, call.caller_name)))
    called = call.called_number or call.called_did or ""
    if call.called_did and call.called_did != called:
        called = f"{called} (by {call.called_did})"
    return (call.extension or "?", call.id, call.direction or "", caller, called, call.started or "", _state(call))


def _state(call: LiveCall) -> str:
    if call.holds_conversation is False:
        return "held elsewhere"
    return f"answered {call.answered}" if call.answered else "ringing"


def done(accepted: Done, service: str) -> Iterator[Line]:
    """What a service accepted."""
    yield line(f"accepted by {service}" + (f": call {accepted.call}" if accepted.call else ""))
    if accepted.limits:
        yield line("requests: " + ", ".join(f"{name} {value}" for name, value in accepted.limits.items()))
