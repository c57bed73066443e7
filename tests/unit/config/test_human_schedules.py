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
    assert found(configuration(tmp_path, schedules)) == [("schedule-not-compiled", 6, 11)]


@pytest.mark.parametrize(
    ("schedule", "column"),
    [
        ("{weekly: {mon: 9-18}}", 26),
        ("{weekly: {monday-: 09:00-18:00}}", 30),
        ("{dates: [01-01, 02-30]}", 27),
        ("{any: [{weekly: {mon: 09:00-09:00}}]}", 33),
    ],
)
def test_a_value_that_cannot_be_read_is_told_at_its_place(tmp_path: Path, schedule: str, column: int) -> None:
    assert found(configuration(tmp_path, f"  office: {schedule}")) == [("schedule-shape", 6, column)]


def test_a_fault_in_a_named_schedule_is_told_where_it_is_written(tmp_path: Path) -> None:
    schedules = "  base: {weekly: {mon: 9-18}}\n  office: {not: base}"
    assert found(configuration(tmp_path, schedules)) == [("schedule-shape", 6, 24)]
