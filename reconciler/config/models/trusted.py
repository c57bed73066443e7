"""The shape of what may stand only in reconciler.yaml (accounts, record, policy, defaults), and of a whole file.

The whole file is the source of `schemas/config.v1.json` only; loading judges section by section. Knows no numbers.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from functools import reduce
from operator import or_
from typing import Annotated, Any, Literal, Required

from pydantic import Field, PlainValidator, SkipValidation, WithJsonSchema, create_model
from typing_extensions import TypedDict

from reconciler.config import values
from reconciler.config.models.calls import CallsEntry
from reconciler.config.models.entries import (
    ConfigurationName,
    Contact,
    Date,
    Destination,
    EntryPart,
    Failures,
    Flag,
    ForwardingEntry,
    Head,
    LostCalls,
    Name,
    PerSecond,
    Phone,
    Reference,
    Remote,
    Scenario,
    Schedule,
    ScheduleRef,
    Seconds,
    Secret,
    ServiceAddress,
    Settle,
    Shape,
    Share,
    TimeZone,
    VersionRange,
    Word,
    Workers,
    known_keys_only,
)
from reconciler.model import WeekdayBase
from reconciler.settings import Capabilities, Limit, PeriodSettings, Union


class RateEntry(Shape):
    """An account's request budget."""

    per_second: PerSecond = Field(10.0, description="Requests per second; 0 is unlimited.")
    concurrency: Workers = Field(8, description="Requests at once.")


class PeriodEntry(Shape):
    """What is assumed of the vendor's period language."""

    union: Union = Field(Union.ENTRIES, description="How a schedule of several parts is sent.")
    weekday_base: WeekdayBase = Field(WeekdayBase.REFUSE, description="What weekday 1 means.")


class AccountEntry(Shape):
    """What every account says; a provider's shape gives `provider` its name and adds what is its own."""

    provider: str = Field(description="Whose API it is.")
    base_url: ServiceAddress = Field(description="Where the API is; a path is kept.")
    rate: RateEntry = Field(default_factory=RateEntry, description="The request budget.")
    settle: Settle = Field(30, description="How long reads may lag behind an accepted write; after that it is unknown.")

    @property
    def periods(self) -> PeriodSettings:
        """What is assumed of the provider's period language."""
        return PeriodSettings()

    @property
    def owner(self) -> str | None:
        """Whose the numbers are at the vendor; two accounts may be of one owner."""
        return None

    @property
    def unheard(self) -> str:
        """The setting that is missing for anybody to hear of parked calls."""
        return ""

    @property
    def unlisted(self) -> str:
        """The setting that is missing for the account's numbers to be listed."""
        return ""

    @property
    def options(self) -> tuple[object, ...]:
        """What is the provider's own, as a named tuple."""
        return ()


@dataclass(frozen=True)
class ProviderType:
    """What is known of a provider offline: its name in sentences, what it can do, and how its accounts are written.

    `product` is what its vendor calls it.
    """

    label: str
    capabilities: Capabilities
    account: type[AccountEntry]
    product: str = field(default="", kw_only=True)


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


class S3Record(Shape):
    """A record in a bucket of Amazon S3 or of a store that speaks its protocol; AWS_* are honoured."""

    bucket: Word = Field(description="The bucket.")
    key: Word | None = Field(None, description="The object; the configuration's name and .json where it is absent.")
    region: Word | None = Field(None, description="The region; AWS_REGION where it is absent.")
    endpoint: ServiceAddress | None = Field(None, description="The store's address; Amazon's where it is absent.")
    access_key_id: Secret | None = Field(None, description="Whose the key is; AWS_ACCESS_KEY_ID where it is absent.")
    secret_access_key: Secret | None = Field(None, description="The key; AWS_SECRET_ACCESS_KEY where it is absent.")


class RecordEntry(Shape):
    """Where the record and its locks live."""

    backend: Literal["file", "git", "http", "postgres", "s3"] = Field("file", description="The kind of store.")
    file: FileRecord | None = Field(None, description="For the backend file.")
    git: GitRecord | None = Field(None, description="For the backend git.")
    http: HttpRecord | None = Field(None, description="For the backend http.")
    postgres: PostgresRecord | None = Field(None, description="For the backend postgres.")
    s3: S3Record | None = Field(None, description="For the backend s3.")


class DestinationsEntry(Shape):
    """Which destinations calls may have, and which not."""

    allow: list[Destination] | None = Field(
        None, description="Regions, sip_id, sip:GLOB, url:GLOB, prefixes.", examples=[["RU", "sip_id"]]
    )
    deny: list[Destination] = Field([], description="Prefixes, or types of number.", examples=[["+7809", "premium"]])


_MOST_CHANGES = Limit(percent=30.0, floor=5)
_MOST_DELETES = Limit(percent=5.0, floor=1)


class PolicyEntry(Shape):
    """What a run may do."""

    max_changes: Share = Field(
        _MOST_CHANGES,
        description="Updates, adoptions and deletes in one run: a share of the managed numbers, or a count.",
        examples=["30%", 12],
        json_schema_extra={"default": str(_MOST_CHANGES)},
    )
    max_deletes: Share = Field(
        _MOST_DELETES,
        description="Deletes in one run: a share of the managed numbers, or a count.",
        examples=["5%", 2],
        json_schema_extra={"default": str(_MOST_DELETES)},
    )
    max_lost_calls: LostCalls | None = Field(
        None, description="How many calls of plan --traffic may reach nobody; absent: any number.", examples=[0]
    )
    max_failures: Failures = Field(3, description="How many consecutive failures with the same cause stop an account.")
    change_window: SkipValidation[ScheduleRef] | None = Field(None, description="When an apply may write.")
    destinations: DestinationsEntry = Field(default_factory=DestinationsEntry, description="Where calls may go.")
    require_https: Flag = Field(True, description="Refuse http URLs.")
    require_signed_plan: Flag = Field(False, description="Apply signed plans only.")
    rules: dict[Name, Literal["error", "warning", "notice", "off"]] = Field({}, description="Severities of rules.")


