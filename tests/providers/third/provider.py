"""Acme itself, which lives in memory, and its provider."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from threading import Lock

from reconciler.http.budget import OPEN, Gate
from reconciler.http.errors import NotOwned, Rejected, Unauthorized
from reconciler.model import NoForwarding, NumberForwarding, Observation, Value
from reconciler.providers.base import Listing, ProbeResult, Write
from reconciler.providers.vendor import Opening
from reconciler.secrets import Secrets
from reconciler.settings import Account
from tests.providers.third.account import CAPABILITIES, AcmeOptions, rings, supports


@dataclass
class Acme:
    """The service: what rings for each number, and for how long; `calls` were made of it."""

    phones: dict[str, tuple[str, int] | None] = field(default_factory=dict)
    calls: list[str] = field(default_factory=list)
    lock: Lock = field(default_factory=Lock)


SERVICES: dict[str, Acme] = {}
"""The service at each address."""


class AcmeProvider:
    name = "acme"
    capabilities = CAPABILITIES
    concurrency = 1

    def __init__(self, account: str, service: Acme, now: float) -> None:
        self.account = account
        self._service = service
        self._now = now

    def list_numbers(self) -> Listing:
        self._service.calls.append("list")
        return Listing(dict.fromkeys(self._service.phones))

    def read(self, number: str) -> Observation:
        self._service.calls.append("read")
        ringing = self._owned(number)
        return Observation(rings(*ringing) if ringing else NoForwarding(), self._now)

    def write(self, writes: Sequence[Write], gate: Gate = OPEN) -> int:
        for write in writes:
            gate.enter()
            with self._service.lock:
                self._service.calls.append("write")
                self._owned(write.number)
                self._service.phones[write.number] = _ringing(write.value)
        return len(writes)

    def probe(self, values: Sequence[Value]) -> tuple[ProbeResult, ...]:
        return (ProbeResult("credential", ok=True, message=f"Acme knows the token and {len(values)} values"),)

    @property
    def calls_made(self) -> int:
        return len(self._service.calls)

    def seconds_for(self, calls: int) -> float:
        return 0.0 * calls

    def close(self) -> None:
        """Nothing to give back."""

    def _owned(self, number: str) -> tuple[str, int] | None:
        if number not in self._service.phones:
            raise NotOwned(f"number {number} is not in account {self.account}")
        return self._service.phones[number]


def _ringing(value: Value) -> tuple[str, int] | None:
    if reason := supports(value):
        raise Rejected(reason)
    return (value.targets[0].to, value.targets[0].timeout) if isinstance(value, NumberForwarding) else None


def open_acme(account: Account, secrets: Secrets, opening: Opening) -> AcmeProvider:
    token = account.options_as(AcmeOptions).token
    if token is None or not secrets.get(token):
        raise Unauthorized(f"account {account.name} has no token")
    return AcmeProvider(account.name, SERVICES[account.base_url], opening.clock.now())
