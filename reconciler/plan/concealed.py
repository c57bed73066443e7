"""What is kept of earlier runs, as what is known to be secret now demands: masked, with keyed digests.

So a value that was recorded before its secret was known still equals the live one, and is stored in clear no more.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from reconciler.canonical import Form, stored_form
from reconciler.model import CANONICAL_VERSION, Entry
from reconciler.plan.candidate import PlanContext, form_after, form_before
from reconciler.plan.model import Plan
from reconciler.record.base import Intent, RecordState


# docs/decisions/114
def conceal(state: RecordState, context: PlanContext) -> RecordState:
    """The record without what is secret now."""
    holds = context.secrets.holds
    entries = {key: _entry(entry, context) if holds(entry.value) else entry for key, entry in state.entries.items()}
    windows = tuple(
        replace(window, intents=tuple(_intent(intent, context) for intent in window.intents))
        if any(holds(intent.before) or holds(intent.after) for intent in window.intents)
        else window
        for window in state.windows
    )
    return replace(state, entries=entries, windows=windows)


def heal(plan: Plan, recorded: RecordState, state: RecordState) -> Plan:
    """A plan that also records anew what it saw to be as recorded, and what is recorded with a secret in clear."""
    known = {entry.key for entry in plan.learned.recordings} | {change.key for change in plan.changes}
    due = [entry for key, entry in state.entries.items() if entry is not recorded.entries[key]]
    again = [entry for entry in due if entry.key in plan.learned.observed - known]
    return replace(plan, learned=replace(plan.learned, recordings=(*plan.learned.recordings, *again)))


def _entry(entry: Entry, context: PlanContext) -> Entry:
    stored = stored_form(entry.value, entry.digests, entry.canonical_version)
    value, digests = _hidden(stored, context)
    return replace(entry, value=value, digests=digests, canonical_version=CANONICAL_VERSION)


def _intent(intent: Intent, context: PlanContext) -> Intent:
    after = _hidden(form_after(intent), context) if intent.after else ("", intent.digests)
    before = _hidden(form_before(intent), context) if intent.before else ("", intent.before_digests)
    return replace(
        intent,
        before=before[0],
        before_digests=before[1],
        after=after[0],
        digests=after[1],
        canonical_version=CANONICAL_VERSION,
    )


def _hidden(stored: Form, context: PlanContext) -> tuple[str, dict[str, str]]:
    """A kept value and its digests; those that it had are digests already."""
    hidden = stored.hiding(context.secrets.holds)
    fresh = Form(hidden.json, {path: text for path, text in hidden.secrets.items() if path not in stored.secrets})
    return hidden.text, {**stored.secrets, **fresh.digests(context.digester)}


def redact_plan(plan: Plan, redact: Callable[[str], str]) -> Plan:
    """A plan whose words have no secret in them: its values are masked already, and numbers are none."""
    return replace(
        plan,
        changes=tuple(replace(change, description=redact(change.description)) for change in plan.changes),
        breaches=tuple(replace(each, diagnostic=each.diagnostic.redacted(redact)) for each in plan.breaches),
        diagnostics=tuple(each.redacted(redact) for each in plan.diagnostics),
    )
