from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace

import pytest

from reconciler.record import process
from reconciler.record.process import claim, fingerprint, is_dead, this_holder
from tests.record.values import T0, dead_pid, holder


@pytest.fixture
def sleeper() -> Iterator[subprocess.Popen[bytes]]:
    with subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"]) as running:
        yield running
        running.kill()


def test_this_process_is_alive() -> None:
    assert not is_dead(claim(this_holder("sales", run_id="r1", since=T0)))


def test_the_holder_of_this_process_names_host_user_and_process() -> None:
    held = this_holder("sales", run_id="r1", since=T0)
    assert (held.account, held.host, held.pid, held.run_id, held.since) == (
        *("sales", socket.gethostname(), os.getpid(), "r1"),
        T0,
    )
    assert held.user


def test_a_running_process_is_alive_and_dead_once_it_is_killed_even_unreaped(sleeper: subprocess.Popen[bytes]) -> None:
    held = claim(holder(pid=sleeper.pid))
    assert not is_dead(held)
    sleeper.send_signal(signal.SIGKILL)
    os.waitid(os.P_PID, sleeper.pid, os.WEXITED | os.WNOWAIT)  # ended, and still a zombie
    assert is_dead(held)
    sleeper.wait()
    assert is_dead(held)


def test_a_process_that_had_ended_when_the_lock_was_stored_is_dead() -> None:
    assert is_dead(claim(holder(pid=dead_pid())))


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="start times come from /proc")
def test_a_reused_process_id_does_not_keep_a_dead_lock_alive(sleeper: subprocess.Popen[bytes]) -> None:
    held = claim(holder(pid=sleeper.pid))
    machine, boot, namespace, start = held.process.split("|")
    earlier = replace(held, process="|".join((machine, boot, namespace, str(int(start) - 1))))
    assert is_dead(earlier)


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="boots are known by /proc")
def test_a_reboot_ends_every_process() -> None:
    held = claim(holder())
    machine, _, namespace, start = held.process.split("|")
    assert is_dead(replace(held, process=f"{machine}|another-boot|{namespace}|{start}"))


@pytest.mark.parametrize("part", [0, 2], ids=["machine", "namespace"])
def test_a_process_of_another_machine_or_container_of_the_same_name_cannot_be_judged(part: int) -> None:
    held = claim(holder(pid=dead_pid()))
    parts = held.process.split("|")
    parts[part] = "another"
    assert not is_dead(replace(held, process="|".join(parts)))


def test_another_host_cannot_be_judged() -> None:
    held = claim(holder(pid=dead_pid()))
    assert not is_dead(replace(held, holder=replace(held.holder, host="elsewhere")))
    assert claim(holder(host="elsewhere")).process == ""


def test_a_lock_without_process_details_cannot_be_judged() -> None:
    assert not is_dead(replace(claim(holder(pid=dead_pid())), process=""))


def test_a_process_name_with_brackets_and_blanks_does_not_confuse_the_start_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    fields = " ".join(str(n) for n in range(3, 53)).replace("3", "S", 1)
    monkeypatch.setattr(process, "_text_bytes", lambda _: f"4711 (evil) S 1 (2) {fields}")
    assert fingerprint(4711).endswith("|22")


def test_where_nothing_is_known_of_processes_only_the_id_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process, "_text", lambda _: "")
    monkeypatch.setattr(process, "_text_bytes", lambda _: "")
    monkeypatch.setattr(process, "_namespace", lambda: "")
    assert not is_dead(claim(holder()))
    assert is_dead(claim(holder(pid=dead_pid())))


def test_a_user_without_a_name_is_a_number(monkeypatch: pytest.MonkeyPatch) -> None:
    def nameless() -> str:
        raise KeyError("getpwuid(): uid not found")

    monkeypatch.setattr("getpass.getuser", nameless)
    assert this_holder("sales", run_id="r", since=T0).user == str(os.getuid())
