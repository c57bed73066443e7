"""A key without a value is judged like any other: known, it says nothing; unknown, it is an error, never silence."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from reconciler.diagnostics import Diagnostic
from tests.architecture.imports import REPOSITORY
from tests.loading import load
from tests.test_schemas import as_an_editor_reads, faults
from tests.unit.config.loading import ACCOUNTS, findings, number, only, sound, target, underlined
from tests.unit.config.test_profiles import numbers

COMMA = "a comma in {…} ends the value before it: quote the whole text, or write the map on several lines"
_BLOCK_KEY = re.compile(r"^( *)(?:- )?[\w\"-]+:", re.MULTILINE)
_FLOW_KEY = re.compile(r"\{(?=[\w\"]+: )")
_VALUE = re.compile(r"^( *(?:- )?)([a-z_]+): (?![|>&{\[])\S.*$", re.MULTILINE)
TEXTS = [
    path.read_text("utf-8")
    for path in sorted((REPOSITORY / "examples").glob("*/reconciler.yaml"))
    if path.stat().st_size < 6_000
] + [
    ACCOUNTS
    + """\
policy:
  max_failures: 2
  rules: {route-gap: "off"}
  destinations: {allow: [RU]}
  change_window: {weekly: {mon-fri: 09:00-18:00}}
contacts:
  desk: {to: "74992223344", name: дежурный, timeout: 16}
schedules:
  hours:
    description: часы
    weekly: {mon-fri: 09:30-18:15, sat: [10:00-13:00, 14:00-16:00]}
    except: [{dates: [05-09]}]
  nights: {not: hours}
profiles:
  hotline: {forwarding: {type: number, redirect: sequential, targets: [{to: desk, schedule: hours}]}}
scenarios:
  storm: {numbers: {"74991112233": {forwarding: {masking: true}}}, contacts: {desk: {timeout: 5}}}
