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
        problem = subject.observation.problem
        return Decision(unknown=True, diagnostics=(problem,) if problem else ())
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


def entry_for(desired: Desired, want: Form, ground: Ground, *, unknown: Iterable[str] = ()) -> Entry:
    """The entry that says: this value is ours. Fields in `unknown` are recorded as not known."""
    data = {**want.json, **dict.fromkeys(unknown)}
    return Entry(
        desired.key, desired.account, dump(data), want.digests(ground.digester), protected=desired.protected
    )


def record_form(entry: Entry) -> Form:
    """A recorded value as a form; its digests stand where the clear text of sensitive fields would."""
    return Form(json.loads(entry.value), dict(entry.digests))


def digested(want: Form, digester: Digester) -> Form:
    """A form whose sensitive fields are keyed digests, comparable with `record_form`."""
    return Form(want.json, want.digests(digester))


def matches_entry(entry: Entry, want: Form, ground: Ground) -> bool:
    """Whether the record already says exactly this."""
    return entry.value == want.text and dict(entry.digests) == want.digests(ground.digester)


def _against_live(
    subject: Subject, desired: Desired, want: Form, seen: Observation, ground: Ground
) -> Decision:
    assert seen.value is not None
    live = form(seen.value, unreadable=seen.unreadable, hidden_paths=hidden_paths(desired.value))
    compared = _compare(subject, live, want)
    if not compared.fields:
        return _equal(subject, desired, want, compared, ground)
    change = _change(subject, desired, want, compared, ground)
    change = replace(
        change, live_digest=live.digest(ground.digester), live_source=LiveSource.READ, read_at=rfc3339(seen.read_at)
    )
    notes = [*_event_url_removed(desired, compared), *_unverifiable(desired, want, compared)]
    return Decision(change, diagnostics=tuple(notes), settled=True)


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


def _equal(subject: Subject, desired: Desired, want: Form, compared: _Compared, ground: Ground) -> Decision:
    entry = subject.entry
    fresh = entry_for(desired, want, ground, unknown=compared.unrecorded)
    if entry and entry.value == fresh.value and dict(entry.digests) == dict(fresh.digests):
        recording = None if entry.account == desired.account else replace(entry, account=desired.account)
    else:
        recording = fresh
    notes = tuple(_unverifiable(desired, want, compared))
    if ground.reassert and subject.observation and (subject.observation.unreadable & want.json.keys()):
        return Decision(_assertion(subject, desired, want, compared, ground), diagnostics=notes, settled=True)
    return Decision(recording=recording, diagnostics=notes, settled=True)


def _assertion(subject: Subject, desired: Desired, want: Form, compared: _Compared, ground: Ground) -> Change:
    change = _base(subject, desired, want, ground)
    seen = subject.observation
    assert seen is not None
    fields = tuple(FieldChange(path, None, want.json[path]) for path in sorted(seen.unreadable & want.json.keys()))
    return replace(
        change, action=Action.ASSERT, before=compared.before.json, fields=fields, read_at=rfc3339(seen.read_at)
    )


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
        return Action.CREATE
    if want.json == NOTHING:
        return Action.DELETE
    if {change.path for change in compared.fields} <= compared.unsure:
        return Action.ASSERT
    return Action.UPDATE if _is_ours(subject, compared) else Action.ADOPT


def _is_ours(subject: Subject, compared: _Compared) -> bool:
    """Whether the live value may be counted as ours: recorded, or what an interrupted run was about to write."""
    if subject.entry is not None:
        return True
    if subject.intent is None or not subject.intent.after:
        return False
    intended = json.loads(subject.intent.after)
    return all(intended.get(path) == value for path, value in compared.before.json.items() if value is not None)


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
    recorded = Form({**recorded.json, **holes}, recorded.secrets)
    fields = field_changes(recorded, digested(want, ground.digester))
    if not fields:
        return Decision(as_recorded=True)
    compared = _Compared(recorded, fields)
    change = replace(_change(subject, desired, want, compared, ground), live_source=LiveSource.RECORDED)
    return Decision(change)


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
    return Decision(
        replace(base, action=action, before=recorded.json, fields=fields, live_source=LiveSource.RECORDED)
    )


def _vanished(subject: Subject, ground: Ground) -> Decision:
    """Recorded as ours and declared nowhere: a delete while it is still what we wrote, else only forgotten."""
    entry = subject.entry
    if entry is None:
        return Decision()
    recorded = record_form(entry)
    if subject.key.kind is Kind.PARKING:
        gone = recorded.json.get("parking") is not True and subject.intent is None
        return Decision(_forget(subject, recorded) if gone else _delete(subject, entry, recorded, Parking(False), ground))
    if recorded.json == NOTHING and subject.intent is None:
        return Decision(_forget(subject, recorded))
    seen = subject.observation
    if seen is None:
        change = _delete(subject, entry, recorded, NoForwarding(), ground)
        return Decision(replace(change, live_source=LiveSource.RECORDED))
    return _vanished_seen(subject, entry, recorded, seen, ground)


def _vanished_seen(subject: Subject, entry: Entry, recorded: Form, seen: Observation, ground: Ground) -> Decision:
    assert seen.value is not None
    live = form(seen.value, unreadable=seen.unreadable, hidden_paths=hidden_in(recorded.json))
    if live.json == NOTHING:
        return Decision(_forget(subject, live), settled=True)
    if not _still_ours(subject, live, recorded, ground):
        note = Diagnostic(
            "released-changed-by-hand",
            Severity.WARNING,
            f"{subject.account}/{subject.key.number}: released, changed by hand: it is in no file any more and its live "
            "forwarding is not what was last written; it is only forgotten",
        )
        return Decision(_forget(subject, live), diagnostics=(note,), settled=True)
    change = _delete(subject, entry, live, NoForwarding(), ground)
    change = replace(
        change, live_digest=live.digest(ground.digester), live_source=LiveSource.READ, read_at=rfc3339(seen.read_at)
    )
    return Decision(change, settled=True)


def _still_ours(subject: Subject, live: Form, recorded: Form, ground: Ground) -> bool:
    """Whether a live value is what the record, or an unsettled intent, says that we wrote."""
    known = [(recorded.json, dict(recorded.secrets))]
    if subject.intent is not None and subject.intent.after:
        known.append((json.loads(subject.intent.after), dict(subject.intent.digests)))
    digests = live.digests(ground.digester)
    return any(_agrees(live.json, digests, data, theirs) for data, theirs in known)


def _agrees(live: Json, digests: Mapping[str, str], data: Json, theirs: Mapping[str, str]) -> bool:
    readable = {path: value for path, value in live.items() if value is not None}
    return all(data.get(path) == value for path, value in readable.items()) and all(
        theirs.get(path, digest) == digest for path, digest in digests.items()
    )


def _delete(subject: Subject, entry: Entry, before: Form, value: Value, ground: Ground) -> Change:
    needs = ("allow-delete", "allow-protected") if entry.protected else ("allow-delete",)
    after = form(value)
    return Change(
        key=subject.key,
        account=subject.account,
        action=Action.DELETE,
        before=before.json,
        after=after.json,
        fields=field_changes(before, after),
        protected=entry.protected,
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


def forgotten(subject: Subject) -> Change | None:
    """The change for a number under `forget`: its record is dropped, the vendor is not touched."""
    if subject.entry is None:
        return None
    return replace(_forget(subject, record_form(subject.entry)), live_source=LiveSource.RECORDED, needs=())


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
