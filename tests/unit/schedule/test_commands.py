"""`reconciler period …`: output, exit codes, filters."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from reconciler.cli import main
from tests.architecture.imports import REPOSITORY


def run(*arguments: str, given: str | bytes = "") -> Result:
    return CliRunner().invoke(main, ["period", *arguments], input=given)


def test_check_draws_a_caret_under_the_fault() -> None:
    result = run("check", "wd {Mon-Fri} hr {6am-14pm}")
    assert result.exit_code == 1
    assert result.stdout == (
        "period:1:22: error[period-hour]: '14pm' is not an hour of the 12-hour clock (1pm to 11pm)\n"
        "  1 | wd {Mon-Fri} hr {6am-14pm}\n"
        "    |                      ^^^^\n"
        "    = hint: for 06:00-15:00 write hr {6-14}\n"
    )


@pytest.mark.parametrize("text", ["wd {mon}, wd {tue}", "none", "wd {1-5}", "yd {366} hr {9}"])
def test_check_judges_the_grammar_alone(text: str) -> None:
    assert run("check", text).exit_code == 0


@pytest.mark.parametrize(
    ("given", "message", "hint"),
    [
        ("weekly: {mon,wed: 09:00-18:00}", "`mon` has no hours", "a comma in {…} begins another key"),
        ("weekly: {mon: }", "`mon` has no hours", "write mon: 09:00-18:00"),
        ("weekly: {mon: []}", "`mon` has no hours", "write mon: 09:00-18:00"),
        ("weekly: {mon: [{a: 1}]}", "here stands a map", "write one value"),
        ("dates: 05-09", "`dates` is a list", "write dates: [05-09]"),
        ("dates: [[05-09]]", "here stands a list", "write one value"),
        ("dates: [~]", "here stands nothing", "write one value"),
        ("public: [RU]", "here stands a list", "write one value"),
    ],
)
def test_compile_speaks_of_what_is_written(given: str, message: str, hint: str) -> None:
    ended = run("compile", "-", given=given)
    assert ended.exit_code == 1
    assert message in ended.stderr
    assert hint in ended.stderr
    assert "None" not in ended.stderr


def test_compile_shows_what_a_declared_schedule_becomes() -> None:
    team = str(REPOSITORY / "examples" / "team-repository")
    command = ["-C", team, "period", "compile", "--schedule"]
    ended = CliRunner().invoke(main, [*command, "office-hours"])
    assert (ended.exit_code, ended.stdout) == (0, "wd {mon-fri} hr {9-17}\n")
    named = json.loads(CliRunner().invoke(main, [*command, "office-hours", "--format", "json"]).stdout)
    assert named["place"] == "shared/schedules.yaml:5"
    assert set(named["accounts"]) == {"sales", "support"}  # `office` parks its numbers and takes no schedule
    wrong = CliRunner().invoke(main, [*command, "ofice-hours"])
    assert (wrong.exit_code, "did you mean office-hours?" in wrong.stderr) == (1, True)
    for arguments in ((), ("-", "--schedule", "office-hours")):
        assert run("compile", *arguments).exit_code == 64


REFUSED = """\
version: 1
accounts:
  sales: {provider: exolve, api_key: {env: K}}
  mine: {provider: exolve, api_key: {env: M}, period: {weekday_base: monday}}
defaults: {account: sales, timeout: 20}
schedules: {counted: {period: "wd {1-5} hr {9-17}"}}
numbers:
  "74991112233": {forwarding: {type: number, targets: [{to: "74992223344"}]}}
