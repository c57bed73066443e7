"""What is kept of earlier runs, as what is known to be secret now demands: masked, with keyed digests.

So a value that was recorded before its secret was known still equals the live one, and is stored in clear no more.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from reconciler.canonical import Form, stored_form
from reconciler.model import CANONICAL_VERSION, Entry
from reconciler.plan.model import Plan
from reconciler.plan.subject import Ground, form_after, form_before
from reconciler.record.base import Intent, RecordState


# docs/decisions/114
def concealed(state: RecordState, ground: Ground) -> RecordState:
    """The record without what is secret now."""
    holds = ground.secrets.holds
    entries = {key: _entry(entry, ground) if holds(entry.value) else entry for key, entry in state.entries.items()}
    windows = tuple(
        replace(window, intents=tuple(_intent(intent, ground) for intent in window.intents))
        if any(holds(intent.before) or holds(intent.after) for intent in window.intents)
        else window
        for window in state.windows
    )
    return replace(state, entries=entries, windows=windows)


def healing(plan: Plan, recorded: RecordState, state: RecordState) -> Plan:
    """A plan that also records anew what it saw to be as recorded, and what is recorded with a secret in clear."""
    known = {entry.key for entry in plan.learned.recordings} | {change.key for change in plan.changes}
    due = [entry for key, entry in state.entries.items() if entry is not recorded.entries[key]]
    again = [entry for entry in due if entry.key in plan.learned.observed - known]
    return replace(plan, learned=replace(plan.learned, recordings=(*plan.learned.recordings, *again)))


def _entry(entry: Entry, ground: Ground) -> Entry:
    stored = stored_form(entry.value, entry.digests, entry.canonical_version)
    value, digests = _hidden(stored, ground)
    return replace(entry, value=value, digests=digests, canonical_version=CANONICAL_VERSION)


def _intent(intent: Intent, ground: Ground) -> Intent:
    after = _hidden(form_after(intent), ground) if intent.after else ("", intent.digests)
    before = _hidden(form_before(intent), ground) if intent.before else ("", intent.before_digests)
    return replace(
        intent,
        before=before[0],
        before_digests=before[1],
        after=after[0],
        digests=after[1],
        canonical_version=CANONICAL_VERSION,
    )


def _hidden(stored: Form, ground: Ground) -> tuple[str, dict[str, str]]:
    """A kept value and its digests; those that it had are digests already."""
    hidden = stored.hiding(ground.secrets.holds)
    fresh = Form(hidden.json, {path: text for path, text in hidden.secrets.items() if path not in stored.secrets})
    return hidden.text, {**stored.secrets, **fresh.digests(ground.digester)}


def redacted(plan: Plan, redact: Callable[[str], str]) -> Plan:
    """A plan whose words have no secret in them: its values are masked already, and numbers are none."""
    return replace(
        plan,
        changes=tuple(replace(change, description=redact(change.description)) for change in plan.changes),
        breaches=tuple(replace(each, diagnostic=each.diagnostic.redacted(redact)) for each in plan.breaches),
        diagnostics=tuple(each.redacted(redact) for each in plan.diagnostics),
    )
