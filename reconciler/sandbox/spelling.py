"""Writes an answer's fields in the documented spelling, or in a random legal one when asked to be loose.

Must not know what the fields mean; shapes come from the message tables, chance from a seeded generator.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from itertools import count
from typing import Any, TypeVar

from reconciler.sandbox.protojson import Field, Kind, Message

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
        if isinstance(value, int) and field.kind is Kind.ENUM:
            return self._enum(field, value)
        if isinstance(value, int) and field.kind is not Kind.BOOL:
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
        if field.kind in (Kind.UINT32, Kind.UINT64, Kind.ENUM):
            return self.integer(0, text=field.text)
        return False if field.kind is Kind.BOOL else ""
