"""MTS Exolve's call events as they are sent, one JSON object an event.

Outbound ones (SIP ID) are documented field by field. Of inbound ones no schema is published: what public code reads of
them is read where it is there, and everything else is kept as it came.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, AliasChoices, AwareDatetime, BaseModel, ConfigDict, Field

from reconciler.events.model import Direction, Event

VENDOR = "exolve"
Text = Annotated[str, Field(max_length=4096)]
Word = Annotated[str, Field(min_length=1, max_length=64)]
_FIRST_YEAR, _LAST_YEAR = 1971, 9998
Uint32 = Annotated[int, Field(ge=0, lt=2**32)]
Uint64 = Annotated[int, Field(ge=0, lt=2**64)]
KINDS = {
    "b": "begin",
    "o": "originate",
    "s": "start",
    "h": "hungup",
    "d": "definition",
    "e": "end",
    "crr": "record-ready",
}
"""What each `type` is called; `b` and `crr` are known of inbound events only, from public code."""

NAMES = {"caller": ("from", "calling_number", "number_a", "numberA"), "called": ("to", "called_number", "number_b")}
"""What inbound events call each side, from public code; one may have several of these."""


def _in_our_time(moment: datetime) -> datetime:
    """Refuse a year that no call is of, which clocks cannot show."""
    if not _FIRST_YEAR <= moment.year <= _LAST_YEAR:
        raise ValueError(f"a year before {_FIRST_YEAR} or after {_LAST_YEAR}")
    return moment


Moment = Annotated[AwareDatetime, AfterValidator(_in_our_time)]


class _Sent(BaseModel):
    model_config = ConfigDict(extra="allow", frozen=True, coerce_numbers_to_str=True)


class Outbound(_Sent):
    """What all documented events have."""

    type: Literal["o", "s", "h", "d", "e"]
    date_time: Moment
    service: Text | None = None
    number_a: Text | None = None
    number_b: Text | None = None
    call_sid: Text | None = None
    sip_id: Text | None = None
    record_call: bool | None = None
    uid: Uint64 | None = None
    application_uuid: Text | None = None
    customer_id: Uint64 | None = None
    direction: Literal["outbound"]
    display_number: Text | None = None

    def event(self, body: Mapping[str, Any]) -> Event:
        """Say it as an event."""
        return Event(
            vendor=VENDOR,
            kind=KINDS[self.type],
            body=body,
            uid="" if self.uid is None else str(self.uid),
            call_id=self.call_sid or "",
            at=self.date_time.timestamp(),
            direction="outbound",
            caller=self.number_a or "",
            called=self.number_b or "",
            shown=self.display_number or "",
            sip_id=self.sip_id or "",
            recorded=self.record_call,
            **self._figures(),
        )

    def _figures(self) -> dict[str, Any]:
        return {}


class Definition(Outbound):
    """How a call went, sent at its end: spans in milliseconds, and the cause by Q.850."""

    type: Literal["d"]
    setup_time: Uint32 | None = None
    wait_time: Uint32 | None = None
    duration: Uint32 | None = None
    full_duration: Uint32 | None = None
    cause_code: Text | None = None

    def _figures(self) -> dict[str, Any]:
        return {
            "setup_ms": self.setup_time,
            "wait_ms": self.wait_time,
            "duration_ms": self.duration,
            "full_ms": self.full_duration,
            "cause": self.cause_code or "",
        }


class Loose(_Sent):
    """An event of which no schema is published: each field has one of the names that public code reads."""

    type: Word
    call_sid: Text | None = None
    uid: Text | None = Field(None, validation_alias=AliasChoices("uid", "call_id"))
    date_time: Any = None
    direction: Any = None
    caller: Text | None = Field(None, validation_alias=AliasChoices(*NAMES["caller"]))
    called: Text | None = Field(None, validation_alias=AliasChoices(*NAMES["called"]))
    display_number: Text | None = None
    sip_id: Text | None = None
    setup_time: Any = None
    wait_time: Any = None
    duration: Any = None
    talk_time: Any = None
    full_duration: Any = None
    cause_code: Text | None = None
    path: Text | None = None

    def event(self, body: Mapping[str, Any]) -> Event:
        """Say it as an event."""
        talked = _milliseconds(self.talk_time)
        return Event(
            vendor=VENDOR,
            kind=KINDS.get(self.type, self.type),
            documented=False,
            body=body,
            uid=self.uid or "",
            call_id=self.call_sid or "",
            at=_moment(self.date_time),
            direction=_direction(self.direction),
            caller=self.caller or "",
            called=self.called or "",
            shown=self.display_number or "",
            sip_id=self.sip_id or "",
            setup_ms=_milliseconds(self.setup_time),
            wait_ms=_milliseconds(self.wait_time),
            duration_ms=_milliseconds(self.duration) if talked is None else talked,
            full_ms=_milliseconds(self.full_duration),
            cause=self.cause_code or "",
            record_url=self.path or "",
        )


def read(body: Mapping[str, Any]) -> Event:
    """Read an event; raises ValidationError."""
    if body.get("direction") != "outbound" or body.get("type") not in ("o", "s", "h", "d", "e"):
        return Loose.model_validate(body).event(body)
    model = Definition if body["type"] == "d" else Outbound
    return model.model_validate(body).event(body)


def _direction(value: object) -> Direction:
    """Events without a word on it are of calls that came in: only those are sent without a schema."""
    return "outbound" if value == "outbound" else "inbound"


def _moment(value: object) -> float | None:
    """When it happened; in UTC where no zone is given, as all documented times are."""
    try:
        moment = _in_our_time(datetime.fromisoformat(str(value)))
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError):
        return None


def _milliseconds(value: object) -> int | None:
    text = str(value)
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 10 else None
