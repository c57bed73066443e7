"""A child process that applies through the real workflow and dies at a chosen point; started by `test_crash.py`.

Reads its task as JSON from its first argument: where the sandbox listens, where the record is, and where to die.
"""

from __future__ import annotations

import itertools
import json
import os
import random
import signal
import sys
import threading
import time
from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any

from reconciler.apply.journal import ApplyEvent, Sending, WindowOpened, WindowOpening
from reconciler.model import Desired, Key, Kind, NoForwarding, Parking
from reconciler.record.base import Lock, Record, RecordState, Update
from tests.faults.matrix import FORWARDINGS
from tests.record.opening import open_place
from tests.sandbox_world import SandboxWorld
from tests.world import place

NUMBERS = 12
FAILPOINTS = ("before-intent", "intent-to-send", "in-flight", "effect-to-result", "during-save")
_EVENTS: dict[str, type[ApplyEvent]] = {"before-intent": WindowOpening, "intent-to-send": WindowOpened}


def files(provider: str, numbers: Sequence[str], *, after: bool) -> list[Desired]:
    """What the files say before and after: creates, updates and deletes of both kinds; parking switched over."""
    if provider == "mtt":
        keys = [Key("mtt", number, Kind.PARKING) for number in numbers]
        return [Desired(key, "office", Parking(parked=(at % 2 == 0) is after), place()) for at, key in enumerate(keys)]
    keys = [Key("exolve", number, Kind.FORWARDING) for number in numbers]
    kinds = list(FORWARDINGS.values())
    old = {at: kinds[at % 4] for at in range(8)}
    new = {at: NoForwarding() if at in (4, 5) else kinds[(at + 1) % 4] for at in range(NUMBERS) if at not in (6, 7)}
    chosen = new if after else old
    return [Desired(keys[at], "sales", value, place(at + 1)) for at, value in chosen.items()]


class Mortal:
    """Hears of events and dies at the `at`th of the failpoint's kind; tells its parent when a request starts."""

    def __init__(self, failpoint: str, at: int) -> None:
        self._fatal = _EVENTS.get(failpoint)
        self._left = at

    def __call__(self, event: ApplyEvent) -> None:
        if isinstance(event, Sending):
            sys.stdout.write("sending\n")
            sys.stdout.flush()
        if self._fatal is not None and isinstance(event, self._fatal):
            self._left -= 1
            if self._left == 0:
                die()


def make_mortal(record: Record, *, at: int, delay: float) -> None:
    """Let the process die during the `at`th save of a record, `delay` seconds after it began."""
    commit, left = record.commit, itertools.count(at - 1, -1)

    def dying(lock: Lock, update: Update, *, expected: RecordState) -> RecordState:
        if next(left) != 0:
            return commit(lock, update, expected=expected)
        threading.Timer(delay, die).start()
        commit(lock, update, expected=expected)
        time.sleep(60)
        raise AssertionError("the process outlived its end")

    vars(record)["commit"] = dying


def die() -> None:
    """End at once, as a power cut would."""
    os.kill(os.getpid(), signal.SIGKILL)


def world(task: dict[str, Any], record: Record) -> SandboxWorld:
    """The child's view of the parent's sandbox."""
    sandbox: Any = SimpleNamespace(**task["sandbox"])
    return SandboxWorld(sandbox, record=record, refresh_token=task["refresh_token"], timeout="20")


def main(task: dict[str, Any]) -> None:
    """Apply, and die."""
    record = open_place(task["record"], name="moscow")
    if task["failpoint"] == "during-save":
        delay = random.Random(task["seed"]).uniform(0, task["longest_save"])
        make_mortal(record, at=task["at"], delay=delay)
    child = world(task, record)
    child.files = files(task["provider"], task["numbers"], after=True)
    child.apply(emit=Mortal(task["failpoint"], task["at"]))
    sys.stdout.write("survived\n")


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))
