"""`--lock-timeout`: a run waits for somebody else's lock, says whose, and starts afresh; no stale plan is applied."""

from __future__ import annotations

import json
import signal
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager

import pytest

from reconciler.record.base import Record
from tests.cli import test_backends as backends
from tests.cli.conftest import Workplace
from tests.cli.test_audit import HOTLINE, rings_longer
from tests.cli.test_interrupting import slow, started, wait_for
from tests.record.contract import left
from tests.record.values import JUDGES_PROCESSES, dead_pid, holder

postgres_server, dsn, place = backends.postgres_server, backends.dsn, backends.place
HELD_SECONDS = 1.0
__all__ = ["slow"]


@contextmanager
def held(record: Record, account: str = "sales") -> Iterator[threading.Event]:
    """Another run has the lock until the event, or the end of the block."""
    taken, release = threading.Event(), threading.Event()

    def hold() -> None:
        with record.lock([holder(account, run_id="other-run")]):
            taken.set()
            release.wait(60)

    thread = threading.Thread(target=hold)
    thread.start()
    try:
        assert taken.wait(20)
        yield release
    finally:
        release.set()
        thread.join()


@contextmanager
def held_for_a_while(place: str, account: str = "sales") -> Iterator[None]:
    with closing(backends.opened(place)) as record, held(record, account) as release:
        timer = threading.Timer(HELD_SECONDS, release.set)
        timer.start()
        yield
        timer.cancel()


def heard(running: subprocess.Popen[str], words: str) -> None:
    """Read standard error until a line has these words."""
    lines: list[str] = []
    for text in running.stderr or ():
        lines.append(text)
        if words in text:
            return
    raise AssertionError(lines)


def local(workplace: Workplace) -> str:
    return f"file:{workplace.folder / '.reconciler' / 'record.db'}"


def test_an_apply_waits_until_the_lock_is_free_in_every_backend(workplace: Workplace, place: str) -> None:
    with held_for_a_while(place):
        begun = time.monotonic()
        ended = workplace.run("apply", "--auto-approve", "--lock-timeout", "1m")
        waited = time.monotonic() - begun
    assert ended.exit_code == 0, ended
    assert waited >= HELD_SECONDS * 0.9
    told = [text for text in ended.stderr.splitlines() if "other-run" in text]
    assert len(told) == 1
    assert told[0].startswith("account sales is locked by anna@")
    assert told[0].endswith(": waiting up to 1m")
    assert len(workplace.sandbox.writes) == 2


def test_of_two_applies_at_once_the_second_waits_and_finds_nothing_to_do(slow: Workplace) -> None:
    first = started(slow, "apply", "--auto-approve", "--format", "json")
    wait_for(lambda: len(slow.sandbox.writes) >= 2)
    second = slow.run("apply", "--auto-approve", "--format", "json", "--lock-timeout", "1m")
    _out, err = first.communicate(timeout=60)
    assert (first.returncode, second.exit_code) == (0, 0), (err, second)
    assert second.json["results"] == []
    assert "account sales is locked by " in second.stderr
    assert len(slow.sandbox.writes) == 10


def test_a_wait_that_is_over_refuses_with_5_and_one_document(workplace: Workplace) -> None:
    with closing(backends.opened(local(workplace))) as record, held(record):
        begun = time.monotonic()
        ended = workplace.run("apply", "--auto-approve", "--lock-timeout", "1s", "--format", "json")
        assert 1 <= time.monotonic() - begun < 10
    assert ended.exit_code == 5
    assert ended.codes == ["record-locked"]
    assert "account sales is still locked after 1s" in ended.stderr
    assert workplace.sandbox.writes == []


@pytest.mark.parametrize("option", [[], ["--lock-timeout", "0s"]])
def test_nobody_waits_unless_asked_to(option: list[str], workplace: Workplace) -> None:
    with closing(backends.opened(local(workplace))) as record, held(record):
        ended = workplace.run("apply", "--auto-approve", *option)
    assert ended.exit_code == 5
    assert "waiting" not in ended.stderr


