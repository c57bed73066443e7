"""`reconciler audit` says what ends soon, what nobody confirmed and what it did not look at, in every format."""

from __future__ import annotations

import importlib
import json
import time
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from tests.architecture.imports import REPOSITORY
from tests.cli.conftest import Workplace
from tests.cli.test_audit import rings_longer

jsonschema: Any = importlib.import_module("jsonschema")  # which has no types
SCHEMA = json.loads((REPOSITORY / "schemas" / "audit.v1.json").read_text("utf-8"))
PARKED = "78005560251"
DAY = 86_400.0
MOSCOW = timezone(timedelta(hours=3))
SOON = datetime.now(MOSCOW).date() + timedelta(days=20)


@pytest.fixture
def company(workplace: Workplace, tmp_path: Path) -> Workplace:
    """A hotline with a schedule of some last days, and a parked number; applied."""
    workplace.environ["XDG_STATE_HOME"] = str(tmp_path / "state")
    workplace.edit('  office-hours: {period: "wd {mon-fri} hr {9-17}"}', f"  office-hours: {{dates: [{SOON}]}}")
    workplace.edit("numbers:\n", f'numbers:\n  "{PARKED}": {{account: office, parking: true}}\n')
    return workplace.applied()


def tokens(company: Workplace) -> Path:
    (found,) = Path(company.environ["XDG_STATE_HOME"]).rglob("*.json")
    return found


def grow_older(company: Workplace, days: float) -> None:
    """The last login, or its renewal, was so many days before."""
    path = tokens(company)
    kept = json.loads(path.read_text("utf-8"))
    path.write_text(json.dumps({**kept, "expires_at": kept["expires_at"] - days * DAY}), "utf-8")


def audited(company: Workplace, *options: str) -> dict[str, Any]:
    ended = company.run("audit", "--format", "json", *options)
    found: dict[str, Any] = ended.json
    jsonschema.validate(found, SCHEMA)
    return found


def codes(found: dict[str, Any]) -> set[str]:
    return {item["code"] for item in found["risks"]}


def test_json_says_what_ends_when_and_what_nobody_confirmed(company: Workplace) -> None:
    found = audited(company)
    schedule, login = found["endings"] if found["endings"][0]["kind"] == "schedule" else found["endings"][::-1]
    assert (schedule["kind"], schedule["name"], schedule["day"]) == ("schedule", "office-hours", str(SOON))
    assert schedule["days"] in (19, 20)  # midnight may come in between
    assert schedule["numbers"] == ["74991000000"]
    assert schedule["declared_at"].startswith("numbers.yaml:3")
    assert (login["kind"], login["name"]) == ("login", "office")
    assert login["days"] in (2, 3)
    assert [each["address"] for each in found["unconfirmed"]] == [f"office/{PARKED}"]
    assert found["unconfirmed"][0]["written_at"][:10] == str(datetime.now(UTC).date())
    assert found["recorded_at"][:10] == str(datetime.now(UTC).date())
    assert {"schedule-ending", "parking-unconfirmed"} <= codes(found)
    assert "login-ending" not in codes(found)
    assert (found["sample"], found["not_owned"], found["complete"]) == (None, [], True)


def test_none_of_it_is_drift(company: Workplace) -> None:
    grow_older(company, 2.5)
    assert company.run("audit").exit_code == 0
    rings_longer(company)
    assert company.run("audit").exit_code == 2


@pytest.mark.parametrize(("days", "words"), [(2.0, "ends about"), (2.9, "ends about"), (30, "ended about")])
def test_a_login_that_is_about_to_end_is_told_with_its_day(days: float, words: str, company: Workplace) -> None:
    grow_older(company, days)
    (risk,) = [item for item in audited(company)["risks"] if item["code"] == "login-ending"]
    ends = datetime.fromtimestamp(time.time() + (3 - days) * DAY, MOSCOW).date()
    assert f"the login of account office {words} {ends}" in risk["message"]
    assert risk["hint"] == "reconciler login office"


def test_a_login_of_which_no_tokens_are_here_is_said_to_be_unknown(company: Workplace) -> None:
    tokens(company).unlink()
    found = audited(company)
    (risk,) = [item for item in found["risks"] if item["code"] == "login-ending"]
    assert (risk["severity"], [each["kind"] for each in found["endings"]]) == ("notice", ["schedule"])
    assert "it is not known when the login of account office ends: no tokens of one are stored here" in risk["message"]


