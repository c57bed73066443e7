"""Disks that fill up, folders that cannot be written, records that refuse: writing stops, and nothing is lost."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest

from reconciler.sandbox import Fault, FaultKind
from reconciler.sandbox.journal import Incoming
from tests.architecture.imports import REPOSITORY
from tests.cli import test_backends as backends
from tests.cli.conftest import Ended, Workplace
from tests.conftest import Tally
from tests.record.state_server import State, serving

postgres_server, dsn = backends.postgres_server, backends.dsn
ON, OFF = "78005560251", "78005560252"
NUMBERS = f"""\
version: 1
numbers:
  "74991000000": {{forwarding: {{type: url, url: https://example.com/route}}}}
  "74991000001": {{forwarding: {{type: sip, sip_uri: user@sip.example.com}}}}
  "74991000002": {{forwarding: {{type: number, targets: [{{to: "74992223344"}}]}}}}
  "74991000003": {{forwarding: {{type: sip_trunk, static_ip: 203.0.113.7, port: 5060, timeout: 30}}}}
  "74991000004": {{forwarding: none}}
  "{ON}": {{account: office, parking: true}}
  "{OFF}": {{account: office, parking: false}}
"""
WRITES = 7
UNREADABLE = {ON, OFF, "74991000002"}  # parking, and the `client_id` of a forwarding to numbers
LIVE = {"call_forwarding_type": 1, "call_forwarding_sip": {"sip_uri": "old@sip.example.com"}}
ALLOWED = ("--auto-approve", "--allow-delete", "--allow-adopt", "--format", "json")
PLACES = ["file", "file-on-tmpfs", "git", "git-on-tmpfs", "http", "postgres"]


class Storage:
    """Where the record is; `full` makes saving impossible, `free` possible again."""

    def __init__(self, workplace: Workplace) -> None:
        self.workplace = workplace
        self.full: Callable[[], None] = lambda: None
        self.free: Callable[[], None] = lambda: None
        self.process: subprocess.Popen[str] | None = None


@contextmanager
def small_disk(folder: Path, kilobytes: int) -> Iterator[None]:
    """A file system of its own; root alone may mount one."""
    folder.mkdir(parents=True, exist_ok=True)
    command = ["mount", "-t", "tmpfs", "-o", f"size={kilobytes}k", "tmpfs", str(folder)]
    if os.geteuid() != 0 or subprocess.run(command, check=False, capture_output=True).returncode != 0:
        pytest.skip("a file system cannot be mounted here, which takes root")
    try:
        yield
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


def fill(folder: Path) -> None:
    with (folder / "ballast").open("wb", buffering=0) as ballast:
        for size in (65_536, 4_096, 512, 1):
            try:
                while True:
                    ballast.write(b"\0" * size)
            except OSError:
                continue


def on_small_disk(storage: Storage, folder: Path) -> None:
    storage.full = lambda: fill(folder)
    storage.free = lambda: (folder / "ballast").unlink(missing_ok=True)


@pytest.fixture
def storage(request: pytest.FixtureRequest, workplace: Workplace, tmp_path: Path) -> Iterator[Storage]:
    given = Storage(workplace)
    where: str = request.param
    if where == "file":
        yield limited_files(given)
    elif where == "file-on-tmpfs":
        with small_disk(workplace.folder / ".reconciler", 2_048):
            on_small_disk(given, workplace.folder / ".reconciler")
            yield given
    elif where.startswith("git"):
        remote = tmp_path / "remote.git"
        subprocess.run(["git", "init", "--quiet", "--bare", str(remote)], check=True)
        subprocess.run(["git", "init", "--quiet", str(workplace.folder)], check=True)
        subprocess.run(["git", "-C", str(workplace.folder), "remote", "add", "origin", str(remote)], check=True)
        backends.configure(workplace, "record: {backend: git}")
        yield from in_git(given, remote, on_tmpfs=where == "git-on-tmpfs")
    elif where == "http":
        state = State()
        with serving(state, State(root="/state-tokens")) as address:
            backends.configure(workplace, f"record: {{backend: http, http: {{address: {address}/state}}}}")
            workplace.environ["TF_HTTP_LOCK_ADDRESS"] = f"{address}/state"
            stored = state.store
            given.full = lambda: setattr(state, "store", lambda _body, _id: (507, "no room"))
            given.free = lambda: setattr(state, "store", stored)
            yield given
    else:
        workplace.environ["RECONCILER_DSN"] = request.getfixturevalue("dsn")
        backends.configure(workplace, "record: {backend: postgres, postgres: {dsn: {env: RECONCILER_DSN}}}")
        yield in_postgres(given, workplace.environ["RECONCILER_DSN"])


def limited_files(storage: Storage) -> Storage:
    """No file of the process may grow beyond a kilobyte any more; for all who may not mount a small disk."""

    def limit() -> None:
        assert storage.process is not None
        resource.prlimit(storage.process.pid, resource.RLIMIT_FSIZE, (1_024, 1_024))

    storage.full = limit
    return storage


def in_git(storage: Storage, remote: Path, *, on_tmpfs: bool) -> Iterator[Storage]:
    if on_tmpfs:
        objects = storage.workplace.folder / ".git" / "objects"
        with small_disk(objects, 1_024):
            on_small_disk(storage, objects)
            yield storage
        return
    hook = remote / "hooks" / "pre-receive"

    def decline() -> None:
        hook.write_text("#!/bin/sh\necho no space left >&2\nexit 1\n", "utf-8")
        hook.chmod(0o755)

    storage.full, storage.free = decline, lambda: hook.unlink(missing_ok=True)
    yield storage


def in_postgres(storage: Storage, dsn: str) -> Storage:
    def execute(*statements: str) -> None:
        with psycopg.connect(dsn, autocommit=True) as connection:
            for statement in statements:
                connection.execute(statement.encode())

    raising = "CREATE OR REPLACE FUNCTION public.full_disk() RETURNS trigger LANGUAGE plpgsql AS "
    storage.full = lambda: execute(
        raising + "$$ BEGIN RAISE EXCEPTION 'no space left on device' USING ERRCODE = '53100'; END $$",
        "CREATE TRIGGER full_disk BEFORE INSERT OR UPDATE ON reconciler.runs EXECUTE FUNCTION public.full_disk()",
    )
    storage.free = lambda: execute("DROP TRIGGER IF EXISTS full_disk ON reconciler.runs")
    return storage


def populate(workplace: Workplace) -> None:
    """A number for each kind of write, one request at a time; the first three have a forwarding already."""
    (workplace.folder / "numbers.yaml").write_text(NUMBERS, "utf-8")
    uuid = f"    application: {workplace.sandbox.application}\n"
    workplace.edit(uuid, uuid + "    rate: {per_second: 0, concurrency: 1}\n", "reconciler.yaml")
    for at in (1, 2, 4):
        workplace.sandbox.exolve.set(f"7499100000{at}", LIVE)
    workplace.sandbox.mtt.park(OFF, parked=True)


def applied(storage: Storage, at: int) -> Ended:
    """An apply, as a process, whose storage fills up when the `at`th write has arrived at the vendor."""
    workplace, left, guard = storage.workplace, [at], threading.Lock()

    def arrived(call: Incoming) -> bool:
        with guard:
            left[0] -= call.mutating
            if call.mutating and left[0] == 0:
                storage.full()
        return False

    workplace.sandbox.faults.add(Fault(kind=FaultKind.LATENCY, mutating=True, where=arrived))
    environ = {**os.environ, **workplace.environ, "PYTHONPATH": str(REPOSITORY)}
    command = [sys.executable, "-m", "reconciler", "-C", str(workplace.folder), "apply", *ALLOWED]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environ
    ) as storage.process:
        if at == 0:
            storage.full()
        out, err = storage.process.communicate(timeout=120)
    workplace.sandbox.faults.clear()
    return Ended(storage.process.returncode, out, err)


def judge(storage: Storage, at: int) -> None:
    workplace = storage.workplace
    populate(workplace)
    ended = applied(storage, at)
    assert "Traceback" not in ended.stderr, ended
    written = [write.number for write in workplace.sandbox.writes]
    report = ended.json
    (problem,) = [item for item in report["diagnostics"] if item["code"] == "record-not-saved"]
    outcomes = {row["address"].partition("/")[2]: row["outcome"] for row in report["results"]}
    good = {number for number, outcome in outcomes.items() if outcome in {"applied", "unverified"}}
    assert good == set(written), ended
    assert (ended.exit_code, len(outcomes), problem["hint"] is not None) == (3, WRITES, True), ended
    storage.free()
    recorded = workplace.run("record", "list", "--format", "json").json
    saved = {row["address"].partition("/")[2] for row in recorded["entries"]}
    assert {number for number in written if number not in problem["message"]} <= saved, problem
    workplace.sandbox.journal.clear()
    assert_the_next_converges(workplace, set(written))


def assert_the_next_converges(workplace: Workplace, written: set[str]) -> None:
    """What was written is recognised, and written again only where nobody can look."""
    ended = workplace.run("apply", *ALLOWED)
    assert ended.exit_code == 0, ended
    again = {write.number for write in workplace.sandbox.writes} & written
    assert again <= UNREADABLE
    assert workplace.run("plan", "--detailed-exitcode").exit_code == 0
    assert (workplace.sandbox.mtt.parked(ON), workplace.sandbox.mtt.parked(OFF)) == (True, False)


@pytest.mark.parametrize(("storage", "at"), [("file", 1), ("http", 3)], indirect=["storage"])
def test_a_record_that_cannot_be_saved_after_a_write_stops_writing_and_loses_nothing(storage: Storage, at: int) -> None:
    judge(storage, at)


@pytest.mark.soak
@pytest.mark.parametrize("storage", PLACES, indirect=True)
@pytest.mark.parametrize("at", range(1, WRITES + 1))
def test_a_record_that_cannot_be_saved_after_any_write(
    storage: Storage, at: int, tally: Tally, request: pytest.FixtureRequest
) -> None:
    tally(f"record not saved after a write, {request.node.callspec.params['storage']}", 1)
    judge(storage, at)


# -- a folder that cannot be written ---------------------------------------------------------------------------------


@contextmanager
def read_only(folder: Path) -> Iterator[None]:
    """A view of the folder through which nothing can be written; root alone may mount one."""
    mounted = ["mount", "--bind", str(folder), str(folder)]
    if os.geteuid() != 0 or subprocess.run(mounted, check=False, capture_output=True).returncode != 0:
        pytest.skip("a folder cannot be mounted read-only here, which takes root")
    try:
        subprocess.run(["mount", "-o", "remount,bind,ro", str(folder)], check=True)
        yield
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


@pytest.mark.parametrize("recorded", [False, True], ids=["without a record", "with a record"])
def test_in_a_read_only_folder_nothing_is_written_and_the_remedy_is_told(
    workplace: Workplace, *, recorded: bool
) -> None:
    if recorded:
        workplace.applied()
        workplace.edit("timeout: 16", "timeout: 18")
    with read_only(workplace.folder):
        assert workplace.run("validate").exit_code == 0
        looked = workplace.run("plan", "--format", "json")
        ended = workplace.run("apply", "--auto-approve", "--format", "json")
        stored = workplace.run("plan", "--out", "plan.json", "--format", "json")
    # A database of SQLite in WAL mode cannot even be read where nothing can be written beside it.
    assert looked.exit_code == (1 if recorded else 0)
    assert ("record-unusable" in looked.codes) is recorded
    for refused in (ended, stored):
        (problem,) = [item for item in refused.json["diagnostics"] if item["severity"] == "error"]
        assert (refused.exit_code, problem["code"]) == (1, "record-unusable")
        assert "writable" in problem["hint"] or "can write" in problem["hint"]
        assert "Traceback" not in refused.stderr
    assert workplace.sandbox.writes == []
    assert workplace.run("apply", "--auto-approve").exit_code == 0
    assert workplace.run("plan", "--detailed-exitcode").exit_code == 0
