"""What an event says, whichever vendor sent it, and what is kept of it.

Knows neither the vendors' spelling nor where events are kept.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

Direction = Literal["inbound", "outbound", ""]


class UnreadableEventError(Exception):
    """What was sent is no event of a vendor; the message says why, and quotes nothing of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One event, read.

    `at` is when it happened, in seconds since the epoch, where the vendor says so. Spans are in milliseconds. `kind` is
    the vendor's own word where it is not `documented`. An event that is about no call has neither `uid` nor `call_id`.
    """

    vendor: str
    kind: str
    body: Mapping[str, Any] = field(repr=False)
    documented: bool = True
    uid: str = ""
    call_id: str = ""
    at: float | None = None
    direction: Direction = ""
    caller: str = ""
    called: str = ""
    shown: str = ""
    sip_id: str = ""
    started: str = ""
    setup_ms: int | None = None
    wait_ms: int | None = None
    duration_ms: int | None = None
    full_ms: int | None = None
    cause: str = ""
    reason: str = ""
    recorded: bool | None = None
    record_url: str = ""

    @property
    def is_of_a_call(self) -> bool:
        return bool(self.uid or self.call_id)


@dataclass(frozen=True, slots=True)
class Kept:
    """An event as it is kept: when it came first and last, in seconds since the epoch, and how often."""

    number: int
    event: Event
    first: float
    last: float
    times: int = 1
