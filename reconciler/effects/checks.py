"""What goes wrong for callers across a configuration: gaps, loops, targets that ring twice or never; a small check each.

Each check yields diagnostics at the line that causes it. Knows no vendor, no live values and no output format.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from reconciler.canonical import Json, form
from reconciler.config.settings import Configuration
from reconciler.diagnostics import Diagnostic, Location
from reconciler.effects.states import OpaquePeriodError, instants_of
from reconciler.model import Desired, NumberForwarding, Parking, TrunkForwarding, UrlForwarding
from reconciler.rules import RULES
from reconciler.schedule import ALWAYS_PERIOD, NEVER_PERIOD, Instants, Period

LONGEST_CHAIN = 3
LONGEST_RINGING_SECONDS = 180
MOST_NUMBERS_BEHIND_ONE_PHONE = 20
_DOCUMENTATION = tuple(ipaddress.ip_network(net) for net in ("192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24"))


@dataclass(frozen=True, slots=True)
class Edge:
    """A call may go from one managed number to another during `when`."""

    source: str
    to: str
    when: Instants


@dataclass(frozen=True)
class CallMap:
    """A configuration as callers meet it: canonical values by number, and who forwards to whom."""

    configuration: Configuration
    desired: Mapping[str, Desired]
    values: Mapping[str, Json] = field(repr=False)

    @cached_property
    def edges(self) -> Mapping[str, tuple[Edge, ...]]:
        """From each number to the managed numbers behind it, reserve included."""
        return {number: tuple(self._edges(number)) for number in self.values}

    def _edges(self, number: str) -> Iterator[Edge]:
        value = self.values[number]
        for target in value.get("targets") or ():
            if target["active"] and target["to"] in self.values:
                yield Edge(number, target["to"], _when(target))
        if value.get("reserve") in self.values:
            yield Edge(number, value["reserve"], ALWAYS_PERIOD.instants)


def call_map(configuration: Configuration) -> CallMap:
    """Put a configuration's forwardings into canonical form."""
    desired = {item.key.number: item for item in configuration.desired if not isinstance(item.value, Parking)}
    values = {number: form(item.value).json for number, item in desired.items()}
    return CallMap(configuration, desired, values)


def check_calls(configuration: Configuration) -> Iterator[Diagnostic]:
    """Run every check."""
    calls = call_map(configuration)
    for number, desired in calls.desired.items():
        for check in _OF_A_NUMBER:
            yield from check(calls, number, desired)
    yield from loops(calls)
    yield from shared_phones(calls)
    yield from parking_without_listener(configuration)


def gap(calls: CallMap, number: str, desired: Desired) -> Iterator[Diagnostic]:
    """A time with no target."""
    value = calls.values[number]
    if value["type"] != "number":
        return
    covered = NEVER_PERIOD.instants
    try:
        for target in value["targets"]:
            covered |= instants_of(target["schedule"]) if target["active"] else NEVER_PERIOD.instants
    except OpaquePeriodError:
        return
    if not covered.is_full:
        when = Period(None, ~covered).phrase() if not covered.is_empty else "at any time"
        yield _found("route-gap", f"no target rings {when}; what the vendor does then is not documented", desired, "targets")


def double_ring(calls: CallMap, number: str, desired: Desired) -> Iterator[Diagnostic]:
    """The same target twice at once."""
    for first, second in _overlapping_pairs(calls.values[number]):
        if first["to"] == second["to"]:
            yield _found("route-double-ring", f"{first['to']} is called twice at the same time", desired, "targets")
            return


def several_under_single(calls: CallMap, number: str, desired: Desired) -> Iterator[Diagnostic]:
    """Two targets at once where only one may ring; one that is covered wholly never does."""
    value = calls.values[number]
    if value.get("redirect") != "single":
        return
    earlier = NEVER_PERIOD.instants
    for at, target in enumerate(value["targets"]):
        when = _when(target) if target["active"] else NEVER_PERIOD.instants
        if when.is_empty:
            continue
        if (when - earlier).is_empty:
            message = f"{target['to']} never rings: under `redirect: single` the targets before it cover all its time"
            yield _found("route-shadowed", message, desired, f"targets[{at}]")
        elif not (when & earlier).is_empty:
            message = f"{target['to']} and a target before it are active at the same time, and `redirect: single` takes one"
            yield _found("route-single-several", message, desired, f"targets[{at}]")
        earlier |= when


