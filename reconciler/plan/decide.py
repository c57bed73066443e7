"""One number at a time: what is desired, seen and recorded of it decides the change, or that there is none.

Pure: nothing is read or written here, and no vendor is known; what a vendor cannot tell arrives as data.
"""

from __future__ import annotations

from dataclasses import replace

from reconciler.canonical import Form, form
from reconciler.change import Action, Change, FieldChange, LiveSource
from reconciler.diff import field_changes
from reconciler.model import Desired, Entry, Kind, Observation
from reconciler.plan import notes
from reconciler.plan.compare import (
    Compared,
    as_read,
    compare,
    digested,
    entry_for,
    from_now_on,
    is_ours,
    live_form,
    record_form,
    was_forwarded,
)
from reconciler.plan.subject import NOTHING, Decision, Ground, Subject
from reconciler.plan.vanished import unread, vanished
from reconciler.secrets import SecretError


def decide(subject: Subject, ground: Ground) -> Decision:
    """Decide about one key."""
    if subject.observation is not None and subject.observation.value is None:
        return unread(subject, subject.observation)
    if subject.desired is None:
        return vanished(subject, ground)
    try:
        want = form(subject.desired.value, resolve=ground.secrets.resolve)
    except SecretError as error:
        return Decision(unknown=True, diagnostics=(notes.variable_unset(subject.desired, error),))
    if subject.observation is not None:
        return _against_live(subject, subject.desired, want, subject.observation, ground)
    if subject.key.kind is Kind.PARKING:
        return _parking(subject, subject.desired, want, ground)
    return _against_record(subject, subject.desired, want, ground)


def _against_live(subject: Subject, desired: Desired, want: Form, seen: Observation, ground: Ground) -> Decision:
    live = live_form(subject, desired, want, seen)
    compared = compare(subject, live, want, ground.today)
    told = (*notes.event_url_removed(desired, compared), *notes.unverifiable(desired, want, compared))
    if compared.fields:
        change = _change(subject, desired, want, compared, ground)
    elif ground.reassert and seen.unreadable & want.json.keys():
        change = _assertion(subject, desired, want, compared, ground)
    else:
        recording = _recording(subject, desired, want, compared, ground)
        return Decision(recording=recording, diagnostics=told, settled=True)
    return Decision(as_read(change, live, seen, ground), diagnostics=told, settled=True)


def _recording(subject: Subject, desired: Desired, want: Form, compared: Compared, ground: Ground) -> Entry | None:
    """The entry to keep of a number that is as desired; None where the record says so already."""
    entry = subject.entry
    fresh = entry_for(desired, want, ground, unknown=compared.unrecorded)
    if entry is None:
        return fresh
    protected = desired.protected or entry.protected
    if entry.value != fresh.value or dict(entry.digests) != dict(fresh.digests):
        return replace(fresh, protected=protected)
    if (entry.account, entry.protected) == (desired.account, protected):
        return None
    return replace(entry, account=desired.account, protected=protected)


def _assertion(subject: Subject, desired: Desired, want: Form, compared: Compared, ground: Ground) -> Change:
    unreadable = subject.observation.unreadable if subject.observation else frozenset()
    fields = tuple(FieldChange(path, None, want.json[path]) for path in sorted(unreadable & want.json.keys()))
    base = _base(subject, desired, want, ground)
    return replace(base, action=Action.ASSERT, before=compared.before.json, fields=fields)


def _change(subject: Subject, desired: Desired, want: Form, compared: Compared, ground: Ground) -> Change:
    base = _base(subject, desired, want, ground)
    before = {**compared.before.json, **dict.fromkeys(compared.unsure)}
    action = _action(subject, want, compared)
    needs = list(base.needs)
    if action is Action.ADOPT or (action is Action.DELETE and not is_ours(subject, compared)):
        needs.append("allow-adopt")
    if action is Action.DELETE:
        needs.append("allow-delete")
    return replace(base, action=action, before=before, fields=compared.fields, needs=tuple(sorted(needs)))


def _action(subject: Subject, want: Form, compared: Compared) -> Action:
    if compared.before.json == NOTHING:
        return Action.UPDATE if was_forwarded(subject) else Action.CREATE
    if want.json == NOTHING:
        return Action.DELETE
    if {change.path for change in compared.fields} <= compared.unsure:
        return Action.ASSERT
    return Action.UPDATE if is_ours(subject, compared) else Action.ADOPT


def _base(subject: Subject, desired: Desired, want: Form, ground: Ground) -> Change:
    protected = desired.protected or bool(subject.entry and subject.entry.protected)
    return Change(
        key=subject.key,
        account=desired.account,
        action=Action.UPDATE,
        before=None,
        after=want.json,
        protected=protected,
        live_source=LiveSource.UNKNOWN,
        declared_at=str(desired.declared_at),
        description=desired.description,
        needs=("allow-protected",) if protected else (),
        keeps_protection=desired.protected,
        after_digests=want.digests(ground.digester),
        write=desired.value,
    )


def _against_record(subject: Subject, desired: Desired, want: Form, ground: Ground) -> Decision:
    """Nothing was read: the record says what is there."""
    entry = subject.entry
    if entry is None:
        change = replace(
            _base(subject, desired, want, ground),
            action=Action.CREATE,
            fields=field_changes(Form(NOTHING), digested(want, ground.digester)),
        )
        return Decision(change if want.json != NOTHING else None, unknown=False)
    recorded = record_form(entry)
    holes = {path: want.json.get(path) for path, value in recorded.json.items() if value is None}
    has_key = ground.digester.key is not None
    recorded = Form({**recorded.json, **holes}, recorded.secrets if has_key else {})
    told = () if has_key else tuple(notes.not_comparable(desired, want))
    ahead = Form(from_now_on(recorded.json, want.json, ground.today), recorded.secrets)
    fields = field_changes(ahead, digested(want, ground.digester))
    if not fields:
        return Decision(as_recorded=True, diagnostics=told)
    compared = Compared(recorded, fields)
    change = _change(subject, desired, want, compared, ground)
    change = replace(change, live_source=LiveSource.RECORDED, before_digests=dict(entry.digests))
    return Decision(change, diagnostics=told)


def _parking(subject: Subject, desired: Desired, want: Form, ground: Ground) -> Decision:
    """Parking cannot be read: without a record, or with an unsettled intent, it is asserted."""
    entry, base = subject.entry, _base(subject, desired, want, ground)
    if entry is None or subject.intent is not None:
        unknown = FieldChange("parking", None, want.json["parking"])
        return Decision(replace(base, action=Action.ASSERT, fields=(unknown,)))
    recorded = record_form(entry)
    fields = field_changes(recorded, want)
    if fields:
        action = Action.UPDATE
    elif ground.reassert:
        action = Action.ASSERT
    else:
        return Decision(as_recorded=True)
    return Decision(replace(base, action=action, before=recorded.json, fields=fields, live_source=LiveSource.RECORDED))
