"""Several applies at once, as processes: one writes after the other or not at all, and what they say is true."""

from __future__ import annotations

import itertools
import json
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Sequence

import pytest

from reconciler.sandbox import Fault, FaultKind
from reconciler.sandbox.journal import Write
from tests.architecture.imports import REPOSITORY
from tests.cli import test_backends as backends
from tests.cli.conftest import Workplace
from tests.conftest import Tally

postgres_server, dsn, place = backends.postgres_server, backends.dsn, backends.place
NUMBERS = 5
FILES = "version: 1\nnumbers:\n" + "".join(
    f'  "7499100000{at}": {{forwarding: {{type: url, url: "https://example.com/${{var:WHO}}/{at}"}}}}\n'
    for at in range(NUMBERS)
)
REFUSED = {4, 5}


def populate(workplace: Workplace) -> None:
    """Numbers whose value tells which process wrote it, written one after the other, slowly."""
    (workplace.folder / "numbers.yaml").write_text(FILES, "utf-8")
    uuid = f"    application: {workplace.sandbox.application}\n"
    workplace.edit(uuid, uuid + "    rate: {per_second: 0, concurrency: 1}\n", "reconciler.yaml")
    workplace.edit("name: test\n", "name: test\npolicy: {max_changes: 100%}\n", "reconciler.yaml")
    workplace.sandbox.latency = 0.02


def started(workplace: Workplace, who: str) -> subprocess.Popen[str]:
    environ = {**os.environ, **workplace.environ, "PYTHONPATH": str(REPOSITORY), "RECONCILER_VAR_WHO": who}
    command = [sys.executable, "-m", "reconciler", "-C", str(workplace.folder), "apply", "--auto-approve"]
    return subprocess.Popen(
        [*command, "--format", "json"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environ
    )


def race(workplace: Workplace, names: Sequence[str]) -> list[int]:
    """Let so many apply at once, judge what they did, and return how they ended."""
    workplace.sandbox.journal.clear()
    # The first write takes so long that the others come while it is on its way.
    workplace.sandbox.faults.add(Fault(kind=FaultKind.LATENCY, mutating=True, seconds=1.5))
    racers = [started(workplace, name) for name in names]
    ends = [(racer, *racer.communicate(timeout=240)) for racer in racers]
    wrote: Counter[str] = Counter()
    for name, (racer, out, err) in zip(names, ends, strict=True):
        assert racer.returncode in {0} | REFUSED, (out, err)
        assert "Traceback" not in err
        outcomes = Counter(row["outcome"] for row in json.loads(out)["results"])
        assert racer.returncode == 0 or outcomes.keys() <= {"skipped"}
        wrote[name] += outcomes["applied"]
    assert_one_after_the_other(workplace, wrote)
    return [racer.returncode for racer, _out, _err in ends]


def assert_one_after_the_other(workplace: Workplace, wrote: Counter[str]) -> None:
    writes = [who_wrote(write) for write in workplace.sandbox.writes]
    assert Counter(writes) == +wrote, "what was applied is what was written"
    turns = [who for who, _ in itertools.groupby(writes)]
    assert len(turns) == len(set(turns)), "a run writes without another one in between"
    calls = sorted((call.started, call.finished) for call in workplace.sandbox.log if call.mutating)
    assert all(finished <= begun for (_, finished), (begun, _) in itertools.pairwise(calls))


def who_wrote(write: Write) -> str:
    assert isinstance(write.body, dict)
    return str(write.body["call_forwarding_ipcr"]["url"]).split("/")[3]


def assert_settled(workplace: Workplace, who: str) -> None:
    environ = {"RECONCILER_VAR_WHO": who}
    assert workplace.run("apply", "--auto-approve", **environ).exit_code == 0
    assert workplace.run("plan", "--detailed-exitcode", **environ).exit_code == 0
    assert workplace.run("record", "list", "--format", "json").json["unsettled"] == []


def backend_of(place: str) -> str:
    return place.partition(":")[0]


@pytest.mark.parametrize("place", ["file", "http"], indirect=True)
def test_of_two_applies_one_writes_after_the_other_or_not_at_all(workplace: Workplace, place: str) -> None:
    populate(workplace)
    assert 0 in race(workplace, ["one", "two"]), place
    assert_settled(workplace, "one")


@pytest.mark.soak
@pytest.mark.parametrize("count", [2, 20])
def test_applies_with_different_values(workplace: Workplace, place: str, count: int, tally: Tally) -> None:
    rounds = 20 // count
    tally(f"races of {count} applies, different values, record in {backend_of(place)}", rounds)
    populate(workplace)
    for turn in range(rounds):
        assert 0 in race(workplace, [f"p{turn}-{racer}" for racer in range(count)])
    assert_settled(workplace, "last")


@pytest.mark.soak
def test_twenty_applies_of_the_same_values(workplace: Workplace, place: str, tally: Tally) -> None:
    tally(f"races of 20 applies, the same values, record in {backend_of(place)}", 1)
    populate(workplace)
    assert 0 in race(workplace, ["same"] * 20)
    assert Counter(write.number for write in workplace.sandbox.writes) == {
        f"7499100000{at}": 1 for at in range(NUMBERS)
    }
    assert_settled(workplace, "same")
