"""`reconciler events`: what was answered 200 is kept, whoever else sends what, and is shown again as a call."""

from __future__ import annotations

import importlib
import json
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from reconciler.events.reading import read_body
from reconciler.events.store import EventStore, Received
from tests.architecture.imports import REPOSITORY
from tests.cli.conftest import Cli
from tests.unit.events.building import EXOLVE, MTT, raw
from tests.walks import Command, agrees, steps

jsonschema: Any = importlib.import_module("jsonschema")  # which has no types
PROGRAM = (sys.executable, "-m", "reconciler")
STORE = Path(".reconciler") / "events.db"


@dataclass
class Running:
    """A listener in a process of its own."""

    process: subprocess.Popen[str]
    folder: Path
    told: dict[str, Any]
    counts: dict[int, int] = field(default_factory=dict)

    @property
    def place(self) -> tuple[str, int]:
        parts = urlsplit(self.told["url"])
        return str(parts.hostname), int(parts.port or 0)

    @property
    def path(self) -> str:
        return str(urlsplit(self.told["url"]).path)

    def send(self, body: bytes, path: str | None = None, method: str = "POST") -> tuple[int, str]:
        connection = HTTPConnection(*self.place, timeout=20)
        try:
            connection.request(method, self.path if path is None else path, body)
            answer = connection.getresponse()
            return answer.status, answer.read().decode()
        finally:
            connection.close()

    def ended(self, number: signal.Signals = signal.SIGINT) -> tuple[int, str]:
        self.process.send_signal(number)
        _out, err = self.process.communicate(timeout=30)
        return self.process.returncode, err

    def kept(self) -> list[dict[str, Any]]:
        store = EventStore(self.folder / STORE)
        try:
            return [dict(each.event.body) for each in store.everything()]
        finally:
            store.close()


Listen = Callable[..., Running]


@contextmanager
def listening(folder: Path, *arguments: str) -> Iterator[Running]:
    words = [*PROGRAM, "-C", str(folder), "events", "listen", "--port", "0", "--format", "json", *arguments]
    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            text = ""
            for each in process.stdout:
                text += each
                if each.startswith("}"):
                    break
            yield Running(process, folder, json.loads(text))
        finally:
            process.kill()


@pytest.fixture
def listener(tmp_path: Path) -> Iterator[Running]:
    with listening(tmp_path) as running:
        yield running


def numbered(uid: int) -> bytes:
    return raw({**EXOLVE[0], "uid": uid, "call_sid": f"call-{uid}"})


@pytest.mark.parametrize("end", [signal.SIGINT, signal.SIGTERM])
def test_it_keeps_what_it_answers_until_it_is_interrupted(listener: Running, end: signal.Signals, cli: Cli) -> None:
    for body in [*EXOLVE, *MTT, EXOLVE[0]]:
        assert listener.send(raw(body)) == (200, "kept\n")
    assert listener.send(b"", method="GET") == (200, "listening\n")
    assert listener.ended(end)[0] == 130
    assert len(listener.kept()) == len(EXOLVE) + len(MTT)
    told = cli("events", "show", "call-test-12345", folder=listener.folder, COLUMNS="200")
    assert told.exit_code == 0
    assert "16 (normal call clearing)" in told.stdout
    assert "came 2 times" in told.stdout
    assert "cannot be authenticated" in told.stdout


def test_the_page_shows_what_becomes_of_the_samples_of_the_vendor(listener: Running, cli: Cli) -> None:
    page = (REPOSITORY / "docs" / "events.md").read_text("utf-8")
    commands = [step for step in steps(page) if isinstance(step, Command)]
    assert [step.text.split()[:3] for step in commands] == [["reconciler", "events", each] for each in _SHOWN]
    for body in EXOLVE:
        assert listener.send(raw(body))[0] == 200
    tailed = cli("events", "tail", folder=listener.folder)
    assert (tailed.exit_code, len(tailed.stdout.splitlines()) >= len(EXOLVE)) == (0, True)
    shown = cli("events", *commands[2].text.split()[2:], folder=listener.folder, COLUMNS="100")
    assert agrees(commands[2].shown, shown.stdout), shown.stdout
    assert listener.ended()[0] == 130


