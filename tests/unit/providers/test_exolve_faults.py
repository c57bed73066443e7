"""Every fault of the sandbox once, over real sockets: what a read and a write make of it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from reconciler.http.budget import Patience
from reconciler.http.errors import (
    Forbidden,
    ProviderError,
    RateLimited,
    TimedOut,
    Unauthorized,
    Unavailable,
    UnexpectedResponse,
)
from reconciler.model import NoForwarding, UrlForwarding
from reconciler.providers.base import Provider, Write
from reconciler.providers.opening import open_provider, opening_of
from reconciler.sandbox import Fault, FaultKind, Sandbox
from tests.providers.opening import exolve_account, held_forwarding, secrets_of

PATIENCE = Patience(exchange=0.5, first_wait=0.01, attempts=3)
DESIRED = UrlForwarding("https://example.com/route")

# A fault, what a write makes of it, whether the write may have taken effect, and whether it did.
WRITES: list[tuple[FaultKind, type[ProviderError], bool, bool]] = [
    (FaultKind.UNAUTHORIZED, Unauthorized, False, False),
    (FaultKind.NO_KEY, Unauthorized, False, False),
    (FaultKind.FORBIDDEN, Forbidden, False, False),
    (FaultKind.NOT_FOUND, UnexpectedResponse, False, False),
    (FaultKind.SERVER_ERROR_BEFORE, Unavailable, True, False),
    (FaultKind.SERVER_ERROR_AFTER, Unavailable, True, True),
    (FaultKind.BAD_GATEWAY_BEFORE, Unavailable, True, False),
    (FaultKind.BAD_GATEWAY_AFTER, Unavailable, True, True),
    (FaultKind.DROP_BEFORE, Unavailable, True, False),
    (FaultKind.DROP_AFTER, Unavailable, True, True),
    (FaultKind.TIMEOUT_BEFORE, TimedOut, True, False),
    (FaultKind.TIMEOUT_AFTER, TimedOut, True, True),
    (FaultKind.SLOW_DRIP, TimedOut, True, True),
    (FaultKind.MALFORMED_JSON, UnexpectedResponse, True, True),
    (FaultKind.TRUNCATED_JSON, UnexpectedResponse, True, True),
    (FaultKind.CUT_OFF, Unavailable, True, True),
    (FaultKind.ERROR_WITH_200, UnexpectedResponse, True, False),
    (FaultKind.EMPTY_BODY, UnexpectedResponse, True, True),
    (FaultKind.HTML_WITH_200, UnexpectedResponse, True, False),
    (FaultKind.REDIRECT, UnexpectedResponse, True, False),
    (FaultKind.HUGE_BODY, UnexpectedResponse, True, True),
]
PASSING = {
    FaultKind.SERVER_ERROR_BEFORE,
    FaultKind.SERVER_ERROR_AFTER,
    FaultKind.BAD_GATEWAY_BEFORE,
    FaultKind.BAD_GATEWAY_AFTER,
    FaultKind.DROP_BEFORE,
    FaultKind.DROP_AFTER,
    FaultKind.TIMEOUT_BEFORE,
    FaultKind.TIMEOUT_AFTER,
    FaultKind.SLOW_DRIP,
    FaultKind.CUT_OFF,
    FaultKind.RATE_LIMITED,
    FaultKind.UNAVAILABLE,
}
STAYING = [(kind, error) for kind, error, _, _ in WRITES if kind not in PASSING]


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(numbers=2) as sandbox:
        yield sandbox


@pytest.fixture
def exolve(sandbox: Sandbox) -> Iterator[Provider]:
    provider = open_provider(exolve_account(sandbox), secrets_of(sandbox), opening_of("sales", {}, patience=PATIENCE))
    yield provider
    provider.close()


def arm(sandbox: Sandbox, kind: FaultKind, *, times: int | None = 1) -> str:
    sandbox.faults.add(
        Fault(kind=kind, vendor="exolve", times=times, seconds=2 if kind is FaultKind.SLOW_DRIP else None)
    )
    return sandbox.exolve.numbers[0]


@pytest.mark.parametrize(("kind", "error", "in_doubt", "took_effect"), WRITES)
def test_a_write_says_whether_it_may_have_taken_effect_and_is_sent_once(
    sandbox: Sandbox, exolve: Provider, kind: FaultKind, error: type[ProviderError], in_doubt: bool, took_effect: bool
) -> None:
    number = arm(sandbox, kind)
    with pytest.raises(ProviderError) as raised:
        exolve.write([Write(number, DESIRED)])
    assert type(raised.value) is error
    assert (raised.value.may_have_taken_effect, raised.value.attempts) == (in_doubt, 1)
    assert held_forwarding(sandbox, number) == (DESIRED if took_effect else NoForwarding())
    assert sandbox.api_key not in f"{raised.value}{raised.value.hint}"


@pytest.mark.parametrize("kind", [FaultKind.RATE_LIMITED, FaultKind.UNAVAILABLE])
def test_a_write_that_was_turned_away_is_sent_again(sandbox: Sandbox, exolve: Provider, kind: FaultKind) -> None:
    number = arm(sandbox, kind, times=2)
    assert exolve.write([Write(number, DESIRED)]) == 3
    assert held_forwarding(sandbox, number) == DESIRED
    assert len(sandbox.writes) == 1


def test_a_write_that_is_turned_away_to_the_end_took_no_effect(sandbox: Sandbox, exolve: Provider) -> None:
    number = arm(sandbox, FaultKind.RATE_LIMITED, times=None)
    with pytest.raises(RateLimited) as raised:
        exolve.write([Write(number, DESIRED)])
    assert (raised.value.may_have_taken_effect, raised.value.attempts) == (False, 3)
    assert sandbox.writes == []


@pytest.mark.parametrize("kind", sorted(PASSING))
def test_a_read_outlives_a_passing_trouble(sandbox: Sandbox, exolve: Provider, kind: FaultKind) -> None:
    number = arm(sandbox, kind)
    assert exolve.read(number).value == NoForwarding()


@pytest.mark.parametrize("kind", sorted(PASSING))
def test_a_read_ends_where_the_trouble_stays(sandbox: Sandbox, exolve: Provider, kind: FaultKind) -> None:
    number = arm(sandbox, kind, times=None)
    with pytest.raises(ProviderError) as raised:
        exolve.read(number)
    assert raised.value.attempts == 3


@pytest.mark.parametrize(("kind", "error"), STAYING)
def test_a_read_does_not_repeat_what_would_be_the_same_again(
    sandbox: Sandbox, exolve: Provider, kind: FaultKind, error: type[ProviderError]
) -> None:
    number = arm(sandbox, kind)
    with pytest.raises(error):
        exolve.read(number)
    assert exolve.calls_made == 1


@pytest.mark.parametrize(
    ("kind", "whole"), [(FaultKind.HUGE_BODY, True), (FaultKind.CUT_OFF, True), (FaultKind.REPEATED_PAGE, False)]
)
def test_a_list_is_whole_or_says_that_it_is_not(kind: FaultKind, whole: bool) -> None:
    with Sandbox(numbers=250) as sandbox:
        provider = open_provider(
            exolve_account(sandbox), secrets_of(sandbox), opening_of("sales", {}, patience=Patience(first_wait=0.01))
        )
        arm(sandbox, kind, times=None if kind is FaultKind.REPEATED_PAGE else 1)
        listing = provider.list_numbers()
        provider.close()
    assert listing.complete is whole
    assert (listing.problem is None) is whole
