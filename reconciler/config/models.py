"""The shape of configuration files as pydantic models: what is allowed where, with descriptions for editors.

The source of `schemas/config.v1.json`. Knows no files, no places and no meaning across entries.
"""

from __future__ import annotations

from copy import copy
from datetime import date
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Discriminator, Field, PlainValidator, SkipValidation, Tag, WithJsonSchema, create_model
from pydantic.fields import FieldInfo

from reconciler.config import values
from reconciler.config.settings import Limit, Union, WeekdayBase
from reconciler.model import Redirect
from reconciler.secrets import SecretRef

JsonSchema = dict[str, Any]


def _whole(lowest: int, highest: int) -> Any:
    schema = {"type": ["integer", "string"], "minimum": lowest, "maximum": highest, "pattern": "^[0-9]+$"}
    return Annotated[
        int,
        PlainValidator(lambda value: values.whole_number(value, lowest=lowest, highest=highest)),
        WithJsonSchema(schema),
    ]


_URL_SCHEMA: JsonSchema = {"type": "string", "pattern": "^[Hh][Tt][Tt][Pp][Ss]?://"}
_NUMBER_SCHEMA: JsonSchema = {"type": ["string", "integer"], "pattern": "^[+]?[0-9 ()./-]+$"}
_SECRET_SCHEMA: JsonSchema = {
    "type": "object",
    "minProperties": 1,
    "maxProperties": 1,
    "additionalProperties": False,
    "properties": {
        "env": {"type": "string", "description": "An environment variable.", "pattern": "^[A-Za-z_][A-Za-z0-9_]*$"},
        "file": {"type": "string", "description": "A file; needs RECONCILER_TRUSTED=1 or --allow-local-secrets."},
        "command": {
            "type": "array",
            "items": {"type": "string"},
            "minItems": 1,
            "description": "A command and its arguments; needs RECONCILER_TRUSTED=1 or --allow-local-secrets.",
        },
    },
}

Text = Annotated[str, PlainValidator(values.plain), WithJsonSchema({"type": ["string", "number", "boolean"]})]
Name = Annotated[str, PlainValidator(values.plain), WithJsonSchema({"type": "string"})]
Flag = Annotated[bool, PlainValidator(values.flag), WithJsonSchema({"type": "boolean"})]
Seconds = Annotated[
    int,
    PlainValidator(values.seconds),
    WithJsonSchema({"type": ["integer", "string"], "minimum": 1, "maximum": 3600, "pattern": "^[0-9]+ *[sm]?$"}),
]
Secret = Annotated[SecretRef, PlainValidator(values.secret), WithJsonSchema(_SECRET_SCHEMA)]
WebAddress = Annotated[str, PlainValidator(values.web_address), WithJsonSchema(_URL_SCHEMA)]
ServiceAddress = Annotated[str, PlainValidator(values.service_address), WithJsonSchema(_URL_SCHEMA)]
Phone = Annotated[str, PlainValidator(values.phone_number), WithJsonSchema(_NUMBER_SCHEMA)]
PhoneOrSipId = Annotated[str, PlainValidator(values.phone_or_sip_id), WithJsonSchema(_NUMBER_SCHEMA)]
Recipient = Annotated[str, PlainValidator(values.plain), WithJsonSchema({"type": ["string", "integer"]})]
TimeZone = Annotated[str, PlainValidator(values.timezone), WithJsonSchema({"type": "string"})]
Date = Annotated[date, PlainValidator(values.calendar_date), WithJsonSchema({"type": "string", "format": "date"})]


class Shape(BaseModel):
    """A map with known keys only."""

    model_config = ConfigDict(extra="forbid", defer_build=True)


# -- schedules -----------------------------------------------------------------------------------------------------------


def _is_literal(value: Any) -> str:
    return "<literal>" if isinstance(value, dict) else "<name>"


def _is_many(value: Any) -> str:
    return "<many>" if isinstance(value, list) else "<one>"


