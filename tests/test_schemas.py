"""The schema of configuration files: right about the examples, as editors read them, and strict where it can be."""

from __future__ import annotations

import importlib
import json
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from reconciler.config.schema import config_schema
from reconciler.model import NumberForwarding
from reconciler.providers.table import PROVIDERS
from tests.architecture.imports import REPOSITORY
from tests.unit.config.loading import sound, target

EXAMPLES = REPOSITORY / "examples"
FILES = sorted(path for path in EXAMPLES.rglob("[!.]*.yaml") if "invalid" not in path.parts)
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


def test_the_schema_is_a_schema() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(EXAMPLES)))
def test_every_example_fits_the_schema(path: Path) -> None:
    assert faults(as_an_editor_reads(path.read_text("utf-8"))) == []


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(EXAMPLES)))
def test_every_example_tells_editors_where_the_schema_is(path: Path) -> None:
    first = path.read_text("utf-8").splitlines()[0]
    name = first.removeprefix("# yaml-language-server: $schema=")
    assert (path.parent / name).resolve() == REPOSITORY / "schemas" / "config.v1.json"


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
    assert faults(as_an_editor_reads(text)) == ["$.accounts.a"]


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("numbers: {}", "$"),
        ("version: 2", "$.version"),
        ("version: 1\nnumbrs: {}", "$"),
        ("version: 1\ndefaults: {timeout: soon}", "$.defaults.timeout"),
        ("version: 1\npolicy: {max_failures: 0}", "$.policy.max_failures"),
        ("version: 1\naccounts: {a: {provider: exolve, api_key: literal}}", "$.accounts.a"),
        ("version: 1\nnumbers: {'74991112233': {forwarding: {type: url}}}", "$.numbers['74991112233'].forwarding"),
        (
            "version: 1\nnumbers: {'74991112233': {forwarding: {type: url, url: nowhere}}}",
            "$.numbers['74991112233'].forwarding",
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
    return own + [found for value in node.values() for found in _properties(value)]


def test_every_key_has_a_description() -> None:
    assert {key for key, value in _properties(SCHEMA) if "description" not in value} == set()


def test_the_keys_that_people_fill_in_have_examples() -> None:
    described = {key for key, value in _properties(SCHEMA) if "examples" in value}
    assert described >= {"to", "timeout", "url", "event_url", "static_ip", "port", "did", "sip_uri", "api_key", "use"}
