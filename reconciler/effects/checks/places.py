"""What is wrong with places that are no phones: a URL with nobody behind it, an address nobody reaches, no listener.

Knows no schedules.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator

from reconciler.diagnostics import Diagnostic
from reconciler.effects.checks.calls import CallMap, found
from reconciler.model import Parking, TrunkForwarding, UrlForwarding

_DOCUMENTATION = tuple(
    map(ipaddress.ip_network, ("192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24", "2001:db8::/32"))
)


def urls_without_reserve(calls: CallMap) -> Iterator[Diagnostic]:
    """Calls that nobody gets when the URL is down."""
    for desired in calls.forwardings.values():
        if isinstance(desired.value, UrlForwarding) and not desired.value.reserve:
            message = "without `reserve` nobody gets the call when the URL cannot be reached"
            yield found("url-without-reserve", desired, "url", message, hint='add `reserve: "7…"`')


def private_trunks(calls: CallMap) -> Iterator[Diagnostic]:
    """A trunk address that the vendor cannot reach."""
    for desired in calls.forwardings.values():
        if isinstance(desired.value, TrunkForwarding) and not is_reachable(desired.value.static_ip):
            message = f"{desired.value.static_ip} is no public address: the vendor cannot reach it"
            yield found("trunk-private-address", desired, "static_ip", message, hint="write the trunk's public address")


def is_reachable(text: str) -> bool:
    """Whether an address can be reached over the internet; those of documentation pass, as examples have them."""
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return True  # not an address at all: another rule's matter
    if any(address in network for network in _DOCUMENTATION if address.version == network.version):
        return True
    return address.is_global and not address.is_multicast


def parking_without_listener(calls: CallMap) -> Iterator[Diagnostic]:
    """Parked numbers of an account that names no address for events: each caller waits for nothing."""
    configuration = calls.configuration
    for desired in configuration.desired:
        if isinstance(desired.value, Parking) and desired.value.parked:
            account = configuration.accounts[desired.account]
            if account.unheard:
                without = f"accounts.{account.name} has no `{account.unheard}`"
                message = f"parking is on and {without}: callers wait 5 s for nothing"
                yield found("parking-without-listener", desired, "parking", message)
