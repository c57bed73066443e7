"""Events as vendors send them: those of the vendors' own pages, and calls made up from a seed."""

from __future__ import annotations

import json
import random
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from reconciler.events.model import Kept
from reconciler.events.reading import read_body

Body = Mapping[str, Any]
SEEDS = Path(__file__).parent / "seeds"


def samples(name: str) -> list[dict[str, Any]]:
    """The samples of a vendor's page, in the order in which they stand there."""
    return [json.loads(text) for text in (SEEDS / name).read_text("utf-8").splitlines()]


EXOLVE = samples("exolve-outbound-call-events.jsonl")
MTT = samples("mtt-notifications.jsonl")


def raw(body: object) -> bytes:
    return json.dumps(body).encode()


def kept(number: int, body: Body, *, at: float = 0.0, times: int = 1) -> Kept:
    return Kept(number, read_body(raw(body)), at, at, times)


def outbound(call: int, chance: random.Random) -> list[dict[str, Any]]:
    """The events of one call that goes out, in the order in which they happen."""
    start = datetime(2026, 3, 2, tzinfo=UTC) + timedelta(milliseconds=chance.randrange(10**9))
    kinds = chance.choice(("oshed", "ohed"))
    shared = {**EXOLVE[0], "uid": 7_000_000 + call, "call_sid": f"call-{call}"}
    found = []
    for step, kind in enumerate(kinds):
        moment = start + timedelta(seconds=step + chance.random() / 2)
        extra = {name: EXOLVE[3][name] for name in EXOLVE[3].keys() - EXOLVE[0].keys()} if kind == "d" else {}
        found.append({**shared, **extra, "type": kind, "date_time": moment.isoformat()})
    return found


def notified(call: int, chance: random.Random) -> list[dict[str, Any]]:
    """The notifications of one call that comes in, in the order in which they happen."""
    states = chance.choice((("trying", "showing", "connected", "finished", "recorded"), ("trying", "finished")))
    info = MTT[2]["result"]["callInfo"]
    return [
        {
            "event": "callNotifications",
            "result": {"callInfo": {**info, "call": {"id": f"{call}~1o", "tag": f"t{call}"}, "state": state}},
        }
        for state in states
    ]
