"""Providers to live values: reads what the configuration claims, account by account, within each account's budget.

Turns a vendor's failure into a diagnostic at the number's line. Knows no vendor and decides nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from threading import Event

from reconciler.clock import Clock, workers
from reconciler.diagnostics import Diagnostic, Location, Severity, name_numbers
from reconciler.http.errors import (
    Forbidden,
    LoginRequired,
    NotOwned,
    ProviderError,
    RateLimited,
    TimedOut,
    Unauthorized,
    Unavailable,
)
from reconciler.model import Key, Observation, Value
from reconciler.providers.base import Listing, Provider
from reconciler.rules import RULES

_OF_THE_ACCOUNT = (Unauthorized, LoginRequired, Forbidden)
_OF_THE_VENDOR = (Unavailable.code, TimedOut.code, RateLimited.code)


@dataclass(frozen=True, slots=True)
class ReadRequest:
    """A number to read and the line to point at if that fails.

    `recorded`: the record decides what is there, and the account is asked only whether it owns the number. `own`: only
    the number's own method is evidence, not the account's list.
    """

    key: Key
    location: Location | None = None
    recorded: bool = False
    own: bool = False


@dataclass(frozen=True, slots=True)
class Live:
    """What was read.

    `unmanaged` are owned numbers that were not asked for, per account; `listed` is what the list tells of these, by
    `ACCOUNT/NUMBER`.
    """

    observations: Mapping[Key, Observation] = field(default_factory=dict)
    unmanaged: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    diagnostics: tuple[Diagnostic, ...] = ()
    calls_made: int = 0
    listed: Mapping[str, Value] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Progress:
    """So many of so many numbers of an account are read; `seconds_expected` is known before a long read."""

    account: str
    done: int
    total: int
    seconds_expected: float = 0.0


@dataclass(frozen=True, slots=True)
class Reader:
    """How to read: `locations` are the accounts' lines, `emit` hears of progress, `listings` are known already."""

    clock: Clock
    locations: Mapping[str, Location] = field(default_factory=dict)
    emit: Callable[[Progress], None] = lambda _progress: None
    listings: Mapping[str, Listing] = field(default_factory=dict)


def read_live(providers: Mapping[str, Provider], wanted: Mapping[str, Sequence[ReadRequest]], reader: Reader) -> Live:
    """Read every wanted number, accounts side by side; a number that cannot be read gets a problem, never a guess."""
    accounts = [name for name in sorted(wanted) if wanted[name]]
    if not accounts:
        return Live()
    with workers(len(accounts), "account") as pool:
        try:
            parts = list(pool.map(lambda name: _read_account(providers[name], wanted[name], reader), accounts))
        except BaseException:
            reader.clock.interrupted.set()
            raise
    return _joined(parts)


def _joined(parts: Sequence[Live]) -> Live:
    return Live(
        {key: seen for part in parts for key, seen in part.observations.items()},
        {account: numbers for part in parts for account, numbers in part.unmanaged.items()},
        tuple(found for part in parts for found in part.diagnostics),
        sum(part.calls_made for part in parts),
        {address: value for part in parts for address, value in part.listed.items()},
    )


def _read_account(provider: Provider, wanted: Sequence[ReadRequest], reader: Reader) -> Live:
    before = provider.calls_made
    place = reader.locations.get(provider.account)
    listing = reader.listings.get(provider.account)
    if listing is None and provider.capabilities.listable and not all(item.own for item in wanted):
        try:
            listing = provider.list_numbers()
        except ProviderError as error:
            problem = account_problem(provider.account, wanted, error, place)
            return Live(unknown_in(wanted), diagnostics=(problem,), calls_made=provider.calls_made - before)
    observations, to_read = _from_listing(provider, wanted, listing, reader)
    strange = _lists_none_of(listing, wanted)
    unreachable = _read_each(provider, to_read[:1] if strange else to_read, reader, observations)
    if unreachable is None and _owns_none(wanted, observations, probed=strange):
        return _stranger(provider, wanted, place, provider.calls_made - before)
    if unreachable is None and strange:
        unreachable = _read_each(provider, to_read[1:], reader, observations)
    problems = [account_problem(provider.account, wanted, unreachable, place)] if unreachable else []
    if listing is not None and not listing.complete:
        problems.append(_incomplete(provider, listing, place))
    _tell_once(provider.account, observations, place)
    calls = provider.calls_made - before
    unmanaged = _unmanaged(provider, wanted, listing)
    return Live(observations, unmanaged, tuple(problems), calls, values_listed(listing, unmanaged))