def test_how_near_an_end_is_told_is_asked_for(company: Workplace) -> None:
    assert "schedule-ending" not in codes(audited(company, "--ending-within", "18d"))
    assert "schedule-ending" in codes(audited(company, "--ending-within", "20d"))


def test_people_read_a_list_of_what_runs_out(company: Workplace) -> None:
    lines = company.run("audit").stdout.splitlines()
    at = lines.index("Running out")
    told = [row.split() for row in lines[at + 1 : at + 3]]
    assert [str(SOON), "in"] in [row[:2] for row in told]
    assert any("office-hours:" in row and "74991000000" in row for row in told)
    russian = company.run("audit", "--language", "ru").stdout
    assert "Скоро закончится" in russian
    assert "график office-hours" in russian
    assert "вход в аккаунт office" in russian


def test_pages_and_reports_of_machines_carry_it_too(company: Workplace) -> None:
    page = company.run("audit", "--format", "html").stdout
    assert "Running out" in page
    assert "office-hours" in page
    sarif = company.run("audit", "--format", "sarif").json
    rules = {result["ruleId"] for result in sarif["runs"][0]["results"]}
    assert {"schedule-ending", "parking-unconfirmed"} <= rules
    report = company.run("audit", "--format", "junit").stdout
    assert "schedule-ending" in report
    assert ET.fromstring(report).tag == "testsuites"


def test_a_number_that_the_account_does_not_have_is_listed(company: Workplace) -> None:
    company.edit('  "74991000001":', '  "74991999999": {forwarding: none}\n  "74991000001":')
    ended = company.run("audit")
    assert ended.exit_code == 1
    lines = ended.stdout.splitlines()
    assert lines[lines.index("Declared, but not owned") + 1].strip() == "sales/74991999999"
    assert audited(company)["not_owned"] == ["sales/74991999999"]


# -- a share of the numbers -------------------------------------------------------------------------------------------


def test_a_sample_reads_its_share_and_says_what_it_left_out(workplace: Workplace) -> None:
    numbers = [f"7499100{at:04d}" for at in range(10)]
    rows = "".join(f'  "{number}":\n    forwarding: {{type: url, url: https://example.com/a}}\n' for number in numbers)
    (workplace.folder / "numbers.yaml").write_text(f"version: 1\nnumbers:\n{rows}", "utf-8")
    workplace.applied()
    found = audited(workplace, "--sample", "20%")
    sample = found["sample"]
    assert (sample["share"], sample["turns"], len(sample["looked_at"]), len(sample["waiting"])) == (20, 5, 2, 8)
    assert {*sample["looked_at"], *sample["waiting"]} == {f"sales/{number}" for number in numbers}
    assert (found["complete"], found["summary"]["not_looked_at"], found["tally"]["read"]) == (False, 8, 2)
    assert len(workplace.sandbox.log) == 2
    ended = workplace.run("audit", "--sample", "20%")
    assert ended.exit_code == 0
    assert ended.stdout.startswith("10 numbers in 1 account: 2 read, 8 not looked at")
    assert "No drift in the 2 numbers looked at: " in ended.stdout
    assert f"Turn {sample['turn']} of 5; run once in 24 h" in ended.stdout


def test_what_was_just_applied_is_left_out_where_that_is_asked_for(workplace: Workplace) -> None:
    workplace.applied()
    found = audited(workplace, "--older-than", "24h")
    assert found["sample"]["recent"] == ["sales/74991000000", "sales/74991000001"]
    assert (found["sample"]["looked_at"], found["complete"]) == ([], False)
    assert workplace.sandbox.log == []
    assert "No drift in the 0 numbers looked at" in workplace.run("audit", "--older-than", "24h").stdout
    time.sleep(1.1)
    assert audited(workplace, "--older-than", "1s")["sample"]["recent"] == []


@pytest.mark.parametrize("share", ["5", "0%", "101%", "-1%", "x%", "5 %"])
def test_what_is_no_share_is_wrong_usage(share: str, workplace: Workplace) -> None:
    assert workplace.run("audit", "--sample", share).exit_code == 64


def test_a_sample_of_several_accounts_counts_all_of_them(workplace: Workplace) -> None:
    text = (workplace.folder / "numbers.yaml").read_text("utf-8")
    parked = '  "78005560251": {account: office, parking: true}\n'
    (workplace.folder / "numbers.yaml").write_text(text + parked, "utf-8")
    ended = workplace.run("audit", "--sample", "50%")
    assert ended.stdout.startswith("3 numbers in 2 accounts: "), ended
