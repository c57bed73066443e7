"""The formats of machines that review changes: one document whatever happens, with places that they can find."""

from __future__ import annotations

import importlib
import json
import re
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from reconciler.cli.process import places
from tests.cli.conftest import REVIEWS, Cli, Ended, Workplace
from tests.unit.views.ci.readers import CODE_QUALITY, SARIF, Command, runner

jsonschema: Any = importlib.import_module("jsonschema")  # which has no types
COMMANDS = [(command, form) for command in ("validate", "plan") for form in REVIEWS]
COMMANDS += [("audit", form) for form in ("junit", "gitlab-junit", "sarif")]
ASKING = [(command, form) for command, form in COMMANDS if command != "validate"]


def commands(ended: Ended) -> list[Command]:
    """Standard output as the workflow commands that each of its lines must be."""
    found = [runner(line) for line in ended.stdout.splitlines()]
    assert None not in found, ended.stdout
    return [each for each in found if each is not None]


def read(form: str, ended: Ended) -> Any:
    """Standard output as the one document that it must be."""
    match form:
        case "github":
            return commands(ended)
        case "gitlab":
            jsonschema.validate(ended.json, CODE_QUALITY)
            return ended.json
        case "sarif":
            jsonschema.validate(ended.json, SARIF)
            return ended.json["runs"][0]
        case _:
            return ET.fromstring(ended.stdout)


def rules(form: str, found: Any) -> set[str]:
    """The rules that a document tells of as wrong."""
    match form:
        case "github":
            return {each.properties["title"] for each in found if each.name == "error"}
        case "gitlab":
            return {each["check_name"] for each in found if each["severity"] == "critical"}
        case "sarif":
            return {each["ruleId"] for each in found["results"] if each["level"] == "error"}
        case _:
            return {each.attrib["type"] for each in found.iter("failure")}


# -- whatever happens ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("command", "form"), COMMANDS)
def test_bad_files_are_one_document_and_end_with_1(command: str, form: str, workplace: Workplace) -> None:
    workplace.edit("hr {9-17}", "hr {6am-14pm}")
    ended = workplace.run(command, "--format", form)
    assert ended.exit_code == 1
    assert "period-hour" in rules(form, read(form, ended))


@pytest.mark.parametrize(("command", "form"), COMMANDS)
@pytest.mark.parametrize("wrong", [("--frob",), ("--trusted",), ("--scenario",)], ids=" ".join)
def test_wrong_usage_is_one_document_and_ends_with_64(
    command: str, form: str, wrong: tuple[str, ...], cli: Cli
) -> None:
    for arguments in ((command, f"--format={form}", *wrong), (command, "--format", form, *wrong)):
        ended = cli(*arguments)
        assert ended.exit_code == 64
        assert rules(form, read(form, ended)) == {"usage"}


@pytest.mark.parametrize("form", REVIEWS)
def test_a_command_that_does_not_speak_a_format_says_so_in_it(form: str, cli: Cli) -> None:
    ended = cli("list", "--format", form)
    assert ended.exit_code == 64
    assert rules(form, read(form, ended)) == {"usage"}


