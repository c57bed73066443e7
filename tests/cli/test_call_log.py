"""`-vv` and `--log FILE`: what was sent to whom and what came back, a line a request, and never a secret."""

from __future__ import annotations

import importlib
import json
import re
from pathlib import Path
from typing import Any

import click
import pytest

from reconciler.cli.root import COMMANDS, main
from reconciler.sandbox import Fault, FaultKind
from tests.architecture.imports import REPOSITORY
from tests.cli.conftest import Workplace
from tests.cli.test_backends import KEY, configure
from tests.cli.test_login import redirect, state
from tests.record.state_server import State, serving

__all__ = ["state"]
jsonschema: Any = importlib.import_module("jsonschema")  # which has no types
SCHEMA = json.loads((REPOSITORY / "schemas" / "call.v1.json").read_text("utf-8"))
PARKED = '  "78005560251": {account: office, parking: true}\n'


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return tmp_path / "calls.jsonl"


def lines(log: Path) -> list[dict[str, Any]]:
    found = [json.loads(text) for text in log.read_text("utf-8").splitlines()]
    for each in found:
        jsonschema.validate(each, SCHEMA)
    return found


def test_each_request_is_a_line_and_the_result_is_the_same(workplace: Workplace) -> None:
    without = workplace.applied().run("plan", "-v")
    workplace.sandbox.journal.clear()
    ended = workplace.run("plan", "-vv")
    assert (ended.exit_code, ended.stdout) == (without.exit_code, without.stdout)
    told = [text for text in ended.stderr.splitlines() if text.startswith("Exolve (sales): ")]
    assert len(told) == len(workplace.sandbox.log) >= 2
    assert [re.findall(r"POST 127\.0\.0\.1\S*/(\w+)", text)[0] for text in told] == [
        call.path.rpartition("/")[2] for call in workplace.sandbox.log
    ]
    asked = next(text for text in told if "GetAttributes" in text)
    assert re.fullmatch(
        r"Exolve \(sales\): POST 127\.0\.0\.1/.*/GetAttributes 7499100000\d: 200 OK, \d+ ms, attempt 1", asked
    )
    assert "Exolve (sales): " not in without.stderr


def test_json_on_standard_output_stays_one_document(workplace: Workplace) -> None:
    ended = workplace.run("plan", "-vv", "--format", "json")
    assert ended.json["summary"]["create"] == 2
    assert "GetList" in ended.stderr


def test_the_log_has_a_line_of_json_for_each_request(workplace: Workplace, log: Path) -> None:
    workplace.edit("numbers:\n", f"numbers:\n{PARKED}")
    ended = workplace.run("apply", "--auto-approve", "--log", str(log))
    assert ended.exit_code == 0, ended
    found = lines(log)
    assert sorted(each["path"].rpartition("/")[2] for each in found) == sorted(
        call.path.rpartition("/")[2] for call in workplace.sandbox.log
    )
    assert {(each["peer"], each["account"]) for each in found} == {
        ("Exolve", "sales"),
        ("MTT", "office"),
        ("MTT's login", "office"),
    }
    assert {(each["command"], each["attempt"], each["error"]) for each in found} == {("apply", 1, None)}
    written = {tuple(each["numbers"]) for each in found if "SetCallForwarding" in each["path"]}
    assert written == {("74991000000",), ("74991000001",)}
    assert "GetList" not in ended.stderr


def test_every_attempt_is_told_with_its_end(workplace: Workplace, log: Path) -> None:
    workplace.applied()
    workplace.sandbox.faults.add(Fault(kind=FaultKind.UNAVAILABLE, path="GetAttributes", times=1, retry_after=0))
    workplace.sandbox.faults.add(Fault(kind=FaultKind.DROP_BEFORE, path="GetAttributes", times=1, skip=1))
    workplace.run("plan", "--log", str(log), "--target", "74991000000")
    ends = [(each["attempt"], each["status"], each["error"]) for each in lines(log) if "GetAttributes" in each["path"]]
    assert ends == [(1, 503, None), (2, None, "the connection was cut off"), (3, 200, None)]


