"""What every service of live calls looks like: lists, and steps that are checked, then asked for, then taken.

Knows no vendor and no terminal. It fails as `http.errors` says; what is wrong before anything is sent is a CallError.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple, Protocol

from reconciler.http.errors import ProviderError


class CallError(Exception):
    """What was asked for cannot be right, or is not offered there; nothing was sent. `hint` says what to do."""

    def __init__(self, message: str, *, hint: str | None = None) -> None:
        super().__init__(message)
        self.hint = hint


class UndeclaredError(CallError):
    """No such service is declared."""


class NotOffered(CallError):
    """The vendor has no such method."""


class Action(StrEnum):
    """What can be done to a live call at Telphin, in its own words."""

    TRANSFER = "transfer"
    ATTENDED_TRANSFER = "attended_transfer"
    EAVESDROP = "eavesdrop"
    WHISPER = "whisper"
    CONFERENCE = "conference"
    HOLD = "hold"
    OFFHOLD = "offhold"
    PARK = "park"
    PICKUP = "pickup"

    @property
    def needs_number(self) -> bool:
        """Whether somebody is called for it: the vendor's `send_dst`."""
        return self not in {Action.HOLD, Action.OFFHOLD, Action.PARK}

    @property
    def listens(self) -> bool:
        """Whether somebody hears a conversation in which the other side does not know of him."""
        return self in {Action.EAVESDROP, Action.WHISPER}


class CallRef(NamedTuple):
    """Which call is meant, in its vendor's terms.

    `id` is Telphin's call_api_id, MTT's call id or UIS' call_session_id; `extension` is Telphin's, `tag` and
    `transport` are MTT's, from the event that told of the call.
    """

    id: str
    extension: str = ""
    tag: str = ""
    transport: str = ""


@dataclass(frozen=True, slots=True)
class LiveCall:
    """A call as the vendor lists it; times are as it writes them, in GMT, and None is what it does not say.

    `holds_conversation` is False for one that is booked on the extension and held elsewhere, such as one that was
    forwarded to a mobile. `fields` are all that the vendor said, those included that it has not documented.
    """

    id: str
    extension: str | None
    direction: str | None
    called_number: str | None
    called_did: str | None
    caller_number: str | None
    caller_name: str | None
    started: str | None
    answered: str | None
    holds_conversation: bool | None
    fields: Mapping[str, object] = field(default_factory=dict)


class Workplace(NamedTuple):
    """A workplace of MTT's: calls are placed from its SIP ID. `terminals` are the SIP IDs of its devices."""

    id: str
    name: str
    terminals: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Listing:
    """What a service lists; None = it does not list such a thing."""

    calls: tuple[LiveCall, ...] | None = None
    workplaces: tuple[Workplace, ...] | None = None
    note: str = ""


@dataclass(frozen=True, slots=True)
class Done:
    """What the vendor accepted. That it happened is not proven by it.

    `limits` are what it says of its budget of requests, by its own names.
    """

    call: str | None = None
    limits: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Step:
    """Something to do to a live call, whose request is in order: `question` says what happens, `take` does it."""

    question: str
    take: Callable[[], Done]


class Order(NamedTuple):
    """A call to place: `caller` is called first and then connected with `callee`, unless `options` say otherwise.

    `options` are the vendor's own parameters, by its own names.
    """

    caller: str
    callee: str
    options: Mapping[str, object] = {}


class Calls(Protocol):
    """One service of live calls. Methods that return a Step check offline, or by a read; they raise CallError.

    All raise ProviderError.
    """

    def listing(self, extension: str | None) -> Listing: ...

    def place(self, order: Order) -> Step: ...

    def transfer(self, call: CallRef, to: str, *, attended: bool) -> Step: ...

    def hang_up(self, call: CallRef) -> Step: ...

    def act(self, action: Action, call: CallRef, to: str | None) -> Step: ...

    def close(self) -> None:
        """Give back connections."""


def in_doubt(error: ProviderError, *, what: str, look: str) -> ProviderError:
    """An error of a request that may have been carried out: say so, and that it was not sent again."""
    if error.may_have_taken_effect:
        error.args = (f"{error}; {what} all the same, so it was not tried again",)
        error.hint = look
    return error
