"""Killed at any point, a run is settled by the next one, wherever its record is kept."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import psycopg
import pytest

from reconciler.sandbox import Sandbox
from tests.conftest import Tally
from tests.faults.crash import FAILPOINTS, NUMBERS
from tests.faults.test_crash import SHOWN, crash
from tests.record import conftest as servers
from tests.record.state_server import State, serving

postgres_server = servers.postgres_server
BACKENDS = ("git", "http", "postgres")
SAMPLE = [
    *(("git", "before-intent"), ("git", "during-save"), ("http", "effect-to-result")),
    *(("http", "during-save"), ("postgres", "in-flight"), ("postgres", "during-save")),
]
Place = Callable[[str], str]


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(numbers=NUMBERS + 3, mtt_numbers=NUMBERS + 3) as running:
        yield running


@pytest.fixture
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Place]:
    """A function that makes one more empty place for a record in a backend."""
    with ExitStack() as stack:

        def made(backend: str) -> str:
            if backend == "git":
                return f"git:{_clone(tmp_path)}"
            if backend == "http":
                return f"http:{stack.enter_context(serving(State()))}"
            return f"postgres:{_emptied(request.getfixturevalue('postgres_server'))}"

        yield made


def _clone(folder: Path) -> Path:
    number = len(list(folder.iterdir()))
    remote, clone = folder / f"remote{number}.git", folder / f"clone{number}"
    subprocess.run(["git", "init", "--quiet", "--bare", str(remote)], check=True)
    subprocess.run(["git", "clone", "--quiet", str(remote), str(clone)], check=True, capture_output=True)
    return clone


def _emptied(dsn: str) -> str:
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute("DROP SCHEMA IF EXISTS reconciler CASCADE")
    return dsn


@pytest.mark.parametrize(("backend", "failpoint"), SAMPLE)
def test_a_run_that_is_killed_is_settled_by_the_next(
    sandbox: Sandbox, backend: str, failpoint: str, place: Place
) -> None:
    crash(sandbox, "exolve", failpoint, place(backend), seed=1)


@pytest.mark.soak
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("provider", ["exolve", "mtt"])
@pytest.mark.parametrize("failpoint", FAILPOINTS)
def test_twenty_kills_at_each_point_are_settled_by_the_next_run(
    sandbox: Sandbox,
    backend: str,
    provider: str,
    failpoint: str,
    place: Place,
    capsys: pytest.CaptureFixture[str],
    tally: Tally,
) -> None:
    tally(f"kill -9 {failpoint}, {SHOWN[provider]}, record in {backend}", 20)
    found = Counter(crash(sandbox, provider, failpoint, place(backend), seed=seed) for seed in range(20))
    with capsys.disabled():
        told = f"{backend} {provider} {failpoint}: 20 kills, all converged; intents at death: {dict(found)}"
        sys.stdout.write(f"\n{told}\n")
