"""The shape of a whole file: the source of `schemas/config.v1.json`.

Used for the schema only; loading judges section by section.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import reduce
from operator import or_
from typing import Annotated, Any, Literal

from pydantic import Field, WithJsonSchema, create_model

from reconciler.config.models.accounts import AccountEntry
from reconciler.config.models.entries import Contact, EntryPart, Head, Scenario
from reconciler.config.models.fields import ConfigurationName, Name, Phone, Shape, known_keys_only
from reconciler.config.models.forwardings import ForwardingEntry
from reconciler.config.models.schedules import Schedule
from reconciler.config.models.trusted import DefaultsEntry, PolicyEntry, RecordEntry


@known_keys_only
class NumberOfConfig(Head, total=False):
    """One phone number."""

    forwarding: Annotated[ForwardingEntry, Field(description="Where calls go. Absent: not managed; `none`: nowhere.")]


class ConfigFile(Shape):
    """One file of a configuration; name, include, record, defaults, accounts and policy in reconciler.yaml only."""

    version: Annotated[Literal["1"], WithJsonSchema({"enum": [1, "1"]})] = Field(description="The format's version.")
    name: ConfigurationName | None = Field(None, description="The identity of the record.", examples=["moscow-lines"])
    include: list[Name] = Field(["**/*.yaml", "**/*.yml"], description="Which files belong to the configuration.")
    record: RecordEntry | None = Field(None, description="Where the record and its locks live.")
    defaults: DefaultsEntry | None = Field(None, description="What holds where an entry says nothing.")
    accounts: dict[Name, AccountEntry] | None = Field(None, description="Accounts at the vendors.")
    policy: PolicyEntry | None = Field(None, description="What a run may do.")
    contacts: dict[Name, Contact] | None = Field(None, description="Desks and phones by name.")
    schedules: dict[Name, Schedule] | None = Field(None, description="Times by name.")
    profiles: dict[Name, EntryPart] | None = Field(None, description="Parts of entries, shared by many numbers.")
    scenarios: dict[Name, Scenario] | None = Field(None, description="Prepared switches.")
    numbers: dict[Name, NumberOfConfig | None] | None = Field(None, description="Phone numbers, by E.164 digits.")
    forget: list[Phone] | None = Field(None, description="Numbers to drop from the record without touching the vendor.")


def file_of(accounts: Iterable[type[AccountEntry]]) -> type[ConfigFile]:
    """Return the shape of a whole file whose accounts have these shapes."""
    entry: Any = Annotated[reduce(or_, accounts), Field(discriminator="provider")]
    described = Field(None, description=ConfigFile.model_fields["accounts"].description)
    return create_model(
        "ConfigFile", __base__=ConfigFile, __doc__=ConfigFile.__doc__, accounts=(dict[Name, entry] | None, described)
    )
