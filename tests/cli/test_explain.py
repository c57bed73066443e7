"""What a rule means, from the package alone."""

from __future__ import annotations

from pathlib import Path

import pytest

from reconciler.rules import RULES
from tests.architecture.imports import REPOSITORY
from tests.cli.conftest import Cli

INVALID = REPOSITORY / "examples" / "invalid"


@pytest.mark.parametrize("written", ["route-gap", "warning[route-gap]", "error[route-gap]:", "ROUTE-GAP"])
def test_a_rule_is_explained_as_a_diagnostic_shows_it(written: str, cli: Cli) -> None:
    ended = cli("explain", written)
    assert ended.exit_code == 0
    assert ended.stdout.startswith("route-gap  warning\nThere is a time at which no target rings.\n")
    assert "`policy: {rules: {route-gap: off}}`" in ended.stdout
    assert "  defaults: {account: sales, timeout: 20}\n" in ended.stdout


def test_the_severity_of_a_rule_that_is_needed_is_fixed(cli: Cli) -> None:
    assert "Its severity is fixed." in cli("explain", "period-hour").stdout


def test_every_rule_is_listed_and_can_be_explained(cli: Cli) -> None:
    listed = cli("explain", "--format", "json").json["rules"]
    assert [each["code"] for each in listed] == list(RULES)
    text = cli("explain").stdout
    assert all(f"{code} " in text for code in RULES)
    for code, rule in RULES.items():
        told = cli("explain", code, "--format", "json").json["rule"]
        assert (told["code"], told["severity"], told["sentence"]) == (code, rule.severity.value, rule.sentence)


@pytest.mark.parametrize("code", ["account-kind", "yaml-tab", "config-missing"])
def test_the_example_is_the_one_in_the_repository(code: str, cli: Cli) -> None:
    example = cli("explain", code, "--format", "json").json["rule"]["example"]
    files = {path for path in (INVALID / code).rglob("*") if path.is_file()}
    assert {INVALID / code / Path(name): text for name, text in example.items()} == {
        path: path.read_text("utf-8") for path in files
    }


def test_a_mistyped_rule_is_told_the_nearest(cli: Cli) -> None:
    ended = cli("explain", "rout-gap", "--format", "json")
    assert (ended.exit_code, ended.codes) == (1, ["unknown-rule"])
    assert ended.json["diagnostics"][0]["hint"] == "did you mean route-gap?"
