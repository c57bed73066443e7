"""The JSON Schema of configuration files for editors, made from the models.

Knows no files; `schemas/config.v1.json` is written by `make docs` and compared by a test.
"""

from __future__ import annotations

from typing import Any

from reconciler.config.models.file import ConfigFile

_TITLE = "reconciler configuration, version 1"
_TYPES = ("NumberEntry", "UrlEntry", "TrunkEntry", "SipEntry")


def config_schema() -> dict[str, Any]:
    """Return the schema of one configuration file (JSON Schema, draft 2020-12)."""
    schema = ConfigFile.model_json_schema(by_alias=True)
    definitions: dict[str, Any] = schema["$defs"]
    _describe_parts(definitions)
    _allow_parts(schema)
    plain = _without_noise(schema)
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
        "else": {"anyOf": [{"$ref": "#/$defs/NumberOfConfig"}, {"type": "null"}]},
    }
    schema["properties"]["numbers"]["anyOf"][0]["additionalProperties"] = choice
    schema["properties"]["numbers"]["anyOf"][0]["propertyNames"] = {"pattern": "^[+]?[0-9 ()./-]+$"}


def _without_noise(node: Any) -> Any:
    """Drop the titles that repeat keys, and defaults that are null: absence says the same."""
    if isinstance(node, list):
        return [_without_noise(item) for item in node]
    if not isinstance(node, dict):
        return node
    kept = {key: _without_noise(value) for key, value in node.items() if not _is_noise(key, value)}
    return _nullable(kept)


def _is_noise(key: str, value: object) -> bool:
    return (key == "title" and isinstance(value, str)) or (key == "default" and value is None)


def _nullable(node: dict[str, Any]) -> dict[str, Any]:
    """One alternative beside null is written flat."""
    choices = node.get("anyOf")
    if choices is None or len(choices) != 2 or {"type": "null"} not in choices:
        return node
    (other,) = (choice for choice in choices if choice != {"type": "null"})
    if "type" not in other or "enum" in other or "const" in other:
        return node
    rest = {key: value for key, value in node.items() if key != "anyOf"}
    kinds = [other["type"]] if isinstance(other["type"], str) else other["type"]
    return {"type": [*kinds, "null"], **{key: value for key, value in other.items() if key != "type"}, **rest}
