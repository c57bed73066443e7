"""The shape of configuration files as pydantic models: what is allowed where, with descriptions for editors.

Knows no files, no places and no meaning across entries; `file` is for the schema only.
"""

from __future__ import annotations

from reconciler.config.models.accounts import AccountEntry, ProviderType
from reconciler.config.models.entries import Contact, ContactPart, Entry, EntryPart, Scenario
from reconciler.config.models.fields import Shape
from reconciler.config.models.forwardings import (
    FORWARDINGS,
    ForwardingPart,
    NumberEntry,
    OneForwarding,
    SipEntry,
    TargetEntry,
    TrunkEntry,
    UrlEntry,
)
from reconciler.config.models.schedules import Schedule
from reconciler.config.models.trusted import DefaultsEntry, PolicyEntry, RecordEntry

__all__ = [
    "FORWARDINGS",
    "AccountEntry",
    "Contact",
    "ContactPart",
    "DefaultsEntry",
    "Entry",
    "EntryPart",
    "ForwardingPart",
    "NumberEntry",
    "OneForwarding",
    "PolicyEntry",
    "ProviderType",
    "RecordEntry",
    "Scenario",
    "Schedule",
    "Shape",
    "SipEntry",
    "TargetEntry",
    "TrunkEntry",
    "UrlEntry",
]
