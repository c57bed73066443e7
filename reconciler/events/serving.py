"""Runs the listener on a socket in a thread of its own; no sender holds it up by sending nothing, or slowly.

Must not know what is served.
"""

from __future__ import annotations

import asyncio
import socket
import threading
import time
from typing import cast

import uvicorn
from starlette.types import ASGIApp
from uvicorn.protocols.http.h11_impl import H11Protocol, RequestResponseCycle

HEAD_SECONDS = 10.0
MOST_CONNECTIONS = 400
_BACKLOG = 1024
_START_SECONDS = 10.0
_STOP_SECONDS = 15
_TICK_SECONDS = 0.01


# docs/decisions/190
class _Connection(H11Protocol):
    """A connection that brings each request's head in time, or is closed; of too many, the one that waits longest."""

    _waiting: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin to wait for a head."""
        super().connection_made(cast("asyncio.Transport", transport))
        self._watch()
        if len(self.connections) > MOST_CONNECTIONS:
            everybody = [each for each in self.connections if isinstance(each, _Connection)]
            min(everybody, key=_Connection.deadline).abort()

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait no longer."""
        self._forget()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Take what has come."""
        super().data_received(data)
        self._watch()

    def on_response_complete(self) -> None:
        """Begin to wait for the next head."""
        super().on_response_complete()
        self._watch()

    def deadline(self) -> float:
        """When this one is closed, unless a head comes; one whose event is being kept comes last."""
        return self._waiting.when() if self._waiting else float("inf")

    def abort(self) -> None:
        """Let the sender go."""
        self.transport.abort()

    def _watch(self) -> None:
        if self._is_answering():
            self._forget()
        elif self._waiting is None and not self.transport.is_closing():
            self._waiting = self.loop.call_later(HEAD_SECONDS, self.abort)

    def _is_answering(self) -> bool:
        cycle: RequestResponseCycle | None = self.cycle
        return cycle is not None and not cycle.response_complete

    def _forget(self) -> None:
        if self._waiting is not None:
            self._waiting.cancel()
            self._waiting = None


class Server:
    """A server that is listening once `start` returns, and has answered all that it had read once `stop` returns."""

    def __init__(self, app: ASGIApp, host: str, port: int) -> None:
        config = uvicorn.Config(
            app,
            log_level="critical",
            access_log=False,
            lifespan="off",
            ws="none",
            proxy_headers=False,
            server_header=False,
            http=_Connection,
            timeout_keep_alive=60,
            timeout_graceful_shutdown=_STOP_SECONDS,
            backlog=_BACKLOG,
        )
        self._server = uvicorn.Server(config)
        self._place = (host, port)
        self._thread: threading.Thread | None = None

    def start(self) -> int:
        """Listen and serve; returns the port. Raises OSError if it is taken, or the host is none of this machine."""
        listener = _listening(*self._place)
        self._thread = threading.Thread(target=self._run, args=(listener,), name="listener", daemon=True)
        self._thread.start()
        until = time.monotonic() + _START_SECONDS
        while not self._server.started and time.monotonic() < until:
            time.sleep(_TICK_SECONDS)
        return int(listener.getsockname()[1])

    def stop(self) -> None:
        """Take nothing new, answer what has come, and end."""
        if self._thread is not None:
            self._server.should_exit = True
            self._thread.join(_STOP_SECONDS + 1)
            self._thread = None

    def _run(self, listener: socket.socket) -> None:
        with listener:
            asyncio.run(self._server.serve([listener]))


def _listening(host: str, port: int) -> socket.socket:
    family, kind, protocol, _name, address = socket.getaddrinfo(
        host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
    )[0]
    listener = socket.socket(family, kind, protocol)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen(_BACKLOG)
    except OSError:
        listener.close()
        raise
    return listener
