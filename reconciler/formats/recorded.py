"""The record, what is known of a number, and past runs, as versioned JSON.

Knows neither backends nor views.
"""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import ConfigDict, Field

from reconciler.formats.diagnostics import AnswerJson, JsonModel
from reconciler.model import Action, Kind, Outcome

Address = Annotated[str, Field(description="Account and number.", examples=["sales/74991112233"])]
Digits = Annotated[str, Field(description="E.164 digits.", examples=["74991112233"])]
Instant = Annotated[str, Field(description="RFC 3339, UTC.", examples=["2026-11-21T10:00:00Z"])]
Place = Annotated[str, Field(description="File, line and column.", examples=["numbers/sales.yaml:12:3"])]


class EntryJson(JsonModel):
    """What was last written of a number."""

    address: Address
    provider: str
    kind: Kind
    value: Any = Field(description="Canonical value; sensitive parts are masked.")
    confirmed: bool = Field(description="It was read back equal.")
    protected: bool
    written_at: Instant
    run_id: str


class DeclaredJson(JsonModel):
    """What the files want of a number."""

    address: Address
    value: Any = Field(description="Canonical value.")
    declared_at: Place


class KnownJson(AnswerJson):
    """What files and record say of one number."""

    number: Digits
    declared: tuple[DeclaredJson, ...]
    recorded: tuple[EntryJson, ...]
    unsettled: tuple[Address, ...] = Field(description="A run was interrupted here; the next apply settles it.")


class RowJson(JsonModel):
    """What became of one change of a run; of old runs less is known."""

    model_config = ConfigDict(extra="allow")

    outcome: str | None = Field(default=None, examples=list(Outcome))
    address: Address | None = None
    kind: str | None = Field(default=None, examples=list(Kind))
    action: str | None = Field(default=None, examples=list(Action))
    error: str | None = None
    attempts: int | None = None
    unverified_fields: tuple[str, ...] = ()
    before: Any = None
    after: Any = None
    lost: dict[str, Any] = Field(default={}, description="Live values that the write may have reset.")


class RunJson(JsonModel):
    """A past run. Without an end it was interrupted."""

    run_id: str
    origin: str = Field(examples=["apply", "undo", "forget", "migrate"])
    started_at: Instant
    finished_at: Instant | None
    user: str
    host: str
    commit: str | None
    overrides: tuple[str, ...]
    results: tuple[RowJson, ...]


class PastRunJson(AnswerJson):
    """One past run."""

    run: RunJson


class UnsettledJson(JsonModel):
    """Writes that a run may or may not have made."""

    run: str
    opened_at: Instant
    numbers: tuple[Address, ...]


class LockJson(JsonModel):
    """Who holds a lock; an empty account is all of the record."""

    account: str
    host: str
    user: str
    pid: int
    run_id: str
    since: str


class RecordJson(AnswerJson):
    """The whole record: entries, locks, unsettled writes, and the latest runs without their results."""

    record: str = Field(description="Where it is kept.")
    name: str
    lineage: str
    serial: int
    scenario: str | None = Field(description="The scenario in force.")
    entries: tuple[EntryJson, ...]
    unsettled: tuple[UnsettledJson, ...]
    locks: tuple[LockJson, ...]
    runs: tuple[RunJson, ...]


class ForgottenJson(AnswerJson):
    """Numbers that were dropped from the record."""

    forgotten: tuple[str, ...] = Field(examples=[["74991112288 (forwarding)"]])


class UnlockedJson(AnswerJson):
    """Locks that were broken, each with who held it."""

    unlocked: tuple[str, ...]


class MovedJson(JsonModel):
    """A record that is kept elsewhere now."""

    entries: int
    serial: int
    lineage: str
    from_: str = Field(alias="from")
    to: str


class MigratedJson(AnswerJson):
    """A record that was copied into another backend."""

    migrated: MovedJson
