"""What follows for a number that the record, or an interrupted run, knows and that no file declares any more.

Pure; knows no vendor.
"""

from __future__ import annotations

from dataclasses import replace

from reconciler.canonical import Form, Json, form, hidden_in
from reconciler.change import Action, Change, LiveSource
from reconciler.diagnostics import Diagnostic, Severity
from reconciler.diff import field_changes
from reconciler.model import Entry, Kind, NoForwarding, Observation, Parking, Value
from reconciler.plan.compare import agrees, as_read, from_now_on, intended, known_value, record_form
from reconciler.plan.subject import NOTHING, Decision, Ground, Subject

_NOT_RECORDED: Json = {"type": None}
_NOT_OWNED = "provider-not-owned"


def vanished(subject: Subject, ground: Ground) -> Decision:
    """Recorded as ours and declared nowhere: a delete while it is still what we wrote, else only forgotten."""
    recorded = record_form(subject.entry) if subject.entry else Form(_NOT_RECORDED)
    if subject.key.kind is Kind.PARKING:
        off = recorded.json.get("parking") is not True and subject.intent is None
        return Decision(_forget(subject, recorded) if off else _delete(subject, recorded, Parking(parked=False)))
    if recorded.json == NOTHING and subject.intent is None:
        return Decision(_forget(subject, recorded))
    if subject.observation is None:
        return Decision(_delete(subject, recorded, NoForwarding()))
    return _vanished_seen(subject, recorded, subject.observation, ground)


def unread(subject: Subject, seen: Observation) -> Decision:
    """Not known; but a number that vanished from the files and is not ours to forward any more is only forgotten."""
    problem = seen.problem
    if subject.desired is None and subject.entry is not None and problem is not None and problem.code == _NOT_OWNED:
        note = Diagnostic(
            "released-not-owned",
            Severity.WARNING,
            f"{subject.account}/{subject.key.number} is in no file any more and no longer among the numbers of account "
            f"{subject.account}; it is only forgotten",
        )
        return Decision(_forget(subject, record_form(subject.entry)), diagnostics=(note,), settled=True)
    return Decision(unknown=True, diagnostics=(problem,) if problem else ())


def _vanished_seen(subject: Subject, recorded: Form, seen: Observation, ground: Ground) -> Decision:
    live = form(known_value(seen), unreadable=seen.unreadable, hidden_paths=_hidden_in_all(subject, recorded))
    if live.json == NOTHING or (subject.entry is None and not _still_ours(subject, live, recorded, ground)):
        return Decision(_forget(subject, live) if subject.entry else None, settled=True)
    if not _still_ours(subject, live, recorded, ground):
        note = Diagnostic(
            "released-changed-by-hand",
            Severity.WARNING,
            f"{subject.account}/{subject.key.number}: released, changed by hand: it is in no file any more and its "
            "live forwarding is not what was last written; it is only forgotten",
        )
        return Decision(_forget(subject, live), diagnostics=(note,), settled=True)
    return Decision(as_read(_delete(subject, live, NoForwarding()), live, seen, ground), settled=True)


def _hidden_in_all(subject: Subject, recorded: Form) -> frozenset[str]:
    return hidden_in(recorded.json).union(*(hidden_in(data) for data, _ in intended(subject)))


def _still_ours(subject: Subject, live: Form, recorded: Form, ground: Ground) -> bool:
    """Whether a live value is what the record, or an unsettled intent, says that we wrote."""
    known = [(recorded.json, recorded.secrets), *intended(subject)]
    digests = live.digests(ground.digester)
    ahead = [(from_now_on(live.json, data, ground.today), data, theirs) for data, theirs in known]
    return any(agrees(seen, digests, data, theirs) for seen, data, theirs in ahead)


def _delete(subject: Subject, before: Form, value: Value) -> Change:
    protected = bool(subject.entry and subject.entry.protected)
    needs = ("allow-delete", "allow-protected") if protected else ("allow-delete",)
    after = form(value)
    return Change(
        key=subject.key,
        account=subject.account,
        action=Action.DELETE,
        before=None if before.json == _NOT_RECORDED else before.json,
        after=after.json,
        fields=field_changes(before, after),
        protected=protected,
        live_source=LiveSource.RECORDED if subject.entry else LiveSource.UNKNOWN,
        needs=needs,
        before_digests=dict(subject.entry.digests) if subject.entry else {},
        write=value,
    )


def _forget(subject: Subject, live: Form) -> Change:
    protected = bool(subject.entry and subject.entry.protected)
    return Change(
        key=subject.key,
        account=subject.account,
        action=Action.FORGET,
        before=live.json,
        after=None,
        protected=protected,
        live_source=LiveSource.READ if subject.observation else LiveSource.RECORDED,
        needs=("allow-protected",) if protected else (),
    )


def forgotten(subject: Subject, entry: Entry) -> Change:
    """The change for a number under `forget`: its record is dropped, the vendor is not touched."""
    return replace(_forget(subject, record_form(entry)), live_source=LiveSource.RECORDED, needs=())
