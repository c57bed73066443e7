"""URLs, IP addresses, SIP addresses and entries of `policy.destinations`: one text to one checked text.

An entry that can never match guards nothing, so it is refused. Knows nothing of what is matched against them.
"""

from __future__ import annotations

import ipaddress
import re
from functools import lru_cache
from typing import Any
from urllib.parse import urlsplit

from pydantic_core import PydanticCustomError

from reconciler.config.values import LARGEST_PORT, plain, quoted, refuse, text, word
from reconciler.secrets import has_credential, mask_url

_URL = re.compile(r"(https?)://[^\s/?#@\\]*(?:@[^\s/?#@\\]+)?(?:[/?#][^\s]*)?", re.IGNORECASE)
_TEMPLATE = re.compile(r"\$\{var:[A-Za-z_][A-Za-z0-9_]*\}")
_SIP_URI = re.compile(
    r"[^\s@:;/?#]+@(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?)(?::([0-9]+))?(;[^\s@]*)?"
)
_LONGEST_SHOWN = 100
_OCTETS = re.compile(r"(?:(?:25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])(?:\.(?!$)|$)){4}")
_LOOPBACK = re.compile(r"localhost|127(?:\.[0-9]{1,3}){3}|::1")


def ip_address(value: Any) -> str:
    """An IP address, as written."""
    written = text(value)
    if _OCTETS.fullmatch(written):
        return written

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
    bare = _TEMPLATE.sub("1", written)  # which may stand in a host as well as in a port
    if "${" in bare:
        raise refuse("variable-misplaced", "a ${…} in this URL is not a variable", "write ${var:NAME}")
    if written.startswith("${"):
        raise refuse(
            "url-invalid", "the URL begins with a variable", "write https:// and the host before any ${var:NAME}"
        )
    if _URL.fullmatch(bare) is None:
        raise _no_url(written)
    try:
        parts = urlsplit(bare)
        host, number = parts.hostname, parts.port
    except ValueError:
        host, number = _without_port(bare), 0
    if host is None or ".." in host or not _is_name(host):
        raise _no_url(written)
    if number == 0:
        message = f"the port of {_shown(written)!r} is none"
        raise refuse("port-range", message, f"a port is a number from 1 to {LARGEST_PORT}")
    return written


def _is_name(host: str) -> bool:
    """Whether a host can be looked up at all: no label of it is longer than 63 characters."""
    try:
        host.encode("idna")
    except UnicodeError:
        return False
    return True


def _without_port(bare: str) -> str | None:
    """The host of a URL whose port, or whose host itself, is at fault."""
    try:
        return urlsplit(bare).hostname
    except ValueError:
        return None


def _no_url(written: str) -> PydanticCustomError:
    message = f"{_shown(written)!r} is not a URL"
    return refuse("url-invalid", message, "write a complete URL, like https://example.com/calls")


def _shown(written: str) -> str:
    """A text as written, but for what a URL would hide."""
    if any(mark in written for mark in "?#@"):
        return mask_url(written)
    return written if len(written) <= _LONGEST_SHOWN else f"{written[:_LONGEST_SHOWN]}…"


def web_address(value: Any) -> str:
    """An http or https URL, possibly a template with `${var:NAME}`."""
    return _web_address(text(value))


def service_address(value: Any) -> str:
    """A base URL that credentials go to: https, or http on loopback; no query; no slash at its end."""
    written = web_address(plain(value)).rstrip("/")
    parts = urlsplit(written)
    if parts.query or parts.fragment or "@" in parts.netloc:
        whole = f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"
        message = f"{mask_url(written)!r} has more than scheme, host, port and path"
        raise refuse("url-invalid", message, f"write {whole}")
    if not is_secure(written):
        raise refuse(
            "require-https",
            f"{quoted(written)} is not https",
            "credentials are sent only over https, except to this machine",
        )
    return written


def remote(value: Any) -> str:
    """A git remote's name or address; a credential in it is refused: git would be told it in its arguments."""
    written = word(value)
    if has_credential(written):
        message = "a secret does not belong in a file, or in git's arguments"
        raise refuse("literal-secret", message, "name a remote of the repository, or use git's credential helper")
    return written


def is_secure(url: str) -> bool:
    """Whether a URL is https, or http to this machine."""
    if url[:8].lower() == "https://":
        return True
    return _LOOPBACK.fullmatch(urlsplit(_TEMPLATE.sub("x", url)).hostname or "") is not None


REGION = re.compile(r"[A-Z]{2}")
PREFIX = re.compile(r"\+?[0-9]+")
SHORT_NAMES = {"premium": "premium_rate", "fixed": "fixed_line", "shared": "shared_cost"}
_COMMON = frozenset(("RU", "sip_id", "premium"))  # known without the library
_PATTERN = re.compile(r"sip:\S+|url:https?://\S+")
_HINT = (
    "write a region (RU), a prefix (+7809), a type (premium), sip_id, sip:*.example.com or url:https://*.example.com"
)


def destination(value: Any) -> str:
    """An entry of `allow` or `deny`, as written."""
    written = plain(value)
    if not is_known_entry(written):
        raise refuse("invalid-value", f"{quoted(written)} can never match a destination", _HINT)
    return written


def is_known_entry(entry: str) -> bool:
    """Whether an entry of `allow` or `deny` can ever mean something."""
    if entry in _COMMON or PREFIX.fullmatch(entry):
        return True
    if _PATTERN.fullmatch(entry):
        return _is_address(entry)
    import phonenumbers

    if REGION.fullmatch(entry):
        return entry in phonenumbers.SUPPORTED_REGIONS
    names = {phonenumbers.PhoneNumberType.to_string(value).lower() for value in phonenumbers.PhoneNumberType.values()}
    return SHORT_NAMES.get(entry, entry) in names


def _is_address(entry: str) -> bool:
    """Whether a pattern of an address can be read as one."""
    try:
        parts = urlsplit(entry.removeprefix("url:"))
        return entry.startswith("sip:") or parts.port != 0
    except ValueError:
        return False
