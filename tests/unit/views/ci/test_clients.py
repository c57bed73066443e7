"""Reports as their readers judge them: validators, limits, and what makes results of them."""

from __future__ import annotations

import gzip
import importlib
import json
from dataclasses import replace
from typing import Any

import pytest

from reconciler.diagnostics import Severity
from reconciler.model import Action
from reconciler.rules import RULES
from reconciler.views.ci import gitlab, junit, plan, sarif
from reconciler.views.ci.review import Remark, Review
from tests.unit.views import values
from tests.unit.views.ci import samples
from tests.unit.views.ci.readers import etree, multitool, xunit_faults
from tests.unit.views.ci.samples import SAMPLES, prepared
from tests.unit.views.values import change

jsonschema: Any = importlib.import_module("jsonschema")  # which has no types

NASTY = "\x00\x08\x1b[31m\ufffe]]> <a b='c'> & \ud800 \U0001f600 \r\n\t"
TELLING = "does not provide 'informationUri'"  # there is no address to tell yet
PLACELESS = "The 'region' property is absent"  # of what has no line


def many(count: int, **others: Any) -> Review:
    """Errors among notices, the errors last."""
    remarks = [
        Remark("unmanaged", Severity.NOTICE, f"unmanaged {at}", ("owned",), subject=str(at)) for at in range(count - 5)
    ]
    errors = [Remark("route-loop", Severity.ERROR, "route-loop", (f"a loop {at}",)) for at in range(5)]
    return Review("audit", remarks=(*remarks, *errors), **others)


def results(log: str) -> list[Any]:
    found: list[Any] = json.loads(log)["runs"][0]["results"]
    return found


def rule_of(code: str) -> Any:
    """A rule as a report tells of it."""
    remark = Remark(code, RULES[code].severity, code, ("said",))
    return json.loads(sarif.render(Review("plan", remarks=(remark,))))["runs"][0]["tool"]["driver"]["rules"][0]


# -- SARIF -----------------------------------------------------------------------------------------------------------


def test_the_validator_finds_nothing_but_what_cannot_be_said() -> None:
    every_rule = [Remark(code, rule.severity, code, ("said",)) for code, rule in RULES.items()]
    others = [Remark(code, Severity.NOTICE, f"{code} 1", ("said",)) for code in (*sarif.OTHERS, "of-a-newer-version")]
    logs = [sarif.render(sarif.fitted(prepared(name))) for name in SAMPLES]
    found = multitool([*logs, sarif.render(Review("plan", remarks=(*every_rule, *others)))])
    assert {code for code, _sentence in found} == {"SARIF2005", "SARIF2017"}
    assert all(TELLING in sentence or PLACELESS in sentence for _code, sentence in found)


def test_the_validator_knows_what_the_standard_and_github_refuse() -> None:
    log = json.loads(sarif.render(prepared("files")))
    log["runs"][0]["results"][0]["locations"] = []
    log["runs"][0]["tool"]["driver"]["rules"][0]["helpUri"] = "docs/rules.md#route-gap"
    assert {"GH1015", "SARIF1002"} <= {code for code, _sentence in multitool([json.dumps(log)])}


def test_help_is_in_the_report_and_leads_nowhere() -> None:
    rule = rule_of("yaml-tab")
    assert rule["name"] == "YamlTab"
    assert "helpUri" not in rule
    assert "A line is indented with a tab." in rule["help"]["markdown"]
    assert "```yaml\nversion: 1\n" in rule["help"]["markdown"]
    assert "version: 1\n" in rule["help"]["text"]
    assert "```" not in rule["help"]["text"]


@pytest.mark.parametrize("code", RULES)
def test_the_help_of_every_rule_says_what_it_is_and_what_to_do(code: str) -> None:
    for text in rule_of(code)["help"].values():
        assert RULES[code].sentence in text
        assert ("Policy may change it" in text) == RULES[code].adjustable


def test_the_limits_are_those_of_github() -> None:
    """https://docs.github.com/code-security/code-scanning/troubleshooting-sarif-uploads/results-exceed-limit."""
    assert (sarif.MOST_RESULTS, sarif.MOST_SHOWN, sarif.MOST_BYTES) == (25_000, 5_000, 10_000_000)


@pytest.fixture
def small_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    """A hundredth of GitHub's: what holds for its own holds for these."""
    monkeypatch.setattr(sarif, "MOST_RESULTS", 250)
    monkeypatch.setattr(sarif, "MOST_SHOWN", 50)


def test_no_more_results_than_github_takes_and_the_worst_of_them(small_limits: None) -> None:
    fitted = sarif.fitted(many(255))
    log = sarif.render(fitted)
    kept = results(log)
    assert [each["level"] for each in kept] == ["error"] * 5 + ["note"] * 245
    (invocation,) = json.loads(log)["runs"][0]["invocations"]
    told = [each["message"]["text"] for each in invocation["toolExecutionNotifications"]]
    assert told == list(fitted.limits)
    assert told[0].startswith("5 of 255 results are left out")
    assert told[1] == "GitHub shows 50 of these 250 results, the most severe"


def test_what_github_takes_and_shows_is_left_alone(small_limits: None) -> None:
    assert sarif.fitted(many(50)).limits == ()
    assert "toolExecutionNotifications" not in sarif.render(sarif.fitted(many(50)))
    assert len(sarif.fitted(many(250)).remarks) == 250


