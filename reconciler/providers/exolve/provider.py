"""Exolve behind the common protocol: composes client, mapping, listing and probe; and opens one for an account."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from reconciler.clock import Clock
from reconciler.http.budget import OPEN, Budget, Gate, OnWait
from reconciler.http.client import HttpClient, bearer_token
from reconciler.http.errors import ProviderError, Rejected, Unauthorized, UnexpectedResponse
from reconciler.http.patience import Patience
from reconciler.model import NoForwarding, Observation, Parking, TrunkForwarding, Value, WeekdayBase
from reconciler.providers.base import Listing, Probed, Write
from reconciler.providers.exolve.account import CAPABILITIES, ExolveOptions
from reconciler.providers.exolve.client import HOSTS, ExolveClient
from reconciler.providers.exolve.errors import Refusals
from reconciler.providers.exolve.listing import read_listing
from reconciler.providers.exolve.mapping import encode, observe
from reconciler.providers.exolve.probe import probe
from reconciler.providers.exolve.wire import NumberPage
from reconciler.secrets import Secrets
from reconciler.settings import Account

_NOT_UNDERSTOOD = (
    "set the forwarding of {number} once in Exolve's own web account, or take it off there, and plan again: what is "
    "live is understood then. If that does not help, please report the answer"
)


class ExolveProvider:
    """One application at Exolve; its numbers can be listed where `application` is given."""

    name = "exolve"

    def __init__(
        self,
        account: str,
        client: ExolveClient,
        *,
        application: str | None,
        clock: Clock,
        weekday_base: WeekdayBase = WeekdayBase.REFUSE,
    ) -> None:
        self.account = account
        self.capabilities = replace(CAPABILITIES, listable=application is not None)
        self._client = client
        self._application = application
        self._clock = clock
        self._weekday_base = weekday_base

    def list_numbers(self) -> Listing:
        """Read the application's numbers with what the list decides of each."""
        if self._application is None:
            raise ProviderError(
                f"account {self.account} names no application, so its numbers cannot be listed",
                hint=f"set accounts.{self.account}.application to the application's UUID",
            )
        return self._list(self._application)

    def read(self, number: str) -> Observation:
        """Read one number by GetAttributes; a trunk's body, which that does not tell, from the list if there is one."""
        try:
            attributes = self._client.get_attributes(number)
            seen = observe(attributes, read_at=self._clock.now(), weekday_base=self._weekday_base)
        except UnexpectedResponse as error:
            error.hint = error.hint or _NOT_UNDERSTOOD.format(number=number)
            raise
        if self._application is None or not isinstance(seen.value, TrunkForwarding) or not seen.unreadable:
            return seen
        listed = self._listed(number, self._application)
        return listed if listed is not None and isinstance(listed.value, TrunkForwarding) else seen

    def write(self, writes: Sequence[Write], gate: Gate = OPEN) -> int:
        """Set or delete the forwarding of each number; return the requests it took."""
        return sum(self._write(write, gate) for write in writes)

    def probe(self, values: Sequence[Value]) -> tuple[Probed, ...]:
        """Try the key, the clock, and that SIP IDs and audio files exist."""
        return tuple(probe(self._client, values, now=self._clock.now))

    @property
    def calls_made(self) -> int:
        return self._client.http.budget.calls_made

    @property
    def concurrency(self) -> int:
        return self._client.http.budget.concurrency

    def seconds_for(self, calls: int) -> float:
        """How long so many calls take at this account's rate, without latency."""
        return self._client.http.budget.seconds_for(calls)

    def close(self) -> None:
        """Give back connections."""
        self._client.http.close()

    def _list(self, application: str, search: str = "") -> Listing:
        def fetch(limit: int, offset: int) -> NumberPage:
            return self._client.list_numbers(application=application, limit=limit, offset=offset, search=search)

        return read_listing(fetch, application=application, workers=self.concurrency, read_at=self._clock.now())

    def _listed(self, number: str, application: str) -> Observation | None:
        """What the list says of one number: searched for, and if the search does not find it, in the whole list."""
        for search in (number, ""):
            numbers = self._list(application, search).numbers
            if number in numbers:
                return numbers[number]
        return None

    def _write(self, write: Write, gate: Gate) -> int:
        match write.value:
            case Parking():
                raise Rejected("Exolve has no parking", hint="parking is for numbers of an mtt account")
            case NoForwarding():
                return self._client.delete_forwarding(encode(write.number, write.value), gate)
            case _:
                return self._client.set_forwarding(encode(write.number, write.value), gate)


def open_exolve(
    account: Account, secrets: Secrets, *, clock: Clock, on_wait: OnWait, patience: Patience
) -> ExolveProvider:
    """Open an account at Exolve; sends nothing. Raises ProviderError, SecretError where the key cannot be had."""
    options = account.options_as(ExolveOptions)
    if options.api_key is None:
        raise Unauthorized(f"account {account.name} has no api_key", hint=f"set accounts.{account.name}.api_key")
    rate = account.rate
    http = HttpClient(
        account.base_url,
        peer="Exolve",
        trusted=HOSTS,
        budget=Budget(per_second=rate.per_second, concurrency=rate.concurrency, clock=clock, on_wait=on_wait),
        secrets=secrets,
        clock=clock,
        patience=patience,
    )
    bearer = bearer_token(secrets.get(options.api_key), what=f"the API key of account {account.name}")
    refusals = Refusals(account=account.name, key=str(options.api_key), said=http.told)
    client = ExolveClient(http, bearer=bearer, refusals=refusals)
    base = account.period.weekday_base
    return ExolveProvider(account.name, client, application=options.application, clock=clock, weekday_base=base)
