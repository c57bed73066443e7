"""Public holidays from end to end: their library's release in every plan, and what `validate` says of the calendar."""

from __future__ import annotations

from datetime import date
from importlib.metadata import version

import pytest

from reconciler.clock import SystemClock
from tests.cli.conftest import Workplace


@pytest.fixture
def following(workplace: Workplace, monkeypatch: pytest.MonkeyPatch) -> Workplace:
    """A configuration whose schedule follows public holidays, late in the calendar's last year."""
    monkeypatch.setattr(SystemClock, "today", lambda _clock: date(2026, 11, 21))
    workplace.edit("timeout: 20}", "timeout: 20, calendar_until: 2026-12-31}", "reconciler.yaml")
    workplace.edit("schedule: office-hours", "schedule: {weekly: {mon-fri: 9:00-18:00}, except: [{public: RU}]}")
    return workplace


def test_a_plan_names_the_release_of_the_library_in_json_and_text(following: Workplace) -> None:
    assert following.run("plan", "--format", "json").json["holidays_version"] == version("holidays")
    text = " ".join(following.run("plan").stdout.split())
    assert f"Public holidays as holidays {version('holidays')} knows them." in text


def test_a_plan_without_public_holidays_names_none(workplace: Workplace) -> None:
    assert workplace.run("plan", "--format", "json").json["holidays_version"] is None
    assert "olidays" not in workplace.run("plan").stdout


def test_validate_warns_of_the_calendars_end_and_renewing_settles_it(following: Workplace) -> None:
    warned = following.run("validate", "--strict", "--format", "json")
    assert "calendar-ending" in warned.codes
    assert warned.exit_code == 1
    assert following.run("fmt", "--renew", "--check").exit_code == 2
    assert following.run("fmt", "--renew").exit_code == 0
    assert following.run("fmt", "--renew", "--check").exit_code == 0
    assert "calendar-ending" not in following.run("validate", "--format", "json").codes


def test_validate_names_the_years_that_are_not_announced(following: Workplace) -> None:
    following.edit("calendar_until: 2026-12-31", "calendar_until: 2090-12-31", "reconciler.yaml")
    assert "the moved days of RU are not announced yet for 2085-2090" in following.run("validate").stdout
