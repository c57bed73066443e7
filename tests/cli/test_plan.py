"""`reconciler plan`: what would change, with nothing written but a plan file."""

from __future__ import annotations

import json
import stat

import pytest

from tests.cli.conftest import Workplace


def test_a_plan_shows_what_would_change_and_writes_nothing(workplace: Workplace) -> None:
    workplace.sandbox.fail_on_writes()
    ended = workplace.run("plan")
    assert ended.exit_code == 0
    head, _blank, first, *rest = ended.stdout.splitlines()
    assert head.startswith("2 numbers in 1 account: 2 read")
    assert first == "+ sales/74991000000   Горячая линия, Москва                       numbers.yaml:5"
    assert "+ sales/74991000001   no forwarding -> URL https://example.com/route" in [
        line[:68].rstrip() for line in rest
    ]
    assert rest[-1] == "2 to create"
    assert not any(call.mutating for call in workplace.sandbox.log)
    assert sorted(path.name for path in workplace.folder.iterdir()) == ["numbers.yaml", "reconciler.yaml"]


def test_after_an_apply_there_is_nothing_to_do(workplace: Workplace) -> None:
    ended = workplace.applied().run("plan", "--detailed-exitcode")
    assert ended.exit_code == 0
    assert ended.stdout.endswith("No changes: 2 numbers are as the files say.\n")


def test_an_edit_shows_as_its_field_alone(workplace: Workplace) -> None:
    workplace.applied().edit("timeout: 16", "timeout: 25")
    ended = workplace.run("plan", "--detailed-exitcode")
    assert ended.exit_code == 2
    assert "    targets[0].timeout   16 s -> 25 s\n" in ended.stdout
    assert "74991000001" not in ended.stdout


def test_json_is_the_plan_and_nothing_else(workplace: Workplace) -> None:
    ended = workplace.run("plan", "--format", "json")
    assert ended.exit_code == 0
    assert ended.json["summary"]["create"] == 2
    assert ended.json["complete"] is True
    assert [change["address"] for change in ended.json["changes"]] == ["sales/74991000000", "sales/74991000001"]
    assert ended.json["changes"][0]["declared_at"] == "numbers.yaml:5:3"
    assert ended.stderr == ""


@pytest.mark.parametrize(
    ("options", "numbers"),
    [
        (("--tag", "moscow"), ["74991000000"]),
        (("--target", "*1"), ["74991000001"]),
        (("--target", "sales/*"), ["74991000000", "74991000001"]),
        (("--limit", "1"), ["74991000000"]),
    ],
)
def test_a_plan_can_be_narrowed(options: tuple[str, ...], numbers: list[str], workplace: Workplace) -> None:
    changes = workplace.run("plan", "--format", "json", *options).json["changes"]
    assert [change["number"] for change in changes] == numbers


def test_refresh_none_reads_nothing(workplace: Workplace) -> None:
    workplace.applied().edit("timeout: 16", "timeout: 25")
    ended = workplace.run("plan", "--refresh", "none", "--format", "json")
    assert ended.json["summary"]["update"] == 1
    assert ended.json["calls"]["made"] == 0
    assert workplace.sandbox.log == []


def test_a_saved_plan_is_private_and_equals_what_json_shows(workplace: Workplace) -> None:
    ended = workplace.run("plan", "--out", "a.json", "--expires", "24h", "--allow-delete")
    assert ended.exit_code == 0
    assert "reconciler apply a.json" in ended.stderr
    path = workplace.folder / "a.json"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    saved = json.loads(path.read_text("utf-8"))
    assert saved["allow"] == ["delete"]
    assert saved["expires_at"] > saved["created_at"]
    shown = workplace.run("show", "a.json", "--format", "json").json
    assert shown == saved


def test_a_plan_that_cannot_be_saved_says_so_and_leaves_nothing(workplace: Workplace) -> None:
    ended = workplace.run("plan", "--out", "no-such-folder/a.json", "--format", "json")
    assert ended.exit_code == 1
    assert ended.codes == ["plan-file"]
    (workplace.folder / "taken").mkdir()
    assert workplace.run("plan", "--out", "taken").exit_code == 1
    assert [path.name for path in workplace.folder.glob(".*.??*") if path.name != ".reconciler"] == []


