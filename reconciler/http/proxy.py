"""Which proxy a host is reached through, from HTTPS_PROXY and NO_PROXY; loopback never through one.

Knows no client; the environment is handed in.
"""

from __future__ import annotations

from collections.abc import Mapping

from reconciler.http.hosts import is_loopback


def proxy_for(scheme: str, host: str, environ: Mapping[str, str]) -> str | None:
    """Return the address of the proxy for a host, or None."""
    if is_loopback(host) or _is_exempt(host, _either(environ, "no_proxy")):
        return None
    return _either(environ, f"{scheme}_proxy") or _either(environ, "all_proxy") or None


def _is_exempt(host: str, names: str) -> bool:
    """Whether a NO_PROXY list names a host, a domain above it, or everything."""
    listed = [name.strip().lower().lstrip("*").lstrip(".") for name in names.split(",") if name.strip()]
    return any(not name or host == name or host.endswith(f".{name}") for name in listed)


def _either(environ: Mapping[str, str], name: str) -> str:
    return environ.get(name) or environ.get(name.upper()) or ""
