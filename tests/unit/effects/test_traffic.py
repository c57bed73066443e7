"""Calls of the past against `route`, which follows one call at one instant and shares no counting with the replay."""

from __future__ import annotations

import random
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from reconciler.canonical import Json
from reconciler.effects.routes import Step, StepKind, route
from reconciler.effects.states import OpaquePeriodError
from reconciler.effects.traffic import WEEK_SECONDS, Routing, Side, moving, replay, shares, unanswered, within_week
from reconciler.model import NumberForwarding, Redirect, Traffic, Value
from tests.unit.effects.samples import DESK, NONE, SPARE, THIRD, WORK, rings, target, url, value_of
from tests.world import phone

PERIODS = (
    "",
    WORK,
    "wd {mon-fri} hr {9-12 14-17}",
    "wd {sat sun}",
    "md {1-15} hr {10-19}",
    "yr {2026} mo {12} md {31}",
    "hr {22-23 0-5}",
    "hr {9} min {0-29} sec {0-9}",
    "none",
)
ZONES = ("Europe/Moscow", "Europe/Berlin", "America/New_York", "Asia/Kathmandu")


def random_value(generator: random.Random, others: tuple[int, ...]) -> Value:
    kind = generator.random()
    if kind < 0.1:
        return NONE
    if kind < 0.2:
        return url()
    places: list[str | int] = [DESK, SPARE, THIRD, *others]
    chosen = generator.sample(places, generator.randint(1, 3))
    targets = []
    for to in chosen:
        period = generator.choice(PERIODS)
        targets.append(target(to, *([period] if period else []), timeout=generator.choice([10, 20])))
    return rings(*targets, redirect=generator.choice(list(Redirect)))


def told(steps: tuple[Step, ...], redirect: str) -> tuple[object, ...]:
    """Who rings, in the words of `route`, with what is behind."""
    ringing = []
    for step in steps:
        if step.position and (step.place is not StepKind.NUMBER or step.rings or step.why != "told above"):
            behind = told(step.steps, step.redirect) if step.place is StepKind.NUMBER else ()
            ringing.append((step.to, step.timeout, behind))
    if redirect == "parallel":
        ringing.sort(key=repr)
    return (redirect if len(ringing) > 1 else "", *ringing)


def by_route(number: str, values: Mapping[str, Json], at: int, zone: str) -> tuple[bool, tuple[object, ...]]:
    found = route(number, values, at=at, zone=zone)
    return not found.note, told(found.steps, found.redirect)


def moved_by_hand(call: int, start: int, zone: str) -> int:
    """The first instant from `start` on with the weekday and time of day of a call, found by trying every week."""
    place = ZoneInfo(zone)
    local = datetime.fromtimestamp(call, place).replace(tzinfo=None)
    weeks = 0
    while True:
        instant = int((local + timedelta(weeks=weeks)).replace(tzinfo=place).timestamp())
        if instant >= start:
            return instant
        weeks += 1


@pytest.mark.parametrize("seed", range(24))
def test_a_replay_counts_what_route_tells_of_each_call(seed: int) -> None:
    generator = random.Random(seed)
    zone = ZONES[seed % len(ZONES)]
    # Around changes of the clock in Berlin and New York, public holidays, and any other time.
    start = generator.choice([1_774_700_000, 1_792_900_000, 1_793_500_000, 1_798_500_000, 1_795_000_000]) + seed
    before = {phone(index): value_of(random_value(generator, (1, 2)[index:])) for index in range(3)}
    changed = {phone(index): value_of(random_value(generator, (1, 2)[index:])) for index in range(3)}
    after = {number: changed[number] if generator.random() < 0.7 else before[number] for number in before}
    calls = [start - generator.randrange(1, 60 * 86_400) for _ in range(300)]
    move = moving(zone, start)
    number = phone(0)
    sides = Side(before[number], Routing(before.get)), Side(after[number], Routing(after.get))
    found = replay(number, [move(call) for call in calls], *sides)
    expected = [0, 0]
    for call in calls:
        at = moved_by_hand(call, start, zone)
        was, now = by_route(number, before, at, zone), by_route(number, after, at, zone)
        expected[0] += was[1] != now[1] and (was[0] or now[0])
        expected[1] += was[0] and not now[0]
    assert [found.changed, found.lost] == expected
    assert found.calls == len(calls) == sum(calls for calls, _, _ in found.cells)
    assert sum(lost for *_, lost in found.cells) == found.lost


