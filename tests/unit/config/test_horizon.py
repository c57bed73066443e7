"""The calendar's end is told in time, and years that no government has announced are named."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from reconciler.diagnostics import Diagnostic, Severity
from reconciler.effects.checks import check_calls
from tests.loading import load
from tests.unit.config.loading import target, underlined, write

FOLLOWS = target('{to: "74992223344", schedule: {not: holidays}}') + "schedules: {holidays: {public: RU}}\n"
UNUSED = target('{to: "74992223344"}') + "schedules: {holidays: {public: RU}}\n"
UNTIL = date(2026, 12, 31)


def until(text: str, day: str) -> str:
    """The configuration with its calendar ending on a day."""
    return text.replace("timeout: 20", f"timeout: 20, calendar_until: {day}")


def told(folder: Path, text: str, code: str, today: date | None) -> list[Diagnostic]:
    loaded = load(write(folder, text), today=today)
    assert loaded.configuration is not None
    return [item for item in loaded.diagnostics if item.code == code]


@pytest.mark.parametrize(
    ("today", "said"),
    [
        (date(2026, 10, 31), None),
        (date(2026, 11, 1), "the calendar ends in 60 days"),
        (date(2026, 12, 30), "the calendar ends tomorrow"),
        (date(2026, 12, 31), "the calendar ends today"),
        (date(2027, 1, 1), "the calendar ended on 2026-12-31"),
        (None, None),
    ],
)
def test_the_end_of_the_calendar_is_told_sixty_days_before(
    today: date | None, said: str | None, tmp_path: Path
) -> None:
    found = told(tmp_path, until(FOLLOWS, "2026-12-31"), "calendar-ending", today)
    if said is None:
        assert found == []
        return
    (item,) = found
    assert item.message.startswith(said)
    assert (item.severity, item.hint) == (Severity.WARNING, "reconciler fmt --renew")
    assert underlined(item) == "2026-12-31"


def test_a_calendar_that_nothing_follows_may_end(tmp_path: Path) -> None:
    assert told(tmp_path, until(UNUSED, "2026-12-31"), "calendar-ending", UNTIL) == []


def test_a_calendar_that_only_a_prepared_scenario_follows_is_told_of(tmp_path: Path) -> None:
    switch = (
        'scenarios: {feast: {numbers: {"74991112233": '
        '{forwarding: {type: number, targets: [{to: "74992223344", schedule: holidays}]}}}}}\n'
    )
    assert len(told(tmp_path, until(UNUSED, "2026-12-31") + switch, "calendar-ending", UNTIL)) == 1


def test_the_severity_of_the_calendars_end_can_be_chosen(tmp_path: Path) -> None:
    text = until(FOLLOWS, "2026-12-31") + "policy: {rules: {calendar-ending: off}}\n"
    assert told(tmp_path, text, "calendar-ending", UNTIL) == []


def test_years_that_are_not_announced_are_named_at_the_country(tmp_path: Path) -> None:
    (item,) = told(tmp_path, until(FOLLOWS, "2090-12-31"), "holidays-unannounced", None)
    assert item.message == "the moved days of RU are not announced yet for 2085-2090"
    assert item.severity is Severity.NOTICE
    assert underlined(item) == "RU"


def test_a_country_is_named_once_however_many_schedules_follow_it(tmp_path: Path) -> None:
    text = until(
        target(
            '{to: "74992223344", schedule: {not: holidays}}, '
            '{to: "74993334455", schedule: {all: [holidays, {weekly: {mon: 9:00-18:00}}]}}'
        )
        + "schedules: {holidays: {public: RU}}\n",
        "2090-12-31",
    )
    assert len(told(tmp_path, text, "holidays-unannounced", None)) == 1


def test_a_country_is_found_in_a_literal_inside_a_schedule(tmp_path: Path) -> None:
    text = target('{to: "74992223344", schedule: {weekly: {mon: 9:00-18:00}, except: [{public: RU}]}}')
    (item,) = told(tmp_path, until(text, "2090-12-31"), "holidays-unannounced", None)
    assert underlined(item) == "RU"


def test_years_that_are_announced_are_not_named(tmp_path: Path) -> None:
    assert told(tmp_path, until(FOLLOWS, "2026-12-31"), "holidays-unannounced", None) == []


def test_days_that_are_estimates_are_named_at_the_country(tmp_path: Path) -> None:
    text = until(FOLLOWS.replace("public: RU", "public: AE"), "2027-12-31")
    (item,) = told(tmp_path, text, "holidays-estimated", None)
    assert "2027-03-09..03-11" in item.message  # Eid al-Fitr, 1 to 3 Shawwal 1448
    assert item.severity is Severity.NOTICE
    assert underlined(item) == "AE"
    assert told(tmp_path, until(FOLLOWS, "2027-12-31"), "holidays-estimated", None) == []


@pytest.mark.parametrize(
    ("schedule", "code", "place"),
    [
        ("{weekly: {mon-sun: 00:00-23:59}}", "hours-end-early", "00:00-23:59"),
        ("{weekly: {mon-sun: [08:00-12:00, 13:00-23:59]}}", "hours-end-early", "13:00-23:59"),
        ("{weekly: {mon-sun: 08:00-20:00}, except: [{dates: [01-08..01-01]}]}", "dates-reversed", "01-08..01-01"),
        ("{dates: [07-02..07-01]}", "dates-reversed", "07-02..07-01"),
    ],
)
def test_what_reads_otherwise_than_it_is_meant_is_told(schedule: str, code: str, place: str, tmp_path: Path) -> None:
    (item,) = told(tmp_path, target(f'{{to: "74992223344", schedule: {schedule}}}'), code, None)
    assert (underlined(item), item.severity) == (place, Severity.WARNING)


@pytest.mark.parametrize(
    "schedule",
    [
        "{weekly: {mon-sun: 00:00-24:00}}",
        "{weekly: {mon-sun: 22:00-06:00}}",
        "{dates: [12-30..01-08]}",
        "{dates: [10-01..03-31]}",
        "{dates: [01-02..12-31]}",
        "{dates: [2026-12-30..2027-12-01]}",
    ],
)
def test_what_is_meant_as_it_is_written_is_not_told(schedule: str, tmp_path: Path) -> None:
    for code in ("hours-end-early", "dates-reversed"):
        assert told(tmp_path, target(f'{{to: "74992223344", schedule: {schedule}}}'), code, None) == []


def test_a_gap_is_told_with_its_exceptions_and_without_the_past(tmp_path: Path) -> None:
    office = "schedules: {o: {weekly: {mon-fri: 09:00-18:00}, except: [{public: RU}], workday_as: mon}}\n"
    text = until(target('{to: "74992223344", schedule: o}') + office, "2027-12-31")
    loaded = load(write(tmp_path, text), today=date(2026, 11, 29)).configuration
    assert loaded is not None
    (gap,) = [each for each in check_calls(loaded) if each.code == "route-gap"]
    assert "working days 0:00-9:00, 18:00-24:00; days off (public holidays RU)" in gap.message


def test_days_that_are_past_are_no_estimates(tmp_path: Path) -> None:
    text = until(FOLLOWS.replace("public: RU", "public: AE"), "2027-12-31")
    (item,) = told(tmp_path, text, "holidays-estimated", date(2027, 6, 1))
    assert "2027-05" not in item.message
    assert "2027-06-06" in item.message


def test_a_target_without_a_schedule_is_not_called_by_one_that_is_always_on(tmp_path: Path) -> None:
    text = target('{to: "74992223344", schedule: round-the-clock}, {to: "74993334455", schedule: office}')
    schedules = "schedules: {round-the-clock: {weekly: {mon-sun: 00:00-24:00}}, office: {weekly: {mon: 9:00-18:00}}}\n"
    loaded = load(write(tmp_path, text + schedules), today=None).configuration
    assert loaded is not None
    assert [each.name for each in loaded.named().schedules.values()] == ["office"]
