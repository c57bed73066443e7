"""What every vendor looks like to the rest: a protocol. It fails as `http.errors` says.

Knows no vendor, no YAML, no record.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from reconciler.http.budget import OPEN, Gate
from reconciler.model import Observation, Value
from reconciler.settings import Capabilities

_TOLERANCE_SECONDS = 60.0


def clock(ahead: float | None) -> Iterator[ProbeResult]:
    """Judge how far this machine's clock is off the vendor's."""
    if ahead is None:
        return
    off = abs(ahead)
    if off <= _TOLERANCE_SECONDS:
        yield ProbeResult("clock", ok=True, message="this machine's clock agrees with the vendor's")
        return
    direction = "ahead of" if ahead > 0 else "behind"
    message = f"this machine's clock is {off:.0f} s {direction} the vendor's"
    yield ProbeResult("clock", ok=False, message=message, hint="set the clock, or synchronise it with a time server")


@dataclass(frozen=True, slots=True)
class Listing:
    """The numbers that an account owns.

    `numbers` maps each to the observation that the list itself decides, or to None where a read is needed.
    `complete` is False where paging broke off: then a number that is missing here is unknown, not absent;
    `problem` says why.
    """

    numbers: Mapping[str, Observation | None]
    complete: bool = True
    problem: str | None = None


@dataclass(frozen=True, slots=True)
class ProbeResult:
    """What a probe found out: what was looked at, whether it is well, a sentence about it, and a remedy."""

    what: str
    ok: bool
    message: str
    hint: str | None = None


@dataclass(frozen=True, slots=True)
class Write:
    """What to write to one number; the value has its templates resolved."""

    number: str
    value: Value


class Provider(Protocol):
    """One account at one vendor. Safe to use from several threads."""

    name: str
    account: str
    capabilities: Capabilities

    def list_numbers(self) -> Listing:
        """Read the numbers of the account (paged); raises ProviderError where nothing can be had."""

    def read(self, number: str) -> Observation:
        """Read what a number does now; raises ProviderError."""

    def write(self, writes: Sequence[Write], gate: Gate = OPEN) -> int:
        """Write equal values to one or more numbers; return the attempts it took; raises ProviderError.

        `gate` is asked before each request that leaves, also when one is sent again after a pause.
        """

    def probe(self, values: Sequence[Value]) -> tuple[ProbeResult, ...]:
        """Try the credential, the clock, and that what `values` point to exists; never raises ProviderError."""

    @property
    def calls_made(self) -> int:
        """Requests sent so far."""

    @property
    def concurrency(self) -> int:
        """How many threads may work on this account at once."""

    def seconds_for(self, calls: int) -> float:
        """How long so many calls take at this account's rate, without latency."""

    def close(self) -> None:
        """Give back connections."""
