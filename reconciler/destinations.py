"""Where calls may end up: directly, and by way of declared numbers, held against `policy.destinations`.

Pure, from canonical values. Knows phone numbering (regions and number types of `phonenumbers`), not plans or vendors.
"""

from __future__ import annotations

import ipaddress
import re
import socket
from collections.abc import Iterable, Iterator, Mapping, Sequence
from fnmatch import fnmatchcase
from functools import lru_cache
from posixpath import normpath
from typing import Any
from urllib.parse import unquote, urlsplit

from reconciler.canonical import form
from reconciler.config.addresses import PREFIX, REGION, SHORT_NAMES
from reconciler.config.phones import is_sip_id
from reconciler.diagnostics import Diagnostic, Location
from reconciler.model import Desired
from reconciler.rules import RULES
from reconciler.secrets import MASK
from reconciler.settings import Configuration, Destinations

_PARAMETER = re.compile(r"[;?&]([^;?&=]*)")
_NOT_OF_A_USER = re.compile(r"[@;?/\\]")  # readers differ on where the host begins then
# docs/decisions/118
_SIP_PARAMETERS = frozenset(("transport", "user", "lr"))  # of RFC 3261, those that leave the host what it is
_HOST = re.compile(r"[a-z0-9_](?:[a-z0-9_.-]*[a-z0-9_])?|[0-9a-f:.]*:[0-9a-f:.]*")
_NUMERIC = re.compile(r"[0-9a-fx.]*[0-9][0-9a-fx.]*|[0-9a-f:.]*:[0-9a-f:.]*")
_WRAPPING = ("::/96", "64:ff9b::/96")
_LOOPBACK = 1
_32_BITS = 0xFFFF_FFFF
_PORTS = {"https": 443, "http": 80}


def refusal(destination: str, rules: Destinations) -> str | None:
    """Say why a destination is not permitted, or None.

    `destination` is digits (a phone number or a SIP ID), `sip:URI` or `url:URL`.
    """
    if rules.allow is None and not rules.deny:
        return None
    if doubt := _doubt(destination):
        return f"{doubt}, so `policy.destinations` cannot decide where it leads"
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
        return destination.startswith("sip:") and _sip_matches(destination[4:], entry[4:], doubt=doubt)
    if entry.startswith("url:"):
        return destination.startswith("url:") and _url_matches(destination[4:], entry[4:], doubt=doubt)
    if not destination.isdigit():
        return False
    if entry == "sip_id" or is_sip_id(destination):
        return entry == "sip_id" and is_sip_id(destination)
    if PREFIX.fullmatch(entry):
        return destination.startswith(entry.lstrip("+"))
    regions, number_types = _facts(destination)
    possible = regions if REGION.fullmatch(entry) else number_types
    return SHORT_NAMES.get(entry, entry) in (possible if doubt else possible[:1])


def _doubt(destination: str) -> str:
    """What of a destination keeps anybody from telling where it leads; "" where nothing does."""
    if destination.isdigit():
        return ""
    kind, _, address = destination.partition(":")
    if kind not in ("sip", "url"):
        return "is neither a number nor an address"
    return _sip_doubt(address) if kind == "sip" else _url_doubt(address)


def _sip_doubt(uri: str) -> str:
    user, _, place = uri.rpartition("@")
    if _NOT_OF_A_USER.search(user):
        return "has more than a user before its host"
    named = _PARAMETER.findall(place)
    strange = next((name for name in named if name.lower() not in _SIP_PARAMETERS), None)
    if strange is not None:
        return f"has the parameter {strange!r}"
    return "" if _HOST.fullmatch(_sip_parts(uri)[0]) else "has no plain host name"


def _url_doubt(url: str) -> str:
    if url == MASK:
        return "has a variable in its host"
    try:
        parts = urlsplit(url)
        host, port = _host(parts.hostname or ""), parts.port
    except ValueError:
        return "cannot be read"
    return "" if "\\" not in parts.netloc and port != 0 and _HOST.fullmatch(host) else "has no plain host name"


def _sip_parts(uri: str) -> tuple[str, str]:
    """Host and port of `user@host:port;parameters`, or of a bare address; the port is "" where none is written."""
    place = re.split(r"[;?]", uri.removeprefix("sip:").rpartition("@")[2], maxsplit=1)[0]
    if place.startswith("["):
        host, _, behind = place[1:].partition("]")
        return _host(host), behind.removeprefix(":")
    if place.count(":") > 1:
        return _host(place), ""
    host, _, port = place.partition(":")
    return _host(host), port


def _sip_matches(uri: str, pattern: str, *, doubt: bool) -> bool:
    (host, port), (wanted, wanted_port) = _sip_parts(uri), _sip_parts(pattern)
    if not fnmatchcase(host, wanted):
        return False
    return not wanted_port or (port == wanted_port if port else doubt)


def _host(name: str) -> str:
    """A host name, an address, or a pattern for one, in the one spelling in which they are compared."""
    name = name.lower().removesuffix(".")
    try:
        name = name if name.isascii() else name.encode("idna").decode()
    except UnicodeError:
        return name
    return _address(name) if _NUMERIC.fullmatch(name) else name


