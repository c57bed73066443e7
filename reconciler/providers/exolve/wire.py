"""What Exolve's answers look like: tolerant of every documented spelling, refusing what would be a guess.

The server is Go's protojson: 64-bit integers come as text, enums as number, digits or name, a default may be absent, a
repeated message is documented as one object. Knows nothing of the model.
"""

from __future__ import annotations

from typing import Annotated, TypeVar

from pydantic import AliasChoices, AliasGenerator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError
from pydantic.alias_generators import to_camel

from reconciler.http.errors import UnexpectedResponse
from reconciler.model import MOST_ENTRIES
from reconciler.schedule import LONGEST as LONGEST_PERIOD

_UINT64 = 2**64 - 1
_LONGEST_DIGITS = 20

# The numbers are those of the vendor's documentation, which has no names; clients were seen to send some of these.
FORWARDING_TYPES = {"UNDEFINED": 0, "SIP": 1, "NUMBER": 2, "IPCR": 3, "STATIC": 4}
REDIRECT_TYPES = {"SINGLE": 1, "SEQUENTIAL": 2, "PARALLEL": 3}


def _integer(value: object) -> int:
    match value:
        case None | "":
            return 0
        case int() if not isinstance(value, bool) and 0 <= value <= _UINT64:
            return value
        case str() if value.isascii() and value.isdigit() and len(value) <= _LONGEST_DIGITS:
            return int(value)
    raise ValueError("not an unsigned integer")


def _text(value: object) -> str:
    match value:
        case None:
            return ""
        case str():
            return value
        case int() if not isinstance(value, bool):
            return str(value)
    raise ValueError("not text")


def _boolean(value: object) -> bool:
    match value:
        case bool():
            return value
        case None:
            return False
        case str() if value.lower() in {"true", "false"}:
            return value.lower() == "true"
    raise ValueError("neither true nor false")


def _flag(value: object) -> bool | None:
    if value in (0, 1, "0", "1") and not isinstance(value, bool):
        return value in (1, "1")
    return None if value is None else _boolean(value)


def _one(value: object) -> object:
    """One object, also where it comes as a list of one or none."""
    match value:
        case []:
            return None
        case [only]:
            return only
    return value


def _many(value: object) -> object:
    """A list, also where a list of one comes as its only element."""
    match value:
        case None:
            return []
        case dict():
            return [value] if value else []
    return value


def _enum(names: dict[str, int], prefix: str) -> BeforeValidator:
    def read(value: object) -> int:
        if isinstance(value, str) and not value.isdigit():
            return names[value.upper().removeprefix(prefix)] if value else 0
        return _integer(value)

    def known(value: object) -> int:
        try:
            number = read(value)
        except KeyError:
            raise ValueError("not a documented value") from None
        if number not in {0, *names.values()}:
            raise ValueError("not a documented value")
        return number

    return BeforeValidator(known)


Integer = Annotated[int, BeforeValidator(_integer)]
Text = Annotated[str, BeforeValidator(_text)]
Boolean = Annotated[bool, BeforeValidator(_boolean)]
Flag = Annotated[bool | None, BeforeValidator(_flag)]
ForwardingType = Annotated[int, _enum(FORWARDING_TYPES, "CALL_FORWARDING_TYPE_")]
RedirectType = Annotated[int, _enum(REDIRECT_TYPES, "REDIRECT_TYPE_")]


def _spellings(name: str) -> AliasChoices:
    """A key as the pages print it, and as protojson spells it by itself: not to know it would look like a default."""
    return AliasChoices(name, to_camel(name))


class _Wire(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True, alias_generator=AliasGenerator(validation_alias=_spellings))


class CallControl(_Wire):
    """One target as GetAttributes tells it; `dtmf` is not documented as writable."""

    redirect_number: Text = ""
    timeout: Integer = 0
    active: Boolean = False
    name: Text = ""
    period: Annotated[Text, Field(max_length=LONGEST_PERIOD)] = ""
    period_description: Text = ""
    dtmf: Text = ""


class NumberBody(_Wire):
    """Type 2; `answer` is not documented as writable, `client_id` is never returned."""

    redirect_type: RedirectType = 0
    call_control: Annotated[list[CallControl], Field(max_length=MOST_ENTRIES), BeforeValidator(_many)] = Field(
        default_factory=list
    )
    event_url: Text = ""
    event_extended: Boolean = False
    file_to_a: Text = ""
    file_to_b: Text = ""
    answer: Boolean = False
    masking: Boolean = False
    display_number: Text = ""


class SipBody(_Wire):
    """Type 1."""

    sip_uri: Text = ""


class IpcrBody(_Wire):
    """Type 3."""

    url: Text = ""
    reserve: Text = ""


class StaticBody(_Wire):
    """Type 4: Set's names, and those of the customer list (`ip`, `did_name`)."""

    static_ip: Text = ""
    ip: Text = ""
    port: Integer = 0
    timeout: Integer = 0
    did: Integer = 0
    did_name: Text = ""


class Attributes(_Wire):
    """What GetAttributes tells of a number's forwarding."""

    call_forwarding_type: ForwardingType = 0
    call_forwarding_sip: Annotated[SipBody | None, BeforeValidator(_one)] = None
    call_forwarding_number: Annotated[NumberBody | None, BeforeValidator(_one)] = None
    call_forwarding_ipcr: Annotated[IpcrBody | None, BeforeValidator(_one)] = None
    call_forwarding_static: Annotated[StaticBody | None, BeforeValidator(_one)] = None
    call_forwarding_ip_static: Annotated[StaticBody | None, BeforeValidator(_one)] = None


class AttributesAnswer(_Wire):
    """GetAttributes; an answer without `attributes` is none of the documented ones."""

    attributes: Attributes


class ListedNumberBody(_Wire):
    """Type 2 in the customer list: one target and no schedule, so it decides nothing."""


class ListedNumber(_Wire):
    """One number of the customer list; forwarding only where an application was asked for."""

    number_name: Text
    application_uuid: Text = ""
    call_forwarding_flag: Flag = None
    call_forwarding_number: Annotated[ListedNumberBody | None, BeforeValidator(_one)] = None
    call_forwarding_sip: Annotated[SipBody | None, BeforeValidator(_one)] = None
    call_forwarding_ipcr: Annotated[IpcrBody | None, BeforeValidator(_one)] = None
    call_forwarding_static: Annotated[StaticBody | None, BeforeValidator(_one)] = None
    call_forwarding_ip_static: Annotated[StaticBody | None, BeforeValidator(_one)] = None


class NumberPage(_Wire):
    """One page of the customer list."""

    numbers: Annotated[list[ListedNumber], BeforeValidator(_many)] = Field(default_factory=list)
    total: Integer = 0


Model = TypeVar("Model", bound=BaseModel)


def read(model: type[Model], data: object) -> Model:
    """Judge an answer by its model; raises UnexpectedResponse that names the place, never the value."""
    try:
        return model.model_validate(data)
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False, include_input=False)[0]
        place = ".".join(str(part) for part in first["loc"]) or "the answer"
        what = f"no {place}" if first["type"] == "missing" else f"{place}: {first['msg'].removeprefix('Value error, ')}"
        raise UnexpectedResponse(f"Exolve answered something undocumented: {what}") from None
