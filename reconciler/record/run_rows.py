"""Runs and their results as rows.

Knows nothing of entries, locks or transactions.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from pydantic_core import from_json

from reconciler.record.base import Run, one_run
from reconciler.record.document import run_of
from reconciler.record.shapes import RunShape, shaped
from reconciler.record.tables import Sql


def put(sql: Sql, run: Run) -> None:
    """Store a run, or replace the one of that id but for its results."""
    last = sql.execute("SELECT coalesce(max(position), 0) FROM runs WHERE record = ?", (sql.record,))
    overrides = json.dumps(list(run.overrides), ensure_ascii=False)
    sql.execute(
        "INSERT INTO runs "
        "(record, position, id, started_at, username, host, pid, origin, commit_id, finished_at, overrides) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) "
        "ON CONFLICT (record, id) DO UPDATE SET started_at = excluded.started_at, username = excluded.username, "
        "host = excluded.host, pid = excluded.pid, origin = excluded.origin, commit_id = excluded.commit_id, "
        "finished_at = excluded.finished_at, overrides = excluded.overrides",
        (
            *(sql.record, last[0][0] + 1, run.id, run.started_at, run.user, run.host, run.pid, run.origin, run.commit),
            *(run.finished_at, overrides),
        ),
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
        "SELECT id FROM runs WHERE record = ? AND substr(id, 1, ?) = ?", (sql.record, len(prefix), prefix)
    )
    run_id = one_run([row[0] for row in rows], prefix)
    if run_id is None:
        return None
    (row,) = sql.execute(
        "SELECT id, started_at, username, host, pid, origin, commit_id, finished_at, overrides FROM runs "
        "WHERE record = ? AND id = ?",
        (sql.record, run_id),
    )
    bodies = sql.execute(
        "SELECT body FROM results WHERE record = ? AND run_id = ? ORDER BY position", (sql.record, run_id)
    )
    return _run(row, [from_json(body, allow_inf_nan=False) for (body,) in bodies])


def _run(row: Sequence[Any], results: Sequence[Any] = ()) -> Run:
    run_id, started_at, user, host, pid, origin, commit, finished_at, overrides = row
    found = {
        "id": run_id,
        "started_at": started_at,
        "user": user,
        "host": host,
        "pid": pid,
        "origin": origin,
        "commit": commit,
        "finished_at": finished_at,
        "overrides": from_json(overrides),
        "results": list(results),
    }
    return run_of(shaped(RunShape, found, at=("runs", str(run_id))))
