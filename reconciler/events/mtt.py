"""MTT Business's notifications as they are sent: of calls, and of changes in the exchange's structure.

Unknown fields are kept, and so are states and changes that are not documented.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal, get_args

from pydantic import AliasChoices, BaseModel, BeforeValidator, ConfigDict, Field
from pydantic.alias_generators import to_camel

from reconciler.events.model import Direction, Event

VENDOR = "mtt"
CALLS = "callNotifications"
EXCHANGE = "vpbxNotifications"
State = Literal["trying", "connected", "finished", "recorded", "showing", "hiding"]
Change = Literal["numbersChanged", "workplacesChanged"]
STATES: tuple[str, ...] = get_args(State)
CHANGES: tuple[str, ...] = get_args(Change)
Text = Annotated[str, Field(max_length=4096)]
Word = Annotated[str, Field(min_length=1, max_length=64)]
_DIRECTIONS: Mapping[str, Direction] = {"incoming": "inbound", "outgoing": "outbound"}


def _lower(value: object) -> object:
    """Tables write `Incoming` where samples write `incoming`."""
    return value.lower() if isinstance(value, str) else value


class _Sent(BaseModel):
    model_config = ConfigDict(
        extra="allow", frozen=True, coerce_numbers_to_str=True, alias_generator=to_camel, validate_by_name=True
    )


class CallName(_Sent):
    """What a leg of a call is called."""

    id: Annotated[str, Field(min_length=1, max_length=1024)]
    tag: Text | None = None


class Party(_Sent):
    """A subscriber."""

    account_id: Text | None = None
    centrex_id: Text | None = None
    display_id: Text | None = None
    display_name: Text | None = None
    forwarder_list: tuple[Any, ...] | None = None
    id: Text | None = None

    @property
    def number(self) -> str:
        return self.id or self.display_id or ""


class CallInfo(_Sent):
    """What happened to a call. `duration` is in seconds; `start_time` has no zone."""

    call: CallName
    state: Annotated[State | Word, BeforeValidator(_lower)]
    callee: Party = Party()
    caller: Party = Party()
    start_time: Text | None = None
    transport_id: Text | None = None
    type: Annotated[Text | None, BeforeValidator(_lower)] = None
    duration: Annotated[int, Field(ge=0, lt=2**32)] | None = None
    reason: Text | None = None
    reason_code: Text | None = None
    url_record: Text | None = None
    account_id: Text | None = None

    def event(self, body: Mapping[str, Any]) -> Event:
        """Say it as an event; the vendor does not say when it happened."""
        return Event(
            vendor=VENDOR,
            kind=self.state,
            documented=self.state in STATES,
            body=body,
            call_id=self.call.id,
            direction=_DIRECTIONS.get(self.type or "", ""),
            caller=self.caller.number,
            called=self.callee.number,
            sip_id=self.account_id or "",
            started=self.start_time or "",
            duration_ms=None if self.duration is None else self.duration * 1000,
            reason=" ".join(filter(None, (self.reason, self.reason_code))),
            recorded=True if self.url_record else None,
            record_url=self.url_record or "",
        )


class _CallResult(_Sent):
    call_info: CallInfo


class _ChangeResult(_Sent):
    event_type: Change | Word


class CallNotification(_Sent):
    """A notification of a call."""

    result: _CallResult

    def event(self, body: Mapping[str, Any]) -> Event:
        """Say it as an event."""
        return self.result.call_info.event(body)


class ExchangeNotification(_Sent):
    """A notification that numbers or workplaces have changed; it does not say which."""

    result: _ChangeResult

    def event(self, body: Mapping[str, Any]) -> Event:
        """Say it as an event, which is about no call."""
        kind = self.result.event_type
        return Event(vendor=VENDOR, kind=kind, documented=kind in CHANGES, body=body)


class _Named(_Sent):
    event: Word = Field(validation_alias=AliasChoices("event", "Event"))
    result: Mapping[str, Any]


def read(body: Mapping[str, Any]) -> Event:
    """Read a notification; raises ValidationError. One with another name is kept as it is."""
    name = _Named.model_validate(body).event
    if name == CALLS:
        return CallNotification.model_validate(body).event(body)
    if name == EXCHANGE:
        return ExchangeNotification.model_validate(body).event(body)
    return Event(vendor=VENDOR, kind=name, documented=False, body=body)
