"""The core in this process: 10,000 unchanged numbers planned, and 10,000 live reads against their latency bound.

The vendor's API of the reads runs in a process of its own, so that it takes no time from the reader.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from reconciler.clock import SystemClock
from reconciler.live import Reader, ReadRequest, read_live
from reconciler.model import Desired, Key, Kind, NumberForwarding, Redirect, Target, UrlForwarding, Value
from reconciler.plan.build import Options, Refresh
from reconciler.providers.exolve import EXOLVE
from reconciler.providers.exolve.account import ExolveOptions
from reconciler.providers.opening import open_provider
from reconciler.secrets import SecretRef, Secrets
from reconciler.settings import Account, Rate
from reconciler.workflow.plan import make_plan
from tests.benchmarks.row import Row, at_most
from tests.world import NONE, ObedientClock, Vendor, World, place

_COUNT = 10_000
_CONCURRENCY = 32
_LATENCY_SECONDS = 0.05
_SERVE = """
import json, sys
from reconciler.sandbox import Sandbox
with Sandbox(numbers=int(sys.argv[1]), latency=float(sys.argv[2])) as sandbox:
    print(json.dumps([sandbox.exolve_url, sandbox.api_key, sandbox.exolve.numbers]), flush=True)
    sys.stdin.read()
"""


def rows() -> Iterator[Row]:
    for refresh in (Refresh.NONE, Refresh.ALL):
        name = f"plan --refresh {refresh.value}, {_COUNT:,} unchanged, without loading and network"
        yield at_most(name, _planned(refresh), 1.0 if refresh is Refresh.NONE else 2.0, " s")
    bound = _COUNT / _CONCURRENCY * _LATENCY_SECONDS
    name = f"{_COUNT:,} live reads at 50 ms, {_CONCURRENCY} at once / latency bound"
    yield at_most(name, _read() / bound, 1.25, " x")


def _value(index: int) -> Value:
    if index % 2:
        return UrlForwarding(f"https://example.com/{index}?key=${{var:KEY}}")
    target = Target(str(74992220000 + index % 500), 16, ("wd {mon-fri} hr {9-17}",), "график")
    return NumberForwarding(Redirect.SEQUENTIAL, (target, Target(str(74993330000 + index % 500), 30)))


def _planned(refresh: Refresh) -> float:
    """CPU seconds of one plan after an apply that recorded everything."""
    files = [
        Desired(Key("exolve", str(74990000000 + index), Kind.FORWARDING), "sales", _value(index), place(index + 1))
        for index in range(_COUNT)
    ]
    vendor = Vendor(dict.fromkeys((each.key.number for each in files), NONE), clock=ObedientClock(), concurrency=4)
    world = World(files, {"sales": vendor}, variables={"KEY": "a-secret"})
    world.apply()
    session = world.session
    started = time.process_time()
    plan, _ = make_plan(session, Options(kept=True, refresh=refresh))
    spent = time.process_time() - started
    if plan.changes or plan.unchanged != _COUNT:
        raise AssertionError(plan.summary)
    return spent


def _read() -> float:
    """Wall seconds of reading every number by itself."""
    with _served() as (address, key, numbers):
        rate = Rate(per_second=0, concurrency=_CONCURRENCY)
        account = Account(
            "sales", "exolve", address, place(), EXOLVE.capabilities, rate, options=ExolveOptions(SecretRef(env="KEY"))
        )
        provider = open_provider(account, Secrets({"KEY": key}))
        wanted = {"sales": [ReadRequest(Key("exolve", number, Kind.FORWARDING)) for number in numbers]}
        started = time.perf_counter()
        live = read_live({"sales": provider}, wanted, Reader(SystemClock()))
        spent = time.perf_counter() - started
        provider.close()
    if len(live.observations) != _COUNT or any(seen.value is None for seen in live.observations.values()):
        raise AssertionError("not everything was read")
    return spent


@contextmanager
def _served() -> Iterator[tuple[str, str, list[str]]]:
    command = [sys.executable, "-c", _SERVE, str(_COUNT), str(_LATENCY_SECONDS)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        where: list[Any] = json.loads(process.stdout.readline())
        yield where[0], where[1], where[2]
        process.communicate("")
