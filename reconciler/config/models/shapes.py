"""What the models say of how a file is best written: the order of keys, and which values are phones or seconds.

Read off the models themselves, so that a key that is added there has its place here. Knows no text.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cached_property, partial
from types import NoneType, UnionType
from typing import Annotated, Any, Union, get_args, get_origin, get_type_hints

from pydantic import BaseModel, PlainValidator
from pydantic.fields import FieldInfo
from pydantic_core import PydanticCustomError
from typing_extensions import is_typeddict

from reconciler.config import phones, values

Spelling = Callable[[str], str | None]
"""The canonical text of a value, ready to be written in YAML; None where it has none."""


def _number(read: Callable[[Any], str], written: str) -> str | None:
    try:
        digits = read(written)
    except PydanticCustomError:
        return None
    return None if phones.is_sip_id(digits) else f'"{digits}"'


def _duration(read: Callable[[Any], int], written: str) -> str | None:
    try:
        return str(read(written))
    except PydanticCustomError:
        return None


spelled_phone: Spelling = partial(_number, values.phone_number)
"""Quoted E.164 digits."""

_recipient: Spelling = partial(_number, values.phone_or_sip_id)
_SPELLINGS: Mapping[object, Spelling] = {
    values.phone_number: spelled_phone,
    values.phone_or_sip_id: _recipient,
    values.seconds: partial(_duration, values.seconds),
    values.settle: partial(_duration, values.settle),
}
_BY_KEY: Mapping[str, Spelling] = {"to": _recipient}
_NAMED_BY_NUMBER = "numbers"


class Shape:
    """How one piece of a file is written, whatever the ways in which it may be."""

    def __init__(self, types: Iterable[Any], key: str = "") -> None:
        self._types = [each for one in types for each in _alternatives(one)]
        self._known: dict[str, Shape] = {}
        self.is_named_by_number = key == _NAMED_BY_NUMBER
        self.spelling = _BY_KEY.get(key) or next(filter(None, map(_spelling, self._types)), None)

    @cached_property
    def _fields(self) -> dict[str, list[Any]]:
        found: dict[str, list[Any]] = {}
        for kind in map(_bare, self._types):
            for key, hint in _fields(kind).items():
                found.setdefault(key, []).append(hint)
        return found

    @cached_property
    def order(self) -> tuple[str, ...]:
        """The keys of a map in canonical order; none where it has names that people give."""
        return _interleaved(map(_order, map(_bare, self._types)))

    @cached_property
    def element(self) -> Shape:
        """The shape of each element of a list."""
        return Shape(argument for kind in self._arguments(list) for argument in kind)

    @cached_property
    def _entry(self) -> Shape:
        return Shape(kind[1] for kind in self._arguments(dict))

    def under(self, key: str) -> Shape:
        """The shape of what stands under a key."""
        if key not in self._fields:
            return self._entry
        return self._known.setdefault(key, Shape(self._fields[key], key))

    def _arguments(self, container: type) -> list[tuple[Any, ...]]:
        kinds = map(_bare, self._types)
        return [get_args(kind) for kind in kinds if get_origin(kind) is container]


def _alternatives(kind: Any) -> list[Any]:
    bare = _bare(kind)
    if get_origin(bare) in (Union, UnionType):
        return [each for one in get_args(bare) for each in _alternatives(one)]
    return [] if bare is NoneType else [kind]


def _bare(kind: Any) -> Any:
    """A type without its annotations, Required among them."""
    if get_origin(kind) is Annotated or str(get_origin(kind)) == "typing.Required":
        return _bare(get_args(kind)[0])
    return kind


def _spelling(kind: Any) -> Spelling | None:
    metadata = getattr(kind, "__metadata__", ())
    return next((_SPELLINGS.get(each.func) for each in metadata if isinstance(each, PlainValidator)), None)


def _fields(kind: Any) -> dict[str, Any]:
    """The types of the keys of a map, by their names in a file."""
    if is_typeddict(kind):
        return get_type_hints(kind, include_extras=True)
    if not _is_model(kind):
        return {}
    hints = get_type_hints(kind, include_extras=True)
    return {field.alias or name: hints[name] for name, field in kind.model_fields.items()}


def _is_model(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, BaseModel)


def _order(kind: Any) -> Sequence[str]:
    """The keys of a map; where one model extends another, each key stands where the last of them puts it."""
    if not _is_model(kind):
        return list(_fields(kind))
    fields: Mapping[str, FieldInfo] = kind.model_fields
    own = ([name for name in inspect.get_annotations(each) if name in fields] for each in kind.__mro__)
    return [fields[name].alias or name for name in _interleaved(own)]


def _interleaved(orders: Iterable[Sequence[str]]) -> tuple[str, ...]:
    """The words of the first order, and each that only a later one has behind the one that it follows there."""
    found: list[str] = []
    for order in orders:
        at = 0
        for word in order:
            if word not in found:
                found.insert(at, word)
            at = found.index(word) + 1
    return tuple(found)
