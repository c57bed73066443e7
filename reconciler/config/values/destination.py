"""An entry of `policy.destinations`: what it may be written as. An entry that can never match guards nothing.

Knows regions and types of numbers, nothing of what is matched against them.
"""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urlsplit

from reconciler.config.values.refusal import plain, quoted, refuse

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
