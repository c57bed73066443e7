"""A request's body as an event, or why it is none.

Whose event it is can be told by its shape alone: no sender says who it is, nor proves it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from pydantic import ValidationError
from pydantic_core import from_json

from reconciler.events import exolve, mtt
from reconciler.events.model import Event, UnreadableEventError

_DEEPEST = 32


def read_body(raw: bytes) -> Event:
    """Read what was sent; raises UnreadableEventError."""
    try:
        body = from_json(raw, allow_inf_nan=False)
    except ValueError as error:
        raise UnreadableEventError("the body is not JSON") from error
    if not isinstance(body, dict):
        raise UnreadableEventError("the body is not a JSON object")
    if _depth(body) > _DEEPEST:
        raise UnreadableEventError(f"the body is nested deeper than {_DEEPEST} levels")
    return read_event(body)


def read_event(body: Mapping[str, Any]) -> Event:
    """Read an event by its shape; raises UnreadableEventError."""
    try:
        found = _reader(body)(body)
    except ValidationError as error:
        raise UnreadableEventError(_why(error)) from error
    if found.vendor == exolve.VENDOR and not found.is_of_a_call:
        raise UnreadableEventError("neither uid nor call_sid says which call it is of")
    return found


def _reader(body: Mapping[str, Any]) -> Callable[[Mapping[str, Any]], Event]:
    if "event" in body or "Event" in body:
        return mtt.read
    if "type" in body:
        return exolve.read
    raise UnreadableEventError("the body has neither event nor type, so it is no event of a known vendor")


def _why(error: ValidationError) -> str:
    """The first field that does not fit, without its value."""
    first = error.errors(include_input=False, include_url=False, include_context=False)[0]
    place = ".".join(map(str, first["loc"]))[:80]
    return f"{place}: {first['msg'].lower()}"


def _depth(value: object) -> int:
    match value:
        case dict():
            return 1 + max(map(_depth, value.values()), default=0)
        case list():
            return 1 + max(map(_depth, value), default=0)
        case _:
            return 0
