"""Policy as a user meets it: a file of the trusted side, destinations, windows, protection, overrides that are kept."""

from __future__ import annotations

import getpass
import re
import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.architecture.imports import REPOSITORY
from tests.cli.conftest import Workplace

Judge = Callable[..., Path]


@pytest.fixture
def judge(tmp_path: Path) -> Judge:
    """Write a policy file beside the configuration's folder."""

    def write(block: str, name: str = "policy.yaml") -> Path:
        path = tmp_path / name
        path.write_text(f"version: 1\n{block}", "utf-8")
        return path

    return write


def policed(workplace: Workplace, text: str) -> Workplace:
    """The configuration's own policy."""
    path = workplace.folder / "reconciler.yaml"
    path.write_text(path.read_text("utf-8") + text, "utf-8")
    return workplace


# -- a file of the trusted side ---------------------------------------------------------------------------------------


def test_the_policy_of_a_file_holds_and_the_configurations_own_does_not(workplace: Workplace, judge: Judge) -> None:
    policed(workplace, "policy: {destinations: {allow: [RU, 'url:https://*']}, rules: {url-without-reserve: 'off'}}\n")
    path = judge("policy: {destinations: {deny: ['+7499222']}}\n")
    assert workplace.run("validate").exit_code == 0
    judged = workplace.run("validate", "--policy", str(path), "--format", "json")
    assert judged.exit_code == 1
    assert "policy-destination" in judged.codes
    (ignored,) = [item for item in judged.json["diagnostics"] if item["code"] == "policy-ignored"]
    assert (ignored["file"], ignored["severity"]) == ("reconciler.yaml", "notice")
    assert f"the one in {path} applies" in ignored["message"]
    planned = workplace.run("plan", "--policy", str(path), "--enforce-policy", "--format", "json")
    assert planned.exit_code == 5
    (breach,) = planned.json["policy"]
    assert (breach["code"], breach["address"], breach["file"], breach["line"]) == (
        "policy-destination",
        "sales/74991000000",
        "numbers.yaml",
        5,
    )
    assert breach["allowed_by"] == "--override policy-destination"
    assert workplace.run("apply", "--auto-approve", "--policy", str(path)).exit_code == 5
    assert workplace.sandbox.writes == []


def test_a_plan_is_judged_by_the_policy_of_the_apply(workplace: Workplace, judge: Judge) -> None:
    assert workplace.run("plan", "--out", "a.json").exit_code == 0
    strict = judge("policy: {destinations: {allow: []}}\n")
    assert workplace.run("apply", "a.json", "--policy", str(strict)).exit_code == 5
    assert workplace.sandbox.writes == []
    assert workplace.run("apply", "a.json", "--policy", str(judge("policy: {max_changes: 1}\n"))).exit_code == 0


def test_a_policy_file_may_be_a_whole_trusted_file_of_which_only_the_policy_counts(
    workplace: Workplace, judge: Judge
) -> None:
    path = judge("name: elsewhere\ndefaults: {timeout: 5}\npolicy: {require_https: false}\n", "reconciler.yaml")
    workplace.edit("https://example.com/route", "http://example.com/route")
    assert workplace.run("validate").exit_code == 1
    assert workplace.run("validate", "--policy", str(path)).exit_code == 0


@pytest.mark.parametrize(
    ("block", "code"),
    [
        ("", "missing-key"),
        ("policy:\n", "missing-key"),
        ("policy: strict\n", "wrong-type"),
        ("policy: {max_chnges: 1}\n", "unknown-key"),
        ("polcy: {}\npolicy: {}\n", "unknown-key"),
        ("policy: {change_window: office-hours}\n", "trusted-only"),
        ("policy: {change_window: {any: [office-hours, {period: 'hr {3}'}]}}\n", "trusted-only"),
        ("policy: {change_window: {not: office-hours}}\n", "trusted-only"),
    ],
)
def test_a_policy_file_that_is_unfit_is_refused_with_its_place(
    block: str, code: str, workplace: Workplace, judge: Judge
) -> None:
    path = judge(block)
    for words in (("validate",), ("plan",), ("apply", "--auto-approve")):
        ended = workplace.run(*words, "--policy", str(path), "--format", "json")
        assert ended.exit_code == 1
        assert [item["file"] for item in ended.json["diagnostics"] if item["code"] == code] == [str(path)]
    assert workplace.sandbox.log == []


