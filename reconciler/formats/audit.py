"""What an audit found, as versioned JSON.

Knows no terminal and no vendor. Sensitive values are masked, as in a plan.
"""

from __future__ import annotations

from typing import Any

from pydantic import Field

from reconciler.audit import Audit
from reconciler.formats import FORMAT_VERSION
from reconciler.formats.change import EffectJson, FieldJson, told_of
from reconciler.formats.diagnostics import (
    DiagnosticJson,
    FormatVersion,
    JsonModel,
    diagnostics_json,
)
from reconciler.formats.plan import CallsJson
from reconciler.model import Action, Change, Kind


class AuditSummaryJson(JsonModel):
    """How many of each finding; `unknown` numbers could not be read."""

    drift: int
    pending: int
    unmanaged: int
    risks: int
    unknown: int


class TallyJson(JsonModel):
    """How many numbers there are, and what is known of them."""

    numbers: int
    accounts: int
    read: int
    as_recorded: int = Field(description="The vendor cannot be asked for these: the record is believed.")
    unknown: int


class DriftJson(JsonModel):
    """A number whose live value is not what was last written; of a field, `before` is recorded and `after` is live."""

    address: str = Field(examples=["sales/74991112233"])
    account: str
    number: str
    provider: str
    kind: Kind
    protected: bool = False
    recorded: Any = Field(description="Canonical value that was last written.")
    live: Any = Field(description="Canonical value that was read.")
    fields: tuple[FieldJson, ...] = ()
    effects: tuple[EffectJson, ...] = Field(default=(), description="What callers notice of it.")
    description: str = ""
    read_at: str | None = None
    declared_at: str | None = Field(default=None, description="Null if no file declares the number any longer.")


class PendingJson(JsonModel):
    """A number that the files want otherwise than it was last written; of a field, `before` is live."""

    address: str = Field(examples=["sales/74991112233"])
    account: str
    number: str
    provider: str
    kind: Kind
    action: Action = Field(description="What an apply would do.")
    fields: tuple[FieldJson, ...] = ()
    description: str = ""
    declared_at: str | None = None


class UnmanagedJson(JsonModel):
    """A number that an account owns and no file declares."""

    address: str = Field(examples=["sales/74991112233"])
    account: str
    number: str
    forwarding: Any = Field(default=None, description="Canonical value as the list tells it, null where it does not.")


class AuditJson(JsonModel):
    """The answer of `audit --format json`."""

    format_version: FormatVersion = FORMAT_VERSION
    created_at: str
    configuration: str
    commit: str | None = None
    scenario: str | None = Field(default=None, description="The scenario that was audited.")
    scenario_in_force: str | None = Field(default=None, description="The scenario that the last apply put into force.")
    complete: bool = Field(description="Every number was read that can be read.")
    tally: TallyJson
    summary: AuditSummaryJson
    calls: CallsJson
    drift: tuple[DriftJson, ...] = ()
    pending: tuple[PendingJson, ...] = Field(default=(), description="Declared but not applied yet: this is not drift.")
    unmanaged: tuple[UnmanagedJson, ...] = ()
    unlisted: tuple[str, ...] = Field(default=(), description="Accounts whose unmanaged numbers are not known.")
    risks: tuple[DiagnosticJson, ...] = Field(default=(), description="Gaps and other problems in the call flows.")
    diagnostics: tuple[DiagnosticJson, ...] = ()


def audit_json(audit: Audit) -> AuditJson:
    """An audit as its model."""
    return AuditJson.of(
        audit,
        scenario_in_force=audit.in_force or None,
        drift=[_drift_json(change) for change in audit.drift],
        pending=[PendingJson.of(change, **told_of(change)) for change in audit.pending],
        unmanaged=[
            UnmanagedJson(
                address=f"{account}/{number}",
                account=account,
                number=number,
                forwarding=audit.listed.get(f"{account}/{number}"),
            )
            for account, numbers in audit.unmanaged.items()
            for number in numbers
        ],
        risks=diagnostics_json(audit.risks),
        diagnostics=diagnostics_json(audit.diagnostics),
    )


def _drift_json(change: Change) -> DriftJson:
    read_at = change.read_at or None
    return DriftJson.of(change, **told_of(change), recorded=change.before, live=change.after, read_at=read_at)
