"""Call events and calls as versioned JSON.

Knows nothing of events but their shape here: schemas are drawn without what receives them.
"""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from reconciler.formats.diagnostics import AnswerJson, JsonModel

Milliseconds = int | None


class ListeningJson(AnswerJson):
    """A listener that is ready."""

    url: str = Field(description="Where senders send events to. Whoever knows it can send some: keep it to yourself.")
    store: str
    masks_callers: bool
    keep_seconds: int
    most_bytes: int


class EventJson(JsonModel):
    """An event as it was kept; times are RFC 3339 in UTC, spans in milliseconds."""

    vendor: str
    kind: str = Field(examples=["originate", "trying"])
    documented: bool = Field(description="The vendor's pages describe this kind of event.")
    uid: str | None
    call_id: str | None
    at: str | None = Field(description="When it happened, where the vendor tells.")
    received: str
    received_last: str
    times: int = Field(description="How often it came.")
    direction: Literal["inbound", "outbound"] | None
    caller: str | None
    called: str | None
    shown: str | None = Field(description="The number that the called one sees.")
    sip_id: str | None = Field(description="The SIP ID that it is of.")
    started: str | None = Field(description="When the call began, as the vendor writes it, without a zone.")
    setup_ms: Milliseconds
    wait_ms: Milliseconds
    duration_ms: Milliseconds
    full_ms: Milliseconds
    cause: str | None
    cause_name: str | None = Field(description="By ITU-T Q.850.", examples=["normal call clearing"])
    reason: str | None
    recorded: bool | None
    record_url: str | None
    body: dict[str, Any] = Field(description="What was sent, with numbers masked where that was asked for.")


class EventLineJson(EventJson, AnswerJson):
    """An event as a line of its own."""


class EventsJson(AnswerJson):
    """The latest events, the last at the end."""

    events: tuple[EventJson, ...]


class CallJson(AnswerJson):
    """A call, put together from its events."""

    names: tuple[str, ...] = Field(description="Its uid, then the vendor's ids.")
    vendor: str
    direction: Literal["inbound", "outbound"] | None
    caller: str | None
    called: str | None
    started: str
    answered: bool
    ended: bool
    setup_ms: Milliseconds
    wait_ms: Milliseconds
    duration_ms: Milliseconds
    full_ms: Milliseconds
    cause: str | None
    cause_name: str | None = Field(description="By ITU-T Q.850.")
    reason: str | None
    record_url: str | None
    events: tuple[EventJson, ...]
