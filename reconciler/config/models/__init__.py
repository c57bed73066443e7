"""The shape of configuration files as pydantic models: what is allowed where, with descriptions for editors.

Knows no files, no places and no meaning across entries; `file` is for the schema only.
"""

from __future__ import annotations

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
from reconciler.config.models.trusted import (
    ACCOUNTS,
    DefaultsEntry,
    ExolveAccount,
    MttAccount,
    PolicyEntry,
    RecordEntry,
)

__all__ = [
    "ACCOUNTS",
    "FORWARDINGS",
    "Contact",
    "ContactPart",
    "DefaultsEntry",
    "Entry",
    "EntryPart",
    "ExolveAccount",
    "ForwardingPart",
    "MttAccount",
    "NumberEntry",
    "OneForwarding",
    "PolicyEntry",
    "RecordEntry",
    "Scenario",
    "Schedule",
    "Shape",
    "SipEntry",
    "TargetEntry",
    "TrunkEntry",
    "UrlEntry",
]
