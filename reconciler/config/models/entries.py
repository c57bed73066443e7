"""The shape of numbers, forwardings, schedules, profiles, contacts and scenarios, with descriptions for editors.

Pydantic models: what is allowed where, and how each value is read. Knows no files, no places and no meaning across
entries.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from functools import partial
from types import new_class
from typing import TYPE_CHECKING, Annotated, Any, Literal, Required, get_args, get_origin, get_type_hints

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Discriminator,
    Field,
    PlainValidator,
    SkipValidation,
    Tag,
    WithJsonSchema,
    with_config,
)
from pydantic.config import JsonDict
from pydantic.fields import FieldInfo
from typing_extensions import TypedDict

from reconciler.config import addresses, patterns, values
from reconciler.config.meanings import SOURCE_TITLE
from reconciler.config.releases import ReleaseRange, release_range
from reconciler.model import MOST_ENTRIES, Redirect
from reconciler.secrets import SecretRef
from reconciler.settings import Limit

JsonSchema = dict[str, Any]

_DATE_SCHEMA: JsonSchema = {"type": "string", "format": "date", "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}$"}
_URL_SCHEMA: JsonSchema = {"type": "string", "pattern": "^[Hh][Tt][Tt][Pp][Ss]?://"}
_NUMBER_SCHEMA: JsonSchema = {"type": ["string", "integer"], "pattern": patterns.PHONE}
_SECRET_SCHEMA: JsonSchema = {
    "title": SOURCE_TITLE,
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

Text = Annotated[str, WithJsonSchema({"type": ["string", "number", "boolean"]})]
Name = str
Reference = Annotated[str, WithJsonSchema({"type": ["string", "number"]})]
Word = Annotated[str, PlainValidator(values.word), WithJsonSchema({"type": "string", "minLength": 1})]
Flag = Annotated[bool, PlainValidator(values.flag), WithJsonSchema({"type": "boolean"})]
Seconds = Annotated[
    int,
    PlainValidator(values.seconds),
    WithJsonSchema({"type": ["integer", "string"], "minimum": 1, "maximum": 3600, "pattern": "^[0-9]+ *[sm]?$"}),
]
Secret = Annotated[SecretRef, PlainValidator(values.secret), WithJsonSchema(_SECRET_SCHEMA)]
WebAddress = Annotated[str, PlainValidator(addresses.web_address), WithJsonSchema(_URL_SCHEMA)]
Remote = Annotated[str, PlainValidator(addresses.remote), WithJsonSchema({"type": "string", "minLength": 1})]
ServiceAddress = Annotated[str, PlainValidator(addresses.service_address), WithJsonSchema(_URL_SCHEMA)]
Phone = Annotated[str, PlainValidator(values.phone_number), WithJsonSchema(_NUMBER_SCHEMA)]
PhoneOrSipId = Annotated[
    str,
    PlainValidator(values.phone_or_sip_id),
    WithJsonSchema({"type": ["string", "integer"], "pattern": patterns.PHONE_OR_SIP_ID}),
]
Recipient = Annotated[str, WithJsonSchema({"type": ["string", "number"], "pattern": patterns.RECIPIENT})]
TimeZone = Annotated[str, PlainValidator(values.timezone), WithJsonSchema({"type": "string"})]
Date = Annotated[date, PlainValidator(values.calendar_date), WithJsonSchema(_DATE_SCHEMA)]


class Shape(BaseModel):
    """A map with known keys only, read to an object that has defaults for the others."""

    model_config = ConfigDict(extra="forbid", defer_build=True)


known_keys_only = with_config(ConfigDict(extra="forbid"))
"""For what stands in a configuration by the thousand: a typed map stays a map, which takes half the time of `Shape`."""


# -- less common values -----------------------------------------------------------------------------------------------


def _integer(lowest: int, highest: int) -> PlainValidator:
    return PlainValidator(partial(values.whole_number, lowest=lowest, highest=highest))


def _whole(lowest: int, highest: int) -> WithJsonSchema:
    return WithJsonSchema({"type": ["integer", "string"], "minimum": lowest, "maximum": highest, "pattern": "^[0-9]+$"})


Failures = Annotated[int, _integer(1, 1_000), _whole(1, 1_000)]
LostCalls = Annotated[int, _integer(0, 1_000_000_000), _whole(0, 1_000_000_000)]
Workers = Annotated[int, _integer(1, 64), _whole(1, 64)]
MostEntries = Annotated[int, _integer(1, MOST_ENTRIES), _whole(1, MOST_ENTRIES)]
Port = Annotated[int, PlainValidator(values.port), _whole(1, values.LARGEST_PORT)]
IpAddress = Annotated[
    str, PlainValidator(addresses.ip_address), WithJsonSchema({"type": "string", "pattern": patterns.IP_ADDRESS})
]
SipUri = Annotated[
    str, PlainValidator(addresses.sip_uri), WithJsonSchema({"type": "string", "pattern": patterns.SIP_URI})
]
HoursText = Annotated[str, WithJsonSchema({"type": "string", "pattern": patterns.HOURS})]
DatesText = Annotated[str, WithJsonSchema({"type": "string", "pattern": patterns.DATES})]
DayText = Annotated[str, WithJsonSchema({"type": "string", "pattern": patterns.DAYS})]
VersionRange = Annotated[
    ReleaseRange,
    PlainValidator(release_range),
    WithJsonSchema({"type": "string", "pattern": patterns.VERSION_RANGE}),
]
ConfigurationName = Annotated[
    str,
    PlainValidator(values.configuration_name),
    WithJsonSchema({"type": ["string", "number", "boolean"], "pattern": "^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$"}),
]
Application = Annotated[
    str,
    PlainValidator(values.application),
    WithJsonSchema(
        {"type": "string", "format": "uuid", "pattern": "^[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}$"}
    ),
]
Settle = Annotated[
    int,
    PlainValidator(values.settle),
    WithJsonSchema({"type": ["integer", "string"], "minimum": 0, "maximum": 600, "pattern": "^[0-9]+ *[sm]?$"}),
]
PerSecond = Annotated[
    float,
    PlainValidator(values.rate),
    WithJsonSchema({"type": ["number", "string"], "minimum": 0, "pattern": "^[0-9]{1,6}([.][0-9]{1,3})?$"}),
]
Did = Annotated[
    str,
    PlainValidator(values.did),
    WithJsonSchema({"type": ["string", "integer"], "minimum": 1, "pattern": "^[1-9][0-9]*$"}),
]
Destination = Annotated[
    str,
    PlainValidator(addresses.destination),
    WithJsonSchema({"type": ["string", "integer"], "minimum": 0, "pattern": patterns.DESTINATION}),
]
Share = Annotated[
    Limit,
    PlainValidator(values.limit),
    WithJsonSchema({"type": ["string", "integer"], "minimum": 0, "pattern": patterns.SHARE}),
]


_SOME: JsonDict = {"minItems": 1}  # for editors; an empty list is told by who reads the times


def _is_literal(value: Any) -> str:
    return "<literal>" if isinstance(value, dict) else "<name>"


def _is_many(value: Any) -> str:
    return "<many>" if isinstance(value, list) else "<one>"


def _is_dates(value: Any) -> str:
    return "<literal>" if isinstance(value, dict) else "<many>"


def _said(value: Any) -> Any:
    if value is None:
        message, hint = "this day has no hours", "write hours, like 09:00-18:00, or leave the day out"
        raise values.refuse("schedule-shape", message, hint)
    return value


Hours = Annotated[
    Annotated[HoursText, Tag("<one>")] | Annotated[list[HoursText], Field(json_schema_extra=_SOME), Tag("<many>")],
    Discriminator(_is_many),
    BeforeValidator(_said),
]


class CalendarDates(Shape):
    """The whole-day events of a calendar file."""

    ics: Word = Field(
        description="A calendar file of the repository (iCalendar), by its path from reconciler.yaml.",
        examples=["holidays.ics"],
    )


Dates = Annotated[
    Annotated[list[DatesText], Tag("<many>")] | Annotated[CalendarDates, Tag("<literal>")], Discriminator(_is_dates)
]


class Schedule(Shape):
    """When something is active: the vendor's `period`, or hours and dates from which periods are made."""

    description: Text | None = Field(None, description="Sent along as period_description.", examples=["график будни"])
    period: Text | None = Field(None, description="The vendor's own grammar.", examples=["wd {mon-fri} hr {9-17}"])
    verbatim: Flag = Field(False, description="Send the period as written, even if it cannot be understood.")
    timezone: TimeZone | None = Field(None, description="The zone of the hours.", examples=["Asia/Novosibirsk"])
    weekly: dict[Name, Hours] | None = Field(
        None,
        json_schema_extra={"minProperties": 1},
        description="Hours by weekday; hours past midnight belong to the day they start on.",
        examples=[{"mon-fri": "09:30-18:15", "sat": ["10:00-13:00", "14:00-16:00"]}],
    )
    # Schedules inside a schedule are judged one by one, where each may be a name or a literal.
    except_: SkipValidation[ScheduleRefs] | None = Field(
        None, alias="except", description="Schedules whose days are removed.", examples=[["holidays"]]
    )
    workday_as: DayText | None = Field(
        None, description="The day whose hours a moved working day has.", examples=["mon"]
    )
    dates: Dates | None = Field(
        None,
        json_schema_extra=_SOME,
        description="Days, with or without a year; or the whole-day events of a calendar file.",
        examples=[["01-01..01-08", "05-09"], {"ics": "holidays.ics"}],
    )
    public: Name | None = Field(None, description="Public holidays of a country.", examples=["RU"])
    not_: SkipValidation[ScheduleRef] | None = Field(None, alias="not", description="All times outside this schedule.")
    any_: list[SkipValidation[ScheduleRef]] | None = Field(
        None, alias="any", json_schema_extra=_SOME, description="Times in at least one of these schedules."
    )
    all_: list[SkipValidation[ScheduleRef]] | None = Field(
        None, alias="all", json_schema_extra=_SOME, description="Times in every one of these schedules."
    )


