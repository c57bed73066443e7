"""`doctor` proves that the record can be written, in every backend, and leaves nothing behind."""

from __future__ import annotations

import subprocess
from contextlib import closing
from pathlib import Path

import pytest

from tests.cli import test_backends as backends
from tests.cli.conftest import Ended, Workplace
from tests.cli.test_storage import read_only
from tests.record import test_postgres_waits as postgres
from tests.record.opening import open_place
from tests.record.state_server import LockOfEachId, State, serving
from tests.record.test_git_troubles import hooked
from tests.record.values import holder

postgres_server, dsn, place = backends.postgres_server, backends.dsn, backends.place
role = postgres.role
WRITABLE = "it can be written (tested and undone)"


def record_checks(ended: Ended) -> list[tuple[str, str]]:
    return [(each["status"], each["message"]) for each in ended.json["checks"] if each["check"] == "record"]


def doctor(workplace: Workplace) -> Ended:
    return workplace.run("doctor", "--format", "json")


def told_to_fail(ended: Ended, words: str) -> str:
    """The hint of the one check of the record, or of a lock in it, that fails."""
    assert ended.exit_code == 1
    failing = [each for each in ended.json["checks"] if each["status"] == "fail"]
    (failed,) = [each for each in failing if each["check"] in {"record", "lock"}]
    assert words in failed["message"], failed
    return str(failed["hint"])


@pytest.mark.parametrize("applied", [False, True], ids=["no record yet", "a record"])
def test_a_record_that_can_be_written_is_as_it_was(workplace: Workplace, place: str, *, applied: bool) -> None:
    if applied:
        workplace.applied()
    with closing(open_place(place, name="test")) as record:
        before, runs = record.load(), record.runs()
        ended = doctor(workplace)
        assert ended.exit_code == 0, ended
        assert ("ok", WRITABLE) in record_checks(ended)
        assert (record.load(), record.runs(), tuple(record.holders())) == (before, runs, ())


def test_a_run_that_is_on_is_named_and_no_lack_of_a_right(workplace: Workplace, place: str) -> None:
    workplace.applied()
    with closing(open_place(place, name="test")) as record, record.lock([holder("sales", run_id="other-run")]):
        ended = doctor(workplace)
    assert "other-run" in told_to_fail(ended, "account sales is locked by") + ended.stdout
    (_, tried) = record_checks(ended)
    whole = place.startswith("http:")
    assert tried[0] == ("warn" if whole else "ok")
    assert ("it was not tested whether it can be written: account sales is locked by" in tried[1]) is whole


def test_a_folder_that_cannot_be_written(workplace: Workplace) -> None:
    with read_only(workplace.folder):
        ended = doctor(workplace)
    assert "make sure that you can write to" in told_to_fail(ended, "it cannot be written")


@pytest.fixture
def remote(tmp_path: Path, workplace: Workplace) -> Path:
    bare = tmp_path / "remote.git"
    for command in (
        ["git", "init", "--quiet", "--bare", str(bare)],
        ["git", "init", "--quiet", str(workplace.folder)],
        ["git", "-C", str(workplace.folder), "remote", "add", "origin", str(bare)],
    ):
        subprocess.run(command, check=True)
    backends.configure(workplace, "record: {backend: git}")
    return bare


def refs(remote: Path) -> str:
    return subprocess.run(["git", "-C", str(remote), "for-each-ref"], check=True, capture_output=True, text=True).stdout


def test_a_remote_that_declines_pushes(workplace: Workplace, remote: Path) -> None:
    hooked(remote, "pre-receive", "the record is frozen")
    assert "hooks and rules" in told_to_fail(doctor(workplace), "the record is frozen; ask anna")


def test_a_remote_has_no_ref_more_than_before(workplace: Workplace, remote: Path) -> None:
    assert doctor(workplace).exit_code == 0
    assert refs(remote) == ""
    assert workplace.run("plan").exit_code == 0


@pytest.fixture
def database(workplace: Workplace, dsn: str, role: str) -> str:
    """A record made by somebody else, in a database that the small role looks at."""
    workplace.environ["RECONCILER_DSN"] = dsn
    backends.configure(workplace, "record: {backend: postgres, postgres: {dsn: {env: RECONCILER_DSN}}}")
    workplace.applied()
    workplace.environ["RECONCILER_DSN"] = postgres.as_role(dsn, role)
    return dsn


def test_a_role_that_may_only_read(workplace: Workplace, database: str) -> None:
    postgres.run(database, postgres.TABLES_ONLY[0], "GRANT SELECT ON ALL TABLES IN SCHEMA reconciler TO small_role")
    assert "docs/record.md" in told_to_fail(doctor(workplace), "permission denied for table")


def test_a_role_that_lacks_one_of_the_tables(workplace: Workplace, database: str) -> None:
    postgres.run(database, *postgres.TABLES_ONLY, "REVOKE INSERT ON reconciler.results FROM small_role")
    told_to_fail(doctor(workplace), "permission denied for table results")


def test_a_role_that_may_make_no_schema_where_there_is_none(workplace: Workplace, database: str) -> None:
    postgres.run(database, "DROP SCHEMA reconciler CASCADE")
    told_to_fail(doctor(workplace), "permission denied for database")


def test_a_server_that_is_read_only(workplace: Workplace, database: str) -> None:
    postgres.run(database, *postgres.TABLES_ONLY, "ALTER ROLE small_role SET default_transaction_read_only = on")
    told_to_fail(doctor(workplace), "read-only transaction")


@pytest.mark.parametrize(
    ("state", "words"),
    [
        (State(faults={"LOCK": 403}, stays=True), "403"),
        (LockOfEachId(), "gives the lock to two holders at once"),
    ],
)
def test_a_server_that_does_not_lock(workplace: Workplace, state: State, words: str) -> None:
    with serving(state) as address:
        http = f"{{address: {address}/state, lock_address: {address}/state}}"
        backends.configure(workplace, f"record: {{backend: http, http: {http}}}")
        told_to_fail(doctor(workplace), words)