@pytest.mark.parametrize(("command", "form"), ASKING)
def test_a_vendor_that_cannot_be_reached_is_one_document_and_ends_with_1(
    command: str, form: str, workplace: Workplace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("reconciler.http.budget.Patience.backoff", lambda _self, _attempt: 0.0)
    workplace.sandbox.stop()
    ended = workplace.run(command, "--format", form)
    assert ended.exit_code == 1
    assert "provider-unavailable" in rules(form, read(form, ended))


@pytest.mark.parametrize(("command", "form"), ASKING)
def test_an_account_that_is_not_declared_is_one_document(command: str, form: str, workplace: Workplace) -> None:
    workplace.edit('  "74991000001":\n', '  "74991000001":\n    account: nowhere\n')
    ended = workplace.run(command, "--format", form)
    assert ended.exit_code == 1
    assert "unknown-account" in rules(form, read(form, ended))


@pytest.mark.parametrize("form", REVIEWS)
def test_a_plan_that_apply_would_refuse_ends_with_5_where_policy_is_enforced(form: str, workplace: Workplace) -> None:
    workplace.applied().edit('{type: url, url: https://example.com/route, reserve: "74993334455"}', "none")
    ended = workplace.run("plan", "--format", form)
    assert ended.exit_code == 0
    assert ("needs-allow-delete" in rules(form, read(form, ended))) is ("junit" in form)
    ended = workplace.run("plan", "--format", form, "--enforce-policy")
    assert ended.exit_code == 5
    assert "needs-allow-delete" in rules(form, read(form, ended))


@pytest.mark.parametrize("form", REVIEWS)
def test_a_fault_of_the_program_is_one_document(
    form: str, workplace: Workplace, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_arguments: object, **_options: object) -> None:
        raise RuntimeError("a ::set-output name=x::y")

    monkeypatch.setattr("reconciler.cli.plan.make_plan", broken)
    ended = workplace.run("plan", "--format", form)
    assert ended.exit_code == 1
    assert rules(form, read(form, ended)) == {"program-fault"}


@pytest.mark.parametrize("form", REVIEWS)
@pytest.mark.parametrize(("options", "code"), [((), 0), (("--strict",), 1)])
def test_a_warning_fails_only_where_none_may_pass(
    form: str, options: tuple[str, ...], code: int, workplace: Workplace
) -> None:
    ended = workplace.run("validate", "--format", form, *options)
    assert ended.exit_code == code
    assert "route-gap" in ended.stdout
    assert read(form, ended) is not None
    assert (ended.stdout.count("<failure") > 0) is ("junit" in form and code == 1)


@pytest.mark.parametrize("words", [(), ("--frob",)], ids=["failed", "usage"])
@pytest.mark.parametrize(
    ("command", "form", "beginning", "end"),
    [
        ("plan", "html", "<!DOCTYPE html>", "</html>"),
        ("audit", "html", "<!DOCTYPE html>", "</html>"),
        ("calendar", "html", "<!DOCTYPE html>", "</html>"),
        ("plan", "markdown", "<!-- reconciler plan -->\n\n### reconciler plan failed\n\n```", "\n```"),
    ],
)
def test_a_page_and_a_comment_say_so_where_there_is_nothing_else_to_say(
    command: str, form: str, beginning: str, end: str, words: tuple[str, ...], workplace: Workplace
) -> None:
    workplace.edit("hr {9-17}", "hr {<b>14pm```}")
    ended = workplace.run(command, "--format", form, *words)
    assert ended.exit_code == (64 if words else 1)
    assert ended.stdout.startswith(beginning)
    assert ended.stdout.replace("````", "```").rstrip().endswith(end)
    assert ("no option --frob" if words else "14pm") in re.sub(r"</?span[^>]*>", "", ended.stdout)
    assert "<b>" not in ended.stdout or form == "markdown"
    assert "error[" in ended.stderr


# -- what a reviewer sees --------------------------------------------------------------------------------------------


def test_an_edit_is_told_at_its_number(workplace: Workplace) -> None:
    workplace.applied().edit("timeout: 16", "timeout: 25")
    summed_up, told = commands(workplace.run("plan", "--format", "github"))
    assert (summed_up.name, summed_up.message) == ("notice", "1 to update, 1 unchanged")
    assert (told.properties["file"], told.properties["line"]) == ("numbers.yaml", "5")
    assert "targets[0].timeout: 16 s -> 25 s" in told.message.splitlines()


@pytest.mark.parametrize("form", REVIEWS)
def test_the_log_of_the_job_tells_what_the_document_tells_elsewhere(form: str, workplace: Workplace) -> None:
    workplace.edit("74991000001", "74991000099")
    ended = workplace.run("plan", "--format", form)
    if form == "github":
        assert ended.stderr == ""
    else:
        assert "numbers.yaml:11:3: error[provider-not-owned]: " in ended.stderr
        assert "1 to create, 1 unknown\n" in ended.stderr


def test_quiet_and_verbose_choose_what_is_told(workplace: Workplace) -> None:
    told = {
        option: {each.properties["title"] for each in commands(workplace.run("validate", "--format", "github", option))}
        for option in ("-q", "-v")
    }
    assert told["-v"] - told["-q"] >= {"route-gap"}


@pytest.mark.parametrize("form", ["junit", "sarif"])
def test_an_audit_tells_drift(form: str, workplace: Workplace) -> None:
    stored = workplace.applied().sandbox.exolve.forwarding("74991000000")
    assert stored is not None
    stored["call_forwarding_number"]["call_control"][0]["timeout"] = 40
    workplace.sandbox.exolve.set("74991000000", stored)
    ended = workplace.run("audit", "--format", form)
    assert ended.exit_code == 2
    found = read(form, ended)
    if form == "junit":
        assert rules(form, found) == {"drift"}
        assert "targets[0].timeout: 16 s -> 40 s" in found.findtext(".//failure").splitlines()
    else:
        assert {each["level"] for each in found["results"] if each["ruleId"] == "drift"} == {"warning"}


def test_a_page_of_an_audit_tells_drift(workplace: Workplace) -> None:
    stored = workplace.applied().sandbox.exolve.forwarding("74991000000")
    assert stored is not None
    stored["call_forwarding_number"]["call_control"][0]["timeout"] = 40
    workplace.sandbox.exolve.set("74991000000", stored)
    ended = workplace.run("audit", "--format", "html")
    assert ended.exit_code == 2
    assert ended.stdout.startswith("<!DOCTYPE html>")
    assert '<td data-side="as written">16 s</td><td data-side="live now">40 s</td>' in ended.stdout
    assert "Горячая линия, Москва" in ended.stdout


@pytest.mark.parametrize("form", ["markdown", *REVIEWS])
def test_a_saved_plan_is_shown_as_it_was_when_it_was_made(form: str, workplace: Workplace) -> None:
    workplace.edit("74991000001", "74991000099")
    made = workplace.run("plan", "--out", "plan.json", "--format", form)
    shown = workplace.run("show", "plan.json", "--format", form)
    assert (shown.exit_code, shown.stdout) == (0, made.stdout)


@pytest.mark.parametrize("what", ["74991000000", "0123abcd", "no-plan.json"])
@pytest.mark.parametrize("form", REVIEWS)
def test_only_a_plan_is_shown_to_reviewers(what: str, form: str, workplace: Workplace) -> None:
    ended = workplace.run("show", what, "--format", form)
    assert ended.exit_code == 64
    assert rules(form, read(form, ended)) == {"usage"}


# -- nobody else's words ---------------------------------------------------------------------------------------------

OWNED = "::set-output name=owned::x ##[set-output name=owned]x"


@pytest.mark.parametrize(("command", "form"), [*COMMANDS, *((name, "text") for name in ("validate", "plan", "audit"))])
def test_text_of_files_and_vendors_is_no_command_of_github(command: str, form: str, workplace: Workplace) -> None:
    workplace.edit("Горячая линия, Москва", f'"{"word " * 12}{OWNED} {OWNED} %0A{OWNED}"')
    workplace.edit("schedule: office-hours}", f'schedule: office-hours, name: "{OWNED}"}}')
    entry = {"call_forwarding_number": "74992223344", "timeout": 16, "name": OWNED, "active": True}
    live = {"call_forwarding_type": 2, "call_forwarding_number": {"redirect_type": 1, "call_control": [entry]}}
    workplace.sandbox.exolve.set("74991000000", live)
    ended = workplace.run(command, "--format", form, GITHUB_ACTIONS="true")
    assert ended.exit_code == 0
    told = [runner(line) for line in (ended.stdout + ended.stderr).splitlines()]
    assert {each.name for each in told if each is not None} <= {"error", "warning", "notice"}
    assert all(form == "github" for each in told if each is not None)


# -- places ----------------------------------------------------------------------------------------------------------


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    top = tmp_path / "repository"
    (top / ".git").mkdir(parents=True)
    (top / "phones" / "numbers").mkdir(parents=True)
    monkeypatch.chdir(top)
    return top


def test_places_count_from_the_top_of_the_repository_wherever_one_works(
    repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert places(Path("phones"))("numbers/a.yaml") == "phones/numbers/a.yaml"
    assert places(repository / "phones")("numbers/a.yaml") == "phones/numbers/a.yaml"
    monkeypatch.chdir(repository / "phones")
    assert places(Path())("numbers/a.yaml") == "phones/numbers/a.yaml"
    monkeypatch.chdir(repository.parent)
    assert places(Path("repository/phones"))("numbers/a.yaml") == "phones/numbers/a.yaml"
    assert places(repository / "phones" / "nowhere")("reconciler.yaml") == "phones/nowhere/reconciler.yaml"


def test_a_policy_file_is_found_from_where_one_works(repository: Path) -> None:
    assert places(Path("phones"), Path("policy.yaml"))("policy.yaml") == "policy.yaml"
    assert places(Path("phones"), Path("../policy.yaml"))("../policy.yaml") is None
    assert places(Path("phones"), Path("/elsewhere/policy.yaml"))("/elsewhere/policy.yaml") is None


def test_a_worktree_and_a_link_are_repositories_too(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(repository.parent)
    (repository / ".git").rmdir()
    (repository / ".git").write_text("gitdir: elsewhere\n", "utf-8")
    (repository.parent / "link").symlink_to(repository / "phones")
    assert places(repository.parent / "link")("a.yaml") == "phones/a.yaml"


def test_outside_of_a_repository_places_count_from_where_one_works(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert places(Path("phones"))("a.yaml") == "phones/a.yaml"
    (tmp_path / "other").mkdir()
    monkeypatch.chdir(tmp_path / "other")
    assert places(tmp_path / "phones")("a.yaml") == "a.yaml"


def test_json_stays_what_it_was(workplace: Workplace) -> None:
    shown = workplace.run("validate", "--format", "json")
    assert json.loads(shown.stdout)["valid"] is True
