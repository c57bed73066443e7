"""The shape of what may stand only in reconciler.yaml: accounts, record, policy, defaults.

Knows no numbers.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, SkipValidation

from reconciler.config.models.fields import (
    Application,
    Date,
    Destination,
    Failures,
    Flag,
    Name,
    PerSecond,
    Remote,
    Seconds,
    Secret,
    ServiceAddress,
    Settle,
    Shape,
    Share,
    TimeZone,
    Word,
    Workers,
)
from reconciler.config.models.schedules import ScheduleRef
from reconciler.model import WeekdayBase
from reconciler.settings import Limit, Union


class RateEntry(Shape):
    """An account's request budget."""

    per_second: PerSecond = Field(10.0, description="Requests a second; 0 is unlimited.")
    concurrency: Workers = Field(8, description="Requests at once.")


class PeriodEntry(Shape):
    """What is assumed of the vendor's period language."""

    union: Union = Field(Union.ENTRIES, description="How a schedule of several parts is sent.")
    weekday_base: WeekdayBase = Field(WeekdayBase.REFUSE, description="What weekday 1 means.")


class ExolveAccount(Shape):
    """An application at MTS Exolve: call forwarding."""

    provider: Literal["exolve"] = Field(description="Whose API it is.")
    api_key: Secret = Field(description="The application's API key.", examples=[{"env": "EXOLVE_API_KEY"}])
    application: Application | None = Field(
        None, description="The application's UUID: bulk list, unmanaged numbers, trunk read-back."
    )
    base_url: ServiceAddress = Field("https://api.exolve.ru", description="Where the API is; a path is kept.")
    rate: RateEntry = Field(default_factory=RateEntry, description="The request budget.")
    settle: Settle = Field(30, description="How long an accepted write may read as before; then it is unknown.")
    period: PeriodEntry = Field(default_factory=PeriodEntry, description="Assumptions on periods.")


class MttAccount(Shape):
    """An integration at MTT Business: parking."""

    provider: Literal["mtt"] = Field(description="Whose API it is.")
    client_id: Secret = Field(description="The integration's client id.", examples=[{"env": "MTT_CLIENT_ID"}])
    client_secret: Secret = Field(description="The integration's secret.", examples=[{"env": "MTT_CLIENT_SECRET"}])
    refresh_token: Secret | None = Field(None, description="A first refresh token; afterwards the token store has it.")
    redirect_uri: ServiceAddress | None = Field(
        None, description="As registered.", examples=["https://crm.example.com"]
    )
    base_url: ServiceAddress = Field("https://openapi.mtt.ru", description="Where the API is.")
    oauth_url: ServiceAddress = Field("https://oauth.mtt.ru", description="Where logins are.")
    rate: RateEntry = Field(default_factory=RateEntry, description="The request budget.")
    settle: Settle = Field(30, description="How long a write that is in doubt may still take effect.")


ACCOUNTS: dict[str, type[Shape]] = {"exolve": ExolveAccount, "mtt": MttAccount}
AccountEntry = Annotated[ExolveAccount | MttAccount, Field(discriminator="provider")]


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