Hours = Annotated[Annotated[Name, Tag("<one>")] | Annotated[list[Name], Tag("<many>")], Discriminator(_is_many)]


class Schedule(Shape):
    """When something is active: the vendor's `period`, or hours and dates from which periods are made."""

    description: Text | None = Field(None, description="Sent along as period_description.", examples=["график будни"])
    period: Text | None = Field(None, description="The vendor's own grammar.", examples=["wd {mon-fri} hr {9-17}"])
    verbatim: Flag = Field(False, description="Send the period as it stands, even if it cannot be understood.")
    timezone: TimeZone | None = Field(None, description="Where the hours are meant.", examples=["Asia/Novosibirsk"])
    weekly: dict[Name, Hours] | None = Field(
        None, description="Hours by weekday; hours past midnight belong to the day they start on.",
        examples=[{"mon-fri": "09:30-18:15", "sat": ["10:00-13:00", "14:00-16:00"]}],
    )  # fmt: skip
    except_: ScheduleRefs | None = Field(
        None, alias="except", description="Schedules whose days are taken out.", examples=[["holidays"]]
    )
    workday_as: Name | None = Field(None, description="Whose hours a moved working day has.", examples=["mon"])
    dates: list[Name] | None = Field(None, description="Days, with or without a year.", examples=[["01-01..01-08", "05-09"]])
    public: Name | None = Field(None, description="Public holidays of a country.", examples=["RU"])
    not_: ScheduleRef | None = Field(None, alias="not", description="All times outside this schedule.")
    any_: list[ScheduleRef] | None = Field(None, alias="any", description="Times in at least one of these schedules.")
    all_: list[ScheduleRef] | None = Field(None, alias="all", description="Times in every one of these schedules.")


ScheduleRef = Annotated[
    Annotated[Name, Tag("<name>")] | Annotated[Schedule, Tag("<literal>")],
    Discriminator(_is_literal),
]
ScheduleRefs = Annotated[
    Annotated[ScheduleRef, Tag("<one>")] | Annotated[list[ScheduleRef], Tag("<many>")],
    Discriminator(_is_many),
]


# -- forwardings ---------------------------------------------------------------------------------------------------------


class TargetEntry(Shape):
    """One phone, SIP ID or contact that rings."""

    to: Recipient = Field(description="A contact, a phone number or a SIP ID.", examples=["74992223344", "duty-desk"])
    timeout: Seconds | None = Field(None, description="Seconds it rings; else its contact's, else defaults.timeout.", examples=[16, "1m"])
    schedule: SkipValidation[ScheduleRef] | None = Field(None, description="When it is active: a schedule's name or a literal; always without.")
    schedule_description: Text | None = Field(None, description="Sent as period_description; else the schedule's description.")
    name: Text | None = Field(None, description="A free name; else the contact's.", examples=["звонит клиент"])
    active: Flag = Field(True, description="false drops the call.")


class SipEntry(Shape):
    """Forwarding to an external SIP account (type 1)."""

    type: Literal["sip"]
    sip_uri: Annotated[str, PlainValidator(values.sip_uri), WithJsonSchema({"type": "string"})] = Field(
        description="user@host or user@host:port.", examples=["user@sip.example.com:5060"]
    )


class NumberEntry(Shape):
    """Forwarding to phone numbers and SIP IDs (type 2)."""

    type: Literal["number"]
    redirect: Redirect = Field(Redirect.SINGLE, description="How the targets ring.", examples=["sequential"])
    targets: list[TargetEntry] = Field(description="Who rings, in order.")
    event_url: WebAddress | None = Field(
        None, description="Where notifications of calls go; ${var:NAME} is replaced.", examples=["https://example.com/calls"]
    )
    event_extended: Flag = Field(False, description="Extended notifications.")
    client_id: Text | None = Field(None, description="Your own id, repeated in notifications.", examples=["crm-1"])
    file_to_a: Text | None = Field(None, description="Id of the audio that the caller hears.", examples=["12345"])
    file_to_b: Text | None = Field(None, description="Id of the audio that the answering party hears.", examples=["54321"])
    masking: Flag = Field(False, description="Hide the caller's number.")
    display_number: Phone | None = Field(
        None, description="What the answering party sees with masking on.", examples=["74995556677"]
    )


