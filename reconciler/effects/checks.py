"""What goes wrong for callers across a configuration: gaps, targets that ring twice or never, dead places.

Each check yields diagnostics at the line that causes it; `chains` follows calls through several numbers. Knows no
live values and no output format.
"""

from __future__ import annotations

import ipaddress
from collections import Counter
from collections.abc import Iterable, Iterator
from functools import lru_cache, partial
from typing import NamedTuple

from reconciler.diagnostics import Diagnostic
from reconciler.effects.calls import CallMap, found, heaviest, shorten
from reconciler.effects.chains import long_chains, loops
from reconciler.effects.states import times_of
from reconciler.effects.wording import Wording
from reconciler.model import (
    Desired,
    NoForwarding,
    NumberForwarding,
    Parking,
    Redirect,
    Target,
    TrunkForwarding,
    UrlForwarding,
)
from reconciler.schedule import NEVER_PERIOD, Instants
from reconciler.settings import Configuration

_MOST = 20  # numbers with one phone behind them at once


def dead_ends(calls: CallMap) -> Iterator[Diagnostic]:
    """A target that is a managed number without forwarding."""
    silent = {number for number, item in calls.forwardings.items() if isinstance(item.value, NoForwarding)}
    if not silent:
        return
    for desired in calls.forwardings.values():
        for to, path in _ways(desired):
            if to in silent:
                message = f"{to} is a managed number with `forwarding: none`: calls end there"
                hint = "give that number a forwarding, or send these calls elsewhere"
                yield found("route-dead-end", desired, path, message, hint=hint)


def _ways(desired: Desired) -> Iterator[tuple[str, str]]:
    """Where a number sends its calls, and the field that says so."""
    match desired.value:
        case NumberForwarding(targets=targets):
            yield from ((target.to, f"targets[{at}].to") for at, target in enumerate(targets) if target.active)
        case UrlForwarding(reserve=reserve) if reserve:
            yield reserve, "reserve"


def shared_phones(calls: CallMap) -> Iterator[Diagnostic]:
    """One phone behind very many numbers at the same time."""
    often = {to for to, count in calls.mentions.items() if count > _MOST and to not in calls.forwardings}
    behind: dict[str, dict[str, tuple[Desired, int, Target]]] = {to: {} for to in often}
    for item, value in calls.numbers if often else ():
        for at, target in enumerate(value.targets):
            if target.to in often and target.active:
                behind[target.to].setdefault(item.key.number, (item, at, target))
    for phone, users in behind.items():
        if _at_once(target.periods for _, _, target in users.values()) > _MOST:
            desired, at, _ = next(iter(users.values()))
            message = f"{phone} rings for {len(users)} numbers, for more than {_MOST} of them at the same time"
            hint = "share the calls among more phones, or set policy.rules.phone-shared: off"
            yield found("phone-shared", desired, f"targets[{at}].to", message, hint=hint)


def _at_once(schedules: Iterable[tuple[str, ...]]) -> int:
    """How many of these schedules are on at one instant."""
    distinct = Counter(schedules)
    weighed = [(when, count) for periods, count in distinct.items() if (when := times_of(periods))]
    return heaviest(weighed, enough=_MOST + 1)


def foreign_display_numbers(calls: CallMap) -> Iterator[Diagnostic]:
    """A shown number that is known to be of another application."""
    for desired, value in calls.numbers:
        other = calls.forwardings.get(value.display_number)
        if other is not None and not _together(calls, desired.account, other.account):
            belongs = f"belongs to account {other.account}; it must belong to the same application"
            message = f"`display_number` {value.display_number} {belongs}"
            hint = "show a number of this account, or leave `display_number` out"
            yield found("display-number-foreign", desired, "display_number", message, hint=hint)


def _together(calls: CallMap, first: str, second: str) -> bool:
    """Whether two accounts may be of the same application."""
    if first == second:
        return True
    accounts = calls.configuration.accounts
    owner = accounts[first].owner
    return owner is not None and owner == accounts[second].owner


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
            message = f"{desired.value.static_ip} is not a public address: the vendor cannot reach it"
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
                hint = f"set accounts.{account.name}.{account.unheard}, or write `parking: false`"
                yield found("parking-without-listener", desired, "parking", message, hint=hint)


LONGEST_RINGING_SECONDS = 180
_ENOUGH_SECONDS = 10**6


_ONE_AT_A_TIME = "write `redirect: sequential` to ring them in turn, or give each its own times"
_RINGING_HINTS = {
    "route-shadowed": _ONE_AT_A_TIME,
    "route-single-several": _ONE_AT_A_TIME,
    "route-double-ring": "remove one of the two, or give them times that do not overlap",
    "route-long-ringing": "give the targets shorter timeouts, or name fewer of them",
}


class RingingFault(NamedTuple):
    """A fault of a pattern; `at` is the index of the target in question, None for all of them."""

    code: str
    message: str
    at: int | None = None


def ringing_faults(calls: CallMap) -> Iterator[Diagnostic]:
    """Judge the targets of every number; numbers with the same gap are told together."""
    gaps: dict[str, list[Desired]] = {}
    judged = lru_cache(maxsize=8192)(partial(_judged, calls.wording))  # patterns repeat within one configuration
    for desired, value in calls.numbers:
        names = [target.to for target in value.targets]
        times = tuple([(target.timeout, target.periods, target.active) for target in value.targets])
        when, faults = judged(value.redirect, _alike(names), times)
        if when is not None:
            gaps.setdefault(when, []).append(desired)
        for fault in faults:
            path = "targets" if fault.at is None else f"targets[{fault.at}]"
            told = fault.message.format(*map(calls.wording.who, names))
            yield found(fault.code, desired, path, told, hint=_RINGING_HINTS[fault.code])
    for when, numbers in gaps.items():
        yield _gap_of(numbers, when)


