"""URLs, IP addresses and SIP addresses: one text to one checked text.

Knows no phone numbers and no policy.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any
from urllib.parse import urlsplit

from reconciler.config.values.refusal import plain, quoted, refuse, text
from reconciler.config.values.scalars import LARGEST_PORT
from reconciler.secrets import mask_url

_URL = re.compile(r"(https?)://[^\s/?#@\\]*(?:@[^\s/?#@\\]+)?(?:[/?#][^\s]*)?", re.IGNORECASE)
_TEMPLATE = re.compile(r"\$\{var:[A-Za-z_][A-Za-z0-9_]*\}")
_SIP_URI = re.compile(
    r"[^\s@:;/?#]+@(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?)(?::([0-9]+))?(;[^\s@]*)?"
)
_OCTETS = re.compile(r"(?:(?:25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])(?:\.(?!$)|$)){4}")
_LOOPBACK = re.compile(r"localhost|127(?:\.[0-9]{1,3}){3}|::1")


def ip_address(value: Any) -> str:
    """An IP address, as written."""
    written = text(value)
    if _OCTETS.fullmatch(written):
        return written
    import ipaddress

    try:
        ipaddress.IPv6Address(written)
    except ValueError:
        raise refuse(
            "ip-invalid", f"{quoted(written)} is not an IP address", "write it in digits, like 203.0.113.7"
        ) from None
    return written


def sip_uri(value: Any) -> str:
    """`user@host`, `user@host:port`, as the vendor documents it."""
    written = plain(value)
    if written.lower().startswith(("sip:", "sips:")):
        raise refuse("sip-uri-invalid", f"{quoted(written)} begins with a scheme", f"write {written.partition(':')[2]}")
    match = _SIP_URI.fullmatch(written)
    if match is None:
        raise refuse(
            "sip-uri-invalid", f"{quoted(written)} is not a SIP address", "write user@sip.example.com or user@host:5060"
        )
    if match.group(2) and not 1 <= int(match.group(2)[:9]) <= LARGEST_PORT:
        raise refuse("port-range", f"{match.group(2)!r} is not a port", f"a port is a number from 1 to {LARGEST_PORT}")
    return written


@lru_cache(maxsize=4_096)
def _web_address(written: str) -> str:
    bare = _TEMPLATE.sub("x", written)
    if "${" in bare:
        raise refuse("variable-misplaced", "a ${…} in this URL is not a variable", "write ${var:NAME}")
    if written.startswith("${"):
        raise refuse(
            "url-invalid", "the URL begins with a variable", "write https:// and the host before any ${var:NAME}"
        )
    match = _URL.fullmatch(bare)
    if match is None or not urlsplit(bare).hostname:
        shown = mask_url(written)
        raise refuse("url-invalid", f"{shown!r} is not a URL", "write it whole, like https://example.com/calls")
    return written


def web_address(value: Any) -> str:
    """An http or https URL, possibly a template with `${var:NAME}`."""
    return _web_address(text(value))


def service_address(value: Any) -> str:
    """A base URL that credentials go to: https, or http on loopback; no query; no slash at its end."""
    written = web_address(plain(value)).rstrip("/")
    parts = urlsplit(written)
    if parts.query or parts.fragment or "@" in parts.netloc:
        raise refuse("url-invalid", f"{mask_url(written)!r} has more than scheme, host, port and path")
    if not is_secure(written):
        raise refuse(
            "require-https", f"{quoted(written)} is not https", "credentials travel over https only, but for loopback"
        )
    return written


def is_secure(url: str) -> bool:
    """Whether a URL is https, or http to this machine."""
    if url[:8].lower() == "https://":
        return True
    return _LOOPBACK.fullmatch(urlsplit(_TEMPLATE.sub("x", url)).hostname or "") is not None
