"""Writes an answer's fields in the documented spelling, or in a random legal one when asked to be loose.

Must not know what the fields mean; shapes come from the message tables, chance from a seeded generator.
"""

from __future__ import annotations

import random
from collections.abc import Mapping
from typing import Any

from reconciler.sandbox.protojson import Field, Kind, Message

# Names that public code shows; the answers use no others.
_NAMES_SEEN = {"CALL_FORWARDING_TYPE_NUMBER", "CALL_FORWARDING_TYPE_SIP"}


class Spelling:
    """How answers are spelled. Documented: uint64 and some uint32 as text, defaults absent, lists as lists.

    With a seed every answer is spelled anew at random, within what the vendor's pages and protojson allow.
    """

    def __init__(self, seed: int | None = None) -> None:
        self._random = None if seed is None else random.Random(seed)  # noqa: S311 - spelling, not security

    @property
    def is_loose(self) -> bool:
        return self._random is not None

    def chance(self) -> bool:
        """A coin's answer when loose, else False."""
        return self._random is not None and self._random.random() < 0.5

    def choose(self, documented: Any, *others: Any) -> Any:
        """The documented spelling, or when loose any of them."""
        return documented if self._random is None else self._random.choice((documented, *others))

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
        if self._random is None:
            return members
        keys = list(members)
        self._random.shuffle(keys)
        return {key: members[key] for key in keys}

    def integer(self, value: int, *, text: bool) -> int | str:
        """An integer as the page prints it (`text`: as digits in quotes), or when loose either way."""
        chosen: int | str = self.choose(str(value), value) if text else self.choose(value, str(value))
        return chosen

    def _field(self, field: Field, value: Any) -> Any:
        if not field.repeated:
            return self._value(field, value)
        items = [self._value(field, item) for item in value]
        return items[0] if len(items) == 1 and self.chance() else items

    def _value(self, field: Field, value: Any) -> Any:
        if field.message is not None:
            return self.message(field.message, value)
        if field.kind in (Kind.UINT32, Kind.UINT64):
            return self.integer(value, text=field.text)
        if field.kind is Kind.ENUM:
            return self._enum(field, value)
        return value

    def _enum(self, field: Field, value: int) -> int | str:
        names = [name for number, name in field.names if number == value and name in _NAMES_SEEN]
        if names and self.chance():
            return names[0]
        return self.integer(value, text=field.text)

    def _zero(self, field: Field) -> Any:
        if field.repeated:
            return []
        if field.kind in (Kind.UINT32, Kind.UINT64, Kind.ENUM):
            return self.integer(0, text=field.text)
        return False if field.kind is Kind.BOOL else ""
