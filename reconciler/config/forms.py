"""What may stand where, worked out once from the models; and trees without the keys that say nothing.

Knows no values beyond null.
"""

from __future__ import annotations

import re
import typing
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from types import UnionType
from typing import Any

from pydantic import BaseModel
from typing_extensions import is_typeddict

from reconciler.characters import ODD_BLANKS, look_alike
from reconciler.diagnostics import Diagnostic
from reconciler.document import Sources, Tree, find, make_map

KeyPath = tuple[str | int, ...]

_ODD_COLON = re.compile(rf":[{ODD_BLANKS}]")
_COMMA = "a comma in {…} ends the value before it: quote the whole text, or write the map on several lines"


@dataclass(slots=True)
class KeyForm:
    """What may stand at a place: a map of known keys, a map of any keys, a list; several of them, or none: a value."""

    keys: dict[str, KeyForm] | None = None
    values: KeyForm | None = None
    elements: KeyForm | None = None

    def below(self, step: str | int) -> KeyForm:
        """What may stand under a key, or as an element."""
        if isinstance(step, int):
            return self.elements or _VALUE
        return (self.keys or {}).get(step) or self.values or _VALUE


_VALUE = KeyForm()
_FORMS: dict[type, KeyForm] = {}


def form_of(model: type) -> KeyForm:
    """The form of the map that a model judges."""
    form = _FORMS.get(model)
    if form is None:
        keys: dict[str, KeyForm] = {}
        form = _FORMS[model] = KeyForm(keys)  # known before its keys are: a schedule has schedules in it
        keys.update((key, _form(annotation)) for key, annotation in _annotations(model))
    return form


def _annotations(model: type) -> Iterator[tuple[str, Any]]:
    """What a model takes under each of its keys."""
    hints = typing.get_type_hints(model)
    if issubclass(model, BaseModel):
        return ((field.alias or name, hints[name]) for name, field in model.model_fields.items())
    return iter(hints.items())


def _form(annotation: Any) -> KeyForm:
    origin, parts = typing.get_origin(annotation), typing.get_args(annotation)
    if isinstance(annotation, type) and (issubclass(annotation, BaseModel) or is_typeddict(annotation)):
        return form_of(annotation)
    if origin is dict:
        return KeyForm(values=_form(parts[1]))
    if origin is list:
        return KeyForm(elements=_form(parts[0]))
    return _united(map(_form, parts)) if origin in (typing.Union, UnionType) else _VALUE


def _united(forms: Iterable[KeyForm]) -> KeyForm:
    united = KeyForm()
    for form in forms:
        if form.keys is not None:
            united.keys = form.keys if united.keys is None else {**united.keys, **form.keys}
        united.values = united.values or form.values
        united.elements = united.elements or form.elements
    return united


def keys_at(model: type, path: KeyPath) -> Iterable[str]:
    """The keys that are known in the map at a path; none where any may stand."""
    form = form_of(model)
    for step in path:
        form = form.below(step)
    return form.keys or ()


# -- keys without a value ---------------------------------------------------------------------------------------------


def drop_empty_keys(model: type, tree: Tree, sources: Sources, found: list[Diagnostic]) -> Tree:
    """A map without the keys that its model knows and that have no value: each is as if it were not written.

    What the model does not know stays, to be judged. A key in `{…}` that has no colon either is what a comma made of a
    value: it is told in `found`.
    """
    form = form_of(model)
    empty = list(_empty(tree.data, form, ()))
    if not empty:
        return tree
    for path in empty:
        span = find(tree, path, key=True)
        if hint := stray_comma(sources, span):
            found.append(sources.problem("wrong-type", span, says_nothing(str(path[-1])), hint))
    return Tree(_pruned(tree.data, form), partial(_prune, tree.recipe, form))


def stray_comma(sources: Sources, key: int, value: object = None) -> str | None:
    """What to type where a key, whose place is given, stands alone in `{…}`; None where it has a colon or a value."""
    return _COMMA if value is None and sources.follows(key) in (",", "}") else None


def odd_blank(given: object) -> str | None:
    """What to type where a blank that is no space follows a colon, so that a key and its value are one text."""
    alike = look_alike(given) if isinstance(given, str) and _ODD_COLON.search(given) else None
    return alike and f"after the colon is {alike.named}: type a space"


def says_nothing(key: str) -> str:
    """The message about a key that stands alone in `{…}`."""
    return f"{key} has neither a colon nor a value"


def _empty(data: Any, form: KeyForm, path: KeyPath) -> Iterator[KeyPath]:
    """The paths of known keys without a value."""
    for step, value in _pieces(data):
        if value is None:
            if isinstance(step, str) and step in (form.keys or ()):
                yield (*path, step)
        elif value.__class__ is not str and (below := form.below(step)) is not _VALUE:
            yield from _empty(value, below, (*path, step))


def _pieces(data: Any) -> Iterable[tuple[str | int, Any]]:
    if isinstance(data, dict):
        return data.items()
    return enumerate(data) if isinstance(data, list) else ()


def _pruned(data: Any, form: KeyForm) -> Any:
    if form is _VALUE or data.__class__ is str:
        return data
    if isinstance(data, list):
        return [_pruned(element, form.below(0)) for element in data]
    if not isinstance(data, dict):
        return data
    return {key: _pruned(value, form.below(key)) for key, value in data.items() if _says(form, key, value)}


def _prune(recipe: Callable[[], Tree], form: KeyForm) -> Tree:
    """As `_pruned`, with the places."""
    tree = recipe()
    if isinstance(tree.data, list):
        elements = [_prune(element.recipe, form.below(0)) for element in tree.elements()]
        return Tree([element.data for element in elements], [tree.span, *(element.positions for element in elements)])
    if not isinstance(tree.data, dict):
        return tree
    kept = [item for item in tree.items() if _says(form, item[0], item[2].data)]
    return make_map(tree.span, ((key, span, _prune(value.recipe, form.below(key))) for key, span, value in kept))


def _says(form: KeyForm, key: str, value: object) -> bool:
    return value is not None or key not in (form.keys or ())
