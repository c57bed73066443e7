"""The table of rules, the code that emits them, the examples and the docs page tell the same story."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path
from types import ModuleType

import pytest
from click.testing import CliRunner

from reconciler.cli import main
from reconciler.rules import RULES
from tests.architecture.codes import emissions, mentioned
from tests.architecture.imports import REPOSITORY
from tests.architecture.sources import Source, read_tree

INVALID = REPOSITORY / "examples" / "invalid"
PAGE = REPOSITORY / "docs" / "rules.md"

_VENDOR = "a vendor's answer, not a file"
_PLAN = "needs live values or the record to judge"
_APPLY = "happens while an apply runs"

# Rules that no configuration can break by itself, with the reason; each has tests of its own that name it.
NOT_OFFLINE: dict[str, str] = {}

OFFLINE = sorted(set(RULES) - set(NOT_OFFLINE))


def found_by_validate(folder: Path) -> list[dict[str, str]]:
    """Run `reconciler -C FOLDER validate --format json` and return its diagnostics."""
    result = CliRunner().invoke(main, ["-C", str(folder), "validate", "--format", "json"])
    diagnostics: list[dict[str, str]] = json.loads(result.stdout)["diagnostics"]
    return diagnostics


def test_every_code_that_the_source_emits_is_a_rule() -> None:
    unknown = [emission for emission in emissions(read_tree(REPOSITORY / "reconciler")) if emission.code not in RULES]
    assert unknown == []


def test_every_rule_is_emitted_somewhere() -> None:
    assert set(RULES) - mentioned(read_tree(REPOSITORY / "reconciler")) == set()


@pytest.mark.parametrize(
    "text",
    [
        "Diagnostic('no-such-rule', severity, 'message')",
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
    own = {RULES[code].severity.value, "error"}
    assert {item["code"] for item in found if item["severity"] in own} == {code}, found


def test_every_example_belongs_to_a_rule() -> None:
    assert {folder.name for folder in INVALID.iterdir()} == set(OFFLINE)


@pytest.mark.parametrize("code", sorted(NOT_OFFLINE))
def test_a_rule_without_an_example_is_named_by_a_test_of_its_own(code: str) -> None:
    assert code in RULES
    others = [source for source in read_tree(REPOSITORY / "tests") if source.path != "test_rules.py"]
    assert any(code in source.text for source in others), f"no test speaks of {code} ({NOT_OFFLINE[code]})"


def test_codes_are_kebab_case_and_sentences_end() -> None:
    for code, rule in RULES.items():
        assert code == code.lower().strip("-")
        assert code.replace("-", "").isalnum()
        assert rule.sentence[0].isupper()
        assert rule.sentence.endswith(".")


def test_the_docs_page_of_rules_is_as_generated() -> None:
    assert PAGE.read_text("utf-8") == _generator().rules_page(), "run make docs"


def test_the_docs_page_has_a_line_for_every_rule() -> None:
    lines = PAGE.read_text("utf-8").splitlines()
    for code, rule in RULES.items():
        assert [line for line in lines if f"`{code}`" in line and rule.severity.value in line] != []


def _generator() -> ModuleType:
    spec = importlib.util.spec_from_file_location("docs_generate", REPOSITORY / "docs" / "generate.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
