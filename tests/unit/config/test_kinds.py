"""A value of the wrong kind, a text, list or map where another belongs, is told wherever it stands."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.loading import load
from tests.unit.config.loading import ACCOUNTS, findings, number, only, underlined

WRONG: list[tuple[str, str, str]] = [
    (ACCOUNTS + "include: numbers\n", "numbers", "include takes a list, not text"),
    (ACCOUNTS + "include: [{a: b}]\n", "{a: b}", "a pattern is text, not a map"),
    (ACCOUNTS + "forget: 74991112233\n", "74991112233", "forget takes a list, not text"),
    (ACCOUNTS + "forget: [[a]]\n", "[a]", "a number is text, not a list"),
    (ACCOUNTS + "contacts: [a]\n", "[a]", "contacts takes a map, not a list"),
    (ACCOUNTS + "contacts: {desk: a}\n", "a", "desk takes a map, not text"),
    (ACCOUNTS + "schedules: {nights: [a]}\n", "[a]", "nights takes a map, not a list"),
    (ACCOUNTS + "scenarios: {storm: {numbers: [a]}}\n", "numbers", "numbers takes a map, not a list"),
    (ACCOUNTS + 'numbers: {"74991112233": text}\n', "text", "74991112233 takes a map, not text"),
    ("version: 1\naccounts: {sales: exolve}\n", "exolve", "the account 'sales' takes a map, not text"),
    ("version: 1\ndefaults: {timezone: [a]}\n", "timezone", "expected text, not a list"),
    ("version: 1\nname: [a]\n", "[a]", "expected text, not a list"),
    ("version: 1\npolicy: {rules: [a]}\n", "rules", "rules takes a map, not a list"),
    (number("tags: [[a]]", "forwarding: none"), "[a]", "an entry of tags is text, not a list"),
    (number("use: hotline"), "hotline", "use takes a list, not text"),
    (number("protected: [true]", "forwarding: none"), "protected", "a list is neither true nor false"),
    (number("forwarding: {type: number, targets: {to: x}}"), "targets", "targets takes a list, not a map"),
    (number("forwarding: {type: number, targets: [x]}"), "x", "an entry of targets is a map, not text"),
    (
        number('forwarding: {type: number, redirect: [a], targets: [{to: "74992223344"}]}'),
        "redirect",
        "redirect takes text, not a list",
    ),
    (
        number('forwarding: {type: number, targets: [{to: "74992223344", schedule: [nights]}]}'),
        "[nights]",
        "a schedule is a name or a map, not a list",
    ),
]


@pytest.mark.parametrize(("text", "under", "message"), WRONG)
def test_a_value_of_the_wrong_kind_is_told_at_its_place(text: str, under: str, message: str, tmp_path: Path) -> None:
    item = only(tmp_path, text)
    assert (item.code, underlined(item), item.message) == ("wrong-type", under, message)
    assert item.hint


@pytest.mark.parametrize("section", ["contacts", "schedules", "profiles", "scenarios", "numbers", "forget", "include"])
def test_a_section_without_content_says_nothing(section: str, tmp_path: Path) -> None:
    assert findings(tmp_path, ACCOUNTS + f"{section}:\n") == ()
    assert load(tmp_path).configuration is not None


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("version: 1\naccounts: {sales: {api_key: {env: K}}}\n", "missing-key"),
        ("version: 1\naccounts: {sales: {provider: [exolve]}}\n", "invalid-value"),
        (number("forwarding: {type: [number]}"), "forwarding-type"),
    ],
)
def test_what_decides_the_shape_must_be_a_known_word(text: str, code: str, tmp_path: Path) -> None:
    assert only(tmp_path, text).code == code


def test_a_severity_is_called_so(tmp_path: Path) -> None:
    item = only(tmp_path, "version: 1\npolicy: {rules: {route-gap: loud}}\n")
    assert (item.message, item.hint) == ("'loud' is not a known severity", "write error, warning, notice or off")
