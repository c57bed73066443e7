"""`record migrate`, as a user runs it."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from reconciler.record.base import Update
from reconciler.record.git_ref import GitRecord
from reconciler.record.sqlite import SqliteRecord
from tests.cli.conftest import Cli, Workplace
from tests.record.contract import commit
from tests.record.state_server import State, serving
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
        (["--from", "file", "--set", "remote=x"], "there are: path"),
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
    assert "the login of account office stays behind" in moved.stderr
    assert "reconciler login office" in moved.stderr
