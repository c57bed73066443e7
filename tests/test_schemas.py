"""The schema of configuration files: right about the examples, as editors read them, and strict where it can be."""

from __future__ import annotations

import importlib
import json
import random
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import phonenumbers
import pytest
from packaging.specifiers import InvalidSpecifier, SpecifierSet
from pydantic_core import PydanticCustomError
from ruamel.yaml import YAML

from reconciler.cli.schema import SCHEMAS
from reconciler.config import addresses, patterns, values
from reconciler.config.patterns import NUMBER_TYPES
from reconciler.config.releases import release_range
from reconciler.config.schema import config_schema
from reconciler.model import NumberForwarding
from reconciler.providers.table import PROVIDERS
from reconciler.rules import RULES
from reconciler.schedule import human
from tests.architecture.imports import REPOSITORY
from tests.unit.config.loading import sound, target

EXAMPLES = REPOSITORY / "examples"
FILES = sorted(path for path in EXAMPLES.rglob("*.yaml") if not {"invalid", "pipelines"} & set(path.parts))
SCHEMA = config_schema(each.account for each in PROVIDERS.values())
jsonschema: Any = importlib.import_module("jsonschema")  # which has no types


def as_an_editor_reads(text: str) -> Any:
    """YAML 1.2 core types, dates as text: what a language server judges."""
    yaml = YAML(typ="safe", pure=True)
    yaml.constructor.yaml_constructors.pop("tag:yaml.org,2002:timestamp", None)
    data = yaml.load(text)
    return json.loads(json.dumps(data, default=str))


def faults(data: object) -> list[str]:
    validator = jsonschema.Draft202012Validator(SCHEMA)
    return [error.json_path for error in validator.iter_errors(data)]


@pytest.mark.parametrize("name", SCHEMAS)
def test_a_schema_is_a_schema(name: str) -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMAS[name]())


def _shown_values(node: object) -> list[tuple[dict[str, Any], Any]]:
    """Every place of a schema with each default and example that it shows."""
    if isinstance(node, list):
        return [found for item in node for found in _shown_values(item)]
    if not isinstance(node, dict):
        return []
    examples = node["examples"] if isinstance(node.get("examples"), list) else []
    own = [(node, value) for value in (*examples, *([node["default"]] if "default" in node else []))]
    return own + [found for value in node.values() for found in _shown_values(value)]


@pytest.mark.parametrize("name", SCHEMAS)
def test_every_default_and_example_is_valid_where_it_stands(name: str) -> None:
    schema = SCHEMAS[name]()
    wrong = [
        (place.get("description"), value)
        for place, value in _shown_values(schema)
        if not jsonschema.Draft202012Validator({**place, "$defs": schema.get("$defs", {})}).is_valid(value)
    ]
    assert wrong == []


def test_a_default_that_is_not_valid_is_seen() -> None:
    place = {"type": "string", "default": {"percent": 30}}
    assert not jsonschema.Draft202012Validator(place).is_valid(_shown_values({"properties": {"a": place}})[0][1])


def test_a_schema_claims_no_address() -> None:
    assert [name for name, draw in SCHEMAS.items() if "$id" in draw()] == []


def test_every_definition_has_a_title_of_its_own() -> None:
    titles = [part["title"] for part in SCHEMA["$defs"].values()]
    assert len(set(titles)) == len(titles)


def test_the_rules_that_are_offered_are_those_whose_severity_may_be_chosen() -> None:
    offered = SCHEMA["$defs"]["PolicyEntry"]["properties"]["rules"]["properties"]
    assert set(offered) == {code for code, rule in RULES.items() if rule.adjustable}
    assert {code: part["default"] for code, part in offered.items()} == {code: RULES[code].severity for code in offered}


def test_the_types_of_numbers_are_those_of_the_library() -> None:
    names = (phonenumbers.PhoneNumberType.to_string(value) for value in phonenumbers.PhoneNumberType.values())
    assert sorted(NUMBER_TYPES) == sorted({name.lower() for name in names})


