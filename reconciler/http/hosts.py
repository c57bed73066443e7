"""Where a credential may be sent: https everywhere but loopback, and only to hosts that are trusted by name.

Knows no client and no vendor; the vendors' own hosts are handed in.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Collection, Mapping
from urllib.parse import SplitResult, urlsplit

import httpx

from reconciler.http.errors import HostRefused
from reconciler.secrets import mask_url

ALLOW_HOSTS = "RECONCILER_ALLOW_HOSTS"

# Userinfo, queries, and all that two parsers of URLs may read differently.
_BEYOND_A_BASE = frozenset("@\\?# \t\r\n")


def check_host(url: str, *, trusted: Collection[str], environ: Mapping[str, str]) -> SplitResult:
    """Return the parts of a URL that a credential may be sent to; raises HostRefused."""
    parts = _split(url)
    host = parts.hostname or ""
    if is_loopback(host):
        return parts
    if parts.scheme != "https":
        raise HostRefused(
            f"{mask_url(url)} is not https: a credential would be sent unencrypted",
            hint=f"write https://{host or 'HOST'}",
        )
    if host not in {name.lower() for name in trusted} | _allowed(environ):
        raise HostRefused(
            f"credentials are not sent to {host}: it is not one of the vendor's own hosts",
            hint=f"if you trust it, set {ALLOW_HOSTS}={host}",
        )
    return parts


def host_of(url: str) -> str | None:
    """The host that a URL names; None where there is none, or it cannot be read."""
    try:
        return urlsplit(url).hostname
    except ValueError:
        return None


def is_loopback(host: str) -> bool:
    """Whether a host name or address is this machine."""
    if host.lower() in {"localhost", "localhost."}:
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _split(url: str) -> SplitResult:
    try:
        parts = urlsplit(url)
        _ = parts.port
        (parts.hostname or "").encode("idna")  # as the look-up of the host spells it
        _ = httpx.URL(url).host
    except (ValueError, httpx.InvalidURL):  # errors of spelling are ValueErrors, too
        raise HostRefused("a base URL cannot be read", hint="write https://HOST or https://HOST:PORT") from None
    if parts.scheme not in {"http", "https"} or not parts.hostname or _BEYOND_A_BASE & set(url):
        raise HostRefused(f"{mask_url(url)} is not a base URL", hint="write https://HOST or https://HOST/PATH")
    return parts


def _allowed(environ: Mapping[str, str]) -> set[str]:
    return {name.strip().lower() for name in environ.get(ALLOW_HOSTS, "").split(",") if name.strip()}
