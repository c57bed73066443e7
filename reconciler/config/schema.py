"""The JSON Schema of configuration files for editors, made from the models.

Knows no files; `schemas/config.v1.json` is written by `make docs` and compared by a test.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from reconciler.config.meanings import ABSENT, NOWHERE, SOURCE_TITLE, TITLES, VALUES
from reconciler.config.models.entries import FORWARDINGS
from reconciler.config.models.trusted import AccountEntry, file_of
from reconciler.config.patterns import DAYS, DESTINATION_WORDS, NO_PHONE, PHONE
from reconciler.rules import RULES

_TITLE = "reconciler configuration, version 1"
_NULL = {"type": "null"}
_TYPES = tuple(shape.__name__ for shape in FORWARDINGS.values())


def config_schema(accounts: Iterable[type[AccountEntry]]) -> dict[str, Any]:
    """Return the schema of one configuration file with accounts of these shapes (JSON Schema, draft 2020-12)."""
    schema = file_of(accounts).model_json_schema(by_alias=True)
    definitions: dict[str, Any] = schema["$defs"]
    _describe_parts(definitions)
    _allow_parts(schema)
    _name_weekdays(definitions)
    _name_rules(definitions["PolicyEntry"]["properties"]["rules"])
    _name_destinations(definitions["DestinationsEntry"]["properties"])
    chosen = _rewritten(_without_null(_tidy(schema)), lambda part: _chosen(part, definitions))
    plain = _rewritten(chosen, _optional_may_be_null)
    _definitions_may_be_null(plain)
    plain["$defs"] = {name: _titled(name, part) for name, part in sorted(plain["$defs"].items())}
    told = _rewritten({**plain, "patternProperties": {"^x-": _OWN}}, _told)
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **told, "title": _TITLE}


_OWN = {"description": "Yours: nothing reads it. A place for YAML anchors."}
_NUMBERS = {"pattern": PHONE}


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
    schema["properties"]["numbers"]["anyOf"][0] |= {"additionalProperties": choice, "propertyNames": _NUMBERS}
    schema["$defs"]["Scenario"]["properties"]["numbers"]["anyOf"][0]["propertyNames"] = _NUMBERS
    for whole in (schema, schema["$defs"]["Scenario"]):
        whole["properties"]["contacts"]["anyOf"][0]["propertyNames"] = {"pattern": NO_PHONE}
    part = schema["$defs"]["EntryPart"]["properties"]["forwarding"]
    part |= _map_or_none(part.pop("anyOf")[0])


def _map_or_none(whole: dict[str, Any]) -> dict[str, Any]:
    """A map, or `none`: told apart first, so that a fault in the map is told where it stands."""
    words = {"enum": ["none", None], "enumDescriptions": [NOWHERE, ABSENT]}
    return {"if": {"type": "object"}, "then": whole, "else": words}


_DAYS = {
    "mon-fri": "Hours of Monday to Friday.",
    "mon": "Hours of Mondays.",
    "tue": "Hours of Tuesdays.",
    "wed": "Hours of Wednesdays.",
    "thu": "Hours of Thursdays.",
    "fri": "Hours of Fridays.",
    "sat": "Hours of Saturdays.",
    "sun": "Hours of Sundays.",
    "sat-sun": "Hours of Saturdays and Sundays.",
}


def _name_weekdays(definitions: dict[str, Any]) -> None:
    """Days in any of their spellings; the usual ones are offered."""
    weekly = definitions["Schedule"]["properties"]["weekly"]["anyOf"][0]
    hours = {"$ref": "#/$defs/Hours"}
    definitions["Hours"] = {**weekly["additionalProperties"], "description": "Hours of a day, or several of them."}
    weekly |= {
        "properties": {day: {**hours, "description": words} for day, words in _DAYS.items()},
        "additionalProperties": hours,
        "propertyNames": {"pattern": DAYS},
    }


def _name_rules(rules: dict[str, Any]) -> None:
    """The codes of the rules whose severity may be chosen, each with what it finds."""
    severities = rules.pop("additionalProperties")
    codes = sorted(code for code, rule in RULES.items() if rule.adjustable)
    told = {code: {"description": RULES[code].sentence, "default": RULES[code].severity.value} for code in codes}
    rules["properties"] = {code: {**severities, **told[code]} for code in codes}
    rules |= {"additionalProperties": False, "propertyNames": {"enum": codes}}


def _name_destinations(destinations: dict[str, Any]) -> None:
    for key in ("allow", "deny"):
        part = destinations[key]
        items = part["anyOf"][0]["items"] if "anyOf" in part else part["items"]
        items["examples"] = ["RU", "+7809", "sip:*.example.com", "url:https://*.example.com", *DESTINATION_WORDS]


def _chosen(part: dict[str, Any], definitions: Mapping[str, Any]) -> dict[str, Any]:
    """One of several shapes by the word under a key: the word is told first, and then only that shape's faults."""
    if "discriminator" in part:
        return _by_word(part["discriminator"], definitions)
    if any("allOf" in each for each in part.get("anyOf", ())):
        rest = {key: value for key, value in part.items() if key != "anyOf"}
        return {**_map_or_none(part["anyOf"][0]), **rest}
    return part