class UrlEntry(Shape):
    """Forwarding to whatever a URL answers (type 3)."""

    type: Literal["url"]
    url: WebAddress = Field(description="Asked for each call; ${var:NAME} is replaced.", examples=["https://example.com/route"])
    reserve: PhoneOrSipId | None = Field(None, description="Rings when the URL cannot be reached.", examples=["74993334455"])


class TrunkEntry(Shape):
    """Forwarding to a static SIP trunk (type 4)."""

    type: Literal["sip_trunk"]
    static_ip: Annotated[str, PlainValidator(values.ip_address), WithJsonSchema({"type": "string"})] = Field(
        description="The trunk's IP address.", examples=["203.0.113.7"]
    )
    port: Annotated[
        int,
        PlainValidator(values.port),
        WithJsonSchema({"type": ["integer", "string"], "minimum": 1, "maximum": 65535, "pattern": "^[0-9]+$"}),
    ] = Field(description="The trunk's port.", examples=[5060])
    timeout: Seconds | None = Field(None, description="Seconds it rings; else defaults.timeout.", examples=[30])
    did: Annotated[
        str,
        PlainValidator(values.did),
        WithJsonSchema({"type": ["string", "integer"], "minimum": 1, "pattern": "^[1-9][0-9]*$"}),
    ] | None = Field(None, description="Digits without a leading zero.", examples=["111"])  # fmt: skip


FORWARDINGS: dict[str, type[Shape]] = {
    "number": NumberEntry,
    "url": UrlEntry,
    "sip_trunk": TrunkEntry,
    "sip": SipEntry,
}

ForwardingEntry = Annotated[NumberEntry | UrlEntry | TrunkEntry | SipEntry, Field(discriminator="type")] | Literal["none"]


def _optional(field: FieldInfo) -> tuple[Any, FieldInfo]:
    """The same field, allowed to be absent."""
    loose = copy(field)
    loose.default, loose.default_factory = None, None
    kind = Annotated[field.annotation, *field.metadata] if field.metadata else field.annotation
    loose.metadata = []
    return (kind | None, loose)


def _part_of(name: str, *shapes: type[Shape], doc: str) -> type[Shape]:
    """A model with every key of several others, all optional."""
    fields: dict[str, Any] = {}
    for shape in shapes:
        for key, field in shape.model_fields.items():
            fields.setdefault(key, _optional(field))
    kind = fields.get("type")
    if kind is not None:
        fields["type"] = (Literal["number", "url", "sip_trunk", "sip"] | None, Field(None, description="What it forwards to."))
    return create_model(name, __base__=Shape, __doc__=doc, **fields)


ForwardingPart = _part_of(
    "ForwardingPart", *FORWARDINGS.values(), doc="Part of a forwarding: what is absent comes from a profile below."
)


# -- numbers -------------------------------------------------------------------------------------------------------------


class Head(Shape):
    """What any entry of a number, whole or in part, may say beside its forwarding."""

    use: list[Name] = Field([], description="Profiles, left to right, then the entry itself.", examples=[["hotline"]])
    description: Text | None = Field(None, description="For people.", examples=["Sales hotline, Moscow"])
    tags: list[Text] = Field([], description="For selecting.", examples=[["moscow", "sales"]])
    protected: Flag = Field(False, description="Changes need --allow-protected.")
    account: Name | None = Field(None, description="An entry of accounts; else defaults.account.", examples=["sales"])
    parking: Flag | None = Field(None, description="Calls are parked for the application (MTT Business). Absent: not managed.")


class NumberOfConfig(Head):
    """One phone number."""

    forwarding: SkipValidation[ForwardingEntry] | None = Field(
        None, description="Where calls go (MTS Exolve). Absent: not managed; `none`: nowhere."
    )


