"""What is wrong with the phones behind numbers: managed ones that lead nowhere, shared ones, shown ones of others.

Knows no schedules beyond who is on at once.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator

from reconciler.diagnostics import Diagnostic
from reconciler.effects.checks.calls import CallMap, found, heaviest
from reconciler.effects.states import times_of
from reconciler.model import Desired, NoForwarding, NumberForwarding, Target, UrlForwarding

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
                yield found("route-dead-end", desired, path, message)


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
    behind: dict[str, dict[str, tuple[Desired, int]]] = {to: {} for to in often}
    for item, value in calls.numbers if often else ():
        for at, target in enumerate(value.targets):
            if target.to in often and target.active:
                behind[target.to].setdefault(item.key.number, (item, at))
    for phone, users in behind.items():
        if _at_once(users.values()) > _MOST:
            desired, at = next(iter(users.values()))
            message = f"{phone} rings for {len(users)} numbers, for more than {_MOST} of them at the same time"
            yield found("phone-shared", desired, f"targets[{at}].to", message)


def _targets(desired: Desired) -> tuple[Target, ...]:
    return desired.value.targets if isinstance(desired.value, NumberForwarding) else ()


def _at_once(users: Iterable[tuple[Desired, int]]) -> int:
    """For how many of these numbers a phone rings at one instant; a number counts with its first such target."""
    distinct = Counter(_targets(desired)[at].periods for desired, at in users)
    weighed = [(when, count) for periods, count in distinct.items() if (when := times_of(periods))]
    return heaviest(weighed, enough=_MOST + 1)


def foreign_display_numbers(calls: CallMap) -> Iterator[Diagnostic]:
    """A shown number that is known to be of another application."""
    for desired in calls.forwardings.values():
        shown = desired.value.display_number if isinstance(desired.value, NumberForwarding) else ""
        other = calls.forwardings.get(shown)
        if other is not None and not _together(calls, desired.account, other.account):
            message = f"`display_number` {shown} is of the account {other.account}; it must be of the same application"
            yield found("display-number-foreign", desired, "display_number", message)


def _together(calls: CallMap, first: str, second: str) -> bool:
    """Whether two accounts may be of the same application."""
    if first == second:
        return True
    accounts = calls.configuration.accounts
    owner = accounts[first].owner
    return owner is not None and owner == accounts[second].owner
