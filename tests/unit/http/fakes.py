"""A clock that passes only when somebody sleeps, and a loopback server that says exactly what it is told to.

Must not know the product's client.
"""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Self

Serve = Callable[[socket.socket], None]


@dataclass
class FakeClock:
    """Starts at 1,000,000 s of the epoch; sleeping is instant and remembered."""

    time: float = 1_000_000.0
    slept: list[float] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)
    interrupted: threading.Event = field(default_factory=threading.Event)

    def now(self) -> float:
        return self.time

    def monotonic(self) -> float:
        return self.time

    def sleep(self, seconds: float) -> None:
        with self.lock:
            self.slept.append(seconds)
            self.time += seconds


@dataclass
class RawServer:
    """Plays one script a connection, the last one for ever; `requests` are what came in, head and body."""

    scripts: Sequence[Serve]
    requests: list[bytes] = field(default_factory=list)
    wrap: ssl.SSLContext | None = None
    url: str = ""
    _listener: socket.socket = field(default_factory=lambda: socket.create_server(("127.0.0.1", 0)))

    def start(self) -> Self:
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def stop(self) -> None:
        self._listener.close()

    def _accept(self) -> None:
        for turn in range(10_000):
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            script = self.scripts[min(turn, len(self.scripts) - 1)]
            threading.Thread(target=self._serve, args=(connection, script), daemon=True).start()

    def _serve(self, accepted: socket.socket, script: Serve) -> None:
        try:
            with self.wrap.wrap_socket(accepted, server_side=True) if self.wrap else accepted as connection:
                self.requests.append(_request(connection))
                script(connection)
                connection.shutdown(socket.SHUT_WR)
                connection.recv(1)
        except OSError:
            accepted.close()


def _request(connection: socket.socket) -> bytes:
    data = b""
    while b"\r\n\r\n" not in data and (chunk := connection.recv(65536)):
        data += chunk
    head, _, body = data.partition(b"\r\n\r\n")
    length = next((int(v) for k, _, v in _headers(head) if k.lower() == b"content-length"), 0)
    while len(body) < length and (chunk := connection.recv(65536)):
        body += chunk
    return head + b"\r\n\r\n" + body


def _headers(head: bytes) -> Iterator[tuple[bytes, bytes, bytes]]:
    return (line.partition(b":") for line in head.split(b"\r\n")[1:])


def saying(raw: bytes) -> Serve:
    """A script that sends these bytes and closes."""

    def serve(connection: socket.socket) -> None:
        connection.sendall(raw)

    return serve


def answering(status: str, body: bytes, *headers: str) -> Serve:
    """A script that sends a whole answer and closes."""
    head = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", "Connection: close", *headers]
    return saying("\r\n".join([*head, "", ""]).encode() + body)


@contextmanager
def raw_server(*scripts: Serve, wrap: ssl.SSLContext | None = None) -> Iterator[RawServer]:
    """Run a server for the length of a block, behind TLS where `wrap` is given."""
    server = RawServer(scripts, wrap=wrap).start()
    try:
        yield server
    finally:
        server.stop()
