"""The tables of a record in the SQL that SQLite and PostgreSQL share: head, entries, windows and runs as rows.

Knows values and rows, and nothing of files, connections or errors.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Protocol

from pydantic_core import from_json

from reconciler.model import Entry
from reconciler.record.base import Intent, RecordState, Run, Update, Window, one_run
from reconciler.record.document import entries_of, run_of, state_of, window_of
from reconciler.record.shapes import (
    Entries,
    EntryShape,
    HeadShape,
    IntentShape,
    RunShape,
    Windows,
    WindowShape,
    check_shape,
)


class Sql(Protocol):
    """An open transaction. Statements are written with `?` for parameters; `record` is the id of this record's rows."""

    @property
    def record(self) -> int: ...

    def execute(self, statement: str, parameters: Sequence[Any] = ()) -> list[Any]:
        """Run one statement and return its rows."""

    def many(self, statement: str, rows: Iterable[Sequence[Any]]) -> None:
        """Run one statement for each row of parameters."""


TABLES = (
    """CREATE TABLE records (
        record INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, lineage TEXT NOT NULL, serial BIGINT NOT NULL,
        scenario TEXT NOT NULL)""",
    """CREATE TABLE entries (
        record INTEGER NOT NULL, provider TEXT NOT NULL, number TEXT NOT NULL, kind TEXT NOT NULL,
        account TEXT NOT NULL, value TEXT NOT NULL, digests TEXT NOT NULL, confirmed INTEGER NOT NULL,
        protected INTEGER NOT NULL, written_at TEXT NOT NULL, run_id TEXT NOT NULL,
        canonical_version INTEGER NOT NULL DEFAULT 1, PRIMARY KEY (record, provider, number, kind))""",
    """CREATE TABLE windows (
        record INTEGER NOT NULL, id TEXT NOT NULL, position BIGINT NOT NULL, run_id TEXT NOT NULL,
        opened_at TEXT NOT NULL, PRIMARY KEY (record, id))""",
    """CREATE TABLE intents (
        record INTEGER NOT NULL, window_id TEXT NOT NULL, position INTEGER NOT NULL, provider TEXT NOT NULL,
        number TEXT NOT NULL, kind TEXT NOT NULL, account TEXT NOT NULL, action TEXT NOT NULL,
        value_before TEXT NOT NULL, value_after TEXT NOT NULL, digests TEXT NOT NULL,
        before_digests TEXT NOT NULL DEFAULT '', run_id TEXT NOT NULL DEFAULT '', since TEXT NOT NULL DEFAULT '',
        canonical_version INTEGER NOT NULL DEFAULT 1, PRIMARY KEY (record, window_id, position))""",
    """CREATE TABLE runs (
        record INTEGER NOT NULL, id TEXT NOT NULL, position BIGINT NOT NULL, started_at TEXT NOT NULL,
        username TEXT NOT NULL, host TEXT NOT NULL, pid BIGINT NOT NULL, origin TEXT NOT NULL, commit_id TEXT NOT NULL,
        finished_at TEXT NOT NULL, overrides TEXT NOT NULL, PRIMARY KEY (record, id))""",
    """CREATE TABLE results (
        record INTEGER NOT NULL, run_id TEXT NOT NULL, position BIGINT NOT NULL, body TEXT NOT NULL,
        PRIMARY KEY (record, run_id, position))""",
    """CREATE TABLE locks (
        record INTEGER NOT NULL, account TEXT NOT NULL, host TEXT NOT NULL, username TEXT NOT NULL, pid BIGINT NOT NULL,
        run_id TEXT NOT NULL, since TEXT NOT NULL, token TEXT NOT NULL, process TEXT NOT NULL,
        PRIMARY KEY (record, account))""",
)

TO_FORMAT_2 = (
    "ALTER TABLE entries ADD COLUMN canonical_version INTEGER NOT NULL DEFAULT 1",
    "ALTER TABLE intents ADD COLUMN before_digests TEXT NOT NULL DEFAULT ''",
    "ALTER TABLE intents ADD COLUMN run_id TEXT NOT NULL DEFAULT ''",
    "ALTER TABLE intents ADD COLUMN since TEXT NOT NULL DEFAULT ''",
    "ALTER TABLE intents ADD COLUMN canonical_version INTEGER NOT NULL DEFAULT 1",
)
"""What makes the tables of format 1 those of format 2: the version of each value, the run of each intent."""

AS_FORMAT_1 = (
    ("run_id, canonical_version FROM entries", "run_id, 1 FROM entries"),
    ("before_digests, run_id, since, canonical_version FROM intents", "'', '', '', 1 FROM intents"),
)
"""What in today's statements reads tables of format 1, for whoever may not bring them up to date."""


def put(sql: Sql, run: Run) -> None:
    """Store a run, or replace the one of that id but for its results."""
    last = sql.execute("SELECT coalesce(max(position), 0) FROM runs WHERE record = ?", (sql.record,))
    row = (run.id, run.started_at, run.user, run.host, run.pid, run.origin, run.commit, run.finished_at)
    overrides = json.dumps(list(run.overrides), ensure_ascii=False)
    sql.execute(
        "INSERT INTO runs "
        "(record, position, id, started_at, username, host, pid, origin, commit_id, finished_at, overrides) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) "
        "ON CONFLICT (record, id) DO UPDATE SET started_at = excluded.started_at, username = excluded.username, "
        "host = excluded.host, pid = excluded.pid, origin = excluded.origin, commit_id = excluded.commit_id, "
        "finished_at = excluded.finished_at, overrides = excluded.overrides",
        (sql.record, last[0][0] + 1, *row, overrides),
    )