def _address(written: str) -> str:
    """An IP address as it is usually spelled; what only wraps an IPv4 address is that address."""
    try:
        if ":" not in written:
            return socket.inet_ntoa(socket.inet_aton(written))  # also 0x7f.1, 2130706433: browsers read them, too
        address = ipaddress.IPv6Address(written)
    except (ValueError, OSError):
        return written
    wraps = int(address) > _LOOPBACK and any(address in ipaddress.IPv6Network(network) for network in _WRAPPING)
    inner = (
        address.ipv4_mapped or address.sixtofour or (ipaddress.IPv4Address(int(address) & _32_BITS) if wraps else None)
    )
    return str(inner or address)


def _url_matches(url: str, pattern: str, *, doubt: bool) -> bool:
    ours, theirs = urlsplit(url), urlsplit(pattern)
    if theirs.scheme != ours.scheme or not fnmatchcase(_host(ours.hostname or ""), _host(theirs.hostname or "")):
        return False
    if theirs.port is not None and theirs.port != (ours.port or _PORTS.get(ours.scheme)):
        return False
    if ours.path == f"/{MASK}":
        return doubt or theirs.path in ("", "/")
    below = theirs.path.rstrip("/")
    path = normpath("/" + unquote(ours.path).replace("\\", "/").lstrip("/"))
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


Routes = Mapping[str, Sequence[str]]
"""A declared number to where it sends its calls, and the notifications of them."""


def routes(configuration: Configuration) -> Routes:
    """Where each declared number sends its calls; nothing where policy lets them go anywhere."""
    rules = configuration.policy.destinations
    if rules.allow is None and not rules.deny:
        return {}
    everything = (*configuration.desired, *configuration.others)
    return {desired.key.number: reached(form(desired.value).json) for desired in everything}


def forbidden(first: Iterable[str], rules: Destinations, routes: Routes) -> Iterator[tuple[str, str]]:
    """What a call may reach, directly or by way of declared numbers, and may not: as words, and why."""
    seen: set[str] = set()
    open_ways = [(goes_to, goes_to) for goes_to in first]
    while open_ways:
        goes_to, way = open_ways.pop(0)
        if goes_to in seen:
            continue
        seen.add(goes_to)
        why = refusal(goes_to, rules)
        if why is not None:
            yield way, why
        open_ways += [(further, f"{further} (by way of {goes_to})") for further in routes.get(goes_to, ())]


_ADDRESSES = (("sip_uri", "sip"), ("url", "url"), ("static_ip", "sip"))


def call_destinations(value: Mapping[str, Any]) -> list[str]:
    """Where a canonical value sends calls: numbers and SIP IDs as digits, `sip:URI`, `url:URL` (masked)."""
    return sorted(numbers_behind(value)) + [f"{kind}:{value[path]}" for path, kind in _ADDRESSES if value.get(path)]


def reached(value: Mapping[str, Any]) -> list[str]:
    """Where a canonical value sends calls, and the notifications of them."""
    return call_destinations(value) + ([f"url:{value['event_url']}"] if value.get("event_url") else [])


def what_goes(way: str, value: Mapping[str, Any]) -> str:
    """What a canonical value sends there, in words."""
    return "notifications of calls" if way == f"url:{value.get('event_url')}" else "calls"


def numbers_behind(value: Mapping[str, Any] | None) -> set[str]:
    """The numbers that a canonical value forwards to: targets and reserve."""
    if not value:
        return set()
    numbers = {str(target["to"]) for target in value.get("targets") or ()}
    return numbers | ({str(value["reserve"])} if value.get("reserve") else set())


_PLACES = ("reserve", "sip_uri", "url", "static_ip", "event_url")


def destination_findings(configuration: Configuration) -> Iterator[Diagnostic]:
    """Every declared destination that policy forbids, at its number's line."""
    rules = configuration.policy.destinations
    if rules.allow is None and not rules.deny:
        return
    for desired in configuration.desired:
        value = form(desired.value).json
        for goes_to, why in forbidden(reached(value), rules, {}):
            message = f"{what_goes(goes_to, value)} go to {goes_to}, which {why}"
            hint = "change it, or `policy.destinations`; for one run: plan and apply --override policy-destination"
            place = _written_at(configuration, desired, goes_to)
            yield RULES["policy-destination"].about([desired.key.number], place, message, hint)


def _written_at(configuration: Configuration, desired: Desired, way: str) -> Location:
    """Where a number's own destination is written: in a contact, or a field of its forwarding, else its entry."""
    value = form(desired.value).json
    fields = [f"targets[{at}].to" for at, target in enumerate(value.get("targets") or ()) if target["to"] == way]
    fields += [name for name in _PLACES if _is_way(value.get(name), way)]
    place = desired.place_of(fields[0]) if fields else desired.declared_at
    contact = configuration.contacts.get(way)
    return place if contact is None or _digits_in(place.excerpt, way) else contact


def _is_way(value: object, way: str) -> bool:
    return bool(value) and way in (value, f"sip:{value}", f"url:{value}")


def _digits_in(excerpt: str | None, digits: str) -> bool:
    """Whether a line has these digits, in any spelling."""
    return digits in re.sub(r"[^0-9]", "", excerpt or "")