def _by_word(discriminator: Mapping[str, Any], definitions: Mapping[str, Any]) -> dict[str, Any]:
    key, shapes = discriminator["propertyName"], discriminator["mapping"]
    known = {word: definitions[shape.rpartition("/")[2]] for word, shape in shapes.items()}
    word = {
        "enum": list(known),
        "enumDescriptions": [each["description"] for each in known.values()],
        "description": next(iter(known.values()))["properties"][key]["description"],
    }
    branches = [
        {"if": {"required": [key], "properties": {key: {"const": each}}}, "then": {"$ref": shape}}
        for each, shape in shapes.items()
    ]
    return {"type": "object", "required": [key], "properties": {key: word}, "allOf": branches}


def _tidy(node: Any) -> Any:
    """Drop the titles that repeat keys, and defaults that are null: absence says the same."""
    return _rewritten(node, lambda part: {key: value for key, value in part.items() if not _is_noise(key, value)})


def _is_noise(key: str, value: object) -> bool:
    return (key == "title" and isinstance(value, str) and value != SOURCE_TITLE) or (key == "default" and value is None)


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
    if not isinstance(part.get("properties"), dict) or "maxProperties" in part or "propertyNames" in part:
        return part
    needed = part.get("required", [])
    properties = {key: value if key in needed else _or_null(value) for key, value in part["properties"].items()}
    return {**part, "properties": properties}


def _or_null(value: dict[str, Any]) -> dict[str, Any]:
    for choices in ("anyOf", "oneOf"):
        if choices in value:
            return {**value, choices: [*value[choices], _NULL]}
    if "type" not in value:
        return value  # a reference: its definition is told; or a choice, which takes null
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


# -- what editors show ------------------------------------------------------------------------------------------------


def _titled(name: str, part: dict[str, Any]) -> dict[str, Any]:
    """A definition with a title in plain words, and what each of its values means."""
    title = TITLES.get(name) or str(part["description"]).partition(":")[0]  # a provider's account names itself
    return {"title": title, **part}


_MARKS = re.compile(r"[\\`*_{}\[\]#+!]")


def _told(part: dict[str, Any]) -> dict[str, Any]:
    """What each value means, and what holds where a key is absent, for editors that show it.

    Plain texts are shown as they are; those with marks of Markdown stand a second time, to be read as such.
    """
    meanings = part.get("enumDescriptions") or _meanings(part.get("enum"))
    told = {"enumDescriptions": meanings} if meanings else {}
    if any(map(_MARKS.search, meanings)):
        told["markdownEnumDescriptions"] = meanings
    description = part.get("description")
    if isinstance(description, str) and ("default" in part or _MARKS.search(description)):
        told["markdownDescription"] = _as_markdown(part)
    return {**part, **told}


def _meanings(words: Any) -> list[str]:
    """What the words of an enumeration mean; empty where there are none of ours."""
    if not isinstance(words, list):
        return []
    found = [VALUES.get(str(word), "") for word in words if word is not None]
    return [*found, *[ABSENT] * (None in words)] if all(found) else []


def _as_markdown(part: Mapping[str, Any]) -> str:
    if "default" not in part:
        return str(part["description"])
    default = part["default"]
    shown = str(default).lower() if isinstance(default, bool) else str(default)
    if isinstance(default, list):
        shown = f"[{', '.join(default)}]"
    return f"{part['description']}\n\nDefault: `{shown}`"
