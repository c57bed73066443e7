"""Where calls may go: judges one destination against `policy.destinations`.

Knows phone numbering (regions and number types of `phonenumbers`), nothing of plans or vendors.
"""

from __future__ import annotations

import re
from fnmatch import fnmatchcase
from functools import lru_cache
from posixpath import normpath
from urllib.parse import unquote, urlsplit

from reconciler.config.settings import Destinations
from reconciler.config.values.destination import PREFIX, REGION, SHORT_NAMES
from reconciler.secrets import MASK

_SIP_ID = re.compile(r"88314\d{10}")


def refusal(destination: str, rules: Destinations) -> str | None:
    """Say why a destination is not permitted, or None.

    `destination` is digits (a phone number or a SIP ID), `sip:URI` or `url:URL`.
    """
    for entry in rules.deny:
        if matches(destination, entry, doubt=True):
            return f"`policy.destinations.deny` forbids ({entry})"
    if rules.allow is not None and not any(matches(destination, entry) for entry in rules.allow):
        return f"`policy.destinations.allow` does not list ({', '.join(rules.allow) or 'nothing'})"
    return None


def matches(destination: str, entry: str, *, doubt: bool = False) -> bool:
    """Whether an entry of `allow` or `deny` means this destination.

    `doubt` is the answer where that cannot be told: a URL's path may be hidden, as a secret; in some countries nobody
    can tell a mobile number from a fixed one; a number in no range has a country, and maybe no region.
    """
    if entry.startswith("sip:"):
        return destination.startswith("sip:") and fnmatchcase(_sip_host(destination[4:]), _host(entry[4:]))
    if entry.startswith("url:"):
        return destination.startswith("url:") and _url_matches(destination[4:], entry[4:], doubt=doubt)
    if not destination.isdigit():
        return False
    if entry == "sip_id" or _SIP_ID.fullmatch(destination):
        return entry == "sip_id" and _SIP_ID.fullmatch(destination) is not None
    if PREFIX.fullmatch(entry):
        return destination.startswith(entry.lstrip("+"))
    regions, number_types = _facts(destination)
    possible = regions if REGION.fullmatch(entry) else number_types
    return SHORT_NAMES.get(entry, entry) in (possible if doubt else possible[:1])


def _sip_host(uri: str) -> str:
    host = uri.removeprefix("sip:").rpartition("@")[2].partition(";")[0]
    if host.startswith("["):
        return host[1:].partition("]")[0].lower()
    return _host(host if host.count(":") > 1 else host.partition(":")[0])


def _host(name: str) -> str:
    """A host name, or a pattern for one, in the one spelling in which names are compared."""
    name = name.lower().removesuffix(".")
    try:
        return name if name.isascii() else name.encode("idna").decode()
    except UnicodeError:
        return name


def _url_matches(url: str, pattern: str, *, doubt: bool) -> bool:
    ours, theirs = urlsplit(url), urlsplit(pattern)
    if theirs.scheme != ours.scheme or not fnmatchcase(_host(ours.hostname or ""), _host(theirs.hostname or "")):
        return False
    if theirs.port is not None and theirs.port != ours.port:
        return False
    if ours.path == f"/{MASK}":
        return doubt or theirs.path in ("", "/")
    below = theirs.path.rstrip("/")
    path = normpath("/" + unquote(ours.path).lstrip("/"))
    return not below or path == below or path.startswith(f"{below}/")


@lru_cache(maxsize=16384)
def _facts(digits: str) -> tuple[tuple[str | None, ...], tuple[str | None, ...]]:
    """The regions (two letters) and number types (as `phonenumbers` names them) that E.164 digits may have.

    First the one that it surely has, None where there is none.
    """
    import phonenumbers

    try:
        parsed = phonenumbers.parse(f"+{digits}")
    except phonenumbers.NumberParseException:
        return (None,), (None,)
    kind = phonenumbers.PhoneNumberType.to_string(phonenumbers.number_type(parsed)).lower()
    region = phonenumbers.region_code_for_number(parsed)
    of_country = phonenumbers.region_codes_for_country_code(parsed.country_code or 0) if region is None else ()
    return (region, *of_country), (kind, *(("mobile", "fixed_line") if kind == "fixed_line_or_mobile" else ()))
