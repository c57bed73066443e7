"""Values of records that the tests of every backend use."""

from __future__ import annotations

import os
import socket
import subprocess
import sys

import pytest

from reconciler.model import Entry, Key, Kind
from reconciler.record.base import Holder, Intent, Run, Window
from reconciler.record.locks import fingerprint

NOWHERE = '{"type":"none"}'
SIP = '{"sip_uri":"a@b.example","type":"sip"}'
T0 = "2026-11-21T10:00:00Z"


def key(number: int = 1, kind: Kind = Kind.FORWARDING) -> Key:
    provider = "exolve" if kind is Kind.FORWARDING else "mtt"
    return Key(provider, str(74991112200 + number), kind)


def entry(number: int = 1, value: str = '{"type":"none"}', *, account: str = "sales", run_id: str = "r1") -> Entry:
    return Entry(key(number), account, value, written_at=T0, run_id=run_id)


def numbered(n: int) -> str:
    """A value that is told from others by a number."""
    return f'{{"type":"url","url":"{n}"}}'


def window(window_id: str, *numbers: int, run_id: str = "r1", account: str = "sales") -> Window:
    intents = (Intent(key(n), account, "update", NOWHERE, SIP) for n in numbers)
    return Window(window_id, run_id, T0, tuple(intents))


def run(run_id: str = "r1", *, finished_at: str = "") -> Run:
    return Run(
        run_id, T0, "anna", "desk", 4711, commit="c0ffee", finished_at=finished_at, overrides=("unwritable-fields",)
    )


def holder(account: str = "sales", *, run_id: str = "r1", pid: int | None = None, host: str | None = None) -> Holder:
    """A holder that is this very process, unless told otherwise."""
    return Holder(account, host or socket.gethostname(), "anna", os.getpid() if pid is None else pid, run_id, T0)


JUDGES_PROCESSES = all(fingerprint(os.getpid()).split("|")[:4])
"""Whether this machine can prove that a process has ended: not without /proc, nor in an image without a machine id."""


def dead_pid() -> int:
    """The id of a process that has provably ended."""
    if not JUDGES_PROCESSES:
        pytest.skip("nothing tells the processes of this machine from those of another")
    with subprocess.Popen([sys.executable, "-c", ""]) as process:
        process.wait()
    return process.pid
