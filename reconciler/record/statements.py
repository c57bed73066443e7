"""The tables of a record in rows, and the statements on them, in the SQL that SQLite and PostgreSQL share.

Knows values and rows, and nothing of files, connections, transactions or errors.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from reconciler.model import Entry, Key, Kind
from reconciler.record.base import Holder, Intent, RecordError, RecordState, Run, Update, Window
from reconciler.record.process import Claim

if TYPE_CHECKING:
    from reconciler.record.rows import Sql

TABLES = (
    """CREATE TABLE records (
        record INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, lineage TEXT NOT NULL, serial BIGINT NOT NULL,
        scenario TEXT NOT NULL)""",
    """CREATE TABLE entries (
        record INTEGER NOT NULL, provider TEXT NOT NULL, number TEXT NOT NULL, kind TEXT NOT NULL,
        account TEXT NOT NULL, value TEXT NOT NULL, digests TEXT NOT NULL, confirmed INTEGER NOT NULL,
        protected INTEGER NOT NULL, written_at TEXT NOT NULL, run_id TEXT NOT NULL, PRIMARY KEY (record, provider, number, kind))""",
    """CREATE TABLE windows (
        record INTEGER NOT NULL, id TEXT NOT NULL, position BIGINT NOT NULL, run_id TEXT NOT NULL,
        opened_at TEXT NOT NULL, PRIMARY KEY (record, id))""",
    """CREATE TABLE intents (
        record INTEGER NOT NULL, window_id TEXT NOT NULL, position INTEGER NOT NULL, provider TEXT NOT NULL,
        number TEXT NOT NULL, kind TEXT NOT NULL, account TEXT NOT NULL, action TEXT NOT NULL,
        value_before TEXT NOT NULL, value_after TEXT NOT NULL, digests TEXT NOT NULL,
        PRIMARY KEY (record, window_id, position))""",
    """CREATE TABLE runs (
        record INTEGER NOT NULL, id TEXT NOT NULL, position BIGINT NOT NULL, started_at TEXT NOT NULL,
        username TEXT NOT NULL, host TEXT NOT NULL, origin TEXT NOT NULL, commit_id TEXT NOT NULL,
        finished_at TEXT NOT NULL, overrides TEXT NOT NULL, PRIMARY KEY (record, id))""",
    """CREATE TABLE results (
        record INTEGER NOT NULL, run_id TEXT NOT NULL, position BIGINT NOT NULL, body TEXT NOT NULL,
        PRIMARY KEY (record, run_id, position))""",
    """CREATE TABLE locks (
        record INTEGER NOT NULL, account TEXT NOT NULL, host TEXT NOT NULL, username TEXT NOT NULL, pid BIGINT NOT NULL,
        run_id TEXT NOT NULL, since TEXT NOT NULL, token TEXT NOT NULL, process TEXT NOT NULL,
        PRIMARY KEY (record, account))""",
)

_KINDS = {kind.value: kind for kind in Kind}
_NO_DIGESTS: Mapping[str, str] = {}
_RUN_COLUMNS = "id, started_at, username, host, origin, commit_id, finished_at, overrides"


def head(sql: Sql) -> RecordState:
    """The record without entries and windows."""
    rows = sql.execute("SELECT name, lineage, serial, scenario FROM records WHERE record = ?", (sql.record,))
    name, lineage, serial, scenario = rows[0]
    return RecordState(name, lineage, serial, scenario=scenario)


def entries(sql: Sql) -> dict[Key, Entry]:
    """All entries by key."""
    rows = sql.execute(
        "SELECT provider, number, kind, account, value, digests, confirmed, protected, written_at, run_id "
        "FROM entries WHERE record = ?",
        (sql.record,),
    )
    found: dict[Key, Entry] = {}
    for provider, number, kind, account, value, digests, confirmed, protected, written_at, run_id in rows:
        key = Key(provider, number, _KINDS[kind])
        found[key] = Entry(key, account, value, _digests(digests), confirmed == 1, protected == 1, written_at, run_id)
    return found


def windows(sql: Sql) -> tuple[Window, ...]:
    """The open windows, oldest first."""
    intents: dict[str, list[Intent]] = {}
    for window_id, provider, number, kind, account, action, before, after, digests in sql.execute(
        "SELECT window_id, provider, number, kind, account, action, value_before, value_after, digests "
        "FROM intents WHERE record = ? ORDER BY window_id, position",
        (sql.record,),
    ):
        key = Key(provider, number, _KINDS[kind])
        intents.setdefault(window_id, []).append(Intent(key, account, action, before, after, _digests(digests)))
    rows = sql.execute("SELECT id, run_id, opened_at FROM windows WHERE record = ? ORDER BY position", (sql.record,))
    return tuple(Window(id_, run_id, opened_at, tuple(intents.get(id_, ()))) for id_, run_id, opened_at in rows)


def store(sql: Sql, update: Update, after: RecordState, *, run_id: str) -> None:
    """Write what an update changes, and the head of the state `after` it; results go to the run `run_id` by default."""
    _store_entries(sql, update)
    _store_windows(sql, update)
    if update.run is not None:
        _store_run(sql, update.run)
    if update.results:
        _append_results(sql, update.run.id if update.run else run_id, update.results)
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
        "written_at, run_id) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) "
        "ON CONFLICT (record, provider, number, kind) DO UPDATE SET "
        "account = excluded.account, value = excluded.value, digests = excluded.digests, "
        "confirmed = excluded.confirmed, protected = excluded.protected, "
        "written_at = excluded.written_at, run_id = excluded.run_id",
        [_entry_row(sql, entry) for entry in update.put],
    )


def _entry_row(sql: Sql, entry: Entry) -> tuple[Any, ...]:
    key = entry.key
    return (
        *(sql.record, key.provider, key.number, key.kind.value, entry.account, entry.value, _render(entry.digests)),
        *(int(entry.confirmed), int(entry.protected), entry.written_at, entry.run_id),
    )


def _store_windows(sql: Sql, update: Update) -> None:
    settled = [(sql.record, window_id) for window_id in update.settle]
    sql.many("DELETE FROM intents WHERE record = ? AND window_id = ?", settled)
    sql.many("DELETE FROM windows WHERE record = ? AND id = ?", settled)
    if (window := update.open) is None:
        return
    position = _next(sql, "windows", "record = ?", (sql.record,))
    sql.execute(
        "INSERT INTO windows (record, id, position, run_id, opened_at) VALUES (?, ?, ?, ?, ?)",
        (sql.record, window.id, position, window.run_id, window.opened_at),
    )
    sql.many(
        "INSERT INTO intents (record, window_id, position, provider, number, kind, account, action, value_before, "
        "value_after, digests) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        [_intent_row(sql, window.id, position, intent) for position, intent in enumerate(window.intents)],
    )


def _intent_row(sql: Sql, window_id: str, position: int, intent: Intent) -> tuple[Any, ...]:
    key = intent.key
    return (
        *(sql.record, window_id, position, key.provider, key.number, key.kind.value, intent.account, intent.action),
        *(intent.before, intent.after, _render(intent.digests)),
    )


def _store_run(sql: Sql, run: Run) -> None:
    position = _next(sql, "runs", "record = ?", (sql.record,))
    overrides = json.dumps(list(run.overrides), ensure_ascii=False)
    sql.execute(
        f"INSERT INTO runs (record, position, {_RUN_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) "  # noqa: S608 - constant
        "ON CONFLICT (record, id) DO UPDATE SET started_at = excluded.started_at, username = excluded.username, "
        "host = excluded.host, origin = excluded.origin, commit_id = excluded.commit_id, "
        "finished_at = excluded.finished_at, overrides = excluded.overrides",
        (
            *(sql.record, position, run.id, run.started_at, run.user, run.host, run.origin, run.commit),
            *(run.finished_at, overrides),
        ),
    )


def _append_results(sql: Sql, run_id: str, results: Sequence[Mapping[str, Any]]) -> None:
    first = _next(sql, "results", "record = ? AND run_id = ?", (sql.record, run_id))
    sql.many(
        "INSERT INTO results (record, run_id, position, body) VALUES (?, ?, ?, ?)",
        [
            (sql.record, run_id, first + offset, json.dumps(dict(result), ensure_ascii=False))
            for offset, result in enumerate(results)
        ],
    )


def _next(sql: Sql, table: str, where: str, parameters: Sequence[Any]) -> int:
    statement = f"SELECT coalesce(max(position), 0) + 1 FROM {table} WHERE {where}"  # noqa: S608 - both are constants
    return int(sql.execute(statement, parameters)[0][0])


def prune_runs(sql: Sql, *, keep: int) -> None:
    """Drop all but the latest runs; those with an open window stay."""
    rows = sql.execute(
        "SELECT id FROM runs WHERE record = ? AND id NOT IN (SELECT run_id FROM windows WHERE record = ?) "
        "ORDER BY position DESC",
        (sql.record, sql.record),
    )
    old = [(sql.record, run_id) for (run_id,) in rows[keep:]]
    sql.many("DELETE FROM results WHERE record = ? AND run_id = ?", old)
    sql.many("DELETE FROM runs WHERE record = ? AND id = ?", old)


def runs(sql: Sql, limit: int) -> tuple[Run, ...]:
    """The latest runs, newest first, without results."""
    rows = sql.execute(
        f"SELECT {_RUN_COLUMNS} FROM runs WHERE record = ? ORDER BY position DESC LIMIT ?",  # noqa: S608 - constant
        (sql.record, limit),
    )
    return tuple(_run(row) for row in rows)


def run(sql: Sql, prefix: str) -> Run | None:
    """The run whose id is, or alone begins with, `prefix`, with its results."""
    rows = sql.execute(
        "SELECT id FROM runs WHERE record = ? AND substr(id, 1, ?) = ?", (sql.record, len(prefix), prefix)
    )
    run_id = one_run([row[0] for row in rows], prefix)
    if run_id is None:
        return None
    (row,) = sql.execute(
        f"SELECT {_RUN_COLUMNS} FROM runs WHERE record = ? AND id = ?",  # noqa: S608 - constant
        (sql.record, run_id),
    )
    bodies = sql.execute(
        "SELECT body FROM results WHERE record = ? AND run_id = ? ORDER BY position", (sql.record, run_id)
    )
    return _run(row, tuple(json.loads(body) for (body,) in bodies))


def one_run(ids: Sequence[str], prefix: str) -> str | None:
    """Choose the id that is, or alone begins with, `prefix`; raises RecordError where several do."""
    if not prefix or not ids:
        return None
    if prefix in ids:
        return prefix
    if len(ids) > 1:
        raise RecordError(f"{prefix!r} begins the ids of {len(ids)} runs", hint="type more of the id")
    return ids[0]


def _run(row: Sequence[Any], results: tuple[Mapping[str, Any], ...] = ()) -> Run:
    run_id, started_at, user, host, origin, commit, finished_at, overrides = row
    return Run(run_id, started_at, user, host, origin, commit, finished_at, tuple(json.loads(overrides)), results)


def claims(sql: Sql) -> tuple[Claim, ...]:
    """The locks that are held, by account."""
    rows = sql.execute(
        "SELECT account, host, username, pid, run_id, since, token, process FROM locks "
        "WHERE record = ? ORDER BY account",
        (sql.record,),
    )
    return tuple(Claim(Holder(*row[:6]), row[6], row[7]) for row in rows)


def put_claims(sql: Sql, claims: Iterable[Claim]) -> None:
    """Store locks."""
    sql.many(
        "INSERT INTO locks (record, account, host, username, pid, run_id, since, token, process) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        [_claim_row(sql, claim) for claim in claims],
    )


def _claim_row(sql: Sql, claim: Claim) -> tuple[Any, ...]:
    holder = claim.holder
    return (
        *(sql.record, holder.account, holder.host, holder.user, holder.pid, holder.run_id, holder.since),
        *(claim.token, claim.process),
    )


def drop_claims(sql: Sql, claims: Iterable[Claim]) -> None:
    """Remove exactly these locks."""
    sql.many(
        "DELETE FROM locks WHERE record = ? AND account = ? AND token = ?",
        [(sql.record, claim.holder.account, claim.token) for claim in claims],
    )


def _digests(text: str) -> Mapping[str, str]:
    return json.loads(text) if text else _NO_DIGESTS


def _render(digests: Mapping[str, str]) -> str:
    return json.dumps(dict(digests), ensure_ascii=False) if digests else ""
