"""Locks as rows: who holds which account of a record.

Knows nothing of what a lock means or when it may be broken.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from reconciler.record.document import claim_of
from reconciler.record.process import Claim
from reconciler.record.shapes import Claims, ClaimShape, shaped
from reconciler.record.tables import Sql


def held(sql: Sql) -> tuple[Claim, ...]:
    """The locks that are held, by account; raises UnsoundError."""
    rows = sql.execute(
        "SELECT account, host, username, pid, run_id, since, token, process FROM locks "
        "WHERE record = ? ORDER BY account",
        (sql.record,),
    )
    found = [dict(zip(ClaimShape.__annotations__, row, strict=True)) for row in rows]
    return tuple(map(claim_of, shaped(Claims, found, at=("locks",))))


def put(sql: Sql, claims: Iterable[Claim]) -> None:
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


def drop(sql: Sql, claims: Iterable[Claim]) -> None:
    """Remove exactly these locks."""
    sql.many(
        "DELETE FROM locks WHERE record = ? AND account = ? AND token = ?",
        [(sql.record, claim.holder.account, claim.token) for claim in claims],
    )