_SHOWN = ("listen", "tail", "show")


def test_people_outside_are_masked_before_they_are_kept(tmp_path: Path) -> None:
    with listening(tmp_path) as running:
        assert running.told["masks_callers"] is True
        assert running.send(raw(EXOLVE[0]))[0] == 200
        running.ended()
    assert all(b"9994445566" not in path.read_bytes() for path in (tmp_path / ".reconciler").iterdir())
    with listening(tmp_path, "--keep-callers") as running:
        assert running.send(raw(EXOLVE[1]))[0] == 200
        assert running.kept()[1]["number_b"] == "79994445566"


def test_what_is_older_than_asked_is_removed(tmp_path: Path) -> None:
    store = EventStore(tmp_path / STORE, writes=True)
    now = time.time()
    store.add(Received(read_body(raw(body)), now - age) for body, age in zip(EXOLVE, (9999, 3700, 3500), strict=False))
    store.close()
    with listening(tmp_path, "--keep", "1h") as running:
        assert running.send(numbered(1))[0] == 200
        assert [body["type"] for body in running.kept()] == ["h", "o"]


def test_the_address_stays_and_can_be_chosen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, cli: Cli) -> None:
    paths = []
    for _ in range(2):
        with listening(tmp_path) as running:
            paths.append(running.path)
    assert paths[0] == paths[1]
    monkeypatch.setenv("RECONCILER_EVENTS_PATH", "abcdefghijklmnopqrstuvwxyz")
    with listening(tmp_path) as running:
        assert running.path == "/abcdefghijklmnopqrstuvwxyz/events"
        assert running.send(raw(EXOLVE[0]), "/abcdefghijklmnopqrstuvwxyz")[0] == 200
    for weak in ("calls", "x" * 40, "1212121212121212121212121212"):
        refused = cli("events", "listen", "--port", "0", RECONCILER_EVENTS_PATH=weak)
        assert (refused.exit_code, "22 to 128" in refused.stderr, weak in refused.stderr) == (1, True, False)


@pytest.mark.parametrize(
    ("status", "body", "path", "method"),
    [
        (404, raw(EXOLVE[0]), "/", "POST"),
        (404, raw(EXOLVE[0]), "/events", "POST"),
        (404, raw(EXOLVE[0]), "/%D0%BF/events", "POST"),
        (405, raw(EXOLVE[0]), None, "DELETE"),
        (400, b"{", None, "POST"),
        (400, b'{"a": 1}', None, "POST"),
        (400, b"[" * 60_000, None, "POST"),
        (413, b" " * 70_000, None, "POST"),
        (413, b" " * 900_000, None, "POST"),
    ],
)
def test_what_is_no_event_is_refused_and_the_next_one_is_taken(
    listener: Running, status: int, body: bytes, path: str | None, method: str
) -> None:
    assert listener.send(body, path, method)[0] == status
    assert listener.send(raw(EXOLVE[0]))[0] == 200
    assert len(listener.kept()) == 1


def test_an_address_with_a_slash_behind_it_is_another_one(listener: Running) -> None:
    assert listener.send(raw(EXOLVE[0]), f"{listener.path}/")[0] == 404
    assert listener.kept() == []


def test_word_of_garbage_is_short(listener: Running) -> None:
    for _ in range(200):
        assert listener.send(b"canary-in-garbage")[0] == 400
    code, err = listener.ended()
    assert (code, "canary" in err) == (130, False)
    assert "200 refused" in err
    assert len(err.splitlines()) < 20


def slow(running: Running, start: bytes) -> socket.socket:
    sender = socket.create_connection(running.place)
    sender.sendall(start)
    return sender


