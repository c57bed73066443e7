"""The shape of what may stand only in reconciler.yaml beside accounts: record, policy, defaults.

Knows no numbers.
"""

from __future__ import annotations

from typing import Literal

from pydantic import Field, SkipValidation

from reconciler.config.models.fields import (
    Date,
    Destination,
    Failures,
    Flag,
    Name,
    Remote,
    Seconds,
    Secret,
    ServiceAddress,
    Shape,
    Share,
    TimeZone,
    Word,
)
from reconciler.config.models.schedules import ScheduleRef
from reconciler.settings import Limit


class FileRecord(Shape):
    """A record in a local file."""

    path: Word = Field(".reconciler/record.db", description="Where the file is.")


class GitRecord(Shape):
    """A record in a git repository."""

    remote: Remote = Field("origin", description="The remote.")
    ref: Word = Field("refs/reconciler/record", description="The ref.")


class HttpRecord(Shape):
    """A record behind the HTTP state protocol; TF_HTTP_* are honoured."""

    address: ServiceAddress | None = Field(None, description="Where the state is.")
    lock_address: ServiceAddress | None = Field(None, description="Where it is locked.")
    unlock_address: ServiceAddress | None = Field(None, description="Where it is unlocked.")
    lock_method: Word = Field("LOCK", description="The method of locking.")
    unlock_method: Word = Field("UNLOCK", description="The method of unlocking.")
    update_method: Word = Field("POST", description="The method of saving.")
    username: Word | None = Field(None, description="For basic authentication.")
    password: Secret | None = Field(None, description="For basic authentication.")


class PostgresRecord(Shape):
    """A record in PostgreSQL."""

    dsn: Secret = Field(description="The connection string.", examples=[{"env": "RECONCILER_DSN"}])


class RecordEntry(Shape):
    """Where the record and its locks live."""

    backend: Literal["file", "git", "http", "postgres"] = Field("file", description="The kind of store.")
    file: FileRecord | None = Field(None, description="For the backend file.")
    git: GitRecord | None = Field(None, description="For the backend git.")
    http: HttpRecord | None = Field(None, description="For the backend http.")
    postgres: PostgresRecord | None = Field(None, description="For the backend postgres.")


class DestinationsEntry(Shape):
    """Which destinations calls may have, and which not."""

    allow: list[Destination] | None = Field(
        None, description="Regions, sip_id, sip:GLOB, url:GLOB, prefixes.", examples=[["RU", "sip_id"]]
    )
    deny: list[Destination] = Field([], description="Prefixes, or types of number.", examples=[["+7809", "premium"]])


class PolicyEntry(Shape):
    """What a run may do."""

    max_changes: Share = Field(
        Limit(percent=30.0, floor=5), description="Updates, adoptions and deletes in one run.", examples=["30%"]
    )
    max_deletes: Share = Field(Limit(percent=5.0, floor=1), description="Deletes in one run.", examples=["5%", 2])
    max_failures: Failures = Field(3, description="Failures in a row with one cause that stop an account.")
    change_window: SkipValidation[ScheduleRef] | None = Field(None, description="When an apply may write.")
    destinations: DestinationsEntry = Field(default_factory=DestinationsEntry, description="Where calls may go.")
    require_https: Flag = Field(True, description="Refuse http URLs.")
    require_signed_plan: Flag = Field(False, description="Apply signed plans only.")
    rules: dict[Name, Literal["error", "warning", "notice", "off"]] = Field({}, description="Severities of rules.")


class DefaultsEntry(Shape):
    """What holds where an entry says nothing."""

    account: Name | None = Field(None, description="The account of a number.", examples=["sales"])
    timeout: Seconds | None = Field(None, description="Seconds a target rings.", examples=[20])
    timezone: TimeZone = Field(
        "Europe/Moscow", description="The zone in which the vendor evaluates periods: an assumption."
    )
    calendar_until: Date | None = Field(
        None, description="How far dated schedules are compiled.", examples=["2027-12-31"]
    )
