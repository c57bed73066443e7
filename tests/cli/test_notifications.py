"""The recipe of docs/notifications.md, run as it stands, with receivers that are really there."""

from __future__ import annotations

import http.server
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from tests.architecture.imports import REPOSITORY
from tests.cli.conftest import Workplace
from tests.cli.test_audit import rings_longer

PAGE = (REPOSITORY / "docs" / "notifications.md").read_text("utf-8")
TOKEN = "canary-token-1"
pytestmark = pytest.mark.skipif(not (shutil.which("jq") and shutil.which("curl")), reason="there is no jq, or no curl")


@dataclass
class Received:
    """What came in: path and body of each request."""

    requests: list[tuple[str, bytes]] = field(default_factory=list)
    url: str = ""


@contextmanager
def receiving() -> Iterator[Received]:
    received = Received()

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length", 0)))
            received.requests.append((self.path, body))
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b"{}")

        def do_GET(self) -> None:
            self.do_POST()

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    received.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield received
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def notified(
    workplace: Workplace, tmp_path: Path, **environ: str
) -> tuple[subprocess.CompletedProcess[str], list[str]]:
    """The script of the page, and the command lines of curl that it made."""
    (script,) = re.findall(r"```sh\n(# notify\.sh\n.*?)```", PAGE, re.DOTALL)
    tools = tmp_path / "bin"
    tools.mkdir(exist_ok=True)
    seen = tmp_path / "curl.txt"
    for name, body in {
        "reconciler": f'exec "{sys.executable}" -m reconciler -C "{workplace.folder}" "$@"',
        "curl": f'echo "$*" >>"{seen}"; exec "{shutil.which("curl")}" "$@"',
    }.items():
        (tools / name).write_text(f"#!/bin/sh\n{body}\n", "utf-8")
        (tools / name).chmod(0o755)
    (tmp_path / "notify.sh").write_text(script, "utf-8")
    path = f"{tools}{os.pathsep}{os.environ['PATH']}"
    known = {**os.environ, **workplace.environ, **environ, "PATH": path, "PYTHONPATH": str(REPOSITORY)}
    done = subprocess.run(
        ["sh", "notify.sh"], cwd=tmp_path, capture_output=True, text=True, check=False, timeout=60, env=known
    )
    return done, seen.read_text("utf-8").splitlines() if seen.exists() else []


def test_drift_is_told_to_a_chat_and_the_token_is_in_no_command_line(workplace: Workplace, tmp_path: Path) -> None:
    rings_longer(workplace.applied())
    with receiving() as received:
        telegram = {"TELEGRAM_API": received.url, "TELEGRAM_TOKEN": TOKEN, "TELEGRAM_CHAT": "-100200"}
        done, commands = notified(workplace, tmp_path, **telegram, HEARTBEAT_URL=received.url)
    assert done.returncode == 2, done.stderr
    ((path, body),) = received.requests
    assert path == f"/bot{TOKEN}/sendMessage"
    message = json.loads(body)
    assert message["chat_id"] == "-100200"
    first, second, *_rest = message["text"].splitlines()
    assert first.startswith("test: 1 drifted, 0 unknown, ")
    assert second == "sales/74991000000 Горячая линия, Москва: targets[0].timeout 16 -> 40"
    assert len(commands) == 1
    assert TOKEN not in commands[0]


def test_where_all_is_well_only_the_heart_beats(workplace: Workplace, tmp_path: Path) -> None:
    workplace.applied()
    with receiving() as received:
        telegram = {"TELEGRAM_API": received.url, "TELEGRAM_TOKEN": TOKEN, "TELEGRAM_CHAT": "-100200"}
        done, _commands = notified(workplace, tmp_path, **telegram, HEARTBEAT_URL=f"{received.url}/alive")
    assert done.returncode == 0, done.stderr
    assert received.requests == [("/alive", b"")]


def test_an_audit_that_failed_is_told_too(workplace: Workplace, tmp_path: Path) -> None:
    workplace.edit("timeout: 16", "timeout: often")
    with receiving() as received:
        telegram = {"TELEGRAM_API": received.url, "TELEGRAM_TOKEN": TOKEN, "TELEGRAM_CHAT": "1"}
        done, _commands = notified(workplace, tmp_path, **telegram)
    assert done.returncode == 1
    text = json.loads(received.requests[0][1])["text"]
    assert text.startswith("The audit failed.\n'often' is not")


# -- mail -------------------------------------------------------------------------------------------------------------

_GREETING, _GO_ON, _FINE, _BYE = b"220 here\r\n", b"354 go on\r\n", b"250 fine\r\n", b"221 bye\r\n"


def take_mail(listener: socket.socket, lines: list[str]) -> None:
    """Take one mail, as little of SMTP as that wants."""
    connection, _ = listener.accept()
    with connection, connection.makefile("rwb", buffering=0) as stream:
        stream.write(_GREETING)
        in_data = False
        for raw in stream:
            text = raw.decode("utf-8").rstrip("\r\n")
            lines.append(text)
            if in_data and text != ".":
                continue
            answers = {"DATA": _GO_ON, "QUIT": _BYE}
            stream.write(answers.get(text, _FINE))
            in_data = text == "DATA"
            if text == "QUIT":
                return


def test_drift_is_told_by_mail(workplace: Workplace, tmp_path: Path) -> None:
    rings_longer(workplace.applied())
    lines: list[str] = []
    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=take_mail, args=(listener, lines))
        thread.start()
        where = {"SMTP_URL": f"smtp://127.0.0.1:{listener.getsockname()[1]}", "MAIL_FROM": "a@example.com"}
        done, _commands = notified(workplace, tmp_path, **where, MAIL_TO="b@example.com")
        thread.join(20)
    assert done.returncode == 2, done.stderr
    assert "MAIL FROM:<a@example.com>" in lines
    assert "RCPT TO:<b@example.com>" in lines
    assert "Subject: reconciler: audit ended with 2" in lines
    assert "sales/74991000000 Горячая линия, Москва: targets[0].timeout 16 -> 40" in lines