ScheduleRef = Annotated[
    Annotated[Reference, Tag("<name>")] | Annotated[Schedule, Tag("<literal>")],
    Discriminator(_is_literal),
]
ScheduleRefs = Annotated[
    Annotated[ScheduleRef, Tag("<one>")] | Annotated[list[ScheduleRef], Tag("<many>")],
    Discriminator(_is_many),
]


@known_keys_only
class TargetEntry(TypedDict, total=False):
    """One phone, SIP ID or contact that rings."""

    to: Required[
        Annotated[
            Recipient,
            Field(description="A contact, a phone number or a SIP ID.", examples=["74992223344", "duty-desk"]),
        ]
    ]
    timeout: Annotated[
        Seconds,
        Field(description="Seconds it rings; else its contact's, else defaults.timeout.", examples=[16, "1m"]),
    ]
    schedule: Annotated[
        SkipValidation[ScheduleRef],
        Field(description="When it is active: the name of a schedule or a literal; default: always."),
    ]
    schedule_description: Annotated[
        Text, Field(description="Sent as period_description; else the schedule's description.")
    ]
    name: Annotated[Text, Field(description="A free name; else the contact's.", examples=["звонит клиент"])]
    active: Annotated[Flag, Field(description="false drops the call.", json_schema_extra={"default": True})]


