"""Exolve behind the common protocol, its opening for an account, and what would stop an apply there.

Item shapes of the lists of SIP IDs and media are not documented, so a probe looks for ids anywhere in them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from reconciler.clock import Clock
from reconciler.config.phones import SIP_ID, is_sip_id
from reconciler.http.budget import OPEN, Budget, Gate
from reconciler.http.client import HttpClient, bearer_token
from reconciler.http.errors import ProviderError, Rejected, Unauthorized, UnexpectedResponse
from reconciler.model import NoForwarding, NumberForwarding, Observation, Parking, TrunkForwarding, Value, WeekdayBase
from reconciler.providers.base import Listing, ProbeResult, Write, clock
from reconciler.providers.exolve.account import CAPABILITIES, ExolveOptions
from reconciler.providers.exolve.client import HOSTS, ExolveClient, Refusals
from reconciler.providers.exolve.mapping import encode, observe, read_listing
from reconciler.providers.exolve.wire import NumberPage
from reconciler.providers.vendor import Opening
from reconciler.secrets import Secrets
from reconciler.settings import Account

_PAGE = 100
_MOST_PAGES = 1_000


def probe(client: ExolveClient, values: Sequence[Value], *, now: Callable[[], float]) -> Iterator[ProbeResult]:
    """Ask Exolve about everything that `values` point to; yields findings, never raises ProviderError."""
    try:
        answer = client.greet()
    except ProviderError as error:
        yield ProbeResult("credential", ok=False, message=str(error), hint=error.hint)
        return
    yield ProbeResult("credential", ok=True, message="Exolve accepts the API key")
    yield from clock(answer.clock_ahead(now()))
    sip_hint = "check the 15 digits, and that the SIP ID belongs to this application"
    yield from _existence("SIP ID", _sip_ids(values), lambda: _all_sip_ids(client), hint=sip_hint)
    media_hint = "upload it to the application's media library"
    yield from _existence("audio file", _media_ids(values), lambda: _all_media_ids(client), hint=media_hint)


def _existence(what: str, wanted: Sequence[str], listed: Callable[[], set[str]], *, hint: str) -> Iterator[ProbeResult]:
    """Compare what is pointed to with what Exolve has, which is asked for only where there is something to compare."""
    if not wanted:
        return
    try:
        known = listed()
    except ProviderError as error:
        yield ProbeResult(f"{what}s", ok=False, message=str(error), hint=error.hint)
        return
    for name in wanted:
        subject = f"{what} {name}"
        if name in known:
            yield ProbeResult(subject, ok=True, message=f"{subject} exists")
        else:
            yield ProbeResult(subject, ok=False, message=f"{subject} is not in the application's list", hint=hint)


def _all_media_ids(client: ExolveClient) -> set[str]:
    return {str(value) for key, value in _scalars(client.list_media()) if key.lower() in {"file_id", "fileid", "id"}}


def _all_sip_ids(client: ExolveClient) -> set[str]:
    known: set[str] = set()
    for number in range(_MOST_PAGES):
        page = client.list_sip_ids(limit=_PAGE, offset=number * _PAGE)
        found = {sip_id for _, value in _scalars(page) for sip_id in SIP_ID.findall(str(value))}
        if found <= known:
            break
        known |= found
    return known


def _scalars(data: object, key: str = "") -> Iterator[tuple[str, object]]:
    match data:
        case Mapping():
            for name, value in data.items():
                yield from _scalars(value, str(name))
        case list():
            for value in data:
                yield from _scalars(value, key)
        case _:
            yield key, data


def _sip_ids(values: Iterable[Value]) -> tuple[str, ...]:
    targets = (target.to for value in _numbers(values) for target in value.targets)
    return tuple(dict.fromkeys(to for to in targets if is_sip_id(to)))


def _media_ids(values: Iterable[Value]) -> tuple[str, ...]:
    files = (file for value in _numbers(values) for file in (value.file_to_a, value.file_to_b))
    return tuple(dict.fromkeys(filter(None, files)))


def _numbers(values: Iterable[Value]) -> Iterator[NumberForwarding]:
    return (value for value in values if isinstance(value, NumberForwarding))


_NOT_UNDERSTOOD = (
    "set or remove the forwarding of {number} once in Exolve's own console and plan again: the live value should then "
    "be understood. If that does not help, please report the answer"
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
                f"account {self.account} has no `application`, so its numbers cannot be listed",
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

    def probe(self, values: Sequence[Value]) -> tuple[ProbeResult, ...]:
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


def open_exolve(account: Account, secrets: Secrets, opening: Opening) -> ExolveProvider:
    """Open an account at Exolve; sends nothing. Raises ProviderError, SecretError where the key cannot be had."""
    options = account.options_as(ExolveOptions)
    if options.api_key is None:
        raise Unauthorized(f"account {account.name} has no api_key", hint=f"set accounts.{account.name}.api_key")
    clock, rate = opening.clock, account.rate
    http = HttpClient(
        account.base_url,
        peer="Exolve",
        trusted=HOSTS,
        budget=Budget(
            per_second=rate.per_second,
            concurrency=rate.concurrency,
            clock=clock,
            on_wait=opening.on_wait,
            on_call=opening.on_call,
        ),
        secrets=secrets,
        clock=clock,
        patience=opening.patience,
    )
    bearer = bearer_token(secrets.get(options.api_key), what=f"the API key of account {account.name}")
    refusals = Refusals(account=account.name, key=str(options.api_key), said=http.fit_for_message)
    client = ExolveClient(http, bearer=bearer, refusals=refusals)
    base = account.period.weekday_base
    return ExolveProvider(account.name, client, application=options.application, clock=clock, weekday_base=base)
