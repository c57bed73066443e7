"""What PostgreSQL makes a record wait for is bounded, told and ended by the first signal; and what a role must have."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager

import psycopg
import pytest
from psycopg import sql
from psycopg.conninfo import make_conninfo

from reconciler.record import postgres_session
from reconciler.record.base import RecordError, Update, WaitInterruptedError, Waits
from reconciler.record.postgres import PostgresRecord
from tests.record.contract import commit, left
from tests.record.pooler import pooled
from tests.record.test_postgres import socket_of, through
from tests.record.values import entry, holder

SOON = 4.0
ROW = "SELECT * FROM reconciler.records FOR UPDATE"


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(postgres_session, "_QUIET_SECONDS", 0.2)
    monkeypatch.setattr(postgres_session, "_GRACE_SECONDS", 0.2)
    monkeypatch.setattr(postgres_session, "_CANCEL_SECONDS", 0.5)
    monkeypatch.setattr(postgres_session, "_ASK_SECONDS", 1.0)


class Listener:
    """Hears what a record waits for, and can interrupt it."""

    def __init__(self) -> None:
        self.told: list[str] = []
        self.waits = Waits(self.told.append)

    def interrupts(self, *, after: float) -> None:
        threading.Timer(after, self.waits.clock.interrupted.set).start()


@pytest.fixture
def listener() -> Listener:
    return Listener()


@contextmanager
def in_the_way(dsn: str, statement: str = ROW) -> Iterator[int]:
    """Somebody's transaction that does not end; gives the id of its server process."""
    with psycopg.connect(dsn, application_name="somebody's editor") as connection:
        connection.execute(statement.encode())
        yield connection.info.backend_pid
        connection.rollback()


@pytest.fixture
def made(dsn: str) -> str:
    """A database with a record in it."""
    with closing(PostgresRecord(dsn, name="lines")) as record:
        commit(record, Update(put=[entry(1)]))
    return dsn


@contextmanager
def soon() -> Iterator[None]:
    begun = time.monotonic()
    yield
    assert time.monotonic() - begun < SOON


