"""A trunk at Exolve: the list tells its body, GetAttributes does not; both reads must agree in what they can tell."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from reconciler.clock import SystemClock
from reconciler.http.budget import Patience
from reconciler.model import TrunkForwarding
from reconciler.providers.base import Provider, Write
from reconciler.providers.exolve import EXOLVE
from reconciler.providers.exolve.account import ExolveOptions
from reconciler.providers.opening import open_provider, opening_of
from reconciler.sandbox import Sandbox
from reconciler.secrets import SecretRef, Secrets
from reconciler.settings import Account, Rate
from tests.world import place

NUMBER = "74991000000"
TRUNK = TrunkForwarding("203.0.113.7", 5060, 30, "111")


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(numbers=3) as running:
        yield running


def opened(sandbox: Sandbox, *, application: bool) -> Provider:
    account = Account(
        "sales",
        "exolve",
        sandbox.exolve_url,
        place(),
        EXOLVE.capabilities,
        Rate(per_second=0),
        options=ExolveOptions(SecretRef(env="KEY"), sandbox.application if application else None),
    )
    opening = opening_of("sales", {}, clock=SystemClock(), patience=Patience())
    return open_provider(account, Secrets({"KEY": sandbox.api_key}), opening)


def test_with_an_application_the_read_and_the_list_agree(sandbox: Sandbox) -> None:
    provider = opened(sandbox, application=True)
    provider.write([Write(NUMBER, TRUNK)])
    read, listed = provider.read(NUMBER), provider.list_numbers().numbers[NUMBER]
    assert listed is not None
    assert (read.value, read.unreadable) == (listed.value, listed.unreadable) == (TRUNK, frozenset())
    provider.close()


def test_one_number_is_searched_for_and_not_the_whole_list_read(sandbox: Sandbox) -> None:
    provider = opened(sandbox, application=True)
    provider.write([Write(NUMBER, TRUNK)])
    before = provider.calls_made
    provider.read(NUMBER)
    assert provider.calls_made == before + 2
    provider.close()


def test_other_types_cost_one_call(sandbox: Sandbox) -> None:
    provider = opened(sandbox, application=True)
    before = provider.calls_made
    provider.read("74991000001")
    assert provider.calls_made == before + 1
    provider.close()


def test_without_an_application_the_body_is_not_known(sandbox: Sandbox) -> None:
    provider = opened(sandbox, application=False)
    provider.write([Write(NUMBER, TRUNK)])
    assert provider.read(NUMBER).unreadable == {"static_ip", "port", "timeout", "did"}
    provider.close()
