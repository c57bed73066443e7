from __future__ import annotations

from collections.abc import Iterator

import pytest

from reconciler.model import Kind, NoForwarding, Parking, Value
from reconciler.providers.opening import open_provider
from reconciler.sandbox import Sandbox
from reconciler.settings import Capabilities
from tests.providers.contract import ProviderContract, World
from tests.providers.memory import MemoryProvider
from tests.providers.opening import exolve_account, held_forwarding, held_parking, mtt_account, secrets_of
from tests.providers.third.provider import Acme, AcmeProvider


class TestMemory(ProviderContract):
    @pytest.fixture
    def world(self) -> World:
        provider = MemoryProvider({f"7499111223{n}": NoForwarding() for n in range(4)})
        return World(provider, tuple(provider.values), "74999999999", provider.values.get)


class TestMemoryThatParks(ProviderContract):
    @pytest.fixture
    def world(self) -> World:
        capabilities = Capabilities(Kind.PARKING, readable=False, listable=True, batch_size=100)
        numbers = {f"7800556025{n}": Parking(parked=False) for n in range(4)}
        provider = MemoryProvider(numbers, account="office", capabilities=capabilities)
        return World(provider, tuple(provider.values), "78009999999", provider.values.get)


class TestAcme(ProviderContract):
    """The invented one, which takes little."""

    @pytest.fixture
    def world(self) -> World:
        service = Acme({f"7499111223{n}": None for n in range(4)})
        provider = AcmeProvider("spare", service, now=0.0)

        def held(number: str) -> Value | None:
            return provider.read(number).value if number in service.phones else None

        return World(provider, tuple(service.phones), "74999999999", held)


class TestExolve(ProviderContract):
    loose = False
    application = True

    @pytest.fixture
    def world(self) -> Iterator[World]:
        with Sandbox(numbers=4, loose=self.loose, seed=1) as sandbox:
            provider = open_provider(exolve_account(sandbox, application=self.application), secrets_of(sandbox))
            yield World(
                provider, sandbox.exolve.numbers, "74999999999", lambda number: held_forwarding(sandbox, number)
            )
            provider.close()


class TestExolveInItsLoosestSpelling(TestExolve):
    loose = True


class TestMtt(ProviderContract):
    loose = False

    @pytest.fixture
    def world(self) -> Iterator[World]:
        with Sandbox(mtt_numbers=4, loose=self.loose, seed=1) as sandbox:
            provider = open_provider(mtt_account(sandbox), secrets_of(sandbox))
            yield World(provider, sandbox.mtt.numbers, "78009999999", lambda number: held_parking(sandbox, number))
            provider.close()


class TestMttInItsLoosestSpelling(TestMtt):
    loose = True