class EntryPart(Head):
    """Part of a number's entry: a profile, an entry that uses one, or a scenario's."""

    forwarding: SkipValidation[ForwardingPart | Literal["none"]] | None = Field(  # type: ignore[valid-type]
        None, description="Where calls go, or part of it."
    )


class Contact(Shape):
    """A desk or phone by name."""

    to: Recipient = Field(description="A phone number, a SIP ID or another contact.", examples=["74992223344"])
    name: Text | None = Field(None, description="A free name, sent along.", examples=["дежурный"])
    timeout: Seconds | None = Field(None, description="Seconds it rings where a target says nothing.", examples=[16])


ContactPart = _part_of("ContactPart", Contact, doc="Part of a contact's entry.")


class Scenario(Shape):
    """A prepared switch, laid over the configuration by --scenario."""

    description: Text | None = Field(None, description="For people.")
    numbers: dict[Name, EntryPart | None] | None = Field(None, description="Parts of entries, by number.")
    contacts: dict[Name, ContactPart | None] | None = Field(None, description="Parts of contacts, by name.")  # type: ignore[valid-type]
    schedules: dict[Name, Schedule | None] | None = Field(None, description="Whole schedules, by name.")
    profiles: dict[Name, EntryPart | None] | None = Field(None, description="Parts of profiles, by name.")


# -- the trusted part ----------------------------------------------------------------------------------------------------


class RateEntry(Shape):
    """An account's request budget."""

    per_second: Annotated[float, PlainValidator(values.rate), WithJsonSchema({"type": ["number", "string"], "minimum": 0})] = Field(
        10.0, description="Requests a second; 0 is unlimited."
    )
    concurrency: _whole(1, 64) = Field(8, description="Requests at once.")  # type: ignore[valid-type]


class PeriodEntry(Shape):
    """What is assumed of the vendor's period language."""

    union: Union = Field(Union.ENTRIES, description="How a schedule of several parts is sent.")
    weekday_base: WeekdayBase = Field(WeekdayBase.REFUSE, description="What weekday 1 means.")


class ExolveAccount(Shape):
    """An application at MTS Exolve: call forwarding."""

    provider: Literal["exolve"]
    api_key: Secret = Field(description="The application's API key.", examples=[{"env": "EXOLVE_API_KEY"}])
    application: Annotated[str, PlainValidator(values.application), WithJsonSchema({"type": "string", "format": "uuid"})] | None = Field(
        None, description="The application's UUID: bulk list, unmanaged numbers, trunk read-back."
    )
    base_url: ServiceAddress = Field("https://api.exolve.ru", description="Where the API is; a path is kept.")
    rate: RateEntry = Field(RateEntry(), description="The request budget.")
    period: PeriodEntry = Field(PeriodEntry(), description="Assumptions on periods.")


class MttAccount(Shape):
    """An integration at MTT Business: parking."""

    provider: Literal["mtt"]
    client_id: Secret = Field(description="The integration's client id.", examples=[{"env": "MTT_CLIENT_ID"}])
    client_secret: Secret = Field(description="The integration's secret.", examples=[{"env": "MTT_CLIENT_SECRET"}])
    refresh_token: Secret | None = Field(None, description="A first refresh token; afterwards the token store has it.")
    redirect_uri: ServiceAddress | None = Field(None, description="As registered.", examples=["https://crm.example.com"])
    base_url: ServiceAddress = Field("https://openapi.mtt.ru", description="Where the API is.")
    oauth_url: ServiceAddress = Field("https://oauth.mtt.ru", description="Where logins are.")
    rate: RateEntry = Field(RateEntry(), description="The request budget.")


ACCOUNTS: dict[str, type[Shape]] = {"exolve": ExolveAccount, "mtt": MttAccount}
AccountEntry = Annotated[ExolveAccount | MttAccount, Field(discriminator="provider")]


