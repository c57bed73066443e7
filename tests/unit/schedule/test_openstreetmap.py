"""OpenStreetMap's `opening_hours` as our schedules: what is read, what is refused where, what the library says."""

from __future__ import annotations

import json
import random
import sys
from datetime import date, datetime, timedelta

import pytest
from click.testing import CliRunner, Result
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from opening_hours import OpeningHours

from reconciler.cli import main
from reconciler.schedule.asked import CompileTarget, instants_asked_for
from reconciler.schedule.foreign import ForeignError, Plain
from reconciler.schedule.human import Schedule, public_days, read_schedule
from reconciler.schedule.instants import Instants
from reconciler.schedule.masks import SLOTS, year_type
from reconciler.schedule.openstreetmap import read_opening_hours
from reconciler.schedule.zones import zone

UNTIL = date(2027, 12, 31)


def read(text: str) -> Plain:
    return read_opening_hours(text, country="RU", until=UNTIL)


def no_name(name: str) -> Schedule:
    raise AssertionError(name)


def run(*arguments: str, given: str = "") -> Result:
    return CliRunner().invoke(main, ["period", "compile", *arguments], input=given)


@pytest.mark.parametrize(
    ("text", "schedule"),
    [
        ("Mo-Fr 09:00-18:00; PH off", {"weekly": {"mon-fri": "09:00-18:00"}, "except": [{"public": "RU"}]}),
        (
            "Mo-Fr 09:00-18:00; Sa 10:00-14:00; Su off",
            {"weekly": {"mon-fri": "09:00-18:00", "sat": "10:00-14:00"}},
        ),
        ("Mo-Fr 09:00-18:00; We off", {"weekly": {"mon-tue": "09:00-18:00", "thu-fri": "09:00-18:00"}}),
        ("Mo-Fr 09:00-18:00, Mo 20:00-21:00; Tu-Fr off", {"weekly": {"mon": ["09:00-18:00", "20:00-21:00"]}}),
        ("Mo 09:00-18:00; Mo 12:00-13:00 off", {"weekly": {"mon": ["09:00-12:00", "13:00-18:00"]}}),
        ("Fr 22:00-26:00", {"weekly": {"fri": "22:00-02:00"}}),
        ("24/7; 2026 Dec 31 off", {"weekly": {"mon-sun": "00:00-24:00"}, "except": [{"dates": ["2026-12-31"]}]}),
        (
            "Mo 09:00-18:00; Jan 1-8 off; May 9 off",
            {"weekly": {"mon": "09:00-18:00"}, "except": [{"dates": ["01-01..01-08", "05-09"]}]},
        ),
        (
            "Dec-Feb Mo 09:00-10:00",
            {"weekly": {"mon": "09:00-10:00"}, "except": [{"not": {"dates": ["12-01..02-29"]}}]},
        ),
        ("2026-2027", {"dates": ["2026-01-01..2027-12-31"]}),
        ("2027 Feb", {"dates": ["2027-02-01..2027-02-28"]}),
        ("PH", {"public": "RU"}),
    ],
)
def test_rules_become_weeks_dates_and_exceptions(text: str, schedule: Plain) -> None:
    assert read(text) == schedule


@pytest.mark.parametrize(
    ("text", "at_fault"),
    [
        ('Mo 09:00-12:00 "by phone"', '"by phone"'),
        ("Mo 09:00-12:00; Tu sunrise-12:00", "sunrise"),
        ("week 1-10 Mo 09:00-12:00", "week 1-10 "),
        ("Mo 09:00-12:00 unknown", "unknown"),
        ("Mo 09:00-12:00 || Tu 09:00-12:00", "||"),
        ("Mo 09:00-12:00; easter off", "easter"),
        ("Mo 09:00-12:00; SH off", "SH"),
        ("Mo 09:00-12:00; PH -1 day off", "PH -1 day"),
        ("Mo[1] 09:00-12:00", "[1]"),
        ("Mo 09:00+", "09:00+"),
        ("2026+ Mo 09:00-12:00", "2026+"),
        ("09:00-12:00/02:00", "/02:00"),
        ("Mo 09-12", "0"),
        ("xx", "x"),
        ("", ""),
        ("Mo 10:00-10:00", "Mo 10:00-10:00"),
        ("Mo off", "Mo off"),
        ("Mo 09:00-12:00; PH 10:00-11:00 off", "Mo 09:00-12:00; PH 10:00-11:00 off"),
        ("2026 Dec 30-Jan 8 off", "2026 Dec 30-Jan 8 off"),
        ("Mo 09:00-12:00; " * 200, "Mo 09:00-12:00; " * 200),
    ],
)
def test_what_has_no_counterpart_is_named_at_its_place(text: str, at_fault: str) -> None:
    with pytest.raises(ForeignError) as caught:
        read(text)
    assert text[caught.value.start : caught.value.end] == at_fault
    assert caught.value.hint


# --- the library's opinion, with its own public holidays where both have the same

CLOCKS = st.integers(0, 23 * 4).map(lambda quarter: quarter * 15)
WEEKDAYS = st.sampled_from(["", "Mo-Fr ", "Sa,Su ", "Mo,We-Fr ", "Su-Tu ", "PH ", "Sa,PH "])
DATES = st.sampled_from(["", "", "Jan 1-Jan 8 ", "Jun-Aug ", "May 9 ", "Feb ", "Nov 20-Feb 3 ", "2026 Mar 2 ", "2027 "])