@known_keys_only
class SipEntry(TypedDict):
    """Forwarding to an external SIP account (type 1)."""

    type: Annotated[Literal["sip"], Field(description="What calls are forwarded to.")]
    sip_uri: Annotated[
        SipUri, Field(description="user@host or user@host:port.", examples=["user@sip.example.com:5060"])
    ]


@known_keys_only
class NumberEntry(TypedDict, total=False):
    """Forwarding to phone numbers and SIP IDs (type 2)."""

    type: Required[Annotated[Literal["number"], Field(description="What calls are forwarded to.")]]
    redirect: Annotated[
        Redirect,
        Field(
            description="How the targets ring.",
            examples=["sequential"],
            json_schema_extra={"default": Redirect.SINGLE.value},
        ),
    ]
    targets: Required[Annotated[list[TargetEntry], Field(description="Who rings, in order.", json_schema_extra=_SOME)]]
    event_url: Annotated[
        WebAddress,
        Field(
            description="Where notifications of calls go; ${var:NAME} is replaced.",
            examples=["https://example.com/calls"],
        ),
    ]
    event_extended: Annotated[Flag, Field(description="Extended notifications.", json_schema_extra={"default": False})]
    client_id: Annotated[Text, Field(description="Your own id, repeated in notifications.", examples=["crm-1"])]
    file_to_a: Annotated[Text, Field(description="Id of the audio that the caller hears.", examples=["12345"])]
    file_to_b: Annotated[Text, Field(description="Id of the audio that the answering party hears.", examples=["54321"])]
    masking: Annotated[Flag, Field(description="Hide the caller's number.", json_schema_extra={"default": False})]
    display_number: Annotated[
        Phone, Field(description="What the answering party sees with masking on.", examples=["74995556677"])
    ]


@known_keys_only
class UrlEntry(TypedDict, total=False):
    """Forwarding to whatever a URL answers (type 3)."""

    type: Required[Annotated[Literal["url"], Field(description="What calls are forwarded to.")]]
    url: Required[
        Annotated[
            WebAddress,
            Field(description="Asked for each call; ${var:NAME} is replaced.", examples=["https://example.com/route"]),
        ]
    ]
    reserve: Annotated[
        PhoneOrSipId, Field(description="Rings when the URL cannot be reached.", examples=["74993334455"])
    ]


