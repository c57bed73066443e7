"""Connections that keep a deadline: an answer that drips byte by byte ends when its time is up.

httpx bounds each read from a socket, never the whole exchange; the deadline here belongs to the thread that makes the
exchange and shortens every wait for a socket. Knows no HTTP beyond that.
"""

from __future__ import annotations

import math
import ssl
import threading
import time
from collections.abc import Iterable
from typing import Any

import httpcore
import httpx

# Servers close idle connections at a moment of their own choosing; a write sent at that moment would be in doubt.
_IDLE_SECONDS = 5.0


class Deadline(threading.local):
    """When the exchange of this thread must be over, on the monotonic clock."""

    at: float = math.inf

    def start(self, seconds: float) -> None:
        self.at = time.monotonic() + seconds

    def clamp(self, timeout: float | None, expired: type[Exception]) -> float:
        """Shorten a wait to what is left; raises `expired` when nothing is."""
        left = self.at - time.monotonic()
        if left <= 0:
            raise expired("the exchange took too long")
        return left if timeout is None else min(timeout, left)


class _Stream(httpcore.NetworkStream):
    def __init__(self, stream: httpcore.NetworkStream, deadline: Deadline) -> None:
        self._stream = stream
        self._deadline = deadline

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._stream.read(max_bytes, self._deadline.clamp(timeout, httpcore.ReadTimeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._stream.write(buffer, self._deadline.clamp(timeout, httpcore.WriteTimeout))

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        left = self._deadline.clamp(timeout, httpcore.ConnectTimeout)
        return _Stream(self._stream.start_tls(ssl_context, server_hostname, left), self._deadline)

    def get_extra_info(self, info: str) -> object:
        return self._stream.get_extra_info(info)


class _Backend(httpcore.NetworkBackend):
    def __init__(self, deadline: Deadline) -> None:
        self._sockets = httpcore.SyncBackend()
        self._deadline = deadline

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        left = self._deadline.clamp(timeout, httpcore.ConnectTimeout)
        return _Stream(self._sockets.connect_tcp(host, port, left, local_address, socket_options), self._deadline)


# docs/decisions/041
class Transport(httpx.HTTPTransport):
    """httpx's own transport over connections that keep `deadline`."""

    def __init__(self, *, deadline: Deadline, verify: ssl.SSLContext, connections: int, proxy: str | None) -> None:
        limits = httpx.Limits(
            max_connections=connections, max_keepalive_connections=connections, keepalive_expiry=_IDLE_SECONDS
        )
        super().__init__(verify=verify, limits=limits, proxy=proxy, trust_env=False)
        # httpx has no parameter for it; httpx is pinned to <0.29, and a test of a dripping answer holds this line.
        vars(self._pool)["_network_backend"] = _Backend(deadline)
