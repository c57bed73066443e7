"""What a store holds must look like before anything is made of it: models with limits, and values as we write them.

Whatever a server or a hand put there is refused by its path: an error, never a crash. Knows no backend and no vendor.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from functools import lru_cache
from typing import Annotated, Any, NotRequired

from pydantic import ConfigDict, Field, TypeAdapter, ValidationError, with_config
from pydantic_core import from_json
from typing_extensions import TypedDict

from reconciler.canonical import flaw
from reconciler.model import CANONICAL_VERSION, Key, Kind
from reconciler.record.base import RecordError, RecordState, Run

_LONGEST_SHOWN = 80
_STRICT = ConfigDict(strict=True)
_MOST_PARTS = 10_000  # of one value: a few to each entry of a forwarding

Text = Annotated[str, Field(max_length=10_000)]
BoundedText = Annotated[str, Field(max_length=10_000_000)]
Count = Annotated[int, Field(ge=0, lt=2**63)]
Pid = Annotated[int, Field(ge=0, lt=2**31)]
KeyText = Annotated[str, Field(max_length=200, pattern=r"^[^/]{1,100}/[0-9]{1,15}/(forwarding|parking)$")]
Digests = Annotated[dict[Text, Text], Field(max_length=_MOST_PARTS)]


# docs/decisions/122
@with_config(_STRICT)
class EntryShape(TypedDict):
    """What was last written of one key; `value` is JSON text."""

    account: Text
    value: BoundedText
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
    before: BoundedText
    after: BoundedText
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
    error: NotRequired[BoundedText | None]
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
class LockShape(TypedDict):
    """A lock: who holds it, and the process behind it."""

    account: Text
    host: Text
    user: Text
    pid: Pid
    run_id: Text
    since: Text
    token: Text
    process: Text


Claims = Annotated[list[LockShape], Field(max_length=10_000)]
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
    tokens: Annotated[dict[Text, BoundedText], Field(max_length=10_000)]


class MalformedRecordError(ValueError):
    """Something is not of its shape; the text names it by its path: `entries["…"].account is not text`."""


Loc = Iterable[int | str]


def check_shape(shape: object, data: object, *, at: Loc = ()) -> Any:
    """Return data that has a shape, without the keys that the shape does not know; raises MalformedRecordError.

    `at` is where the data stands in the whole.
    """
    try:
        return _adapter(shape).validate_python(data)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False, include_context=True)[0]
        loc = [part for part in first["loc"] if part != "[key]"]
        what = _WORDS.get(first["type"], "is not valid").format_map(first.get("ctx", {}))
        raise MalformedRecordError(f"{path((*at, *loc))} {what}") from None


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
    "string_type": "is not text",
    "int_type": "is not a whole number",
    "bool_type": "is neither true nor false",
    "dict_type": "is not a map",
    "list_type": "is not a list",
    "string_pattern_mismatch": "does not have the expected form",
    "string_too_long": "is longer than {max_length} characters",
    "too_short": "has fewer items than {min_length}",
    "too_long": "has more than {max_length} items",
    "greater_than_equal": "is out of range",
    "less_than": "is out of range",
}


DAMAGE = (KeyError, TypeError, ValueError, AttributeError, IndexError)
"""What reading something else than a record raises."""

_NAMED = ("address", "account", "action", "provider", "number", "kind", "before", "after")


@contextmanager
def damage_as_error(description: str, *, hint: str) -> Iterator[None]:
    """Turn what reading something else than a record raises into a RecordError."""
    try:
        yield
    except DAMAGE as error:
        problem = f"it lacks {error}" if isinstance(error, KeyError) else str(error)
        raise RecordError(f"{description} is damaged: {problem}", hint=hint) from error


def check(state: RecordState) -> RecordState:
    """Return a state whose values are sound; raises MalformedRecordError with the path of what is not."""
    found: list[tuple[Key, str, int, Loc]] = [
        (key, entry.value, entry.canonical_version, ("entries", key_text(key), "value"))
        for key, entry in state.entries.items()
    ]
    for at, window in enumerate(state.windows):
        for number, intent in enumerate(window.intents):
            found += [
                (intent.key, text, intent.canonical_version, ("windows", at, "intents", number, name))
                for name, text in (("before", intent.before), ("after", intent.after))
                if text
            ]
    for version in {version for _, _, version, _ in found}:
        _check_version(version)
    for key, text, _, loc in found:
        _check_value(key.kind, _load_json(text), loc)
    return state


def check_run(run: Run) -> Run:
    """Return a run whose results are sound; raises MalformedRecordError."""
    for at, row in enumerate(run.results):
        _check_result(row, ("runs", run.id, "results", at))
    return run


def key_text(key: Key) -> str:
    """Return a key as one text: `exolve/74991112233/forwarding`."""
    return f"{key.provider}/{key.number}/{key.kind.value}"


def _check_result(row: Mapping[str, Any], loc: Loc) -> None:
    result = check_shape(ResultShape, row, at=loc)
    _check_version(result.get("canonical_version", 1))
    if "provider" not in result:
        return
    for name in _NAMED:
        if name not in result:
            raise MalformedRecordError(f"{path((*loc, name))} is missing")
    for name, value in (("before", result["before"]), ("after", result["after"])):
        if value is not None:
            _check_value(Kind(result["kind"]), value, (*loc, name))


def _check_version(version: int) -> None:
    """Raise RecordError for values that a newer program wrote, MalformedRecordError for a version that is none."""
    if version < 1:
        raise MalformedRecordError("the version of a value is not valid")
    if version > CANONICAL_VERSION:
        raise RecordError(
            f"the record holds values of version {version}, this program knows versions up to {CANONICAL_VERSION}",
            hint="upgrade reconciler to the version that wrote it, or newer",
        )


def _load_json(text: str) -> object:
    try:
        return from_json(text, allow_inf_nan=False)
    except ValueError:
        return None


def _check_value(kind: Kind, data: object, loc: Loc) -> None:
    if found := flaw(data, kind):
        raise MalformedRecordError(f"{path((*loc, *found.path))} {found.what}")
