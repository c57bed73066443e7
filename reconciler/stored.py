"""A canonical value as it comes back from a record or a plan file: checked, and lifted to the version of today.

Knows no record and no file format.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from enum import StrEnum
from itertools import count
from types import NoneType
from typing import Any, NamedTuple

from pydantic_core import from_json

from reconciler.canonical import Form, Json
from reconciler.model import CANONICAL_VERSION, FORWARDINGS, VALUES, Field, Kind, Parking, Target, declared

_LARGEST = 2**63 - 1
_OPTIONAL: Mapping[str, Json] = {
    name: {each.key: each.default for each in declared(shape) if not each.is_required} for name, shape in VALUES.items()
}
_TYPES: Mapping[Kind, frozenset[str]] = {
    Kind.PARKING: frozenset({Parking.type}),
    Kind.FORWARDING: frozenset(shape.type for shape in FORWARDINGS),
}
_SPELLED: Mapping[type, type] = {str: str, int: int, bool: bool, tuple: list}
"""The types of fields that are others in canonical JSON; what is none of these is a word of a list."""

# docs/decisions/095
UPGRADES: Mapping[int, Callable[[Json], Json]] = {}
"""What makes a canonical value of one version one of the next: a row for each version that is no longer the current."""


def stored_form(text: str, digests: Mapping[str, str], version: int = CANONICAL_VERSION) -> Form:
    """A value that was kept as canonical JSON text, as this version understands it; its secrets are digests."""
    return Form(lifted(from_json(text), version), digests)


def lifted(data: Json, version: int = CANONICAL_VERSION) -> Json:
    """A kept canonical value in the current version; an optional field that it lacks has its default."""
    for older in range(version, CANONICAL_VERSION):
        data = UPGRADES[older](data)
    optional = _OPTIONAL.get(data.get("type", ""), {})
    return {**optional, **data} if optional.keys() - data.keys() else data


class Flaw(NamedTuple):
    """What is wrong with a value, and the way to it within the value: `path` ("targets", 0, "timeout"), `what`."""

    path: tuple[str | int, ...]
    what: str

    def __str__(self) -> str:
        at = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in self.path).removeprefix(".")
        return f"`{at}` {self.what}" if at else f"it {self.what}"


def flaw(data: object, kind: Kind) -> Flaw | None:
    """What keeps something from outside from being a canonical value; None where nothing does.

    Every field but those with a default must be there; None is one that is not known.
    """
    if not isinstance(data, dict) or not isinstance(data.get("type"), str) or data["type"] not in _TYPES[kind]:
        return Flaw((), f"is not a {kind.value}")
    for each in declared(VALUES[data["type"]]):
        if each.key not in data and each.is_required:
            return Flaw((each.key,), "is missing")
        if (value := data.get(each.key)) is not None and (what := _misfit(each, value)):
            return Flaw((each.key,), what)
    return next(filter(None, map(_flaw_of_target, count(), data.get("targets") or ())), None)


def _flaw_of_target(at: int, data: object) -> Flaw | None:
    if not isinstance(data, dict):
        return Flaw(("targets", at), "is not a target")
    for each in declared(Target):
        if each.key not in data:
            return Flaw(("targets", at, each.key), "is missing")
        wanted = (str, NoneType) if each.key == "schedule" else (each.type,)
        if type(data[each.key]) not in wanted or not _is_within(data[each.key]):
            return Flaw(("targets", at, each.key), "is not of its kind")
    return None


def _misfit(declared_field: Field, value: object) -> str:
    """What keeps a known value from being one of the field."""
    wanted: Any = declared_field.type
    if type(value) is not _SPELLED.get(wanted, str) or not _is_within(value):
        return "is not of its kind"
    return "is none that is known" if issubclass(wanted, StrEnum) and value not in set(wanted) else ""


def _is_within(value: object) -> bool:
    """Whether a value is one that can be kept and shown: no number beyond all bounds."""
    return type(value) is not int or -_LARGEST <= value <= _LARGEST