def test_as_many_results_as_github_takes_are_no_more_bytes_than_it_takes() -> None:
    packed = len(gzip.compress(sarif.render(many(2_500)).encode(), 1))
    assert packed * 10 < sarif.MOST_BYTES


def test_no_larger_log_than_github_takes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sarif, "MOST_BYTES", 20_000)
    fitted = sarif.fitted(many(2_000))
    assert len(gzip.compress(sarif.render(fitted).encode(), 6)) <= 20_000
    assert 100 < len(fitted.remarks) < 2_000
    assert fitted.remarks[0].level is Severity.ERROR
    assert fitted.limits[0].startswith(f"{2_000 - len(fitted.remarks)} of 2000 results are left out")


def test_results_without_a_line_do_not_become_one_alert() -> None:
    found = results(sarif.render(many(45)))
    assert len({each["partialFingerprints"]["primaryLocationLineHash"] for each in found}) == 45


def test_github_itself_identifies_what_has_a_line() -> None:
    found = results(sarif.render(prepared("plan")))
    assert all(
        ("region" in each["locations"][0]["physicalLocation"])
        != ("primaryLocationLineHash" in each["partialFingerprints"])
        for each in found
    )


# -- JUnit -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", SAMPLES)
def test_jenkins_xunit_takes_the_report(name: str) -> None:
    assert xunit_faults(junit.render(prepared(name))) == []


def test_what_gitlab_reads_jenkins_xunit_refuses() -> None:
    (fault, *_more) = xunit_faults(junit.render_with_files(prepared("plan")))
    assert "attribute 'file' is not allowed" in fault


def test_gitlab_is_told_the_file_of_a_case() -> None:
    root = etree.fromstring(junit.render_with_files(prepared("plan")).encode())
    files = {case.get("name"): case.get("file") for case in root.iter("testcase")}
    assert files["update sales/74991112233"] == "phones/numbers/sales.yaml"
    assert files["forget sales/74991112288"] is None


def test_the_place_of_a_case_is_in_its_text() -> None:
    root = etree.fromstring(junit.render(prepared("plan")).encode())
    told = {case.get("name"): "".join(case.itertext()) for case in root.iter("testcase")}
    assert "at phones/numbers/sales.yaml:12:3" in told["update sales/74991112233"].splitlines()
    assert "at phones/numbers/sales.yaml:44:3" in told["delete sales/74991112277"].splitlines()


def test_no_text_breaks_a_report() -> None:
    remark = Remark(
        "route-gap", Severity.ERROR, NASTY, (NASTY, NASTY), hint=NASTY, group=NASTY, subject=NASTY, fails=True
    )
    text = junit.render(Review("plan", NASTY, (NASTY,), remarks=(remark, replace(remark, fails=False, subject="b"))))
    assert xunit_faults(text.encode("utf-8", "replace").decode()) == []
    assert "]]> <a b='c'> &" in etree.fromstring(text.encode("utf-8", "replace")).find(".//failure").text


def test_numbers_that_no_file_declares_are_one_skipped_case_of_their_account() -> None:
    numbers = tuple(str(74991000000 + at) for at in range(45))
    audit = replace(samples.AUDIT, unmanaged={"sales": numbers, "office": numbers[:1]})
    root = etree.fromstring(junit.render(plan.audit_review(audit, (), failed=False)).encode())
    skipped = [
        (case.get("classname"), case.find("skipped").get("message"))
        for case in root.iter("testcase")
        if len(case.findall("skipped"))
    ]
    assert skipped == [
        ("reconciler.audit.sales", "45 numbers owned by the account, declared in no file"),
        ("reconciler.audit.office", "1 number owned by the account, declared in no file"),
    ]
    text = "".join(root.itertext())
    assert all(f"sales/{number}" in text for number in numbers)
    assert [suite.get("skipped") for suite in root if suite.get("name") in ("sales", "office")] == ["1", "1"]


def test_a_suite_says_when_it_was_made() -> None:
    for suite in etree.fromstring(junit.render(prepared("plan")).encode()):
        assert suite.get("timestamp") == samples.PLAN.created_at.removesuffix("Z")
        assert {case.get("time") for case in suite} == {"0"}


# -- GitLab's widget ---------------------------------------------------------------------------------------------------


def widget(*actions: Action) -> Any:
    changes = (change(f"sales/7499111{at:04}", action, None, None) for at, action in enumerate(actions))
    return json.loads(gitlab.widget(values.plan(*changes)))


@pytest.mark.parametrize(
    ("action", "counted"),
    [
        (Action.CREATE, "create"),
        (Action.UPDATE, "update"),
        (Action.ADOPT, "update"),
        (Action.ASSERT, "update"),
        (Action.DELETE, "delete"),
        (Action.FORGET, None),
    ],
)
def test_each_action_counts_as_what_it_does_to_a_number(action: Action, counted: str | None) -> None:
    assert widget(action, action) == {word: 2 * (word == counted) for word in ("create", "update", "delete")}


def test_nothing_to_do_is_nothing_in_the_widget() -> None:
    assert widget() == {"create": 0, "update": 0, "delete": 0}
