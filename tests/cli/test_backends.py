"""Plan, apply and the record commands, as a user runs them, with the record in each backend."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from reconciler.record.base import Record
from tests.cli.conftest import Workplace
from tests.record import conftest as servers
from tests.record.contract import left
from tests.record.opening import open_place
from tests.record.s3_server import bucket
from tests.record.state_server import State, serving
from tests.record.values import holder

postgres_server, dsn = servers.postgres_server, servers.dsn
KEY = "canary-record-key-0123456789abcdef0123"


@pytest.fixture(params=["file", "git", "http", "postgres", "s3"])
def place(request: pytest.FixtureRequest, workplace: Workplace, tmp_path: Path) -> Iterator[str]:
    """Where the record of the workplace is, as `open_place` names it."""
    match request.param:
        case "git":
            remote = tmp_path / "remote.git"
            subprocess.run(["git", "init", "--quiet", "--bare", str(remote)], check=True)
            subprocess.run(["git", "init", "--quiet", str(workplace.folder)], check=True)
            subprocess.run(["git", "-C", str(workplace.folder), "remote", "add", "origin", str(remote)], check=True)
            configure(workplace, "record: {backend: git}")
            yield f"git:{workplace.folder}"
        case "http":
            with serving(State(), State(root="/state-tokens")) as address:
                configure(workplace, f"record: {{backend: http, http: {{address: {address}/state}}}}")
                workplace.environ["TF_HTTP_LOCK_ADDRESS"] = f"{address}/state"
                yield f"http:{address}"
        case "postgres":
            workplace.environ["RECONCILER_DSN"] = request.getfixturevalue("dsn")
            configure(workplace, "record: {backend: postgres, postgres: {dsn: {env: RECONCILER_DSN}}}")
            yield f"postgres:{workplace.environ['RECONCILER_DSN']}"
        case "s3":
            with bucket() as (address, _front):
                configure(workplace, "record: {backend: s3, s3: {bucket: lines, key: lines.json}}")
                workplace.environ |= {"AWS_ENDPOINT_URL": address, "AWS_REGION": "eu-central-1"}
                workplace.environ |= {"AWS_ACCESS_KEY_ID": "AK", "AWS_SECRET_ACCESS_KEY": "hunter2-canary"}
                yield f"s3:{address}"
        case _:
            yield f"file:{workplace.folder / '.reconciler' / 'record.db'}"


def configure(workplace: Workplace, record: str) -> None:
    workplace.edit("name: test\n", f"name: test\n{record}\n", "reconciler.yaml")
    workplace.environ["RECONCILER_RECORD_KEY"] = KEY


def opened(place: str) -> Record:
    return open_place(place, name="test")


def test_what_was_applied_is_recorded_and_a_second_plan_is_empty(workplace: Workplace, place: str) -> None:
    assert workplace.run("plan").exit_code == 0
    with closing(opened(place)) as record:
        assert record.load().serial == 0
    workplace.applied()
    assert workplace.run("plan", "--detailed-exitcode").exit_code == 0
    assert workplace.run("plan", "--detailed-exitcode", "--refresh", "none").exit_code == 0
    with closing(opened(place)) as record:
        state = record.load()
        assert sorted(key.number for key in state.entries) == ["74991000000", "74991000001"]
        assert state.windows == ()
        assert not record.holders()
        assert len(record.runs()) == 1


def test_a_plan_that_was_saved_before_there_was_a_record_is_applied(workplace: Workplace, place: str) -> None:
    plan = workplace.folder / "plan.json"
    assert workplace.run("plan", "--out", str(plan)).exit_code == 0
    ended = workplace.run("apply", str(plan))
    assert ended.exit_code == 0, ended
    with closing(opened(place)) as record:
        assert len(record.load().entries) == 2
    again = workplace.run("apply", str(plan))
    assert again.exit_code == 0, again
    assert "Nothing to do: already applied by run " in again.stdout


def test_an_edit_is_an_update_of_what_is_recorded(workplace: Workplace, place: str) -> None:
    workplace.applied()
    workplace.edit("timeout: 16", "timeout: 20")
    ended = workplace.run("apply", "--auto-approve", "--format", "json")
    assert [row["action"] for row in ended.json["results"]] == ["update"]
    with closing(opened(place)) as record:
        values = [json.loads(entry.value) for entry in record.load().entries.values()]
    assert [value["targets"][0]["timeout"] for value in values if value.get("targets")] == [20]


def test_a_locked_record_refuses_the_run_before_its_first_write(workplace: Workplace, place: str) -> None:
    with closing(opened(place)) as record, record.lock([holder("sales", run_id="other-run")]):
        ended = workplace.run("apply", "--auto-approve")
        listed = workplace.run("record", "list")
    assert ended.exit_code == 5, ended
    assert "other-run" in ended.stderr
    assert "reconciler record unlock sales --force" in " ".join(ended.stderr.split())
    assert workplace.sandbox.writes == []
    assert "other-run" in listed.stdout


def test_a_lock_is_broken_by_force_only(workplace: Workplace, place: str) -> None:
    with closing(opened(place)) as record:
        left(record.lock([holder("sales", run_id="other-run", host="elsewhere.example")]))
        assert workplace.run("record", "unlock", "sales").exit_code == 5
        assert workplace.run("record", "unlock", "sales", "--force").exit_code == 0
        assert workplace.run("apply", "--auto-approve").exit_code == 0


def test_a_record_of_another_configuration_stops_plan_and_apply(workplace: Workplace, place: str) -> None:
    if place.startswith("postgres:"):
        pytest.skip("a record of another name is another record there")
    workplace.applied()
    workplace.edit("name: test\n", "name: tset\n", "reconciler.yaml")
    for command in (["plan"], ["apply", "--auto-approve"]):
        ended = workplace.run(*command)
        assert ended.exit_code == 1, ended
        assert "'test'" in ended.stderr


def test_parking_is_recorded_and_its_tokens_are_shared_where_the_record_is(workplace: Workplace, place: str) -> None:
    number = "78005560251"
    text = (workplace.folder / "numbers.yaml").read_text("utf-8")
    parked = f'  "{number}": {{account: office, parking: true}}\n'
    (workplace.folder / "numbers.yaml").write_text(text + parked, "utf-8")
    state = workplace.folder.parent / "state"
    ended = workplace.run("apply", "--auto-approve", XDG_STATE_HOME=str(state))
    assert ended.exit_code == 0, ended
    assert workplace.run("plan", "--detailed-exitcode", XDG_STATE_HOME=str(state)).exit_code == 0
    own = list(state.rglob("*.json"))
    assert bool(own) is place.startswith(("file:", "git:", "s3:"))


def test_no_secret_of_ours_is_in_the_record(workplace: Workplace, place: str) -> None:
    workplace.edit("https://example.com/route", "https://user-canary:x@example.com/route?key=query-canary")
    workplace.applied()
    with closing(opened(place)) as record:
        state = record.load()
        told = repr((state, [record.run(run.id) for run in record.runs()]))
    assert "canary" not in told
    assert "hmac-sha256:" in told
    assert workplace.run("plan", "--detailed-exitcode").exit_code == 0


def test_the_hint_for_a_dsn_that_cannot_be_read_survives_the_masking_of_urls(workplace: Workplace) -> None:
    pytest.importorskip("psycopg")
    configure(workplace, "record: {backend: postgres, postgres: {dsn: {env: RECONCILER_DSN}}}")
    (found,) = workplace.run("plan", "--format", "json", RECONCILER_DSN="password='x").json["diagnostics"]
    assert found["hint"] == "write host=HOST dbname=DATABASE user=USER password=PASSWORD, or the same as a URL"
