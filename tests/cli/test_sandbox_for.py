"""`reconciler sandbox --for DIR`: any configuration can be tried out, without an edit and without an account."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from reconciler.sandbox import Sandbox
from reconciler.workflow.trial import needs_of, try_out
from tests.architecture.imports import REPOSITORY
from tests.cli.conftest import Cli, Ended
from tests.loading import load
from tests.record.state_server import State, serving

EXAMPLES = REPOSITORY / "examples"
NAMES = sorted(path.parent.name for path in EXAMPLES.glob("*/reconciler.yaml"))
ALLOWANCES = ("--allow-delete", "--allow-protected", "--override", "policy-max-changes")
PROGRAM = (sys.executable, "-m", "reconciler")

TWO_APPLICATIONS = """\
version: 1
defaults: {account: sales, timeout: 20}
accounts:
  sales: {provider: exolve, api_key: {env: SALES_KEY}}
  support: {provider: exolve, api_key: {command: [pass, show, exolve]}}
  office: {provider: mtt, client_id: {env: ID}, client_secret: {env: SECRET}, redirect_uri: https://crm.example.com}
numbers:
  "74991112233": {forwarding: {type: number, targets: [{to: "883140123456789"}], file_to_a: "12345"}}
  "74991112244":
    account: support
    forwarding: {type: url, url: "https://example.com/${var:PLACE}", reserve: "74993334455"}
  "78005560251": {account: office, parking: true}
scenarios:
  storm: {numbers: {"74991112233": {forwarding: {type: number, targets: [{to: "883140123456790"}]}}}}
"""


@contextmanager
def owning(folder: Path) -> Iterator[tuple[Sandbox, dict[str, str]]]:
    loaded = load(folder)
    assert loaded.configuration is not None
    configurations = (loaded.configuration, *loaded.scenarios)
    with Sandbox(numbers=0, mtt_numbers=0, loose=True) as sandbox:
        yield sandbox, dict(try_out(sandbox, needs_of(sandbox, configurations), configurations))


def files_of(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_a_trial_leaves_the_record_alone_that_the_environment_names(cli: Cli, tmp_path: Path) -> None:
    folder = tmp_path / "quickstart"
    shutil.copytree(EXAMPLES / "quickstart", folder)
    kept = State()
    with owning(folder) as (sandbox, environ), serving(kept) as address:
        names = ("ADDRESS", "LOCK_ADDRESS", "UNLOCK_ADDRESS")
        elsewhere = {f"TF_HTTP_{name}": f"{address}/state/lock" for name in names}
        ended = cli("apply", "--auto-approve", folder=folder, **environ, **elsewhere)
        assert ended.exit_code == 0, ended
        assert sandbox.writes
    assert kept.log == []


@pytest.mark.parametrize("name", NAMES)
def test_every_example_is_planned_and_applied_as_it_stands(name: str, cli: Cli, tmp_path: Path) -> None:
    folder = tmp_path / name
    shutil.copytree(EXAMPLES / name, folder)
    before = files_of(folder)
    with owning(folder) as (sandbox, environ):

        def run(*arguments: str) -> Ended:
            return cli(*arguments, folder=folder, **environ)

        checked = run("doctor", "--format", "json")
        assert checked.json["healthy"], checked
        first = run("plan", "--detailed-exitcode", "--format", "json")
        assert first.exit_code == 2, first
        assert "sandbox-in-use" in first.codes
        assert sandbox.writes == []
        applied = run("apply", "--auto-approve", "--format", "json", *ALLOWANCES)
        assert applied.exit_code == 0, applied
        assert "sandbox-in-use" in applied.codes
        assert len(sandbox.writes) == len(first.json["changes"])
        second = run("plan", "--format", "json").json
        declared = len(first.json["changes"]) + first.json["summary"]["unchanged"]
        assert (second["changes"], second["summary"]["unchanged"]) == ([], declared)
        assert run("audit").exit_code == 0
    assert files_of(folder) == before


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "reconciler.yaml").write_text(TWO_APPLICATIONS, "utf-8")
    return tmp_path


def test_each_key_opens_an_application_with_what_its_account_names(folder: Path) -> None:
    with owning(folder) as (sandbox, environ):
        inventory = sandbox.exolve.inventory
        sales = inventory.applications.get(environ["SALES_KEY"])
        support = inventory.applications.get(environ["RECONCILER_SANDBOX_SUPPORT_API_KEY"])
        assert sales is not None
        assert support is not None
        assert sales.uuid != support.uuid
        owners = {number: owned.application for number, owned in inventory.numbers.items()}
        assert owners == {"74991112233": sales, "74991112244": support}
        sip_ids = {username: owned.application for username, owned in inventory.sip_ids.items()}
        assert sip_ids.items() >= {"883140123456789": sales, "883140123456790": sales}.items()
        assert inventory.media["12345"] == sales
        assert sandbox.mtt.numbers == ("78005560251",)
        assert sandbox.redirect_uri == "https://crm.example.com"
        assert environ["RECONCILER_VAR_PLACE"]


def test_its_variables_work_where_a_secret_comes_from_a_command_and_nobody_has_logged_in(
    cli: Cli, folder: Path
) -> None:
    with owning(folder) as (sandbox, environ):
        ended = cli("apply", "--auto-approve", **environ)
        assert ended.exit_code == 0, ended
        assert sandbox.mtt.parked("78005560251")
    assert not (folder / ".reconciler").exists()


@pytest.mark.parametrize(
    "address", ["https://api.exolve.ru", "http://sandbox.example.com:8020", "http://user@127.0.0.1:8020", "8020"]
)
@pytest.mark.parametrize("command", [("plan",), ("login", "office"), ("record", "list"), ("audit",)])
def test_an_address_that_is_not_on_this_machine_is_refused(
    cli: Cli, folder: Path, address: str, command: tuple[str, ...]
) -> None:
    ended = cli(*command, "--format", "json", RECONCILER_SANDBOX=address, SALES_KEY="canary-key")
    assert (ended.exit_code, ended.codes) == (1, ["provider-host-refused"])
    assert "reconciler sandbox --for DIR" in ended.json["diagnostics"][0]["hint"]


def test_a_plan_of_a_sandbox_fails_where_policy_wants_it_to(cli: Cli, folder: Path) -> None:
    with (folder / "reconciler.yaml").open("a") as file:
        file.write("policy: {rules: {sandbox-in-use: error}}\n")
    with owning(folder) as (_sandbox, environ):
        assert cli("plan", **environ).exit_code == 1


def test_a_login_leads_to_the_sandbox(cli: Cli, folder: Path) -> None:
    with owning(folder) as (sandbox, environ):
        ended = cli("login", "office", stdin=f"{sandbox.mtt.oauth.issue_code()}\n", **environ)
        assert ended.exit_code == 0, ended
        assert f"{sandbox.oauth_url}/oauth/authorize" in ended.stderr


# -- the command itself ----------------------------------------------------------------------------------------------


def until(process: subprocess.Popen[str], last: str) -> list[str]:
    assert process.stdout is not None
    rows: list[str] = []
    while last not in "".join(rows[-1:]):
        rows.append(process.stdout.readline())
        assert rows[-1], "it ended early"
    return rows


def test_it_prints_what_it_owns_and_an_environment_in_which_commands_work(cli: Cli, folder: Path) -> None:
    line = [*PROGRAM, "-C", str(folder), "sandbox", "--for", ".", "--port", "0"]
    with subprocess.Popen(line, stdout=subprocess.PIPE, text=True) as running:
        rows = until(running, "serving on loopback")
        assert "#   sales (exolve): 1 number, 2 SIP IDs, 1 audio file\n" in rows
        assert "#   office (mtt): 1 number\n" in rows
        environ = dict(row.split()[1].split("=", 1) for row in rows if row.startswith("export "))
        assert cli("plan", "--detailed-exitcode", **environ).exit_code == 2
        running.send_signal(signal.SIGINT)
        assert running.wait(10) == 130


def test_as_json_it_tells_the_same(folder: Path) -> None:
    line = [*PROGRAM, "-C", str(folder), "sandbox", "--for", ".", "--port", "0", "--format", "json"]
    with subprocess.Popen(line, stdout=subprocess.PIPE, text=True) as running:
        told = json.loads("".join(_document(running)))
        assert told["environment"]["RECONCILER_SANDBOX"] == told["control_url"].removesuffix("/_sandbox")
        sales = told["accounts"][0]
        assert (sales["account"], sales["provider"], sales["numbers"]) == ("sales", "exolve", ["74991112233"])
        assert (sales["sip_ids"], sales["media"]) == (["883140123456789", "883140123456790"], ["12345"])
        running.kill()


def _document(process: subprocess.Popen[str]) -> Iterator[str]:
    assert process.stdout is not None
    for row in process.stdout:
        yield row
        if row == "}\n":
            return


def test_a_command_runs_with_the_environment_set_and_its_exit_code_is_ours(folder: Path) -> None:
    def run(*command: str) -> subprocess.CompletedProcess[str]:
        line = [*PROGRAM, "-C", str(folder), "sandbox", "--for", ".", "--exec", *command]
        return subprocess.run(line, capture_output=True, text=True, timeout=60, check=False)

    planned = run(*PROGRAM, "-C", str(folder), "plan", "--detailed-exitcode", "--format", "json")
    assert planned.returncode == 2, planned.stderr
    assert json.loads(planned.stdout)["summary"]["create"] == 2
    assert "owns what is declared" in planned.stderr
    assert run("sh", "-c", "exit 7").returncode == 7
    assert run("sh", "-c", "kill -9 $$").returncode == 137
    missing = run("no-such-program")
    assert (missing.returncode, "no-such-program cannot be run" in missing.stderr) == (1, True)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_the_command_once(folder: Path, number: signal.Signals) -> None:
    """Ctrl-C reaches both from the terminal, so it is not passed on; SIGTERM reaches us alone, so it is."""
    script = "trap 'echo terminated; exit 9' TERM; echo ready; sleep 20 >/dev/null & wait"
    line = [*PROGRAM, "sandbox", "--for", str(folder), "--exec", "sh", "-c", script]
    with subprocess.Popen(line, stdout=subprocess.PIPE, text=True) as running:
        assert running.stdout is not None
        assert running.stdout.readline() == "ready\n"
        running.send_signal(number)
        if number is signal.SIGINT:
            with pytest.raises(subprocess.TimeoutExpired):
                running.wait(0.5)
            running.terminate()
        assert running.wait(10) == 9
        assert running.stdout.read() == "terminated\n"


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--exec", "true"], "--exec needs --for DIR"),
        (["--for", ".", "true"], "--exec is followed by"),
        (["--for", ".", "--exec"], "--exec is followed by"),
        (["--for", ".", "--numbers", "5"], "--numbers cannot be used with --for"),
        (["--for", ".", "--mtt-numbers", "5"], "--mtt-numbers cannot be used with --for"),
    ],
)
def test_what_does_not_go_together_is_wrong_usage(cli: Cli, folder: Path, arguments: list[str], told: str) -> None:
    ended = cli("sandbox", *arguments)
    assert (ended.exit_code, told in ended.stderr) == (64, True), ended


def test_a_configuration_with_errors_is_told_as_ever(cli: Cli, folder: Path) -> None:
    missing = cli("sandbox", "--for", "no-such-folder", "--exec", "true")
    assert (missing.exit_code, "there is no folder" in missing.stderr) == (1, True)
    (folder / "numbers.yaml").write_text("version: 1\nnumbers: {'7499': {}}\n", "utf-8")
    ended = cli("sandbox", "--for", ".", "--exec", "true")
    assert ended.exit_code == 1
    assert "numbers.yaml:2" in ended.stderr
