"""`plan --traffic` and `calendar --traffic`: calls of the past, told in counts that anybody can check by `route`."""

from __future__ import annotations

import json
from collections.abc import Iterable
from contextlib import closing
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from reconciler.events.reading import read_body
from reconciler.events.store import EventStore, Received
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


def test_a_number_that_is_in_no_file_any_more_loses_its_calls(workplace: Workplace) -> None:
    workplace.applied()
    path = workplace.folder / "numbers.yaml"
    text = path.read_text("utf-8")
    path.write_text(text[: text.index(f'  "{HOTLINE}"')] + text[text.index(f'  "{URL}"') :], "utf-8")
    rows = [call(moment(0, 10), "8 499 100-00-00"), call(moment(0, 20))]
    assert counts(replayed(workplace, rows, "--format", "json"))[HOTLINE] == traffic(2, 1, 1)


# -- files ------------------------------------------------------------------------------------------------------------


def test_a_bad_row_ends_the_plan_before_anybody_is_asked(workplace: Workplace) -> None:
    ended = replayed(workplace, ["x," + CALLER] * 12, "--format", "json")
    messages = [item["message"] for item in ended.json["diagnostics"]]
    places = [f"calls.csv, line {line}" for line in range(2, 7)]
    assert ended.exit_code == 1
    assert set(ended.codes) == {"traffic-file"}
    assert [message.partition(":")[0] for message in messages] == [*places, "calls.csv"]
    assert messages[-1].endswith("7 more rows are no calls")
    assert CALLER not in ended.stdout + ended.stderr
    assert workplace.sandbox.log == []


def test_calls_to_none_of_our_numbers_are_suspicious(workplace: Workplace) -> None:
    ended = replayed(workplace, [call(moment(2, 17), "+84991000000")], "--format", "json")
    assert "traffic-foreign" in ended.codes


def test_the_store_of_the_listener_is_replayed(shortened: Workplace) -> None:
    with closing(EventStore(shortened.folder / "events.db", writes=True)) as store:
        for number, at in enumerate((moment(2, 17), moment(2, 12))):
            body = {"type": "b", "call_sid": str(number), "date_time": at, "from": CALLER, "to": HOTLINE}
            store.add([Received(read_body(json.dumps(body).encode()), 0.0)])
    ended = shortened.run("plan", "--traffic", "events.db", "--format", "json")
    assert counts(ended)[HOTLINE] == traffic(2, 1, 1)
    assert CALLER not in ended.stdout + ended.stderr


# -- policy and saved plans -------------------------------------------------------------------------------------------


@pytest.fixture
def limited(shortened: Workplace) -> Workplace:
    """No call may be lost."""
    path = shortened.folder / "reconciler.yaml"
    path.write_text(path.read_text("utf-8") + "policy: {max_lost_calls: 0}\n", "utf-8")
    return shortened


def test_policy_refuses_a_plan_that_loses_calls(limited: Workplace) -> None:
    lost, kept = [call(moment(2, 17))] * 3, [call(moment(2, 12))]
    ended = replayed(limited, lost, "--enforce-policy", "--format", "json")
    assert ended.exit_code == 5
    (breach,) = ended.json["policy"]
    assert (breach["code"], breach["allowed_by"]) == ("policy-max-lost-calls", "--override policy-max-lost-calls")
    assert breach["message"] == "3 calls of --traffic rang somebody and would reach nobody; policy allows 0"
    assert breach["file"] == "reconciler.yaml"
    assert replayed(limited, kept, "--enforce-policy").exit_code == 0
    assert replayed(limited, lost, "--enforce-policy", "--override", "policy-max-lost-calls").exit_code == 0


def test_a_plan_without_calls_says_that_the_limit_was_not_judged(limited: Workplace) -> None:
    ended = limited.run("plan", "--enforce-policy", "--format", "json")
    assert ended.exit_code == 0
    assert "traffic-missing" in ended.codes


def test_a_saved_plan_is_judged_by_its_counts_and_holds_no_caller(limited: Workplace) -> None:
    rows = [call(moment(2, 17))]
    assert replayed(limited, rows, "--out", "p.json").exit_code == 0
    text = (limited.folder / "p.json").read_text("utf-8")
    assert CALLER not in text
    assert json.loads(text)["changes"][0]["traffic"] == traffic(1, 1, 1)
    (limited.folder / "calls.csv").unlink()
    refused = limited.run("apply", "p.json")
    assert refused.exit_code == 5
    assert "would reach nobody" in refused.stdout + refused.stderr
    shown = limited.run("show", "p.json").stdout
    assert "of 1 call 1 would now have reached nobody" in shown
    assert limited.run("apply", "p.json", "--override", "policy-max-lost-calls").exit_code == 0


