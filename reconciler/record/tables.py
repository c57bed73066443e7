"""The tables of a record in rows, in the SQL that SQLite and PostgreSQL share, and what a transaction on them can do.

Knows neither values nor databases.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Protocol


class Sql(Protocol):
    """An open transaction. Statements are written with `?` for parameters; `record` is the id of this record's rows."""

    @property
    def record(self) -> int: ...

    def execute(self, statement: str, parameters: Sequence[Any] = ()) -> list[Any]:
        """Run one statement and return its rows."""
        ...

    def many(self, statement: str, rows: Iterable[Sequence[Any]]) -> None:
        """Run one statement for each row of parameters."""
        ...


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
