"""The same reviews in each machine's format: as agreed, of the right shape, and saying the same."""

from __future__ import annotations

import importlib
import json
from dataclasses import replace
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from reconciler import __version__
from reconciler.diagnostics import Location, Severity
from reconciler.rules import RULES
from reconciler.views.ci import github, gitlab, junit, plan, sarif
from reconciler.views.ci.review import Remark, Review, fingerprints, ready, validation
from tests.conftest import Golden
from tests.unit.views.ci import samples
from tests.unit.views.ci.readers import CODE_QUALITY, SARIF, runner
from tests.unit.views.ci.samples import SAMPLES, prepared

jsonschema: Any = importlib.import_module("jsonschema")  # which has no types


@pytest.mark.parametrize("name", SAMPLES)
@pytest.mark.parametrize(("view", "ending"), [(github, "txt"), (gitlab, "json"), (sarif, "sarif"), (junit, "xml")])
def test_a_review_reads_as_agreed(name: str, view: Any, ending: str, golden: Golden) -> None:
    text = view.render(prepared(name)).replace(f'"version": "{__version__}"', '"version": "0"')
    golden(f"ci/{name}.{view.__name__.rpartition('.')[2]}.{ending}", text)


# -- GitHub ----------------------------------------------------------------------------------------------------------


def told_by(review: Review) -> list[tuple[str, str, str]]:
    """Level, title and file of each, as the runner understands them."""
    found = [runner(line) for line in github.render(review).splitlines()]
    assert None not in found
    return [(each.name, each.properties["title"], each.properties.get("file", "")) for each in found if each]


def test_a_change_is_told_at_the_line_that_declares_its_number() -> None:
    line = next(line for line in github.render(prepared("plan")).splitlines() if "title=update" in line)
    command = runner(line)
    assert command is not None
    assert command.name == "notice"
    assert command.properties == {
        "file": "phones/numbers/sales.yaml",
        "line": "12",
        "col": "3",
        "title": "update sales/74991112233",
    }
    assert command.message.splitlines() == [
        "Горячая линия, 100 %: Москва",
        "targets[0].timeout: 16 s -> 20 s",
        "targets[0].schedule: Mon-Fri 9:00-19:00 -> Mon-Fri 9:00-18:00",
        "callers (Mon-Fri 9:00-18:00): rang 74992223344 for 16 s -> rings 74992223344 for 20 s",
        "callers (Mon-Fri 18:00-19:00): rang 74992223344 for 16 s -> no target",
    ]


def test_the_sum_comes_first_then_the_worst_and_deletes_before_other_changes() -> None:
    told = told_by(prepared("plan"))
    assert told[0] == ("error", "reconciler plan moscow-lines", "")
    levels = [level for level, _title, _file in told[1:]]
    assert levels == sorted(levels, key=["error", "warning", "notice"].index)
    changes = [title.partition(" ")[0] for level, title, _file in told if level == "notice"]
    assert changes == ["delete", "update", "create", "forget"]


def test_what_github_would_not_show_is_counted_in_the_sum() -> None:
    many = [replace(samples.NEW, account=f"a{at}") for at in range(11)]
    told = github.render(plan.plan_review(replace(samples.PLAN, changes=tuple(many)), (), failed=False, enforced=False))
    assert "GitHub shows 10 notices per step: all 11 are in the log of this step" in told.splitlines()[0]
    assert "GitHub shows" not in github.render(prepared("plan"))


def test_columns_are_told_within_one_line_only() -> None:
    first, second = (runner(line) for line in github.render(prepared("files")).splitlines()[1:3])
    assert first is not None
    assert second is not None
    assert {"line": "30", "endLine": "33"}.items() <= first.properties.items()
    assert not {"col", "endColumn"} & first.properties.keys()
    assert {"line": "14", "col": "38", "endColumn": "42"}.items() <= second.properties.items()


