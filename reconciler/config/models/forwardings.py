"""The shape of forwardings, one typed map a type.

Knows no contacts and no schedules beyond their names.
"""

from __future__ import annotations

from typing import Annotated, Literal, Required

from pydantic import Field, SkipValidation
from typing_extensions import TypedDict

from reconciler.config.models.fields import (
    Did,
    Flag,
    IpAddress,
    Phone,
    PhoneOrSipId,
    Port,
    Recipient,
    Seconds,
    SipUri,
    Text,
    WebAddress,
    known_keys_only,
)
from reconciler.config.models.schedules import ScheduleRef
from reconciler.model import Redirect


@known_keys_only
class TargetEntry(TypedDict, total=False):
    """One phone, SIP ID or contact that rings."""

    to: Required[
        Annotated[
            Recipient,
            Field(description="A contact, a phone number or a SIP ID.", examples=["74992223344", "duty-desk"]),
        ]
    ]
    timeout: Annotated[
        Seconds,
        Field(description="Seconds it rings; else its contact's, else defaults.timeout.", examples=[16, "1m"]),
    ]
    schedule: Annotated[
        SkipValidation[ScheduleRef],
        Field(description="When it is active: a schedule's name or a literal; always without."),
    ]
    schedule_description: Annotated[
        Text, Field(description="Sent as period_description; else the schedule's description.")
    ]
    name: Annotated[Text, Field(description="A free name; else the contact's.", examples=["звонит клиент"])]
    active: Annotated[Flag, Field(description="false drops the call.", json_schema_extra={"default": True})]


@known_keys_only
class SipEntry(TypedDict):
    """Forwarding to an external SIP account (type 1)."""

    type: Annotated[Literal["sip"], Field(description="What calls are forwarded to.")]
    sip_uri: Annotated[
        SipUri, Field(description="user@host or user@host:port.", examples=["user@sip.example.com:5060"])
    ]


@known_keys_only
class NumberEntry(TypedDict, total=False):
    """Forwarding to phone numbers and SIP IDs (type 2)."""

    type: Required[Annotated[Literal["number"], Field(description="What calls are forwarded to.")]]
    redirect: Annotated[
        Redirect,
        Field(
            description="How the targets ring.",
            examples=["sequential"],
            json_schema_extra={"default": Redirect.SINGLE.value},
        ),
    ]
    targets: Required[Annotated[list[TargetEntry], Field(description="Who rings, in order.")]]
    event_url: Annotated[
        WebAddress,
        Field(
            description="Where notifications of calls go; ${var:NAME} is replaced.",
            examples=["https://example.com/calls"],
        ),
    ]
    event_extended: Annotated[Flag, Field(description="Extended notifications.", json_schema_extra={"default": False})]
    client_id: Annotated[Text, Field(description="Your own id, repeated in notifications.", examples=["crm-1"])]
    file_to_a: Annotated[Text, Field(description="Id of the audio that the caller hears.", examples=["12345"])]
    file_to_b: Annotated[Text, Field(description="Id of the audio that the answering party hears.", examples=["54321"])]
    masking: Annotated[Flag, Field(description="Hide the caller's number.", json_schema_extra={"default": False})]
    display_number: Annotated[
        Phone, Field(description="What the answering party sees with masking on.", examples=["74995556677"])
    ]


@known_keys_only
class UrlEntry(TypedDict, total=False):
    """Forwarding to whatever a URL answers (type 3)."""

    type: Required[Annotated[Literal["url"], Field(description="What calls are forwarded to.")]]
    url: Required[
        Annotated[
            WebAddress,
            Field(description="Asked for each call; ${var:NAME} is replaced.", examples=["https://example.com/route"]),
        ]
    ]
    reserve: Annotated[
        PhoneOrSipId, Field(description="Rings when the URL cannot be reached.", examples=["74993334455"])
    ]


@known_keys_only
class TrunkEntry(TypedDict, total=False):
    """Forwarding to a static SIP trunk (type 4)."""

    type: Required[Annotated[Literal["sip_trunk"], Field(description="What calls are forwarded to.")]]
    static_ip: Required[Annotated[IpAddress, Field(description="The trunk's IP address.", examples=["203.0.113.7"])]]
    port: Required[Annotated[Port, Field(description="The trunk's port.", examples=[5060])]]
    timeout: Annotated[Seconds, Field(description="Seconds it rings; else defaults.timeout.", examples=[30])]
    did: Annotated[Did, Field(description="Digits without a leading zero.", examples=["111"])]


OneForwarding = NumberEntry | UrlEntry | TrunkEntry | SipEntry
FORWARDINGS: dict[str, type[OneForwarding]] = {
    "number": NumberEntry,
    "url": UrlEntry,
    "sip_trunk": TrunkEntry,
    "sip": SipEntry,
}

ForwardingEntry = Annotated[OneForwarding, Field(discriminator="type")] | Literal["none"]


@known_keys_only
class ForwardingPart(TypedDict, total=False):
    """Part of a forwarding of any type: what is absent comes from a profile below."""

    type: Literal["number", "url", "sip_trunk", "sip"]
    redirect: Redirect
    targets: list[TargetEntry]
    event_url: WebAddress
    event_extended: Flag
    client_id: Text
    file_to_a: Text
    file_to_b: Text
    masking: Flag
    display_number: Phone
    url: WebAddress
    reserve: PhoneOrSipId
    static_ip: IpAddress
    port: Port
    timeout: Seconds
    did: Did
    sip_uri: SipUri
