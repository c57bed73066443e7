"""Plan files with bytes changed and no signature: refused in words, or applied to just what the files say."""

from __future__ import annotations

import random

import pytest

from reconciler.formats.plan import PlanFileError, render_plan
from reconciler.model import Parking
from reconciler.settings import Policy
from reconciler.workflow.stored import StalePlanError
from tests.world import EVERYTHING, NONE, World, desired, phone, rings, sip, url, world

EVENTS = "https://example.com/calls?key=${var:EVENT_KEY}"


def fresh() -> tuple[World, bytes]:
    """A configuration with a change of every kind, and its saved plan."""
    files = [
        desired(1, rings(phone(2), event_url=EVENTS)),
        desired(2, sip()),
        desired(3, NONE),
        desired(4, Parking(parked=True)),
    ]
    given = world(files, {1: NONE, 2: url(), 3: rings()}, parking=[4], policy=Policy(max_failures=1))
    given.variables = {"EVENT_KEY": "s3cret-one"}
    return given, render_plan(given.plan(consent=EVERYTHING, expires_in=3600.0), tool_version="1.0").encode()


def mutant(data: bytes, seed: int) -> bytes:
    """The bytes with one to three of them changed, lost or doubled."""
    chance = random.Random(seed)
    mutated = bytearray(data)
    for _ in range(chance.randint(1, 3)):
        at = chance.randrange(len(mutated))
        match chance.randrange(3):
            case 0:
                mutated[at] = chance.choice(b'0123456789abcxyz"{}[],:\\ \x00\xff')
            case 1:
                del mutated[at : at + chance.randint(1, 40)]
            case _:
                mutated[at:at] = mutated[at : at + chance.randint(1, 40)]
    return bytes(mutated)


def judge(seeds: range) -> dict[str, int]:
    """How many mutants ended how; what was written is always what the files say."""
    ends = {"refused": 0, "stale": 0, "applied": 0}
    for seed in seeds:
        given, data = fresh()
        before = {name: dict(provider.values) for name, provider in given.live.items()}
        wanted = {each.key.number: each.value for each in given.files}
        wanted[phone(1)] = rings(phone(2), event_url=EVENTS.replace("${var:EVENT_KEY}", "s3cret-one"))
        try:
            report = given.apply_saved(mutant(data, seed))
        except PlanFileError:
            ends["refused"] += 1
        except StalePlanError:
            ends["stale"] += 1
        else:
            ends["applied" if report.wrote else "stale"] += 1
        for name, provider in given.live.items():
            for number, value in provider.values.items():
                assert value in (before[name][number], wanted.get(number)), (seed, number)
    return ends


def test_a_sample_of_mutants() -> None:
    ends = judge(range(150))
    assert ends["refused"] > 50
    assert sum(ends.values()) == 150


@pytest.mark.soak
def test_five_thousand_mutants() -> None:
    ends = judge(range(1_000, 6_000))
    assert sum(ends.values()) == 5_000
