"""What an audit found, as versioned JSON.

Knows no terminal and no vendor. Sensitive values are masked, as in a plan.
"""

from __future__ import annotations

from typing import Any

from pydantic import Field

from reconciler.audit import Audit
from reconciler.audit.lookout import Ending, EndKind
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
    not_looked_at: int = Field(default=0, description="Nothing is known of these: a sample left them out.")


class TallyJson(JsonModel):
    """How many numbers there are, and what is known of them."""

    numbers: int
    accounts: int
    read: int
    as_recorded: int = Field(description="The vendor cannot be asked for these: the record is believed.")
    unknown: int
    not_looked_at: int = Field(default=0, description="A sample left these out.")


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


class EndingJson(JsonModel):
    """Something that ends soon, or a login whose end is known."""

    kind: EndKind = Field(
        description="`schedule`: its last day; `calendar`: public holidays are written out until then; `login`: about."
    )
    name: str = Field(description="What the configuration calls it, empty where it has no name.")
    day: str = Field(description="The last day, in the zone of the configuration.", examples=["2026-12-31"])
    days: int = Field(description="From the audit's day to that one; negative where it is over.")
    numbers: tuple[str, ...] = Field(default=(), description="Whose calls it is about.")
    declared_at: str | None = None


class UnconfirmedJson(JsonModel):
    """A number that its vendor cannot be asked about, and that no read has ever confirmed."""

    address: str = Field(examples=["office/78005560251"])
    account: str
    number: str
    written_at: str | None = Field(default=None, description="When it was last written, null where it never was.")


class SampleJson(JsonModel):
    """Which numbers an audit was about that looks at some in turn; each stands in one list, as `ACCOUNT/NUMBER`."""

    share: float = Field(description="What was asked for, in percent.")
    turn: int = Field(description="Whose turn it was, from 1.")
    turns: int = Field(description="After so many turns each number was looked at once.")
    turn_seconds: float = Field(description="How long a turn lasts: an audit is to run once in this time.")
    looked_at: tuple[str, ...]
    recent: tuple[str, ...] = Field(description="Not looked at: written and read back just before.")
    waiting: tuple[str, ...] = Field(description="Not looked at: it is not their turn.")


class AuditJson(JsonModel):
    """The answer of `audit --format json`."""

    format_version: FormatVersion = FORMAT_VERSION
    created_at: str
    configuration: str
    commit: str | None = None
    scenario: str | None = Field(default=None, description="The scenario that was audited.")
    scenario_in_force: str | None = Field(default=None, description="The scenario that the last apply put into force.")
    complete: bool = Field(description="Every number was read that can be read; a sample leaves some out.")
    tally: TallyJson
    summary: AuditSummaryJson
    calls: CallsJson
    drift: tuple[DriftJson, ...] = ()
    pending: tuple[PendingJson, ...] = Field(default=(), description="Declared but not applied yet: this is not drift.")
    unmanaged: tuple[UnmanagedJson, ...] = ()
    unlisted: tuple[str, ...] = Field(default=(), description="Accounts whose unmanaged numbers are not known.")
    sample: SampleJson | None = Field(default=None, description="Null: it was about every number.")
    not_owned: tuple[str, ...] = Field(
        default=(), description="Declared numbers that their account does not have, as ACCOUNT/NUMBER."
    )
    unconfirmed: tuple[UnconfirmedJson, ...] = ()
    endings: tuple[EndingJson, ...] = Field(default=(), description="What ends soon, and logins, soonest first.")
    recorded_at: str | None = Field(default=None, description="When something was last written to the record.")
    risks: tuple[DiagnosticJson, ...] = Field(
        default=(), description="Gaps in call flows, what ends soon, and what nobody has confirmed."
    )
    diagnostics: tuple[DiagnosticJson, ...] = ()


def audit_json(audit: Audit) -> AuditJson:
    """An audit as its model."""
    return AuditJson.of(
        audit,
        scenario_in_force=audit.in_force or None,
        complete=audit.is_whole,
        endings=[_ending_json(each) for each in audit.endings],
        unconfirmed=[
            UnconfirmedJson.of(each, number=each.key.number, written_at=each.written_at or None)
            for each in audit.unconfirmed
        ],
        recorded_at=audit.recorded_at or None,
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


def _ending_json(ending: Ending) -> EndingJson:
    place = str(ending.location) if ending.location is not None else None
    return EndingJson.of(ending, day=ending.day.isoformat(), declared_at=place)


def _drift_json(change: Change) -> DriftJson:
    read_at = change.read_at or None
    return DriftJson.of(change, **told_of(change), recorded=change.before, live=change.after, read_at=read_at)
