"""A run that waits for the record: it says for whom, and the first signal ends it."""

from __future__ import annotations

import json
import signal
import time

import psycopg

from tests.cli import test_backends as backends
from tests.cli.conftest import Workplace
from tests.cli.test_interrupting import started, wait_for
from tests.record.test_postgres_waits import in_the_way

postgres_server, dsn = backends.postgres_server, backends.dsn


def waiting(dsn: str) -> bool:
    """Whether some session has been waiting for a lock so long that its run has said so."""
    asked = """
        SELECT count(*) FROM pg_stat_activity
        WHERE wait_event_type = 'Lock' AND query_start < now() - interval '2.5 s'
    """
    with psycopg.connect(dsn) as connection:
        return connection.execute(asked.encode()).fetchone() == (1,)


def test_the_first_signal_ends_an_apply_that_waits_for_somebody_s_transaction(workplace: Workplace, dsn: str) -> None:
    workplace.environ["RECONCILER_DSN"] = dsn
    backends.configure(workplace, "record: {backend: postgres, postgres: {dsn: {env: RECONCILER_DSN}}}")
    workplace.applied().edit("timeout: 16", "timeout: 20")
    with in_the_way(dsn) as process:
        running = started(workplace, "apply", "--auto-approve", "--format", "json")
        wait_for(lambda: waiting(dsn))
        begun = time.monotonic()
        running.send_signal(signal.SIGTERM)
        out, err = running.communicate(timeout=30)
        assert time.monotonic() - begun < 5
    assert (running.returncode, "Traceback" in err) == (130, False), err
    assert f"held by session {process} of postgres" in err
    assert {row["outcome"] for row in json.loads(out)["results"]} == {"skipped"}
    assert workplace.sandbox.writes == []
    assert workplace.run("apply", "--auto-approve").exit_code == 0
