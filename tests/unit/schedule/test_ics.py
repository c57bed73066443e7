"""Calendar files as our schedules: which events count, what repeats how, what is written out, what is refused where."""

from __future__ import annotations

import json
import random
import sys
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from importlib import import_module
from itertools import count
from pathlib import Path
from zoneinfo import ZoneInfo

import icalendar
import pytest
from click.testing import CliRunner, Result
from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.cli import main
from reconciler.clock import SystemClock
from reconciler.schedule import Period
from reconciler.schedule.compile import compile_schedule
from reconciler.schedule.events import Events, Reading
from reconciler.schedule.foreign import ForeignError, Plain, Remark
from reconciler.schedule.human import Schedule, read_schedule
from reconciler.schedule.ics import read_calendar

recurring_ical_events = import_module("recurring_ical_events")
TODAY, UNTIL = date(2026, 11, 30), date(2027, 12, 31)
MOSCOW = "Europe/Moscow"
IN_MOSCOW = ";TZID=Europe/Moscow"
WORKDAYS = f"""\
DTSTART{IN_MOSCOW}:20260105T093000
DTEND{IN_MOSCOW}:20260105T181500
RRULE:FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR"""
OFFICE = {"mon-fri": "09:30-18:15"}
MONDAYS = "DTSTART:20270201T100000\nDURATION:PT1H\nRRULE:FREQ=WEEKLY"
ONE_HOUR = {"mon": "10:00-11:00"}
ONE_DAY = "DTSTART;VALUE=DATE:20261224"


def calendar(*events: str) -> str:
    """A calendar of events, each with these lines; those without a UID get one."""
    numbers = count()
    bodies = [each if "UID:" in each else f"UID:{next(numbers)}\n{each}" for each in events]
    blocks = [f"BEGIN:VEVENT\n{body}\nEND:VEVENT\n" for body in bodies]
    return f"BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:-//example//EN\n{''.join(blocks)}END:VCALENDAR\n"


def read(text: str, events: Events = "busy", zone: str = MOSCOW) -> tuple[Plain, tuple[Remark, ...]]:
    return read_calendar(text, Reading(zone, TODAY, UNTIL, events))


def no_name(name: str) -> Schedule:
    raise AssertionError(name)


@pytest.mark.parametrize(
    ("event", "schedule"),
    [
        (WORKDAYS, {"weekly": OFFICE}),
        (
            f"{WORKDAYS}\nEXDATE{IN_MOSCOW}:20270108T093000",
            {"weekly": OFFICE, "except": [{"dates": ["2027-01-08"]}]},
        ),
        (WORKDAYS.replace(IN_MOSCOW, ""), {"weekly": OFFICE}),
        (WORKDAYS.replace("Europe/Moscow", "Asia/Novosibirsk"), {"timezone": "Asia/Novosibirsk", "weekly": OFFICE}),
        ("DTSTART:20260103T220000\nDURATION:PT4H\nRRULE:FREQ=WEEKLY", {"weekly": {"sat": "22:00-02:00"}}),
        (
            "DTSTART:20260103T080000Z\nDTEND:20260103T090000Z\nRRULE:FREQ=DAILY",
            {"timezone": "UTC", "weekly": {"mon-sun": "08:00-09:00"}},
        ),
        (
            "DTSTART;VALUE=DATE:20260103\nDTEND;VALUE=DATE:20260105\nRRULE:FREQ=WEEKLY",
            {"weekly": {"sat-sun": "00:00-24:00"}},
        ),
        (MONDAYS, {"weekly": ONE_HOUR, "except": [{"dates": ["2026-11-30..2027-01-31"]}]}),
        (f"{MONDAYS};COUNT=3", {"weekly": ONE_HOUR, "except": [{"not": {"dates": ["2027-02-01..2027-02-15"]}}]}),
        (
            "DTSTART;VALUE=DATE:20261204\nDTEND;VALUE=DATE:20261206\nRRULE:FREQ=WEEKLY;COUNT=3",
            {"weekly": {"fri-sat": "00:00-24:00"}, "except": [{"not": {"dates": ["2026-12-04..2026-12-19"]}}]},
        ),
        (
            "DTSTART:20261202T220000\nDURATION:PT4H\nRRULE:FREQ=DAILY",
            {"weekly": {"mon-sun": "22:00-02:00"}, "except": [{"dates": ["2026-11-29..2026-12-01"]}]},
        ),
        ("DTSTART;VALUE=DATE:20261231\nDTEND;VALUE=DATE:20270109", {"dates": ["2026-12-31..2027-01-08"]}),
        ("DTSTART;VALUE=DATE:20200509\nRRULE:FREQ=YEARLY", {"dates": ["05-09"]}),
        ("DTSTART;VALUE=DATE:20200101\nDTEND;VALUE=DATE:20200109\nRRULE:FREQ=YEARLY", {"dates": ["01-01..01-08"]}),
        (
            "DTSTART:20261215T101500Z\nDTEND:20261215T114500Z",
            {"weekly": {"mon-sun": "13:15-14:45"}, "except": [{"not": {"dates": ["2026-12-15"]}}]},
        ),
    ],
)
def test_what_repeats_is_written_so_and_all_else_with_its_dates(event: str, schedule: Plain) -> None:
    assert read(calendar(event)) == (schedule, ())


