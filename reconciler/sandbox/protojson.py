"""Reads a JSON request as Go's protojson would, and refuses it in protojson's words with line and column.

JSON text is split into nodes that know their place. Must not know which messages exist or what a vendor does with
them; schemas are passed in.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from decimal import Decimal
from enum import Enum
from typing import Any

_BLANK = re.compile(r"[ \t\r\n]*")
_STRING = re.compile(r'"(?:[^"\\\x00-\x1f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"')
_NUMBER = re.compile(r"-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?(?![-+._a-zA-Z0-9])")
_WORD = re.compile(r"(?:true|false|null)(?![-+._a-zA-Z0-9])")
_PIECE = re.compile(r"[-+._a-zA-Z0-9]{1,32}|.", re.DOTALL)
_TOKENS = (_STRING, _NUMBER, _WORD, re.compile(r"[{}\[\],:]"))
_HALF_PAIR = re.compile(r"[\ud800-\udfff]")
_DEEPEST = 100


class ProtoError(Exception):
    """A request that protojson refuses; the text is what follows `proto:` and a space."""


class NodeKind(Enum):
    """What a node is. MISSING: a closing brace stands where a value should."""

    OBJECT = "object"
    ARRAY = "array"
    STRING = "string"
    NUMBER = "number"
    BOOL = "bool"
    NULL = "null"
    MISSING = "missing"


@dataclass(slots=True)
class Node:
    """A JSON value at its place. `text` is a string's content or a number's digits; `raw` the source as written."""

    kind: NodeKind
    source: str
    offset: int
    raw: str
    text: str = ""
    members: tuple[tuple[Node, Node], ...] = ()
    items: tuple[Node, ...] = ()

    def error(self, words: str) -> ProtoError:
        """A refusal of this value that is not a matter of syntax."""
        return ProtoError(f"({place(self.source, self.offset)}): {words}")

    def unexpected(self) -> ProtoError:
        """A value of another shape than the message has at this place."""
        return syntax_error(self.source, self.offset, f"unexpected token {self.raw}")


def place(source: str, offset: int) -> str:
    """`line L:C`, both from 1, columns in characters."""
    line_start = source.rfind("\n", 0, offset) + 1
    return f"line {source.count(chr(10), 0, offset) + 1}:{offset - line_start + 1}"


def syntax_error(source: str, offset: int, words: str) -> ProtoError:
    """A refusal of the text itself."""
    return ProtoError(f"syntax error ({place(source, offset)}): {words}")


def scan(body: bytes) -> Node:
    """Read one JSON value that fills the whole body; raises ProtoError."""
    try:
        source = body.decode()
    except UnicodeDecodeError as error:
        known = body[: error.start].decode()
        raise syntax_error(known, len(known), "invalid UTF-8 in string") from None
    node, end = _value(source, _skip(source, 0), 0)
    if end < len(source):
        raise _bad_token(source, end)
    return node


def _skip(source: str, offset: int) -> int:
    match = _BLANK.match(source, offset)
    return match.end() if match else offset


def _bad_token(source: str, offset: int) -> ProtoError:
    if offset >= len(source):
        return ProtoError("unexpected EOF")
    piece = _PIECE.match(source, offset)
    raw = piece[0] if piece else ""
    token = next((match[0] for form in _TOKENS if (match := form.match(source, offset))), None)
    if token is None:
        return syntax_error(source, offset, f"invalid value {raw}")
    return syntax_error(source, offset, f"unexpected token {token}")


def _value(source: str, offset: int, depth: int) -> tuple[Node, int]:
    if depth > _DEEPEST:
        raise ProtoError("exceeded max recursion depth")
    if source.startswith("{", offset):
        return _object(source, offset, depth)
    if source.startswith("[", offset):
        return _array(source, offset, depth)
    for kind, pattern in ((NodeKind.STRING, _STRING), (NodeKind.NUMBER, _NUMBER), (NodeKind.BOOL, _WORD)):
        if match := pattern.match(source, offset):
            return _scalar(kind, source, match), _skip(source, match.end())
    raise _bad_token(source, offset)


def _scalar(kind: NodeKind, source: str, match: re.Match[str]) -> Node:
    raw = match[0]
    if raw == "null":
        kind = NodeKind.NULL
    text = json.loads(raw) if kind is NodeKind.STRING else raw
    if half := _HALF_PAIR.search(text):
        raise syntax_error(source, match.start(), f'invalid escape code "\\u{ord(half[0]):04x}" in string')
    return Node(kind, source, match.start(), raw, text)


def _object(source: str, offset: int, depth: int) -> tuple[Node, int]:
    members: list[tuple[Node, Node]] = []
    position = _skip(source, offset + 1)
    while not (source.startswith("}", position) and not members):
        key = _STRING.match(source, position)
        if key is None:
            raise _bad_token(source, position)
        position = _after_colon(source, _skip(source, key.end()))
        child, position = _member_value(source, position, depth)
        members.append((_scalar(NodeKind.STRING, source, key), child))
        if source.startswith("}", position):
            break
        position = _expect(source, position, ",")
    node = Node(NodeKind.OBJECT, source, offset, "{", members=tuple(members))
    return node, _skip(source, position + 1)


def _member_value(source: str, position: int, depth: int) -> tuple[Node, int]:
    if source.startswith("}", position):
        return Node(NodeKind.MISSING, source, position, "}"), position
    return _value(source, position, depth + 1)


def _array(source: str, offset: int, depth: int) -> tuple[Node, int]:
    items: list[Node] = []
    position = _skip(source, offset + 1)
    while not (source.startswith("]", position) and not items):
        item, position = _value(source, position, depth + 1)
        items.append(item)
        if source.startswith("]", position):
            break
        position = _expect(source, position, ",")
    node = Node(NodeKind.ARRAY, source, offset, "[", items=tuple(items))
    return node, _skip(source, position + 1)


def _after_colon(source: str, position: int) -> int:
    if position < len(source) and source[position] != ":":
        raise syntax_error(source, position, f'unexpected character {source[position]}, missing ":" after field name')
    return _expect(source, position, ":")


def _expect(source: str, position: int, mark: str) -> int:
    if not source.startswith(mark, position):
        raise _bad_token(source, position)
    return _skip(source, position + 1)


__all__ = ["Field", "FieldKind", "Message", "ProtoError", "decode"]

_MAXIMUM = {"uint32": 2**32 - 1, "uint64": 2**64 - 1, "int32": 2**31 - 1}
# Longer than any integer type, short of Python's own limit on digits.
_INTEGRAL = re.compile(r"(-?\d{1,100})(?:\.0+)?\Z")
_SCIENTIFIC = re.compile(r"-?\d{1,100}(?:\.\d{1,100})?[eE][+-]?\d{1,2}\Z")


class FieldKind(Enum):
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
    kind: FieldKind
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
    if decoded or (field.kind is FieldKind.MESSAGE and not field.repeated):
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
    FieldKind.STRING: _string,
    FieldKind.BOOL: _bool,
    FieldKind.UINT32: _unsigned,
    FieldKind.UINT64: _unsigned,
    FieldKind.ENUM: _enum,
}
