"""What must hold when processes race for a record or are killed in it: one suite for every backend they can reach."""

from __future__ import annotations

import os
import random
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from tests.record.opening import open_place
from tests.record.values import JUDGES_PROCESSES, entry, holder, numbered, window

ROOT = Path(__file__).parents[2]


class ProcessContract:
    """Subclasses give a fixture `place`: a text that `open_place` opens a record from, in this process or another."""

    kills = 6
    soak_kills = 60
    racers = 6
    longest_seconds_to_a_kill = 0.05
    finds_dead_processes = JUDGES_PROCESSES

    def test_a_killed_commit_leaves_the_state_before_or_after_it(self, place: str, tmp_path: Path) -> None:
        self.kill_again_and_again(place, tmp_path, self.kills)

    @pytest.mark.soak
    def test_many_killed_commits_leave_the_state_before_or_after_them(self, place: str, tmp_path: Path) -> None:
        self.kill_again_and_again(place, tmp_path, self.soak_kills)

    def kill_again_and_again(self, place: str, log: Path, kills: int) -> None:
        chance = random.Random(20261121)
        lineages = set()
        for turn in range(kills):
            with started("commit-forever", place, f"r{turn}", log / "log") as worker:
                assert said(worker) == "ready"
                promised = int(said(worker))
                time.sleep(chance.uniform(0, self.longest_seconds_to_a_kill))
                worker.kill()
                promised = max([promised, *whole_numbers(rest(worker))])
            lineages.add(self.judge(place, promised, f"r{turn}"))
        assert len(lineages) == 1

    def judge(self, place: str, promised: int, run_id: str) -> str:
        with closing(open_place(place)) as record:
            state = record.load()
            assert state.serial in (promised, promised + 1), "a commit that was told is there; at most one more is"
            n = state.serial - 1
            assert state.entries == {entry(i).key: entry(i, numbered(n), run_id=run_id) for i in range(32)}
            assert state.windows == (window(f"w{n}", *range(32), run_id=run_id),)
            left = [each.run_id for each in record.holders()]
            assert left == [run_id]
            if not self.finds_dead_processes:
                record.unlock([], force=True)
            return state.lineage

    def test_a_lock_of_a_killed_process_is_found_dead_by_the_next_one(self, place: str, tmp_path: Path) -> None:
        if not self.finds_dead_processes:
            pytest.skip("this backend cannot know")
        with started("commit-forever", place, "killed", tmp_path / "log") as worker:
            assert said(worker) == "ready"
            worker.kill()
        with closing(open_place(place)) as record, record.lock([holder(run_id="next")]):
            assert [each.run_id for each in record.broken_locks] == ["killed"]

    def test_of_two_processes_exactly_one_gets_the_lock(self, place: str, tmp_path: Path) -> None:
        log = tmp_path / "log"
        with started("lock-once", place, "a", log) as one, started("lock-once", place, "b", log) as two:
            outcomes = dict(zip("ab", self.raced(one, two), strict=True))
        winner = next(name for name, outcome in outcomes.items() if outcome == "won")
        loser = ({"a", "b"} - {winner}).pop()
        assert outcomes[loser] == f"lost to {winner}"

    def raced(self, *workers: subprocess.Popen[str]) -> list[str]:
        for worker in workers:
            assert said(worker) == "ready"
        for worker in workers:
            go(worker)
        return [said(worker) for worker in workers]

    def test_many_processes_go_one_after_the_other_and_lose_nothing(self, place: str, tmp_path: Path) -> None:
        self.race(place, tmp_path / "log", self.racers)

    @pytest.mark.soak
    def test_twenty_processes_go_one_after_the_other_and_lose_nothing(self, place: str, tmp_path: Path) -> None:
        self.race(place, tmp_path / "log", 20)

    def race(self, place: str, log: Path, racers: int) -> None:
        names = [f"p{n}" for n in range(racers)]
        workers = [subprocess_of("count-once", place, name, log) for name in names]
        try:
            self.started_together(workers)
        finally:
            for worker in workers:
                worker.kill()
                worker.communicate()
        lines = log.read_text("utf-8").splitlines()
        assert sorted(lines) == sorted([f"{word} {name}" for name in names for word in ("in", "out")])
        assert [line.split()[0] for line in lines] == ["in", "out"] * racers
        assert [first.split()[1] for first in lines[::2]] == [second.split()[1] for second in lines[1::2]]
        with closing(open_place(place)) as record:
            state = record.load()
        assert (state.serial, state.entries[entry(1).key].value) == (racers, numbered(racers))

    def started_together(self, workers: list[subprocess.Popen[str]]) -> None:
        for worker in workers:
            assert said(worker) == "ready"
        for worker in workers:
            go(worker)
        for worker in workers:
            assert worker.wait(120) == 0


@contextmanager
def started(task: str, place: str, run_id: str, log: Path) -> Iterator[subprocess.Popen[str]]:
    worker = subprocess_of(task, place, run_id, log)
    try:
        yield worker
    finally:
        worker.kill()
        worker.communicate()


def subprocess_of(task: str, place: str, run_id: str, log: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "tests.record.worker", task, place, run_id, str(log)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )


def said(worker: subprocess.Popen[str]) -> str:
    assert worker.stdout is not None
    return worker.stdout.readline().strip()


def rest(worker: subprocess.Popen[str]) -> str:
    assert worker.stdout is not None
    return worker.stdout.read()


def go(worker: subprocess.Popen[str]) -> None:
    assert worker.stdin is not None
    worker.stdin.write("go\n")
    worker.stdin.flush()


def whole_numbers(text: str) -> list[int]:
    """Numbers on lines that were written to their end."""
    return [int(line) for line in text.splitlines(keepends=True) if line.endswith("\n")]