def test_slow_senders_hold_nobody_up(listener: Running) -> None:
    head = f"POST {listener.path} HTTP/1.1\r\nHost: a\r\n".encode()
    starts = (
        b"",
        b"POST /",
        head,
        head + b"Content-Length: 50\r\n\r\n{",
        b"\x16\x03\x01\x00\x00",
        b"GET / HTTP/9\r\n\r\n",
    )
    senders = [slow(listener, start) for start in starts for _ in range(120)]
    try:
        began = time.monotonic()
        for uid in range(50):
            assert listener.send(numbered(uid))[0] == 200
        assert time.monotonic() - began < 5
    finally:
        for each in senders:
            each.close()
    assert len(listener.kept()) == 50


@pytest.mark.soak
def test_slow_senders_are_let_go(listener: Running) -> None:
    began = time.monotonic()
    with slow(listener, b"POST /") as sender:
        sender.settimeout(15)
        assert sender.recv(1) == b""
    assert 8 < time.monotonic() - began < 13


def pour(running: Running, seconds: float, rate: int, senders: int = 20) -> set[int]:
    """Send so many events a second; return the uids that were answered 200."""
    answered: list[int] = []
    began = time.monotonic()

    def send(first: int) -> None:
        connection = HTTPConnection(*running.place, timeout=20)
        with closing(connection), suppress(OSError, HTTPException):
            for uid in range(first, int(seconds * rate), senders):
                time.sleep(max(0.0, began + uid / rate - time.monotonic()))
                connection.request("POST", running.path, numbered(uid))
                answer = connection.getresponse()
                answer.read()
                if answer.status == 200:
                    answered.append(uid)

    with ThreadPoolExecutor(senders) as pool:
        list(pool.map(send, range(senders)))
    return set(answered)


@pytest.mark.parametrize("seconds", [2, pytest.param(60, marks=pytest.mark.soak)])
def test_five_hundred_a_second_are_kept_among_bad_senders(listener: Running, seconds: int) -> None:
    stop = threading.Event()

    def disturb() -> None:
        head = f"POST {listener.path} HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\n".encode()
        held = []
        while not stop.wait(0.2):
            listener.send(b"{")
            listener.send(b" " * 70_000)
            held.append(slow(listener, head))
        for each in held:
            each.close()

    began = time.monotonic()
    with ThreadPoolExecutor(1) as pool:
        disturbing = pool.submit(disturb)
        try:
            answered = pour(listener, seconds, 500)
        finally:
            stop.set()
        disturbing.result()
    assert time.monotonic() - began < seconds + 3
    assert answered == set(range(seconds * 500))
    assert {body["uid"] for body in listener.kept()} == answered


@pytest.mark.parametrize("after", [0.6, *(pytest.param(0.1 * step, marks=pytest.mark.soak) for step in range(1, 20))])
def test_a_listener_that_is_killed_has_kept_what_it_answered(listener: Running, after: float) -> None:
    timer = threading.Timer(after, listener.process.kill)
    timer.start()
    answered = pour(listener, 2, 500)
    timer.join()
    listener.process.wait(10)
    assert 0 < len(answered) < 1000
    assert answered <= {body["uid"] for body in listener.kept()}


def test_one_that_is_stopped_answers_what_it_has_taken(listener: Running) -> None:
    timer = threading.Timer(0.5, lambda: listener.process.send_signal(signal.SIGTERM))
    timer.start()
    answered = pour(listener, 1.5, 500)
    assert listener.process.wait(20) == 130
    assert answered == {body["uid"] for body in listener.kept()}


def test_what_cannot_be_kept_is_not_answered_200(listener: Running) -> None:
    assert listener.send(numbered(0))[0] == 200
    (listener.folder / STORE).unlink()
    status, _text = listener.send(numbered(1))
    code, err = listener.ended()
    assert (status, code) == (503, 130)
    assert "answered 503 until it can be written" in err


def test_a_port_that_is_taken_is_an_error(listener: Running, cli: Cli) -> None:
    ended = cli("events", "listen", "--port", str(listener.place[1]))
    assert (ended.exit_code, "cannot listen on 127.0.0.1" in ended.stderr) == (1, True)
    assert "--port 0" in ended.stderr


def test_a_host_that_is_none_is_an_error(cli: Cli) -> None:
    ended = cli("events", "listen", "--port", "0", "--host", "192.0.2.1")
    assert (ended.exit_code, "cannot listen on 192.0.2.1" in ended.stderr) == (1, True)
    assert "--host takes an address of this machine" in ended.stderr


