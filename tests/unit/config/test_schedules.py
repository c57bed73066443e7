"""Schedules: shape, references, circles, and the periods that targets get."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from reconciler.diagnostics import Severity
from reconciler.model import NumberForwarding
from tests.loading import load
from tests.unit.config.loading import ACCOUNTS, findings, only, sound, target, underlined, write


def schedules(text: str) -> str:
    return ACCOUNTS + f"schedules:\n  {text}\n"


def periods(folder: Path, text: str) -> list[tuple[tuple[str, ...], str]]:
    """(periods, description) of each target of the one number."""
    loaded = sound(folder, text).configuration
    assert loaded is not None
    (desired,) = loaded.desired
    assert isinstance(desired.value, NumberForwarding)
    return [(one.periods, one.schedule_description) for one in desired.value.targets]


OFFICE = 'schedules: {office: {period: "wd {mon-fri} hr {9-17}", description: график будни}}\n'


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ('{to: "74992223344"}', ((), "")),
        ('{to: "74992223344", schedule: office}', (("wd {mon-fri} hr {9-17}",), "график будни")),
        ('{to: "74992223344", schedule: office, schedule_description: own}', (("wd {mon-fri} hr {9-17}",), "own")),
        ('{to: "74992223344", schedule: office, schedule_description: ""}', (("wd {mon-fri} hr {9-17}",), "")),
        ('{to: "74992223344", schedule: {period: "wd {sat}"}}', (("wd {sat}",), "")),
        ('{to: "74992223344", schedule: {period: "WD{Sat}"}}', (("WD{Sat}",), "")),
    ],
)
def test_a_target_gets_its_schedules_period_as_written(
    written: str, expected: tuple[tuple[str, ...], str], tmp_path: Path
) -> None:
    assert periods(tmp_path, target(written) + OFFICE) == [expected]


@pytest.mark.parametrize(
    ("text", "code", "under"),
    [
        ("a: {}", "schedule-shape", "{}"),
        ("a: {description: x}", "schedule-shape", "{description: x}"),
        ('a: {period: "hr {9}", weekly: {mon: 9:00-10:00}}', "schedule-shape", None),
        ("a: {not: b, any: [b]}", "schedule-shape", None),
        ("a: {perod: x}", "unknown-key", "perod"),
        ("a: {period: [x]}", "wrong-type", "period"),
        ("a: wd {mon}", "wrong-type", "wd {mon}"),
        ('a: {period: "always"}', "period-word", "always"),
        ('a: {period: "wd {mon} hr {6am-14pm}"}', "period-hour", "14pm"),
        ("a: {not: nothing}", "unknown-schedule", "nothing"),
        ("a: {any: [{all: [nothing]}]}", "unknown-schedule", "nothing"),
    ],
)
def test_a_wrong_schedule_is_told_at_its_place_used_or_not(
    text: str, code: str, under: str | None, tmp_path: Path
) -> None:
    found = [item for item in findings(tmp_path, schedules(text)) if item.severity is Severity.ERROR]
    assert code in {item.code for item in found}
    if under is not None:
        assert under in {underlined(item) for item in found if item.code == code}


def test_schedules_in_a_circle_are_named(tmp_path: Path) -> None:
    found = findings(tmp_path, schedules("{a: {not: b}, b: {any: [c]}, c: {all: [{not: a}]}}").replace("\n  {a", " {a"))
    assert [item.message for item in found if item.code == "schedule-cycle"] == [
        "schedules refer to each other in a loop: a -> b -> c -> a"
    ]


def test_a_fault_of_a_shared_schedule_is_told_once(tmp_path: Path) -> None:
    text = target('{to: "74992223344", schedule: a}, {to: "74992223355", schedule: a}')
    item = only(tmp_path, text + 'schedules: {a: {period: "wd {mon-fri} hr {9-24}"}}\n')
    assert (item.code, underlined(item)) == ("period-hour", "24")


def test_what_an_account_says_of_periods_is_judged_where_the_period_stands(tmp_path: Path) -> None:
    text = target('{to: "74992223344", schedule: a}') + 'schedules: {a: {period: "wd {1-5} hr {9}, wd {sat}"}}\n'
    assert [(item.code, underlined(item)) for item in findings(tmp_path, text)] == [
        ("period-numeric-weekday", "1-5"),
        ("period-comma", ","),
    ]
    assumed = text.replace("{env: EXOLVE_API_KEY}", "{env: K}, period: {union: comma, weekday_base: monday}")
    assert [item.severity for item in findings(tmp_path, assumed)] == [Severity.WARNING]


def test_verbatim_sends_what_cannot_be_understood_with_a_warning(tmp_path: Path) -> None:
    text = target('{to: "74992223344", schedule: {period: "Always", verbatim: true}}')
    item = only(tmp_path, text)
    assert (item.code, item.severity, underlined(item)) == ("schedule-verbatim", Severity.WARNING, '"Always"')
    assert periods(tmp_path, text) == [(("Always",), "")]


def test_the_time_zone_is_assumed_once_and_only_where_a_schedule_is_used(tmp_path: Path) -> None:
    used = target('{to: "74992223344", schedule: office}, {to: "74992223355", schedule: office}') + OFFICE
    (item,) = load(write(tmp_path, used)).diagnostics
    assert (item.code, item.severity) == ("assume-timezone", Severity.NOTICE)
    assert item.message == (
        "periods are assumed to be evaluated in Europe/Moscow: the vendor does not document the zone"
    )
    assert load(write(tmp_path, target('{to: "74992223344"}') + OFFICE)).diagnostics == ()


def test_the_assumed_zone_is_told_where_it_would_be_written(tmp_path: Path) -> None:
    (item,) = load(write(tmp_path, target('{to: "74992223344", schedule: office}') + OFFICE)).diagnostics
    assert (item.code, underlined(item)) == ("assume-timezone", "defaults")
    assert item.hint == "set defaults.timezone to Europe/Moscow, or to the zone that you know it to be"


@pytest.mark.parametrize("quote", ["", '"', "'"])
def test_the_caret_is_right_in_plain_and_quoted_periods(quote: str, tmp_path: Path) -> None:
    text = ACCOUNTS + f"schedules:\n  a:\n    period: {quote}wd {{mon-fri}} hr {{9-17}} min {{60}}{quote}\n"
    item = only(tmp_path, text)
    assert underlined(item) == "60"


def test_where_the_piece_cannot_be_told_the_caret_stands_under_the_whole_text(tmp_path: Path) -> None:
    text = ACCOUNTS + 'schedules:\n  a:\n    period: "wd {mon-fri}\\x20hr {24}"\n'
    item = only(tmp_path, text)
    assert underlined(item) == '"wd {mon-fri}\\x20hr {24}"'


# -- hours and dates --------------------------------------------------------------------------------------------------


def test_hours_become_periods_one_an_entry(tmp_path: Path) -> None:
    text = target('{to: "74992223344", schedule: {weekly: {mon-fri: "09:00-18:00"}}}')
    assert periods(tmp_path, text) == [(("wd {mon-fri} hr {9-17}",), "")]


def test_a_schedule_of_several_parts_is_several_periods_or_one_with_commas(tmp_path: Path) -> None:
    text = (
        target('{to: "74992223344", schedule: nights}')
        + "schedules: {day: {weekly: {mon-fri: 9:00-18:00}}, nights: {not: day}}\n"
    )
    (entries,) = periods(tmp_path, text)
    assert len(entries[0]) == 2
    (comma,) = periods(tmp_path, text.replace("{env: EXOLVE_API_KEY}", "{env: K}, period: {union: comma}"))
    assert comma[0] == (", ".join(entries[0]),)


def test_a_schedule_that_always_holds_sends_no_period(tmp_path: Path) -> None:
    text = target('{to: "74992223344", schedule: {any: [day, {not: day}]}}')
    assert periods(tmp_path, text + "schedules: {day: {weekly: {mon: 9:00-18:00}}}\n") == [((), "")]


@pytest.mark.parametrize(
    ("text", "under"),
    [
        ("a: {weekly: {mon-fri: 9:00-25:00}}", "9:00-25:00"),
        ("a: {weekly: {mun: 9:00-18:00}}", None),
        ("a: {dates: [05-39]}", "05-39"),
    ],
)
def test_wrong_hours_and_dates_are_told_at_their_place_used_or_not(
    text: str, under: str | None, tmp_path: Path
) -> None:
    item = only(tmp_path, schedules(text))
    assert item.code == "schedule-shape"
    if under is not None:
        assert underlined(item) == under


def test_a_fault_of_a_schedule_that_others_refer_to_is_told_once(tmp_path: Path) -> None:
    text = target('{to: "74992223344", schedule: b}, {to: "74992223355", schedule: a}')
    item = only(tmp_path, text + "schedules: {a: {dates: [05-39]}, b: {not: a}}\n")
    assert (item.code, underlined(item)) == ("schedule-shape", "05-39")


def test_public_holidays_need_to_know_how_far_to_look(tmp_path: Path) -> None:
    text = target('{to: "74992223344", schedule: {not: holidays}}') + "schedules: {holidays: {public: RU}}\n"
    item = only(tmp_path, text)
    assert (item.code, item.hint) == ("schedule-not-compiled", "set defaults.calendar_until, like 2027-12-31")
    loaded = sound(tmp_path, text.replace("timeout: 20", "timeout: 20, calendar_until: 2027-12-31")).configuration
    assert loaded is not None
    assert loaded.holidays_version


def test_a_schedule_that_never_holds_is_refused(tmp_path: Path) -> None:
    text = target('{to: "74992223344", schedule: {all: [day, {not: day}]}}')
    item = only(tmp_path, text + "schedules: {day: {weekly: {mon: 9:00-18:00}}}\n")
    assert (item.code, item.message) == ("schedule-not-compiled", "this schedule is never active")


@pytest.mark.parametrize(("base", "night"), [("sunday", "wd {sun}"), ("monday", "wd {mon}")])
def test_advice_reads_numeric_weekdays_as_the_account_does(base: str, night: str, tmp_path: Path) -> None:
    text = target('{to: "74992223344", schedule: {period: "wd {1} hr {22-6}"}}')
    text = text.replace("provider: exolve,", f"provider: exolve, period: {{weekday_base: {base}}},")
    (item,) = [item for item in findings(tmp_path, text) if item.code == "period-overnight"]
    assert item.hint is not None
    assert night in item.hint


@pytest.mark.parametrize(("base", "told"), [("sunday", 0), ("monday", 1)])
def test_a_night_of_changing_clocks_is_found_on_the_weekday_that_the_account_means(
    base: str, told: int, tmp_path: Path
) -> None:
    text = target('{to: "74992223344", schedule: {period: "wd {7} hr {2}"}}').replace(
        "timeout: 20", "timeout: 20, timezone: Europe/Berlin"
    )
    text = text.replace("provider: exolve,", f"provider: exolve, period: {{weekday_base: {base}}},")
    found = load(write(tmp_path, text), today=date(2026, 11, 21)).diagnostics  # clocks change on Sundays
    assert sum(item.code == "period-daylight-saving" for item in found) == told