@st.composite
def rules(draw: st.DrawFn) -> str:
    starts = sorted(draw(st.lists(CLOCKS, min_size=1, max_size=2, unique=True)))
    spans = [f"{a // 60:02}:{a % 60:02}-{a // 60 + 1:02}:{a % 60:02}" for a in starts]
    days = draw(DATES) + draw(WEEKDAYS)
    closed = days + "off" if days else "Su off"
    return draw(st.sampled_from([days + ",".join(spans), days + ",".join(spans), closed]))


@st.composite
def expressions(draw: st.DrawFn) -> str:
    text = draw(st.sampled_from(["Mo-Fr 09:00-18:00", "24/7", "Sa 22:00-24:00"]))
    for rule in draw(st.lists(rules(), max_size=4)):
        text += draw(st.sampled_from(["; ", ", "])) + rule
    return text


def is_inside(instants: Instants, at: datetime) -> bool:
    slot = year_type(at.year) * SLOTS + at.timetuple().tm_yday - 1
    return bool(instants.times_on(at.year, slot) >> (at.hour * 60 + at.minute) & 1)


@settings(max_examples=150, deadline=None)
@given(expressions(), st.integers(0, 2**32))
def test_random_expressions_mean_what_the_library_says(text: str, seed: int) -> None:
    try:
        schedule = read_schedule(read(text), no_name)
    except ForeignError as error:
        assume("never open" not in error.message)
        raise
    ours = instants_asked_for(schedule, CompileTarget(zone("UTC"), UNTIL))
    library, holidays = OpeningHours(text, country="RU"), OpeningHours("PH", country="RU")
    off = set(public_days("RU", range(2025, 2028)).off)
    chosen = random.Random(seed)
    for _ in range(300):
        at = datetime.fromisoformat("2025-01-01") + timedelta(minutes=chosen.randrange(3 * 365 * 1440))
        if (at.date() in off) == holidays.is_open(at):
            assert is_inside(ours, at) == library.is_open(at), (text, at)


@pytest.mark.parametrize("text", ["Fr,Sa 22:00-02:00", "PH 20:00-04:00", "08:00-32:00", "Dec 31 20:00-28:00"])
def test_hours_past_midnight_belong_to_the_day_on_which_they_begin(text: str) -> None:
    ours = instants_asked_for(read_schedule(read(text), no_name), CompileTarget(zone("UTC"), UNTIL))
    library, holidays = OpeningHours(text, country="RU"), OpeningHours("PH", country="RU")
    off = set(public_days("RU", range(2025, 2028)).off)
    for hour in range(2 * 365 * 24):
        at = datetime.fromisoformat("2026-01-01") + timedelta(hours=hour)
        days = (at, at - timedelta(1))
        if all((day.date() in off) == holidays.is_open(day) for day in days):
            assert is_inside(ours, at) == library.is_open(at), (text, at)


def test_exceptions_of_the_next_day_leave_the_evening_before() -> None:
    schedule = read_schedule(read("Fr 22:00-02:00; Sa off"), no_name)
    ours = instants_asked_for(schedule, CompileTarget(zone("UTC"), UNTIL))
    assert is_inside(ours, datetime.fromisoformat("2026-11-28 01:00"))


# --- the command


def test_the_command_prints_our_form_that_it_takes_back() -> None:
    text = "Mo-Fr 09:00-18:00; Sa 10:00-12:00,13:00-14:00; May 9 off"
    ended = run("--from", "osm", text)
    assert (ended.exit_code, ended.stdout) == (
        0,
        (
            "weekly:\n  mon-fri: 09:00-18:00\n  sat:\n    - 10:00-12:00\n    - 13:00-14:00\n"
            "except:\n  - dates:\n      - 05-09\n"
        ),
    )
    assert run("-", given=ended.stdout).stdout == run("--from", "osm", text, "--periods").stdout


def test_the_command_reads_standard_input_and_writes_json() -> None:
    ended = CliRunner().invoke(
        main, ["period", "compile", "--from", "osm", "-", "--format", "json"], input="Mo 10:00-12:00\n"
    )
    answer = json.loads(ended.stdout)
    assert answer["schedule"] == {"weekly": {"mon": "10:00-12:00"}}
    assert answer["periods"] == ["wd {mon} hr {10-11}"]


def test_a_fault_has_a_caret_and_a_remedy() -> None:
    ended = run("--from", "osm", "Mo 09:00-12:00; week 3 off")
    assert ended.exit_code == 1
    assert ended.stderr.startswith("osm:1:17: error[schedule-shape]: a schedule has no week numbers\n")
    assert "hint: write the dates" in ended.stderr


@pytest.mark.parametrize(
    "arguments",
    [
        ("--from", "osm"),
        ("--from", "osm", "--schedule", "office"),
        ("--from", "excel", "Mo"),
        ("--periods", "-"),
        ("--country", "RU", "-"),
    ],
)
def test_wrong_usage_is_said(arguments: tuple[str, ...]) -> None:
    assert run(*arguments).exit_code == 64


def test_without_the_extra_the_command_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "opening_hours", None)
    ended = run("--from", "osm", "Mo-Fr 09:00-18:00")
    assert ended.exit_code == 1
    assert "hint: pip install 'phone-reconciler[calendars]'" in ended.stderr


def test_a_country_that_is_not_known_is_said() -> None:
    ended = run("--from", "osm", "Mo 09:00-10:00; PH off", "--country", "XX")
    assert ended.exit_code == 1
    assert "the holidays of 'XX' are not known" in ended.stderr


@pytest.mark.parametrize(("until", "code"), [("2020-06-30", 0), ("2101-01-01", 1)])
def test_the_end_of_the_calendar_may_be_anywhere(until: str, code: int) -> None:
    ended = run("--from", "osm", "Mo 09:00-10:00; PH off", "--until", until)
    assert ended.exit_code == code
    assert ("no public holidays are known for 2101" in ended.stderr) == bool(code)