def test_a_line_break_belongs_to_the_line_that_it_ends() -> None:
    for end, told in (((15, 1), {"line": "14", "col": "38"}), ((16, 1), {"line": "14", "endLine": "15"})):
        there = Location("a.yaml", 14, 38, *end)
        command = runner(github.render(Review("plan", remarks=(replace(prepared("files").remarks[1], place=there),))))
        assert command is not None
        assert {key: text for key, text in command.properties.items() if key not in ("file", "title")} == told


@pytest.mark.parametrize(
    ("text", "data", "value"),
    [
        ("100 % of it", "100 %25 of it", "100 %25 of it"),
        ("a\r\nb", "a%0D%0Ab", "a%0D%0Ab"),
        ("a: b, c", "a: b, c", "a%3A b%2C c"),
        ("%0A", "%250A", "%250A"),
        ("::error::x", "::error::x", "%3A%3Aerror%3A%3Ax"),
    ],
)
def test_text_is_escaped_as_github_does(text: str, data: str, value: str) -> None:
    assert github.data(text) == data
    assert github.value(text) == value


# -- GitLab ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", SAMPLES)
def test_code_quality_has_the_shape_that_gitlab_asks_for(name: str) -> None:
    found = json.loads(gitlab.render(prepared(name)))
    jsonschema.validate(found, CODE_QUALITY)
    assert len({each["fingerprint"] for each in found}) == len(found)


def test_the_severities_of_gitlab_tell_findings_from_changes() -> None:
    found = {each["check_name"]: each["severity"] for each in json.loads(gitlab.render(prepared("plan")))}
    assert found["provider-not-owned"] == found["policy-max-deletes"] == "critical"
    assert found["needs-allow-delete"] == "minor"
    assert found["change-delete"] == found["change-create"] == "info"


# -- SARIF -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", SAMPLES)
def test_sarif_has_the_shape_of_the_standard(name: str) -> None:
    log = json.loads(sarif.render(prepared(name)))
    jsonschema.validate(log, SARIF)
    run = log["runs"][0]
    rules = [rule["id"] for rule in run["tool"]["driver"]["rules"]]
    assert all(rules[each["ruleIndex"]] == each["ruleId"] for each in run["results"])
    assert run["invocations"] == [{"executionSuccessful": name != "failure"}]


def test_a_rule_of_sarif_is_the_rule_of_the_table() -> None:
    run = json.loads(sarif.render(prepared("files")))["runs"][0]
    for rule in run["tool"]["driver"]["rules"]:
        assert rule["shortDescription"]["text"] == RULES[rule["id"]].sentence
        assert rule["help"]["text"].startswith(RULES[rule["id"]].sentence)
    levels = {each["ruleId"]: each["level"] for each in run["results"]}
    assert levels == {
        "duplicate-entry": "error",
        "period-hour": "error",
        "route-gap": "warning",
        "assume-timezone": "note",
    }


def test_a_region_of_sarif_is_the_span_of_the_finding() -> None:
    twice, hour, *_rest = json.loads(sarif.render(prepared("files")))["runs"][0]["results"]
    there = hour["locations"][0]["physicalLocation"]
    assert there["region"] == {"startLine": 14, "startColumn": 38, "endLine": 14, "endColumn": 42}
    related = twice["relatedLocations"][0]["physicalLocation"]["artifactLocation"]
    assert related == {"uri": "phones/numbers/%D0%BD%D0%B0%D1%88%D0%B8.yaml", "uriBaseId": "%SRCROOT%"}


def test_no_rule_is_both_a_finding_and_a_change() -> None:
    assert not RULES.keys() & sarif.OTHERS.keys()


def test_no_text_can_be_a_link_in_sarif() -> None:
    remark = Remark("route-gap", Severity.ERROR, "route-gap", ("see [here](https://evil.example.com)",))
    assert "](" not in sarif.render(Review("validate", remarks=(remark,)))


