"""What pydantic found, told in our words at the user's own line.

Knows the models' shape, nothing of what they mean.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from difflib import get_close_matches
from typing import Any, TypeVar

from pydantic import BaseModel, TypeAdapter, ValidationError

from reconciler.characters import look_alike
from reconciler.config.forms import keys_at, stray_comma
from reconciler.config.values import instead, kind_of, quoted
from reconciler.diagnostics import Diagnostic
from reconciler.document import Sources, Tree, find

Model = TypeVar("Model")
KeyPath = tuple[str | int, ...]
_VALIDATORS: dict[type, Callable[[Any], Any]] = {}
_FEW = 30
_BARE = re.compile(r"[\w.+-]{1,40}")
_SECRETS = ("literal-secret", "secret-reference")
_CONTAINERS = {"list_type": "a list", "dict_type": "a map", "model_type": "a map", "string_type": "text"}


def did_you_mean(written: str, known: Iterable[str]) -> str | None:
    """A hint that names the nearest known word, or all of a few."""
    words = sorted(known)
    return _nearest(written, words) or (f"known here: {', '.join(words)}" if 0 < len(words) <= _FEW else None)


def _nearest(written: str, words: Sequence[str]) -> str | None:
    alike = look_alike(written)
    if alike is not None and written[0].isspace():
        return f"before it is {alike.named}: type spaces there"
    if alike is not None and alike.plain in words:
        return f"it has {alike.named}: write {alike.plain}"
    close = get_close_matches(written.lower(), words, n=1, cutoff=0.6)
    return f"did you mean {close[0]}?" if close else None


def read(model: type[Model], tree: Tree, sources: Sources, found: list[Diagnostic]) -> Model | None:
    """Validate a tree as a model; what is wrong goes to `found`."""
    try:
        validated: Model = (_VALIDATORS.get(model) or _validator(model))(tree.data)
    except ValidationError as error:
        found.extend(complaints(error, model, tree, sources))
        return None
    return validated


def _validator(model: type[Model]) -> Callable[[Any], Model]:
    """What validates plain data as a model, made when first asked for; `model_validate` takes twice the time."""
    own = model.__pydantic_validator__ if issubclass(model, BaseModel) else TypeAdapter(model).validator
    _VALIDATORS[model] = own.validate_python
    return own.validate_python


def complaints(error: ValidationError, model: type, tree: Tree, sources: Sources) -> Iterator[Diagnostic]:
    """Each of pydantic's errors as a diagnostic at its place."""
    details = [(dict(detail), _path(detail["type"], detail["loc"])) for detail in error.errors(include_url=False)]
    misspelt = set(_misspelt(details, model))
    for detail, path in details:
        if detail["type"] == "missing" and path in misspelt:
            continue
        found = _complaint(detail, path, model, tree, sources)
        comma = None if found.is_rest else _comma(path, detail.get("input", path), tree, sources)
        yield found if comma is None else replace(found, hint=comma)


def _misspelt(details: Iterable[tuple[dict[str, Any], KeyPath]], model: type) -> Iterator[KeyPath]:
    """The keys that are there, with a slip in them, which is told."""
    for detail, path in details:
        if detail["type"] == "extra_forbidden" and isinstance(path[-1], str):
            known = sorted(keys_at(model, path[:-1]))
            alike = look_alike(path[-1])
            close = [alike.plain] if alike and alike.plain in known else get_close_matches(path[-1].lower(), known, n=1)
            yield from ((*path[:-1], key) for key in close)


def _comma(path: KeyPath, given: object, tree: Tree, sources: Sources) -> str | None:
    """What to type where a comma has made a key without a value."""
    if given is not None or not path or isinstance(path[-1], int):
        return None
    return stray_comma(sources, find(tree, path, key=True))


