"""What a keystroke costs an editor: findings of a file of 1,000 numbers through `reconciler lsp`, in CPU seconds."""

from __future__ import annotations

import os
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import date
from pathlib import Path

from reconciler.lsp.project import Project
from reconciler.providers.table import PROVIDERS
from tests.benchmarks import lines
from tests.benchmarks.measure import seconds
from tests.benchmarks.row import Row, at_most, orientation
from tests.language_client import LanguageClient

_COUNT = 1_000
_ROUNDS = 15


def rows() -> Iterator[Row]:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name).resolve()
        (file, *_) = [path for path in lines.write_configuration(folder, _COUNT) if path.name != "reconciler.yaml"]
        project = Project(folder, PROVIDERS, lambda: date(2026, 11, 21), {})
        judged = statistics.median(seconds(project.judge) for _ in range(_ROUNDS))
        with LanguageClient([sys.executable, "-m", "reconciler", "lsp"], folder) as client:
            cost, wall = _keystrokes(client, file.relative_to(folder).as_posix())
    yield at_most("a keystroke in 1,000 numbers / judging them in one process", cost / judged, 1.5, " x")
    yield orientation("a keystroke in 1,000 numbers, until its findings", wall, " s", "0.06 s")


def _keystrokes(client: LanguageClient, name: str) -> tuple[float, float]:
    """The server's CPU seconds for a keystroke, and the median time until the editor has the findings."""
    text = (client.root / name).read_bytes().decode()
    client.open(name)
    client.findings(name)
    times, before = [], _cpu_seconds(client.process.pid)
    for at in range(_ROUNDS):
        count, started = client.count(name), time.perf_counter()
        client.change(name, at + 2, {"text": text + "#" * (at + 1)})
        client.findings(name, after=count)
        times.append(time.perf_counter() - started)
    return (_cpu_seconds(client.process.pid) - before) / _ROUNDS, statistics.median(times)


def _cpu_seconds(pid: int) -> float:
    """What a running process has used, as Linux tells it."""
    fields = Path(f"/proc/{pid}/stat").read_text("utf-8").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