def append(sql: Sql, run_id: str, results: Sequence[Mapping[str, Any]]) -> None:
    """Add results behind those that a run has."""
    last = sql.execute(
        "SELECT coalesce(max(position), 0) FROM results WHERE record = ? AND run_id = ?", (sql.record, run_id)
    )
    sql.many(
        "INSERT INTO results (record, run_id, position, body) VALUES (?, ?, ?, ?)",
        [
            (sql.record, run_id, last[0][0] + offset, json.dumps(dict(result), ensure_ascii=False))
            for offset, result in enumerate(results, start=1)
        ],
    )


def is_kept(sql: Sql, run_id: str) -> bool:
    """Whether a run has not been pruned yet."""
    return bool(sql.execute("SELECT 1 FROM runs WHERE record = ? AND id = ?", (sql.record, run_id)))


def prune(sql: Sql, *, keep: int) -> None:
    """Drop all but the latest runs; those with an open window, or an intent in one, stay."""
    rows = sql.execute(
        "SELECT id FROM runs WHERE record = ? AND id NOT IN (SELECT run_id FROM windows WHERE record = ? "
        "UNION SELECT run_id FROM intents WHERE record = ?) ORDER BY position DESC",
        (sql.record, sql.record, sql.record),
    )
    old = [(sql.record, run_id) for (run_id,) in rows[keep:]]
    sql.many("DELETE FROM results WHERE record = ? AND run_id = ?", old)
    sql.many("DELETE FROM runs WHERE record = ? AND id = ?", old)


def runs(sql: Sql, limit: int) -> tuple[Run, ...]:
    """The latest runs, newest first, without results."""
    rows = sql.execute(
        "SELECT id, started_at, username, host, pid, origin, commit_id, finished_at, overrides FROM runs "
        "WHERE record = ? ORDER BY position DESC LIMIT ?",
        (sql.record, limit),
    )
    return tuple(_run(row) for row in rows)


def run(sql: Sql, prefix: str) -> Run | None:
    """The run whose id is, or alone begins with, `prefix`, with its results."""
    rows = sql.execute(
        "SELECT id, started_at, username, host, pid, origin, commit_id, finished_at, overrides FROM runs "
        "WHERE record = ? AND substr(id, 1, ?) = ?",
        (sql.record, len(prefix), prefix),
    )
    found = {row[0]: row for row in rows}
    run_id = one_run([*found], prefix)
    if run_id is None:
        return None
    bodies = sql.execute(
        "SELECT body FROM results WHERE record = ? AND run_id = ? ORDER BY position", (sql.record, run_id)
    )
    return _run(found[run_id], [from_json(body, allow_inf_nan=False) for (body,) in bodies])


def _run(row: Sequence[Any], results: Sequence[Any] = ()) -> Run:
    *said, overrides = row
    found = _named(RunShape, (*said, from_json(overrides), list(results)))
    return run_of(check_shape(RunShape, found, at=("runs", str(found["id"]))))


def head(sql: Sql) -> RecordState:
    """The record without entries and windows."""
    return state_of(_head(sql), {}, ())


def state(sql: Sql) -> RecordState:
    """All that the record holds of numbers, of sound shape; raises MalformedRecordError, ValueError, KeyError."""
    return state_of(_head(sql), entries_of(check_shape(Entries, _entries(sql), at=("entries",))), _windows(sql))


def _head(sql: Sql) -> HeadShape:
    rows = sql.execute("SELECT name, lineage, serial, scenario FROM records WHERE record = ?", (sql.record,))
    found: HeadShape = check_shape(HeadShape, _named(HeadShape, rows[0]))
    return found


def _entries(sql: Sql) -> dict[str, dict[str, Any]]:
    rows = sql.execute(
        "SELECT provider, number, kind, account, value, digests, confirmed, protected, written_at, "
        "run_id, canonical_version FROM entries WHERE record = ?",
        (sql.record,),
    )
    found: dict[str, dict[str, Any]] = {}
    for provider, number, kind, account, value, digests, confirmed, protected, *made in rows:
        entry = (account, value, _digests(digests), confirmed == 1, protected == 1, *made)
        found[f"{provider}/{number}/{kind}"] = _named(EntryShape, entry)
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
    return tuple(map(window_of, check_shape(Windows, found, at=("windows",))))


def _named(shape: type, row: Sequence[Any]) -> dict[str, Any]:
    """A row by the names of a shape, whose order it has."""
    return dict(zip(shape.__annotations__, row, strict=True))


def store(sql: Sql, update: Update, after: RecordState, *, run_id: str) -> None:
    """Write what an update changes, and the head of the state `after` it; results go to the run `run_id` by default."""
    _store_entries(sql, update)
    _store_windows(sql, update)
    if update.run is not None:
        put(sql, update.run)
    if update.results:
        append(sql, update.run.id if update.run else run_id, update.results)
    for older, results in update.results_of.items():
        if is_kept(sql, older):
            append(sql, older, results)
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