def test_a_number_that_cannot_be_read_makes_the_plan_incomplete_and_ends_with_1(workplace: Workplace) -> None:
    workplace.edit("74991000001", "74991000099")
    ended = workplace.run("plan", "--detailed-exitcode", "--format", "json")
    assert ended.exit_code == 1
    assert ended.json["complete"] is False
    assert ended.json["summary"]["unknown"] == 1
    text = workplace.run("plan")
    assert text.exit_code == 1
    assert "numbers.yaml:11:3: error[provider-not-owned]: sales/74991000099 cannot be read: " in text.stderr
    assert "The plan is incomplete" in text.stdout


def test_breaches_are_shown_and_end_with_5_only_where_asked(workplace: Workplace) -> None:
    workplace.applied().edit('{type: url, url: https://example.com/route, reserve: "74993334455"}', "none")
    ended = workplace.run("plan")
    assert ended.exit_code == 0
    assert "    needs --allow-delete\n" in ended.stdout
    assert ended.stdout.endswith("apply needs --allow-delete for 1 number\n")
    assert workplace.run("plan", "--enforce-policy").exit_code == 5
    assert workplace.run("plan", "--enforce-policy", "--detailed-exitcode").exit_code == 5
    assert workplace.run("plan", "--enforce-policy", "--allow-delete").exit_code == 0


def test_a_missing_secret_is_named_and_not_a_traceback(workplace: Workplace) -> None:
    ended = workplace.run("plan", EXOLVE_API_KEY="")
    assert ended.exit_code == 1
    assert "environment variable EXOLVE_API_KEY is set but empty" in ended.stderr
    assert "Traceback" not in ended.stderr


def test_a_sensitive_value_is_masked_everywhere(workplace: Workplace) -> None:
    workplace.edit("url: https://example.com/route", "url: 'https://example.com/route?key=${var:ROUTE_KEY}'")
    canary = "canary-route-key"
    texts = [
        workplace.run("plan", *words, RECONCILER_VAR_ROUTE_KEY=canary)
        for words in ((), ("--format", "json"), ("--out", "a.json"), ("-v",))
    ]
    assert all(ended.exit_code == 0 for ended in texts)
    assert all(canary not in ended.stdout + ended.stderr for ended in texts)
    assert "https://example.com/route?***" in texts[0].stdout
    assert canary not in (workplace.folder / "a.json").read_text("utf-8")


def test_paths_narrow_the_plan(workplace: Workplace) -> None:
    (workplace.folder / "more.yaml").write_text('version: 1\nnumbers: {"74991000005": {forwarding: none}}\n', "utf-8")
    ended = workplace.run("plan", "more.yaml", "--format", "json")
    assert ended.json["summary"]["unchanged"] == 1
    assert ended.json["changes"] == []


def test_a_plan_of_one_file_says_nothing_of_recorded_numbers_of_others(workplace: Workplace) -> None:
    workplace.applied()
    (workplace.folder / "more.yaml").write_text('version: 1\nnumbers: {"74991000005": {forwarding: none}}\n', "utf-8")
    ended = workplace.run("plan", "more.yaml", "--format", "json")
    assert (ended.exit_code, ended.json["complete"]) == (0, True)
    assert "block-missing" not in ended.codes


def test_a_plan_of_one_file_follows_calls_into_others(workplace: Workplace) -> None:
    root = workplace.folder / "reconciler.yaml"
    root.write_text(root.read_text("utf-8") + 'policy: {destinations: {deny: ["+7809"]}}\n', "utf-8")
    entry = 'version: 1\nnumbers: {"%s": {forwarding: {type: number, targets: [{to: "%s", timeout: 9}]}}}\n'
    one, two = workplace.folder / "one.yaml", workplace.folder / "two.yaml"
    one.write_text(entry % ("74991000005", "74991000006"), "utf-8")
    two.write_text(entry % ("74991000006", "78091112233"), "utf-8")
    ended = workplace.run("plan", "one.yaml", "--enforce-policy", "--format", "json")
    assert ended.exit_code == 5
    (breach,) = ended.json["policy"]
    assert "78091112233 (by way of 74991000006)" in breach["message"]
    two.write_text(entry % ("74991000006", "74991000005"), "utf-8")
    for words in (("plan", "one.yaml"), ("validate", "one.yaml")):
        ended = workplace.run(*words, "--format", "json")
        assert (
            ended.exit_code,
            [item["file"] for item in ended.json["diagnostics"] if item["code"] == "route-loop"],
        ) == (
            1,
            ["one.yaml"],
        )
    assert "route-loop" not in workplace.run("validate", "numbers.yaml", "--format", "json").codes