"""


def test_a_schedule_that_no_account_takes_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "reconciler.yaml").write_text(REFUSED, "utf-8")
    command = ["-C", str(tmp_path), "period", "compile", "--schedule", "counted"]
    ended = CliRunner().invoke(main, command)
    assert (ended.exit_code, ended.stdout) == (1, "")
    assert "error[period-numeric-weekday]" in ended.stderr
    (tmp_path / "reconciler.yaml").write_text(REFUSED.replace("account: sales", "account: mine"), "utf-8")
    ended = CliRunner().invoke(main, command)
    assert (ended.exit_code, ended.stdout) == (0, "wd {1-5} hr {9-17}\n")


def test_check_as_json_holds_every_text() -> None:
    result = run("check", "--format", "json", "wd {1-5}", "hr {24}")
    first, second = json.loads(result.stdout)["periods"]
    assert result.exit_code == 1
    assert (first["valid"], first["canonical"], second["valid"]) == (True, "wd {mon-thu sun}", False)
    assert [item["severity"] for item in first["diagnostics"]] == ["warning"]
    assert [(item["code"], item["column"]) for item in second["diagnostics"]] == [("period-hour", 5)]


def test_check_filters_lines() -> None:
    result = run("check", "--stdin", given="hr {9}\nhr {24}\n\nwd {1-5}, hr {9}\nhr {9,10}")
    assert result.stdout == "ok\nerror: period-hour\nok\nok\nerror: period-comma-inside\n"
    assert result.exit_code == 1
    assert run("check", "--stdin", given="hr {9}\n").exit_code == 0


def test_filters_write_one_json_document_where_that_is_asked_for() -> None:
    checked = run("check", "--stdin", "--format", "json", given=b"hr {9}\r\nhr {24}\n\xff\n")
    assert checked.exit_code == 1
    assert [(item["text"], item["valid"]) for item in json.loads(checked.stdout)["periods"]] == [
        ("hr {9}", True),
        ("hr {24}", False),
        ("\ufffd", False),
    ]
    matched = run("match", "--stdin", "--format", "json", given="21600\thr {9}\n0\thr {9}\n0\thr {24}\n")
    assert (matched.exit_code, json.loads(matched.stdout)["answers"]) == (0, [1, 0, -1])


@pytest.mark.parametrize("given", ["", "# nothing\n"])
def test_compile_of_nothing_says_what_a_schedule_is(given: str) -> None:
    ended = run("compile", "-", given=given)
    assert ended.exit_code == 1
    assert "hint: write weekly: {mon-fri: 09:30-18:15}" in ended.stderr


def test_match_answers_one_instant() -> None:
    assert run("match", "hr {9}", "--at", "2026-11-23 09:30").stdout == "1\n"
    assert run("match", "hr {9}", "--at", "2026-11-23T06:30Z").stdout == "1\n"
    assert run("match", "hr {9}", "--at", "2026-11-23 09:30", "--timezone", "UTC").stdout == "1\n"
    assert run("match", "hr {9}", "--at", "0").stdout == "0\n"
    wrong = run("match", "hr {24}", "--at", "0")
    assert (wrong.stdout, wrong.exit_code) == ("-1\n", 1)


def test_match_filters_lines() -> None:
    result = run("match", "--stdin", given="0\thr {3}\n0\thr {2}\n0\thr {24}\n0\thr\t{3}\n")
    assert (result.stdout, result.exit_code) == ("1\n0\n-1\n1\n", 0)
    assert run("match", "--stdin", "--timezone", "UTC", given="0\thr {0}\n").stdout == "1\n"


def test_next_lists_changes() -> None:
    result = run("next", "wd {sat sun}", "--from", "2026-11-23", "-n", "2")
    assert result.stdout == "2026-11-28 00:00:00+03:00  begins\n2026-11-30 00:00:00+03:00  ends\n"
    assert run("next", "none", "--from", "0").stdout == "it never changes again\n"
    flips = json.loads(run("next", "hr {9}", "--from", "0", "-n", "1", "--format", "json").stdout)["flips"]
    assert flips == [{"epoch": 21600, "time": "1970-01-01 09:00:00+03:00", "inside": True}]


def test_explain_in_two_languages() -> None:
    assert run("explain", "wd {mon-fri} hr {9-17}").stdout == "on weekdays from 9:00 to 17:59:59\n"
    assert run("explain", "wd {mon-fri} hr {9-17}", "--language", "ru").stdout == "по будням с 9:00 до 17:59:59\n"


def test_equal_ends_with_0_or_2() -> None:
    same = run("equal", "wd {mon-fri}", "wd {2-6}")
    assert (same.stdout, same.exit_code) == ("equal\n", 0)
    other = run("equal", "hr {9-17}", "hr {9-18}")
    assert other.exit_code == 2
    assert other.stdout == "different: at 1970-01-01 18:00:00+03:00 only the second one matches\n"
    assert run("equal", "hr {9}", "hr {24}").exit_code == 1


def test_calendar_draws_the_week_of_a_day() -> None:
    lines = run("calendar", "wd {mon-fri} hr {9-17}", "--week", "2026-11-25").stdout.split("\n")
    assert lines[1] == "Mon 23.11 " + "·" * 18 + "█" * 18 + "·" * 12
    assert lines[-2] == "Mon-Fri 9:00-18:00"


@pytest.mark.parametrize(
    "arguments",
    [
        ["check"],
        ["check", "--stdin", "hr {9}"],
        ["match"],
        ["match", "hr {9}", "--at", "yesterday"],
        ["next", "hr {9}", "--timezone", "Mars/Olympus"],
        ["equal", "hr {9}"],
        ["explain", "hr {9}", "--language", "de"],
    ],
)
def test_wrong_usage_ends_with_64(arguments: list[str]) -> None:
    assert run(*arguments).exit_code == 64
