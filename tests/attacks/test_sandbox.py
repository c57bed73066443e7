"""The sandbox and web pages: nothing that a browser was told elsewhere reaches it, under whatever name it is called."""

from __future__ import annotations

import socket
from urllib.parse import urlsplit

import pytest

from reconciler.sandbox import Sandbox
from tests.cli import conftest

sandbox = conftest.sandbox
NUMBER = "74991000000"
DOORS = ("/_sandbox/forwarding", "/exolve/numbering/v1/SetCallForwarding", "/nothing")
"""The sandbox's own door, a vendor's, and none."""


def status(sandbox: Sandbox, method: str, target: str, *headers: str, body: str = "") -> int:
    """Send a request with just these headers, on a socket of its own."""
    address = urlsplit(sandbox.exolve_url)
    lines = (f"{method} {target} HTTP/1.1", *headers, f"Content-Length: {len(body)}", "Connection: close", "", body)
    with socket.create_connection((address.hostname or "", address.port or 0), timeout=10) as connection:
        connection.sendall("\r\n".join(lines).encode())
        return int(connection.makefile("rb").readline().split()[1])


def here(sandbox: Sandbox, name: str = "127.0.0.1") -> str:
    return f"{name}:{urlsplit(sandbox.exolve_url).port}"


@pytest.fixture
def foreign_hosts(sandbox: Sandbox) -> tuple[str, ...]:
    return (
        "attacker.example",
        here(sandbox, "attacker.example"),
        "127.0.0.1:1",
        here(sandbox, "127.0.0.1.attacker.example"),
        "",
    )


@pytest.mark.parametrize("door", DOORS)
def test_a_call_under_another_name_is_refused(door: str, sandbox: Sandbox, foreign_hosts: tuple[str, ...]) -> None:
    for host in foreign_hosts:
        for method in ("GET", "POST"):
            assert status(sandbox, method, door, f"Host: {host}") == 421
    assert sandbox.log == []


@pytest.mark.parametrize("door", DOORS)
@pytest.mark.parametrize("origin", ["https://attacker.example", "null", "http://127.0.0.1:1", "http://localhost"])
def test_a_call_of_another_page_is_refused(door: str, origin: str, sandbox: Sandbox) -> None:
    before = sandbox.exolve.forwarding(NUMBER)
    body = f'{{"number": "{NUMBER}", "forwarding": {{"call_forwarding_type": 1}}}}'
    headers = (f"Host: {here(sandbox)}", f"Origin: {origin}", "Content-Type: text/plain")
    assert status(sandbox, "POST", door, *headers, body=body) == 403
    assert status(sandbox, "GET", "/_sandbox/state", *headers) == 403
    assert sandbox.exolve.forwarding(NUMBER) == before
    assert sandbox.log == []


@pytest.mark.parametrize("name", ["127.0.0.1", "localhost", "LOCALHOST"])
def test_calls_of_programs_and_of_its_own_page_are_answered(name: str, sandbox: Sandbox) -> None:
    host = here(sandbox, name)
    assert status(sandbox, "GET", "/_sandbox/state", f"Host: {host}") == 200
    assert status(sandbox, "GET", "/_sandbox/state", f"Host: {host}", f"Origin: http://{host.lower()}") == 200
