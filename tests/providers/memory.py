"""A vendor that lives in memory: for tests of everything above providers, obeying the same contract; knows no HTTP."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence

from reconciler.clock import Clock, SystemClock
from reconciler.http.budget import OPEN, Gate
from reconciler.http.errors import NotOwned, ProviderError, Rejected
from reconciler.model import Kind, Observation, Parking, Value
from reconciler.providers.base import Listing, ProbeResult, Write
from reconciler.settings import Capabilities

Hook = Callable[[str, str], None]


def _nothing(_verb: str, _number: str) -> None:
    """Do nothing before a request."""


class MemoryProvider:
    """Numbers with their values.

    `before(verb, number)` runs before each `list`, `read` and `write` (number "" for the list) and may raise
    ProviderError or change `values`: faults and races on demand. `writes` is all that was written, in order.
    """

    name = "memory"

    def __init__(
        self,
        values: Mapping[str, Value],
        *,
        account: str = "sales",
        capabilities: Capabilities | None = None,
        concurrency: int = 1,
        clock: Clock | None = None,
        before: Hook = _nothing,
    ) -> None:
        self.values = dict(values)
        self.account = account
        self.capabilities = capabilities or Capabilities(Kind.FORWARDING, readable=True, listable=True)
        self.writes: list[Write] = []
        self.before = before
        self._concurrency = concurrency
        self._clock = clock or SystemClock()
        self._lock = threading.Lock()
        self._calls = 0

    def list_numbers(self) -> Listing:
        """List the numbers, each with its value where values can be read."""
        with self._request("list", ""):
            return Listing({number: self._observe(number) for number in self.values})

    def read(self, number: str) -> Observation:
        """Read one number."""
        with self._request("read", number):
            observation = self._observe(self._owned(number))
        if observation is None:
            raise ProviderError(f"what number {number} does cannot be read")
        return observation

    def write(self, writes: Sequence[Write], gate: Gate = OPEN) -> int:
        """Write all values, or none where a number is not ours or its value is of the other kind."""
        gate.enter()
        with self._request("write", writes[0].number):
            for write in writes:
                self._check(write)
            self.values |= {write.number: write.value for write in writes}
            self.writes += writes
        return 1

    def probe(self, values: Sequence[Value]) -> tuple[ProbeResult, ...]:
        """Find everything well."""
        message = f"memory holds {len(self.values)} numbers, enough for {len(values)} values"
        return (ProbeResult("credential", ok=True, message=message),)

    @property
    def calls_made(self) -> int:
        return self._calls

    @property
    def concurrency(self) -> int:
        return self._concurrency

    def seconds_for(self, calls: int) -> float:
        """No time at all."""
        return 0.0 * calls

    def close(self) -> None:
        """Nothing to give back."""

    def _request(self, verb: str, number: str) -> threading.Lock:
        self.before(verb, number)
        self._calls += 1
        return self._lock

    def _observe(self, number: str) -> Observation | None:
        if not self.capabilities.readable:
            return None
        return Observation(self.values[number], self._clock.now())

    def _owned(self, number: str) -> str:
        if number not in self.values:
            raise NotOwned(f"number {number} is not in account {self.account}")
        return number

    def _check(self, write: Write) -> None:
        self._owned(write.number)
        kind = Kind.PARKING if isinstance(write.value, Parking) else Kind.FORWARDING
        if kind is not self.capabilities.kind:
            raise Rejected(f"account {self.account} has no {kind.value}")
        if reason := self.capabilities.supports(write.value):
            raise Rejected(reason)
