"""What stands against a plan: missing allowances, protected numbers, limits, and destinations that policy refuses.

Pure, from canonical values; each breach names the number, the line, and the one flag or line that permits it. Knows
no vendor.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from reconciler.canonical import form, is_off, stored_form
from reconciler.clock import local_text
from reconciler.destinations import Routes, forbidden, reached, what_goes
from reconciler.diagnostics import Location
from reconciler.model import OFF, Action, Change, Entry, Key
from reconciler.plan.candidate import Candidate
from reconciler.plan.model import Breach, Consent, Plan
from reconciler.rules import RULES
from reconciler.schedule import Period
from reconciler.schedule.zones import zone as zone_of
from reconciler.settings import Destinations, Limit, Policy

WINDOW = "policy-change-window"
LIMITS = ("policy-max-changes", "policy-max-deletes")
LOST_CALLS = "policy-max-lost-calls"
_COUNTED = (Action.UPDATE, Action.ADOPT, Action.DELETE)
_HANDED_OVER = "; if another configuration manages it now, list it under `forget` instead"
_ALLOWANCES = {
    "allow-delete": ("delete", ""),  # what becomes of its calls depends on what is switched off
    "allow-adopt": ("adopt", "has a live forwarding that is not in the record and differs"),
    "allow-protected": ("protected", "is protected"),
}


def breaches(
    changes: Sequence[Change],
    *,
    policy: Policy,
    managed: int,
    consent: Consent,
    places: Mapping[str, Location],
    routes: Routes,
    unwritable: Mapping[str, Mapping[str, Any]],
) -> tuple[Breach, ...]:
    """Everything that refuses these changes.

    `managed` is how many blocks sent calls somewhere before, `places` maps a number to its line, `unwritable` an
    address to live values that a write may reset and that cannot be written. An allowance is not a rule: no override
    stands in for it.
    """
    found = [
        *_limits(changes, policy, managed),
        *lost_calls(changes, policy, consent),
        *_destinations(changes, policy.destinations, places, routes),
        *_unwritable(changes, unwritable, places),
    ]
    kept = (breach for breach in found if breach.rule not in consent.overrides)
    return (*_allowances(changes, consent, places), *kept)


def managed(entries: Mapping[Key, Entry], candidates: Iterable[Candidate]) -> int:
    """How many blocks of ours send calls somewhere, by the record, else by what was read."""
    recorded = sum(not is_off(stored_form(entry.value, {}, entry.canonical_version).json) for entry in entries.values())
    seen = (each.observation.value for each in candidates if each.entry is None and each.observation is not None)
    return recorded + sum(value is not None and not is_off(form(value).json) for value in seen)


def _allowances(changes: Iterable[Change], consent: Consent, places: Mapping[str, Location]) -> Iterator[Breach]:
    for change in changes:
        for need in change.needs:
            name, why = _ALLOWANCES[need]
            if name not in consent.allow:
                message = f"{change.address} {why or OFF[change.key.kind].effect}"
                handed_over = name == "delete" and not change.declared_at
                yield _breach(
                    f"needs-{need}", change, message, f"--{need}", places, _HANDED_OVER if handed_over else ""
                )


def _limits(changes: Sequence[Change], policy: Policy, managed: int) -> Iterator[Breach]:
    for rule, key, limit, count in (
        (LIMITS[0], "max_changes", policy.max_changes, sum(map(_counts, changes))),
        (LIMITS[1], "max_deletes", policy.max_deletes, sum(change.action is Action.DELETE for change in changes)),
    ):
        if count > limit.of(managed):
            kind = ("change" if key == "max_changes" else "delete") + ("" if count == 1 else "s")
            message = f"{count} {kind} in one run; policy allows {_permitted(limit, managed)}"
            hint = f"raise `policy.{key}` or pass --override {rule}"
            diagnostic = RULES[rule].at(policy.place(key), message, hint)
            yield Breach(rule, "", diagnostic, f"--override {rule}")


# docs/decisions/187
def lost_calls(changes: Iterable[Change], policy: Policy, consent: Consent) -> Iterator[Breach]:
    """Judge what becomes of calls of the past, where they were counted."""
    limit, lost = policy.max_lost_calls, sum(change.traffic.lost for change in changes if change.traffic is not None)
    if limit is not None and lost > limit and LOST_CALLS not in consent.overrides:
        call = "1 call" if lost == 1 else f"{lost} calls"
        message = f"{call} of --traffic rang somebody and would reach nobody; policy allows {limit}"
        allowed_by = f"--override {LOST_CALLS}"
        hint = f"raise `policy.max_lost_calls` or pass {allowed_by}"
        yield Breach(LOST_CALLS, "", RULES[LOST_CALLS].at(policy.place("max_lost_calls"), message, hint), allowed_by)


def _counts(change: Change) -> bool:
    """Whether `max_changes` counts a change: also an assertion, of what is not known or to switch it off."""
    if change.action is not Action.ASSERT:
        return change.action in _COUNTED
    before = change.before or {}
    return is_off(change.after) or any(before.get(item.path) is None for item in change.fields)


def _permitted(limit: Limit, managed: int) -> str:
    """How many a limit permits, and why so many."""
    if limit.count is not None:
        return str(limit.count)
    share = f"{limit} of {managed} managed number{'' if managed == 1 else 's'}"
    allowed = limit.of(managed)
    floor = "" if limit.share_of(managed) == allowed else f", but at least {allowed}"
    return f"{allowed} ({share}{floor})"


def _destinations(
    changes: Iterable[Change], rules: Destinations, places: Mapping[str, Location], routes: Routes
) -> Iterator[Breach]:
    if rules.allow is None and not rules.deny:
        return
    for change in changes:
        if change.after is None or change.action is Action.DELETE:
            continue
        for way, why in forbidden(reached(change.after), rules, routes):
            message = f"{change.address} would send {what_goes(way, change.after)} to {way}, which {why}"
            yield _breach("policy-destination", change, message, "--override policy-destination", places)


def closed_change_window(window: Period, now: int, zone: str) -> str:
    """Say that a change window is closed, in which zone it is meant, and when it opens there."""
    opening = next((instant for instant, inside in window.next_flips(now, zone, 1) if inside), None)
    opens = "it never opens again"
    if opening is not None:
        opens = f"it opens {local_text(opening, zone_of(zone).offset(opening))} {zone}"
    return f"the change window is closed ({window.canonical}, {zone}); {opens}"


def change_window_guard(policy: Policy, consent: Consent, now: Callable[[], float]) -> Callable[[], str | None]:
    """What says why nothing may be written now: the policy's change window is closed."""
    if policy.change_window is None or WINDOW in consent.overrides:
        return lambda: None
    window, zone = Period.union([Period.parse(text) for text in policy.change_window]), policy.change_window_timezone

    def closed() -> str | None:
        instant = int(now())
        return None if window.matches(instant, zone) else closed_change_window(window, instant, zone)

    return closed


