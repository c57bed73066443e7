"""Connections that keep a deadline, through the proxy and with the certificates that the environment names.

An answer that drips byte by byte ends when its time is up: httpx bounds each read from a socket, never the whole
exchange; the deadline here belongs to the thread that makes the exchange and shortens every wait for a socket.
Verification is never off, loopback never goes through a proxy, and whatever the TLS library makes of these settings
becomes an error that names the variable. Knows no HTTP beyond that.
"""

from __future__ import annotations

import math
import os
import ssl
import threading
import time
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import httpcore
import httpx

from reconciler.http.answer import plain
from reconciler.http.errors import Unavailable
from reconciler.http.hosts import is_loopback

_FILE, _FOLDER, _KEY_LOG = "SSL_CERT_FILE", "SSL_CERT_DIR", "SSLKEYLOGFILE"


def trust(scheme: str, environ: Mapping[str, str]) -> ssl.SSLContext:
    """What TLS connections are made with; raises Unavailable, which names the variable that is at fault."""
    if scheme != "https":
        return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    variable = authorities(environ)
    try:
        return _context(variable, environ.get(variable or "", ""))
    except OSError as error:  # which TLS errors are, too
        raise _unusable(error, variable, environ) from None


def authorities(environ: Mapping[str, str]) -> str | None:
    """The variable that says whom to trust; None where the bundled authorities are trusted."""
    return next((variable for variable in (_FILE, _FOLDER) if environ.get(variable)), None)


def _context(variable: str | None, named: str) -> ssl.SSLContext:
    match variable:
        case None:
            return httpx.create_ssl_context(trust_env=False)
        case "SSL_CERT_DIR":
            for folder in filter(None, named.split(os.pathsep)):
                next(Path(folder).iterdir(), None)  # one that is not there would be passed over, and nobody trusted
            return ssl.create_default_context(capath=named)
        case _:
            return ssl.create_default_context(cafile=named)


def _unusable(error: OSError, variable: str | None, environ: Mapping[str, str]) -> Unavailable:
    log = environ.get(_KEY_LOG)
    if log and error.filename == log:
        return _named(_KEY_LOG, log, "cannot be written to", error)
    if variable is None:
        return Unavailable(f"the bundled certificates cannot be read: {_reason(error)}", hint="reinstall the program")
    what = "names certificates that cannot be read" if variable == _FILE else "names a folder that cannot be read"
    return _named(variable, environ[variable], what, error)


def _named(variable: str, value: str, what: str, error: OSError) -> Unavailable:
    hint = f"correct the name, or unset {variable}"
    return Unavailable(f"{variable} {what}: {plain(value)} ({_reason(error)})", hint=hint)


def _reason(error: OSError) -> str:
    """Why a file gives no certificates; TLS errors have codes for words."""
    if isinstance(error, ssl.SSLError):
        return "there is no certificate in it"
    return (error.strerror or "unknown reason").lower()


class Proxy(NamedTuple):
    """The address of a proxy, and the variable that names it."""

    address: str
    variable: str


def proxy_for(scheme: str, host: str, environ: Mapping[str, str]) -> Proxy | None:
    """Return the proxy for a host, or None."""
    if is_loopback(host) or _is_exempt(host, _either(environ, "no_proxy").address):
        return None
    named = (_either(environ, f"{scheme}_proxy"), _either(environ, "all_proxy"))
    return next((proxy for proxy in named if proxy.address), None)


def _is_exempt(host: str, names: str) -> bool:
    """Whether a NO_PROXY list names a host, a domain above it, or everything."""
    listed = [name.strip().lower().lstrip("*").lstrip(".") for name in names.split(",") if name.strip()]
    return any(not name or host == name or host.endswith(f".{name}") for name in listed)


def _either(environ: Mapping[str, str], name: str) -> Proxy:
    """What a variable says that is spelled small or large."""
    variable = name if environ.get(name) else name.upper()
    return Proxy(environ.get(variable, ""), variable)


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
