"""`reconciler validate`: findings with carets on standard output, 1 for errors, --strict for warnings too."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Cli

jsonschema: Any = importlib.import_module("jsonschema")  # which has no types

GOOD = """\
version: 1
name: small
accounts: {sales: {provider: exolve, api_key: {env: EXOLVE_API_KEY}}}
defaults: {account: sales, timeout: 20}
numbers:
  "74991112233": {forwarding: {type: url, url: https://example.com/route, reserve: "74993334455"}}
"""
WARNED = GOOD.replace("version: 1\n", 'version: 1\ninclude: ["numbers/*.yaml"]\n')
WRONG = GOOD.replace("type: url", "type: carrier-pigeon")


def written(folder: Path, text: str, **files: str) -> None:
    (folder / "reconciler.yaml").write_text(text, "utf-8")
    for name, content in files.items():
        (folder / f"{name}.yaml").write_text(content, "utf-8")


def test_a_good_configuration_is_valid_without_network_credential_or_environment(cli: Cli, tmp_path: Path) -> None:
    written(tmp_path, GOOD)
    ended = cli("validate")
    assert (ended.exit_code, ended.stdout, ended.stderr) == (0, "valid: 1 number\n", "")


def test_an_error_is_shown_at_its_place_with_a_caret(cli: Cli, tmp_path: Path) -> None:
    written(tmp_path, WRONG)
    ended = cli("validate")
    assert ended.exit_code == 1
    assert ended.stderr == ""
    head, source, caret, *_rest = ended.stdout.splitlines()
    column = WRONG.splitlines()[5].index("carrier-pigeon") + 1
    assert head.startswith(f"reconciler.yaml:6:{column}: error[forwarding-type]: ")
    assert source == f"  6 | {WRONG.splitlines()[5]}"
    assert source[caret.index("^") : caret.rindex("^") + 1] == "carrier-pigeon"
    assert ended.stdout.endswith("\n1 error, 0 warnings\n")


def test_json_tells_the_same(cli: Cli, tmp_path: Path) -> None:
    written(tmp_path, WRONG)
    ended = cli("validate", "--format", "json")
    assert ended.exit_code == 1
    assert ended.stderr == ""
    assert ended.json["format_version"] == "1.0"
    assert ended.json["valid"] is False
    assert ended.json["summary"] == {"errors": 1, "warnings": 0, "numbers": 1}
    (found,) = ended.json["diagnostics"]
    assert (found["code"], found["file"], found["line"]) == ("forwarding-type", "reconciler.yaml", 6)


def test_strict_lets_no_warning_pass(cli: Cli, tmp_path: Path) -> None:
    written(tmp_path, WARNED)
    assert cli("validate").exit_code == 0
    assert cli("validate", "--strict").exit_code == 1
    assert cli("validate", "--format", "json").json["valid"] is True
    assert cli("validate", "--strict", "--format", "json").json["valid"] is False


def test_quiet_keeps_warnings_to_itself(cli: Cli, tmp_path: Path) -> None:
    written(tmp_path, WARNED)
    assert "include-empty" in cli("validate").stdout
    assert "include-empty" not in cli("validate", "-q").stdout


def test_forbidden_destinations_are_found_offline(cli: Cli, tmp_path: Path) -> None:
    policy = 'policy: {destinations: {deny: ["+7499333"]}}\n'
    written(tmp_path, GOOD + policy)
    ended = cli("validate", "--format", "json")
    assert ended.exit_code == 1
    assert "policy-destination" in ended.codes


def test_an_unknown_path_is_an_error(cli: Cli, tmp_path: Path) -> None:
    written(tmp_path, GOOD)
    assert cli("validate", str(tmp_path / "reconciler.yaml")).exit_code == 0
    ended = cli("validate", "elsewhere.yaml", "--format", "json")
    assert ended.exit_code == 1
    assert ended.codes == ["path-not-included"]


def test_an_unknown_scenario_is_an_error(cli: Cli, tmp_path: Path) -> None:
    written(tmp_path, GOOD)
    assert "unknown-scenario" in cli("validate", "--scenario", "storm", "--format", "json").codes


@pytest.mark.parametrize(("mode", "colored"), [("always", True), ("never", False), ("auto", False)])
def test_colour_is_as_chosen(mode: str, colored: bool, cli: Cli, tmp_path: Path) -> None:
    written(tmp_path, WRONG)
    assert ("\x1b[" in cli("validate", "--color", mode).stdout) is colored


def test_the_query_of_an_address_is_hidden_in_excerpts(cli: Cli, tmp_path: Path) -> None:
    written(tmp_path, WRONG.replace("example.com/route", "example.com/route?key=canary"))
    ended = cli("validate")
    assert "example.com/route?***" in ended.stdout
    assert "canary" not in ended.stdout


def test_each_answer_in_json_fits_its_schema(cli: Cli, tmp_path: Path) -> None:
    validators = {name: jsonschema.Draft202012Validator(cli("schema", name).json) for name in ("validation", "failure")}
    (tmp_path / "reconciler.yaml").write_text(SWITCHES % "{}", "utf-8")
    found = cli("validate", "--format", "json").json
    validators["validation"].validate(found)
    assert not validators["failure"].is_valid(found)
    for words in (("plan", "--scenario", "gale"), ("apply",), ("audit", "--frob"), ("show", "zzzz"), ("undo",)):
        ended = cli(*words, "--format", "json")
        assert ended.exit_code in (1, 64)
        validators["failure"].validate(ended.json)


SWITCHES = """version: 1
defaults: {account: sales, timeout: 20}
accounts: {sales: {provider: exolve, api_key: {env: EXOLVE_API_KEY}}}
policy: {destinations: {deny: ["+7809"]}}
contacts: {desk: {to: "74992223344"}}
profiles: {hot: {forwarding: {type: number, targets: [{to: desk}]}}}
numbers: {"74991110001": {use: [hot]}, "74991110002": {forwarding: {type: number, targets: [{to: "74991110001"}]}}}
scenarios: {storm: %s}
"""
PREMIUM = '[{to: "78091112233"}]'
CIRCLE = '[{to: "74991110002"}]'


@pytest.mark.parametrize(
    ("scenario", "code"),
    [
        (f'{{numbers: {{"74991110001": {{forwarding: {{targets: {PREMIUM}}}}}}}}}', "policy-destination"),
        (f"{{profiles: {{hot: {{forwarding: {{targets: {PREMIUM}}}}}}}}}", "policy-destination"),
        ('{contacts: {desk: {to: "78091112233"}}}', "policy-destination"),
        (f'{{numbers: {{"74991110001": {{forwarding: {{targets: {CIRCLE}}}}}}}}}', "route-loop"),
    ],
)
def test_every_scenario_is_judged_by_what_would_refuse_it(scenario: str, code: str, cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "reconciler.yaml").write_text(SWITCHES % scenario, "utf-8")
    ended = cli("validate", "--format", "json")
    (found,) = [item for item in ended.json["diagnostics"] if item["severity"] == "error"]
    line = 7 if code == "route-loop" else 8  # at the fault, which is in the scenario
    assert (ended.exit_code, found["code"], found["line"]) == (1, code, line)
    assert found["message"].startswith("with --scenario storm: ")


def test_what_is_wrong_without_a_scenario_too_is_told_once(cli: Cli, tmp_path: Path) -> None:
    text = SWITCHES % "{profiles: {hot: {description: storm}}}"
    (tmp_path / "reconciler.yaml").write_text(
        text.replace('desk: {to: "74992223344"}', 'desk: {to: "78091112233"}'), "utf-8"
    )
    found = cli("validate", "--format", "json").json["diagnostics"]
    assert [item["code"] for item in found if item["severity"] == "error"] == ["policy-destination"]


ENVIRONMENTS = """version: 1
name: lines
include: [production/*.yaml]
defaults: {account: sales, timeout: 20, timezone: Europe/Moscow}
accounts: {sales: {provider: exolve, api_key: {env: KEY}}}
environments:
  staging: {name: lines-staging, include: [staging/*.yaml], %s}
"""
ENTRY = 'version: 1\nnumbers: {"%s": {forwarding: {type: number, targets: [{to: "%s"}]}}}\n'


def with_staging(folder: Path, staging: str, to: str = "74992223344") -> None:
    (folder / "reconciler.yaml").write_text(ENVIRONMENTS % staging, "utf-8")
    for name, number, where in (("production", "74991112233", "74992223344"), ("staging", "74991112299", to)):
        (folder / name).mkdir()
        (folder / name / "numbers.yaml").write_text(ENTRY % (number, where), "utf-8")


@pytest.mark.parametrize(
    ("staging", "to", "code"),
    [
        ("accounts: {sales: {api_key: hunter2-canary}}", "74992223344", "literal-secret"),
        ("policy: {max_chagnes: 10%%}", "74992223344", "unknown-key"),
        ("policy: {destinations: {deny: ['+7499222']}}", "74992223344", "policy-destination"),
        ("record: {backend: s3}", "74992223344", "missing-key"),
        ("policy: {max_changes: 10}", "duty-desk", "unknown-contact"),
    ],
)
def test_every_environment_is_judged_where_none_is_chosen(
    cli: Cli, tmp_path: Path, staging: str, to: str, code: str
) -> None:
    with_staging(tmp_path, staging.replace("%%", "%"), to)
    ended = cli("-C", str(tmp_path), "validate", "--format", "json")
    (found,) = [item for item in ended.json["diagnostics"] if item["severity"] == "error"]
    assert (ended.exit_code, found["code"]) == (1, code)
    assert found["message"].startswith("with --environment staging: ")
    assert "canary" not in ended.stdout + ended.stderr
    chosen = cli("-C", str(tmp_path), "validate", "--environment", "staging", "--format", "json")
    assert code in [item["code"] for item in chosen.json["diagnostics"]]


def test_what_holds_in_all_environments_is_told_once(cli: Cli, tmp_path: Path) -> None:
    with_staging(tmp_path, "policy: {max_changes: 10}")
    ended = cli("-C", str(tmp_path), "validate", "--strict", "--format", "json")
    assert (ended.exit_code, ended.json["summary"]["numbers"]) == (0, 1), ended
    (tmp_path / "reconciler.yaml").write_text(ENVIRONMENTS % "policy: {}" + "nubmers: {}\n", "utf-8")
    (found,) = cli("-C", str(tmp_path), "validate", "--format", "json").json["diagnostics"]
    assert (found["code"], "--environment" in found["message"]) == ("unknown-key", False)
