"""What every vendor must look like to the rest: one suite, run over each by a class that says how to open one."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Any

import pytest

from reconciler.http.errors import NotOwned, ProviderError, Rejected
from reconciler.model import (
    Kind,
    NoForwarding,
    NumberForwarding,
    Observation,
    Parking,
    Redirect,
    SipForwarding,
    Target,
    TrunkForwarding,
    UrlForwarding,
    Value,
)
from reconciler.providers.base import Provider, Write

FULL = NumberForwarding(
    redirect=Redirect.SEQUENTIAL,
    targets=(
        Target("74992223344", 16, ("wd {mon-fri} hr {9-17}",), "график будни", "звонит клиент"),
        Target("883140000000001", 30, active=False),
    ),
    event_url="https://example.com/calls?key=1",
    event_extended=True,
    client_id="crm-1",
    file_to_a="12345",
    file_to_b="54321",
    masking=True,
    display_number="74995556677",
)
FORWARDINGS: tuple[Value, ...] = (
    FULL,
    NumberForwarding(redirect=Redirect.SINGLE, targets=(Target("74992223344", 20),)),
    UrlForwarding("https://example.com/route", "74993334455"),
    UrlForwarding("https://example.com/route"),
    TrunkForwarding("203.0.113.7", 5060, 30, "111"),
    TrunkForwarding("203.0.113.7", 5060, 30),
    SipForwarding("user@sip.example.com:5060"),
    NoForwarding(),
)
PARKINGS: tuple[Value, ...] = (Parking(parked=True), Parking(parked=False))


@dataclass
class World:
    """A provider, the numbers that are its own, one that is not, and what the vendor really holds."""

    provider: Provider
    owned: tuple[str, ...]
    foreign: str
    held: Callable[[str], Value | None]

    @property
    def of_its_kind(self) -> tuple[Value, ...]:
        return FORWARDINGS if self.provider.capabilities.kind is Kind.FORWARDING else PARKINGS

    @property
    def values(self) -> tuple[Value, ...]:
        """What it says that it takes."""
        return tuple(each for each in self.of_its_kind if self.provider.capabilities.supports(each) is None)

    @property
    def other_kind(self) -> Value:
        return PARKINGS[0] if self.provider.capabilities.kind is Kind.FORWARDING else NoForwarding()


def readable_part(observation: Observation, wanted: Value) -> Value:
    """What was wanted, without the fields that this read cannot tell."""
    assert observation.value is not None
    told: dict[str, Any] = {name: getattr(observation.value, name) for name in observation.unreadable}
    return replace(wanted, **told)


class ProviderContract:
    """Subclasses give a fixture `world`."""

    def test_the_list_is_whole_and_has_exactly_the_owned_numbers(self, world: World) -> None:
        listing = world.provider.list_numbers()
        assert (listing.complete, listing.problem) == (True, None)
        assert set(listing.numbers) == set(world.owned)

    def test_what_is_written_is_what_the_vendor_holds(self, world: World) -> None:
        for value in world.values:
            assert world.provider.write([Write(world.owned[0], value)]) == 1
            assert world.held(world.owned[0]) == value

    def test_what_is_written_is_read_back_equal(self, world: World) -> None:
        if not world.provider.capabilities.readable:
            pytest.skip("values of this vendor cannot be read")
        for value in world.values:
            world.provider.write([Write(world.owned[0], value)])
            observation = world.provider.read(world.owned[0])
            assert observation.value == readable_part(observation, value)
            assert (observation.problem, dict(observation.unwritable)) == (None, {})

    def test_what_the_list_decides_is_what_a_read_tells(self, world: World) -> None:
        for value in world.values:
            world.provider.write([Write(world.owned[0], value)])
            listed = world.provider.list_numbers().numbers[world.owned[0]]
            if listed is not None:
                assert listed.value == readable_part(listed, value)
                assert listed.unreadable == frozenset()

    def test_what_cannot_be_read_is_an_error_and_not_a_guess(self, world: World) -> None:
        if not world.provider.capabilities.readable:
            with pytest.raises(ProviderError):
                world.provider.read(world.owned[0])

    def test_writing_the_same_again_changes_nothing(self, world: World) -> None:
        for _ in range(2):
            world.provider.write([Write(world.owned[0], world.values[0])])
            assert world.held(world.owned[0]) == world.values[0]

    def test_equal_values_are_written_in_one_batch(self, world: World) -> None:
        batch = world.owned[: world.provider.capabilities.batch_size]
        assert world.provider.write([Write(number, world.values[0]) for number in batch]) >= 1
        assert [world.held(number) for number in batch] == [world.values[0]] * len(batch)

    def test_a_foreign_number_is_not_owned_and_nothing_is_written(self, world: World) -> None:
        with pytest.raises(NotOwned, match=world.foreign) as refused:
            world.provider.write([Write(world.foreign, world.values[0])])
        assert not refused.value.may_have_taken_effect
        assert refused.value.attempts >= 1
        assert world.held(world.foreign) is None

    def test_a_foreign_number_cannot_be_read(self, world: World) -> None:
        with pytest.raises(ProviderError):
            world.provider.read(world.foreign)

    def test_a_value_of_the_other_kind_is_rejected_unsent(self, world: World) -> None:
        before = world.held(world.owned[0])
        with pytest.raises(Rejected):
            world.provider.write([Write(world.owned[0], world.other_kind)])
        assert world.held(world.owned[0]) == before

    def test_a_value_that_it_says_it_does_not_take_is_rejected_unsent(self, world: World) -> None:
        before = world.held(world.owned[0])
        for value in set(world.of_its_kind) - set(world.values):
            with pytest.raises(Rejected):
                world.provider.write([Write(world.owned[0], value)])
        assert world.held(world.owned[0]) == before

    def test_no_read_returns_what_it_says_is_unreadable(self, world: World) -> None:
        if not world.provider.capabilities.readable:
            pytest.skip("values of this vendor cannot be read")
        for value in world.values:
            world.provider.write([Write(world.owned[0], value)])
            kept = {name for name in world.provider.capabilities.unreadable if hasattr(value, name)}
            assert kept <= world.provider.read(world.owned[0]).unreadable

    def test_calls_are_counted(self, world: World) -> None:
        before = world.provider.calls_made
        world.provider.list_numbers()
        after = world.provider.calls_made
        world.provider.write([Write(world.owned[0], world.values[0])])
        assert before < after < world.provider.calls_made

    def test_it_says_how_many_may_work_at_once_and_how_long_it_takes(self, world: World) -> None:
        assert world.provider.concurrency >= 1
        assert world.provider.seconds_for(0) == 0
        assert world.provider.seconds_for(1000) >= world.provider.seconds_for(10)

    def test_several_threads_may_use_it(self, world: World) -> None:
        def work(turn: int) -> int:
            number = world.owned[turn % len(world.owned)]
            return world.provider.write([Write(number, world.values[0])])

        with ThreadPoolExecutor(8) as pool:
            assert list(pool.map(work, range(40))) == [1] * 40
        assert {world.held(number) for number in world.owned} == {world.values[0]}

    def test_a_probe_finds_a_working_account_well(self, world: World) -> None:
        found = world.provider.probe(world.values)
        assert found
        assert [item for item in found if not item.ok] == []

    def test_it_knows_its_names(self, world: World) -> None:
        assert world.provider.name
        assert world.provider.account
