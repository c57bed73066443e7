"""Whether what a store holds of numbers is what this program writes there: damage by hand is an error, never a crash.

Pure functions over values that were just read. Knows no backend and no vendor.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from pydantic_core import from_json

from reconciler.model import CANONICAL_VERSION, Key, Kind
from reconciler.record.base import RecordError, RecordState, Run
from reconciler.record.shapes import Loc, ResultShape, UnsoundError, path, shaped
from reconciler.stored import flaw

DAMAGE = (KeyError, TypeError, ValueError, AttributeError, IndexError)
"""What reading something else than a record raises."""

_NAMED = ("address", "account", "action", "provider", "number", "kind", "before", "after")


@contextmanager
def damage_told(description: str, *, hint: str) -> Iterator[None]:
    """Turn what reading something else than a record raises into a RecordError."""
    try:
        yield
    except DAMAGE as error:
        raise RecordError(f"{description} is damaged: {_problem(error)}", hint=hint) from error


def check(state: RecordState) -> RecordState:
    """Return a state whose values are sound; raises UnsoundError with the path of what is not."""
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
        _check_value(key.kind, _loaded(text), loc)
    return state


def check_run(run: Run) -> Run:
    """Return a run whose results are sound; raises UnsoundError."""
    for at, row in enumerate(run.results):
        _check_result(row, ("runs", run.id, "results", at))
    return run


def key_text(key: Key) -> str:
    """Return a key as one text: `exolve/74991112233/forwarding`."""
    return f"{key.provider}/{key.number}/{key.kind.value}"


def _check_result(row: Mapping[str, Any], loc: Loc) -> None:
    result = shaped(ResultShape, row, at=loc)
    _check_version(result.get("canonical_version", 1))
    if "provider" not in result:
        return
    for name in _NAMED:
        if name not in result:
            raise UnsoundError(f"{path((*loc, name))} is missing")
    for name, value in (("before", result["before"]), ("after", result["after"])):
        if value is not None:
            _check_value(Kind(result["kind"]), value, (*loc, name))


def _check_version(version: int) -> None:
    """Raise RecordError for values that a newer program wrote, UnsoundError for a version that is none."""
    if version < 1:
        raise UnsoundError("the version of a value is none")
    if version > CANONICAL_VERSION:
        raise RecordError(
            f"the record holds values of version {version}, this program knows versions up to {CANONICAL_VERSION}",
            hint="upgrade reconciler to the version that wrote it, or newer",
        )


def _loaded(text: str) -> object:
    try:
        return from_json(text, allow_inf_nan=False)
    except ValueError:
        return None


def _check_value(kind: Kind, data: object, loc: Loc) -> None:
    if found := flaw(data, kind):
        raise UnsoundError(f"{path((*loc, *found.path))} {found.what}")


def _problem(error: Exception) -> str:
    return f"it lacks {error}" if isinstance(error, KeyError) else str(error)