@pytest.mark.parametrize("zone", ZONES)
def test_a_call_moves_by_whole_weeks_to_the_first_time_that_is_not_past(zone: str) -> None:
    generator = random.Random(7)
    for start in (1_774_700_000, 1_792_900_000, 1_793_500_000):
        move = moving(zone, start)
        for call in (start - generator.randrange(1, 30 * 86_400) for _ in range(200)):
            at = moved_by_hand(call, start, zone)
            clock = datetime.fromtimestamp(at, ZoneInfo(zone)).replace(tzinfo=UTC)
            assert move(call) == int(clock.timestamp())


def test_a_call_at_the_time_of_the_plan_or_later_stays() -> None:
    move = moving("UTC", 1_795_000_000)
    assert move(1_795_000_000) == 1_795_000_000
    assert move(1_795_000_000 + 3 * WEEK_SECONDS) == 1_795_000_000 + 3 * WEEK_SECONDS
    assert move(1_794_999_999) == 1_794_999_999 + WEEK_SECONDS


def unmanaged(_number: str) -> None:
    """A configuration without numbers."""


def replayed(before: Value, after: Value, *seconds: int, hidden: bool = False) -> Traffic:
    none = Routing(unmanaged)
    sides = Side(value_of(before), none), Side(value_of(after), none)
    return replay(phone(0), seconds, *sides, hidden_differs=hidden)


def test_a_longer_ring_is_a_change_and_another_name_of_nobody_is_none() -> None:
    assert replayed(rings(target(DESK, timeout=10)), rings(target(DESK, timeout=20)), 1, 2) == Traffic(2, 2, 0)
    assert replayed(rings(target(DESK, "none")), NONE, 1, 2) == Traffic(2, 0, 0)


def test_another_hidden_part_of_a_url_changes_every_call() -> None:
    assert replayed(url(), url(), 1, 2) == Traffic(2, 0, 0)
    assert replayed(url(), url(), 1, 2, hidden=True) == Traffic(2, 2, 0)


def test_who_rings_first_is_told_with_how_many_calls() -> None:
    found = replayed(rings(target(DESK)), rings(target(SPARE), target(DESK)), 1, 2)
    assert found.firsts == ((SPARE, 2),)
    at_once = rings(target(SPARE), target(DESK), redirect=Redirect.PARALLEL)
    assert replayed(rings(target(DESK)), at_once, 1, 2).firsts == ()


def test_a_period_that_nobody_can_read_is_no_count() -> None:
    opaque = NumberForwarding(Redirect.SINGLE, (target(DESK, "hr {25}"),))
    with pytest.raises(OpaquePeriodError):
        replayed(opaque, NONE, 1)


def test_shares_keep_the_half_hour_and_the_edge_of_a_schedule_apart() -> None:
    day = 20_780 * 86_400  # Monday, 23 November 2026
    found = [*shares([day + 1799, day + 1800, day + 33_299, day + 33_300], ["hr {9} min {15-44}"])]
    assert [(each.second, each.calls, bool(each.on)) for each in found] == [
        (0, 1, False),
        (1800, 1, False),
        (32_400, 1, False),
        (33_300, 1, True),
    ]
    assert [each.cell for each in found] == [0, 1, 18, 18]


def test_calls_that_nobody_answers_are_counted_in_their_week() -> None:
    monday = 20_780
    move = within_week("Europe/Moscow", monday)
    sunday_noon = int(datetime(2026, 11, 1, 12, tzinfo=ZoneInfo("Europe/Moscow")).timestamp())
    later = int(datetime(2027, 2, 1, 12, tzinfo=ZoneInfo("Europe/Moscow")).timestamp())
    assert [move(sunday_noon), move(later)] == [(monday + 6) * 86_400 + 43_200, monday * 86_400 + 43_200]
    side = Side(value_of(rings(target(DESK, WORK))), Routing(unmanaged))
    found = unanswered(phone(0), [move(sunday_noon), move(later)], side)
    assert (found.calls, found.lost) == (2, 1)
    assert found.cells[6 * 48 + 24] == (1, 0, 1)