# What reads a text, the pattern that editors judge it by, and texts of that kind or near it.
TEXTS: list[tuple[Callable[[str], object], str, str]] = [
    (values.phone_number, patterns.PHONE, "+()./- 0123456789\u00a0"),
    (values.phone_or_sip_id, patterns.PHONE_OR_SIP_ID, "+- 0123456789"),
    (addresses.ip_address, patterns.IP_ADDRESS, "0123456789.:abcdefF%"),
    (addresses.sip_uri, patterns.SIP_URI, "ab.-@:[];=0123456789"),
    (addresses.destination, patterns.DESTINATION, "RUsip:url*+0123_premu"),
    (human.read_hours, patterns.HOURS, "0123456789:- \u2013"),
    (human.read_dates, patterns.DATES, "0123456789-. "),
    (human.read_weekdays, patterns.DAYS, "mondayfritue,- SATUN"),
    (values.limit, patterns.SHARE, "0123456789.% "),
    (release_range, patterns.VERSION_RANGE, "<>=!~0123456789.*, "),
]
SPELLINGS = [
    *("74991112233", "+7 (499) 111-22-33", "8 (499) 111-22-33", "84991112233", "+84991112233", "883140123456789"),
    *("8 800 555 35 35", "88005553535", "0044 20 7946 0018", "8831412345", "88314123456", " 7\u00a0499 111.22.33 "),
    *("203.0.113.7", "203.0.113.07", "::1", "2001:db8::7", "fe80::1%eth0", "::ffff:203.0.113.7"),
    *("user@sip.example.com:5060", "user@[2001:db8::7]:5060;transport=tcp", "sip:user@example.com", "a@b"),
    *("RU", "+7809", "premium", "premium_rate", "sip_id", "sip:*.example.com", "url:https://*.example.com", "XX"),
    *("09:30-18:15", "9:00-18:00", " 22:00 - 06:00 ", "9-18", "09:00\u201318:00", "24:00-25:00", "00:00-24:00"),
    *("05-09", "5-9", "2026-12-31", "01-01..01-08", "12-30 .. 01-08", "2026-12-31..2027-01-08", "02-30"),
    *("mon-fri", "Mon, Wed", "mo", "SATURDAY", "thurs", "mon - fri", "sat,sun", "fri-mon", "1-5", "monda fr"),
    *("30%", "12", "0.5 %", "100%", "100.1%", "007%", ">=0.2", ">= 0.2, <1", "~=1", "~=1.2", "==1.*", "0.2", "1e3"),
]


@pytest.mark.parametrize(("read", "pattern", "letters"), TEXTS, ids=lambda each: getattr(each, "__name__", ""))
def test_what_validate_takes_is_never_flagged(read: Callable[[str], object], pattern: str, letters: str) -> None:
    chosen = random.Random(pattern)
    cut = [text[: chosen.randrange(len(text) + 1)] + text[chosen.randrange(len(text)) :] for text in SPELLINGS * 60]
    made = ["".join(chosen.choices(letters, k=chosen.randrange(1, 14))) for _ in range(3_000)]
    taken = [text for text in (*SPELLINGS, *cut, *made) if _is_taken(read, text)]
    assert len(set(taken)) >= 3
    assert [text for text in taken if re.search(pattern, text) is None] == []
    flagged = [text for text in SPELLINGS if re.search(pattern, text) is None]
    assert len(flagged) > len(SPELLINGS) / 2  # a pattern that takes everything says nothing


def _is_taken(read: Callable[[str], object], text: str) -> bool:
    try:
        read(text)
    except (PydanticCustomError, human.HumanError):
        return False
    return True


@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        (patterns.PHONE, "8 (499) 111-22-33"),
        (patterns.PHONE, "8 800 555 35 35"),
        (patterns.PHONE_OR_SIP_ID, "8831401234567"),
        (patterns.IP_ADDRESS, "sip.example.com"),
        (patterns.SIP_URI, "sip:user@example.com"),
        (patterns.DESTINATION, "premum"),
        (patterns.HOURS, "9-18"),
        (patterns.DAYS, "weekdays"),
        (patterns.SHARE, "130%"),
    ],
)
def test_a_common_slip_is_flagged_by_its_form(pattern: str, text: str) -> None:
    assert re.search(pattern, text) is None


def test_releases_are_read_as_pythons_packages_read_them() -> None:
    chosen = random.Random(174)
    for _ in range(3_000):
        parts = (".".join(str(chosen.randrange(3)) for _ in range(chosen.randrange(1, 4))) for _ in range(2))
        bounds = ",".join(chosen.choice(_OPERATORS) + part + chosen.choice(["", "", ".*"]) for part in parts)
        version = ".".join(str(chosen.randrange(3)) for _ in range(chosen.randrange(1, 4)))
        version += chosen.choice(["", "", "rc1", ".dev2", "a1"])
        assert _takes(bounds, version) == _expected(bounds, version), (bounds, version)


_OPERATORS = ["==", "!=", ">=", "<=", ">", "<", "~="]


def _takes(bounds: str, version: str) -> bool | None:
    try:
        return release_range(bounds).takes(version)
    except PydanticCustomError:
        return None


def _expected(bounds: str, version: str) -> bool | None:
    try:
        return SpecifierSet(bounds).contains(version, prereleases=True)
    except InvalidSpecifier:
        return None


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(EXAMPLES)))
def test_every_example_fits_the_schema(path: Path) -> None:
    assert faults(as_an_editor_reads(path.read_text("utf-8"))) == []


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(EXAMPLES)))
def test_every_example_tells_editors_where_the_schema_is(path: Path) -> None:
    first = path.read_text("utf-8").splitlines()[0]
    name = first.removeprefix("# yaml-language-server: $schema=")
    assert json.loads((path.parent / name).read_text("utf-8")) == SCHEMA


