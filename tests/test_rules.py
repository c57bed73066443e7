"""The table of rules, the code that emits them, the examples and the docs page tell the same story."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from reconciler.cli import main
from reconciler.rules import RULES
from tests.architecture.codes import emissions, errors_by_code, never_emitted
from tests.architecture.imports import REPOSITORY
from tests.architecture.sources import Source, read_tree

INVALID = REPOSITORY / "examples" / "invalid"
PAGE = REPOSITORY / "docs" / "rules.md"

_VENDOR = "a vendor's answer"
_LOGIN = "the store of tokens, or a login"
_LIVE = "live values or the record"
_STORED = "a plan file or the record"
_RUNNING = "a run that is under way"
_GIT = "a git ref"
_COMMAND_LINE = "an argument of the command"

# What each rule needs that no configuration can break by itself; each has tests of its own that name it.
NOT_OFFLINE: dict[str, str] = {
    "value-unsupported": "a provider that does not take all values of its kind",
    "trusted-unreadable": _GIT,
    "trusted-taken": _GIT,
    "trusted-ignored": _GIT,
    "path-not-included": _COMMAND_LINE,
    "events-store": _COMMAND_LINE,
    "needs-allow-listening": _COMMAND_LINE,
    "calls-undeclared": _COMMAND_LINE,
    "plugin-unusable": "a plugin that another distribution brings",
    "unknown-environment": _COMMAND_LINE,
    "file-exists": _COMMAND_LINE,
    "unknown-scenario": _COMMAND_LINE,
    "selection-empty": _COMMAND_LINE,
    "event-written-out": "a calendar file, which no configuration names",
    "import-elsewhere": _LIVE,
    "import-left-out": _LIVE,
    "provider-error": _VENDOR,
    "provider-host-refused": "a host that only a connection would reach",
    "provider-unauthorized": _VENDOR,
    "provider-login-required": _LOGIN,
    "provider-token-store": _LOGIN,
    "provider-forbidden": _VENDOR,
    "provider-not-owned": _VENDOR,
    "provider-rate-limited": _VENDOR,
    "provider-rejected": _VENDOR,
    "provider-unavailable": _VENDOR,
    "provider-timeout": _VENDOR,
    "provider-unexpected-response": _VENDOR,
    "provider-list-incomplete": _VENDOR,
    "read-back": _VENDOR,
    **dict.fromkeys(
        ("period-blank", "period-control"), "a text on the command line; in a file it is text-control first"
    ),
    "variable-unset": "the environment, which validate does not need",
    "sandbox-in-use": "the environment, which validate does not need",
    "scenario-in-force": _LIVE,
    "block-missing": _LIVE,
    "event-url-removed": _LIVE,
    "field-unreadable": _LIVE,
    "released-changed-by-hand": _LIVE,
    "field-not-comparable": _LIVE,
    "released-not-owned": _LIVE,
    "write-unsettled": _LIVE,
    "selection-leaves-out": _LIVE,
    "record-key-differs": _LIVE,
    "record-account-gone": _LIVE,
    "needs-allow-delete": _LIVE,
    "needs-allow-adopt": _LIVE,
    "needs-allow-protected": _LIVE,
    "policy-max-changes": _LIVE,
    "policy-max-deletes": _LIVE,
    "policy-max-lost-calls": _LIVE,
    **dict.fromkeys(("traffic-file", "traffic-others", "traffic-foreign", "traffic-unknown"), "a file of calls"),
    "traffic-missing": _LIVE,
    "policy-change-window": "the clock at the time of a run",
    "unwritable-fields": _LIVE,
    "policy-ignored": _COMMAND_LINE,
    **dict.fromkeys(("undo-left-out", "undo-overwrites", "undo-unsure"), _STORED),
    "plan-needs-record-key": _STORED,
    "variable-short": _STORED,
    "key-exposed": _STORED,
    "plan-stale": _STORED,
    "plan-applied": _STORED,
    "record-locked": _RUNNING,
    "record-unusable": _STORED,
    "record-not-saved": _RUNNING,
    "lock-not-released": _RUNNING,
    "record-on-ci": "a CI machine",
    "schedule-ending": "the day of an audit",
    "login-ending": _LOGIN,
    "parking-unconfirmed": _LIVE,
    "record-old": _LIVE,
    **dict.fromkeys(
        ("usage", "interrupted", "deadline-passed", "not-approved", "nothing-to-show", "plan-file"), _COMMAND_LINE
    ),
    **dict.fromkeys(("secret-missing", "command-failed"), _COMMAND_LINE),
    **dict.fromkeys(("plan-signature", "plan-unsigned", "key-file"), _STORED),
    "program-fault": "a fault of the program",
    **dict.fromkeys(("period-blank", "period-control"), "in a file such a character is text-control"),
}

OFFLINE = sorted(set(RULES) - set(NOT_OFFLINE))


@pytest.fixture(scope="module")
def package() -> list[Source]:
    return read_tree(REPOSITORY / "reconciler")


@pytest.fixture(scope="module")
def error_names(package: list[Source]) -> dict[str, set[str]]:
    return errors_by_code(package)


@pytest.fixture(scope="module")
def other_tests() -> list[Source]:
    return [source for source in read_tree(REPOSITORY / "tests") if source.path != "test_rules.py"]


def found_by_validate(folder: Path) -> list[dict[str, str]]:
    """Run `reconciler -C FOLDER validate --format json` and return its diagnostics."""
    result = CliRunner().invoke(main, ["-C", str(folder), "validate", "--format", "json"])
    diagnostics: list[dict[str, str]] = json.loads(result.stdout)["diagnostics"]
    return diagnostics


def test_every_code_that_the_source_emits_is_a_rule(package: list[Source]) -> None:
    unknown = [emission for emission in emissions(package) if emission.code not in RULES]
    assert unknown == []


def test_every_rule_is_emitted_somewhere(package: list[Source]) -> None:
    assert never_emitted(RULES, package) == set()


def test_a_rule_that_nothing_emits_is_found() -> None:
    source = Source("a.py", "report('used')\nreport(f'made-{what}')\nreport(f'{what}-ending')")
    assert never_emitted(["used", "made-up", "unused", "no-ending"], [source]) == {"unused", "no-ending"}


@pytest.mark.parametrize(
    "text",
    [
        "Diagnostic('no-such-rule', severity, 'message')",
        "RULES['no-such-rule'].at(place, 'message')",
        "Finding(code='no-such-rule', severity=severity)",
        "class Lost(Exception):\n    code: ClassVar[str] = 'no-such-rule'",
        "class Lost(Exception):\n    code = 'no-such-rule'",
        "def problem(text, code): ...\nproblem('a', 'no-such-rule')",
        "class Checks:\n    def report(self, code, text): ...\nchecks.report('no-such-rule', 'a')",
        "def problem(text, code='no-such-rule'): ...",
        "def problem(code): ...\nproblem('no-such-rule' if late else other)",
    ],
)
def test_a_code_without_a_rule_is_found_however_it_is_given(text: str) -> None:
    assert [emission.code for emission in emissions([Source("a.py", text)])] == ["no-such-rule"]


@pytest.mark.parametrize("code", OFFLINE)
def test_the_example_of_a_rule_breaks_it_and_no_other(code: str) -> None:
    folder = INVALID / code
    assert folder.is_dir(), f"examples/invalid/{code}/ is missing, or the rule belongs in NOT_OFFLINE with a reason"
    found = found_by_validate(folder)
    assert {item["code"] for item in found if item["severity"] != "notice" or item["code"] == code} == {code}, found


@pytest.mark.parametrize("code", OFFLINE)
def test_every_finding_of_an_example_says_what_to_type(code: str) -> None:
    assert [item["message"] for item in found_by_validate(INVALID / code) if not item["hint"]] == []


def test_every_example_belongs_to_a_rule() -> None:
    assert {folder.name for folder in INVALID.iterdir()} == set(OFFLINE)


@pytest.mark.parametrize("code", sorted(NOT_OFFLINE))
def test_a_rule_without_an_example_is_named_by_a_test_of_its_own(
    code: str, error_names: dict[str, set[str]], other_tests: list[Source]
) -> None:
    """By its code, or by the error that carries it."""
    assert code in RULES
    names = {code} | error_names.get(code, set())
    assert any(name in source.text for source in other_tests for name in names), f"untested; needs {NOT_OFFLINE[code]}"


def test_codes_are_kebab_case_and_sentences_end() -> None:
    for code, rule in RULES.items():
        assert code == code.lower().strip("-")
        assert code.replace("-", "").isalnum()
        first = rule.sentence.split()[0]
        assert first[0].isupper() or "_" in first
        assert rule.sentence.endswith(".")


def test_the_docs_page_has_a_line_for_every_rule() -> None:
    lines = PAGE.read_text("utf-8").splitlines()
    for code, rule in RULES.items():
        assert [line for line in lines if f"`{code}`" in line and rule.severity.value in line] != []
