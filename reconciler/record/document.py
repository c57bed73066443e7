"""A whole record as one JSON document, and back: what the backends store that keep one text.

Pure functions. Knows no backend, no lock protocol, no network. One line an entry, sorted, so that the history of a text
store reads as what changed; `version`, `serial` and `lineage` stand on top, where Terraform's state stores look.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any

from pydantic_core import from_json

from reconciler.model import Entry, Key, Kind
from reconciler.record.base import FORMAT_VERSION, Holder, Intent, RecordError, RecordState, Run, Window, too_new
from reconciler.record.locks import StoredLock
from reconciler.record.shapes import (
    DocumentShape,
    EntryShape,
    HeadShape,
    IntentShape,
    LockShape,
    RunShape,
    WindowShape,
    check,
    check_shape,
    damage_as_error,
    key_text,
)

WINDOW_SIZE = 500
KEPT_RUNS = 20

RESTORE = "restore an earlier version of the document; its store may keep a history"
_KINDS = {kind.value: kind for kind in Kind}


@dataclass(frozen=True, slots=True)
class StoredDocument:
    """All that one text holds: the state, the latest runs with their results, oldest first, and locks kept here."""

    state: RecordState
    runs: tuple[Run, ...] = ()
    locks: tuple[StoredLock, ...] = ()

    def with_results_of(self, results_of: Mapping[str, Sequence[Mapping[str, Any]]]) -> StoredDocument:
        """Return the document with results appended to the runs that are still kept."""
        if not results_of:
            return self
        runs = (replace(run, results=(*run.results, *results_of.get(run.id, ()))) for run in self.runs)
        return replace(self, runs=tuple(runs))

    def with_run(self, run: Run | None, results: Sequence[Mapping[str, Any]], *, default: str) -> StoredDocument:
        """Return the document with a run put, results appended to it or to the run `default`, old runs dropped."""
        target = run.id if run is not None else default
        before = {each.id: each for each in self.runs}
        found = run or before.get(target)
        if found is None:
            return self
        kept = before[target].results if target in before else ()
        before[target] = replace(found, results=(*kept, *results))
        return replace(self, runs=_latest(tuple(before.values()), self.state.windows))


def _latest(runs: tuple[Run, ...], windows: tuple[Window, ...]) -> tuple[Run, ...]:
    needed = {intent.run_id for window in windows for intent in window.signed} | {run.id for run in runs[-KEPT_RUNS:]}
    return tuple(run for run in runs if run.id in needed)


def render(document: StoredDocument) -> str:
    """Return the document's text; equal documents give equal text."""
    state = document.state
    head = {
        "format_version": FORMAT_VERSION,
        "version": FORMAT_VERSION,
        "serial": state.serial,
        "lineage": state.lineage,
        "name": state.name,
        "scenario": state.scenario,
    }
    lines = [f"{_json(key)}: {_json(value)}" for key, value in head.items()]
    entries = (f"{_json(key_text(key))}: {_json(_entry_data(state.entries[key]))}" for key in sorted(state.entries))
    lines.append(f'"entries": {_block("{", entries, "}")}')
    lines.append(f'"windows": {_block("[", (_json(_window_data(window)) for window in state.windows), "]")}')
    lines.append(f'"locks": {_block("[", (_json(lock_data(stored_lock)) for stored_lock in document.locks), "]")}')
    lines.append(f'"runs": {_block("[", (_json(_fields(run)) for run in document.runs), "]")}')
    return "{\n" + ",\n".join(lines) + "\n}\n"


def parse(text: str, *, source: str) -> StoredDocument:
    """Return what a text holds, whatever older format it has; raises RecordError, naming `source`."""
    try:
        data = from_json(text, allow_inf_nan=False)
    except ValueError as error:
        raise RecordError(f"{source} is damaged: not a JSON document", hint=RESTORE) from error
    if not isinstance(data, dict) or type(data.get("format_version")) is not int:
        raise RecordError(f"{source} is not a record: it has no format_version", hint=RESTORE)
    if data["format_version"] > FORMAT_VERSION:
        raise too_new(source, data["format_version"])
    with damage_as_error(source, hint=RESTORE):
        return _document(_migrated(data))