# -- JUnit -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", SAMPLES)
def test_junit_counts_what_it_holds(name: str) -> None:
    root = ET.fromstring(junit.render(prepared(name)))
    cases = root.findall("./testsuite/testcase")
    assert cases
    assert int(root.attrib["tests"]) == len(cases)
    assert int(root.attrib["failures"]) == len(root.findall(".//failure"))
    for suite in root:
        assert int(suite.attrib["tests"]) == len(suite)
        assert int(suite.attrib["failures"]) == len(suite.findall("./testcase/failure"))
    assert len({(case.attrib["classname"], case.attrib["name"]) for case in cases}) == len(cases)


def test_a_number_is_one_case_of_its_account_and_fails_where_apply_would_refuse_it() -> None:
    root = ET.fromstring(junit.render(prepared("plan")))
    suite = root.find("./testsuite[@name='sales']")
    assert suite is not None
    failed = {case.attrib["name"]: [each.attrib["type"] for each in case.findall("failure")] for case in suite}
    assert failed == {
        "delete sales/74991112277": ["needs-allow-delete"],
        "update sales/74991112233": [],
        "create sales/74991112244": [],
        "forget sales/74991112288": [],
    }
    others = {each.attrib["type"] for each in root.iter("failure")} - {"needs-allow-delete"}
    assert others == {"policy-max-deletes", "provider-not-owned"}


def test_without_any_other_failure_the_sum_is_a_case_of_its_own() -> None:
    good = ET.fromstring(junit.render(prepared("good-files")))
    assert [case.attrib["name"] for case in good.iter("testcase")] == ["summary"]
    assert good.findtext(".//system-out") == "valid: 12 numbers"
    unread = plan.plan_review(replace(samples.PLAN, changes=(), breaches=()), (), failed=True, enforced=False)
    assert ET.fromstring(junit.render(unread)).findtext(".//failure") is not None


def test_drift_fails_and_what_is_only_not_applied_does_not() -> None:
    root = ET.fromstring(junit.render(prepared("audit")))
    assert [each.attrib["type"] for each in root.iter("failure")] == ["drift"]


@pytest.mark.parametrize("strict", [False, True])
def test_a_warning_fails_where_none_may_pass(strict: bool) -> None:
    root = ET.fromstring(junit.render(validation([samples.GAP], [samples.GAP], numbers=1, strict=strict)))
    assert len(root.findall(".//failure")) == int(strict)


# -- places and identities -------------------------------------------------------------------------------------------


def test_an_identity_stays_when_lines_move_and_tells_equal_findings_apart() -> None:
    remarks = prepared("files").remarks
    moved = [replace(each, place=each.place and replace(each.place, line=each.place.line + 7)) for each in remarks]
    assert fingerprints(moved) == fingerprints(remarks)
    twice = fingerprints([remarks[0], remarks[0]])
    assert len(set(twice)) == 2
    assert twice[0] == fingerprints(remarks)[0]


def test_what_is_enforced_is_an_error_and_what_may_come_with_the_apply_a_warning() -> None:
    for enforced, level in ((False, Severity.WARNING), (True, Severity.ERROR)):
        made = plan.plan_review(samples.PLAN, (), failed=False, enforced=enforced)
        assert {each.level for each in made.remarks if each.rule == "needs-allow-delete"} == {level}


def test_what_lies_outside_the_repository_is_told_in_words() -> None:
    made = ready(samples.of_a_plan(), lambda file: None if file == "reconciler.yaml" else file, str)
    outside = next(each for each in made.remarks if each.rule == "policy-max-deletes")
    assert outside.place is None
    assert outside.lines[0].startswith("reconciler.yaml:9:3: 1 delete in one run")


def test_a_change_is_placed_in_a_file_with_a_colon_in_its_name() -> None:
    assert plan.place_at("numbers/night:day.yaml:14:3") == Location("numbers/night:day.yaml", 14, 3, 14, 3)