def test_a_reviewed_plan_that_loses_calls_is_not_applied_past_the_policy(limited: Workplace) -> None:
    assert replayed(limited, [call(moment(2, 17))], "--out", "reviewed.json").exit_code == 0
    writes = list(limited.sandbox.writes)
    expect = ("apply", "--expect", "reviewed.json", "--auto-approve")
    refused = limited.run(*expect)
    assert (refused.exit_code, limited.sandbox.writes) == (5, writes)
    assert "1 call of --traffic rang somebody and would reach nobody" in refused.stdout + refused.stderr
    assert limited.run(*expect, "--override", "policy-max-lost-calls").exit_code == 0


@pytest.mark.parametrize("rows", [[], [call(moment(2, 12))]], ids=["without calls", "with calls"])
def test_a_reviewed_plan_that_loses_no_call_is_applied(limited: Workplace, rows: list[str]) -> None:
    reviewed = replayed(limited, rows, "--out", "p.json") if rows else limited.run("plan", "--out", "p.json")
    assert reviewed.exit_code == 0
    assert limited.run("apply", "--expect", "p.json", "--auto-approve").exit_code == 0


def test_what_cannot_be_told_is_said_and_not_counted(shortened: Workplace) -> None:
    stored = shortened.sandbox.exolve.forwarding(HOTLINE)
    assert stored is not None
    stored["call_forwarding_number"]["call_control"][0]["period"] = "hr {no hours}"
    shortened.sandbox.exolve.set(HOTLINE, stored)
    ended = replayed(shortened, [call(moment(2, 17))], "--format", "json")
    assert counts(ended)[HOTLINE] == traffic(1, 0, 0)
    assert "traffic-unknown" in ended.codes
    assert "1 cannot be told" in replayed(shortened, [call(moment(2, 17))]).stdout


# -- for people -------------------------------------------------------------------------------------------------------


def test_people_read_the_counts_in_their_language(shortened: Workplace) -> None:
    rows = [call(moment(2, 17)), call(moment(2, 12))]
    assert "1 would now have reached nobody" in replayed(shortened, rows).stdout
    assert "Past calls: of 2 calls in the last" in replayed(shortened, rows, "--format", "markdown").stdout
    russian = replayed(shortened, rows, "--language", "ru").stdout
    assert "Прошлые звонки: из 2 звонков за последние" in russian
    assert "1 теперь не попал бы ни к кому" in russian


def test_a_page_has_a_strip_of_the_week(shortened: Workplace) -> None:
    rows = [call(moment(2, 17)), call(moment(2, 12)), call(moment(2, 12))]
    page = replayed(shortened, rows, "--format", "html").stdout
    assert 'class="call-lost"' in page
    assert "17:00-17:30 1 call, 1 would ring otherwise, 1 reaches nobody" in page
    assert "12:00-12:30 2 calls</title>" in page
    assert CALLER not in page


def test_a_calendar_shows_when_people_call_and_nobody_rings(workplace: Workplace) -> None:
    rows = [call(moment(2, 12))] * 12 + [call(moment(2, 20), "+7 499 100-00-00"), call(moment(2, 12), URL)]
    path = calls_file(workplace, rows)
    drawn = workplace.run("calendar", HOTLINE, "--traffic", path)
    assert drawn.exit_code == 0
    lines = drawn.stdout.splitlines()
    wednesday = next(at for at, line in enumerate(lines) if line.startswith("Wed"))
    digits = lines[wednesday + 1][10:]
    assert (digits[24], digits[40], digits.replace(" ", "")) == ("+", "1", "+1")
    assert "of 13 calls 1 comes when nobody rings" in drawn.stdout
    (told,) = workplace.run("calendar", HOTLINE, "--traffic", path, "--format", "json").json["calendars"]
    assert told["traffic"] == {"calls": 13, "lost": 1}
    page = workplace.run("calendar", HOTLINE, "--traffic", path, "--format", "html", "--language", "ru").stdout
    assert "20:00-20:30 1 звонок, 1 не попадает ни к кому" in page
    assert workplace.run("calendar", HOTLINE, "--format", "json").json["calendars"][0]["traffic"] is None
