"""Ctrl-C and SIGTERM at any call of the program, once and again: 130, no traceback, and one JSON document."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from reconciler import interrupts
from reconciler.cli import errors
from reconciler.cli.process import Process
from reconciler.interrupts import abort, heeding, install, installed
from tests.architecture.imports import REPOSITORY
from tests.cli.conftest import Workplace
from tests.unit.config.loading import number, write

# Runs the program and signals it at the call of a function that is counted to; without one it tells how many there are.
DRIVER = """
import os, signal, sys
first, second, number = (int(word) for word in sys.argv[1:4])
del sys.argv[1:4]
calls = 0
def counted(frame, event, argument):
    global calls
    if event == "call":
        calls += 1
        if calls in (first, second):
            signal.raise_signal(number)
leave = os._exit
def left(code):
    sys.setprofile(None)
    if not first:
        sys.stderr.write(f"{calls} calls")
        sys.stderr.flush()
    leave(code)
os._exit = left
from reconciler.__main__ import start
from reconciler import interrupts
interrupts._LONG_SECONDS = 3600.0  # a signal late in an ending aborts, and while calls are counted everything is late
sys.setprofile(counted)
start()
"""


def driven(first: int, second: int, number: int, *arguments: str, **environ: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", DRIVER, str(first), str(second), str(number), *arguments]
    env = {**os.environ, **environ, "PYTHONPATH": str(REPOSITORY)}
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=120, env=env)


def calls_of(*arguments: str, **environ: str) -> int:
    return int(driven(0, 0, 0, *arguments, **environ).stderr.rpartition("\n")[2].split()[0])


def judge(seed: int, calls: int, *arguments: str, **environ: str) -> int:
    """Interrupt a command at two moments; returns how it ended."""
    seeded = random.Random(seed)
    first = seeded.randint(1, calls)
    second = first + seeded.choice([1, 2, 5, 20, 100, 1_000, 5_000])
    ended = driven(first, second, seeded.choice([signal.SIGINT, signal.SIGTERM]), *arguments, **environ)
    which = (first, second, ended)
    assert "Traceback" not in ended.stderr, which
    assert "ignored" not in ended.stderr, which
    assert isinstance(json.loads(ended.stdout), dict), which
    return ended.returncode


VALIDATE = ("validate", "--format", "json")


@pytest.fixture
def folder(tmp_path: Path) -> str:
    return str(write(tmp_path, number("forwarding: none")))


def test_two_signals_at_any_call_end_a_command_with_130_and_one_document(folder: str) -> None:
    calls = calls_of("-C", folder, *VALIDATE)
    assert [judge(seed, calls, "-C", folder, *VALIDATE) for seed in range(12)] == [130] * 12


@pytest.mark.soak
def test_two_signals_at_five_hundred_calls(folder: str) -> None:
    calls = calls_of("-C", folder, *VALIDATE)
    assert {judge(seed, calls, "-C", folder, *VALIDATE) for seed in range(100, 600)} == {130}


def judge_apply(workplace: Workplace, calls: int, seed: int) -> None:
    arguments = ("-C", str(workplace.folder), "apply", "--auto-approve", "--format", "json")
    assert judge(seed, calls, *arguments, **workplace.environ) == 130
    assert workplace.run("apply", "--auto-approve").exit_code == 0
    assert workplace.run("plan", "--detailed-exitcode").exit_code == 0
    workplace.edit(f"timeout: {16 + seed % 2}", f"timeout: {17 - seed % 2}")


def test_an_apply_that_is_interrupted_twice_converges_the_next_time(workplace: Workplace) -> None:
    arguments = ("-C", str(workplace.folder), "apply", "--auto-approve", "--format", "json")
    calls = calls_of(*arguments, **workplace.environ)
    for seed in range(4):
        judge_apply(workplace, calls, seed)


@pytest.mark.soak
@pytest.mark.timeout(1_800)
def test_an_apply_that_is_interrupted_at_a_hundred_calls_converges(workplace: Workplace) -> None:
    arguments = ("-C", str(workplace.folder), "apply", "--auto-approve", "--format", "json")
    calls = calls_of(*arguments, **workplace.environ)
    for seed in range(100, 200):
        judge_apply(workplace, calls, seed)


# -- one signal and the next ------------------------------------------------------------------------------------------


@pytest.fixture
def left(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The codes that the process would have ended with at once."""
    codes: list[int] = []
    monkeypatch.setattr(os, "_exit", codes.append)
    return codes