numbers:
  "74991112233": {use: [hotline], tags: [moscow], protected: true}
  "74991112244":
    forwarding: {type: url, url: https://example.com/route}
"""
]


def errors(folder: Path, text: str) -> list[Diagnostic]:
    (folder / "reconciler.yaml").write_text(text, "utf-8")
    return [item for item in load(folder).diagnostics if item.is_error]


def with_an_odd_key(text: str) -> Iterator[tuple[str, int]]:
    """The text with `odd` as a key without a value in each map of it, and the line where it stands."""
    for key in _BLOCK_KEY.finditer(text):
        at = key.start()
        if "- " not in key.group():
            yield f"{text[:at]}{key.group(1)}odd:\n{text[at:]}", text.count("\n", 0, at) + 1
    for brace in _FLOW_KEY.finditer(text):
        line = text.count("\n", 0, brace.start()) + 1
        yield f"{text[: brace.end()]}odd, {text[brace.end() :]}", line
        yield f"{text[: brace.end()]}odd: , {text[brace.end() :]}", line


@pytest.mark.parametrize("text", TEXTS)
def test_a_key_without_a_value_that_nobody_knows_is_an_error_in_every_map(text: str, tmp_path: Path) -> None:
    assert errors(tmp_path, text) == []
    for odd, line in with_an_odd_key(text):
        found = errors(tmp_path, odd)
        assert [item for item in found if item.location and item.location.line == line], odd


@pytest.mark.parametrize("text", TEXTS)
def test_a_known_key_without_a_value_is_right_where_the_schema_of_editors_says_so(text: str, tmp_path: Path) -> None:
    found = list(_VALUE.finditer(text))
    for value in random.Random(20261129).sample(found, min(len(found), 12)):
        empty = f"{text[: value.end(2)]}: {text[value.end() :]}"
        line = text.count("\n", 0, value.start()) + 1
        refused = [
            item for item in errors(tmp_path, empty) if item.code in ("wrong-type", "unknown-key", "invalid-value")
        ]
        here = [item for item in refused if item.location and item.location.line == line]
        assert not (here and not faults(as_an_editor_reads(empty))), empty


@pytest.mark.parametrize(
    ("text", "code", "under"),
    [
        (target('{to: "74992223344", timeout: 1,5}'), "unknown-key", "5"),
        (target('{to: "74992223344", schedule: {weekly: {mon,wed: 09:00-18:00}}}'), "schedule-shape", "mon"),
        (number(key='{"74991112233": {description: Sales, Moscow, forwarding: none}}\n#'), "unknown-key", "Moscow"),
        (number(key='{"74991112233": {description: Sales, tags, forwarding: none}}\n#'), "wrong-type", "tags"),
        (number(key='{"74991112233", "74991112244": {forwarding: none}}\n#'), "wrong-type", '"74991112233"'),
        (number("use: [p]") + "profiles: {p: {description: a,b}}\n", "unknown-key", "b"),
        (ACCOUNTS + "contacts: {a,b: {to: '74992223344'}}\n", "wrong-type", "a"),
        (ACCOUNTS + "schedules: {a: {weekly: {mon: 9:00-10:00}, description: b,c}}\n", "unknown-key", "c"),
        (ACCOUNTS + "policy: {max_changes: 1,5}\n", "unknown-key", "5"),
        (ACCOUNTS + "policy: {rules: {route-gap,route-shadowed: warning}}\n", "wrong-type", "route-gap"),
        (ACCOUNTS.replace("timeout: 20", "timeout: 1,5"), "unknown-key", "5"),
        (ACCOUNTS.replace("{env: EXOLVE_API_KEY}", "{env: K}, application, rate: {}"), "wrong-type", "application"),
        ('{version: 1, policy, numbers: {"74991112233": {}}}\n', "wrong-type", "policy"),
        ("{version: 1, odd, numbers: {}}\n", "unknown-key", "odd"),
    ],
)
def test_what_a_stray_comma_makes_of_a_line_is_told_with_what_to_type(
    text: str, code: str, under: str, tmp_path: Path
) -> None:
    item = only(tmp_path, text)
    assert (item.code, underlined(item), item.hint) == (code, under, COMMA)


def test_a_secret_of_two_sources_is_refused_where_one_has_no_value(tmp_path: Path) -> None:
    item = only(tmp_path, ACCOUNTS.replace("{env: EXOLVE_API_KEY}", "{env: A,B}"))
    assert (item.code, item.message) == ("secret-reference", "a secret has exactly one source: env, file or command")


def test_a_misspelt_key_without_a_value_is_told_with_the_right_spelling(tmp_path: Path) -> None:
    item = only(tmp_path, number("protcted:", "forwarding: none"))
    assert (item.code, underlined(item), item.hint) == ("unknown-key", "protcted", "did you mean protected?")


def test_a_known_key_without_a_value_hides_no_unknown_one_beside_it(tmp_path: Path) -> None:
    text = number("tags:", "protcted:", "forwarding: {type: url, url: https://a.b/, reserve: , odd: }")
    told = [(item.code, underlined(item)) for item in findings(tmp_path, text)]
    assert told == [("unknown-key", "protcted"), ("unknown-key", "odd")]


def test_a_day_without_hours_is_told(tmp_path: Path) -> None:
    item = only(tmp_path, ACCOUNTS + "schedules:\n  a:\n    weekly:\n      mon: 9:00-18:00\n      tue:\n")
    assert (item.code, underlined(item), item.message) == ("schedule-shape", "tue", "this day has no hours")


def test_sections_and_known_keys_without_a_value_are_as_if_they_were_not_written(tmp_path: Path) -> None:
    sections = "name: \ninclude: \nrecord: \npolicy: \ncontacts: \nschedules: \nprofiles: \nscenarios: \nforget: \n"
    sound(tmp_path, ACCOUNTS + sections)
    text = number("description:", "tags: ~", "protected: null", "forwarding: {type: url, url: https://a.b/, reserve: }")
    sound(tmp_path, text + "schedules: {a: {period: wd {mon}\n".replace("wd {mon}", '"wd {mon}"}}'))


def test_a_scenario_removes_with_null_what_stands_below_it(tmp_path: Path) -> None:
    text = (
        number("forwarding: {type: number, targets: [{to: desk}]}")
        + "contacts: {desk: {to: '74992223344', timeout: 5}}\n"
    )
    text += "scenarios: {storm: {contacts: {desk: {timeout: null}}}}\n"
    assert findings(tmp_path, text) == ()
    stormy = load(tmp_path, scenario="storm").configuration
    assert stormy is not None
    assert [target.timeout for each in stormy.desired for target in numbers(each.value).targets] == [20]
