"""One number at a time: what is desired, seen and recorded of it decides the change, or that there is none.

Pure: nothing is read or written here, and no vendor is known; what a vendor cannot tell arrives as data.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from reconciler.canonical import Form, Json, dump, form, hidden_in, hidden_paths
from reconciler.clock import rfc3339
from reconciler.diagnostics import Diagnostic, Location, Severity
from reconciler.diff import field_changes
from reconciler.model import (
    Action,
    Change,
    Desired,
    Entry,
    FieldChange,
    Key,
    Kind,
    LiveSource,
    NoForwarding,
    Observation,
    Parking,
    Value,
)
from reconciler.record.base import Intent
from reconciler.secrets import Digester, SecretError, Secrets

NOTHING: Json = {"type": NoForwarding.type}
_NOT_RECORDED: Json = {"type": None}
_NOT_OWNED = "provider-not-owned"


@dataclass(frozen=True, slots=True)
class Subject:
    """All that is known of one key. `observation` None: it was not read, so the record decides.

    `intent` is an unsettled one of an interrupted run; `account` is where the number lives now.
    """

    key: Key
    account: str
    desired: Desired | None = None
    observation: Observation | None = None
    entry: Entry | None = None
    intent: Intent | None = None


@dataclass(frozen=True, slots=True)
class Ground:
    """What every decision stands on: secrets to fill templates, keyed digests, and whether to reassert."""

    secrets: Secrets
    digester: Digester
    reassert: bool = False


@dataclass(frozen=True, slots=True)
class Decision:
    """What follows for one key. `settled`: its live value is known, so an open intent is done with."""

    change: Change | None = None
    recording: Entry | None = None
    diagnostics: tuple[Diagnostic, ...] = ()
    unknown: bool = False
    settled: bool = False
    as_recorded: bool = False


@dataclass(frozen=True, slots=True)
class _Compared:
    """Live against wanted, with what cannot be read filled from the record. `unsure` fields are not known at all."""

    before: Form
    fields: tuple[FieldChange, ...]
    unsure: frozenset[str] = field(default=frozenset())
    unrecorded: frozenset[str] = field(default=frozenset())


def decide(subject: Subject, ground: Ground) -> Decision:
    """Decide about one key."""
    if subject.observation is not None and subject.observation.value is None:
        return _unread(subject, subject.observation)
    if subject.desired is None:
        return _vanished(subject, ground)
    try:
        want = form(subject.desired.value, resolve=ground.secrets.resolve)
    except SecretError as error:
        return Decision(unknown=True, diagnostics=(_variable_unset(subject.desired, error),))
    if subject.observation is not None:
        return _against_live(subject, subject.desired, want, subject.observation, ground)
    if subject.key.kind is Kind.PARKING:
        return _parking(subject, subject.desired, want, ground)
    return _against_record(subject, subject.desired, want, ground)


def _unread(subject: Subject, seen: Observation) -> Decision:
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


def entry_for(desired: Desired, want: Form, ground: Ground, *, unknown: Iterable[str] = ()) -> Entry:
    """The entry that says: this value is ours. Fields in `unknown` are recorded as not known."""
    data = {**want.json, **dict.fromkeys(unknown)}
    return Entry(desired.key, desired.account, dump(data), want.digests(ground.digester), protected=desired.protected)


def record_form(entry: Entry) -> Form:
    """A recorded value as a form; its digests stand where the clear text of sensitive fields would."""
    return Form(json.loads(entry.value), dict(entry.digests))


def digested(want: Form, digester: Digester) -> Form:
    """A form whose sensitive fields are keyed digests, comparable with `record_form`."""
    return Form(want.json, want.digests(digester))


def _against_live(subject: Subject, desired: Desired, want: Form, seen: Observation, ground: Ground) -> Decision:
    live = _live_form(subject, desired, want, seen)
    compared = _compare(subject, live, want)
    notes = (*_event_url_removed(desired, compared), *_unverifiable(desired, want, compared))
    if compared.fields:
        change = _change(subject, desired, want, compared, ground)
    elif ground.reassert and seen.unreadable & want.json.keys():
        change = _assertion(subject, desired, want, compared, ground)
    else:
        recording = _recording(subject, desired, want, compared, ground)
        return Decision(recording=recording, diagnostics=notes, settled=True)
    return Decision(_as_read(change, live, seen, ground), diagnostics=notes, settled=True)


def _live_form(subject: Subject, desired: Desired, want: Form, seen: Observation) -> Form:
    """A live value in canonical form; what was secret in the record stays hidden, unless the files say it in clear."""
    hidden = hidden_paths(desired.value)
    if subject.entry is not None:
        recorded = hidden_in(record_form(subject.entry).json)
        hidden |= {path for path in recorded if getattr(seen.value, path, None) != want.json.get(path)}
    return form(_value(seen), unreadable=seen.unreadable, hidden_paths=hidden)


def _as_read(change: Change, live: Form, seen: Observation, ground: Ground) -> Change:
    return replace(
        change, live_digest=live.digest(ground.digester), live_source=LiveSource.READ, read_at=rfc3339(seen.read_at)
    )


def _value(seen: Observation) -> Value:
    if seen.value is None:
        raise ValueError("what was not read has no value to compare")
    return seen.value


def _compare(subject: Subject, live: Form, want: Form) -> _Compared:
    """Fill the fields that a read could not tell from what was recorded or intended, where that is one value."""
    filled, unsure, unrecorded = dict(live.json), set(), set()
    holes = [path for path, value in live.json.items() if value is None and path in want.json]
    for path in holes if live.json["type"] == want.json["type"] else ():
        candidates = _recorded_values(subject, path, want.json["type"])
        if subject.intent is not None and candidates != [want.json[path]]:
            unsure.add(path)
        elif candidates:
            filled[path] = candidates[0]
        else:
            filled[path] = want.json[path]
            unrecorded.add(path)
    before = Form(filled, live.secrets)
    return _Compared(before, field_changes(before, want), frozenset(unsure), frozenset(unrecorded))


def _recorded_values(subject: Subject, path: str, type_name: str) -> list[Any]:
    """What a field may hold by the record and by an unsettled intent; None where one of them does not know."""
    texts = [subject.entry.value if subject.entry else ""] if subject.entry or subject.intent else []
    texts += [subject.intent.after] if subject.intent else []
    forms = [json.loads(text) if text else {} for text in texts]
    values = [data.get(path) if data.get("type") == type_name else None for data in forms]
    distinct = [value for at, value in enumerate(values) if value not in values[:at]]
    return distinct if subject.intent else [value for value in distinct if value is not None]


def _recording(subject: Subject, desired: Desired, want: Form, compared: _Compared, ground: Ground) -> Entry | None:
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


def _assertion(subject: Subject, desired: Desired, want: Form, compared: _Compared, ground: Ground) -> Change:
    unreadable = subject.observation.unreadable if subject.observation else frozenset()
    fields = tuple(FieldChange(path, None, want.json[path]) for path in sorted(unreadable & want.json.keys()))
    base = _base(subject, desired, want, ground)
    return replace(base, action=Action.ASSERT, before=compared.before.json, fields=fields)


def _change(subject: Subject, desired: Desired, want: Form, compared: _Compared, ground: Ground) -> Change:
    base = _base(subject, desired, want, ground)
    before = {**compared.before.json, **dict.fromkeys(compared.unsure)}
    action = _action(subject, want, compared)
    needs = list(base.needs)
    if action is Action.ADOPT or (action is Action.DELETE and not _is_ours(subject, compared)):
        needs.append("allow-adopt")
    if action is Action.DELETE:
        needs.append("allow-delete")
    return replace(base, action=action, before=before, fields=compared.fields, needs=tuple(sorted(needs)))


def _action(subject: Subject, want: Form, compared: _Compared) -> Action:
    if compared.before.json == NOTHING:
        return Action.UPDATE if _was_forwarded(subject) else Action.CREATE
    if want.json == NOTHING:
        return Action.DELETE
    if {change.path for change in compared.fields} <= compared.unsure:
        return Action.ASSERT
    return Action.UPDATE if _is_ours(subject, compared) else Action.ADOPT


def _was_forwarded(subject: Subject) -> bool:
    """Whether the record holds a forwarding: one that is gone is drift, not news."""
    return subject.entry is not None and record_form(subject.entry).json != NOTHING


def _is_ours(subject: Subject, compared: _Compared) -> bool:
    """Whether the live value may be counted as ours: recorded, or what an interrupted run wrote or was to replace."""
    if subject.entry is not None:
        return True
    return any(_agrees(compared.before.json, {}, intended, {}) for intended, _ in _intended(subject))


def _intended(subject: Subject) -> list[tuple[Json, Mapping[str, str]]]:
    """The values that an unsettled intent counts as ours, with their digests: what it writes, and what it replaces."""
    intent = subject.intent
    if intent is None:
        return []
    replaced = "" if intent.action == Action.ADOPT.value else intent.before
    texts: tuple[tuple[str, Mapping[str, str]], ...] = ((intent.after, intent.digests), (replaced, {}))
    return [(json.loads(text), digests) for text, digests in texts if text]


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
    notes = () if has_key else tuple(_not_comparable(desired, want))
    fields = field_changes(recorded, digested(want, ground.digester))
    if not fields:
        return Decision(as_recorded=True, diagnostics=notes)
    compared = _Compared(recorded, fields)
    change = replace(_change(subject, desired, want, compared, ground), live_source=LiveSource.RECORDED)
    return Decision(change, diagnostics=notes)


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


def _vanished(subject: Subject, ground: Ground) -> Decision:
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


def _vanished_seen(subject: Subject, recorded: Form, seen: Observation, ground: Ground) -> Decision:
    live = form(_value(seen), unreadable=seen.unreadable, hidden_paths=_hidden_in_all(subject, recorded))
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
    return Decision(_as_read(_delete(subject, live, NoForwarding()), live, seen, ground), settled=True)


def _hidden_in_all(subject: Subject, recorded: Form) -> frozenset[str]:
    return hidden_in(recorded.json).union(*(hidden_in(intended) for intended, _ in _intended(subject)))


def _still_ours(subject: Subject, live: Form, recorded: Form, ground: Ground) -> bool:
    """Whether a live value is what the record, or an unsettled intent, says that we wrote."""
    known = [(recorded.json, recorded.secrets), *_intended(subject)]
    digests = live.digests(ground.digester)
    return any(_agrees(live.json, digests, data, theirs) for data, theirs in known)


def _agrees(live: Json, digests: Mapping[str, str], data: Json, theirs: Mapping[str, str]) -> bool:
    readable = {path: value for path, value in live.items() if value is not None}
    return all(data.get(path) == value for path, value in readable.items()) and all(
        theirs.get(path, digest) == digest for path, digest in digests.items()
    )


def _delete(subject: Subject, before: Form, value: Value) -> Change:
    protected = bool(subject.entry and subject.entry.protected)
    needs = ("allow-delete", "allow-protected") if protected else ("allow-delete",)
    after = form(value)
    return Change(
        key=subject.key,
        account=subject.account,
        action=Action.DELETE,
        before=before.json,
        after=after.json,
        fields=field_changes(before, after),
        protected=protected,
        live_source=LiveSource.RECORDED,
        needs=needs,
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


def _variable_unset(desired: Desired, error: SecretError) -> Diagnostic:
    place: Location = desired.declared_at
    for path in ("event_url", "url"):
        if path in desired.locations and "${var:" in str(getattr(desired.value, path, "")):
            place = desired.locations[path]
    return Diagnostic("variable-unset", Severity.ERROR, str(error), place)


def _event_url_removed(desired: Desired, compared: _Compared) -> Iterable[Diagnostic]:
    for change in compared.fields:
        if change.path == "event_url" and change.before and not change.after:
            yield Diagnostic(
                "event-url-removed",
                Severity.WARNING,
                f"{desired.address}: without `event_url` its call events go to the application's URL, where one is set",
                desired.declared_at,
            )


def _not_comparable(desired: Desired, want: Form) -> Iterable[Diagnostic]:
    for path in want.secrets:
        yield Diagnostic(
            "field-not-comparable",
            Severity.WARNING,
            f"{desired.address}: `{path}` is sensitive and there is no key, so it cannot be compared with the record",
            desired.locations.get(path, desired.declared_at),
            hint="set RECONCILER_RECORD_KEY to 32 bytes or more, or plan with --refresh all",
        )


def _unverifiable(desired: Desired, want: Form, compared: _Compared) -> Iterable[Diagnostic]:
    for path in sorted(compared.unrecorded):
        if want.json[path] not in ("", None, False):
            yield Diagnostic(
                "field-unreadable",
                Severity.WARNING,
                f"{desired.address}: `{path}` cannot be read and is not in the record, so it is not compared; "
                "it is written along with the next change of this number",
                desired.locations.get(path, desired.declared_at),
                hint="to write it now: reconciler apply --reassert",
            )
