from __future__ import annotations

import itertools
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import replace

import pytest

from reconciler.record import locks
from reconciler.record.locks import StoredLock, fingerprint, is_dead, stored_lock, this_holder
from tests.record.values import T0, dead_pid, holder

HOST_NAMESPACE = "pid:[4026531836]"
MACHINE, BOOT, HARDWARE = "/etc/machine-id", "/proc/sys/kernel/random/boot_id", "/sys/class/dmi/id/product_uuid"


@pytest.fixture
def sleeper() -> Iterator[subprocess.Popen[bytes]]:
    with subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"]) as running:
        yield running
        running.kill()


class Machine:
    """What this process is to find of the machine it runs on."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.files = {MACHINE: "m1", BOOT: "b1", HARDWARE: "h1"}
        self.namespace = HOST_NAMESPACE
        self.signs: set[str] = set()
        self.starts: dict[int, str] = {}
        monkeypatch.setattr(locks, "_text", lambda name: self.files.get(name, ""))
        monkeypatch.setattr(locks, "_exists", lambda name: name in self.signs)
        monkeypatch.setattr(locks, "_namespace", lambda: self.namespace)
        monkeypatch.setattr(locks, "_start_time", lambda pid: self.starts.get(pid, "77"))

    def be(self, files: Mapping[str, str], *, namespace: str = HOST_NAMESPACE) -> Machine:
        self.files |= files
        self.namespace = namespace
        return self


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch) -> Machine:
    """A machine of which all is known, and none of it a container."""
    return Machine(monkeypatch)


def left_behind() -> StoredLock:
    """The lock of a process that ended on the machine that this one is now."""
    return stored_lock(holder(pid=4_194_999))  # beyond the highest id that Linux gives


def test_this_process_is_alive() -> None:
    assert not is_dead(stored_lock(this_holder("sales", run_id="r1", since=T0)))


def test_the_holder_of_this_process_names_host_user_and_process() -> None:
    held = this_holder("sales", run_id="r1", since=T0)
    assert (held.account, held.host, held.pid, held.run_id, held.since) == (
        *("sales", socket.gethostname(), os.getpid(), "r1"),
        T0,
    )
    assert held.user


def test_a_running_process_is_alive_and_dead_once_it_is_killed_even_unreaped(
    machine: Machine, sleeper: subprocess.Popen[bytes]
) -> None:
    held = stored_lock(holder(pid=sleeper.pid))
    assert not is_dead(held)
    sleeper.send_signal(signal.SIGKILL)
    os.waitid(os.P_PID, sleeper.pid, os.WEXITED | os.WNOWAIT)  # ended, and still a zombie
    assert is_dead(held)
    sleeper.wait()
    assert is_dead(held)


def test_a_process_that_had_ended_when_the_lock_was_stored_is_dead() -> None:
    assert is_dead(stored_lock(holder(pid=dead_pid())))


# -- what is not known is not equal ---------------------------------------------------------------------------------

KNOWN = {"machine": MACHINE, "boot": BOOT, "namespace": ""}


def blank(machine: Machine, parts: tuple[str, ...]) -> None:
    machine.files |= {KNOWN[part]: "" for part in parts if KNOWN[part]}
    machine.namespace = "" if "namespace" in parts else HOST_NAMESPACE


SOME = [parts for size in range(4) for parts in itertools.combinations(KNOWN, size)]


@pytest.mark.parametrize("now", SOME, ids="+".join)
@pytest.mark.parametrize("then", SOME, ids="+".join)
def test_a_lock_is_dead_only_where_machine_boot_and_namespace_were_and_are_known(
    machine: Machine, then: tuple[str, ...], now: tuple[str, ...]
) -> None:
    blank(machine, then)
    held = left_behind()
    machine.files |= {MACHINE: "m1", BOOT: "b1"}
    blank(machine, now)
    assert is_dead(held) is (not then and not now)


def test_where_nothing_is_known_of_processes_no_lock_is_dead(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(locks, "_text", lambda _: "")
    monkeypatch.setattr(locks, "_text_bytes", lambda _: "")
    monkeypatch.setattr(locks, "_namespace", lambda: "")
    assert not is_dead(stored_lock(holder()))
    assert not is_dead(left_behind())


@pytest.mark.parametrize("part", range(3), ids=["machine", "boot", "namespace"])
def test_a_process_of_another_machine_boot_or_container_of_the_same_name_cannot_be_judged(
    machine: Machine, part: int
) -> None:
    machine.namespace = "pid:[4026532201]"
    parts = left_behind().process.split("|")
    parts[part] = "another"
    assert not is_dead(replace(left_behind(), process="|".join(parts)))


def test_another_host_cannot_be_judged(machine: Machine) -> None:
    held = left_behind()
    assert not is_dead(replace(held, holder=replace(held.holder, host="elsewhere")))
    assert stored_lock(holder(host="elsewhere")).process == ""


@pytest.mark.parametrize("text", ["", "||||", "|||", "m|b|n|s|h|more"])
def test_a_lock_without_process_details_cannot_be_judged(machine: Machine, text: str) -> None:
    assert not is_dead(replace(left_behind(), process=text))


def test_where_proc_shows_another_namespace_the_own_one_is_not_known(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.getpid", lambda: 4_194_999)
    assert locks._namespace() == ""


# -- start times ----------------------------------------------------------------------------------------------------


def test_a_reused_process_id_does_not_keep_a_dead_lock_alive(
    machine: Machine, sleeper: subprocess.Popen[bytes]
) -> None:
    held = stored_lock(holder(pid=sleeper.pid))
    machine.starts[sleeper.pid] = "78"
    assert is_dead(held)


@pytest.mark.parametrize(("then", "now"), [("", "78"), ("77", ""), ("", "")])
def test_a_start_time_that_is_not_known_is_no_other_start_time(
    machine: Machine, sleeper: subprocess.Popen[bytes], then: str, now: str
) -> None:
    machine.starts[sleeper.pid] = then
    held = stored_lock(holder(pid=sleeper.pid))
    machine.starts[sleeper.pid] = now
    assert not is_dead(held)


# -- restarts -------------------------------------------------------------------------------------------------------


def test_a_restart_of_the_same_hardware_ends_every_process(machine: Machine) -> None:
    held = left_behind()
    assert is_dead(replace(held, holder=replace(held.holder, pid=os.getpid()))) is False
    machine.be({BOOT: "b2"})
    assert is_dead(replace(held, holder=replace(held.holder, pid=os.getpid())))


@pytest.mark.parametrize("hardware", ["", "h2"])
def test_a_machine_id_that_came_with_an_image_does_not_make_two_machines_one(machine: Machine, hardware: str) -> None:
    held = left_behind()
    machine.be({BOOT: "b2", HARDWARE: hardware})
    assert not is_dead(held)


def test_hardware_that_neither_boot_knows_is_not_the_same(machine: Machine) -> None:
    machine.be({HARDWARE: ""})
    held = left_behind()
    machine.be({BOOT: "b2"})
    assert not is_dead(held)


@pytest.mark.parametrize("sign", locks._SIGNS_OF_A_CONTAINER)
def test_another_boot_proves_nothing_in_a_container(machine: Machine, sign: str) -> None:
    held = left_behind()
    machine.be({BOOT: "b2"}).signs = {sign}
    assert not is_dead(held)


@pytest.mark.parametrize("namespaces", [("pid:[4026532201]", HOST_NAMESPACE), (HOST_NAMESPACE, "pid:[4026532201]")])
def test_another_boot_proves_nothing_of_or_in_a_namespace_that_is_not_the_host_s(
    machine: Machine, namespaces: tuple[str, str]
) -> None:
    machine.namespace = namespaces[0]
    held = left_behind()
    machine.be({BOOT: "b2"}, namespace=namespaces[1])
    assert not is_dead(held)


# -- reading --------------------------------------------------------------------------------------------------------


def test_a_process_name_with_brackets_and_blanks_does_not_confuse_the_start_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    fields = " ".join(str(n) for n in range(3, 53)).replace("3", "S", 1)
    monkeypatch.setattr(locks, "_text_bytes", lambda _: f"4711 (evil) S 1 (2) {fields}")
    assert fingerprint(4711).split("|")[3] == "22"


def test_a_user_without_a_name_is_a_number(monkeypatch: pytest.MonkeyPatch) -> None:
    def nameless() -> str:
        raise KeyError("getpwuid(): uid not found")

    monkeypatch.setattr("getpass.getuser", nameless)
    assert this_holder("sales", run_id="r", since=T0).user == str(os.getuid())
