"""Schedules of hours and dates in a configuration: compiled for the account, faults told where they stand."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from reconciler.cli import main

_FILE = """\
version: 1
accounts:
  sales: {{provider: exolve, api_key: {{env: EXOLVE_API_KEY}}{account}}}
defaults: {{account: sales, timeout: 20, timezone: Europe/Moscow{defaults}}}
schedules:
{schedules}
numbers:
  "74991112233":
    forwarding:
      type: number
      redirect: sequential
      targets: [{{to: "74992223344", schedule: office}}, {{to: "74993334455"}}]
"""


def configuration(folder: Path, schedules: str, *, account: str = "", defaults: str = "") -> Path:
    folder.joinpath("reconciler.yaml").write_text(
        _FILE.format(schedules=schedules, account=account, defaults=defaults), "utf-8"
    )
    return folder


def found(folder: Path) -> list[tuple[str, int, int]]:
    """Give (code, line, column) of each error."""
    result = CliRunner().invoke(main, ["-C", str(folder), "validate", "--format", "json"])
    diagnostics: list[dict[str, Any]] = json.loads(result.stdout)["diagnostics"]
    return [(item["code"], item["line"], item["column"]) for item in diagnostics if item["severity"] == "error"]


def test_weekly_hours_with_exceptions_and_names_are_sound(tmp_path: Path) -> None:
    schedules = """\
  holidays: {dates: [01-01..01-08, 05-09], public: RU}
  office: {weekly: {mon-fri: 09:30-18:15, sun: "22:00-06:00"}, except: [holidays], workday_as: mon}
  nights: {not: office}"""
    assert found(configuration(tmp_path, schedules, defaults=", calendar_until: 2027-12-31")) == []


def test_public_holidays_need_the_day_up_to_which_they_are_compiled(tmp_path: Path) -> None:
    schedules = "  office: {weekly: {mon-fri: 09:00-18:00}, except: {public: RU}}"
    assert found(configuration(tmp_path, schedules)) == [("schedule-not-compiled", 6, 61)]


@pytest.mark.parametrize(
    ("schedule", "column"),
    [
        ("{weekly: {mon: 9-18}}", 26),
        ("{weekly: {monday-: 09:00-18:00}}", 21),
        ("{weekly: {mon: [09:00-12:00, 13-18]}}", 40),
        ("{dates: [01-01, 02-30]}", 27),
        ("{any: [{weekly: {mon: 09:00-09:00}}]}", 33),
    ],
)
def test_a_value_that_cannot_be_read_is_told_at_its_place(tmp_path: Path, schedule: str, column: int) -> None:
    assert found(configuration(tmp_path, f"  office: {schedule}")) == [("schedule-shape", 6, column)]


def test_a_fault_in_a_named_schedule_is_told_where_it_is_written(tmp_path: Path) -> None:
    schedules = "  base: {weekly: {mon: 9-18}}\n  office: {not: base}"
    assert found(configuration(tmp_path, schedules)) == [("schedule-shape", 6, 24)]


@pytest.mark.parametrize(
    ("schedule", "expected"),
    [
        ('{period: "wd {mon-fri} hr {9-17}", except: [{dates: [05-09]}]}', []),
        ('{period: "wd {mon-fri} hr {9-17}", timezone: Asia/Novosibirsk}', []),
        ('{period: "wd {mon-fri} hr {9-17}", except: [{dates: [05-09]}], verbatim: true}', [("schedule-shape", 6, 11)]),
        ('{not: {period: "wd {1}"}}', [("period-numeric-weekday", 6, 31)]),
        ("{public: XX}", [("schedule-shape", 6, 20)]),
        ("{not: [office]}", [("wrong-type", 6, 17)]),
        ("{not: {}}", [("schedule-shape", 6, 17)]),
        ("{any: [{a: b}]}", [("unknown-key", 6, 19)]),
        ("{any: {a: b}}", [("wrong-type", 6, 12)]),
        ("{all: []}", [("schedule-shape", 6, 12)]),
    ],
)
def test_a_schedule_is_taken_whole_or_refused_once(
    tmp_path: Path, schedule: str, expected: list[tuple[str, int, int]]
) -> None:
    assert found(configuration(tmp_path, f"  office: {schedule}")) == expected


def test_what_a_period_excepts_is_not_sent(tmp_path: Path) -> None:
    folder = configuration(tmp_path, '  office: {period: "hr {9-17}", except: [{dates: [05-09]}]}')
    result = CliRunner().invoke(main, ["-C", str(folder), "list", "--format", "json"])
    sent = json.loads(result.stdout)["numbers"][0]["value"]["targets"][0]["schedule"]
    assert sent == "mo {jan-apr jun-dec} hr {9-17}, mo {may} md {1-8 10-31} hr {9-17}"


def test_the_hours_of_a_period_are_those_of_its_own_zone(tmp_path: Path) -> None:
    folder = configuration(tmp_path, '  office: {period: "wd {mon} hr {2}", timezone: Asia/Novosibirsk}')
    result = CliRunner().invoke(main, ["-C", str(folder), "list", "--format", "json"])
    sent = json.loads(result.stdout)["numbers"][0]["value"]["targets"][0]["schedule"]
    assert sent == "wd {sun} hr {22}"


def test_a_country_that_does_not_exist_is_told_before_anyone_uses_it(tmp_path: Path) -> None:
    schedules = "  office: {weekly: {mon: 09:00-10:00}}\n  unused: {any: [{public: Ruritania}]}"
    assert found(configuration(tmp_path, schedules)) == [("schedule-shape", 7, 27)]
