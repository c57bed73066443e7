"""The JSON Schema of configuration files for editors, made from the models.

Knows no files; `schemas/config.v1.json` is written by `make docs` and compared by a test.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from reconciler.config.models.file import ConfigFile

_TITLE = "reconciler configuration, version 1"
_NULL = {"type": "null"}
_PARTS = ("EntryPart", "ForwardingPart", "ContactPart")
_TYPES = ("NumberEntry", "UrlEntry", "TrunkEntry", "SipEntry")


def config_schema() -> dict[str, Any]:
    """Return the schema of one configuration file (JSON Schema, draft 2020-12)."""
    schema = ConfigFile.model_json_schema(by_alias=True)
    definitions: dict[str, Any] = schema["$defs"]
    _describe_parts(definitions)
    _allow_parts(schema)
    parts = {name: _flat(_tidy(definitions.pop(name))) for name in _PARTS}
    plain = _without_null(_tidy(schema))
    plain["$defs"] = dict(sorted({**plain["$defs"], **parts}.items()))
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **plain, "title": _TITLE}


def _describe_parts(definitions: dict[str, Any]) -> None:
    """Parts repeat the keys of whole entries: take their descriptions over; and null removes any of them."""
    for part, wholes in (("ForwardingPart", _TYPES), ("ContactPart", ("Contact",))):
        for key, value in definitions[part]["properties"].items():
            for whole in wholes:
                known = definitions[whole]["properties"].get(key, {})
                value.update({word: known[word] for word in ("description", "examples") if word in known})
    for key in ("use", "tags", "protected"):
        value = definitions["EntryPart"]["properties"][key]
        value["type"] = [value["type"], "null"]


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
    """Where nothing lies below that a null could remove, editors need not offer one."""
    return _rewritten(node, _only_alternative)


def _only_alternative(part: dict[str, Any]) -> dict[str, Any]:
    choices = [choice for choice in part.get("anyOf", []) if choice != _NULL]
    if not choices:
        return part
    rest = {key: value for key, value in part.items() if key != "anyOf"}
    return {**choices[0], **rest} if len(choices) == 1 else {"anyOf": choices, **rest}


def _flat(node: Any) -> Any:
    """One alternative beside null is written flat."""
    return _rewritten(node, _flat_alternative)


def _flat_alternative(part: dict[str, Any]) -> dict[str, Any]:
    choices = [choice for choice in part.get("anyOf", []) if choice != _NULL]
    if len(choices) != 1 or "type" not in choices[0] or {"enum", "const"} & choices[0].keys():
        return part
    (other,) = choices
    rest = {key: value for key, value in part.items() if key != "anyOf"}
    kinds = [other["type"]] if isinstance(other["type"], str) else other["type"]
    return {"type": [*kinds, "null"], **{key: value for key, value in other.items() if key != "type"}, **rest}


def _rewritten(node: Any, rule: Callable[[dict[str, Any]], dict[str, Any]]) -> Any:
    """Apply a rule to every object of a schema, the innermost first."""
    if isinstance(node, list):
        return [_rewritten(item, rule) for item in node]
    if not isinstance(node, dict):
        return node
    return rule({key: _rewritten(value, rule) for key, value in node.items()})
