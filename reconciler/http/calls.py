"""A request on the wire and how it ended, as those hear it who listen: neither headers nor queries nor bodies.

Knows no HTTP library, so that whoever only passes a listener on pays for none.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Call:
    """One attempt of one request.

    `at` is when it was sent, in seconds since the epoch, `milliseconds` how long its answer took. `peer` is whose host
    it is, `account` for whom it was sent ("" = for the record). `path` has no query, and no secret. `numbers` are those
    that it is about. `status` is None where no answer came, and `error` then says why. `request_id` is what the other
    side called it.
    """

    at: float
    peer: str
    method: str
    host: str
    path: str
    attempt: int
    numbers: tuple[str, ...] = ()
    account: str = ""
    status: int | None = None
    milliseconds: int = 0
    request_id: str = ""
    error: str = ""


OnCall = Callable[[Call], None]


def unheard(_call: Call) -> None:
    """Nobody listens."""
