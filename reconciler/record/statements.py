"""The head, entries and windows of a record as rows, and what an update does to them.

Knows values and rows, and nothing of files, connections, transactions or errors.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from pydantic_core import from_json

from reconciler.model import Entry
from reconciler.record import run_rows
from reconciler.record.base import Intent, RecordState, Update, Window
from reconciler.record.document import entries_of, state_of, window_of
from reconciler.record.shapes import Entries, HeadShape, IntentShape, Windows, WindowShape, shaped
from reconciler.record.tables import Sql


def head(sql: Sql) -> RecordState:
    """The record without entries and windows."""
    return state_of(_head(sql), {}, ())


def state(sql: Sql) -> RecordState:
    """All that the record holds of numbers, of sound shape; raises UnsoundError, ValueError, KeyError."""
    return state_of(_head(sql), entries_of(shaped(Entries, _entries(sql), at=("entries",))), _windows(sql))


def _head(sql: Sql) -> HeadShape:
    rows = sql.execute("SELECT name, lineage, serial, scenario FROM records WHERE record = ?", (sql.record,))
    found: HeadShape = shaped(HeadShape, _named(HeadShape, rows[0]))
    return found


def _entries(sql: Sql) -> dict[str, dict[str, Any]]:
    rows = sql.execute(
        "SELECT provider, number, kind, account, value, digests, confirmed, protected, written_at, "
        "run_id, canonical_version FROM entries WHERE record = ?",
        (sql.record,),
    )
    found: dict[str, dict[str, Any]] = {}
    for provider, number, kind, account, value, digests, confirmed, protected, written_at, run_id, version in rows:
        found[f"{provider}/{number}/{kind}"] = {
            "account": account,
            "value": value,
            "digests": _digests(digests),
            "confirmed": confirmed == 1,
            "protected": protected == 1,
            "written_at": written_at,
            "run_id": run_id,
            "canonical_version": version,
        }
    return found


def _windows(sql: Sql) -> tuple[Window, ...]:
    """The open windows, oldest first."""
    intents: dict[str, list[dict[str, Any]]] = {}
    for window_id, provider, number, kind, *said, digests, before_digests, run_id, since, version in sql.execute(
        "SELECT window_id, provider, number, kind, account, action, value_before, value_after, digests, "
        "before_digests, run_id, since, canonical_version FROM intents WHERE record = ? ORDER BY window_id, position",
        (sql.record,),
    ):
        both = _digests(digests), _digests(before_digests)
        row = _named(IntentShape, (f"{provider}/{number}/{kind}", *said, *both, run_id, since, version))
        intents.setdefault(window_id, []).append(row)
    rows = sql.execute("SELECT id, run_id, opened_at FROM windows WHERE record = ? ORDER BY position", (sql.record,))
    found = [_named(WindowShape, (*row, intents.get(row[0], []))) for row in rows]
    return tuple(map(window_of, shaped(Windows, found, at=("windows",))))


def _named(shape: type, row: Sequence[Any]) -> dict[str, Any]:
    """A row by the names of a shape, whose order it has."""
    return dict(zip(shape.__annotations__, row, strict=True))


def store(sql: Sql, update: Update, after: RecordState, *, run_id: str) -> None:
    """Write what an update changes, and the head of the state `after` it; results go to the run `run_id` by default."""
    _store_entries(sql, update)
    _store_windows(sql, update)
    if update.run is not None:
        run_rows.put(sql, update.run)
    if update.results:
        run_rows.append(sql, update.run.id if update.run else run_id, update.results)
    for older, results in update.results_of.items():
        if run_rows.is_kept(sql, older):
            run_rows.append(sql, older, results)
    sql.execute(
        "UPDATE records SET name = ?, lineage = ?, serial = ?, scenario = ? WHERE record = ?",
        (after.name, after.lineage, after.serial, after.scenario, sql.record),
    )


def _store_entries(sql: Sql, update: Update) -> None:
    sql.many(
        "DELETE FROM entries WHERE record = ? AND provider = ? AND number = ? AND kind = ?",
        [(sql.record, key.provider, key.number, key.kind.value) for key in update.drop],
    )
    sql.many(
        "INSERT INTO entries (record, provider, number, kind, account, value, digests, confirmed, protected, "
        "written_at, run_id, canonical_version) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) "
        "ON CONFLICT (record, provider, number, kind) DO UPDATE SET "
        "account = excluded.account, value = excluded.value, digests = excluded.digests, "
        "confirmed = excluded.confirmed, protected = excluded.protected, "
        "written_at = excluded.written_at, run_id = excluded.run_id, canonical_version = excluded.canonical_version",
        [_entry_row(sql, entry) for entry in update.put],
    )


def _entry_row(sql: Sql, entry: Entry) -> tuple[Any, ...]:
    key = entry.key
    return (
        *(sql.record, key.provider, key.number, key.kind.value, entry.account, entry.value, _render(entry.digests)),
        *(int(entry.confirmed), int(entry.protected), entry.written_at, entry.run_id, entry.canonical_version),
    )


def _store_windows(sql: Sql, update: Update) -> None:
    settled = [(sql.record, window_id) for window_id in update.settle]
    sql.many("DELETE FROM intents WHERE record = ? AND window_id = ?", settled)
    sql.many("DELETE FROM windows WHERE record = ? AND id = ?", settled)
    if (window := update.open) is None:
        return
    last = sql.execute("SELECT coalesce(max(position), 0) FROM windows WHERE record = ?", (sql.record,))
    sql.execute(
        "INSERT INTO windows (record, id, position, run_id, opened_at) VALUES (?, ?, ?, ?, ?)",
        (sql.record, window.id, last[0][0] + 1, window.run_id, window.opened_at),
    )
    sql.many(
        "INSERT INTO intents (record, window_id, position, provider, number, kind, account, action, value_before, "
        "value_after, digests, before_digests, run_id, since, canonical_version) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        [_intent_row(sql, window.id, position, intent) for position, intent in enumerate(window.intents)],
    )


def _intent_row(sql: Sql, window_id: str, position: int, intent: Intent) -> tuple[Any, ...]:
    key = intent.key
    return (
        *(sql.record, window_id, position, key.provider, key.number, key.kind.value, intent.account, intent.action),
        *(intent.before, intent.after, _render(intent.digests), _render(intent.before_digests)),
        *(intent.run_id, intent.since, intent.canonical_version),
    )


def _digests(text: str) -> object:
    try:
        return from_json(text, allow_inf_nan=False) if text else {}
    except (TypeError, ValueError):
        return text


def _render(digests: Mapping[str, str]) -> str:
    return json.dumps(dict(digests), ensure_ascii=False) if digests else ""