@pytest.fixture(autouse=True)
def handlers() -> Iterator[None]:
    before = {kind: signal.getsignal(kind) for kind in (signal.SIGINT, signal.SIGTERM)}
    hook = sys.unraisablehook
    yield
    sys.unraisablehook = hook
    for kind, handler in before.items():
        signal.signal(kind, handler)
    interrupts._STATE.heeds, interrupts._STATE.since, interrupts._STATE.pending = [], None, False


def test_only_the_first_signal_raises() -> None:
    with installed(), heeding(abort):
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)
        signal.raise_signal(signal.SIGINT)
        signal.raise_signal(signal.SIGTERM)


def test_a_signal_before_the_work_is_made_up_for_and_one_after_it_changes_nothing() -> None:
    with installed():
        signal.raise_signal(signal.SIGTERM)
        with pytest.raises(KeyboardInterrupt), heeding(abort):
            raise AssertionError("the work began")
    with installed():
        with heeding(abort):
            pass
        signal.raise_signal(signal.SIGINT)


def test_signals_that_came_while_signals_were_taken_over_are_not_lost() -> None:
    install([signal.SIGINT])
    with pytest.raises(KeyboardInterrupt), heeding(abort):
        raise AssertionError("the work began")


def test_an_ending_that_takes_long_is_ended_at_once_by_another_signal(
    left: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    with installed(), heeding(abort):
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)
        signal.raise_signal(signal.SIGINT)
        assert left == []
        now = time.monotonic()
        monkeypatch.setattr(time, "monotonic", lambda: now + 1.5)
        signal.raise_signal(signal.SIGINT)
        assert left == [130]


class _TimerThatIsInterrupted(threading.Timer):
    """Another signal comes just as this one is made."""

    def __init__(self, interval: float, function: Callable[..., None]) -> None:
        signal.raise_signal(signal.SIGTERM)
        super().__init__(interval, function)


class _InterruptedFinaliser:
    def __del__(self) -> None:
        signal.raise_signal(signal.SIGINT)


def _work_with_an_interrupted_finaliser() -> None:
    _InterruptedFinaliser()
    time.sleep(2)
    raise AssertionError("the work went on")


def test_a_signal_in_a_finaliser_is_raised_again_whatever_comes_meanwhile(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(threading, "Timer", _TimerThatIsInterrupted)
    install([])
    with pytest.raises(KeyboardInterrupt), heeding(abort):
        _work_with_an_interrupted_finaliser()


def test_a_signal_that_is_ignored_stays_ignored() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with installed(), heeding(abort):
        signal.raise_signal(signal.SIGINT)
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGTERM)
    assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN


def test_the_handlers_of_before_come_back() -> None:
    before = signal.getsignal(signal.SIGINT)
    process = Process(environ={})
    assert errors.run(lambda: signal.getsignal(signal.SIGINT) is before, process) == 0
    assert signal.getsignal(signal.SIGINT) is before


class Finalised:
    def __del__(self) -> None:
        signal.raise_signal(signal.SIGINT)


def test_a_signal_that_python_drops_in_a_finaliser_comes_again(capsys: pytest.CaptureFixture[str]) -> None:
    def wait() -> None:
        finalised = Finalised()
        del finalised
        time.sleep(60)

    install([])
    started = time.monotonic()
    with heeding(abort), pytest.raises(KeyboardInterrupt):
        wait()
    assert time.monotonic() - started < 30
    assert capsys.readouterr().err == ""


def test_other_threads_are_left_alone() -> None:
    done: list[int] = []

    def work() -> None:
        done.append(errors.run(lambda: 7, Process(environ={})))

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert done == [7]