def test_an_occurrence_that_was_moved_is_left_out_and_written_where_it_is() -> None:
    moved = f"UID:a\nRECURRENCE-ID{IN_MOSCOW}:20261207T093000\nDTSTART{IN_MOSCOW}:20261212T100000\nDURATION:PT1H"
    plain, remarks = read(calendar(f"UID:a\n{WORKDAYS}", moved))
    assert plain["any"] == [
        {"weekly": {"mon-fri": "09:30-18:15"}, "except": [{"dates": ["2026-12-07"]}]},
        {"weekly": {"mon-sun": "10:00-11:00"}, "except": [{"not": {"dates": ["2026-12-12"]}}]},
    ]
    assert remarks == ()


@pytest.mark.parametrize(
    ("told", "is_busy", "is_free"),
    [
        ("", True, False),
        ("TRANSP:OPAQUE", True, False),
        ("TRANSP:TRANSPARENT", False, True),
        ("X-MICROSOFT-CDO-BUSYSTATUS:FREE", False, True),
        ("X-MICROSOFT-CDO-BUSYSTATUS:OOF\nTRANSP:TRANSPARENT", True, False),
        ("X-MICROSOFT-CDO-BUSYSTATUS:TENTATIVE\nSTATUS:TENTATIVE", True, False),
        ("STATUS:CANCELLED", False, False),
    ],
)
def test_events_say_whether_they_are_busy_or_free(told: str, is_busy: bool, is_free: bool) -> None:
    text = calendar("\n".join(filter(None, (ONE_DAY, told))))
    expected: dict[Events, bool] = {"busy": is_busy, "free": is_free}
    for events, counts in expected.items():
        if counts:
            assert read(text, events)[0] == {"dates": ["2026-12-24"]}
        else:
            with pytest.raises(ForeignError, match=f"no {events} events"):
                read(text, events)


@pytest.mark.parametrize(
    "event",
    [
        "DTSTART:20260106T080000\nDURATION:PT1H\nRRULE:FREQ=MONTHLY;BYDAY=1TU",
        "DTSTART:20260106T080000\nDURATION:PT1H\nRRULE:FREQ=WEEKLY;INTERVAL=2",
        "DTSTART;TZID=Europe/Berlin:20260106T080000\nDURATION:PT1H\nRRULE:FREQ=WEEKLY",
        "DTSTART;VALUE=DATE:20240229\nRRULE:FREQ=YEARLY;BYMONTH=2,3;BYMONTHDAY=28",
    ],
)
def test_what_has_no_counterpart_is_written_out_and_said(event: str) -> None:
    text = calendar(ONE_DAY, event)
    _plain, (remark,) = read(text)
    assert text[: remark.start].count("BEGIN:VEVENT") == 1
    assert text[remark.start : remark.end] == "BEGIN:VEVENT"
    assert str(UNTIL) in remark.message


