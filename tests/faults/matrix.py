"""The fault matrix as data: what a fault that strikes one write must lead to, by what the documents promise of it.

Knows no test; expectations follow from the contract: what was refused failed, what can be read back is proven, what
cannot is unknown.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from reconciler.model import (
    Forwarding,
    NoForwarding,
    NumberForwarding,
    Parking,
    Redirect,
    SipForwarding,
    Target,
    TrunkForwarding,
    UrlForwarding,
    Value,
)
from reconciler.sandbox import Fault, FaultKind

_RINGS = Target("74992223344", 16, ("wd {mon-fri} hr {9-17}",), "график будни", "звонит клиент")
FORWARDINGS: Mapping[str, Forwarding] = {
    "sip": SipForwarding("user@sip.example.com:5060"),
    "number": NumberForwarding(Redirect.SEQUENTIAL, (_RINGS, Target("883140000000001", 30)), masking=True),
    "url": UrlForwarding("https://example.com/route", "74993334455"),
    "trunk": TrunkForwarding("203.0.113.7", 5060, 30, "111"),
}


@dataclass(frozen=True)
class Operation:
    """What is written: `before` is live and recorded (None: neither), `after` is desired."""

    name: str
    before: Value | None
    after: Value

    @property
    def is_parking(self) -> bool:
        return isinstance(self.after, Parking)


OPERATIONS = [
    *(Operation(name, None, value) for name, value in FORWARDINGS.items()),
    Operation("delete", FORWARDINGS["number"], NoForwarding()),
    Operation("parking-on", Parking(parked=False), Parking(parked=True)),
    Operation("parking-off", Parking(parked=True), Parking(parked=False)),
]


@dataclass(frozen=True)
class Strike:
    """What goes wrong. `kind` strikes the write; without one somebody else changes the number just before the write."""

    name: str
    kind: FaultKind | None
    seconds: float | None = None
    retry_after: int | None = None

    def fault(self, number: str | None) -> Fault | None:
        """The fault to arm: on the next write, or on the next one of a number."""
        if self.kind is None:
            return None
        return Fault(kind=self.kind, seconds=self.seconds, retry_after=self.retry_after, mutating=True, number=number)


@dataclass(frozen=True)
class Expected:
    """The outcome, the exit code, whether the record holds the new value, and whether an intent stays open.

    `hidden`: nobody can know that something else is stored, until what cannot be read is asserted again.
    """

    outcome: str
    exit_code: int
    recorded: bool
    open_intent: bool = False
    hidden: bool = False


PROVEN = Expected("applied", 0, recorded=True)
UNPROVEN = Expected("unverified", 0, recorded=True)
REFUSED = Expected("failed", 1, recorded=False)
OTHERWISE = Expected("failed", 1, recorded=True)
MOVED = Expected("skipped", 4, recorded=False)
HIDDEN = Expected("unverified", 0, recorded=True, hidden=True)
UNKNOWN = Expected("unknown", 3, recorded=False, open_intent=True)

K = FaultKind
_REFUSALS = {K.UNAUTHORIZED, K.NO_KEY, K.FORBIDDEN, K.NOT_FOUND}
_REFUSED_BATCH = {K.FORBIDDEN, K.NOT_FOUND}
_FOR_NOW = {K.RATE_LIMITED, K.UNAVAILABLE, K.LATENCY, K.SLOW_DRIP, K.LATE_VALUE}
_OTHERWISE = {K.WRONG_VALUE, K.CHANGED_BY_OTHER}
_SECONDS = {K.TIMEOUT_BEFORE: 2.0, K.TIMEOUT_AFTER: 2.0, K.SLOW_DRIP: 0.001}
_OF_LISTS = {K.REPEATED_PAGE, K.SHORT_PAGE, K.SHIFTED_PAGE}
STRIKES = [
    *(Strike(kind.value, kind, _SECONDS.get(kind)) for kind in FaultKind if kind not in _OF_LISTS),
    Strike("rate-limited-with-retry-after", K.RATE_LIMITED, retry_after=2),
    Strike("unavailable-with-retry-after", K.UNAVAILABLE, retry_after=2),
    Strike("changed-before-the-write", None),
]


def expected(strike: Strike, operation: Operation) -> Expected:
    """What one fault on the first write must lead to."""
    return _of_parking(strike.kind) if operation.is_parking else _of_forwarding(strike.kind, operation)


def expected_later(strike: Strike, operation: Operation) -> Expected:
    """The same in the middle of a run: what went before was written, and that counts before an error.

    A refused batch of parking is halved until the culprit stands alone; here there is none, so the halves go through.
    """
    if operation.is_parking and strike.kind in _REFUSED_BATCH:
        return UNPROVEN
    alone = expected(strike, operation)
    return replace(alone, exit_code=alone.exit_code and 3)


def _of_forwarding(kind: FaultKind | None, operation: Operation) -> Expected:
    """Everything can be read back: only what was refused, or stored otherwise, is not applied.

    A delete that is stored otherwise is none: what reads as before leaves in doubt what becomes of it.
    """
    if kind is None:
        return MOVED
    if kind in _REFUSALS:
        return REFUSED
    if kind is K.WRONG_VALUE and isinstance(operation.after, NoForwarding):
        return UNKNOWN
    return OTHERWISE if kind in _OTHERWISE else PROVEN


def _of_parking(kind: FaultKind | None) -> Expected:
    """Nothing can be read back: whatever leaves doubt stays unknown. A refused token is renewed once."""
    if kind is None:
        return UNPROVEN
    if kind in _REFUSED_BATCH:
        return REFUSED
    if kind in _OTHERWISE:
        return HIDDEN
    if kind in _FOR_NOW | {K.UNAUTHORIZED, K.NO_KEY}:
        return UNPROVEN
    return UNKNOWN
