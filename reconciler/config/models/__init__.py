"""The shape of configuration files as pydantic models: what is allowed where, with descriptions for editors.

Knows no files, no places and no meaning across entries; `file` is for the schema only.
"""

from __future__ import annotations

from reconciler.config.models.entries import (
    FORWARDINGS,
    Contact,
    ContactPart,
    Entry,
    EntryPart,
    ForwardingPart,
    NumberEntry,
    OneForwarding,
    Scenario,
    Schedule,
    Shape,
    SipEntry,
    TargetEntry,
    TrunkEntry,
    UrlEntry,
)
from reconciler.config.models.trusted import AccountEntry, DefaultsEntry, PolicyEntry, ProviderType, RecordEntry

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
