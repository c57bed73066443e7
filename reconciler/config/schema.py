"""The JSON Schema of configuration files for editors, made from the models.

Knows no files; `schemas/config.v1.json` is written by `make docs` and compared by a test.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from reconciler.config.models.entries import FORWARDINGS
from reconciler.config.models.trusted import AccountEntry, file_of

_TITLE = "reconciler configuration, version 1"
_NULL = {"type": "null"}
_TYPES = tuple(shape.__name__ for shape in FORWARDINGS.values())


def config_schema(accounts: Iterable[type[AccountEntry]]) -> dict[str, Any]:
    """Return the schema of one configuration file with accounts of these shapes (JSON Schema, draft 2020-12)."""
    schema = file_of(accounts).model_json_schema(by_alias=True)
    definitions: dict[str, Any] = schema["$defs"]
    _describe_parts(definitions)
    _allow_parts(schema)
    plain = _rewritten(_without_null(_tidy(schema)), _optional_may_be_null)
    _definitions_may_be_null(plain)
    plain["$defs"] = dict(sorted(plain["$defs"].items()))
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **plain, "title": _TITLE}


def _describe_parts(definitions: dict[str, Any]) -> None:
    """Parts repeat the keys of whole entries: take their descriptions over."""
    for part, wholes in (("ForwardingPart", _TYPES), ("ContactPart", ("Contact",))):
        for key, value in definitions[part]["properties"].items():
            for whole in wholes:
                known = definitions[whole]["properties"].get(key, {})
                value.update({word: known[word] for word in ("description", "examples") if word in known})


def _allow_parts(schema: dict[str, Any]) -> None:
    """An entry that uses profiles may leave to them what it would have to say itself."""
    choice = {
        "if": {"type": "object", "required": ["use"]},
        "then": {"$ref": "#/$defs/EntryPart"},
        "else": {"$ref": "#/$defs/NumberOfConfig"},
    }
    schema["properties"]["numbers"]["anyOf"][0]["additionalProperties"] = choice
    schema["properties"]["numbers"]["anyOf"][0]["propertyNames"] = {"pattern": "^[+]?[0-9 ()./-]+$"}


def _tidy(node: Any) -> Any:
    """Drop the titles that repeat keys, and defaults that are null: absence says the same."""
    return _rewritten(node, lambda part: {key: value for key, value in part.items() if not _is_noise(key, value)})


def _is_noise(key: str, value: object) -> bool:
    return (key == "title" and isinstance(value, str)) or (key == "default" and value is None)


def _without_null(node: Any) -> Any:
    """Null is not an alternative among others here: `_optional_may_be_null` allows it everywhere in the same way."""
    return _rewritten(node, _only_alternative)


def _only_alternative(part: dict[str, Any]) -> dict[str, Any]:
    choices = [choice for choice in part.get("anyOf", []) if choice != _NULL]
    if not choices:
        return part
    rest = {key: value for key, value in part.items() if key != "anyOf"}
    return {**choices[0], **rest} if len(choices) == 1 else {"anyOf": choices, **rest}


def _optional_may_be_null(part: dict[str, Any]) -> dict[str, Any]:
    """A key without a value says as much as no key, and removes what a profile says. A secret has one source."""
    if not isinstance(part.get("properties"), dict) or "maxProperties" in part:
        return part
    needed = part.get("required", [])
    properties = {key: value if key in needed else _or_null(value) for key, value in part["properties"].items()}
    return {**part, "properties": properties}


def _or_null(value: dict[str, Any]) -> dict[str, Any]:
    for choices in ("anyOf", "oneOf"):
        if choices in value:
            return {**value, choices: [*value[choices], _NULL]}
    if "type" not in value:
        return value  # a reference: its definition is told
    kinds = [value["type"]] if isinstance(value["type"], str) else value["type"]
    words = {"enum": [*value["enum"], None]} if "enum" in value else {}
    return {**value, "type": [*kinds, "null"], **words}


def _definitions_may_be_null(schema: dict[str, Any]) -> None:
    """As above, where the key refers to a definition: an alternative there would hide the place of a fault below."""
    named = {"NumberOfConfig"}
    for part in (schema, *schema["$defs"].values()):
        needed = part.get("required", [])
        for key, value in part.get("properties", {}).items():
            if key not in needed and "$ref" in value:
                named.add(value["$ref"].rpartition("/")[2])
    for name in named:
        schema["$defs"][name] = _or_null(schema["$defs"][name])


def _rewritten(node: Any, rule: Callable[[dict[str, Any]], dict[str, Any]]) -> Any:
    """Apply a rule to every object of a schema, the innermost first."""
    if isinstance(node, list):
        return [_rewritten(item, rule) for item in node]
    if not isinstance(node, dict):
        return node
    return rule({key: _rewritten(value, rule) for key, value in node.items()})
