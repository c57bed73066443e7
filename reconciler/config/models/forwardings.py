"""The shape of forwardings, one typed map a type.

Knows no contacts and no schedules beyond their names.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import new_class
from typing import TYPE_CHECKING, Annotated, Any, Literal, Required, get_args, get_origin, get_type_hints

from pydantic import Field, SkipValidation
from pydantic.fields import FieldInfo
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


def _part(shapes: Mapping[str, type[OneForwarding]]) -> type:
    """A map with any key of these, of which none is required, and what is said of them left out."""
    wholes = (get_type_hints(shape, include_extras=True) for shape in shapes.values())
    hints = {key: _bare(hint) for whole in wholes for key, hint in whole.items()} | {"type": Literal[tuple(shapes)]}
    body = {
        "__annotations__": hints,
        "__module__": __name__,
        "__doc__": "Part of a forwarding of any type: what is absent comes from a profile below.",
    }
    return known_keys_only(new_class("ForwardingPart", (TypedDict,), {"total": False}, lambda made: made.update(body)))


def _bare(hint: Any) -> Any:
    if get_origin(hint) is Required:
        return _bare(get_args(hint)[0])
    kind, *extras = get_args(hint) if get_origin(hint) is Annotated else (hint,)
    kept = [extra for extra in extras if not isinstance(extra, FieldInfo)]
    return Annotated[kind, *kept] if kept else kind


if TYPE_CHECKING:
    ForwardingPart = dict[str, Any]
else:
    ForwardingPart = _part(FORWARDINGS)
