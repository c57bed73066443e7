"""`plan --traffic` and `calendar --traffic`: calls of the past, told in counts that anybody can check by `route`."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.cli.conftest import Ended, Workplace

HOTLINE, URL = "74991000000", "74991000001"
CALLER = "79035550199"
MOSCOW = timedelta(hours=3)


def moment(weekday: int, hour: int, minute: int = 0, second: int = 0, *, weeks: int = 2) -> str:
    """A time in Moscow on a weekday, from Monday 0, some weeks ago, as RFC 3339."""
    today = datetime.now(UTC).replace(tzinfo=None) + MOSCOW
    monday = (today - timedelta(days=today.weekday())).replace(hour=0, minute=0, second=0, microsecond=0)
    local = monday - timedelta(weeks=weeks) + timedelta(days=weekday, hours=hour, minutes=minute, seconds=second)
    return f"{local.isoformat()}+03:00"


def calls_file(workplace: Workplace, rows: Iterable[str], header: str = "time,number,caller,seconds") -> str:
    path = workplace.folder / "calls.csv"
    path.write_text("\n".join([header, *rows, ""]), "utf-8")
    return "calls.csv"


def call(at: str, number: str = HOTLINE) -> str:
    return f"{at},{number},{CALLER},31"


def replayed(workplace: Workplace, rows: Iterable[str], *arguments: str) -> Ended:
    return workplace.run("plan", "--traffic", calls_file(workplace, rows), *arguments)


def counts(ended: Ended) -> dict[str, Any]:
    """What each change does to calls, by number, and the sums."""
    assert ended.exit_code == 0, ended.stderr
    told = {each["number"]: each["traffic"] for each in ended.json["changes"]}
    return {**told, "": ended.json["summary"]["traffic"]}


def traffic(calls: int, changed: int, lost: int) -> dict[str, int]:
    return {"calls": calls, "changed": changed, "lost": lost}


@pytest.fixture
def shortened(workplace: Workplace) -> Workplace:
    """The hotline rang the office on working days from 9 to 18, and will until 17 only."""
    workplace.applied()
    workplace.edit("hr {9-17}", "hr {9-16}")
    return workplace


# -- counts -----------------------------------------------------------------------------------------------------------


def test_calls_are_judged_at_their_weekday_and_time_of_day(shortened: Workplace) -> None:
    rows = [
        call(moment(0, 8, 59, 59)),  # nobody before, nobody after
        call(moment(0, 9)),
        call(moment(2, 16, 59, 59)),
        call(moment(2, 17)),  # lost
        call(moment(4, 17, 59, 59, weeks=3)),  # lost
        call(moment(4, 18)),
        call(moment(5, 17)),  # a Saturday
        call(moment(1, 17), URL),  # not to a number that changes
        call(moment(1, 17), "74957770000"),  # not to ours
    ]
    ended = replayed(shortened, rows, "--format", "json")
    assert counts(ended) == {HOTLINE: traffic(7, 2, 2), "": traffic(7, 2, 2)}
    assert "traffic-others" in ended.codes
    assert CALLER not in ended.stdout + ended.stderr


def test_a_plan_without_calls_has_no_counts(shortened: Workplace) -> None:
    ended = shortened.run("plan", "--format", "json")
    assert ended.json["changes"][0]["traffic"] is None
    assert ended.json["summary"]["traffic"] is None


def test_a_plan_without_changes_sums_to_nothing(workplace: Workplace) -> None:
    ended = replayed(workplace.applied(), [call(moment(0, 9))], "--format", "json")
    assert counts(ended) == {"": traffic(0, 0, 0)}


def test_who_rings_instead_is_no_lost_call(workplace: Workplace) -> None:
    workplace.applied()
    workplace.edit("schedule: office-hours}]", "schedule: office-hours}, {to: night-duty}]\n      redirect: single")
    workplace.edit("schedules:", 'contacts: {night-duty: {to: "79161234567"}}\nschedules:')
    rows = [call(moment(0, 10)), call(moment(0, 20)), call(moment(6, 3))]
    assert counts(replayed(workplace, rows, "--format", "json"))[HOTLINE] == traffic(3, 2, 0)
    told = replayed(workplace, rows).stdout
    assert "of 3 calls in the last " in told
    assert "2 would ring night-duty first" in told


def test_a_number_that_goes_off_loses_the_calls_that_rang(workplace: Workplace) -> None:
    workplace.applied()
    path = workplace.folder / "numbers.yaml"
    text = path.read_text("utf-8")
    start = text.index("    forwarding:\n")
    path.write_text(text[:start] + "    forwarding: none\n" + text[text.index('  "74991000001"') :], "utf-8")
    ended = replayed(workplace, [call(moment(0, 10)), call(moment(0, 20))], "--format", "json", "--allow-delete")
    assert counts(ended)[HOTLINE] == traffic(2, 1, 1)