def test_no_secret_is_in_a_log_or_on_standard_error(workplace: Workplace, log: Path, tmp_path: Path) -> None:
    workplace.edit("numbers:\n", f"numbers:\n{PARKED}")
    workplace.edit("https://example.com/route", "https://user:password-canary@example.com/route?key=query-canary")
    ended = workplace.run("apply", "--auto-approve", "-vv", "--log", str(log), XDG_STATE_HOME=str(tmp_path / "state"))
    assert ended.exit_code == 0, ended
    told = log.read_text("utf-8") + ended.stderr
    assert "SetCallForwarding" in told
    issued = json.loads(next((tmp_path / "state").rglob("*.json")).read_text("utf-8"))
    for secret in (*workplace.environ.values(), issued["access"], issued["refresh"], "canary", "Bearer"):
        assert secret not in told


def test_a_log_is_added_to(workplace: Workplace, log: Path) -> None:
    log.write_text('{"kept": true}\n', "utf-8")
    workplace.run("plan", "--log", str(log))
    once = len(log.read_text("utf-8").splitlines())
    workplace.run("audit", "--log", str(log))
    first, *others = log.read_text("utf-8").splitlines()
    assert json.loads(first) == {"kept": True}
    assert once < 1 + len(others)
    assert {json.loads(each)["command"] for each in others} == {"plan", "audit"}


def test_a_log_is_named_from_the_folder_of_the_configuration(workplace: Workplace) -> None:
    workplace.run("plan", "--log", "calls.jsonl")
    assert len(lines(workplace.folder / "calls.jsonl")) == len(workplace.sandbox.log)


@pytest.mark.parametrize("place", ["missing/calls.jsonl", "."])
def test_a_log_that_cannot_be_written_stops_a_command_before_it_begins(
    place: str, workplace: Workplace, tmp_path: Path
) -> None:
    ended = workplace.run("apply", "--auto-approve", "--log", str(tmp_path / place), "--format", "json")
    assert ended.exit_code in (1, 64)
    assert ended.codes in (["command-failed"], ["usage"])
    assert workplace.sandbox.log == []
    assert not (workplace.folder / ".reconciler").exists()


def test_a_disk_that_is_full_midway_stops_the_log_and_not_the_apply(workplace: Workplace) -> None:
    ended = workplace.run("apply", "--auto-approve", "--log", "/dev/full")
    assert ended.exit_code == 0, ended
    assert len(workplace.sandbox.writes) == 2
    assert ended.stderr.count("the log /dev/full cannot be written any more, and ends here: no space left") == 1


def test_the_record_s_server_is_told_too_and_its_password_is_not(workplace: Workplace, log: Path) -> None:
    with serving(State()) as address:
        configure(workplace, f"record: {{backend: http, http: {{address: {address}/state}}}}")
        workplace.environ["TF_HTTP_LOCK_ADDRESS"] = f"{address}/state"
        login = {"TF_HTTP_USERNAME": "anna", "TF_HTTP_PASSWORD": "password-canary"}
        ended = workplace.run("plan", "-vv", "--log", str(log), **login)
    assert ended.exit_code == 0, ended
    record = [each for each in lines(log) if each["peer"] == "the record's server"]
    assert {(each["account"], each["path"]) for each in record} == {(None, "/state")}
    assert "the record's server: GET 127.0.0.1/state: " in ended.stderr
    assert "canary" not in log.read_text("utf-8") + ended.stderr
    assert KEY not in log.read_text("utf-8")


def test_a_login_is_told_without_its_code(workplace: Workplace, state: str, log: Path) -> None:
    pasted = redirect(workplace, state)
    ended = workplace.run("login", "office", "-vv", "--log", str(log), stdin=pasted)
    assert ended.exit_code == 0, ended
    (told,) = lines(log)
    assert (told["peer"], told["method"], told["path"]) == ("MTT's login", "POST", "/mtt-oauth/oauth/token")
    code = re.findall(r"code=([^&]+)", pasted)[0]
    assert code not in log.read_text("utf-8") + ended.stderr.partition("redirected")[2]


OFFLINE = {
    "init",
    "events",
    "lsp",
    "validate",
    "list",
    "route",
    "calendar",
    "fmt",
    "period",
    "explain",
    "schema",
    "completion",
}


@pytest.mark.parametrize("name", [name for name in COMMANDS if name not in {"sandbox", "demo"}])
def test_every_command_that_asks_others_can_log_it_and_no_other(name: str) -> None:
    command = main.get_command(click.Context(main), name)
    each = list(command.commands.values()) if isinstance(command, click.Group) else [command]
    having = {"--log" in option.opts for one in each if one for option in one.params}
    assert (True in having) is (name not in OFFLINE)