def test_a_vendor_that_cannot_be_reached_ends_with_1(workplace: Workplace) -> None:
    workplace.sandbox.stop()
    ended = workplace.run("plan", "--format", "json")
    assert ended.exit_code == 1
    assert ended.json["complete"] is False


def test_a_plan_as_a_page_and_as_a_comment_shows_each_change(workplace: Workplace) -> None:
    page = workplace.run("plan", "--format", "html")
    assert (page.exit_code, page.stdout[:15]) == (0, "<!DOCTYPE html>")
    comment = workplace.run("plan", "--format", "markdown")
    assert comment.stdout.startswith("<!-- reconciler plan test -->\n\n### Plan: 2 to create\n")
    for number in ("74991000000", "74991000001"):
        assert number in page.stdout
        assert f"+ sales/{number}" in comment.stdout


def test_a_plan_is_refused_where_calls_go_in_a_circle(workplace: Workplace) -> None:
    workplace.edit('"74992223344", timeout: 16, schedule: office-hours', '"74991000000"')
    ended = workplace.run("plan", "--format", "json")
    assert ended.exit_code == 1
    assert "route-loop" in ended.codes
    assert list(workplace.sandbox.log) == []


def test_a_scenario_shows_its_effects_and_later_plans_say_how_to_go_back(workplace: Workplace) -> None:
    workplace.applied()
    storm = '{numbers: {"74991000000": {forwarding: {type: url, url: https://example.com/storm, reserve: null}}}}'
    with (workplace.folder / "numbers.yaml").open("a", encoding="utf-8") as file:
        file.write(f"scenarios:\n  storm: {storm}\n")
    planned = workplace.run("plan", "--scenario", "storm", "--format", "json")
    (change,) = planned.json["changes"]
    assert [(effect["when"], effect["after"]) for effect in change["effects"]] == [
        ("Mon-Fri 0:00-9:00, 18:00-24:00; Sat, Sun", "URL https://example.com/storm"),
        ("Mon-Fri 9:00-18:00", "URL https://example.com/storm"),
    ]
    assert workplace.run("apply", "--scenario", "storm", "--auto-approve").exit_code == 0
    after = workplace.run("plan")
    assert "scenario 'storm' is in force; this plan goes back to the files without it" in after.stderr
    assert "--scenario storm" in after.stderr
    assert workplace.run("apply", "--auto-approve").exit_code == 0
    assert "storm" not in workplace.run("plan").stderr


@pytest.mark.parametrize("command", [("plan",), ("plan", "-q"), ("apply", "--auto-approve", "-q")])
def test_a_selection_that_fits_nothing_is_an_error(command: tuple[str, ...], workplace: Workplace) -> None:
    ended = workplace.run(*command, "--target", "7999*", "--tag", "two words")
    assert (ended.exit_code, ended.stdout) == (1, "")
    assert (
        "error[selection-empty]: no managed number in the files matches --target '7999*' --tag 'two words'"
        in ended.stderr
    )


def test_a_selected_number_may_be_in_any_spelling(workplace: Workplace) -> None:
    for spelling in ("74991000000", "+7 (499) 100-00-00", "sales/7 499 100.00.00"):
        ended = workplace.run("plan", "--target", spelling, "--format", "json")
        assert [change["number"] for change in ended.json["changes"]] == ["74991000000"]


@pytest.mark.parametrize("command", [("plan",), ("apply", "--auto-approve")])
def test_an_account_that_does_not_exist_is_an_error(command: tuple[str, ...], workplace: Workplace) -> None:
    ended = workplace.run(*command, "--account", "sale", "--format", "json")
    assert (ended.exit_code, ended.codes) == (1, ["unknown-account"])
    assert ended.json["diagnostics"][0]["hint"] == "did you mean sales?"
    assert workplace.sandbox.log == []
