"""Trouble on demand: what can go wrong with a call, for which calls, and how often.

Must not know how a fault is played out on a socket or in a vendor's state; it only says which one is due.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from fnmatch import fnmatchcase
from threading import Lock
from typing import Any

from reconciler.sandbox.journal import Incoming


class FaultKind(StrEnum):
    """Every fault there is. `…_BEFORE` means the call had no effect, `…_AFTER` that it took effect."""

    LATENCY = "latency"
    """Answer `seconds` late; goes together with the next fault that matches."""
    UNAUTHORIZED = "unauthorized"
    """401 with the text for a bad key."""
    NO_KEY = "no-key"
    """401 with the text for no key."""
    FORBIDDEN = "forbidden"
    """403."""
    NOT_FOUND = "not-found"
    """404 as plain text, as for a wrong URL."""
    RATE_LIMITED = "rate-limited"
    """429; with `Retry-After` if `retry_after` is set."""
    SERVER_ERROR_BEFORE = "server-error-before"
    SERVER_ERROR_AFTER = "server-error-after"
    """500, without and with effect."""
    BAD_GATEWAY_BEFORE = "bad-gateway-before"
    BAD_GATEWAY_AFTER = "bad-gateway-after"
    """502 with a page of HTML, without and with effect."""
    UNAVAILABLE = "unavailable"
    """503; with `Retry-After` if `retry_after` is set."""
    DROP_BEFORE = "drop-before"
    DROP_AFTER = "drop-after"
    """The connection closes without an answer, without and with effect."""
    RESET_BEFORE = "reset-before"
    RESET_AFTER = "reset-after"
    """The connection is reset (TCP's RST) without an answer, without and with effect."""
    TIMEOUT_BEFORE = "timeout-before"
    TIMEOUT_AFTER = "timeout-after"
    """No answer until the caller gives up (or `seconds` have passed), without and with effect."""
    SLOW_DRIP = "slow-drip"
    """The right answer, a byte every `seconds`."""
    MALFORMED_JSON = "malformed-json"
    """200 with effect, and a body that is not JSON at all."""
    TRUNCATED_JSON = "truncated-json"
    """200 with effect, and a complete HTTP body that ends in the middle of its JSON."""
    CUT_OFF = "cut-off"
    """200 with effect; the connection closes in the middle of the body."""
    ERROR_WITH_200 = "error-with-200"
    """200 without effect, and an error for a body (`message`)."""
    EMPTY_BODY = "empty-body"
    """200 with effect, and nothing in it."""
    HTML_WITH_200 = "html-with-200"
    """200 without effect, and somebody else's login page."""
    REDIRECT = "redirect"
    """307 to another host (`location`), without effect."""
    HUGE_BODY = "huge-body"
    """The right answer with ten megabytes of padding in it."""
    REPEATED_PAGE = "repeated-page"
    """A list that shows its first page whatever the offset."""
    SHIFTED_PAGE = "shifted-page"
    """A page of a list from which a number was released before, while another was bought: one is never shown, and the
    total stands still."""
    SHORT_PAGE = "short-page"
    """A list whose page lacks its last element, while the total still counts it."""
    WRONG_VALUE = "wrong-value"
    """The write is accepted and something else is stored (`value`, or an altered copy)."""
    LATE_VALUE = "late-value"
    """The write is accepted and takes effect; the next `reads` reads of that number still show the old value, or all
    reads for `seconds`."""
    CHANGED_BY_OTHER = "changed-by-other"
    """After this call, somebody else sets the number to `value`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One kind of trouble for the calls that match: from the (`skip`+1)th of them on, `times` times (None: for ever).

    `Fault(kind=FaultKind.DROP_AFTER, path="SetCallForwarding", number="74991112233")`
    """

    kind: FaultKind
    path: str | None = None
    """Which paths: the end of one (`SetCallForwarding`) or a glob over the whole of it."""
    number: str | None = None
    method: str | None = None
    vendor: str | None = None
    """`exolve`, `mtt` or `oauth`."""
    application: str | None = None
    mutating: bool | None = None
    where: Callable[[Incoming], bool] | None = None
    skip: int = 0
    times: int | None = 1
    seconds: float | None = None
    retry_after: str | int | None = None
    message: str | None = None
    location: str | None = None
    value: Mapping[str, Any] | None = None
    reads: int = 2

    def matches(self, call: Incoming) -> bool:
        """Whether this call is meant; what is None is not asked about."""
        exact = ((self.method, call.method), (self.vendor, call.vendor), (self.application, call.application))
        return (
            all(wanted is None or wanted == actual for wanted, actual in exact)
            and (self.mutating is None or self.mutating == call.mutating)
            and (self.number is None or self.number in call.numbers)
            and (self.path is None or call.path.endswith(self.path) or fnmatchcase(call.path, self.path))
            and (self.where is None or self.where(call))
        )


@dataclass(slots=True)
class _Armed:
    fault: Fault
    seen: int = 0
    fired: int = 0

    @property
    def is_pending(self) -> bool:
        return self.fault.times is None or self.fired < self.fault.times

    @property
    def is_due(self) -> bool:
        return self.is_pending and self.seen > self.fault.skip


class Faults:
    """The faults in waiting. Of those that match a call the first due one strikes (latency besides any other)."""

    def __init__(self) -> None:
        self._armed: list[_Armed] = []
        self._lock = Lock()

    def add(self, *faults: Fault) -> None:
        """Arm faults; several that match the same call strike one call each, in this order."""
        with self._lock:
            self._armed.extend(_Armed(fault) for fault in faults)

    def clear(self) -> None:
        """Disarm all."""
        with self._lock:
            self._armed.clear()

    @property
    def pending(self) -> tuple[Fault, ...]:
        """Those that can still strike."""
        return tuple(armed.fault for armed in self._armed if armed.is_pending)

    def take(self, call: Incoming) -> tuple[Fault, ...]:
        """The faults that strike this call: any latency, then at most one other."""
        if not self._armed:
            return ()
        with self._lock:
            matching = [armed for armed in self._armed if armed.fault.matches(call)]
            for armed in matching:
                armed.seen += 1
            return tuple(_struck(armed for armed in matching if armed.is_due))


def _struck(due: Iterable[_Armed]) -> Iterator[Fault]:
    for armed in due:
        armed.fired += 1
        yield armed.fault
        if armed.fault.kind is not FaultKind.LATENCY:
            return