def test_a_lock_that_comes_after_planning_means_planning_again(workplace: Workplace) -> None:
    """The lock is taken while the plan reads; what its holder did is in the plan that is applied."""
    workplace.applied().edit("timeout: 16", "timeout: 20")
    workplace.sandbox.latency = 0.7
    running = started(workplace, "apply", "--auto-approve", "--lock-timeout", "1m", "--format", "json")
    wait_for(lambda: len(workplace.sandbox.log) >= 1)
    with closing(backends.opened(local(workplace))) as record, held(record):
        heard(running, "waiting up to 1m")
        workplace.sandbox.latency = 0.0
        rings_longer(workplace, 20)  # so that nothing is left to be written
    out, err = running.communicate(timeout=30)
    assert running.returncode == 0, err
    assert json.loads(out)["results"] == []
    assert workplace.sandbox.writes == []


def test_a_saved_plan_that_became_stale_while_it_waited_is_not_applied(workplace: Workplace) -> None:
    workplace.applied().edit("timeout: 16", "timeout: 20")
    plan = workplace.folder / "plan.json"
    assert workplace.run("plan", "--out", str(plan)).exit_code == 0
    with closing(backends.opened(local(workplace))) as record, held(record) as release:
        running = started(workplace, "apply", str(plan), "--lock-timeout", "1m")
        heard(running, "waiting up to 1m")
        rings_longer(workplace, 33)
        release.set()
        out, err = running.communicate(timeout=30)
    assert running.returncode == 4, out + err
    assert HOTLINE in out + err
    assert workplace.sandbox.writes == []


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 130), (None, 1)])
def test_signals_and_deadlines_end_the_wait(number: signal.Signals | None, code: int, workplace: Workplace) -> None:
    deadline = ["--deadline", "2s"] if number is None else []
    with closing(backends.opened(local(workplace))) as record, held(record):
        running = started(workplace, "apply", "--auto-approve", "--lock-timeout", "10m", "--format", "json", *deadline)
        heard(running, "waiting up to 10m")
        begun = time.monotonic()
        if number is not None:
            running.send_signal(number)
        out, err = running.communicate(timeout=30)
        assert time.monotonic() - begun < 10
    assert running.returncode == code, err
    assert "Traceback" not in err
    expected = "interrupted" if number is not None else "deadline-passed"
    assert [item["code"] for item in json.loads(out)["diagnostics"]] == [expected]
    assert workplace.sandbox.writes == []


def test_forgetting_waits_too(workplace: Workplace) -> None:
    workplace.applied()
    with held_for_a_while(local(workplace)):
        ended = workplace.run("record", "forget", HOTLINE, "--lock-timeout", "1m")
    assert ended.exit_code == 0, ended
    assert "waiting up to 1m" in ended.stderr
    assert workplace.run("record", "show", HOTLINE).stdout != ended.stdout


def test_moving_the_record_waits_for_who_works_with_the_old_one(workplace: Workplace) -> None:
    workplace.applied()
    old = workplace.folder / "old.db"
    (workplace.folder / ".reconciler" / "record.db").rename(old)
    with held_for_a_while(f"file:{old}"):
        ended = workplace.run("record", "migrate", "--from", "file", "--set", f"path={old}", "--lock-timeout", "1m")
    assert ended.exit_code == 0, ended
    assert ended.stderr.count("waiting up to 1m") == 1


def test_the_lock_of_another_account_is_nothing_to_wait_for(workplace: Workplace) -> None:
    with closing(backends.opened(local(workplace))) as record, held(record, "office"):
        begun = time.monotonic()
        ended = workplace.run("apply", "--auto-approve", "--account", "sales", "--lock-timeout", "1m")
        assert time.monotonic() - begun < 20
    assert ended.exit_code == 0, ended
    assert "waiting" not in ended.stderr


@pytest.mark.skipif(not JUDGES_PROCESSES, reason="nothing tells processes of this machine apart")
def test_nobody_waits_for_the_dead(workplace: Workplace) -> None:
    with closing(backends.opened(local(workplace))) as record:
        left(record.lock([holder("sales", run_id="dead-run", pid=dead_pid())]))
    ended = workplace.run("apply", "--auto-approve", "--lock-timeout", "1m")
    assert ended.exit_code == 0, ended
    assert "waiting" not in ended.stderr
    assert "broke the lock of a dead process" in ended.stderr
