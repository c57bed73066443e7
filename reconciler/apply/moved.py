"""What is not any more as a plan was made from it: the record, its entries, live values.

Reads nothing itself: live values are those that the writers have seen. Knows no vendor.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from reconciler.apply.write import Writer
from reconciler.canonical import Form
from reconciler.change import Action, Change, LiveSource
from reconciler.diagnostics import Diagnostic, Location
from reconciler.model import Entry, Key
from reconciler.plan.model import Plan
from reconciler.record.base import RecordState
from reconciler.rules import RULES
from reconciler.stored import stored_form


def another_record(plan: Plan, state: RecordState) -> Diagnostic | None:
    """Say that the plan was made from another record than this one, or return None."""
    if plan.lineage == (state.lineage if state.serial else ""):
        return None
    message = (
        "the record was made after this plan" if not plan.lineage else "the plan was made from another record (lineage)"
    )
    return RULES["plan-stale"].at(None, message, "make a new plan")


def moved(changes: Iterable[Change], state: RecordState, writers: Mapping[str, Writer]) -> dict[Key, str]:
    """Which numbers have moved since the plan, and how."""
    changes = list(changes)
    return {**_in_record(changes, state), **_live(changes, writers)}


def _live(changes: Iterable[Change], writers: Mapping[str, Writer]) -> dict[Key, str]:
    """Which numbers are not any more what the plan was made from, and how they differ."""
    found: dict[Key, str] = {}
    for change in changes:
        writer = writers.get(change.account)
        if writer is not None and change.action is not Action.FORGET and change.key in writer.seen:
            why = writer.moved(change, writer.seen[change.key].observation)
            if why is not None:
                found[change.key] = why
    return found


def _in_record(changes: Iterable[Change], state: RecordState) -> dict[Key, str]:
    """Changes whose before came from the record: it must still say so."""
    found: dict[Key, str] = {}
    for change in changes:
        entry = state.entries.get(change.key)
        from_record = change.live_source is LiveSource.RECORDED and change.action is not Action.FORGET
        if from_record and not (entry is not None and _says(entry, change)):
            found[change.key] = "its record is another one now"
    return found


def _says(entry: Entry, change: Change) -> bool:
    """Whether a recorded value is the one that a change was made from."""
    recorded = stored_form(entry.value, entry.digests, entry.canonical_version)
    return change.before is not None and recorded.agrees(Form(change.before, change.before_digests))


def moved_diagnostic(change: Change, why: str, place: Location | None) -> Diagnostic:
    """Say of one number how it has moved, at its line."""
    message = f"{change.address} has moved since the plan: {why}"
    hint = "make a new plan, or --allow-partial for the others"
    return RULES["plan-stale"].at(place, message, hint)