def test_the_policy_files_of_the_page_on_security_are_no_part_of_the_configuration(workplace: Workplace) -> None:
    page = (REPOSITORY / "docs" / "security.md").read_text("utf-8")
    names = {Path(name).name for name in re.findall(r"--policy (\S+\.yaml)", page)}
    assert names
    for name in names:
        (workplace.folder / name).write_text("version: 1\npolicy: {max_failures: 3}\n", "utf-8")
    assert workplace.run("validate").exit_code == 0
    (workplace.folder / "policy.yaml").write_text("version: 1\npolicy: {max_failures: 3}\n", "utf-8")
    (found,) = [item for item in workplace.run("validate", "--format", "json").json["diagnostics"] if item["line"] == 2]
    assert found["code"] == "trusted-only"
    assert "a file for --policy has a name that begins with `_`" in found["hint"]


def test_a_policy_file_is_looked_for_in_the_current_folder_only(
    workplace: Workplace, judge: Judge, monkeypatch: pytest.MonkeyPatch
) -> None:
    judge("policy: {destinations: {allow: []}}\n", "_policy.yaml")
    (workplace.folder / "_policy.yaml").write_text("version: 1\npolicy: {}\n", "utf-8")
    monkeypatch.chdir(workplace.folder.parent)
    assert "policy-destination" in workplace.run("validate", "--policy", "_policy.yaml", "--format", "json").codes
    missing = workplace.run("validate", "--policy", "nowhere.yaml", "--format", "json")
    assert (missing.exit_code, "file-unreadable" in missing.codes) == (1, True)


def test_the_zone_of_the_window_is_that_of_the_policy_file_where_it_states_one(
    workplace: Workplace, judge: Judge
) -> None:
    policed(workplace, "")
    workplace.edit(
        "defaults: {account: sales, ", "defaults: {timezone: Asia/Tokyo, account: sales, ", "reconciler.yaml"
    )
    window = "policy: {change_window: {period: 'yr {2001}'}}\n"
    for block, zone in ((window, "Asia/Tokyo"), ("defaults: {timezone: UTC}\n" + window, "UTC")):
        ended = workplace.run("apply", "--auto-approve", "--policy", str(judge(block)), "--format", "json")
        assert f"(yr {{2001}}, {zone})" in ended.json["diagnostics"][0]["message"]


NIGHTS = "schedules: {nights: {any: [late]}, late: {period: 'yr {2001}'}, office-hours: {period: 'yr {2002}'}}\n"


@pytest.mark.parametrize(("name", "told"), [("nights", "yr {2001}"), ("office-hours", "yr {2002}")])
def test_a_window_by_name_takes_its_schedules_from_the_policy_file(
    name: str, told: str, workplace: Workplace, judge: Judge
) -> None:
    path = judge(NIGHTS + f"policy: {{change_window: {name}}}\n")
    ended = workplace.run("apply", "--auto-approve", "--policy", str(path), "--format", "json")
    assert (ended.exit_code, ended.codes) == (5, ["policy-change-window"])
    assert f"({told}, " in ended.json["diagnostics"][0]["message"]
    assert workplace.sandbox.writes == []


# -- change windows ---------------------------------------------------------------------------------------------------

NEVER = "policy: {change_window: {period: 'yr {2001}'}}\n"


def test_outside_the_window_nothing_is_written_and_the_zone_is_told(workplace: Workplace) -> None:
    policed(workplace, NEVER)
    ended = workplace.run("apply", "--auto-approve", "--format", "json")
    assert (ended.exit_code, ended.codes) == (5, ["policy-change-window"])
    (told,) = ended.json["diagnostics"]
    assert told["message"] == "the change window is closed (yr {2001}, Europe/Moscow); it never opens again"
    assert "--override policy-change-window" in told["hint"]
    assert told["file"] == "reconciler.yaml"
    assert workplace.sandbox.writes == []


@pytest.mark.parametrize(("word", "code"), [((), 0), (("--enforce-policy",), 5)])
def test_a_plan_says_that_the_window_is_closed_under_its_own_key(
    word: tuple[str, ...], code: int, workplace: Workplace
) -> None:
    policed(workplace, "policy:\n  max_changes: 30%\n  change_window: {period: 'yr {2001}'}\n  max_deletes: 1\n")
    ended = workplace.run("plan", *word, "--format", "json")
    assert ended.exit_code == code
    (told,) = ended.json["policy"]
    rows = (workplace.folder / "reconciler.yaml").read_text("utf-8").splitlines()
    assert rows[told["line"] - 1][told["column"] - 1 :].startswith("change_window:")
    audited = workplace.run("audit")
    assert "warning[policy-change-window]: the change window is closed (yr {2001}, Europe/Moscow)" in audited.stderr


