"""Who holds the lock of a state server, in the fields that its protocol has for that, there and back.

Knows no requests. A lock's id is a UUID, as Terraform's are: some servers take no other. GitLab takes any, but keeps
nothing else of a lock and answers the asker's own `Info`; so there the id itself says who holds the lock, and `Info` is
believed only where it fits the id.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote, unquote

from pydantic_core import from_json

from reconciler import __version__
from reconciler.record.base import Holder
from reconciler.record.document import claim_data, claim_of
from reconciler.record.process import Claim
from reconciler.record.shapes import Claims, shaped

_LONGEST_ID = 255  # of GitLab
_BETWEEN = "~"


# A lock that is taken to learn who holds it, and given back at once. Servers want every one of these fields.
PROBE: Mapping[str, Any] = {
    "ID": "7ec0c11e-2000-4000-8000-000000000000",
    "Operation": "reconciler asks who holds the lock",
    "Info": "",
    "Who": "reconciler",
    "Version": "1",
    "Created": "2026-01-01T00:00:00Z",
    "Path": "",
}


# docs/decisions/103
def lock_info(claims: Sequence[Claim], *, operation: str, path: str, is_gitlab: bool) -> dict[str, str]:
    """The lock info that is sent: who holds it (`claims`), what for, and what it locks."""
    holder = claims[0].holder
    return {
        "ID": lock_id(claims) if is_gitlab else str(uuid.UUID(claims[0].token)),
        "Operation": operation,
        "Info": json.dumps([claim_data(claim) for claim in claims]),
        "Who": f"{holder.user}@{holder.host}",
        "Version": __version__,
        "Created": holder.since,
        "Path": path,
    }


def lock_id(claims: Sequence[Claim]) -> str:
    """Return the id of a lock: its token, and behind it who holds it, as far as there is room."""
    first = claims[0]
    holder = first.holder
    accounts = ",".join(_quoted(claim.holder.account) for claim in claims)
    parts = (holder.run_id, str(holder.pid), first.process, holder.since, holder.user, holder.host)
    text = _BETWEEN.join((first.token, *map(_quoted, parts), accounts))
    return text if len(text) <= _LONGEST_ID else first.token


def token_of(lock_id: str) -> str:
    """Return the token that a lock's id begins with, or is."""
    return lock_id.partition(_BETWEEN)[0].replace("-", "")


def claims_of(info: Mapping[str, Any] | None) -> tuple[Claim, ...]:
    """Who holds a lock, by its info; of a lock that another program made, what can be told."""
    if info is None:
        return ()
    return _by_info(info) or _by_id(info["ID"]) or (Claim(_stranger(info), info["ID"], ""),)


def _quoted(text: str) -> str:
    return quote(text, safe="|:").replace(_BETWEEN, "%7E")


def _by_info(info: Mapping[str, Any]) -> tuple[Claim, ...]:
    try:
        found = _claims(from_json(info["Info"]))
    except (KeyError, TypeError, ValueError):
        return ()
    return found if all(claim.token == token_of(info["ID"]) for claim in found) else ()


def _by_id(text: str) -> tuple[Claim, ...]:
    try:
        token, *parts, accounts = text.split(_BETWEEN)
        run_id, pid, process, since, user, host = (unquote(part) for part in parts)
        rest = {"host": host, "user": user, "pid": int(pid), "run_id": run_id, "since": since}
        rows = [{**rest, "account": unquote(account)} for account in accounts.split(",")]
        return _claims([{**row, "token": token, "process": process} for row in rows])
    except ValueError:
        return ()


def _claims(rows: object) -> tuple[Claim, ...]:
    return tuple(map(claim_of, shaped(Claims, rows)))


def _stranger(info: Mapping[str, Any]) -> Holder:
    told = {name: _brief(info.get(name)) for name in ("Who", "Created", "ID")}
    user, _, host = (told["Who"] or "somebody").partition("@")
    return Holder("", host or "unknown host", user, 0, told["ID"] or "unknown", told["Created"] or "unknown")


def _brief(value: object) -> str:
    """What a server says in a field that is shown: a text of bearable length, or nothing."""
    return value[:_LONGEST_ID] if isinstance(value, str) else ""