def dead_end(calls: CallMap, number: str, desired: Desired) -> Iterator[Diagnostic]:
    """A target that is a managed number without forwarding."""
    for at, target in enumerate(calls.values[number].get("targets") or ()):
        if calls.values.get(target["to"], {}).get("type") == "none":
            message = f"{target['to']} is a managed number with `forwarding: none`: calls end there"
            yield _found("route-dead-end", message, desired, f"targets[{at}].to")


def long_chain(calls: CallMap, number: str, desired: Desired) -> Iterator[Diagnostic]:
    """A call that passes through more numbers than is wise."""
    chain = _longest_chain(calls, number, (number,))
    if len(chain) - 1 > LONGEST_CHAIN:
        message = f"a call passes through {len(chain) - 1} forwardings: {' -> '.join(chain)}"
        yield _found("route-long-chain", message, desired, "")


def long_ringing(calls: CallMap, number: str, desired: Desired) -> Iterator[Diagnostic]:
    """Sequential targets that ring longer than callers wait."""
    value = calls.values[number]
    if value.get("redirect") != "sequential":
        return
    total = sum(target["timeout"] for target in value["targets"] if target["active"])
    if total > LONGEST_RINGING_SECONDS:
        message = f"a caller may wait {total} s until the last target has rung (more than {LONGEST_RINGING_SECONDS} s)"
        yield _found("route-long-ringing", message, desired, "targets")


def foreign_display_number(calls: CallMap, number: str, desired: Desired) -> Iterator[Diagnostic]:
    """A shown number that is known to be of another account."""
    value = desired.value
    if not isinstance(value, NumberForwarding):
        return
    if value.display_number in calls.desired and calls.desired[value.display_number].account != desired.account:
        message = f"`display_number` {value.display_number} is of another account; it must be one of this application"
        yield _found("display-number-foreign", message, desired, "display_number")


def url_without_reserve(calls: CallMap, number: str, desired: Desired) -> Iterator[Diagnostic]:
    """Calls that nobody gets when the URL is down."""
    if isinstance(desired.value, UrlForwarding) and not desired.value.reserve:
        yield _found("url-without-reserve", "without `reserve` nobody gets the call when the URL cannot be reached", desired, "url")


def private_trunk(calls: CallMap, number: str, desired: Desired) -> Iterator[Diagnostic]:
    """A trunk address that the vendor cannot reach."""
    if not isinstance(desired.value, TrunkForwarding):
        return
    try:
        address = ipaddress.ip_address(desired.value.static_ip)
    except ValueError:
        return
    if any(address in network for network in _DOCUMENTATION if address.version == network.version):
        return
    if address.is_private or address.is_loopback or address.is_link_local:
        message = f"{address} is a private or loopback address: the vendor cannot reach it"
        yield _found("trunk-private-address", message, desired, "static_ip")


def loops(calls: CallMap) -> Iterator[Diagnostic]:
    """Numbers that forward to each other at the same time; told once a loop, at its smallest number."""
    told: set[frozenset[str]] = set()
    for number in sorted(calls.values):
        for chain in _cycles(calls, number):
            if frozenset(chain) not in told:
                told.add(frozenset(chain))
                text = " -> ".join([*chain, chain[0]])
                yield _found("route-loop", f"calls go in a circle: {text}", calls.desired[chain[0]], "")


