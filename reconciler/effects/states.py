"""A canonical value as a partition of time: for every instant, what happens to a caller then.

Exact: nothing is sampled. Knows no configuration, no vendor and no output format.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from reconciler.canonical import Json
from reconciler.schedule import ALWAYS_PERIOD, Instants, Period, PeriodError

NO_TARGET = "no target"


class OpaquePeriodError(Exception):
    """A live period that is not of the grammar: when it holds is not known."""


@dataclass(frozen=True, slots=True)
class Ringing:
    """One target as far as a caller is concerned; `timeout` in seconds, `schedule` None = always."""

    to: str
    timeout: int
    schedule: str | None
    active: bool


@dataclass(frozen=True, slots=True)
class State:
    """What happens at the instants of `when`, in words of the present tense."""

    when: Instants
    text: str


def states(value: Json | None) -> tuple[State, ...]:
    """Partition time by what happens to a caller; raises OpaquePeriodError."""
    if not value or value["type"] != "number":
        return (State(ALWAYS_PERIOD.instants, plain_text(value)),)
    targets = tuple(_ringing(target) for target in value["targets"])
    return _partition(targets, value["redirect"], value.get("file_to_a") or "")


def plain_text(value: Json | None) -> str:
    """What a value without a schedule does, in words."""
    match (value or {}).get("type", "none"):
        case "url":
            reserve = f" (reserve {value['reserve']})" if value and value["reserve"] else ""
            return f"URL {value['url']}{reserve}" if value else ""
        case "sip":
            return f"rings SIP {value['sip_uri']}" if value else ""
        case "sip_trunk":
            return _trunk_text(value or {})
        case "parking":
            return "waits 5 s for the application" if value and value["parking"] else "goes its usual way"
        case _:
            return "no forwarding"


def _trunk_text(value: Json) -> str:
    if value["static_ip"] is None:
        return "rings a SIP trunk"
    return f"rings SIP trunk {value['static_ip']}:{value['port']} for {value['timeout']} s"


def instants_of(schedule: str | None) -> Instants:
    """The instants of a canonical schedule; raises OpaquePeriodError."""
    if schedule is None:
        return ALWAYS_PERIOD.instants
    try:
        return Period.parse(schedule).instants
    except PeriodError:
        raise OpaquePeriodError(schedule) from None


def _ringing(target: Json) -> Ringing:
    return Ringing(target["to"], target["timeout"], target["schedule"], target["active"])


@lru_cache(maxsize=8192)
def _partition(targets: tuple[Ringing, ...], redirect: str, announcement: str) -> tuple[State, ...]:
    """Split time by which targets are on: at most as many pieces as there are different combinations."""
    pieces: list[tuple[Instants, tuple[Ringing, ...]]] = [(ALWAYS_PERIOD.instants, ())]
    for target in targets:
        if not target.active:
            continue
        on = instants_of(target.schedule)
        split = [(when & on, (*ringing, target)) for when, ringing in pieces]
        split += [(when - on, ringing) for when, ringing in pieces]
        pieces = [(when, ringing) for when, ringing in split if not when.is_empty]
    return _united([State(when, ring_text(ringing, redirect, announcement)) for when, ringing in pieces])


def _united(found: list[State]) -> tuple[State, ...]:
    merged: dict[str, Instants] = {}
    for state in found:
        merged[state.text] = merged[state.text] | state.when if state.text in merged else state.when
    return tuple(State(when, text) for text, when in merged.items())


def ring_text(ringing: tuple[Ringing, ...], redirect: str, announcement: str = "") -> str:
    """Who rings, in which order and for how long, in words."""
    if not ringing:
        return NO_TARGET
    chosen = ringing[:1] if redirect == "single" else ringing
    each = [f"{target.to} for {target.timeout} s" for target in chosen]
    text = "rings " + (" and ".join(each) if redirect == "parallel" else ", then ".join(each))
    return f"hears announcement {announcement}, {text}" if announcement else text


def value_facts(value: Json | None) -> tuple[Any, ...]:
    """Everything of a value that a caller can notice, hashable: equal facts mean that no caller notices a change."""
    if not value or value["type"] != "number":
        return (plain_text(value),)
    return (value["redirect"], value.get("file_to_a"), tuple(_ringing(target) for target in value["targets"]))