def test_the_defaults_that_editors_show_are_those_that_loading_gives(tmp_path: Path) -> None:
    configuration = sound(tmp_path, target('to: "74992223344"')).configuration
    assert configuration is not None
    (desired,) = configuration.desired
    assert isinstance(desired.value, NumberForwarding)
    shown = {
        (name, key): part["default"]
        for name in ("NumberEntry", "TargetEntry", "NumberOfConfig")
        for key, part in SCHEMA["$defs"][name]["properties"].items()
        if "default" in part
    }
    given = {"NumberEntry": desired.value, "TargetEntry": desired.value.targets[0], "NumberOfConfig": desired}
    assert shown == {(name, key): getattr(given[name], key) for name, key in shown}
    assert {key for _, key in shown} == {"redirect", "event_extended", "masking", "active", "protected"}


def test_quoted_and_plain_numbers_are_both_right() -> None:
    text = """\
        version: "1"
        defaults: {timeout: "20"}
        contacts: {desk: {to: 74992223344, timeout: 16}}
        numbers:
          "74991112233": {forwarding: {type: sip_trunk, static_ip: 203.0.113.7, port: "5060", did: 111}}
          74991112244: {forwarding: {type: sip_trunk, static_ip: 203.0.113.7, port: 5060, did: "111"}}
    """
    data = as_an_editor_reads(text)
    data["numbers"] = {str(key): value for key, value in data["numbers"].items()}
    assert faults(data) == []


def test_a_key_without_a_value_is_right_wherever_validate_takes_it() -> None:
    sections = "name include record defaults policy contacts schedules profiles scenarios numbers forget"
    empty = "".join(f"{section}:\n" for section in sections.split())
    assert faults(as_an_editor_reads(f"version: 1\n{empty}")) == []
    text = """\
        version: 1
        defaults: {timezone: }
        policy: {max_changes: , change_window: , destinations: {allow: }, rules: }
        accounts: {sales: {provider: exolve, api_key: {env: K}, application: , rate: {per_second: }, period: {union: }}}
        schedules: {nights: {period: "hr {22-23}", except: }}
        numbers:
          "74991112233":
          "74991112234": {description: , forwarding: }
          "74991112235": {use: [hotline], forwarding: {redirect: , event_url: null, masking: ~}}
          "74991112236": {forwarding: {type: number, redirect: , targets: [{to: "74992223344", schedule: , active: }]}}
    """
    assert faults(as_an_editor_reads(text)) == []


@pytest.mark.parametrize("key", ["env", "file"])
def test_a_secret_without_its_source_is_wrong(key: str) -> None:
    text = f"version: 1\naccounts: {{a: {{provider: exolve, api_key: {{{key}: }}}}}}"
    assert faults(as_an_editor_reads(text)) == [f"$.accounts.a.api_key.{key}"]


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("numbers: {}", "$"),
        ("version: 2", "$.version"),
        ("version: 1\nnumbrs: {}", "$"),
        ("version: 1\ndefaults: {timeout: soon}", "$.defaults.timeout"),
        ("version: 1\npolicy: {max_failures: 0}", "$.policy.max_failures"),
        ("version: 1\naccounts: {a: {provider: exolve, api_key: literal}}", "$.accounts.a.api_key"),
        ("version: 1\naccounts: {a: {provider: telphin}}", "$.accounts.a.provider"),
        ("version: 1\nnumbers: {'74991112233': {forwarding: {type: url}}}", "$.numbers['74991112233'].forwarding"),
        (
            "version: 1\nnumbers: {'74991112233': {forwarding: {type: url, url: nowhere}}}",
            "$.numbers['74991112233'].forwarding.url",
        ),
        (
            "version: 1\nnumbers: {'74991112233': {forwarding: {type: nummer, targets: []}}}",
            "$.numbers['74991112233'].forwarding.type",
        ),
        ("version: 1\nnumbers: {'74991112233': {protected: perhaps}}", "$.numbers['74991112233'].protected"),
        ("version: 1\nnumbers: {desk: {}}", "$.numbers"),
    ],
)
def test_what_is_wrong_in_form_is_wrong_for_editors_too(text: str, path: str) -> None:
    assert path in faults(as_an_editor_reads(text))


def test_an_entry_that_uses_a_profile_may_leave_the_rest_to_it() -> None:
    entry = "version: 1\nnumbers: {'74991112233': {use: [hotline], forwarding: {masking: true}}}"
    assert faults(as_an_editor_reads(entry)) == []
    assert faults(as_an_editor_reads(entry.replace("use: [hotline], ", ""))) == ["$.numbers['74991112233'].forwarding"]


def _properties(node: object) -> list[tuple[str, dict[str, Any]]]:
    if isinstance(node, list):
        return [found for item in node for found in _properties(item)]
    if not isinstance(node, dict):
        return []
    own = [(key, value) for key, value in node.get("properties", {}).items()]
    return own + [found for key, value in node.items() if key != "if" for found in _properties(value)]


def test_every_key_has_a_description() -> None:
    assert {key for key, value in _properties(SCHEMA) if "description" not in value} == set()


def test_the_keys_that_people_fill_in_have_examples() -> None:
    described = {key for key, value in _properties(SCHEMA) if "examples" in value}
    assert described >= {"to", "timeout", "url", "event_url", "static_ip", "port", "did", "sip_uri", "api_key", "use"}
