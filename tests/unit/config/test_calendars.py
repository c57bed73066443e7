"""`dates: {ics: FILE}`: days of a calendar file of the repository, and what may not be one."""

from __future__ import annotations

import sys
from datetime import date
from pathlib import Path

import pytest

from reconciler.config.load import LoadResult
from reconciler.settings import PeriodSettings
from tests.loading import load
from tests.unit.config.loading import underlined, write

TODAY = date(2026, 11, 30)
CONFIG = """\
version: 1
defaults: {account: sales, timeout: 20, calendar_until: 2027-12-31}
accounts: {sales: {provider: exolve, api_key: {env: EXOLVE_API_KEY}}}
schedules:
  holidays: {dates: {ics: holidays.ics}}
  office: {weekly: {mon-fri: 09:00-18:00}, except: [holidays]}
  inside: {any: [{dates: {ics: holidays.ics}}]}
"""
HOLIDAYS = """\
BEGIN:VCALENDAR
VERSION:2.0
PRODID:-//example//EN
BEGIN:VEVENT
UID:1
DTSTART;VALUE=DATE:20270503
TRANSP:TRANSPARENT
END:VEVENT
BEGIN:VEVENT
UID:2
DTSTART;VALUE=DATE:20260105
DTEND;VALUE=DATE:20260106
RRULE:FREQ=MONTHLY;BYDAY=1MO;COUNT=99
END:VEVENT
BEGIN:VEVENT
UID:3
DTSTART;VALUE=DATE:20200509
RRULE:FREQ=YEARLY
END:VEVENT
BEGIN:VEVENT
UID:4
DTSTART:20270301T100000
DURATION:PT1H
END:VEVENT
END:VCALENDAR
"""


def loaded(folder: Path, text: str = CONFIG, **files: str) -> LoadResult:
    write(folder, text, {name.replace("_", "."): content for name, content in files.items()})
    return load(folder, today=TODAY)


def periods(result: LoadResult, name: str) -> tuple[str, ...]:
    assert result.configuration is not None, result.diagnostics
    return result.configuration.compiled(name, PeriodSettings())[0]


def test_the_whole_days_of_a_calendar_are_dates(tmp_path: Path) -> None:
    result = loaded(tmp_path, holidays_ics=HOLIDAYS)
    dated = CONFIG.replace(
        "{ics: holidays.ics}",
        "[05-09, 2027-05-03, 2026-01-05, 2026-02-02, 2026-03-02, 2026-04-06, 2026-05-04, 2026-06-01, 2026-07-06, "
        "2026-08-03, 2026-09-07, 2026-10-05, 2026-11-02, 2026-12-07, 2027-01-04, 2027-02-01, 2027-03-01, 2027-04-05, "
        "2027-06-07, 2027-07-05, 2027-08-02, 2027-09-06, 2027-10-04, 2027-11-01, 2027-12-06]",
    )
    plain = loaded(tmp_path / "plain", dated)
    for name in ("holidays", "office", "inside"):
        assert periods(result, name) == periods(plain, name)


def test_what_is_left_out_or_goes_on_is_told_at_its_event(tmp_path: Path) -> None:
    found = loaded(tmp_path, holidays_ics=HOLIDAYS).diagnostics
    told = [each for each in found if each.code == "event-written-out"]
    assert [(each.location.file, each.location.line) for each in told if each.location] == [
        ("holidays.ics", 9),
        ("holidays.ics", 20),
    ]


def test_another_calendar_is_another_configuration(tmp_path: Path) -> None:
    digests = set()
    for day in ("20270503", "20270504"):
        result = loaded(tmp_path, holidays_ics=HOLIDAYS.replace("20270503", day))
        assert result.configuration is not None
        digests.add(result.configuration.digest)
    assert len(digests) == 2


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("nowhere.ics", "no such file"),
        ("../outside.ics", "leads out of"),
        ("link.ics", "leads out of"),
        (".hidden.ics", "hidden file"),
        ("/etc/hostname", "leads out of"),
        ("https://example.com/h.ics?key=canary", "not an address"),
        ("broken.ics", "not a calendar|no events"),
        (r'"nul\0.ics"', "nobody sees"),
        (r'"half\ud800.ics"', "nobody sees"),
    ],
)
def test_a_calendar_is_a_readable_file_of_the_folder(name: str, message: str, tmp_path: Path) -> None:
    (tmp_path / "outside.ics").write_text(HOLIDAYS, "utf-8")
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "link.ics").symlink_to(tmp_path / "outside.ics")
    (folder / ".hidden.ics").write_text(HOLIDAYS, "utf-8")
    (folder / "broken.ics").write_text("BEGIN:VCALENDAR\n", "utf-8")
    result = loaded(folder, CONFIG.replace("holidays.ics", name))
    (found,) = {each.message: each for each in result.diagnostics if each.code == "calendar-file"}.values()
    assert any(part in found.message for part in message.split("|"))
    assert found.hint
    assert "canary" not in str(found)
    if name != "broken.ics":
        assert underlined(found).startswith(name[:8])


def test_a_calendar_needs_a_last_day_and_the_libraries(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    result = loaded(tmp_path, CONFIG.replace(", calendar_until: 2027-12-31", ""), holidays_ics=HOLIDAYS)
    assert "schedule-not-compiled" in {each.code for each in result.diagnostics}
    monkeypatch.setitem(sys.modules, "icalendar", None)
    found = [each for each in loaded(tmp_path, holidays_ics=HOLIDAYS).diagnostics if each.code == "calendar-file"]
    assert {each.hint for each in found} == {"pip install 'phone-reconciler[calendars]'"}


def test_the_last_day_is_told_in_time(tmp_path: Path) -> None:
    result = loaded(tmp_path, CONFIG.replace("2027-12-31", "2026-12-31"), holidays_ics=HOLIDAYS)
    assert "calendar-ending" in {each.code for each in result.diagnostics}


@pytest.mark.parametrize("written", ["{ics: [a]}", "{url: a.ics}", "{}", "{ics: }"])
def test_other_maps_are_refused(written: str, tmp_path: Path) -> None:
    result = loaded(tmp_path, CONFIG.replace("{ics: holidays.ics}", written))
    assert any(each.is_error and each.location and each.location.line in (5, 7) for each in result.diagnostics)
