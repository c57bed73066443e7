"""Runs an ASGI application on 127.0.0.1 in a thread of its own, with the connection in reach of the application.

Must not know what is served, and never listens anywhere but on loopback.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import threading
from typing import cast

import uvicorn
from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol

from reconciler.sandbox.front import TRANSPORT

_HOST = "127.0.0.1"
_START_SECONDS = 10.0
_STOP_SECONDS = 5.0


# docs/decisions/022
class _Protocol(H11Protocol):
    """Puts the connection into each scope, so that a fault can close it."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Wrap the application for this connection."""
        super().connection_made(cast("asyncio.Transport", transport))
        served = cast("ASGIApp", self.app)

        async def app(scope: Scope, receive: Receive, send: Send) -> None:
            scope[TRANSPORT] = transport
            # A call that still hangs when the server stops is cancelled, which is not an error to report.
            with contextlib.suppress(asyncio.CancelledError):
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
            proxy_headers=False,
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
            self.stop()
            raise RuntimeError("the sandbox did not start")
        return f"http://{_HOST}:{self._socket.getsockname()[1]}"

    def stop(self) -> None:
        """Stop at once; calls that hang are let go."""
        if self._thread is None or self._socket is None:
            return
        self._server.stop()
        self._thread.join(_STOP_SECONDS)
        self._socket.close()
        self._thread = None

    def _run(self, listener: socket.socket) -> None:
        asyncio.run(self._server.serve([listener]))


class _ThreadServer(uvicorn.Server):
    """uvicorn's server, told to stop from another thread and gone at once; signals stay with the main thread."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.ready = threading.Event()
        self._stopping = asyncio.Event()
        self._loop: asyncio.AbstractEventLoop | None = None

    def stop(self) -> None:
        """Leave `main_loop`; may be called from any thread."""
        if self._loop is not None:
            self._loop.call_soon_threadsafe(self._stopping.set)

    async def main_loop(self) -> None:
        """Serve until told to stop, renewing the Date header each second."""
        self._loop = asyncio.get_running_loop()
        await self.on_tick(0)
        self.ready.set()
        while not self._stopping.is_set():
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._stopping.wait(), 1.0)
            await self.on_tick(0)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Stop listening and hang up on everybody."""
        del sockets
        for server in self.servers:
            server.close()
        for connection in list(self.server_state.connections):
            cast("_Protocol", connection).transport.abort()
        # Hanging up reaches the calls that wait for their caller in two turns of the loop.
        await asyncio.sleep(0)
        await asyncio.sleep(0)


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
