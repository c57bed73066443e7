"""The messages of Exolve's numbering API as its documentation writes them, and how an answer spells their fields.

The documented spelling, or a random legal one from a seeded generator when asked to be loose. Must not know sockets,
faults or what is stored; shapes are tables.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import replace
from itertools import count
from typing import Any, TypeVar

from reconciler.sandbox.protojson import Field, FieldKind, Message


class Refusal(Exception):
    """A request that is understood and not done; the text is the vendor's."""

    def __init__(self, text: str, status: int = 400) -> None:
        super().__init__(text)
        self.status = status


_T = TypeVar("_T")


class Spelling:
    """How answers are spelled. Documented: uint64 and some uint32 as text, defaults absent, lists as lists.

    With a seed every answer is spelled anew at random, within what the vendor's pages and protojson allow.
    """

    def __init__(self, seed: int | None = None) -> None:
        self._seed = seed
        self._throws = count()

    @property
    def is_loose(self) -> bool:
        return self._seed is not None

    def chance(self) -> bool:
        """A coin's answer when loose, else False."""
        return self.is_loose and self._throw(2) == 1

    def choose(self, documented: _T, *others: _T) -> _T:
        """The documented spelling, or when loose any of them."""
        spellings = (documented, *others)
        return spellings[self._throw(len(spellings))] if self.is_loose else documented

    def message(self, message: Message, value: Mapping[str, Any]) -> dict[str, Any]:
        """Spell a message's fields; a zero is absent, or when loose sometimes printed."""
        spelled: dict[str, Any] = {}
        for field in message.fields:
            if value.get(field.name) or (field.message is not None and not field.repeated and field.name in value):
                spelled[field.name] = self._field(field, value[field.name])
            elif field.oneof is None and (field.message is None or field.repeated) and self.chance():
                spelled[field.name] = self._zero(field)
        return self.ordered(spelled)

    def ordered(self, members: dict[str, Any]) -> dict[str, Any]:
        """Keys as they come, or when loose in any order."""
        if not self.is_loose:
            return members
        throws = {key: self._throw(1 << 16) for key in members}
        return {key: members[key] for key in sorted(members, key=throws.__getitem__)}

    def integer(self, value: int, *, text: bool) -> int | str:
        """An integer as the page prints it (`text`: as digits in quotes), or when loose either way."""
        documented, other = (str(value), value) if text else (value, str(value))
        return self.choose(documented, other)

    def _throw(self, sides: int) -> int:
        """A die's answer from 0 on: the same seed gives the same row of answers on every machine."""
        digest = hashlib.blake2b(f"{self._seed}:{next(self._throws)}".encode(), digest_size=4).digest()
        return int.from_bytes(digest, "big") % sides

    def _field(self, field: Field, value: object) -> object:
        if not isinstance(value, list):
            return self._value(field, value)
        items = [self._value(field, item) for item in value]
        return items[0] if len(items) == 1 and self.chance() else items

    def _value(self, field: Field, value: object) -> object:
        if isinstance(value, Mapping) and field.message is not None:
            return self.message(field.message, value)
        if isinstance(value, int) and field.kind is FieldKind.ENUM:
            return self._enum(field, value)
        if isinstance(value, int) and field.kind is not FieldKind.BOOL:
            return self.integer(value, text=field.text)
        return value

    def _enum(self, field: Field, value: int) -> int | str:
        names = [name for number, name in field.names if number == value]
        if names and self.chance():
            return names[0]
        return self.integer(value, text=field.text)

    def _zero(self, field: Field) -> object:
        if field.repeated:
            return []
        if field.kind in (FieldKind.UINT32, FieldKind.UINT64, FieldKind.ENUM):
            return self.integer(0, text=field.text)
        return False if field.kind is FieldKind.BOOL else ""


_STRING, _BOOL, _UINT32, _UINT64, _ENUM, _MESSAGE = FieldKind

_TYPES = {1: "sip", 2: "number", 3: "ipcr", 4: "static"}
MEMBER_OF_TYPE = {number: f"call_forwarding_{word}" for number, word in _TYPES.items()}
# Seen in public code: NUMBER (written) and SIP (a comment); the other two are formed alike.
TYPE_NAMES = tuple((number, f"CALL_FORWARDING_TYPE_{word.upper()}") for number, word in _TYPES.items())
UNWRITABLE_IN_NUMBER, UNWRITABLE_IN_CONTROL = "answer", "dtmf"
_ONEOF = "call_forwarding_data"