def in_change_window(plan: Plan, policy: Policy, closed: str | None) -> Plan:
    """A plan as its change window stands now: closed, for the reason given, it refuses what there is to do."""
    others = tuple(breach for breach in plan.breaches if breach.rule != WINDOW)
    return replace(plan, breaches=others if closed is None or not plan.changes else (*others, _outside(closed, policy)))


def _outside(why: str, policy: Policy) -> Breach:
    """The breach of a run outside the change window."""
    hint = f"wait until it opens, or pass --override {WINDOW}"
    diagnostic = RULES[WINDOW].at(policy.place("change_window"), why, hint)
    return Breach(WINDOW, "", diagnostic, f"--override {WINDOW}")


def _unwritable(
    changes: Iterable[Change], unwritable: Mapping[str, Mapping[str, Any]], places: Mapping[str, Location]
) -> Iterator[Breach]:
    for change in changes:
        values = unwritable.get(change.address)
        if values and change.action not in (Action.FORGET, Action.DELETE):
            names = ", ".join(f"{path} = {_plain(value)}" for path, value in sorted(values.items()))
            message = f"{change.address} has {names} at the vendor, which cannot be written and may be reset by a write"
            # docs/decisions/058
            yield _breach("unwritable-fields", change, message, "--override unwritable-fields", places)


def _plain(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _breach(
    rule: str, change: Change, message: str, allowed_by: str, places: Mapping[str, Location], otherwise: str = ""
) -> Breach:
    place = places.get(change.key.number)
    diagnostic = RULES[rule].at(place, message, f"if this is intended: {allowed_by}{otherwise}")
    return Breach(rule, change.address, diagnostic, allowed_by)