def shared_phones(calls: CallMap) -> Iterator[Diagnostic]:
    """One phone behind very many numbers at the same time."""
    behind: dict[str, list[tuple[str, Instants]]] = {}
    for number, value in calls.values.items():
        for target in value.get("targets") or ():
            if target["active"] and target["to"] not in calls.values:
                behind.setdefault(target["to"], []).append((number, _when(target)))
    for phone, users in behind.items():
        if len(users) <= MOST_NUMBERS_BEHIND_ONE_PHONE:
            continue
        most = _most_at_once(when for _, when in users)
        if most > MOST_NUMBERS_BEHIND_ONE_PHONE:
            message = f"{phone} is behind {most} numbers at the same time (more than {MOST_NUMBERS_BEHIND_ONE_PHONE})"
            yield _found("phone-shared", message, calls.desired[users[0][0]], "targets")


def parking_without_listener(configuration: Configuration) -> Iterator[Diagnostic]:
    """Parked numbers of an account that names no address for events: each caller waits for nothing."""
    for desired in configuration.desired:
        if isinstance(desired.value, Parking) and desired.value.parked:
            account = configuration.accounts[desired.account]
            if account.redirect_uri is None:
                message = f"parking is on and accounts.{account.name} has no `redirect_uri`: callers wait 5 s for nothing"
                yield _found("parking-without-listener", message, desired, "")


_Check = Callable[[CallMap, str, Desired], Iterator[Diagnostic]]
_OF_A_NUMBER: tuple[_Check, ...] = (
    gap,
    double_ring,
    several_under_single,
    dead_end,
    long_chain,
    long_ringing,
    foreign_display_number,
    url_without_reserve,
    private_trunk,
)


def _found(code: str, message: str, desired: Desired, path: str) -> Diagnostic:
    place: Location = desired.locations.get(path) or desired.locations.get("targets") or desired.declared_at
    if path not in desired.locations:
        message = f"{desired.address}: {message}"
        place = desired.declared_at
    return Diagnostic(code, RULES[code].severity, message, place)


def _when(target: Json) -> Instants:
    """When a target rings; one of which that is not known counts as never here."""
    try:
        return instants_of(target["schedule"])
    except OpaquePeriodError:
        return NEVER_PERIOD.instants


def _overlapping_pairs(value: Json) -> Iterator[tuple[Json, Json]]:
    targets = [target for target in value.get("targets") or () if target["active"]]
    for at, first in enumerate(targets):
        for second in targets[at + 1 :]:
            if first["to"] == second["to"] and not (_when(first) & _when(second)).is_empty:
                yield first, second


def _longest_chain(calls: CallMap, number: str, seen: tuple[str, ...]) -> tuple[str, ...]:
    ways = [
        _longest_chain(calls, edge.to, (*seen, edge.to)) for edge in calls.edges[number] if edge.to not in seen
    ]
    return max([seen, *ways], key=len)


def _cycles(calls: CallMap, start: str) -> Iterator[tuple[str, ...]]:
    """Loops through `start` as its smallest number, during which every forwarding of the loop is on."""
    stack: list[tuple[tuple[str, ...], Instants]] = [((start,), ALWAYS_PERIOD.instants)]
    while stack:
        path, when = stack.pop()
        for edge in calls.edges[path[-1]]:
            common = when & edge.when
            if common.is_empty:
                continue
            if edge.to == start:
                yield path
            elif edge.to > start and edge.to not in path:
                stack.append(((*path, edge.to), common))


def _most_at_once(schedules: Iterable[Instants]) -> int:
    """The greatest number of sets that share an instant; equal sets are counted, not split again."""
    distinct: list[tuple[Instants, int]] = []
    for when in schedules:
        at = next((at for at, (known, _) in enumerate(distinct) if known == when), None)
        if at is None:
            distinct.append((when, 1))
        else:
            distinct[at] = (when, distinct[at][1] + 1)
    levels: dict[int, Instants] = {0: ALWAYS_PERIOD.instants}
    for when, count in distinct:
        split: dict[int, Instants] = {}
        for level, instants in levels.items():
            for height, piece in ((level + count, instants & when), (level, instants - when)):
                if not piece.is_empty:
                    split[height] = split[height] | piece if height in split else piece
        levels = split
    return max(levels)
