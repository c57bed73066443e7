"""A change window that closes while a run goes on: what is being sent ends, nothing new begins, the rest is named."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from reconciler.apply.journal import ApplyEvent, Finished
from reconciler.apply.report import Halt
from reconciler.cli.exits import Exit, of_plan, of_report
from reconciler.plan.model import Consent
from reconciler.plan.policy import closed_change_window
from reconciler.schedule import Period
from reconciler.settings import Policy
from tests.world import NONE, ObedientClock, World, breaches, codes, desired, outcomes, phone, rings, world

WINDOW = Policy(change_window=("hr {10-11}",), change_window_timezone="Europe/Moscow")


def at(text: str) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()


def inside(count: int) -> World:
    """So many creates at 11:59 in Moscow, a minute before the window closes."""
    clock = ObedientClock(at("2026-11-23T08:59:00"))
    files = [desired(index, rings()) for index in range(1, count + 1)]
    return world(files, dict.fromkeys(range(1, count + 1), NONE), policy=WINDOW, clock=clock)


def test_within_the_window_everything_is_written() -> None:
    assert inside(3).apply().converged


def test_a_window_that_closes_after_the_first_write_stops_new_ones_and_names_the_rest() -> None:
    given = inside(3)

    def pass_time(event: ApplyEvent) -> None:
        if isinstance(event, Finished):
            given.clock.time = at("2026-11-23T09:00:00")

    given.on_event = pass_time
    report = given.apply()
    assert outcomes(report) == {phone(1): "applied", phone(2): "skipped", phone(3): "skipped"}
    assert {write.number for write in given.live["sales"].writes} == {phone(1)}
    assert codes(report) == ["policy-change-window"]
    assert "the change window is closed (hr {10-11}, Europe/Moscow)" in report.diagnostics[0].message
    assert all("the change window is closed" in (each.error or "") for each in report.results[1:])
    assert of_report(report) is Exit.PARTIAL
    assert (given.state.windows, [key.number for key in given.state.entries]) == ((), [phone(1)])


def test_a_window_that_closes_before_the_first_write_refuses_the_run() -> None:
    given = inside(2)
    plan, state = given.plan_and_state()
    given.live["sales"].before = lambda _verb, _number: None

    class Late(ObedientClock):
        """Inside the window for the first look, outside for all later ones."""

        looks = 0

        def now(self) -> float:
            self.looks += 1
            return self.time if self.looks == 1 else at("2026-11-23T09:00:00")

    given.clock = Late(given.clock.time)
    report = given.apply_plan(plan, state)
    assert (report.wrote, of_report(report)) == (False, Exit.REFUSED)
    assert codes(report) == ["policy-change-window"]


def test_outside_the_window_the_run_is_refused_and_an_override_permits_it() -> None:
    given = inside(1)
    given.clock.time = at("2026-11-23T06:59:59")
    report = given.apply()
    assert (report.halt, codes(report)) == (Halt.REFUSED, ["policy-change-window"])
    assert given.apply(consent=Consent(overrides=frozenset({"policy-change-window"}))).converged


def test_a_plan_may_be_made_at_any_time_and_says_that_apply_must_wait() -> None:
    given = inside(1)
    assert breaches(given.plan()) == []
    given.clock.time = at("2026-11-23T03:00:00")
    plan = given.plan()
    assert (len(plan.changes), breaches(plan)) == (1, ["policy-change-window"])
    assert of_plan(plan, detailed=False, enforce_policy=False) is Exit.DONE
    assert of_plan(plan, detailed=False, enforce_policy=True) is Exit.REFUSED
    assert breaches(given.plan(consent=Consent(overrides=frozenset(["policy-change-window"])))) == []


def test_where_there_is_nothing_to_do_a_closed_window_refuses_nothing() -> None:
    given = inside(1)
    given.apply()
    given.clock.time = at("2026-11-23T03:00:00")
    assert breaches(given.plan()) == []


@pytest.mark.parametrize(
    ("period", "now", "zone", "told"),
    [
        # Moscow is UTC+3 all year, Vladivostok UTC+10.
        ("hr {10-11}", "2026-11-23T09:00:00", "Europe/Moscow", "it opens Tue 2026-11-24 10:00 Europe/Moscow"),
        ("hr {10-11}", "2026-11-23T02:00:00", "Asia/Vladivostok", "it opens Tue 2026-11-24 10:00 Asia/Vladivostok"),
        ("wd {mon}", "2026-11-24T00:00:00", "UTC", "it opens Mon 2026-11-30 00:00 UTC"),
        ("yr {2020}", "2026-11-24T00:00:00", "UTC", "it never opens again"),
    ],
)
def test_a_closed_window_says_its_zone_and_when_it_opens(period: str, now: str, zone: str, told: str) -> None:
    message = closed_change_window(Period.parse(period), int(at(now)), zone)
    assert message == f"the change window is closed ({period}, {zone}); {told}"
