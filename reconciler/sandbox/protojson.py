"""Reads a JSON request as Go's protojson would, and refuses it in protojson's words with line and column.

Must not know which messages exist or what a vendor does with them; schemas are passed in.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from enum import Enum
from typing import Any

from reconciler.sandbox.scanner import Node, NodeKind, ProtoError, scan

__all__ = ["Field", "Kind", "Message", "ProtoError", "decode"]

_MAXIMUM = {"uint32": 2**32 - 1, "uint64": 2**64 - 1, "int32": 2**31 - 1}
# Longer than any integer type, short of Python's own limit on digits.
_INTEGRAL = re.compile(r"(-?\d{1,100})(?:\.0+)?\Z")
_SCIENTIFIC = re.compile(r"-?\d{1,100}(?:\.\d{1,100})?[eE][+-]?\d{1,2}\Z")


class Kind(Enum):
    """The protobuf type of a field; the value is the word that error texts use."""

    STRING = "string"
    BOOL = "bool"
    UINT32 = "uint32"
    UINT64 = "uint64"
    ENUM = "enum"
    MESSAGE = "message"


@dataclass(frozen=True, slots=True)
class Field:
    """One field. `text`: the documented answers print this integer or enum as text. `names`: enum names by value."""

    name: str
    kind: Kind
    message: Message | None = None
    repeated: bool = False
    oneof: str | None = None
    text: bool = False
    names: tuple[tuple[int, str], ...] = ()

    @property
    def json_name(self) -> str:
        head, *rest = self.name.split("_")
        return head + "".join(part.capitalize() for part in rest)


@dataclass(frozen=True, slots=True)
class Message:
    """A message type: `fields` in order, `name` as error texts spell it."""

    name: str
    fields: tuple[Field, ...]

    def find(self, key: str) -> Field | None:
        """The field of that proto name or JSON name; protojson takes both."""
        return next((field for field in self.fields if key in (field.name, field.json_name)), None)


# docs/decisions/020
def decode(message: Message, body: bytes) -> dict[str, Any]:
    """Decode a request body; scalar fields that are absent, null or zero are left out, as protobuf keeps no such thing.

    Raises ProtoError. An empty body is an empty message.
    """
    if not body.strip():
        return {}
    return _decode_message(message, scan(body))


def _decode_message(message: Message, node: Node) -> dict[str, Any]:
    if node.kind is not NodeKind.OBJECT:
        raise node.unexpected()
    value: dict[str, Any] = {}
    seen: set[str] = set()
    for key, child in node.members:
        field = message.find(key.text)
        if field is None:
            raise key.error(f"unknown field {key.raw}")
        if field.name in seen:
            raise key.error(f"duplicate field {key.raw}")
        if child.kind is NodeKind.NULL:
            continue
        if field.oneof is not None and _oneof_taken(message, field, seen):
            raise key.error(f"error parsing {key.raw}, oneof {message.name}.{field.oneof} is already set")
        seen.add(field.name)
        _store(value, field, _decode_field(field, child))
    return value


def _oneof_taken(message: Message, field: Field, seen: set[str]) -> bool:
    return any(other.name in seen for other in message.fields if other.oneof == field.oneof)


def _store(value: dict[str, Any], field: Field, decoded: object) -> None:
    if decoded or (field.kind is Kind.MESSAGE and not field.repeated):
        value[field.name] = decoded


def _decode_field(field: Field, node: Node) -> object:
    if not field.repeated:
        return _decode_value(field, node)
    if node.kind is not NodeKind.ARRAY:
        raise node.unexpected()
    return [_decode_value(field, item) for item in node.items]


def _decode_value(field: Field, node: Node) -> object:
    if node.kind is NodeKind.MISSING:
        raise node.error(f"invalid value for {field.kind.value} type: {node.raw}")
    if field.message is not None:
        return _decode_message(field.message, node)
    decoded = _SCALARS[field.kind](field, node)
    if decoded is None:
        raise node.error(f"invalid value for {field.kind.value} field {field.json_name}: {node.raw}")
    return decoded


def _string(_field: Field, node: Node) -> str | None:
    return node.text if node.kind is NodeKind.STRING else None


def _bool(_field: Field, node: Node) -> bool | None:
    return node.raw == "true" if node.kind is NodeKind.BOOL else None


def _unsigned(field: Field, node: Node) -> int | None:
    number = _integer(node.text) if node.kind in (NodeKind.NUMBER, NodeKind.STRING) else None
    return number if number is not None and 0 <= number <= _MAXIMUM[field.kind.value] else None


def _enum(field: Field, node: Node) -> int | None:
    if node.kind is NodeKind.STRING:
        return next((value for value, name in field.names if name == node.text), None)
    number = _integer(node.text) if node.kind is NodeKind.NUMBER else None
    return number if number is not None and abs(number) <= _MAXIMUM["int32"] else None


def _integer(text: str) -> int | None:
    match = _INTEGRAL.match(text)
    if match is not None:
        return int(match[1])
    number = Decimal(text) if _SCIENTIFIC.match(text) else None
    return int(number) if number is not None and number == number.to_integral_value() else None


_SCALARS = {
    Kind.STRING: _string,
    Kind.BOOL: _bool,
    Kind.UINT32: _unsigned,
    Kind.UINT64: _unsigned,
    Kind.ENUM: _enum,
}
