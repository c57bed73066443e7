"""What was asked of the sandbox: one entry a call, and the writes that took effect in their order.

Must not hold a header, a key or a token; only the writes keep bodies, and those are the forwardings themselves.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import count
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class CallFacts:
    """What a call is about. `numbers` are the phone numbers it names; `application` the one whose key it carries.

    `mutating` says whether the method changes routing (a token's rotation does not).
    """

    vendor: str
    method: str
    path: str
    numbers: tuple[str, ...] = ()
    mutating: bool = False
    application: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Incoming(CallFacts):
    """A call as it arrives."""

    body: bytes
    authorization: str | None
    query: str

    @property
    def bearer(self) -> str:
        """The key or token that the call carries, empty if there is none."""
        scheme, _, key = (self.authorization or "").partition(" ")
        return key.strip() if scheme == "Bearer" else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Call(CallFacts):
    """A call, noted when its answer is ready. `status` is None where none goes out; `fault` names what struck.

    `started` and `finished` are seconds of a monotonic clock.
    """

    status: int | None
    fault: str | None
    started: float
    finished: float

    @property
    def number(self) -> str | None:
        """The number it is about; None if it names none or many."""
        return self.numbers[0] if len(self.numbers) == 1 else None


@dataclass(frozen=True, slots=True)
class Write:
    """A mutating call that took effect; `body` is what was stored: a forwarding, None for none, the parking flag."""

    sequence: int
    vendor: str
    path: str
    number: str
    body: Mapping[str, Any] | bool | None


class CallLog:
    """The log of calls and the list of writes; both only grow, until cleared."""

    def __init__(self) -> None:
        self.calls: list[Call] = []
        self.writes: list[Write] = []
        self._sequence = count(1)

    def wrote(self, vendor: str, path: str, number: str, *, body: Mapping[str, Any] | bool | None) -> None:
        """Note an effect."""
        self.writes.append(Write(next(self._sequence), vendor, path, number, body))

    def clear(self) -> None:
        """Forget what was noted; the sequence goes on."""
        self.calls.clear()
        self.writes.clear()