# -- locks of the database ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "statement",
    ["SELECT * FROM reconciler.records FOR UPDATE", "LOCK TABLE reconciler.format IN ACCESS EXCLUSIVE MODE"],
)
def test_a_wait_for_somebody_s_transaction_is_told_with_who_that_is_and_ends(
    made: str, listener: Listener, statement: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(postgres_session.LIMITS, "lock_timeout", 1)
    with closing(PostgresRecord(made, name="lines", waits=listener.waits)) as record:
        record.load()
        with in_the_way(made, statement) as process, soon(), pytest.raises(RecordError, match="lock timeout") as caught:
            record.lock([holder()]).__enter__()
        assert f"held by session {process} of postgres, somebody's editor" in str(caught.value)
        assert "pg_terminate_backend" in (caught.value.hint or "")
        assert commit(record, Update(put=[entry(2)])).serial == 2
    (told,) = listener.told
    assert told.startswith("waiting for database postgres at ")
    assert f"it is held by session {process} of postgres, somebody's editor, idle in transaction since " in told


def test_what_the_dsn_says_of_limits_holds(made: str, listener: Listener) -> None:
    chosen = make_conninfo(made, options="-c lock_timeout=300ms -c statement_timeout=0")
    with closing(PostgresRecord(chosen, name="lines", waits=listener.waits)) as record, in_the_way(made), soon():
        with pytest.raises(RecordError, match="lock timeout"):
            record.lock([holder()]).__enter__()
        assert record._session.connection()._limit is None


def test_what_the_role_or_the_database_was_given_holds(made: str, role: str) -> None:
    with psycopg.connect(made, autocommit=True) as connection:
        connection.execute(sql.SQL("ALTER ROLE {} SET lock_timeout = '7s'").format(sql.Identifier(role)))
    with closing(PostgresRecord(as_role(made, role), name="lines")) as record:
        begins = record._session.connection().begins
    assert "lock_timeout" not in begins
    assert "SET LOCAL statement_timeout = '60s'" in begins


def test_limits_of_ours_are_those_of_a_transaction_and_not_left_to_the_next_user_of_a_session(made: str) -> None:
    with closing(PostgresRecord(made, name="lines")) as record:
        link = record._session.connection()
        with record._reading() as inside:
            assert inside is not None
            assert inside.execute("SHOW lock_timeout") == [("30s",)]
        assert link.execute("SHOW lock_timeout") == link.execute("SHOW statement_timeout") == [("0",)]


def assert_nobody_waits(dsn: str) -> None:
    with psycopg.connect(dsn) as connection:
        waiting = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
        assert connection.execute(waiting.encode()).fetchone() == (0,)


def test_an_interruption_ends_the_wait_for_a_lock_and_leaves_nobody_waiting(made: str, listener: Listener) -> None:
    with closing(PostgresRecord(made, name="lines", waits=listener.waits)) as record:
        with in_the_way(made) as process, soon():
            listener.interrupts(after=0.8)
            with pytest.raises(WaitInterruptedError):
                record.lock([holder()]).__enter__()
            assert_nobody_waits(made)
        assert f"session {process} " in "".join(listener.told)
        assert not record.holders()


def test_an_interruption_ends_the_wait_of_a_save_and_the_lock_is_given_back(made: str, listener: Listener) -> None:
    with closing(PostgresRecord(made, name="lines", waits=listener.waits)) as record:
        with record.lock([holder()]) as lock:
            state = record.load()
            with in_the_way(made), soon():
                listener.interrupts(after=0.3)
                with pytest.raises(WaitInterruptedError):
                    record.commit(lock, Update(put=[entry(2)]), expected=state)
        assert not record.holders()
        assert record.load().serial == 1


def test_work_that_is_no_wait_is_not_ended_by_an_interruption(made: str, listener: Listener) -> None:
    listener.waits.clock.interrupted.set()
    with closing(PostgresRecord(made, name="lines", waits=listener.waits)) as record:
        assert commit(record, Update(put=[entry(2)])).serial == 2


# -- poolers --------------------------------------------------------------------------------------------------------


def test_a_pooler_with_no_server_to_spare_is_not_waited_for_without_end(made: str, listener: Listener) -> None:
    with pooled(socket_of(made), session_mode=True, size=1) as pooler, closing(through(pooler)) as first:
        first.load()
        crowded = f"{pooler_dsn(pooler.port)}?connect_timeout=1"
        second = PostgresRecord(crowded, name="lines", waits=listener.waits)
        with closing(second), soon(), pytest.raises(RecordError, match="it did not answer for 1 s") as caught:
            second.load()
        assert "pool has two free connections" in (caught.value.hint or "")


def test_an_interruption_ends_a_wait_in_the_queue_of_a_pooler(made: str, listener: Listener) -> None:
    with pooled(socket_of(made), session_mode=True, size=1) as pooler, closing(through(pooler)) as first:
        first.load()
        with closing(PostgresRecord(pooler_dsn(pooler.port), name="lines", waits=listener.waits)) as second, soon():
            listener.interrupts(after=0.3)
            with pytest.raises(WaitInterruptedError):
                second.load()


def test_a_pooler_whose_only_server_is_ours_is_refused_and_not_waited_for(
    made: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("reconciler.record.postgres_session._POOLER_SECONDS", 0.5)
    with pooled(socket_of(made), size=1) as pooler, closing(through(pooler)) as record, soon():
        record.load()
        with pytest.raises(RecordError, match=r"did not answer|transaction mode"):
            record.lock([holder()]).__enter__()


def test_a_pooler_that_hands_sessions_on_as_they_are_will_do(made: str) -> None:
    with pooled(socket_of(made), session_mode=True, hands_on=True) as pooler:
        for serial in range(2, 5):
            with closing(through(pooler)) as record:
                for _ in range(8):
                    record.holders()
                assert commit(record, Update(put=[entry(2)])).serial == serial


def test_a_lock_that_a_handed_on_session_still_has_is_not_the_next_one_s(made: str) -> None:
    with pooled(socket_of(made), session_mode=True, hands_on=True) as pooler:
        killed = through(pooler)
        left(killed.lock([holder(run_id="killed")]))
        killed._session.connection()._connection.close()
        with closing(through(pooler)) as record, record.lock([holder(run_id="next")]):
            assert [each.run_id for each in record.broken_locks] == ["killed"]
        with closing(PostgresRecord(made, name="lines")) as direct, direct.lock([holder(run_id="last")]):
            assert direct.broken_locks == ()


def pooler_dsn(port: int) -> str:
    return f"postgresql://postgres@127.0.0.1:{port}/postgres"


# -- rights ---------------------------------------------------------------------------------------------------------


@pytest.fixture
def role(dsn: str) -> Iterator[str]:
    """A role that may log in, and no more."""
    name = "small_role"
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE ROLE {} LOGIN").format(sql.Identifier(name)))
        connection.execute("REVOKE CREATE ON DATABASE postgres FROM PUBLIC")
        yield name
        connection.execute(sql.SQL("DROP OWNED BY {} CASCADE").format(sql.Identifier(name)))
        connection.execute(sql.SQL("DROP ROLE {}").format(sql.Identifier(name)))


def as_role(dsn: str, role: str) -> str:
    return make_conninfo(dsn, user=role)


def run(dsn: str, *statements: str) -> None:
    with psycopg.connect(dsn, autocommit=True) as connection:
        for statement in statements:
            connection.execute(statement.encode())


TABLES_ONLY = (
    "GRANT USAGE ON SCHEMA reconciler TO small_role",
    "GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA reconciler TO small_role",
)


def test_a_role_with_the_tables_alone_may_apply(made: str, role: str) -> None:
    run(made, *TABLES_ONLY)
    with closing(PostgresRecord(as_role(made, role), name="lines")) as record:
        assert commit(record, Update(put=[entry(2)])).serial == 2
    with closing(PostgresRecord(as_role(made, role), name="another")) as record:
        assert commit(record, Update(put=[entry(2)])).serial == 1


def test_a_role_that_was_given_an_empty_schema_makes_the_tables_itself(dsn: str, role: str) -> None:
    run(dsn, "CREATE SCHEMA reconciler AUTHORIZATION small_role")
    with closing(PostgresRecord(as_role(dsn, role), name="lines")) as record:
        assert commit(record, Update(put=[entry(1)])).serial == 1


def test_a_role_may_read_a_record_that_it_may_not_write(made: str, role: str) -> None:
    run(made, TABLES_ONLY[0], "GRANT SELECT ON ALL TABLES IN SCHEMA reconciler TO small_role")
    with closing(PostgresRecord(as_role(made, role), name="lines")) as record:
        assert record.load().serial == 1
        with pytest.raises(RecordError, match="permission denied") as caught:
            record.lock([holder()]).__enter__()
        assert "docs/record.md" in (caught.value.hint or "")


def test_a_role_without_rights_is_told_so(made: str, role: str) -> None:
    record = PostgresRecord(as_role(made, role), name="lines")
    with closing(record), pytest.raises(RecordError, match="permission denied for schema reconciler"):
        record.load()


def test_a_small_role_may_keep_tokens(dsn: str, role: str) -> None:
    from tests.record.test_tokens import KEY, _postgres

    with closing(_postgres(dsn, KEY, "lines")) as texts, texts.lock("a"):
        texts.save("a", "token")
    run(dsn, *TABLES_ONLY)
    with closing(_postgres(as_role(dsn, role), KEY, "lines")) as texts, texts.lock("a"):
        assert texts.load("a") == "token"
        texts.save("a", "newer")
