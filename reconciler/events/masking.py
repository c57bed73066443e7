"""Numbers of people outside, with digits taken out before anything is kept.

Whoever is at the other end of a call is outside: the caller of a call that came in, the called one of a call that went
out. Knows nothing of where events are kept.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any

from reconciler.events.model import Event

_IDENTITY = frozenset({"uid", "call_id", "call_sid", "call", "customer_id", "application_uuid", "type", "state"})
_SPANS = frozenset({"setup_time", "wait_time", "duration", "full_duration", "talk_time"})
_AS_THEY_ARE = _IDENTITY | _SPANS | {"date_time", "startTime", "record_call", "event", "Event", "direction"}
_NAME = "displayName"
_CORE = 10
_SHORTEST = 7
_HEAD, _TAIL = 3, 2
_NOT_DIGITS = re.compile(r"\D")
_BETWEEN = r"[\s().-]{0,3}"  # as people write numbers


# docs/decisions/188
def masked_body(event: Event) -> Mapping[str, Any]:
    """The body with all but a few digits taken out of numbers outside, wherever they stand, and without their names."""
    cores = {core for number in _outside(event) if (core := _core(number))}
    if not cores:
        return event.body
    pattern = re.compile("|".join(_BETWEEN.join(core) for core in sorted(cores, key=len, reverse=True)))
    hide = partial(pattern.sub, lambda match: mask(_NOT_DIGITS.sub("", match[0])))
    return dict(_walked(event.body, hide, event))


def mask(digits: str) -> str:
    """`9994445566` as `999*****66`."""
    hidden = len(digits) - _HEAD - _TAIL
    return f"{digits[:_HEAD]}{'*' * hidden}{digits[-_TAIL:]}"


def _outside(event: Event) -> Iterator[str]:
    sides = {"inbound": (event.caller,), "outbound": (event.called,)}
    yield from sides.get(event.direction, (event.caller, event.called))
    yield from _shown_outside(event)


def _shown_outside(event: Event) -> Iterator[str]:
    """What MTT displays of the party outside, which need not be its number."""
    party = _party(event)
    for name in ("id", "displayId", "accountId"):
        value = party.get(name)
        if isinstance(value, str | int):
            yield str(value)


def _party(event: Event) -> Mapping[str, Any]:
    info = event.body.get("result")
    info = info.get("callInfo") if isinstance(info, dict) else None
    side = {"inbound": "caller", "outbound": "callee"}.get(event.direction)
    party = info.get(side) if isinstance(info, dict) and side else None
    return party if isinstance(party, dict) else {}


def _core(number: str) -> str:
    """The digits that a number has in every spelling, with or without its country."""
    digits = _NOT_DIGITS.sub("", number.partition("@")[0])
    return digits[-_CORE:] if len(digits) >= _SHORTEST else ""


def _walked(body: Mapping[str, Any], hide: Callable[[str], str], event: Event) -> Iterator[tuple[str, Any]]:
    outside = _party(event)
    for key, value in body.items():
        if key in _AS_THEY_ARE:
            yield key, value
        elif key == _NAME and body is outside:
            yield key, "***" if value else value
        else:
            yield key, _hidden(value, hide, event)


def _hidden(value: object, hide: Callable[[str], str], event: Event) -> object:
    match value:
        case bool() | None:
            return value
        case str():
            return hide(value)
        case int():
            text = hide(str(value))
            return text if "*" in text else value
        case dict():
            return dict(_walked(value, hide, event))
        case list():
            return [_hidden(each, hide, event) for each in value]
        case _:
            return value
