"""The table of docs/from-asterisk.md: both sides hold at the same minutes, by a reading of Asterisk's own rules."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

import pytest
from ruamel.yaml import YAML

from reconciler.schedule.asked import CompileTarget, instants_asked_for
from reconciler.schedule.human import Schedule, read_schedule
from reconciler.schedule.masks import SLOTS, year_type
from reconciler.schedule.zones import zone
from tests.architecture.imports import REPOSITORY

PAGE = (REPOSITORY / "docs" / "from-asterisk.md").read_text("utf-8").replace("\\|", "¦")
ROWS = [
    (theirs.replace("¦", "|"), ours) for theirs, ours in re.findall(r"^\| `(.+)` \| `(.+)` \|$", PAGE, re.MULTILINE)
]
MINUTES = [f"{minute // 60:02}:{minute % 60:02}" for minute in range(1440)]
DAYS = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
MONTH_DAYS = [str(day) for day in range(32)]
MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]


def is_in(field: str, value: int, names: list[str]) -> bool:
    """Whether a value is in one of the ranges of a field; both ends are inside, and a range may wrap around."""
    for piece in field.split("&"):
        ends = [names.index(end) for end in piece.split("-")] if piece != "*" else [0, len(names) - 1]
        first, last = ends[0], ends[-1]
        if first <= value <= last or (first > last and (value >= first or value <= last)):
            return True
    return False


def holds(line: str, at: datetime) -> bool:
    hours, weekdays, days, months = line.split("|")
    return (
        is_in(hours, at.hour * 60 + at.minute, MINUTES)
        and is_in(weekdays, at.weekday(), DAYS)
        and is_in(days, at.day, MONTH_DAYS)
        and is_in(months, at.month - 1, MONTHS)
    )


def no_name(name: str) -> Schedule:
    raise AssertionError(name)


def test_the_page_has_a_table() -> None:
    assert len(ROWS) >= 10


@pytest.mark.parametrize(("theirs", "ours"), ROWS, ids=[theirs for theirs, _ in ROWS])
def test_both_sides_of_a_row_hold_at_the_same_minutes(theirs: str, ours: str) -> None:
    yaml = YAML(typ="rt", pure=True)
    schedule = read_schedule(yaml.load(ours), no_name)
    instants = instants_asked_for(schedule, CompileTarget(zone("UTC"), datetime.fromisoformat("2027-12-31").date()))
    at = datetime.fromisoformat("2026-12-28")
    while at.year < 2028:
        slot = year_type(at.year) * SLOTS + at.timetuple().tm_yday - 1
        inside = bool(instants.times_on(at.year, slot) >> (at.hour * 60 + at.minute) & 1)
        assert inside == holds(theirs, at), at
        at += timedelta(minutes=173)