class DefaultsEntry(Shape):
    """Defaults for what an entry does not say."""

    account: Reference | None = Field(None, description="The account of a number.", examples=["sales"])
    timeout: Seconds | None = Field(None, description="Seconds a target rings.", examples=[20])
    timezone: TimeZone = Field(
        "Europe/Moscow", description="The zone in which the vendor evaluates periods: an assumption."
    )
    calendar_until: Date | None = Field(
        None, description="The last day up to which dated schedules are compiled.", examples=["2027-12-31"]
    )


@known_keys_only
class NumberOfConfig(Head, total=False):
    """One phone number."""

    forwarding: Annotated[ForwardingEntry, Field(description="Where calls go. Absent: not managed; `none`: nowhere.")]


Place = Annotated[str, WithJsonSchema({"type": ["string", "number"]})]
Moments = Annotated[
    tuple[datetime, ...],
    PlainValidator(values.moments),
    WithJsonSchema({"type": ["string", "array"], "items": {"type": "string"}, "minItems": 1}),
]


@known_keys_only
class ExpectationEntry(TypedDict, total=False):
    """Who is to ring for a number: at some times, during a schedule, or always."""

    call: Required[Annotated[Phone, Field(description="The number that is called.", examples=["74991112233"])]]
    at: Annotated[
        Moments,
        Field(description="Times, in the zone of defaults unless they have one.", examples=["2026-12-31 18:30"]),
    ]
    during: Annotated[
        SkipValidation[ScheduleRef], Field(description="At all times to come of this schedule; absent: always.")
    ]
    scenario: Annotated[Reference, Field(description="With this scenario laid over.", examples=["storm"])]
    rings: Required[
        Annotated[
            list[Place],
            Field(
                description="Who rings, in order: contacts, phones, SIP IDs, addresses; [] = nobody.",
                examples=[["duty-desk"]],
            ),
        ]
    ]


class EnvironmentEntry(Shape):
    """The same numbers' rules at other accounts: laid over reconciler.yaml by --environment; null removes."""

    name: ConfigurationName = Field(description="The identity of its record.", examples=["lines-staging"])
    include: list[Name] | None = Field(None, description="Which files belong to it, in place of the others.")
    record: dict[Name, Any] | None = Field(None, description="Parts of record.")
    defaults: dict[Name, Any] | None = Field(None, description="Parts of defaults.")
    accounts: dict[Name, Any] | None = Field(None, description="Parts of accounts, by name.")
    calls: dict[Name, Any] | None = Field(None, description="Parts of calls, by name.")
    policy: dict[Name, Any] | None = Field(None, description="Parts of policy.")


class ConfigFile(Shape):
    """One file of a configuration; name, include, record, defaults, accounts and policy in reconciler.yaml only."""

    version: Annotated[Literal["1"], WithJsonSchema({"enum": [1, "1"]})] = Field(description="The format's version.")
    required_version: VersionRange | None = Field(
        None, description="The releases of reconciler that may read this configuration.", examples=[">=0.2"]
    )
    name: ConfigurationName | None = Field(None, description="The identity of the record.", examples=["moscow-lines"])
    include: list[Name] = Field(["**/*.yaml", "**/*.yml"], description="Which files belong to the configuration.")
    record: RecordEntry | None = Field(None, description="Where the record and its locks live.")
    defaults: DefaultsEntry | None = Field(None, description="Defaults for what an entry does not say.")
    accounts: dict[Name, AccountEntry] | None = Field(None, description="Accounts at the vendors.")
    calls: dict[Name, CallsEntry] | None = Field(None, description="Where live calls are seen, placed and controlled.")
    policy: PolicyEntry | None = Field(None, description="What a run may do.")
    environments: dict[Name, EnvironmentEntry] | None = Field(
        None, description="What --environment lays over this file, such as staging."
    )
    contacts: dict[Name, Contact] | None = Field(None, description="Desks and phones by name.")
    schedules: dict[Name, Schedule] | None = Field(None, description="Times by name.")
    profiles: dict[Name, EntryPart] | None = Field(None, description="Parts of entries, shared by many numbers.")
    scenarios: dict[Name, Scenario] | None = Field(None, description="Prepared switches.")
    numbers: dict[Name, NumberOfConfig | None] | None = Field(None, description="Phone numbers, by E.164 digits.")
    expectations: list[ExpectationEntry] | None = Field(None, description="Who is to ring; `validate` proves it.")
    forget: list[Phone] | None = Field(None, description="Numbers to drop from the record without touching the vendor.")


def file_of(accounts: Iterable[type[AccountEntry]]) -> type[ConfigFile]:
    """Return the shape of a whole file whose accounts have these shapes."""
    entry: Any = Annotated[reduce(or_, accounts), Field(discriminator="provider")]
    described = Field(None, description=ConfigFile.model_fields["accounts"].description)
    return create_model(
        "ConfigFile", __base__=ConfigFile, __doc__=ConfigFile.__doc__, accounts=(dict[Name, entry] | None, described)
    )
