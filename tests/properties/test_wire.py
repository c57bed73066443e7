"""Laws over real sockets: no legal spelling of Exolve ever shows as a change, and a real change always does."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reconciler.model import Desired, Forwarding, Key, Kind, Outcome, TrunkForwarding
from reconciler.sandbox import Sandbox
from tests.properties.strategies import CASES, Case, changes_of, forwardings
from tests.properties.test_plans import ids
from tests.record.faulty import FaultyStore
from tests.sandbox_world import SandboxWorld
from tests.world import place

FEW = settings(max_examples=8, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(numbers=6, loose=True, seed=7) as running:
        yield running


def fresh(sandbox: Sandbox, *values: Forwarding, application: bool = True) -> SandboxWorld:
    """The numbers without forwarding and without record, and these values desired."""
    for number in sandbox.exolve.numbers:
        sandbox.exolve.set(number, None)
    numbers = sandbox.exolve.numbers
    files = [
        Desired(Key("exolve", number, Kind.FORWARDING), "sales", value, place(line))
        for line, (number, value) in enumerate(zip(numbers, values, strict=False), start=1)
    ]
    return SandboxWorld(sandbox, files, application=application, store=FaultyStore())


@pytest.mark.parametrize("application", [True, False])
@FEW
@given(st.lists(forwardings, min_size=1, max_size=6))
def test_a_second_plan_is_empty_however_loosely_the_vendor_spells(
    sandbox: Sandbox, application: bool, values: list[Forwarding]
) -> None:
    world = fresh(sandbox, *values, application=application)
    report = world.apply()
    assert report.converged, report
    for _ in range(3):
        plan = world.plan()
        assert (plan.changes, plan.complete) == ((), True)


@pytest.mark.parametrize("case", CASES, ids=ids)
@FEW
@given(data=st.data())
def test_one_field_changed_by_hand_is_exactly_that_field_in_the_plan(
    sandbox: Sandbox, case: Case, data: st.DataObject
) -> None:
    value, other, path = data.draw(changes_of(case))
    world = fresh(sandbox, value)
    assert world.apply().converged
    number = world.files[0].key.number
    world.by_hand(number, other)
    plan = world.plan()
    expected = [] if path == "client_id" else [path]
    assert [field.path for change in plan.changes for field in change.fields] == expected
    if expected:
        assert world.apply().converged
        assert world.plan().changes == ()


def test_a_trunk_whose_body_nobody_tells_is_unverified_and_with_an_application_proven(sandbox: Sandbox) -> None:
    trunk = TrunkForwarding("203.0.113.7", 5060, 30, "111")
    plain = Sandbox(numbers=1)
    with plain:
        world = fresh(plain, trunk, application=False)
        (result,) = world.apply().results
        assert result.outcome is Outcome.UNVERIFIED
        assert set(result.unverified_fields) == {"static_ip", "port", "timeout", "did"}
        (result,) = fresh(plain, trunk).apply().results
        assert result.outcome is Outcome.APPLIED
