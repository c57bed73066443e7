"""MTT Business behind the common protocol, and its opening for an account.

Parking can be written and never read; the list of numbers proves ownership and gives MTT's own spelling of each.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence

from reconciler.clock import Clock
from reconciler.http.budget import OPEN, Budget, Gate
from reconciler.http.errors import NotOwned, ProviderError, Rejected, UnexpectedResponse
from reconciler.model import Observation, Parking, Value
from reconciler.providers.base import Listing, ProbeResult, Write
from reconciler.providers.base import clock as clock_findings
from reconciler.providers.mtt.account import CAPABILITIES
from reconciler.providers.mtt.client import MttClient
from reconciler.providers.mtt.wire import ExternalNumbers, by_canonical


class MttProvider:
    """One integration at MTT Business."""

    name = "mtt"
    capabilities = CAPABILITIES

    def __init__(self, account: str, client: MttClient, *, budget: Budget, clock: Clock) -> None:
        self.account = account
        self._client = client
        self._budget = budget
        self._clock = clock
        self._lock = threading.Lock()
        self._spellings: Mapping[str, str] | None = None
        self._problem: str | None = None

    def list_numbers(self) -> Listing:
        """Read the account's numbers; of none of them the list decides anything."""
        numbers, _ = self._client.external_numbers()
        spellings, problem = self._remember(numbers)
        return Listing(dict.fromkeys(spellings), complete=problem is None, problem=problem)

    def read(self, number: str) -> Observation:
        """Always raises: no method of MTT's tells whether a number is parked."""
        raise ProviderError(f"MTT cannot tell whether number {number} is parked", hint="the record decides")

    def write(self, writes: Sequence[Write], gate: Gate = OPEN) -> int:
        """Switch parking of numbers that are to be equal; sends nothing unless all of them are this account's."""
        parked = {write.value.parked if isinstance(write.value, Parking) else None for write in writes}
        match tuple(parked):
            case (bool() as on,):
                spelled = self._spelled([write.number for write in writes])
                return self._client.set_parking(spelled, parked=on, gate=gate)
            case (None,):
                raise Rejected("MTT has no forwarding", hint="forwarding is for numbers of an exolve account")
        raise ValueError("one call to MTT writes one value")

    def probe(self, values: Sequence[Value]) -> tuple[ProbeResult, ...]:
        """Try the login and the clock; parking points to nothing else."""
        del values
        try:
            numbers, answer = self._client.external_numbers()
        except ProviderError as error:
            return (ProbeResult("credential", ok=False, message=str(error), hint=error.hint),)
        count = len(numbers.numbers or ())
        accepted = ProbeResult("credential", ok=True, message=f"MTT accepts the login and lists {count} numbers")
        return (accepted, *clock_findings(answer.clock_ahead(self._clock.now())))

    @property
    def calls_made(self) -> int:
        return self._budget.calls_made

    @property
    def concurrency(self) -> int:
        return self._budget.concurrency

    def seconds_for(self, calls: int) -> float:
        """How long so many calls take at this account's rate, without latency."""
        return self._budget.seconds_for(calls)

    def close(self) -> None:
        """Give back connections."""
        self._client.close()

    def _remember(self, numbers: ExternalNumbers) -> tuple[Mapping[str, str], str | None]:
        listed = [entry.number for entry in numbers.numbers or ()]
        problem = None
        if numbers.total is not None and numbers.total != len(listed):
            problem = f"MTT listed {len(listed)} of {numbers.total} numbers"
        with self._lock:
            self._spellings, self._problem = by_canonical(listed), problem
        return self._spellings, problem

    def _spelled(self, numbers: Sequence[str]) -> list[str]:
        """MTT's own spelling of numbers, as its list has it: which spelling it takes is not documented."""
        if self._spellings is None:
            self.list_numbers()
        spellings = self._spellings or {}
        missing = [number for number in numbers if number not in spellings]
        if missing and self._problem is not None:
            raise UnexpectedResponse(
                f"whether number {missing[0]} is in account {self.account} is unknown: {self._problem}"
            )
        if missing:
            raise NotOwned(
                f"number {missing[0]} is not in account {self.account}", hint="check the number and its account"
            )
        return [spellings[number] for number in numbers]