@pytest.mark.parametrize(
    ("event", "message"),
    [
        ("DTSTART:20260106T080000\nDURATION:PT1M\nRRULE:FREQ=HOURLY", "within a day"),
        ("SUMMARY:nothing", "when it begins"),
        ("DTSTART:20261224T080030\nDURATION:PT1H", "within a minute"),
        ("DTSTART;TZID=Moscow Time:20261224T080000\nDURATION:PT1H", "'Moscow Time' is not a known time zone"),
        ("DTSTART:20261224T080000\nDTEND:20261223T080000", "ends before it begins"),
        ("DTSTART:20260106T080000\nDURATION:PT1H\nRRULE:FREQ=NEVER", "cannot be read"),
        ("DTSTART:20260106T080000\nDURATION:-PT1H", "ends before it begins"),
        ("DTSTART:20260106T080000\nDURATION:PT1H\nRRULE:FREQ=DAILY\nEXRULE:FREQ=WEEKLY;BYDAY=MO", "EXRULE"),
    ],
)
def test_what_cannot_be_read_is_refused_at_its_event(event: str, message: str) -> None:
    text = calendar(event)
    with pytest.raises(ForeignError, match=message) as caught:
        read(text)
    assert caught.value.hint
    assert text[caught.value.start : caught.value.end] in ("BEGIN:VEVENT", "B")


MINUTES = ",".join(map(str, range(60)))


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        ("RRULE:FREQ=DAILY;INTERVAL=0", "INTERVAL of 0"),
        (f"RRULE:FREQ=DAILY;BYMINUTE={MINUTES};BYSECOND={MINUTES}", "within a day"),
        ("RRULE:FREQ=SECONDLY\nRRULE:FREQ=DAILY", "within a day"),
    ],
)
def test_rules_that_never_end_are_refused_before_they_are_worked_out(
    lines: str, message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recurring_ical_events, "of", lambda _calendar: pytest.fail("it is worked out"))
    with pytest.raises(ForeignError, match=message):
        read(calendar(f"DTSTART:20260106T080000\nDURATION:PT1M\n{lines}"))


def test_many_rules_from_long_ago_are_refused_before_they_are_worked_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recurring_ical_events, "of", lambda _calendar: pytest.fail("it is worked out"))
    event = "DTSTART:00010101T080000\nDURATION:PT1M\nRRULE:FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30"
    with pytest.raises(ForeignError, match="too long"):
        read(calendar(*[event] * 6))


@pytest.mark.parametrize("text", ["", "x", "BEGIN:VCALENDAR\nEND:VCALENDAR\n", "BEGIN:VEVENT\nBEGIN:VEVENT\n", "\0"])
def test_a_text_without_events_is_refused(text: str) -> None:
    with pytest.raises(ForeignError):
        read(text)


# --- the library's opinion of whole calendars, through the periods that a vendor gets

ZONES = st.sampled_from(["", ";TZID=Europe/Moscow", ";TZID=Asia/Novosibirsk", ";TZID=Europe/Berlin"])
RULES = st.sampled_from(
    [
        "",
        "RRULE:FREQ=WEEKLY;BYDAY=MO,WE",
        "RRULE:FREQ=WEEKLY",
        "RRULE:FREQ=WEEKLY;COUNT=5",
        "RRULE:FREQ=WEEKLY;UNTIL=20270301T000000Z",
        "RRULE:FREQ=DAILY;BYDAY=MO,TU,WE,TH,FR",
        "RRULE:FREQ=MONTHLY;BYMONTHDAY=13",
        "RRULE:FREQ=WEEKLY;INTERVAL=2",
        "RRULE:FREQ=YEARLY",
    ]
)


@st.composite
def events(draw: st.DrawFn) -> str:
    start = datetime.fromisoformat("2026-01-01") + timedelta(minutes=15 * draw(st.integers(0, 96 * 500)))
    rule = draw(RULES)
    if draw(st.booleans()) or "YEARLY" in rule:
        length = draw(st.integers(1, 3)) if "WEEKLY" not in rule else 1
        kind, end, form = ";VALUE=DATE", start + timedelta(days=length), "%Y%m%d"
        rule = rule.replace("T000000Z", "")
    else:
        kind, end, form = draw(ZONES), start + timedelta(minutes=15 * draw(st.integers(1, 40))), "%Y%m%dT%H%M%S"
        rule = rule if "TZID" in kind else rule.removesuffix("Z")
    lines = [f"DTSTART{kind}:{start:{form}}", f"DTEND{kind}:{end:{form}}", rule]
    if rule and draw(st.booleans()):
        lines.append(f"EXDATE{kind}:{start + timedelta(days=7 * draw(st.integers(1, 60))):{form}}")
    return "\n".join(filter(None, lines))