SIP = Message("CallForwardingSip", (Field("sip_uri", _STRING),))
IPCR = Message("CallForwardingIpcr", (Field("url", _STRING), Field("reserve", _STRING)))
STATIC = Message(
    "CallForwardingStatic",
    (Field("static_ip", _STRING), Field("port", _UINT32), Field("timeout", _UINT32), Field("did", _UINT64, text=True)),
)
CALL_CONTROL = Message(
    "CallControl",
    (
        Field("period", _STRING),
        Field("period_description", _STRING),
        Field("timeout", _UINT32, text=True),
        Field("active", _BOOL),
        Field("name", _STRING),
        Field("redirect_number", _STRING),
    ),
)
_CLIENT_ID = Field("client_id", _STRING)
NUMBER = Message(
    "CallForwardingNumber",
    (
        Field("redirect_type", _ENUM),
        Field("call_control", _MESSAGE, CALL_CONTROL, repeated=True),
        Field("event_url", _STRING),
        Field("event_extended", _BOOL),
        _CLIENT_ID,
        Field("file_to_a", _STRING),
        Field("file_to_b", _STRING),
        Field("masking", _BOOL),
        Field("display_number", _STRING),
    ),
)

# What GetAttributes returns of them: `dtmf` and `answer` more, `client_id` less.
CALL_CONTROL_READ = Message("CallControl", (*CALL_CONTROL.fields, Field(UNWRITABLE_IN_CONTROL, _STRING)))
NUMBER_READ = Message(
    "CallForwardingNumber",
    (
        *(
            replace(field, message=CALL_CONTROL_READ if field.message else None)
            for field in NUMBER.fields
            if field != _CLIENT_ID
        ),
        Field(UNWRITABLE_IN_NUMBER, _BOOL),
    ),
)


def _forwarding_fields(number: Message) -> tuple[Field, ...]:
    return (
        Field("call_forwarding_type", _ENUM, names=TYPE_NAMES),
        Field("call_forwarding_sip", _MESSAGE, SIP, oneof=_ONEOF),
        Field("call_forwarding_number", _MESSAGE, number, oneof=_ONEOF),
        Field("call_forwarding_ipcr", _MESSAGE, IPCR, oneof=_ONEOF),
        Field("call_forwarding_static", _MESSAGE, STATIC, oneof=_ONEOF),
    )


_NUMBER_CODE = Field("number_code", _UINT64)
SET_REQUEST = Message("SetCallForwardingRequest", (_NUMBER_CODE, *_forwarding_fields(NUMBER)))
# The same request if `answer` and `dtmf` could be written, which nobody documents.
_NUMBER_WITH_UNWRITABLE = Message("CallForwardingNumber", (*NUMBER_READ.fields, _CLIENT_ID))
SET_REQUEST_WITH_UNWRITABLE = Message(
    "SetCallForwardingRequest", (_NUMBER_CODE, *_forwarding_fields(_NUMBER_WITH_UNWRITABLE))
)
DELETE_REQUEST = Message("DeleteCallForwardingRequest", (_NUMBER_CODE,))
ATTRIBUTES_REQUEST = Message("GetAttributesRequest", (_NUMBER_CODE,))
INFO_REQUEST = Message("GetInfoRequest", (_NUMBER_CODE,))
FORWARDING_READ = Message("Attributes", _forwarding_fields(NUMBER_READ))

_PAGE = (Field("limit", _UINT64), Field("offset", _UINT64), Field("date_from", _STRING), Field("date_to", _STRING))
LIST_REQUEST = Message(
    "GetListRequest",
    (
        *_PAGE,
        Field("application_uuid", _STRING),
        Field("type_name", _STRING),
        Field("category_id", _UINT64),
        Field("region_id", _UINT64),
        Field("search_filter", _STRING),
        Field("sip_filter", _ENUM),
    ),
)
SIP_LIST_REQUEST = Message(
    "GetSIPListRequest",
    (
        *_PAGE,
        Field("search_filter_by_name", _STRING),
        Field("username_filter", _STRING),
        Field("clis_filter", _STRING),
        Field("order_by_name", _ENUM, oneof="order_by"),
        Field("order_by_date", _ENUM, oneof="order_by"),
    ),
)
MEDIA_LIST_REQUEST = Message("GetListRequest", _PAGE)

# The customer's list names a trunk's fields in its own way and prints one target without its schedule.
LIST_NUMBER = Message(
    "CallForwardingNumber", (Field("redirect_type", _ENUM, text=True), Field("redirect_number", _STRING))
)
LIST_STATIC = Message(
    "CallForwardingStaticIP",
    (Field("did_name", _UINT64, text=True), Field("ip", _STRING), Field("port", _UINT32), Field("timeout", _UINT32)),
)
LIST_MEMBER_OF_TYPE = {
    1: Field("call_forwarding_sip", _MESSAGE, SIP),
    2: Field("call_forwarding_number", _MESSAGE, LIST_NUMBER),
    3: Field("call_forwarding_ipcr", _MESSAGE, IPCR),
    4: Field("call_forwarding_ip_static", _MESSAGE, LIST_STATIC),
}
