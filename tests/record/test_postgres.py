from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import closing

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict

from reconciler.record.base import LockedError, LockLostError, Record, RecordError, Update
from reconciler.record.postgres import PostgresRecord
from reconciler.record.postgres_session import PostgresSession
from tests.record.contract import Open, RecordContract, commit, left
from tests.record.pooler import Pooler, pooled
from tests.record.processes import ProcessContract
from tests.record.values import entry, holder, run, window


class TestPostgres(RecordContract):
    names_are_places = True

    @pytest.fixture
    def opened(self, dsn: str) -> Open:
        def opened(name: str | None) -> Record:
            return PostgresRecord(dsn, name=name or "lines")

        return opened

    def abandon(self, record: Record) -> None:
        record.close()


class TestPostgresAndProcesses(ProcessContract):
    kills = 4
    racers = 6

    @pytest.fixture
    def place(self, dsn: str) -> str:
        return f"postgres:{dsn}"


def ended(dsn: str, record: PostgresRecord) -> None:
    """End the server's side of a record's connection, as a restart or a broken network does."""
    pid = record._session.connection().server_process
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute("SELECT pg_terminate_backend(%s, 5000)", (pid,))


@pytest.fixture
def record(dsn: str) -> Iterator[PostgresRecord]:
    with closing(PostgresRecord(dsn, name="lines")) as record:
        yield record


def test_loading_leaves_the_database_alone(dsn: str, record: PostgresRecord) -> None:
    record.load()
    record.holders()
    record.unlock([], force=True)
    with psycopg.connect(dsn) as connection:
        assert connection.execute("SELECT to_regnamespace('reconciler')").fetchone() == (None,)


def test_records_of_two_names_live_side_by_side(dsn: str, record: PostgresRecord) -> None:
    with closing(PostgresRecord(dsn, name="other")) as other:
        one = commit(
            record, Update(put=[entry(1)], run=run("a"), results=[{"n": 1, "outcome": "applied"}], open=window("w", 1))
        )
        with record.lock([holder()]):
            two = commit(other, Update(put=[entry(2)], run=run("a"), results=[{"n": 2, "outcome": "applied"}]))
        assert (record.load(), other.load()) == (one, two)
        assert other.run("a") != record.run("a")


def test_a_lock_whose_connection_is_gone_is_dead_wherever_its_process_was(dsn: str, record: PostgresRecord) -> None:
    far = holder(host="build-7.example.com")
    with closing(PostgresRecord(dsn, name="lines")) as lost:
        left(lost.lock([far]))
    with record.lock([holder(run_id="r2")]):
        assert record.broken_locks == (far,)


def test_a_lost_connection_is_made_anew_and_the_lock_is_still_ours(dsn: str, record: PostgresRecord) -> None:
    with record.lock([holder()]) as lock:
        state = record.commit(lock, Update(put=[entry(1)]), expected=record.load())
        ended(dsn, record)
        assert record.commit(lock, Update(put=[entry(2)]), expected=state).serial == 2
        with closing(PostgresRecord(dsn, name="lines")) as rival, pytest.raises(LockedError):
            rival.lock([holder(run_id="r2")]).__enter__()
    assert not record.holders()


def test_a_lock_that_somebody_took_while_the_connection_was_gone_is_lost(dsn: str, record: PostgresRecord) -> None:
    with closing(PostgresRecord(dsn, name="lines")) as rival, record.lock([holder()]) as lock:
        state = record.load()
        ended(dsn, record)
        with rival.lock([holder(run_id="r2")]), pytest.raises(LockLostError, match="sales"):
            record.commit(lock, Update(put=[entry(1)]), expected=state)
        with pytest.raises(LockLostError, match="sales"):
            record.commit(lock, Update(put=[entry(1)]), expected=state)
    assert record.load().serial == 0


def test_a_lock_that_could_not_be_stored_is_not_kept(
    dsn: str, record: PostgresRecord, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise RecordError("no room")

    monkeypatch.setattr("reconciler.record.rows.put", full)
    with pytest.raises(RecordError, match="no room"), record.lock([holder()]):
        pass
    monkeypatch.undo()
    with closing(PostgresRecord(dsn, name="lines")) as other, other.lock([holder(run_id="r2")]):
        assert [each.run_id for each in other.holders()] == ["r2"]


def test_a_newer_format_is_refused(dsn: str, record: PostgresRecord) -> None:
    commit(record, Update(put=[entry()]))
    with psycopg.connect(dsn) as connection:
        connection.execute("UPDATE reconciler.format SET version = 3")
    with pytest.raises(RecordError, match="format 3") as caught:
        record.load()
    assert "upgrade" in (caught.value.hint or "")


def test_a_pooler_in_transaction_mode_is_refused_before_anything_is_locked(dsn: str, record: PostgresRecord) -> None:
    record.load()
    with pooled(socket_of(dsn)) as pooler, closing(through(pooler)) as behind:
        assert behind.load() == record.load()
        with pytest.raises(RecordError, match="transaction mode") as caught, behind.lock([holder()]):
            pass
        assert "session mode" in (caught.value.hint or "")
    assert not record.holders()


def test_a_pooler_in_session_mode_will_do(dsn: str, record: PostgresRecord) -> None:
    with pooled(socket_of(dsn), session_mode=True) as pooler, closing(through(pooler)) as behind:
        state = commit(behind, Update(put=[entry(1)]))
    assert record.load() == state


def socket_of(dsn: str) -> str:
    return f"{conninfo_to_dict(dsn)['host']}/.s.PGSQL.5432"


def through(pooler: Pooler) -> PostgresRecord:
    return PostgresRecord(f"postgresql://postgres@127.0.0.1:{pooler.port}/postgres", name="lines")


@pytest.mark.parametrize(
    "dsn",
    ["postgresql://anna:hunter2-canary@/x?nonsense=1", "hunter2-canary", "postgresql://a:hunter2-canary@[::1/x"],
)
def test_a_dsn_that_cannot_be_read_is_not_shown(dsn: str) -> None:
    with pytest.raises(RecordError) as caught:
        PostgresRecord(dsn, name="lines")
    assert "canary" not in f"{caught.value}{caught.value.hint}{caught.value.__cause__}"


def test_a_server_that_is_not_there_is_told_without_the_password() -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    with closing(PostgresRecord(f"postgresql://anna:hunter2-canary@127.0.0.1:{port}/lines", name="lines")) as record:
        with pytest.raises(RecordError, match=r"database lines at 127\.0\.0\.1") as caught:
            record.load()
        assert "canary" not in f"{caught.value}{caught.value.hint}"


@pytest.mark.parametrize(
    ("dsn", "sslmode"),
    [
        ("postgresql://u@db.example.com/x", "verify-full"),
        ("host=db.example.com sslmode=verify-ca sslrootcert=ca.pem", "verify-ca"),
        ("postgresql://u@127.0.0.1/x", None),
        ("postgresql://u@/x?host=/run/postgresql", None),
        ("", None),
    ],
)
def test_a_server_elsewhere_must_prove_itself_unless_the_dsn_says_how(dsn: str, sslmode: str | None) -> None:
    assert PostgresSession(dsn)._parameters.get("sslmode") == sslmode
