from __future__ import annotations

import pytest

from reconciler.effects.calendar import Cell, CellRun, Week, lanes, week
from reconciler.effects.states import OpaquePeriodError
from reconciler.model import Target, Value
from reconciler.schedule.picture import CELLS
from reconciler.views.calendar import Calendar, CalendarView
from reconciler.views.web.pages import calendar_page
from tests.unit.effects.samples import DESK, NONE, PARALLEL, SINGLE, SPARE, THIRD, WORK, rings, target, url, value_of

ZONE = "Europe/Moscow"
WEDNESDAY = 1_795_597_200  # 25 November 2026, 12:00 in Moscow


def drawn(value: Value, at: int = WEDNESDAY) -> Week:
    return week(value_of(value), at, ZONE)


def test_a_week_begins_on_monday_and_has_half_hours() -> None:
    days = drawn(rings(target(DESK, WORK)))
    assert [(day.day, day.month, day.weekday) for day in days] == [(23 + at, 11, at) for at in range(7)]
    assert list(days[2].runs()) == [
        CellRun(0, 18, Cell(())),
        CellRun(18, 36, Cell((DESK,))),
        CellRun(36, CELLS, Cell(())),
    ]
    assert list(days[5].runs()) == [CellRun(0, CELLS, Cell(()))]


def test_the_zone_decides_which_week_it_is() -> None:
    sunday_evening = 1_795_381_200  # 22 November, 21:00 UTC, is midnight in Moscow
    assert [week(value_of(rings(DESK)), sunday_evening, zone)[0].day for zone in ("UTC", ZONE)] == [16, 23]
    assert week(value_of(rings(DESK)), sunday_evening - 1, ZONE)[0].day == 16


def test_a_half_hour_of_which_only_a_part_rings_says_so() -> None:
    cells = drawn(rings(target(DESK, "hr {9} min {15-59}")))[0].cells
    assert cells[18:21] == (Cell((DESK,), is_part=True), Cell((DESK,)), Cell(()))


def test_of_two_targets_in_a_half_hour_the_longer_one_is_drawn() -> None:
    value = rings(target(DESK, "hr {9} min {0-9}"), target(SPARE, "hr {9} min {10-29}"))
    assert drawn(value)[0].cells[18] == Cell((SPARE,), is_part=True)


def test_targets_stand_in_the_order_in_which_they_ring() -> None:
    assert drawn(rings(SPARE, DESK))[0].cells[0].who == (SPARE, DESK)
    assert drawn(rings(SPARE, DESK, redirect=PARALLEL))[0].cells[0].who == (SPARE, DESK)
    assert drawn(rings(SPARE, DESK, redirect=SINGLE))[0].cells[0].who == (SPARE,)


def test_a_date_shows_in_its_week_only() -> None:
    value = rings(target(DESK, "mo {nov} md {24}"))
    assert [bool(day.cells[0].who) for day in drawn(value)] == [False, True, *[False] * 5]
    assert not any(day.cells[0].who for day in drawn(value, WEDNESDAY + 7 * 86_400))


def test_what_is_no_target_rings_all_week_and_nothing_is_a_gap() -> None:
    assert {cell for day in drawn(url(DESK)) for cell in day.cells} == {
        Cell((f"URL https://example.com/route (reserve {DESK})",))
    }
    assert {cell for day in drawn(NONE) for cell in day.cells} == {Cell(())}


def test_lanes_are_those_who_may_ring_with_the_name_that_one_side_has() -> None:
    before = value_of(rings(DESK, target(THIRD, active=False)))
    after = value_of(rings(Target(DESK, 20, name="дежурный"), SPARE))
    assert [(lane.key, lane.text) for lane in lanes(before, after)] == [(DESK, f"{DESK} дежурный"), (SPARE, SPARE)]


def test_a_period_that_nobody_understands_cannot_be_drawn() -> None:
    with pytest.raises(OpaquePeriodError):
        drawn(rings(target(DESK, "sometimes")))


def test_a_page_of_very_many_numbers_says_how_many_it_leaves_out() -> None:
    value = value_of(rings(target(DESK, WORK)))
    calendars = tuple(
        Calendar(((str(74990000000 + at), ""),), lanes(value), week(value, WEDNESDAY, ZONE)) for at in range(302)
    )
    text = calendar_page(CalendarView(ZONE, calendars))
    assert text.count("<section") == 300
    assert "2 more numbers are left out here" in text
    assert "302 numbers, 302 with gaps" in text
