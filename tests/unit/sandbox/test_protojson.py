"""The reader of requests takes what JSON is, refuses the rest in one way, and never fails otherwise."""

from __future__ import annotations

import contextlib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.sandbox.protojson import Field, FieldKind, Message, Node, NodeKind, ProtoError, decode, scan

INNER = Message("Inner", (Field("name", FieldKind.STRING), Field("did", FieldKind.UINT64)))
OUTER = Message(
    "Outer",
    (
        Field("flag", FieldKind.BOOL),
        Field("small_count", FieldKind.UINT32),
        Field("kind", FieldKind.ENUM, names=((1, "ONE"), (2, "TWO"))),
        Field("inner", FieldKind.MESSAGE, INNER),
        Field("inners", FieldKind.MESSAGE, INNER, repeated=True),
    ),
)

SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False)
TEXTS = st.text(st.characters(exclude_categories=["Cs"]))
VALUES = st.recursive(
    SCALARS | TEXTS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4),
    max_leaves=12,
)


def plain(node: Node) -> object:
    match node.kind:
        case NodeKind.OBJECT:
            return {key.text: plain(child) for key, child in node.members}
        case NodeKind.ARRAY:
            return [plain(item) for item in node.items]
        case NodeKind.STRING:
            return node.text
        case _:
            return json.loads(node.raw)


@given(VALUES, st.sampled_from([None, 1]), st.booleans())
def test_whatever_json_writes_is_read_as_it_is(value: object, indent: int | None, ascii_only: bool) -> None:
    text = json.dumps(value, indent=indent, ensure_ascii=ascii_only)
    assert plain(scan(text.encode())) == value


def has_missing(node: Node) -> bool:
    children = [child for _, child in node.members] + list(node.items)
    return node.kind is NodeKind.MISSING or any(map(has_missing, children))


def is_json(text: str) -> bool:
    def refuse(name: str) -> object:
        raise ValueError(name)

    try:
        json.loads(text, parse_constant=refuse)
    except ValueError:
        return False
    return True


PIECES = [
    "{",
    "}",
    "[",
    "]",
    ",",
    ":",
    '"a"',
    '"',
    "1",
    "-",
    "0",
    "1.5",
    "e3",
    "true",
    "null",
    " ",
    "\n",
    "п",
    "\\",
    "NaN",
]


@given(st.lists(st.sampled_from(PIECES), max_size=8).map("".join))
def test_texts_are_taken_or_refused_as_json_says(text: str) -> None:
    try:
        taken = not has_missing(scan(text.encode()))
    except ProtoError:
        taken = False
    assert taken == is_json(text)


@given(st.binary(max_size=40))
def test_any_bytes_are_read_or_refused(body: bytes) -> None:
    with contextlib.suppress(ProtoError):
        assert isinstance(decode(OUTER, body), dict)


@pytest.mark.parametrize(
    ("body", "value"),
    [
        ("", {}),
        (" \n", {}),
        ("{}", {}),
        ('{"flag": true, "smallCount": "7"}', {"flag": True, "small_count": 7}),
        ('{"flag": false, "small_count": 0, "kind": 0}', {}),
        ('{"small_count": 4294967295}', {"small_count": 4294967295}),
        ('{"small_count": 1e2}', {"small_count": 100}),
        ('{"inner": {"did": 18446744073709551615}}', {"inner": {"did": 18446744073709551615}}),
        ('{"inner": {"did": 1.8446744073709551615e19}}', {"inner": {"did": 18446744073709551615}}),
        ('{"inner": {}}', {"inner": {}}),
        ('{"inner": null, "inners": null}', {}),
        ('{"inners": []}', {}),
        ('{"inners": [{}, {"name": "\\u0444"}]}', {"inners": [{}, {"name": "ф"}]}),
        ('{"kind": "TWO"}', {"kind": 2}),
        ('{"kind": 7}', {"kind": 7}),
        ('{"kind": -1}', {"kind": -1}),
    ],
)
def test_what_protobuf_keeps_of_a_body(body: str, value: dict[str, object]) -> None:
    assert decode(OUTER, body.encode()) == value


@pytest.mark.parametrize(
    ("body", "text"),
    [
        ('{"small_count": 4294967296}', "(line 1:17): invalid value for uint32 field smallCount: 4294967296"),
        ('{"small_count": 1.5}', "(line 1:17): invalid value for uint32 field smallCount: 1.5"),
        ('{"small_count": 1e-2}', "(line 1:17): invalid value for uint32 field smallCount: 1e-2"),
        ('{"small_count": ""}', '(line 1:17): invalid value for uint32 field smallCount: ""'),
        ('{"small_count": 01}', "syntax error (line 1:17): invalid value 01"),
        ('{"kind": "THREE"}', '(line 1:10): invalid value for enum field kind: "THREE"'),
        ('{"kind": 2147483648}', "(line 1:10): invalid value for enum field kind: 2147483648"),
        ('{"flag": 1}', "(line 1:10): invalid value for bool field flag: 1"),
        ('{"inner": []}', "syntax error (line 1:11): unexpected token ["),
        ('{"inner": "x"}', 'syntax error (line 1:11): unexpected token "x"'),
        ('{"inners": {"name": "x"}}', "syntax error (line 1:12): unexpected token {"),
        ('{"inner": {"name": "\\ud800"}}', 'syntax error (line 1:20): invalid escape code "\\ud800" in string'),
        ('{"inner": {"nick": 1}}', '(line 1:12): unknown field "nick"'),
        ('{\n  "ф": 1}', '(line 2:3): unknown field "ф"'),
        ('{"flag": true} x', "syntax error (line 1:16): invalid value x"),
        ("NaN", "syntax error (line 1:1): invalid value NaN"),
        ('{"flag"', "unexpected EOF"),
        ('{"flag": "', 'syntax error (line 1:10): invalid value "'),
    ],
)
def test_what_is_refused_and_where(body: str, text: str) -> None:
    with pytest.raises(ProtoError) as refusal:
        decode(OUTER, body.encode())
    assert str(refusal.value) == text


def test_a_number_of_ten_thousand_digits_is_only_too_large() -> None:
    with pytest.raises(ProtoError, match="invalid value for uint32"):
        decode(OUTER, b'{"small_count": ' + b"9" * 10_000 + b"}")
