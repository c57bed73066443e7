"""Files and answers of people who mean harm: nothing is fetched for them, and nothing of theirs drives a terminal."""

from __future__ import annotations

import re
import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest

from tests.cli.conftest import REVIEWS, Workplace

CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
HOSTILE = "desk\x1b]0;owned\x07\x1b[31m\u202egnp\u2066\x00"


@dataclass
class Listener:
    """Counts who calls."""

    port: int
    calls: list[object] = field(default_factory=list)


@pytest.fixture
def listener() -> Iterator[Listener]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        found = Listener(server.getsockname()[1])

        def accept() -> None:
            while True:
                try:
                    connection, address = server.accept()
                except OSError:
                    return
                found.calls.append(address)
                connection.close()

        thread = threading.Thread(target=accept, daemon=True)
        thread.start()
        yield found
        server.shutdown(socket.SHUT_RDWR)
        thread.join()


def test_no_command_fetches_an_address_that_stands_in_an_entry(workplace: Workplace, listener: Listener) -> None:
    there = f"http://127.0.0.1:{listener.port}/secret"
    head = workplace.folder / "reconciler.yaml"
    head.write_text(head.read_text("utf-8") + "policy: {require_https: false}\n", "utf-8")
    workplace.edit("https://example.com/route", there)
    workplace.edit("      type: number\n", f"      type: number\n      event_url: {there}\n")
    for words in (("validate",), ("plan",), ("doctor",), ("list",), ("apply", "--auto-approve"), ("doctor",)):
        workplace.run(*words)
    assert workplace.sandbox.exolve.forwarding("74991000001") is not None
    assert listener.calls == []
    with socket.create_connection(("127.0.0.1", listener.port)) as probe:
        probe.recv(1)
    assert len(listener.calls) == 1


def test_what_a_vendor_answers_drives_no_terminal(workplace: Workplace) -> None:
    entry = {"call_control_number": "74992223344", "redirect_timeout": 16, "name": HOSTILE, "active": True}
    workplace.sandbox.exolve.set(
        "74991000000",
        {
            "call_forwarding_type": 2,
            "call_forwarding_number": {"redirect_type": 1, "client_id": HOSTILE, "call_control": [entry]},
        },
    )
    for words in (
        ("plan",),
        ("audit",),
        ("plan", "-v"),
        ("plan", "--format", "json"),
        *(("plan", "--format", form) for form in ("html", "markdown", *REVIEWS)),
        *(("audit", "--format", form) for form in ("html", "junit", "sarif")),
        ("apply", "--auto-approve", "--allow-adopt"),
    ):
        ended = workplace.run(*words)
        assert CONTROL.findall(ended.stdout + ended.stderr) == []
        assert "\\u001b" not in ended.stdout
