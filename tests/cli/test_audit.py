"""`reconciler audit`: drift, unmanaged numbers, gaps and risks; nothing is written."""

from __future__ import annotations

import importlib
import json
from typing import Any

import pytest

from tests.architecture.imports import REPOSITORY
from tests.cli.conftest import Workplace

HOTLINE, ROUTE = "74991000000", "74991000001"
STORM = '{numbers: {"74991000000": {forwarding: {type: url, url: https://example.com/storm, reserve: null}}}}'
jsonschema: Any = importlib.import_module("jsonschema")  # which has no types


def rings_longer(workplace: Workplace, seconds: int = 40) -> None:
    """In the console, somebody lets the hotline ring for longer."""
    stored = workplace.sandbox.exolve.forwarding(HOTLINE)
    assert stored is not None
    stored["call_forwarding_number"]["call_control"][0]["timeout"] = seconds
    workplace.sandbox.exolve.set(HOTLINE, stored)


def addresses(found: list[dict[str, Any]]) -> list[str]:
    return [item["address"] for item in found]


def test_after_an_apply_there_is_no_drift(workplace: Workplace) -> None:
    ended = workplace.applied().run("audit")
    assert ended.exit_code == 0
    assert ended.stdout.startswith("2 numbers in 1 account: 2 read")
    assert ended.stdout.splitlines()[-1].startswith("No drift: ")


def test_a_change_by_hand_is_shown_and_ends_with_2(workplace: Workplace) -> None:
    rings_longer(workplace.applied())
    workplace.sandbox.fail_on_writes()
    ended = workplace.run("audit")
    assert ended.exit_code == 2
    lines = ended.stdout.splitlines()
    at = lines.index("Drift: live is not what was last written")
    assert lines[at + 1].startswith(f"~ sales/{HOTLINE}   Горячая линия, Москва")
    assert lines[at + 1].endswith("numbers.yaml:5")
    assert lines[at + 2] == "    targets[0].timeout   16 s -> 40 s"
    assert "callers" in lines[at + 3]
    assert ROUTE not in ended.stdout
    assert lines[-1].startswith("1 drifted, ")
    assert not any(call.mutating for call in workplace.sandbox.log)
    assert workplace.run("audit").exit_code == 2


def test_json_tells_the_same_and_fits_its_schema(workplace: Workplace) -> None:
    rings_longer(workplace.applied())
    workplace.edit("https://example.com/route", "https://example.com/other")
    ended = workplace.run("audit", "--format", "json")
    assert (ended.exit_code, ended.stderr) == (2, "")
    found = ended.json
    (drift,) = found["drift"]
    assert (drift["address"], drift["declared_at"]) == (f"sales/{HOTLINE}", "numbers.yaml:5:3")
    assert [(item["path"], item["before"], item["after"]) for item in drift["fields"]] == [
        ("targets[0].timeout", 16, 40)
    ]
    assert (drift["recorded"]["targets"][0]["timeout"], drift["live"]["targets"][0]["timeout"]) == (16, 40)
    assert [(item["address"], item["action"]) for item in found["pending"]] == [(f"sales/{ROUTE}", "update")]
    counts = ("drift", "pending", "unknown")
    assert [found["summary"][name] for name in counts] == [1, 1, 0]
    drawn = json.loads((REPOSITORY / "schemas" / "audit.v1.json").read_text("utf-8"))
    jsonschema.Draft202012Validator(drawn).validate(found)
    assert workplace.run("schema", "audit").json == drawn


def test_what_is_declared_and_not_applied_is_no_drift(workplace: Workplace) -> None:
    ended = workplace.run("audit")
    assert ended.exit_code == 0
    assert "Drift:" not in ended.stdout
    lines = ended.stdout.splitlines()
    at = lines.index("Not applied yet; see reconciler plan for details")
    assert lines[at + 1].startswith(f"  sales/{HOTLINE}   to create   number 74992223344 for 16 s")
    assert f"  sales/{ROUTE}   to create   URL https://example.com/route  numbers.yaml:11" in lines


def test_numbers_of_the_account_in_no_file_are_unmanaged(workplace: Workplace) -> None:
    owned = set(workplace.sandbox.exolve.numbers)
    found = workplace.run("audit", "--format", "json").json
    assert {item["number"] for item in found["unmanaged"]} == owned - {HOTLINE, ROUTE}
    assert {item["account"] for item in found["unmanaged"]} == {"sales"}
    assert found["unlisted"] == ["office"]
    text = workplace.run("audit").stdout
    assert "Unmanaged: owned, but not in any file\n" in text
    assert all(number in text for number in owned)
    assert "  office   not known: its list was not read\n" in text


def test_an_unmanaged_number_says_where_its_calls_go_without_secrets(workplace: Workplace) -> None:
    other = next(number for number in workplace.sandbox.exolve.numbers if number not in (HOTLINE, ROUTE))
    routed = {"call_forwarding_type": 3, "call_forwarding_ipcr": {"url": "https://crm.example.com/in?key=hush"}}
    workplace.sandbox.exolve.set(other, routed)
    found = workplace.run("audit", "--format", "json")
    told = {item["number"]: item["forwarding"] for item in found.json["unmanaged"]}
    assert told[other]["url"] == "https://crm.example.com/in?***"
    text = workplace.run("audit").stdout
    page = workplace.run("audit", "--format", "html").stdout
    for shown in (text, page):
        assert f"{other}: URL https://crm.example.com/in?***" in shown
    assert "hush" not in found.stdout + text + page


