"""Which proxy a host is reached through, from HTTPS_PROXY and NO_PROXY; loopback never through one.

Knows no client; the environment is handed in.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from reconciler.http.hosts import is_loopback


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
