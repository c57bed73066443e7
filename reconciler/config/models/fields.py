"""The kinds of values that keys take: how each is read, and what an editor is told of it.

Knows no structure.
"""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, PlainValidator, WithJsonSchema, with_config

from reconciler.config import values
from reconciler.secrets import SecretRef
from reconciler.settings import Limit

JsonSchema = dict[str, Any]

_UUID_SCHEMA: JsonSchema = {
    "type": "string",
    "format": "uuid",
    "pattern": "^[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}$",
}
_DATE_SCHEMA: JsonSchema = {"type": "string", "format": "date", "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}$"}
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

Text = Annotated[str, WithJsonSchema({"type": ["string", "number", "boolean"]})]
Name = str
Word = Annotated[str, PlainValidator(values.word), WithJsonSchema({"type": "string", "minLength": 1})]
Flag = Annotated[bool, PlainValidator(values.flag), WithJsonSchema({"type": "boolean"})]
Seconds = Annotated[
    int,
    PlainValidator(values.seconds),
    WithJsonSchema({"type": ["integer", "string"], "minimum": 1, "maximum": 3600, "pattern": "^[0-9]+ *[sm]?$"}),
]
Secret = Annotated[SecretRef, PlainValidator(values.secret), WithJsonSchema(_SECRET_SCHEMA)]
WebAddress = Annotated[str, PlainValidator(values.web_address), WithJsonSchema(_URL_SCHEMA)]
Remote = Annotated[str, PlainValidator(values.remote), WithJsonSchema({"type": "string", "minLength": 1})]
ServiceAddress = Annotated[str, PlainValidator(values.service_address), WithJsonSchema(_URL_SCHEMA)]
Phone = Annotated[str, PlainValidator(values.phone_number), WithJsonSchema(_NUMBER_SCHEMA)]
PhoneOrSipId = Annotated[str, PlainValidator(values.phone_or_sip_id), WithJsonSchema(_NUMBER_SCHEMA)]
Recipient = Annotated[str, WithJsonSchema({"type": ["string", "integer"]})]
TimeZone = Annotated[str, PlainValidator(values.timezone), WithJsonSchema({"type": "string"})]
Date = Annotated[date, PlainValidator(values.calendar_date), WithJsonSchema(_DATE_SCHEMA)]


class Shape(BaseModel):
    """A map with known keys only, read to an object that has defaults for the others."""

    model_config = ConfigDict(extra="forbid", defer_build=True)


known_keys_only = with_config(ConfigDict(extra="forbid"))
"""For what stands in a configuration by the thousand: a typed map stays a map, which takes half the time of `Shape`."""


# -- less common values -----------------------------------------------------------------------------------------------


def _failures(value: Any) -> int:
    return values.whole_number(value, lowest=1, highest=1_000)


def _workers(value: Any) -> int:
    return values.whole_number(value, lowest=1, highest=64)


def _whole(lowest: int, highest: int) -> WithJsonSchema:
    return WithJsonSchema({"type": ["integer", "string"], "minimum": lowest, "maximum": highest, "pattern": "^[0-9]+$"})


Failures = Annotated[int, PlainValidator(_failures), _whole(1, 1_000)]
Workers = Annotated[int, PlainValidator(_workers), _whole(1, 64)]
Port = Annotated[int, PlainValidator(values.port), _whole(1, values.LARGEST_PORT)]
IpAddress = Annotated[str, PlainValidator(values.ip_address), WithJsonSchema({"type": "string"})]
SipUri = Annotated[str, PlainValidator(values.sip_uri), WithJsonSchema({"type": "string"})]
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
Destination = Annotated[str, PlainValidator(values.destination), WithJsonSchema({"type": ["string", "integer"]})]
Share = Annotated[
    Limit,
    PlainValidator(values.limit),
    WithJsonSchema({"type": ["string", "integer"], "minimum": 0, "pattern": "^[0-9]+([.][0-9]+)? *%?$"}),
]
