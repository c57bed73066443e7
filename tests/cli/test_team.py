"""What a team of 25 numbers with public holidays reads: short enough to be read to the end."""

from __future__ import annotations

from pathlib import Path

import pytest
import time_machine

from reconciler.views.base import width
from tests.cli.conftest import Cli
from tests.team import team

SUNDAY = "2026-11-29T09:00:00Z"


@pytest.fixture(autouse=True)
def _team(tmp_path: Path) -> None:
    team(tmp_path)


@time_machine.travel(SUNDAY, tick=False)
def test_three_numbers_are_a_table_of_few_lines(cli: Cli) -> None:
    rows = cli("list", "--target", "7495700100[1-3]").stdout.splitlines()
    assert len(rows) <= 12
    assert rows[0].split() == ["NUMBER", "ACCOUNT", "FORWARDS", "TO", "SCHEDULE", "TAGS"]
    assert rows[1].split()[:3] == ["74957001001", "sales", "sales-desk"]
    assert "office-hours" in rows[1]
    assert "nights" in " ".join(rows[2:4])
    assert rows[-1] == "3 numbers"
    assert max(map(width, rows)) <= 80


@time_machine.travel(SUNDAY, tick=False)
def test_a_route_on_a_day_off_is_told_in_few_lines(cli: Cli) -> None:
    rows = cli("route", "74957001001", "--at", "2026-12-31 10:00").stdout.splitlines()
    assert len(rows) <= 10
    assert "outside office-hours (working days 9:00-13:00, 14:00-18:00" in " ".join(" ".join(rows).split())
    assert "1. night-duty (79161234567)   rings for 20 s" in rows
    assert max(map(width, rows)) <= 80


@time_machine.travel(SUNDAY, tick=False)
def test_a_calendar_says_how_many_numbers_a_picture_is_of_and_which_week_it_is(cli: Cli) -> None:
    text = cli("calendar", "--week", "2027-01-04").stdout
    assert "10 numbers alike   74957001001, 74957001002, 74957001003 and 7 more\n" in text
    assert "the same from 04.01 to 10.01.2027" in text
    assert "B night-duty (79161234567)" in text


def test_a_number_that_is_not_parked_has_no_bar(cli: Cli, tmp_path: Path) -> None:
    path = tmp_path / "numbers" / "all.yaml"
    path.write_text(path.read_text("utf-8").replace("parking: true", "parking: false"), "utf-8")
    text = cli("calendar", "--account", "office").stdout
    assert "Not parked: its calls follow their usual route." in text
    assert "A" * 48 not in text
