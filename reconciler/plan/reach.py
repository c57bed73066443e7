"""Where calls may end up: directly, and by way of declared numbers, held against `policy.destinations`.

Pure, from canonical values. Knows no changes and no vendor.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from reconciler.canonical import form
from reconciler.destinations import refusal
from reconciler.diagnostics import Diagnostic
from reconciler.rules import RULES
from reconciler.settings import Configuration, Destinations

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


def call_destinations(value: Mapping[str, Any]) -> list[str]:
    """Where a canonical value sends calls: numbers and SIP IDs as digits, `sip:URI`, `url:URL` (masked)."""
    found = sorted(numbers_behind(value))
    if value.get("sip_uri"):
        found.append(f"sip:{value['sip_uri']}")
    if value.get("url"):
        found.append(f"url:{value['url']}")
    if value.get("static_ip"):
        found.append(f"sip:{value['static_ip']}")
    return found


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


def destination_findings(configuration: Configuration) -> Iterator[Diagnostic]:
    """Every declared destination that policy forbids, at its number's line."""
    rules = configuration.policy.destinations
    if rules.allow is None and not rules.deny:
        return
    for desired in configuration.desired:
        value = form(desired.value).json
        for goes_to, why in forbidden(reached(value), rules, {}):
            message = f"{desired.address} sends {what_goes(goes_to, value)} to {goes_to}, which {why}"
            hint = "change it, or `policy.destinations`; for one run: plan and apply --override policy-destination"
            yield RULES["policy-destination"].at(desired.declared_at, message, hint)
