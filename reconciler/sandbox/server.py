"""Runs an ASGI application on 127.0.0.1 in a thread of its own, with the connection in reach of the application.

Must not know what is served, and never listens anywhere but on loopback.
"""

from __future__ import annotations

import asyncio
import socket
import threading
from typing import cast

import uvicorn
from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol

from reconciler.sandbox.delivery import TRANSPORT

_HOST = "127.0.0.1"
_START_SECONDS = 10.0
_STOP_SECONDS = 5.0


class _Protocol(H11Protocol):
    """Puts the connection into each scope, so that a fault can close it."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Wrap the application for this connection."""
        super().connection_made(cast("asyncio.Transport", transport))
        served = cast("ASGIApp", self.app)

        async def app(scope: Scope, receive: Receive, send: Send) -> None:
            scope[TRANSPORT] = transport
            await served(scope, receive, send)

        self.app = app


class Server:
    """A server that is listening once `start` returns, and gone once `stop` returns."""

    def __init__(self, app: ASGIApp, port: int = 0) -> None:
        config = uvicorn.Config(
            app,
            log_level="error",
            access_log=False,
            lifespan="off",
            ws="none",
            http=_Protocol,
            timeout_keep_alive=60,
            backlog=1024,
        )
        self._server = _ThreadServer(config)
        self._port = port
        self._socket: socket.socket | None = None
        self._thread: threading.Thread | None = None

    def start(self) -> str:
        """Listen and serve; returns the base URL. Raises OSError if the port is taken."""
        self._socket = _listening(self._port)
        self._thread = threading.Thread(target=self._run, args=(self._socket,), name="sandbox", daemon=True)
        self._thread.start()
        if not self._server.ready.wait(_START_SECONDS):
            text = "the sandbox did not start"
            raise RuntimeError(text)
        return f"http://{_HOST}:{self._socket.getsockname()[1]}"

    def stop(self) -> None:
        """Stop at once; calls that hang are let go."""
        if self._thread is None or self._socket is None:
            return
        self._server.should_exit = True
        self._server.force_exit = True
        self._thread.join(_STOP_SECONDS)
        self._socket.close()
        self._thread = None

    def _run(self, listener: socket.socket) -> None:
        asyncio.run(self._server.serve([listener]))


class _ThreadServer(uvicorn.Server):
    """uvicorn's server, which tells when it is ready and leaves signals to the main thread."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.ready = threading.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start, then say so."""
        await super().startup(sockets)
        self.ready.set()


def _listening(port: int) -> socket.socket:
    # The protocol is named because asyncio switches Nagle's delay off for TCP by that name only.
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((_HOST, port))
    except OSError:
        listener.close()
        raise
    return listener
