"""What pipelines and reviewers are given, made by commands and judged by the readers of each format."""

from __future__ import annotations

import importlib
import json
from typing import Any

import pytest

from tests.cli.conftest import Workplace
from tests.cli.test_audit import rings_longer
from tests.unit.views.ci.readers import CODE_QUALITY, SARIF, multitool, xunit_faults

jsonschema: Any = importlib.import_module("jsonschema")  # which has no types

FAILING = ("--scenario", "nowhere")
HOSTILE = 'description: "<script> ]]> & ](javascript:x) ::error::x ##[error]x"'


@pytest.fixture
def drifted(workplace: Workplace) -> Workplace:
    """An account with drift, a number to create, one to adopt, and numbers that nobody manages; with a hostile text."""
    rings_longer(workplace.applied())
    workplace.edit("description: Горячая линия, Москва", HOSTILE)
    workplace.edit("https://example.com/route", "https://example.com/other")
    added = '  "74991000002": {forwarding: {type: url, url: https://example.com/new, reserve: null}}\n'
    with (workplace.folder / "numbers.yaml").open("a", encoding="utf-8") as file:
        file.write(added)
    return workplace


def reports(workplace: Workplace, name: str, *commands: str) -> list[str]:
    """The report of each command that succeeds, and of the same when it fails."""
    asked = [(command, *words) for command in commands for words in ((), FAILING)]
    return [workplace.run(*words, "--format", name).stdout for words in asked]


def test_sarif_of_every_command_passes_its_validator(drifted: Workplace) -> None:
    logs = reports(drifted, "sarif", "validate", "plan", "audit")
    for log in logs:
        jsonschema.validate(json.loads(log), SARIF)
    assert {code for code, _sentence in multitool(logs)} == {"SARIF2005", "SARIF2017"}


def test_junit_of_every_command_is_taken_by_jenkins(drifted: Workplace) -> None:
    for report in reports(drifted, "junit", "validate", "plan", "audit"):
        assert xunit_faults(report) == []
        assert 'timestamp="20' in report
    for report in reports(drifted, "gitlab-junit", "validate", "plan", "audit"):
        assert all("'file'" in fault for fault in xunit_faults(report))


def test_code_quality_of_every_command_has_gitlabs_shape(drifted: Workplace) -> None:
    for report in reports(drifted, "gitlab", "validate", "plan"):
        jsonschema.validate(json.loads(report), CODE_QUALITY)


def test_the_numbers_that_nobody_manages_are_no_passing_cases(drifted: Workplace) -> None:
    report = drifted.run("audit", "--format", "junit").stdout
    assert report.count("<skipped ") == report.count('name="unmanaged numbers"') == 1
    assert report.count("unmanaged") == 1


def test_a_merge_request_is_told_how_many_numbers_change(drifted: Workplace) -> None:
    planned = drifted.run("plan", "--out", "plan.json", "--format", "gitlab-terraform")
    assert (planned.exit_code, planned.json) == (0, {"create": 1, "update": 2, "delete": 0})
    shown = drifted.run("show", "plan.json", "--format", "gitlab-terraform")
    assert (shown.exit_code, shown.stdout) == (0, planned.stdout)


def test_a_plan_that_fails_counts_nothing(workplace: Workplace) -> None:
    for words, code in ((("plan", *FAILING), 1), (("plan", "--frob"), 64), (("show", "nowhere.json"), 64)):
        ended = workplace.run(*words, "--format", "gitlab-terraform")
        assert (ended.exit_code, list(ended.json)) == (code, ["error"])
        assert ended.json["error"] in ended.stderr
    assert workplace.run("audit", "--format", "gitlab-terraform").exit_code == 64


def test_what_sarif_has_no_room_for_is_told_in_the_log(drifted: Workplace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("reconciler.views.ci.sarif.MOST_RESULTS", 2)
    ended = drifted.run("plan", "--format", "sarif")
    assert len(ended.json["runs"][0]["results"]) == 2
    assert "results are left out, the least severe: GitHub takes no larger report" in ended.stderr


# -- a comment that takes the place of the one before ------------------------------------------------------------------


def mark(workplace: Workplace, *words: str) -> str:
    return workplace.run(*words, "--format", "markdown").stdout.partition("\n")[0]


def test_every_comment_about_the_same_begins_alike(drifted: Workplace) -> None:
    planned = mark(drifted, "plan", "--out", "plan.json", "--account", "sales")
    assert planned == "<!-- reconciler plan test accounts=sales -->"
    assert mark(drifted, "show", "plan.json") == planned
    assert mark(drifted, "plan", "--account", "office", "--account", "sales") != planned
    drifted.sandbox.stop()
    assert mark(drifted, "plan", "--account", "sales", "--deadline", "1s") == planned
    drifted.edit("name: test", "name: other", "reconciler.yaml")
    assert mark(drifted, "plan", "--deadline", "1s") == "<!-- reconciler plan other -->"


def test_what_fails_before_anything_is_known_has_the_beginning_of_a_mark(drifted: Workplace) -> None:
    assert mark(drifted, "plan", "--frob") == "<!-- reconciler plan -->"
    drifted.edit("numbers:", "numbrs:")
    assert mark(drifted, "plan", "--account", "sales") == "<!-- reconciler plan accounts=sales -->"
