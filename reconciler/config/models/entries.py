"""The shape of a number's entry, of profiles, contacts and scenarios.

Knows no meaning across entries.
"""

from __future__ import annotations

from typing import Literal

from pydantic import Field, SkipValidation

from reconciler.config.models.fields import Flag, Name, Recipient, Seconds, Shape, Text
from reconciler.config.models.forwardings import ForwardingEntry, ForwardingPart
from reconciler.config.models.schedules import Schedule


class Head(Shape):
    """What any entry of a number, whole or in part, may say beside its forwarding."""

    use: list[Name] = Field(
        default_factory=list, description="Profiles, left to right, then the entry itself.", examples=[["hotline"]]
    )
    description: Text | None = Field(None, description="For people.", examples=["Sales hotline, Moscow"])
    tags: list[Text] = Field(default_factory=list, description="For selecting.", examples=[["moscow", "sales"]])
    protected: Flag = Field(False, description="Changes need --allow-protected.")
    account: Name | None = Field(None, description="An entry of accounts; else defaults.account.", examples=["sales"])
    parking: Flag | None = Field(
        None, description="Calls are parked for the application (MTT Business). Absent: not managed."
    )


class NumberOfConfig(Head):
    """One phone number."""

    forwarding: SkipValidation[ForwardingEntry] | None = Field(
        None, description="Where calls go (MTS Exolve). Absent: not managed; `none`: nowhere."
    )


class EntryPart(Head):
    """Part of a number's entry: a profile, an entry that uses one, or a scenario's."""

    forwarding: SkipValidation[ForwardingPart | Literal["none"]] | None = Field(
        None, description="Where calls go, or part of it."
    )


class Contact(Shape):
    """A desk or phone by name."""

    to: Recipient = Field(description="A phone number, a SIP ID or another contact.", examples=["74992223344"])
    name: Text | None = Field(None, description="A free name, sent along.", examples=["дежурный"])
    timeout: Seconds | None = Field(None, description="Seconds it rings where a target says nothing.", examples=[16])


class ContactPart(Shape):
    """Part of a contact's entry."""

    to: Recipient | None = None
    name: Text | None = None
    timeout: Seconds | None = None


class Scenario(Shape):
    """A prepared switch, laid over the configuration by --scenario."""

    description: Text | None = Field(None, description="For people.")
    numbers: dict[Name, EntryPart] | None = Field(None, description="Parts of entries, by number.")
    contacts: dict[Name, ContactPart] | None = Field(None, description="Parts of contacts, by name.")
    schedules: dict[Name, Schedule] | None = Field(None, description="Whole schedules, by name.")
    profiles: dict[Name, EntryPart] | None = Field(None, description="Parts of profiles, by name.")
