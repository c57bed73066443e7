"""Numbers of people outside, with digits taken out before anything is kept.

Whoever is at the other end of a call is outside: the caller of a call that came in, the called one of a call that went
out. Knows nothing of where events are kept.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from typing import Any

from reconciler.events import exolve
from reconciler.events.model import Event

_IDENTITY = frozenset({"uid", "call_id", "call_sid", "call", "customer_id", "application_uuid", "type", "state"})
_SPANS = frozenset({"setup_time", "wait_time", "duration", "full_duration", "talk_time"})
_AS_THEY_ARE = _IDENTITY | _SPANS | {"date_time", "startTime", "record_call", "event", "Event", "direction"}
_NAME = "displayName"
_PARTY = ("id", "displayId", "accountId")
_CORE = 10
_SHORTEST = 7
_HEAD, _TAIL = 3, 2
_NOT_DIGITS = re.compile(r"\D")
_BETWEEN = r"[\s().-]{0,3}"  # as people write numbers
_WRITTEN = re.compile(rf"\d(?:{_BETWEEN}\d)*")


# docs/decisions/188
def masked_body(event: Event) -> Mapping[str, Any]:
    """The body with all but a few digits taken out of numbers outside, wherever they stand, and without their names."""
    cores = {core for number in _outside(event) for core in _cores(number)}
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
    sides = {"inbound": ("caller",), "outbound": ("called",)}.get(event.direction, ("caller", "called"))
    for side in sides:
        yield getattr(event, side)
        yield from _texts(event.body.get(name) for name in exolve.NAMES[side])
    for party in _parties(event):
        yield from _texts(party.get(name) for name in _PARTY)


def _texts(values: Iterable[object]) -> Iterator[str]:
    return (_text(value) for value in values if isinstance(value, str | int | float))


def _text(value: str | float) -> str:
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def _parties(event: Event) -> list[Mapping[str, Any]]:
    """What MTT tells of whoever is outside; what it displays need not be the number."""
    info = event.body.get("result")
    info = info.get("callInfo") if isinstance(info, dict) else None
    sides = {"inbound": ("caller",), "outbound": ("callee",)}.get(event.direction, ("caller", "callee"))
    found = [info.get(side) for side in sides] if isinstance(info, dict) else []
    return [party for party in found if isinstance(party, dict)]


def _cores(number: str) -> Iterator[str]:
    """The digits that a number has in every spelling, with or without its country; a port or an extension is none."""
    for written in _WRITTEN.findall(number.partition("@")[0]):
        digits = _NOT_DIGITS.sub("", written)
        if len(digits) >= _SHORTEST:
            yield digits[-_CORE:]


def _walked(body: Mapping[str, Any], hide: Callable[[str], str], event: Event) -> Iterator[tuple[str, Any]]:
    has_name = any(body is party for party in _parties(event))
    for key, value in body.items():
        if key in _AS_THEY_ARE:
            yield key, value
        elif key == _NAME and has_name:
            yield key, "***" if value else value
        else:
            yield hide(key), _hidden(value, hide, event)


def _hidden(value: object, hide: Callable[[str], str], event: Event) -> object:
    match value:
        case bool() | None:
            return value
        case str():
            return hide(value)
        case int() | float():
            text = hide(_text(value))
            return text if "*" in text else value
        case dict():
            return dict(_walked(value, hide, event))
        case list():
            return [_hidden(each, hide, event) for each in value]
        case _:
            return value
