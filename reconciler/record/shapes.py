"""The shapes of what a store holds: models with limits, which what was read passes before anything is made of it.

Knows no backend and no canonical value. Whatever a server or a hand put there is refused by its path.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from functools import lru_cache
from typing import Annotated, Any, NotRequired

from pydantic import ConfigDict, Field, TypeAdapter, ValidationError, with_config
from typing_extensions import TypedDict

_LONGEST_SHOWN = 80
_STRICT = ConfigDict(strict=True)
_MOST_PARTS = 10_000  # of one value: a few to each entry of a forwarding

Text = Annotated[str, Field(max_length=10_000)]
Value = Annotated[str, Field(max_length=10_000_000)]
Count = Annotated[int, Field(ge=0, lt=2**63)]
Pid = Annotated[int, Field(ge=0, lt=2**31)]
KeyText = Annotated[str, Field(max_length=200, pattern=r"^[^/]{1,100}/[0-9]{1,15}/(forwarding|parking)$")]
Digests = Annotated[dict[Text, Text], Field(max_length=_MOST_PARTS)]


# docs/decisions/122
@with_config(_STRICT)
class EntryShape(TypedDict):
    """What was last written of one key; `value` is JSON text."""

    account: Text
    value: Value
    digests: NotRequired[Digests]
    confirmed: NotRequired[bool]
    protected: NotRequired[bool]
    written_at: Text
    run_id: Text
    canonical_version: NotRequired[Count]


@with_config(_STRICT)
class IntentShape(TypedDict):
    """A write that was about to be sent; `before` and `after` are JSON texts."""

    key: KeyText
    account: Text
    action: Text
    before: Value
    after: Value
    digests: Digests
    before_digests: NotRequired[Digests]
    run_id: NotRequired[Text]
    since: NotRequired[Text]
    canonical_version: NotRequired[Count]


@with_config(_STRICT)
class WindowShape(TypedDict):
    """Intents that were made durable together."""

    id: Text
    run_id: Text
    opened_at: Text
    intents: Annotated[list[IntentShape], Field(min_length=1, max_length=100_000)]


@with_config(_STRICT)
class RunShape(TypedDict):
    """One apply; its results are looked at when somebody asks for them."""

    id: Text
    started_at: Text
    user: Text
    host: Text
    pid: NotRequired[Pid]
    origin: Text
    commit: Text
    finished_at: Text
    overrides: Annotated[list[Text], Field(max_length=1_000)]
    results: list[dict[str, Any]]


@with_config(_STRICT)
class ResultShape(TypedDict):
    """What became of one change; a record of format 0 kept no more than the outcome."""

    outcome: Text
    error: NotRequired[Value | None]
    provider: NotRequired[Text]
    number: NotRequired[Annotated[str, Field(pattern=r"^[0-9]{1,15}$")]]
    kind: NotRequired[Annotated[str, Field(pattern=r"^(forwarding|parking)$")]]
    address: NotRequired[Text]
    account: NotRequired[Text]
    action: NotRequired[Text]
    before: NotRequired[dict[str, Any] | None]
    after: NotRequired[dict[str, Any] | None]
    canonical_version: NotRequired[Count]
    before_digests: NotRequired[Digests]
    unverified_fields: NotRequired[Annotated[list[Text], Field(max_length=_MOST_PARTS)]]
    lost: NotRequired[Annotated[dict[Text, Any], Field(max_length=_MOST_PARTS)]]


@with_config(_STRICT)
class ClaimShape(TypedDict):
    """A lock: who holds it, and the process behind it."""

    account: Text
    host: Text
    user: Text
    pid: Pid
    run_id: Text
    since: Text
    token: Text
    process: Text


Claims = Annotated[list[ClaimShape], Field(max_length=10_000)]
Entries = Annotated[dict[KeyText, EntryShape], Field(max_length=1_000_000)]
Windows = Annotated[list[WindowShape], Field(max_length=100_000)]


@with_config(_STRICT)
class HeadShape(TypedDict):
    """What stands on top of a record."""

    name: Text
    lineage: Text
    serial: Count
    scenario: Text


@with_config(_STRICT)
class DocumentShape(HeadShape):
    """A whole record as one text keeps it."""

    entries: Entries
    windows: Windows
    locks: Claims
    runs: Annotated[list[RunShape], Field(max_length=10_000)]


@with_config(_STRICT)
class TokensShape(TypedDict):
    """The tokens beside a record, sealed."""

    serial: Count
    tokens: Annotated[dict[Text, Value], Field(max_length=10_000)]


class UnsoundError(ValueError):
    """Something is not of its shape; the text names it by its path: `entries["…"].account is no text`."""


Loc = Iterable[int | str]


def shaped(shape: object, data: object, *, at: Loc = ()) -> Any:
    """Return data that has a shape, without the keys that the shape does not know; raises UnsoundError.

    `at` is where the data stands in the whole.
    """
    try:
        return _adapter(shape).validate_python(data)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False, include_context=True)[0]
        loc = [part for part in first["loc"] if part != "[key]"]
        raise UnsoundError(f"{path((*at, *loc))} {_what(first['type'], first.get('ctx', {}))}") from None


@lru_cache(maxsize=32)
def _adapter(shape: Any) -> TypeAdapter[Any]:
    return TypeAdapter(shape)


def path(loc: Loc) -> str:
    """Spell the way to a value: `entries["exolve/7499…/forwarding"].value.targets[0].timeout`."""
    text = "".join(map(_step, loc)).removeprefix(".")
    return text or "the whole"


def _step(part: int | str) -> str:
    if isinstance(part, int):
        return f"[{part}]"
    shown = part if len(part) <= _LONGEST_SHOWN else f"{part[:_LONGEST_SHOWN]}…"
    return f".{shown}" if re.fullmatch(r"[A-Za-z_]\w*", shown) else f"[{json.dumps(shown, ensure_ascii=False)}]"


_WORDS = {
    "missing": "is missing",
    "string_type": "is no text",
    "int_type": "is no whole number",
    "bool_type": "is neither true nor false",
    "dict_type": "is no map",
    "list_type": "is no list",
    "string_pattern_mismatch": "is not of its form",
    "string_too_long": "is longer than {max_length} characters",
    "too_short": "has fewer items than {min_length}",
    "too_long": "has more than {max_length} items",
    "greater_than_equal": "is out of range",
    "less_than": "is out of range",
}


def _what(kind: str, context: dict[str, Any]) -> str:
    return _WORDS.get(kind, "is not what it should be").format_map(context)
