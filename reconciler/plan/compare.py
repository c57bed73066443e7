"""Live, recorded and intended values of one number side by side, with what cannot be read filled in.

Pure; decides nothing.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

from reconciler.canonical import HOST, Form, Json, dump, form, hidden_in, hidden_paths, same_from
from reconciler.change import Action, Change, FieldChange, LiveSource
from reconciler.clock import rfc3339
from reconciler.diff import field_changes
from reconciler.model import Desired, Entry, Observation, Value
from reconciler.plan.subject import NOTHING, Ground, Subject
from reconciler.secrets import Digester


@dataclass(frozen=True, slots=True)
class Compared:
    """Live against wanted, with what cannot be read filled from the record. `unsure` fields are not known at all."""

    before: Form
    fields: tuple[FieldChange, ...]
    unsure: frozenset[str] = field(default=frozenset())
    unrecorded: frozenset[str] = field(default=frozenset())


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


def live_form(subject: Subject, desired: Desired, want: Form, seen: Observation) -> Form:
    """A live value in canonical form; what was secret in the record stays hidden, unless the files say it in clear."""
    hidden = hidden_paths(desired.value)
    if subject.entry is not None:
        recorded = hidden_in(record_form(subject.entry).json)
        hidden |= {path for path in recorded if _clear(seen.value, path) != want.json.get(path.removesuffix(HOST))}
    return form(known_value(seen), unreadable=seen.unreadable, hidden_paths=hidden)


def _clear(value: Value | None, path: str) -> object:
    return getattr(value, path.removesuffix(HOST), None)


def known_value(seen: Observation) -> Value:
    """The value of a read; raises ValueError where there is none."""
    if seen.value is None:
        raise ValueError("what was not read has no value to compare")
    return seen.value


def as_read(change: Change, live: Form, seen: Observation, ground: Ground) -> Change:
    """A change with the live value that it was made from."""
    return replace(
        change,
        live_digest=live.digest(ground.digester),
        live_source=LiveSource.READ,
        read_at=rfc3339(seen.read_at),
        before_digests=live.digests(ground.digester),
    )


def from_now_on(before: Json, after: Json, today: date | None) -> Json:
    """`before` with the schedules of `after` wherever the two mean the same from today on."""
    old, new = before.get("targets"), after.get("targets")
    if today is None or not old or not new or old == new or len(old) != len(new):
        return before
    pairs = zip(old, new, strict=True)
    targets = [
        {**one, "schedule": other["schedule"]} if same_from(one["schedule"], other["schedule"], today) else one
        for one, other in pairs
    ]
    return {**before, "targets": targets}


def compare(subject: Subject, live: Form, want: Form, today: date | None) -> Compared:
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
    fields = field_changes(Form(from_now_on(filled, want.json, today), live.secrets), want)
    return Compared(before, fields, frozenset(unsure), frozenset(unrecorded))


def _recorded_values(subject: Subject, path: str, type_name: str) -> list[Any]:
    """What a field may hold by the record and by an unsettled intent; None where one of them does not know."""
    texts = [subject.entry.value if subject.entry else ""] if subject.entry or subject.intent else []
    texts += [subject.intent.after] if subject.intent else []
    forms = [json.loads(text) if text else {} for text in texts]
    values = [data.get(path) if data.get("type") == type_name else None for data in forms]
    distinct = [value for at, value in enumerate(values) if value not in values[:at]]
    return distinct if subject.intent else [value for value in distinct if value is not None]


def was_forwarded(subject: Subject) -> bool:
    """Whether the record holds a forwarding: one that is gone is drift, not news."""
    return subject.entry is not None and record_form(subject.entry).json != NOTHING


def is_ours(subject: Subject, compared: Compared) -> bool:
    """Whether the live value may be counted as ours: recorded, or what an interrupted run wrote or was to replace."""
    if subject.entry is not None:
        return True
    return any(agrees(compared.before.json, {}, data, {}) for data, _ in intended(subject))


def intended(subject: Subject) -> list[tuple[Json, Mapping[str, str]]]:
    """The values that an unsettled intent counts as ours, with their digests: what it writes, and what it replaces."""
    intent = subject.intent
    if intent is None:
        return []
    replaced = "" if intent.action == Action.ADOPT.value else intent.before
    texts: tuple[tuple[str, Mapping[str, str]], ...] = ((intent.after, intent.digests), (replaced, {}))
    return [(json.loads(text), digests) for text, digests in texts if text]


def agrees(live: Json, digests: Mapping[str, str], data: Json, theirs: Mapping[str, str]) -> bool:
    """Whether a live value is the given one in all that could be read, its secrets by their digests where known."""
    readable = {path: value for path, value in live.items() if value is not None}
    return all(data.get(path) == value for path, value in readable.items()) and all(
        theirs.get(path, digest) == digest for path, digest in digests.items()
    )
