"""Reads a JSON request as Go's protojson would, and refuses it in protojson's words with line and column.

JSON text is split into nodes that know their place. Must not know which messages exist or what a vendor does with
them; schemas are passed in.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from enum import Enum
from typing import Any, TypeVar

_BLANKS = r"[ \t\r\n]*"
_END = r"(?![-+._a-zA-Z0-9])"


def _token(form: str) -> re.Pattern[str]:
    """A token and the blanks after it."""
    return re.compile(f"({form}){_BLANKS}")


_PIECE = re.compile(r"[-+._a-zA-Z0-9]{1,32}|.", re.DOTALL)
_HALF_PAIR = re.compile(r"[\ud800-\udfff]")
_DEEPEST = 100
_Element = TypeVar("_Element")


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


_STRING = _token(r'"(?:[^"\\\x00-\x1f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"')
_SCALAR_FORMS = {
    NodeKind.STRING: _STRING,
    NodeKind.NUMBER: _token(r"-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?" + _END),
    NodeKind.BOOL: _token(r"(?:true|false)" + _END),
    NodeKind.NULL: _token("null" + _END),
}
_TOKENS = (*_SCALAR_FORMS.values(), _token(r"[{}\[\],:]"))
_GAP = re.compile(_BLANKS)


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
    reader = _Reader(source)
    node = reader.value()
    if reader.at < len(source):
        raise reader.bad_token()
    return node


class _Reader:
    """One pass over the text of a request; `at` is where the next token begins."""

    def __init__(self, source: str) -> None:
        self._source = source
        self.at = 0
        self._take(_GAP)

    def bad_token(self) -> ProtoError:
        """The refusal of whatever stands here."""
        source, at = self._source, self.at
        if at >= len(source):
            return ProtoError("unexpected EOF")
        token = next((match[1] for form in _TOKENS if (match := form.match(source, at))), None)
        if token is not None:
            return syntax_error(source, at, f"unexpected token {token}")
        piece = _PIECE.match(source, at)
        return syntax_error(source, at, f"invalid value {piece[0] if piece else ''}")

    def value(self, depth: int = 0) -> Node:
        """Read one value of any kind."""
        if depth > _DEEPEST:
            raise ProtoError("exceeded max recursion depth")
        start = self.at
        if self._sees("{"):
            members = self._listed("{}", lambda: self._member(depth + 1))
            return Node(NodeKind.OBJECT, self._source, start, "{", members=members)
        if self._sees("["):
            items = self._listed("[]", lambda: self.value(depth + 1))
            return Node(NodeKind.ARRAY, self._source, start, "[", items=items)
        for kind, form in _SCALAR_FORMS.items():
            if match := self._take(form):
                return self._scalar(kind, match)
        raise self.bad_token()

    def _listed(self, braces: str, read: Callable[[], _Element]) -> tuple[_Element, ...]:
        self._expect(braces[0])
        found = []
        if not self._sees(braces[1]):
            found.append(read())
            while self._sees(","):
                self._expect(",")
                found.append(read())
        self._expect(braces[1])
        return tuple(found)

    def _member(self, depth: int) -> tuple[Node, Node]:
        key = self._take(_STRING)
        if key is None:
            raise self.bad_token()
        name = self._scalar(NodeKind.STRING, key)
        if self.at < len(self._source) and not self._sees(":"):
            words = f'unexpected character {self._source[self.at]}, missing ":" after field name'
            raise syntax_error(self._source, self.at, words)
        self._expect(":")
        return name, Node(NodeKind.MISSING, self._source, self.at, "}") if self._sees("}") else self.value(depth)

    def _scalar(self, kind: NodeKind, match: re.Match[str]) -> Node:
        raw = match[1]
        text = json.loads(raw) if kind is NodeKind.STRING else raw
        if half := _HALF_PAIR.search(text):
            words = f'invalid escape code "\\u{ord(half[0]):04x}" in string'
            raise syntax_error(self._source, match.start(), words)
        return Node(kind, self._source, match.start(), raw, text)

    def _sees(self, mark: str) -> bool:
        return self._source.startswith(mark, self.at)

    def _take(self, form: re.Pattern[str]) -> re.Match[str] | None:
        match = form.match(self._source, self.at)
        if match is not None:
            self.at = match.end()
        return match

    def _expect(self, mark: str) -> None:
        if not self._sees(mark):
            raise self.bad_token()
        self.at += 1
        self._take(_GAP)


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
        decoded = _decode_field(field, child)
        if decoded or (field.message is not None and not field.repeated):
            value[field.name] = decoded
    return value


def _oneof_taken(message: Message, field: Field, seen: set[str]) -> bool:
    return any(other.name in seen for other in message.fields if other.oneof == field.oneof)


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