def _complaint(detail: dict[str, Any], path: KeyPath, model: type, tree: Tree, sources: Sources) -> Diagnostic:
    kind, given = detail["type"], detail.get("input")
    if kind == "extra_forbidden":
        return _unknown_key(path, model, tree, sources)
    here = find(tree, path, key=given is None)
    if kind == "missing":
        message = f"{path[-1]} is missing {_under(path[:-1])}"
        return sources.problem("missing-key", find(tree, path[:-1], key=True), message, f"add `{path[-1]}: …`")
    if kind in ("enum", "literal_error"):
        return _not_allowed(detail, path, sources, here)
    if kind in _CONTAINERS:
        inside = bool(path) and isinstance(path[-1], int)
        subject = f"an entry of {_named(path)} is" if inside else f"{_named(path)} takes"
        message = f"{subject} {_CONTAINERS[kind]}, not {kind_of(given)}"
        hint = _entry(given, path, model) or instead(_CONTAINERS[kind], given, _named(path) if not inside else "")
        return sources.problem("wrong-type", here, message, hint)
    context = detail.get("ctx") or {}
    message = context.get("message", f"{_named(path)} cannot be {kind_of(given)}")
    code = kind if "message" in context else "wrong-type"
    found = sources.problem(code, here, message, context.get("hint"))
    return _without_excerpt(found) if kind in _SECRETS else found


def _entry(given: object, path: KeyPath, model: type) -> str | None:
    """What to write for a target that is a bare name, alone or in a list."""
    if not isinstance(given, str) or not _BARE.fullmatch(given):
        return None
    if "to" in keys_at(model, path):
        return f"write {{to: {given}}}"
    return f"write {path[-1]}: [{{to: {given}}}]" if "to" in keys_at(model, (*path, 0)) else None


def _without_excerpt(found: Diagnostic) -> Diagnostic:
    """The same finding; the line where it stands must not be shown."""
    place = found.location
    return found if place is None else replace(found, location=replace(place, excerpt=None))


def _unknown_key(path: KeyPath, model: type, tree: Tree, sources: Sources) -> Diagnostic:
    message = f"{quoted(str(path[-1]))} is not known {_under(path[:-1])}"
    # To find the place of one of many takes long, and what only counts has none.
    place = find(tree, path, key=True) if sources.has_room("unknown-key") else tree.span
    return sources.problem(
        "unknown-key", place, message, lambda: did_you_mean(str(path[-1]), keys_at(model, path[:-1]))
    )


def _not_allowed(detail: dict[str, Any], path: KeyPath, sources: Sources, here: int) -> Diagnostic:
    allowed = [word.strip("'") for word in detail["ctx"]["expected"].replace(" or ", ", ").split(", ")]
    given = detail.get("input")
    if not isinstance(given, str):
        message = f"{_named(path)} takes text, not {kind_of(given)}"
        return sources.problem("wrong-type", here, message, _one_of("", allowed))
    noun = "severity" if path[-2:-1] == ("rules",) else path[-1] if path else "value"
    message = f"{quoted(given)} is not a known {noun}"
    return sources.problem("invalid-value", here, message, _one_of(given, allowed))


def _one_of(given: str, allowed: Sequence[str]) -> str:
    everything = f"{', '.join(allowed[:-1])} or {allowed[-1]}" if len(allowed) > 1 else allowed[0]
    return _nearest(given, allowed) or f"write {everything}"


def _named(path: KeyPath) -> str:
    for step in reversed(path):
        if isinstance(step, str):
            return step
    return "this"


def _under(path: KeyPath) -> str:
    name = _named(path)
    return "here" if name == "this" else f"under {name}"


_TAGS = ("<name>", "<literal>", "<one>", "<many>")


def _path(kind: str, loc: Sequence[str | int]) -> KeyPath:
    """A pydantic `loc` without the tags of union members; a key that nobody knows may be called like one."""
    last = len(loc) - (kind == "extra_forbidden")
    return (*(step for step in loc[:last] if step not in _TAGS), *loc[last:])
