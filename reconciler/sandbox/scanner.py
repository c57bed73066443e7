"""Splits JSON text into nodes that know their place, so that a refusal can name line and column as protojson does.

Must not know field types, messages or vendors.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from enum import Enum

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
        """A refusal of this value that is no matter of syntax."""
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