def _lists_none_of(listing: Listing | None, wanted: Sequence[ReadRequest]) -> bool:
    """Whether a whole list has none of the numbers that are asked for: one of them asked itself is enough to tell."""
    return listing is not None and listing.complete and not any(item.key.number in listing.numbers for item in wanted)


def _owns_none(wanted: Sequence[ReadRequest], observations: Mapping[Key, Observation], *, probed: bool) -> bool:
    """Whether every answer of an account was that it does not have the number: its key may be that of another one.

    `probed`: one answer stands for all. One declared number alone is told at its own line; what is asked once more says
    nothing of the whole account.
    """
    if all(item.own for item in wanted) or (len(wanted) == 1 and wanted[0].location is not None):
        return False
    problems = [seen.problem for seen in observations.values()]
    strange = all(problem is not None and problem.code == NotOwned.code for problem in problems)
    return strange and bool(problems) and (probed or len(problems) == len(wanted))


def _stranger(provider: Provider, wanted: Sequence[ReadRequest], place: Location | None, made: int) -> Live:
    """One error for the account, and nothing known of its numbers, whatever the record says."""
    what = f"number {wanted[0].key.number}" if len(wanted) == 1 else f"any of the {len(wanted)} numbers asked for"
    problem = RULES[NotOwned.code].at(
        place,
        f"account {provider.account} does not have {what}: its key may belong to another application, so "
        "nothing is decided about its numbers",
        f"check the key and the application under accounts.{provider.account}; "
        "list numbers that you no longer have under `forget`",
    )
    return Live({item.key: Observation(None, 0.0) for item in wanted}, diagnostics=(problem,), calls_made=made)


def _from_listing(
    provider: Provider, wanted: Sequence[ReadRequest], listing: Listing | None, reader: Reader
) -> tuple[dict[Key, Observation], list[ReadRequest]]:
    """Observations that the list decides, and what is to be read: a number that a whole list lacks is asked itself."""
    observations: dict[Key, Observation] = {}
    to_read: list[ReadRequest] = []
    readable = provider.capabilities.readable
    for item in wanted:
        found = listing.numbers.get(item.key.number) if listing is not None else None
        missing = listing is not None and item.key.number not in listing.numbers
        if missing and not (readable and listing is not None and listing.complete):
            error = _missing(provider, complete=listing is not None and listing.complete)
            observations[item.key] = _unknown(provider, item, error, reader.clock)
        elif found is not None and not item.own:
            observations[item.key] = replace(found, listed=True)
        elif readable:
            to_read.append(item)
    return observations, to_read


def _missing(provider: Provider, *, complete: bool) -> ProviderError:
    if not complete:
        return ProviderError("the account's list ended early, before this number")
    return NotOwned(
        f"it is not among the numbers of account {provider.account}",
        hint="check the digits and the account, or remove the number here",
    )


