"""Processes that the tests of crashes and races start, one a sub-command, and kill."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from pathlib import Path

from reconciler.record.base import LockedError, Record, Update
from tests.record.opening import open_place
from tests.record.values import entry, holder, numbered, window


def commit_forever(record: Record, run_id: str, _: Path) -> None:
    """Commit windows until killed: window n holds the entries of window n - 1, all with the value n."""
    with record.lock([holder(run_id=run_id)]) as lock:
        state = record.load()
        say("ready")
        while True:
            n = state.serial
            update = Update(
                put=[entry(number, numbered(n), run_id=run_id) for number in range(32)],
                settle=[each.id for each in state.windows],
                open=window(f"w{n}", *range(32), run_id=run_id),
                results=[{"n": n}],
            )
            state = record.commit(lock, update, expected=state)
            say(str(state.serial))


def lock_once(record: Record, run_id: str, _: Path) -> None:
    """Wait for the word, try for the lock once, tell how it went, and hold what was won until the next word."""
    say("ready")
    sys.stdin.readline()
    try:
        with record.lock([holder(run_id=run_id)]):
            say("won")
            sys.stdin.readline()
    except LockedError as error:
        say(f"lost to {error.holder.run_id}")


def count_once(record: Record, run_id: str, log: Path) -> None:
    """Try for the lock until it is ours, then put the counter one up, and log when we were in and out."""
    say("ready")
    sys.stdin.readline()
    while True:
        try:
            with record.lock([holder(run_id=run_id)]) as lock:
                append(log, f"in {run_id}")
                state = record.load()
                number = int(json.loads(state.entries[entry(1).key].value)["url"]) if state.entries else 0
                record.commit(lock, Update(put=[entry(1, numbered(number + 1), run_id=run_id)]), expected=state)
                append(log, f"out {run_id}")
        except LockedError:
            time.sleep(0.01)
        else:
            return


def append(log: Path, line: str) -> None:
    with log.open("a", encoding="utf-8") as file:
        file.write(line + "\n")


def say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


TASKS: dict[str, Callable[[Record, str, Path], None]] = {
    "commit-forever": commit_forever,
    "lock-once": lock_once,
    "count-once": count_once,
}

if __name__ == "__main__":
    task, place, run_id, log = sys.argv[1:]
    TASKS[task](open_place(place), run_id, Path(log))