class FileRecord(Shape):
    """A record in a local file."""

    path: Name = Field(".reconciler/record.db", description="Where the file is.")


class GitRecord(Shape):
    """A record in a git repository."""

    remote: Name = Field("origin", description="The remote.")
    ref: Name = Field("refs/reconciler/record", description="The ref.")


class HttpRecord(Shape):
    """A record behind the HTTP state protocol; TF_HTTP_* are honoured."""

    address: ServiceAddress | None = Field(None, description="Where the state is.")
    lock_address: ServiceAddress | None = Field(None, description="Where it is locked.")
    unlock_address: ServiceAddress | None = Field(None, description="Where it is unlocked.")
    lock_method: Name = Field("LOCK", description="The method of locking.")
    unlock_method: Name = Field("UNLOCK", description="The method of unlocking.")
    username: Name | None = Field(None, description="For basic authentication.")
    password: Secret | None = Field(None, description="For basic authentication.")


class PostgresRecord(Shape):
    """A record in PostgreSQL."""

    dsn: Secret = Field(description="The connection string.", examples=[{"env": "RECONCILER_DSN"}])


class RecordEntry(Shape):
    """Where the record and its locks live."""

    backend: Literal["file", "git", "http", "postgres"] = Field("file", description="The kind of store.")
    file: FileRecord | None = None
    git: GitRecord | None = None
    http: HttpRecord | None = None
    postgres: PostgresRecord | None = None


class DestinationsEntry(Shape):
    """Where calls may go."""

    allow: list[Name] | None = Field(None, description="Regions, sip_id, sip:GLOB, url:GLOB, prefixes.", examples=[["RU", "sip_id"]])
    deny: list[Name] = Field([], description="Prefixes, or types of number.", examples=[["+7809", "premium"]])


LimitEntry = Annotated[
    Limit,
    PlainValidator(values.limit),
    WithJsonSchema({"type": ["string", "integer"], "minimum": 0, "pattern": "^[0-9]+([.][0-9]+)? *%?$"}),
]


class PolicyEntry(Shape):
    """What a run may do."""

    max_changes: LimitEntry = Field(Limit(percent=30.0, floor=5), description="Updates, adoptions and deletes in one run.", examples=["30%"])
    max_deletes: LimitEntry = Field(Limit(percent=5.0, floor=1), description="Deletes in one run.", examples=["5%", 2])
    max_failures: _whole(1, 1000) = Field(3, description="Failures in a row with one cause that stop an account.")  # type: ignore[valid-type]
    change_window: SkipValidation[ScheduleRef] | None = Field(None, description="When an apply may write.")
    destinations: DestinationsEntry = Field(DestinationsEntry(), description="Where calls may go.")
    require_https: Flag = Field(True, description="Refuse http URLs.")
    require_signed_plan: Flag = Field(False, description="Apply signed plans only.")
    rules: dict[Name, Literal["error", "warning", "notice", "off"]] = Field({}, description="Severities of rules.")


class DefaultsEntry(Shape):
    """What holds where an entry says nothing."""

    account: Name | None = Field(None, description="The account of a number.", examples=["sales"])
    timeout: Seconds | None = Field(None, description="Seconds a target rings.", examples=[20])
    timezone: TimeZone = Field("Europe/Moscow", description="The zone in which the vendor evaluates periods: an assumption.")
    calendar_until: Date | None = Field(None, description="How far dated schedules are compiled.", examples=["2027-12-31"])


class ConfigFile(Shape):
    """One file of a configuration; `name`, `include`, `record`, `defaults`, `accounts`, `policy` in reconciler.yaml only."""

    version: Annotated[Literal["1"], WithJsonSchema({"enum": [1, "1"]})] = Field(description="The format's version.")
    name: Annotated[str, PlainValidator(values.configuration_name), WithJsonSchema({"type": "string"})] | None = Field(
        None, description="The identity of the record.", examples=["moscow-lines"]
    )
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


Schedule.model_rebuild()
