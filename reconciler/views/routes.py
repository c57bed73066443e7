"""Where a call goes, as a tree of places with the reason for each that stays silent; in text and as JSON.

Knows neither files nor options.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from reconciler.effects.routes import Place, Route, Step
from reconciler.views.base import EMPTY, Line, Page, Span, Tone, hanging, line, pad, width

_MANNER = {
    "single": "the first that is on rings",
    "sequential": "one after the other",
    "parallel": "all at once",
}
_KIND = {
    Place.PHONE: "",
    Place.SIP_ID: "SIP ID ",
    Place.NUMBER: "",
    Place.URL: "URL ",
    Place.SIP: "SIP ",
    Place.TRUNK: "SIP trunk ",
}


@dataclass(frozen=True, slots=True)
class Asked:
    """What was asked: the instant in words of its zone and as RFC 3339, and what else is known of the number."""

    local: str
    instant: str
    zone: str
    description: str = ""
    is_parked: bool = False


def human(route: Route, asked: Asked, columns: int) -> Page:
    """The route in lines: those that ring are numbered."""
    title = f"{route.number}   {asked.description}".rstrip()
    page: Page = [line(Span(title, Tone.STRONG)), line(Span(f"{asked.local}, {asked.zone}", Tone.FAINT)), EMPTY]
    if asked.is_parked:
        text = "Parking is on: the call is held for the application for up to 5 s, and then goes its usual way."
        return [*page, *hanging(EMPTY, text, columns)]
    page += _steps(route.steps, route.redirect, columns, indent=0)
    if route.note:
        page += hanging(EMPTY, route.note, columns, tone=Tone.WARNING)
    return page


def as_json(route: Route, asked: Asked) -> dict[str, Any]:
    """The content of the JSON answer."""
    return {
        "number": route.number,
        "at": asked.instant,
        "local_time": asked.local,
        "timezone": asked.zone,
        "parking": asked.is_parked,
        "redirect": route.redirect or None,
        "rings": not asked.is_parked and not route.note,
        "steps": [_step_json(step) for step in route.steps],
        "note": None if asked.is_parked else route.note or None,
    }


def _step_json(step: Step) -> dict[str, Any]:
    return {
        "to": step.to,
        "kind": step.place.value,
        "name": step.name,
        "rings": step.rings,
        "position": step.position or None,
        "timeout": step.timeout or None,
        "reason": step.why or None,
        "redirect": step.redirect or None,
        "steps": [_step_json(each) for each in step.steps],
    }


def _steps(steps: Sequence[Step], redirect: str, columns: int, *, indent: int) -> Iterator[Line]:
    ringing = sum(step.position > 0 for step in steps)
    blanks = " " * indent
    if ringing > 1 and redirect in _MANNER:
        yield line(blanks, Span(f"{_MANNER[redirect]}:", Tone.FAINT))
    broad = max((width(_label(step)) for step in steps), default=0)
    for step in steps:
        yield from _step(step, blanks, broad, columns)
        yield from _steps(step.steps, step.redirect, columns, indent=indent + 3)


def _step(step: Step, blanks: str, broad: int, columns: int) -> Iterator[Line]:
    label = pad(_label(step), broad)
    if step.why:
        start = line(blanks, Span("-  ", Tone.FAINT), Span(label, Tone.FAINT), "   ")
        yield from hanging(start, step.why, columns, tone=Tone.FAINT)
        return
    start = line(blanks, Span(f"{step.position}. ", Tone.ADDED), Span(label, Tone.STRONG), "   ")
    yield from hanging(start, _what_happens(step), columns)


def _label(step: Step) -> str:
    name = f' "{step.name}"' if step.name else ""
    return f"{_KIND[step.place]}{step.to}{name}"


def _what_happens(step: Step) -> str:
    match step.place:
        case Place.NUMBER:
            return f"forwards on, within {step.timeout} s"
        case Place.URL:
            return "decides by its answer"
    return f"rings for {step.timeout} s" if step.timeout else "rings"
