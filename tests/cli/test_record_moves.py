"""`record migrate`, as a user runs it."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from reconciler.record.base import Update
from reconciler.record.git_ref import GitRecord
from reconciler.record.sqlite import SqliteRecord
from tests.cli.conftest import Cli, Workplace
from tests.record.contract import commit, left
from tests.record.state_server import Elsewhere, State, serving
from tests.record.values import entry, holder

CONFIGURATION = """\
version: 1
name: lines
record: {backend: git}
accounts:
  sales: {provider: exolve, api_key: {env: EXOLVE_API_KEY}}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A clone with a configuration whose record is in git now, and a record that is still in the local file."""
    subprocess.run(["git", "init", "--quiet", "--bare", str(tmp_path / "remote.git")], check=True)
    clone = tmp_path / "clone"
    subprocess.run(
        ["git", "clone", "--quiet", str(tmp_path / "remote.git"), str(clone)], check=True, capture_output=True
    )
    (clone / "reconciler.yaml").write_text(CONFIGURATION, "utf-8")
    record = SqliteRecord(clone / ".reconciler" / "record.db", name="lines")
    commit(record, Update(put=[entry(1), entry(2, account="gone")]))
    record.close()
    return clone


def test_the_record_goes_where_the_configuration_says_and_stays_where_it_was(cli: Cli, folder: Path) -> None:
    ended = cli("record", "migrate", "--from", "file", folder=folder)
    assert ended.exit_code == 0, ended.stderr
    assert "moved 2 entries, serial 1" in ended.stdout
    old, new = SqliteRecord(folder / ".reconciler" / "record.db"), GitRecord(folder, name="lines")
    assert old.load() == new.load()
    assert not [*old.holders(), *new.holders()]
    old.close()


def test_a_second_time_there_is_something_there_already(cli: Cli, folder: Path) -> None:
    cli("record", "migrate", "--from", "file", folder=folder)
    ended = cli("record", "migrate", "--from", "file", folder=folder)
    assert ended.exit_code == 1
    assert "is not empty" in ended.stderr


def test_a_record_that_is_being_written_does_not_move(cli: Cli, folder: Path) -> None:
    old = SqliteRecord(folder / ".reconciler" / "record.db")
    with old.lock([holder("gone")]):
        ended = cli("record", "migrate", "--from", "file", folder=folder)
    old.close()
    assert ended.exit_code == 5
    assert "account gone is locked" in ended.stderr


def test_json_tells_what_arrived(cli: Cli, folder: Path) -> None:
    ended = cli("record", "migrate", "--from", "file", "--format", "json", folder=folder)
    assert (ended.json["migrated"]["entries"], ended.json["migrated"]["serial"]) == (2, 1)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--from", "file", "--set", "remote=x"], "the options are: path"),
        (["--from", "postgres", "--set", "dsn=postgresql://u:pw@h/d"], "--set dsn=env:NAME"),
        ([], "--from"),
    ],
)
def test_wrong_usage_is_told(cli: Cli, folder: Path, arguments: list[str], message: str) -> None:
    ended = cli("record", "migrate", *arguments, folder=folder)
    assert ended.exit_code == 64
    assert message in ended.stderr


def test_a_login_comes_along_to_where_the_team_keeps_tokens(workplace: Workplace) -> None:
    (workplace.folder / "numbers.yaml").write_text(
        'version: 1\nnumbers: {"78005560251": {account: office, parking: true}}\n', "utf-8"
    )
    workplace.environ["RECONCILER_RECORD_KEY"] = "canary-record-key-0123456789abcdef0123"
    workplace.applied()
    with serving(State(), State(root="/state-tokens")) as address:
        http = f"record: {{backend: http, http: {{address: {address}/state, lock_address: {address}/state}}}}"
        workplace.edit("name: test\n", f"name: test\n{http}\n", "reconciler.yaml")
        moved = workplace.run("record", "migrate", "--from", "file")
        assert (moved.exit_code, moved.stderr) == (0, "")
        assert workplace.run("apply", "--auto-approve", "--reassert", MTT_REFRESH_TOKEN="").exit_code == 0
        assert not any(call.path.endswith("/oauth/token") for call in workplace.sandbox.log)


def test_a_login_that_cannot_come_along_is_named(workplace: Workplace) -> None:
    workplace.applied()
    with serving(State(), State(root="/state-tokens")) as address:
        http = f"record: {{backend: http, http: {{address: {address}/state, lock_address: {address}/state}}}}"
        workplace.edit("name: test\n", f"name: test\n{http}\n", "reconciler.yaml")
        moved = workplace.run("record", "migrate", "--from", "file", MTT_CLIENT_ID="")
    assert moved.exit_code == 0
    assert "the login of account office could not be copied" in moved.stderr
    assert "reconciler login office" in moved.stderr


def at(address: str, *, lock: str = "/state") -> str:
    return f"record: {{backend: http, http: {{address: {address}/state, lock_address: {address}{lock}}}}}"


def without_logins(workplace: Workplace) -> None:
    """Take the account at MTT out of the configuration."""
    head = workplace.folder / "reconciler.yaml"
    head.write_text(head.read_text("utf-8").partition("  office:\n")[0], "utf-8")


ELSEWHERE = "/lock"  # names no state, so no place for tokens can be derived from it


def test_where_nobody_logs_in_moving_and_unlocking_speak_of_no_login(workplace: Workplace) -> None:
    workplace.applied()
    without_logins(workplace)
    with serving(Elsewhere(lock_root=ELSEWHERE)) as address:
        workplace.environ |= {"TF_HTTP_LOCK_METHOD": "PUT", "TF_HTTP_UNLOCK_METHOD": "DELETE"}
        workplace.edit("name: test\n", f"name: test\n{at(address, lock=ELSEWHERE)}\n", "reconciler.yaml")
        moved = workplace.run("record", "migrate", "--from", "file")
        assert (moved.exit_code, moved.stderr) == (0, "")
        unlocked = workplace.run("record", "unlock", "--force")
        assert (unlocked.exit_code, unlocked.stdout, unlocked.stderr) == (0, "nothing unlocked\n", "")


def test_a_lock_is_broken_also_where_tokens_have_no_place(workplace: Workplace) -> None:
    held = {"ID": "f00d", "Operation": "", "Info": "", "Who": "boris@ci-3", "Created": "today"}
    with serving(Elsewhere(lock_root=ELSEWHERE, lock=held)) as address:
        workplace.environ |= {"TF_HTTP_LOCK_METHOD": "PUT", "TF_HTTP_UNLOCK_METHOD": "DELETE"}
        workplace.edit("name: test\n", f"name: test\n{at(address, lock=ELSEWHERE)}\n", "reconciler.yaml")
        ended = workplace.run("record", "unlock", "--force")
    assert ended.exit_code == 0
    assert ended.stdout.startswith("unlocked: the record, which was held by boris@ci-3")
    assert "tokens was not checked" in " ".join(ended.stderr.split())


def test_an_account_is_unlocked_where_another_program_holds_the_whole_record(workplace: Workplace) -> None:
    state = State(lock={"ID": "f00d", "Operation": "", "Info": "", "Who": "boris@ci-3", "Created": "today"})
    with serving(state) as address:
        workplace.edit("name: test\n", f"name: test\n{at(address)}\n", "reconciler.yaml")
        assert workplace.run("record", "unlock", "sales").exit_code == 5
        ended = workplace.run("record", "unlock", "sales", "--force")
    assert ended.stdout.startswith("unlocked: the record, which was held by boris@ci-3")
    assert state.lock is None


def test_a_name_that_is_no_account_and_no_lock_is_not_said_to_be_unlocked(workplace: Workplace) -> None:
    workplace.applied()
    ended = workplace.run("record", "unlock", "slaes", "--format", "json")
    assert (ended.exit_code, ended.codes) == (1, ["unknown-account"])
    assert "sales" in ended.json["diagnostics"][0]["hint"]
    record = SqliteRecord(workplace.folder / ".reconciler" / "record.db", name="test")
    left(record.lock([holder("former", host="elsewhere.example")]))
    record.close()
    assert workplace.run("record", "unlock", "former", "--force").exit_code == 0


def test_a_login_is_shared_on_a_server_that_locks_elsewhere(workplace: Workplace) -> None:
    (workplace.folder / "numbers.yaml").write_text(
        'version: 1\nnumbers: {"78005560251": {account: office, parking: true}}\n', "utf-8"
    )
    workplace.environ["RECONCILER_RECORD_KEY"] = "canary-record-key-0123456789abcdef0123"
    workplace.environ |= {"TF_HTTP_LOCK_METHOD": "PUT", "TF_HTTP_UNLOCK_METHOD": "DELETE"}
    tokens = Elsewhere(root="/state-tokens", lock_root="/locks/state-tokens")
    with serving(Elsewhere(), tokens) as address:
        workplace.edit("name: test\n", f"name: test\n{at(address, lock='/locks/state')}\n", "reconciler.yaml")
        workplace.applied()
        assert workplace.run("record", "unlock").stdout == "nothing unlocked\n"
    assert tokens.document is not None
    assert tokens.complaints == []
