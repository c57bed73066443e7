"""Where calls may go: judges one destination against `policy.destinations`.

Knows phone numbering (regions and number types of `phonenumbers`), nothing of plans or vendors.
"""

from __future__ import annotations

import re
from fnmatch import fnmatchcase
from functools import lru_cache
from urllib.parse import urlsplit

from reconciler.config.settings import Destinations
from reconciler.config.values.destination import PREFIX, REGION, SHORT_NAMES
from reconciler.secrets import MASK

_SIP_ID = re.compile(r"88314\d{10}")


def refusal(destination: str, rules: Destinations) -> str | None:
    """Say why a destination is not permitted, or None.

    `destination` is digits (a phone number or a SIP ID), `sip:URI` or `url:URL`.
    """
    for entry in rules.deny:
        if matches(destination, entry, hidden_matches=True):
            return f"`policy.destinations.deny` forbids ({entry})"
    if rules.allow is not None and not any(matches(destination, entry) for entry in rules.allow):
        return f"`policy.destinations.allow` does not list ({', '.join(rules.allow) or 'nothing'})"
    return None


def matches(destination: str, entry: str, *, hidden_matches: bool = False) -> bool:
    """Whether an entry of `allow` or `deny` means this destination.

    A URL's path may be hidden, as a secret: `hidden_matches` says whether it counts as the entry's.
    """
    if entry.startswith("sip:"):
        return destination.startswith("sip:") and fnmatchcase(_sip_host(destination[4:]), entry[4:].lower())
    if entry.startswith("url:"):
        return destination.startswith("url:") and _url_matches(
            destination[4:], entry[4:], hidden_matches=hidden_matches
        )
    if not destination.isdigit():
        return False
    if entry == "sip_id" or _SIP_ID.fullmatch(destination):
        return entry == "sip_id" and _SIP_ID.fullmatch(destination) is not None
    if PREFIX.fullmatch(entry):
        return destination.startswith(entry.lstrip("+"))
    region, number_type = _facts(destination)
    return entry == region if REGION.fullmatch(entry) else SHORT_NAMES.get(entry, entry) == number_type


def _sip_host(uri: str) -> str:
    host = uri.removeprefix("sip:").rpartition("@")[2].partition(";")[0].lower()
    if host.startswith("["):
        return host[1:].partition("]")[0]
    return host if host.count(":") > 1 else host.partition(":")[0]


def _url_matches(url: str, pattern: str, *, hidden_matches: bool) -> bool:
    ours, theirs = urlsplit(url), urlsplit(pattern)
    if theirs.scheme != ours.scheme or not fnmatchcase((ours.hostname or ""), (theirs.hostname or "").lower()):
        return False
    if theirs.port is not None and theirs.port != ours.port:
        return False
    if ours.path == f"/{MASK}":
        return hidden_matches or theirs.path in ("", "/")
    return not theirs.path or ours.path.startswith(theirs.path)


@lru_cache(maxsize=16384)
def _facts(digits: str) -> tuple[str | None, str | None]:
    """Region (two letters) and number type (lower case, as `phonenumbers` names it) of E.164 digits."""
    import phonenumbers

    try:
        parsed = phonenumbers.parse(f"+{digits}")
    except phonenumbers.NumberParseException:
        return None, None
    kind = phonenumbers.PhoneNumberType.to_string(phonenumbers.number_type(parsed))
    return phonenumbers.region_code_for_number(parsed), kind.lower()
