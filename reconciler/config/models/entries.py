"""The shape of a number's entry, of profiles, contacts and scenarios.

Knows no meaning across entries.
"""

from __future__ import annotations

from typing import Annotated, Literal, Required

from pydantic import Field, SkipValidation
from typing_extensions import TypedDict

from reconciler.config.models.fields import Flag, Name, Recipient, Seconds, Shape, Text, known_keys_only
from reconciler.config.models.forwardings import ForwardingPart
from reconciler.config.models.schedules import Schedule


class Head(TypedDict, total=False):
    """What any entry of a number, whole or in part, may say beside its forwarding."""

    use: Annotated[
        list[Name], Field(description="Profiles, left to right, then the entry itself.", examples=[["hotline"]])
    ]
    description: Annotated[Text, Field(description="For people.", examples=["Sales hotline, Moscow"])]
    tags: Annotated[list[Text], Field(description="For selecting.", examples=[["moscow", "sales"]])]
    protected: Annotated[
        Flag, Field(description="Changes need --allow-protected.", json_schema_extra={"default": False})
    ]
    account: Annotated[Name, Field(description="An entry of accounts; else defaults.account.", examples=["sales"])]
    parking: Annotated[Flag, Field(description="Calls are parked for the application. Absent: not managed.")]


# docs/decisions/092
@known_keys_only
class Entry(Head, total=False):
    """An entry as it is loaded: its forwarding is judged on its own, once its type is known."""

    forwarding: object


@known_keys_only
class EntryPart(Head, total=False):
    """Part of a number's entry: a profile, an entry that uses one, or a scenario's."""

    forwarding: Annotated[
        SkipValidation[ForwardingPart | Literal["none"]], Field(description="Where calls go, or part of it.")
    ]


@known_keys_only
class Contact(TypedDict, total=False):
    """A desk or phone by name."""

    to: Required[
        Annotated[
            Recipient, Field(description="A phone number, a SIP ID or another contact.", examples=["74992223344"])
        ]
    ]
    name: Annotated[Text, Field(description="A free name, sent along.", examples=["дежурный"])]
    timeout: Annotated[Seconds, Field(description="Seconds it rings where a target says nothing.", examples=[16])]


@known_keys_only
class ContactPart(TypedDict, total=False):
    """Part of a contact's entry."""

    to: Recipient
    name: Text
    timeout: Seconds


class Scenario(Shape):
    """A prepared switch, laid over the configuration by --scenario."""

    description: Text | None = Field(None, description="For people.")
    numbers: dict[Name, EntryPart] | None = Field(None, description="Parts of entries, by number.")
    contacts: dict[Name, ContactPart] | None = Field(None, description="Parts of contacts, by name.")
    schedules: dict[Name, Schedule] | None = Field(None, description="Whole schedules, by name.")
    profiles: dict[Name, EntryPart] | None = Field(None, description="Parts of profiles, by name.")
