"""A pooler as small as can be. In transaction mode a client has a server only from a statement to the end of its
transaction, in session mode as long as it stays. It speaks just enough of PostgreSQL's protocol (version 3) to tell
messages apart."""

from __future__ import annotations

import socket
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager

_SSL, _GSS, _CANCEL = 80877103, 80877104, 80877102


class Pooler:
    """Listens on 127.0.0.1:`port` and shares connections to the server at `upstream`, the last given back first.

    In session mode with `hands_on` the next client gets the session as the last one left it. Where there are only
    `size` servers, those who come later wait for one without end.
    """

    def __init__(
        self, upstream: str, *, session_mode: bool = False, hands_on: bool = False, size: int | None = None
    ) -> None:
        self.upstream = upstream
        self.session_mode = session_mode
        self.hands_on = hands_on
        self.free = threading.Semaphore(size if size is not None else 1_000)
        self.greeting = b""
        self.idle: list[tuple[socket.socket, bytes]] = []
        self.sockets: list[socket.socket] = []
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]

    def serve(self) -> None:
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self.sockets.append(client)
            threading.Thread(target=self.attend, args=(client,), daemon=True).start()

    def attend(self, client: socket.socket) -> None:
        """Welcome a client at once, as PgBouncer does; it may have to wait for a server when it asks for something."""
        mine, greeting = None, b""
        try:
            startup = self.greeted(client)
            if not self.greeting:
                self.idle.append(self.connect(startup))
            greeting = self.greeting
            client.sendall(greeting)
            while True:
                mine = self.turn(client, startup, greeting, mine)
        except (OSError, EOFError):
            client.close()
            if mine is not None:
                self.idle.append((mine, greeting)) if self.hands_on else mine.close()
                self.free.release()

    def turn(
        self, client: socket.socket, startup: bytes, greeting: bytes, mine: socket.socket | None
    ) -> socket.socket | None:
        """Pass on one batch of messages and its answer; return the server if the client keeps it."""
        batch = b""
        while True:
            kind, message = received(client)
            batch += message
            if kind == b"X":
                raise EOFError
            if kind in b"SQ":
                break
        server = mine or self.borrow(startup)[0]
        server.sendall(batch)
        while True:
            kind, message = received(server)
            client.sendall(message)
            if kind == b"Z":
                break
        if message[-1:] == b"I" and not self.session_mode:
            self.idle.append((server, greeting))
            self.free.release()
            return None
        return server

    def borrow(self, startup: bytes) -> tuple[socket.socket, bytes]:
        self.free.acquire()
        return self.idle.pop() if self.idle else self.connect(startup)

    def connect(self, startup: bytes) -> tuple[socket.socket, bytes]:
        server = socket.socket(socket.AF_UNIX)
        self.sockets.append(server)
        server.connect(self.upstream)
        server.sendall(startup)
        greeting = b""
        while True:
            kind, message = received(server)
            greeting += message
            if kind == b"Z":
                self.greeting = greeting
                return server, greeting

    def greeted(self, client: socket.socket) -> bytes:
        while True:
            head = exactly(client, 8)
            length, code = struct.unpack("!ii", head)
            if code == _CANCEL:
                raise EOFError
            rest = exactly(client, length - 8)
            if code not in (_SSL, _GSS):
                return head + rest
            client.sendall(b"N")


def received(peer: socket.socket) -> tuple[bytes, bytes]:
    head = exactly(peer, 5)
    return head[:1], head + exactly(peer, struct.unpack("!i", head[1:])[0] - 4)


def exactly(peer: socket.socket, size: int) -> bytes:
    data = b""
    while len(data) < size:
        chunk = peer.recv(size - len(data))
        if not chunk:
            raise EOFError
        data += chunk
    return data


@contextmanager
def pooled(
    upstream: str, *, session_mode: bool = False, hands_on: bool = False, size: int | None = None
) -> Iterator[Pooler]:
    pooler = Pooler(upstream, session_mode=session_mode, hands_on=hands_on, size=size)
    thread = threading.Thread(target=pooler.serve, daemon=True)
    thread.start()
    try:
        yield pooler
    finally:
        pooler.listener.shutdown(socket.SHUT_RDWR)
        pooler.listener.close()
        thread.join(5)
        for each in pooler.sockets:
            each.close()
