"""The shape of forwardings, one model a type.

Knows no contacts and no schedules beyond their names.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, SkipValidation

from reconciler.config.models.fields import (
    Did,
    Flag,
    IpAddress,
    Phone,
    PhoneOrSipId,
    Port,
    Recipient,
    Seconds,
    Shape,
    SipUri,
    Text,
    WebAddress,
)
from reconciler.config.models.schedules import ScheduleRef
from reconciler.model import Redirect


class TargetEntry(Shape):
    """One phone, SIP ID or contact that rings."""

    to: Recipient = Field(description="A contact, a phone number or a SIP ID.", examples=["74992223344", "duty-desk"])
    timeout: Seconds | None = Field(
        None, description="Seconds it rings; else its contact's, else defaults.timeout.", examples=[16, "1m"]
    )
    schedule: SkipValidation[ScheduleRef] | None = Field(
        None, description="When it is active: a schedule's name or a literal; always without."
    )
    schedule_description: Text | None = Field(
        None, description="Sent as period_description; else the schedule's description."
    )
    name: Text | None = Field(None, description="A free name; else the contact's.", examples=["звонит клиент"])
    active: Flag = Field(True, description="false drops the call.")


class SipEntry(Shape):
    """Forwarding to an external SIP account (type 1)."""

    type: Literal["sip"] = Field(description="What calls are forwarded to.")
    sip_uri: SipUri = Field(description="user@host or user@host:port.", examples=["user@sip.example.com:5060"])


class NumberEntry(Shape):
    """Forwarding to phone numbers and SIP IDs (type 2)."""

    type: Literal["number"] = Field(description="What calls are forwarded to.")
    redirect: Redirect = Field(Redirect.SINGLE, description="How the targets ring.", examples=["sequential"])
    targets: list[TargetEntry] = Field(description="Who rings, in order.")
    event_url: WebAddress | None = Field(
        None,
        description="Where notifications of calls go; ${var:NAME} is replaced.",
        examples=["https://example.com/calls"],
    )
    event_extended: Flag = Field(False, description="Extended notifications.")
    client_id: Text | None = Field(None, description="Your own id, repeated in notifications.", examples=["crm-1"])
    file_to_a: Text | None = Field(None, description="Id of the audio that the caller hears.", examples=["12345"])
    file_to_b: Text | None = Field(
        None, description="Id of the audio that the answering party hears.", examples=["54321"]
    )
    masking: Flag = Field(False, description="Hide the caller's number.")
    display_number: Phone | None = Field(
        None, description="What the answering party sees with masking on.", examples=["74995556677"]
    )


class UrlEntry(Shape):
    """Forwarding to whatever a URL answers (type 3)."""

    type: Literal["url"] = Field(description="What calls are forwarded to.")
    url: WebAddress = Field(
        description="Asked for each call; ${var:NAME} is replaced.", examples=["https://example.com/route"]
    )
    reserve: PhoneOrSipId | None = Field(
        None, description="Rings when the URL cannot be reached.", examples=["74993334455"]
    )


class TrunkEntry(Shape):
    """Forwarding to a static SIP trunk (type 4)."""

    type: Literal["sip_trunk"] = Field(description="What calls are forwarded to.")
    static_ip: IpAddress = Field(description="The trunk's IP address.", examples=["203.0.113.7"])
    port: Port = Field(description="The trunk's port.", examples=[5060])
    timeout: Seconds | None = Field(None, description="Seconds it rings; else defaults.timeout.", examples=[30])
    did: Did | None = Field(None, description="Digits without a leading zero.", examples=["111"])


FORWARDINGS: dict[str, type[Shape]] = {
    "number": NumberEntry,
    "url": UrlEntry,
    "sip_trunk": TrunkEntry,
    "sip": SipEntry,
}

ForwardingEntry = (
    Annotated[NumberEntry | UrlEntry | TrunkEntry | SipEntry, Field(discriminator="type")] | Literal["none"]
)


class ForwardingPart(Shape):
    """Part of a forwarding of any type: what is absent comes from a profile below."""

    type: Literal["number", "url", "sip_trunk", "sip"] | None = None
    redirect: Redirect | None = None
    targets: list[TargetEntry] | None = None
    event_url: WebAddress | None = None
    event_extended: Flag | None = None
    client_id: Text | None = None
    file_to_a: Text | None = None
    file_to_b: Text | None = None
    masking: Flag | None = None
    display_number: Phone | None = None
    url: WebAddress | None = None
    reserve: PhoneOrSipId | None = None
    static_ip: IpAddress | None = None
    port: Port | None = None
    timeout: Seconds | None = None
    did: Did | None = None
    sip_uri: SipUri | None = None