@pytest.mark.parametrize("key", ["max_changes", "max_deletes"])
def test_a_limit_that_is_exceeded_is_told_at_its_own_key(key: str, workplace: Workplace) -> None:
    policed(workplace, "")
    workplace.applied()
    policed(workplace, "policy:\n  require_https: true\n  max_changes: 0\n  max_deletes: 0\n")
    workplace.edit(
        '    forwarding: {type: url, url: https://example.com/route, reserve: "74993334455"}', "    forwarding: none"
    )
    found = workplace.run("plan", "--allow-delete", "--format", "json").json["policy"]
    (told,) = [each for each in found if each["code"] == f"policy-{key.replace('_', '-')}"]
    rows = (workplace.folder / "reconciler.yaml").read_text("utf-8").splitlines()
    assert rows[told["line"] - 1][told["column"] - 1 :].startswith(f"{key}:")


def test_an_override_is_written_into_the_run_with_who_and_when(workplace: Workplace) -> None:
    policed(workplace, NEVER)
    words = ("--override", "policy-change-window", "--allow-adopt")
    done = workplace.run("apply", "--auto-approve", *words, "--format", "json")
    assert done.exit_code == 0
    run = workplace.run("show", done.json["run_id"], "--format", "json").json["run"]
    assert run["overrides"] == ["adopt", "policy-change-window"]
    assert (run["user"], run["host"]) == (getpass.getuser(), socket.gethostname())
    assert run["started_at"] == done.json["started_at"]
    text = workplace.run("show", done.json["run_id"]).stdout
    assert "permitted   adopt, policy-change-window" in text


def test_an_override_of_a_saved_plan_is_written_into_the_run_that_applies_it(workplace: Workplace) -> None:
    policed(workplace, NEVER)
    workplace.run("plan", "--out", "a.json", "--override", "policy-change-window")
    done = workplace.run("apply", "a.json", "--format", "json")
    assert done.exit_code == 0
    run = workplace.run("show", done.json["run_id"], "--format", "json").json["run"]
    assert run["overrides"] == ["policy-change-window"]


# -- overrides --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        ("policy-max-change", "did you mean policy-max-changes?"),
        ("unwritable-field", "did you mean unwritable-fields?"),
        ("needs-allow-delete", "pass --allow-delete"),
        ("quite-something-else", "these can be set aside: policy-max-changes, "),
    ],
)
def test_a_rule_that_cannot_be_set_aside_is_wrong_usage(rule: str, words: str, workplace: Workplace) -> None:
    for command in (("plan",), ("apply", "--auto-approve"), ("undo",)):
        ended = workplace.run(*command, "--override", rule)
        assert ended.exit_code == 64
        assert words in ended.stderr


@pytest.mark.parametrize("command", ["plan", "apply", "undo"])
def test_there_is_no_force(command: str, workplace: Workplace) -> None:
    assert workplace.run(command, "--force").exit_code == 64
    assert "--force" not in workplace.run(command, "--help").stdout


# -- protected --------------------------------------------------------------------------------------------------------


def test_the_record_keeps_a_number_protected_until_a_permitted_change_says_otherwise(workplace: Workplace) -> None:
    workplace.edit("    tags: [moscow]\n", "    tags: [moscow]\n    protected: true\n")
    assert workplace.run("apply", "--auto-approve").exit_code == 5
    assert workplace.run("apply", "--auto-approve", "--allow-protected").exit_code == 0
    workplace.edit("    protected: true\n", "")
    workplace.edit("timeout: 16", "timeout: 25")
    refused = workplace.run("apply", "--auto-approve", "--format", "json")
    assert (refused.exit_code, refused.codes) == (5, ["needs-allow-protected"])
    assert "--allow-protected" in refused.json["diagnostics"][0]["hint"]
    assert workplace.run("apply", "--auto-approve", "--allow-protected").exit_code == 0
    workplace.edit("timeout: 25", "timeout: 26")
    assert workplace.run("apply", "--auto-approve").exit_code == 0
