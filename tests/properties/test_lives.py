"""Whole lives of a configuration: edits in files and by hand, runs that fail or die; in the end all converges."""

from __future__ import annotations

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from reconciler.apply.journal import ApplyEvent
from reconciler.canonical import form
from reconciler.http.errors import Rejected, TimedOut
from reconciler.model import Forwarding, Parking, Value
from reconciler.plan.build import Refresh
from tests.properties.strategies import forwardings
from tests.providers.memory import Hook
from tests.world import NONE, Vendor, World, desired, phone, world

DECLARED = range(4)
FOREIGN = (4, 5)
PARKED = (6, 7)
indices = st.sampled_from(DECLARED)


class Killed(BaseException):
    """The process ends here; nothing after it happens."""


class Life(RuleBasedStateMachine):
    """Four numbers that the files may declare, two that they never do, and two that may be parked.

    A vendor that is `blind` does not tell `client_id`: then only the record knows it.
    """

    def __init__(self) -> None:
        super().__init__()
        self.world: World = world([], dict.fromkeys([*DECLARED, *FOREIGN], NONE), parking=PARKED)
        vendor = self.world.live["sales"]
        assert isinstance(vendor, Vendor)
        self.vendor = vendor

    @initialize(blind=st.booleans())
    def begin(self, *, blind: bool) -> None:
        self.vendor.unreadable = frozenset({"client_id"}) if blind else frozenset()

    @rule(index=indices, value=forwardings)
    def declare(self, index: int, value: Forwarding) -> None:
        self.withdraw(index)
        self.world.files.append(desired(index, value))

    @rule(index=st.sampled_from(PARKED), parked=st.booleans())
    def declare_parking(self, index: int, *, parked: bool) -> None:
        self.withdraw(index)
        self.world.files.append(desired(index, Parking(parked=parked)))

    @rule(index=st.sampled_from([*DECLARED, *PARKED]))
    def withdraw(self, index: int) -> None:
        self.world.files = [each for each in self.world.files if each.key.number != phone(index)]

    @rule(index=st.sampled_from([*DECLARED, *FOREIGN]), value=forwardings)
    def edit_by_hand(self, index: int, value: Forwarding) -> None:
        self.vendor.values[phone(index)] = value

    @rule()
    def apply(self) -> None:
        assert self.world.apply().converged
        self.assert_as_desired()

    @rule(at=st.integers(1, 12))
    def apply_and_die(self, at: int) -> None:
        left = [at]

        def die(_event: ApplyEvent) -> None:
            left[0] -= 1
            if left[0] <= 0:
                raise Killed

        self.world.on_event = die
        try:
            self.world.apply()
        except Killed:
            pass
        finally:
            self.world.on_event = lambda _event: None

    @rule(index=st.sampled_from([*DECLARED, *PARKED]), takes_effect=st.booleans(), times=st.integers(1, 3))
    def apply_with_lost_answers(self, index: int, times: int, *, takes_effect: bool) -> None:
        left = [times]

        def lose(verb: str, number: str) -> None:
            if number != phone(index) or verb != "write" or not left[0]:
                return
            left[0] -= 1
            nothing: Value = Parking(parked=False) if index in PARKED else NONE
            value = next((each.value for each in self.world.files if each.key.number == number), nothing)
            if takes_effect:
                self.world.live["office" if index in PARKED else "sales"].values[number] = value
            raise TimedOut("no answer", may_have_taken_effect=True)

        self._apply_with(lose)

    @rule(index=indices)
    def apply_with_a_refusal(self, index: int) -> None:
        def refuse(verb: str, number: str) -> None:
            if verb == "write" and number == phone(index):
                raise Rejected("no")

        self._apply_with(refuse)

    @rule(refresh=st.sampled_from(Refresh))
    def plan(self, refresh: Refresh) -> None:
        writes, saves = len(self.vendor.writes), self.world.store.saves
        self.world.plan(refresh=refresh)
        assert (len(self.vendor.writes), self.world.store.saves) == (writes, saves)

    @invariant()
    def foreign_numbers_are_never_written(self) -> None:
        assert {write.number for write in self.vendor.writes} <= {phone(index) for index in DECLARED}

    def teardown(self) -> None:
        assert self.world.apply().converged
        self.assert_as_desired()

    def assert_as_desired(self) -> None:
        assert self.world.plan().changes == ()
        assert self.world.state.windows == ()
        assert set(self.world.state.entries) == {each.key for each in self.world.files}
        for each in self.world.files:
            live = self.world.live[each.account].values[each.key.number]
            assert self._told(live) == self._told(each.value)

    def _told(self, value: Value) -> str:
        return form(value, unreadable=self.vendor.unreadable).text

    def _apply_with(self, before: Hook) -> None:
        vendors = list(self.world.live.values())
        plain = [vendor.before for vendor in vendors]
        for vendor in vendors:
            vendor.before = before
        try:
            self.world.apply()
        finally:
            for vendor, kept in zip(vendors, plain, strict=True):
                vendor.before = kept


TestLife = Life.TestCase
TestLife.settings = settings(max_examples=15, stateful_step_count=12)


class ManyLives(Life):
    """The same, for the whole campaign."""


TestManyLives = pytest.mark.timeout(1_800)(pytest.mark.soak(ManyLives.TestCase))
TestManyLives.settings = settings(max_examples=1_000, stateful_step_count=25)