def test_gaps_are_told_at_their_line_and_do_not_change_the_end(workplace: Workplace) -> None:
    ended = workplace.applied().run("audit")
    assert ended.exit_code == 0
    assert "numbers.yaml:10:7: warning[route-gap]: 74991000000: " in ended.stdout
    risks = workplace.run("audit", "--format", "json").json["risks"]
    assert [item["code"] for item in risks] == ["route-gap"]


def test_policy_can_switch_a_risk_off(workplace: Workplace) -> None:
    with (workplace.folder / "reconciler.yaml").open("a", encoding="utf-8") as file:
        file.write('policy: {rules: {route-gap: "off"}}\n')
    assert workplace.run("audit", "--format", "json").json["risks"] == []


def test_an_error_among_the_risks_ends_with_1_and_the_rest_is_told_nevertheless(workplace: Workplace) -> None:
    rings_longer(workplace.applied())
    workplace.edit('"74992223344", timeout: 16, schedule: office-hours', f'"{HOTLINE}"')
    ended = workplace.run("audit", "--format", "json")
    assert ended.exit_code == 1
    assert "route-loop" in [item["code"] for item in ended.json["risks"]]
    assert addresses(ended.json["drift"]) == [f"sales/{HOTLINE}"]


def test_a_number_that_cannot_be_read_ends_with_1_although_another_drifted(workplace: Workplace) -> None:
    rings_longer(workplace.applied())
    workplace.sandbox.exolve.remove_number(ROUTE)
    ended = workplace.run("audit", "--format", "json")
    assert ended.exit_code == 1
    assert (ended.json["complete"], ended.json["summary"]["unknown"]) == (False, 1)
    assert addresses(ended.json["drift"]) == [f"sales/{HOTLINE}"]
    text = workplace.run("audit")
    assert f"numbers.yaml:11:3: error[provider-not-owned]: sales/{ROUTE} cannot be read: " in text.stderr
    assert text.stdout.endswith("The audit is incomplete: not everything could be read.\n")


def test_a_vendor_that_cannot_be_reached_ends_with_1(workplace: Workplace) -> None:
    workplace.applied().sandbox.stop()
    ended = workplace.run("audit", "--format", "json")
    assert ended.exit_code == 1
    assert ended.json["drift"] == []


def test_a_scenario_in_force_is_told_with_the_way_back(workplace: Workplace) -> None:
    with (workplace.folder / "numbers.yaml").open("a", encoding="utf-8") as file:
        file.write(f"scenarios:\n  storm: {STORM}\n")
    workplace.applied()
    assert "storm" not in workplace.run("audit").stderr
    assert workplace.run("apply", "--scenario", "storm", "--auto-approve").exit_code == 0
    workplace.sandbox.journal.clear()
    workplace.sandbox.fail_on_writes()
    within = workplace.run("audit", "--scenario", "storm")
    assert within.exit_code == 0
    assert "scenario 'storm' is in force since an earlier apply\n" in within.stderr
    assert "to go back: reconciler apply without --scenario" in within.stderr
    assert "Not applied yet" not in within.stdout
    without = workplace.run("audit", "--format", "json")
    assert without.exit_code == 0
    assert (without.json["scenario"], without.json["scenario_in_force"]) == (None, "storm")
    assert (addresses(without.json["drift"]), addresses(without.json["pending"])) == ([], [f"sales/{HOTLINE}"])
    assert without.codes[0] == "scenario-in-force"
    assert not any(call.mutating for call in workplace.sandbox.log)


def test_a_secret_that_somebody_put_in_by_hand_is_masked(workplace: Workplace) -> None:
    workplace.applied()
    canary = "canary-by-hand"
    stored = workplace.sandbox.exolve.forwarding(ROUTE)
    assert stored is not None
    url = next(value for value in stored.values() if isinstance(value, dict))
    name = next(name for name, value in url.items() if str(value).startswith("https://"))
    url[name] = f"https://example.com/route?key={canary}"
    workplace.sandbox.exolve.set(ROUTE, stored)
    for words in ((), ("--format", "json"), ("-v",)):
        ended = workplace.run("audit", *words)
        assert ended.exit_code == 2
        assert canary not in ended.stdout + ended.stderr
        assert "https://example.com/route?***" in ended.stdout


@pytest.mark.parametrize("name", ["github", "gitlab", "markdown"])
def test_a_format_that_is_not_there_is_wrong_usage_and_reads_nothing(name: str, workplace: Workplace) -> None:
    assert workplace.run("audit", "--format", name).exit_code == 64
    assert workplace.sandbox.log == []


def test_an_account_that_lacks_its_application_says_why_its_list_is_not_known(workplace: Workplace) -> None:
    workplace.edit(f"    application: {workplace.sandbox.application}\n", "", "reconciler.yaml")
    assert "  sales    not known: its list needs accounts.sales.application\n" in workplace.run("audit").stdout
    assert "its list needs accounts.sales.application" in workplace.run("audit", "--format", "html").stdout