def spans(text: str, zone: str) -> Iterator[tuple[datetime, datetime]]:
    """When the library says that something takes place, from start to end."""
    for each in recurring_ical_events.of(icalendar.Calendar.from_ical(text)).between(TODAY, UNTIL + timedelta(1)):
        ends = [each["DTSTART"].dt, each["DTEND"].dt]
        whole = [one if isinstance(one, datetime) else datetime.combine(one, datetime.min.time()) for one in ends]
        first, last = (one if one.tzinfo else one.replace(tzinfo=ZoneInfo(zone)) for one in whole)
        yield first, last


@settings(max_examples=25, deadline=None)
@given(st.lists(events(), min_size=1, max_size=3), st.integers(0, 2**32))
def test_random_calendars_mean_what_the_library_says(given_events: list[str], seed: int) -> None:
    text = calendar(*given_events)
    found = [*spans(text, MOSCOW)]
    if not found:
        with pytest.raises(ForeignError, match="no busy events"):
            read(text)
        return
    plain, _ = read(text)
    compiled = compile_schedule(read_schedule(plain, no_name), timezone=MOSCOW, until=UNTIL)
    periods = [Period.parse(each) for each in compiled.periods]
    chosen = random.Random(seed)
    inside = [first + (last - first) * chosen.random() for first, last in found]
    first = datetime.combine(TODAY, datetime.min.time(), ZoneInfo(MOSCOW))
    anywhere = [first + timedelta(minutes=chosen.randrange(390 * 1440)) for _ in range(100)]
    for at in [*chosen.sample(inside, min(len(inside), 60)), *anywhere]:
        if first <= at < datetime.combine(UNTIL, datetime.min.time(), ZoneInfo(MOSCOW)):
            epoch = int(at.astimezone(UTC).timestamp())
            expected = any(start <= at < end for start, end in found)
            assert any(each.matches(epoch, MOSCOW) for each in periods) == expected, (text, at)


# --- the command


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(SystemClock, "today", lambda _clock: TODAY)
    found = tmp_path / "office.ics"
    found.write_text(calendar(WORKDAYS, "DTSTART:20260106T080000\nDURATION:PT1H\nRRULE:FREQ=MONTHLY"), "utf-8")
    return found


def run(*arguments: str, given: str = "") -> Result:
    return CliRunner().invoke(main, ["period", "compile", *arguments, "--until", "2027-02-28"], input=given)


def test_the_command_prints_our_form_that_it_takes_back_and_warns_at_the_event(path: Path) -> None:
    ended = run("--from", "ics", str(path))
    assert ended.exit_code == 0
    assert ended.stdout.startswith("any:\n  - weekly:\n      mon-fri: 09:30-18:15\n")
    assert f"{path}:10:1: warning[event-written-out]: how this event repeats" in ended.stderr
    assert run("-", given=ended.stdout).stdout == run("--from", "ics", str(path), "--periods").stdout
    answer = json.loads(run("--from", "ics", "-", "--format", "json", given=path.read_text("utf-8")).stdout)
    assert [each["line"] for each in answer["remarks"]] == [10]
    assert len(answer["schedule"]["any"]) == 2


def test_hours_with_byte_order_mark_and_windows_line_ends_are_read(path: Path) -> None:
    path.write_bytes(b"\xef\xbb\xbf" + calendar(WORKDAYS).replace("\n", "\r\n").encode())
    assert run("--from", "ics", str(path)).stdout == "weekly:\n  mon-fri: 09:30-18:15\n"


@pytest.mark.parametrize(
    ("arguments", "code", "told"),
    [
        (["--from", "ics", "nowhere.ics"], 1, "nowhere.ics:1:1: error[file-unreadable]"),
        (["--from", "ics", "--events", "free", "HERE"], 1, "try --events busy"),
        (["--from", "ics", "--country", "RU", "HERE"], 64, "--country goes with --from osm"),
        (["--from", "osm", "--events", "free", "Mo 10:00-12:00"], 64, "--events with --from ics"),
        (["--events", "free", "HERE"], 64, "name it with --from"),
    ],
)
def test_what_cannot_be_is_told(arguments: list[str], code: int, told: str, path: Path) -> None:
    ended = run(*(str(path) if each == "HERE" else each for each in arguments))
    assert (ended.exit_code, ended.stdout) == (code, "")
    assert told in ended.stderr


def test_without_the_libraries_it_is_said_what_to_install(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "icalendar", None)
    ended = run("--from", "ics", str(path))
    assert ended.exit_code == 1
    assert "pip install 'phone-reconciler[calendars]'" in ended.stderr