def _alike(names: list[str]) -> tuple[int, ...]:
    """A small number for each name, the same for the same; nothing where all differ."""
    if len(set(names)) == len(names):
        return ()
    return tuple(names.index(name) for name in names)


# docs/decisions/060
def _gap_of(numbers: list[Desired], when: str) -> Diagnostic:
    message = f"no target rings {shorten(when)}; what the vendor does then is not documented"
    hint = "add a target without a schedule for the rest of the time, or set policy.rules.route-gap: off"
    first = found("route-gap", numbers[0], "targets", message, hint=hint)
    return first.reaching([desired.key.number for desired in numbers])


Times = tuple[tuple[int, tuple[str, ...], bool], ...]
"""Timeout, periods and `active` of each target: with `redirect`, the pattern that many numbers share."""


def _judged(
    wording: Wording, redirect: Redirect, alike: tuple[int, ...], times: Times
) -> tuple[str | None, tuple[RingingFault, ...]]:
    """The gap of a pattern and its faults, those to come; their messages name targets by their index in braces."""
    gap = _gap(tuple(periods for _, periods, active in times if active), wording)
    on = [(at, when) for at, (_, periods, active) in enumerate(times) if active and (when := times_of(periods))]
    same = alike or tuple(range(len(times)))
    match redirect:
        case Redirect.SINGLE:
            return gap, tuple(_several_under_single(on, wording))
        case Redirect.PARALLEL:
            return gap, tuple(_twice(on, same, wording, neighbours=False))
        case Redirect.SEQUENTIAL:
            long = _long_ringing([(when, times[at][0]) for at, when in on])
            return gap, (*_twice(on, same, wording, neighbours=True), *long)


def _gap(schedules: tuple[tuple[str, ...], ...], wording: Wording) -> str | None:
    """Say when none of these is on; None where one always is, or where that is not known."""
    if () in schedules:
        return None
    covered = NEVER_PERIOD.instants
    for periods in schedules:
        when = times_of(periods)
        if when is None:
            return None
        covered |= when
    if covered.is_empty:
        return "at any time"
    missing = wording.coming(~covered)
    return None if missing.is_empty else f"at these times: {wording.times(missing)}"


def _several_under_single(on: list[tuple[int, Instants]], wording: Wording) -> Iterator[RingingFault]:
    """Two targets at once where only one may ring; one that is covered wholly never does."""
    earlier = NEVER_PERIOD.instants
    for at, when in on:
        if when.is_empty:
            continue
        if (when - earlier).is_empty:
            message = f"{{{at}}} never rings: under `redirect: single` the targets before it cover all its time"
            yield RingingFault("route-shadowed", message, at)
        elif not (both := wording.coming(when & earlier)).is_empty:
            shared = shorten(wording.times(both))
            message = f"{{{at}}} and a target before it are both on ({shared}), and `redirect: single` rings one"
            yield RingingFault("route-single-several", message, at)
        earlier |= when


def _twice(
    on: list[tuple[int, Instants]], same: tuple[int, ...], wording: Wording, *, neighbours: bool
) -> Iterator[RingingFault]:
    """The same target twice at once; one after the other only where nobody rings in between."""
    for index, (first, when) in enumerate(on):
        for second, other in on[index + 1 : index + 2] if neighbours else on[index + 1 :]:
            if same[first] == same[second] and not (both := wording.coming(when & other)).is_empty:
                manner = "in a row" if neighbours else "at once"
                message = f"{{{second}}} rings twice {manner} ({shorten(wording.times(both))})"
                yield RingingFault("route-double-ring", message, second)


def _long_ringing(weighed: list[tuple[Instants, int]]) -> Iterator[RingingFault]:
    """Targets that ring one after the other for longer than callers wait."""
    if sum(seconds for _, seconds in weighed) <= LONGEST_RINGING_SECONDS:
        return
    longest = heaviest(weighed, enough=_ENOUGH_SECONDS)
    if longest > LONGEST_RINGING_SECONDS:
        most = LONGEST_RINGING_SECONDS
        message = f"a caller may wait {longest} s until the last target has rung (more than {most} s)"
        yield RingingFault("route-long-ringing", message)


__all__ = ["call_loops", "check_calls"]


def check_calls(configuration: Configuration) -> Iterator[Diagnostic]:
    """Run every check, in the severities of the table of rules."""
    calls = CallMap.of(configuration)
    yield from ringing_faults(calls)
    yield from call_loops(configuration) if configuration.others else loops(calls)
    yield from long_chains(calls)
    yield from dead_ends(calls)
    yield from shared_phones(calls)
    yield from foreign_display_numbers(calls)
    yield from urls_without_reserve(calls)
    yield from private_trunks(calls)
    yield from parking_without_listener(calls)


def call_loops(configuration: Configuration) -> Iterator[Diagnostic]:
    """Run the one check that finds errors, for those who need nothing else."""
    yield from loops(CallMap.of(configuration, with_others=True))