def _read_each(
    provider: Provider, wanted: Sequence[ReadRequest], reader: Reader, observations: dict[Key, Observation]
) -> ProviderError | None:
    """Read number by number in threads; an error of the whole account stops the rest and is returned."""
    if not wanted or not provider.capabilities.readable:
        return None
    stop = Event()
    failed: list[ProviderError] = []

    def read(item: ReadRequest) -> Observation:
        if stop.is_set() or reader.clock.interrupted.is_set():
            return Observation(None, reader.clock.now())
        try:
            return provider.read(item.key.number)
        except _OF_THE_ACCOUNT as error:
            failed.append(error)
            stop.set()
            return Observation(None, reader.clock.now())
        except ProviderError as error:
            return _unknown(provider, item, error, reader.clock)

    expected = provider.seconds_for(len(wanted))
    reader.emit(Progress(provider.account, 0, len(wanted), expected))
    with workers(provider.concurrency, "read") as pool:
        for done, (item, seen) in enumerate(zip(wanted, pool.map(read, wanted), strict=True), start=1):
            observations[item.key] = seen
            reader.emit(Progress(provider.account, done, len(wanted), expected))
    return failed[0] if failed else None


def _tell_once(account: str, observations: dict[Key, Observation], place: Location | None) -> None:
    """Tell a failure of the vendor that meets several numbers of an account alike once, at the account's line."""
    alike: dict[tuple[str, str, str | None], list[Key]] = {}
    for key, seen in observations.items():
        if seen.problem is not None and seen.problem.code in _OF_THE_VENDOR:
            why = seen.problem.message.removeprefix(_cannot_read(account, key.number))
            alike.setdefault((seen.problem.code, why, seen.problem.hint), []).append(key)
    for (code, why, hint), keys in alike.items():
        if len(keys) > 1:
            numbers = tuple(key.number for key in keys)
            message = f"account {account}: {len(keys)} numbers cannot be read: {why} ({name_numbers(numbers)})"
            problem = replace(RULES[code].at(place, message, hint), numbers=numbers)
            observations.update((key, replace(observations[key], problem=problem)) for key in keys)


def _cannot_read(account: str, number: str) -> str:
    return f"{account}/{number} cannot be read: "


def _unknown(provider: Provider, item: ReadRequest, error: ProviderError, clock: Clock) -> Observation:
    message = f"{_cannot_read(provider.account, item.key.number)}{error}"
    return Observation(None, clock.now(), problem=RULES[error.code].at(item.location, message, error.hint))


def unknown_in(wanted: Iterable[ReadRequest]) -> dict[Key, Observation]:
    """What is unknown of an account that cannot be asked: not what the record decides."""
    return {item.key: Observation(None, 0.0) for item in wanted if not item.recorded}


def account_problem(
    account: str, wanted: Iterable[ReadRequest], error: ProviderError, place: Location | None
) -> Diagnostic:
    """Say that an account cannot be asked: an error where numbers are unknown for it, else a warning."""
    if all(item.recorded for item in wanted):
        message = f"account {account} cannot be listed, so the record decides until apply asks again: {error}"
        return RULES[error.code].at(place, message, error.hint).with_severity(Severity.WARNING)
    hint = error.hint
    if hint is None and isinstance(error, Forbidden):
        hint = "check the permissions of the key's application"
    return RULES[error.code].at(place, f"account {account} cannot be read: {error}", hint)


def _incomplete(provider: Provider, listing: Listing, place: Location | None) -> Diagnostic:
    message = (
        f"the list of account {provider.account} is incomplete: {listing.problem}; numbers not seen in it are unknown"
    )
    return RULES["provider-list-incomplete"].at(place, message)


def values_listed(listing: Listing | None, numbers: Mapping[str, Iterable[str]]) -> dict[str, Value]:
    """What a list tells of numbers, given by their account."""
    seen = {} if listing is None else listing.numbers
    return {
        f"{account}/{number}": told.value
        for account, listed in numbers.items()
        for number in listed
        if (told := seen.get(number)) is not None and told.value is not None
    }


def _unmanaged(
    provider: Provider, wanted: Sequence[ReadRequest], listing: Listing | None
) -> Mapping[str, tuple[str, ...]]:
    if listing is None:
        return {}
    claimed = {item.key.number for item in wanted}
    return {provider.account: tuple(sorted(listing.numbers.keys() - claimed))}