@pytest.mark.parametrize("command", [("tail",), ("tail", "-f"), ("show", "1")])
def test_without_a_store_there_is_nothing_to_look_at(command: tuple[str, ...], cli: Cli) -> None:
    ended = cli("events", *command, "--format", "json")
    assert (ended.exit_code, ended.codes) == (1, ["events-store"])


@pytest.mark.parametrize("command", [("listen",), ("tail",), ("show", "1")])
def test_a_file_of_another_program_is_not_touched(command: tuple[str, ...], cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("not yours " * 1000, "utf-8")
    ended = cli("events", *command, "--store", "notes.txt", "--format", "json")
    assert (ended.exit_code, ended.codes) == (1, ["events-store"])
    assert (tmp_path / "notes.txt").read_text("utf-8") == "not yours " * 1000


def test_a_call_that_nobody_has_heard_of_is_an_error(listener: Running, cli: Cli) -> None:
    assert listener.send(raw(EXOLVE[0]))[0] == 200
    ended = cli("events", "show", "nobody", folder=listener.folder)
    assert (ended.exit_code, "nothing-to-show" in ended.stderr) == (1, True)
    assert listener.send(raw({**EXOLVE[0], "uid": 5}))[0] == 200
    several = cli("events", "show", "call-test-12345", folder=listener.folder)
    assert (several.exit_code, "is of several calls: " in several.stderr) == (1, True)


def test_tail_follows_in_lines_of_json(listener: Running) -> None:
    words = [*PROGRAM, "-C", str(listener.folder), "events", "tail", "-f", "-n", "1", "--format", "json"]
    schema = json.loads((REPOSITORY / "schemas" / "events-tail.v1.json").read_text("utf-8"))
    for uid in range(3):
        assert listener.send(numbered(uid))[0] == 200
    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        lines = [process.stdout.readline()]
        for uid in range(3, 6):
            assert listener.send(numbered(uid))[0] == 200
            lines.append(process.stdout.readline())
        process.send_signal(signal.SIGTERM)
        assert process.wait(10) == 130
    found = [json.loads(text) for text in lines]
    assert [each["uid"] for each in found] == ["2", "3", "4", "5"]
    for each in found:
        jsonschema.validate(each, schema)


def test_tail_ends_when_nobody_reads(listener: Running) -> None:
    words = [*PROGRAM, "-C", str(listener.folder), "events", "tail", "-f"]
    assert listener.send(numbered(0))[0] == 200
    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert "originate" in process.stdout.readline()
        process.stdout.close()
        assert listener.send(numbered(1))[0] == 200
        assert process.wait(10) == 0


def test_the_ladder_of_a_call_has_its_steps_in_their_order(listener: Running, cli: Cli) -> None:
    for body in (EXOLVE[3], EXOLVE[4], EXOLVE[2], EXOLVE[0], EXOLVE[1]):
        assert listener.send(raw(body))[0] == 200
    told = cli("events", "show", "12345678910", folder=listener.folder).stdout
    steps = re.findall(r"\+(\S+) s  \|\W*(?:x-+ )?(\w+)", told)
    assert steps == [
        ("0.000", "originate"),
        ("8.645", "start"),
        ("12.928", "hungup"),
        ("12.932", "end"),
        ("12.950", "definition"),
    ]
    page = cli("events", "show", "12345678910", "--format", "html", folder=listener.folder).stdout
    assert page.startswith("<!DOCTYPE html>")
    assert re.findall(r'text-anchor="middle">(\w+)<', page) == [kind for _after, kind in steps]
    assert "<script" not in page


def test_markup_in_an_event_is_text_in_the_page(listener: Running, cli: Cli) -> None:
    body = {**EXOLVE[0], "uid": 9, "number_a": "<script>alert(1)</script>", "type": "<b>x"}
    assert listener.send(raw(body))[0] == 200
    page = cli("events", "show", "9", "--format", "html", folder=listener.folder).stdout
    assert "<script" not in page
    assert "<b>" not in page