@known_keys_only
class TrunkEntry(TypedDict, total=False):
    """Forwarding to a static SIP trunk (type 4)."""

    type: Required[Annotated[Literal["sip_trunk"], Field(description="What calls are forwarded to.")]]
    static_ip: Required[Annotated[IpAddress, Field(description="The trunk's IP address.", examples=["203.0.113.7"])]]
    port: Required[Annotated[Port, Field(description="The trunk's port.", examples=[5060])]]
    timeout: Annotated[Seconds, Field(description="Seconds it rings; else defaults.timeout.", examples=[30])]
    did: Annotated[Did, Field(description="Digits without a leading zero.", examples=["111"])]


OneForwarding = NumberEntry | UrlEntry | TrunkEntry | SipEntry
FORWARDINGS: dict[str, type[OneForwarding]] = {
    "number": NumberEntry,
    "url": UrlEntry,
    "sip_trunk": TrunkEntry,
    "sip": SipEntry,
}

ForwardingEntry = Annotated[OneForwarding, Field(discriminator="type")] | Literal["none"]


def _part(shapes: Mapping[str, type[OneForwarding]]) -> type:
    """A map with any key of these, of which none is required, and what is said of them left out."""
    wholes = (get_type_hints(shape, include_extras=True) for shape in shapes.values())
    hints = {key: _bare(hint) for whole in wholes for key, hint in whole.items()} | {"type": Literal[tuple(shapes)]}
    body = {
        "__annotations__": hints,
        "__module__": __name__,
        "__doc__": "Part of a forwarding of any type: what is absent comes from a profile below.",
    }
    return known_keys_only(new_class("ForwardingPart", (TypedDict,), {"total": False}, lambda made: made.update(body)))


def _bare(hint: Any) -> Any:
    if get_origin(hint) is Required:
        return _bare(get_args(hint)[0])
    kind, *extras = get_args(hint) if get_origin(hint) is Annotated else (hint,)
    kept = [extra for extra in extras if not isinstance(extra, FieldInfo)]
    return Annotated[kind, *kept] if kept else kind


if TYPE_CHECKING:
    ForwardingPart = dict[str, Any]
else:
    ForwardingPart = _part(FORWARDINGS)


class Head(TypedDict, total=False):
    """What any entry of a number, whole or in part, may say beside its forwarding."""

    use: Annotated[
        list[Reference], Field(description="Profiles, left to right, then the entry itself.", examples=[["hotline"]])
    ]
    description: Annotated[Text, Field(description="For people.", examples=["Sales hotline, Moscow"])]
    tags: Annotated[list[Text], Field(description="For selecting.", examples=[["moscow", "sales"]])]
    protected: Annotated[
        Flag, Field(description="Changes need --allow-protected.", json_schema_extra={"default": False})
    ]
    account: Annotated[Reference, Field(description="An entry of accounts; else defaults.account.", examples=["sales"])]
    parking: Annotated[Flag, Field(description="Calls are parked for the application. Absent: not managed.")]


# docs/decisions/092
@known_keys_only
class Entry(Head, total=False):
    """An entry as it is loaded: its forwarding is judged on its own, once its type is known."""

    forwarding: object


@known_keys_only
class EntryPart(Head, total=False):
    """Part of a number's entry: a profile, an entry that uses one, or a scenario's."""

    forwarding: Annotated[
        SkipValidation[ForwardingPart | Literal["none"]], Field(description="Where calls go, or part of it.")
    ]


@known_keys_only
class Contact(TypedDict, total=False):
    """A desk or phone by name."""

    to: Required[
        Annotated[
            Recipient, Field(description="A phone number, a SIP ID or another contact.", examples=["74992223344"])
        ]
    ]
    name: Annotated[Text, Field(description="A free name, sent along.", examples=["дежурный"])]
    timeout: Annotated[
        Seconds, Field(description="How many seconds it rings unless the target says otherwise.", examples=[16])
    ]


@known_keys_only
class ContactPart(TypedDict, total=False):
    """Part of a contact's entry."""

    to: Recipient
    name: Text
    timeout: Seconds


class Scenario(Shape):
    """A prepared switch, laid over the configuration by --scenario."""

    description: Text | None = Field(None, description="For people.")
    numbers: dict[Name, EntryPart] | None = Field(None, description="Parts of entries, by number.")
    contacts: dict[Name, ContactPart] | None = Field(None, description="Parts of contacts, by name.")
    schedules: dict[Name, Schedule] | None = Field(None, description="Whole schedules, by name.")
    profiles: dict[Name, EntryPart] | None = Field(None, description="Parts of profiles, by name.")