def _migrated(data: dict[str, Any]) -> dict[str, Any]:
    for version in range(data["format_version"], FORMAT_VERSION):
        data = _MIGRATIONS[version](data)
    return data


def _from_0(data: dict[str, Any]) -> dict[str, Any]:
    """Format 0 had its entries in a list, and neither scenarios, nor protection, nor digests."""
    entries = {
        f"{entry['provider']}/{entry['number']}/{entry['kind']}": {
            **{name: entry[name] for name in ("account", "value", "confirmed", "written_at", "run_id")},
            "digests": {},
            "protected": False,
        }
        for entry in data["entries"]
    }
    return {**data, "format_version": 1, "scenario": "", "entries": entries}


def _from_1(data: dict[str, Any]) -> dict[str, Any]:
    """Format 1 had no versions of values, which were all of canonical version 1, and no runs beside intents."""
    return {**data, "format_version": 2}


_MIGRATIONS: Mapping[int, Callable[[dict[str, Any]], dict[str, Any]]] = {0: _from_0, 1: _from_1}


def _document(data: dict[str, Any]) -> StoredDocument:
    sound = check_shape(DocumentShape, data)
    state = state_of(sound, entries_of(sound["entries"]), tuple(map(window_of, sound["windows"])))
    return StoredDocument(check(state), tuple(map(run_of, sound["runs"])), tuple(map(lock_of, sound["locks"])))


def state_of(head: HeadShape, entries: Mapping[Key, Entry], windows: tuple[Window, ...]) -> RecordState:
    """Return a record's state from its head, entries and windows."""
    return RecordState(head["name"], head["lineage"], head["serial"], entries, windows, head["scenario"])


def entries_of(rows: Mapping[str, EntryShape]) -> dict[Key, Entry]:
    """Return entries by key from their JSON form."""
    found: dict[Key, Entry] = {}
    for text, row in rows.items():
        key = _key(text)
        row.setdefault("canonical_version", 1)
        found[key] = Entry(key, **row)
    return found


def window_of(row: WindowShape) -> Window:
    """Return a window from its JSON form."""
    return Window(row["id"], row["run_id"], row["opened_at"], tuple(map(_intent, row["intents"])))


def _intent(row: IntentShape) -> Intent:
    made: dict[str, Any] = {"canonical_version": 1, **row, "key": _key(row["key"])}
    return Intent(**made)


def run_of(row: RunShape) -> Run:
    """Return a run from its JSON form."""
    made: dict[str, Any] = {**row, "overrides": tuple(row["overrides"]), "results": tuple(row["results"])}
    return Run(**made)


def lock_of(row: LockShape) -> StoredLock:
    """Return a lock from its JSON form."""
    holder = Holder(row["account"], row["host"], row["user"], row["pid"], row["run_id"], row["since"])
    return StoredLock(holder, row["token"], row["process"])


def _key(text: str) -> Key:
    provider, number, kind = text.split("/")
    return Key(provider, number, _KINDS[kind])


def _entry_data(entry: Entry) -> dict[str, Any]:
    data: dict[str, Any] = {"account": entry.account, "value": entry.value}
    if entry.digests:
        data["digests"] = dict(entry.digests)
    if not entry.confirmed:
        data["confirmed"] = False
    if entry.protected:
        data["protected"] = True
    made = {"written_at": entry.written_at, "run_id": entry.run_id}
    return {**data, **made, "canonical_version": entry.canonical_version}


def _window_data(window: Window) -> dict[str, Any]:
    return {**_fields(window), "intents": [_intent_data(intent) for intent in window.intents]}


def _intent_data(intent: Intent) -> dict[str, Any]:
    return {**_fields(intent), "key": key_text(intent.key)}


def lock_data(stored_lock: StoredLock) -> dict[str, Any]:
    """Return the JSON form of a lock."""
    return {**_fields(stored_lock.holder), "token": stored_lock.token, "process": stored_lock.process}


def _fields(value: Holder | Intent | Run | Window) -> dict[str, Any]:
    return {each.name: getattr(value, each.name) for each in fields(value)}


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, default=dict)


def _block(opening: str, rows: Iterable[str], closing: str) -> str:
    text = ",\n  ".join(rows)
    return f"{opening}\n  {text}\n{closing}" if text else opening + closing
