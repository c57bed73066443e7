"""The schema in the YAML language server that most editors use: no false alarm, and what it sees and offers."""

from __future__ import annotations

import itertools
import re
import shutil
import textwrap
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from reconciler.cli import main
from tests.architecture.imports import REPOSITORY
from tests.editors.conftest import YAML_SERVER
from tests.language_client import LanguageClient
from tests.unit.config.loading import findings

EXAMPLES = REPOSITORY / "examples"
VALID = sorted(str(path.relative_to(REPOSITORY)) for path in EXAMPLES.rglob("*.yaml") if "invalid" not in path.parts)
INVALID = sorted(path.name for path in (EXAMPLES / "invalid").iterdir())
PAGE = (REPOSITORY / "docs" / "editors.md").read_text("utf-8")
_names = (f"scratch-{count}.yaml" for count in itertools.count())

# The rules whose example the schema alone flags.
SEEN = {
    *(
        "forwarding-type",
        "invalid-value",
        "ip-invalid",
        "literal-secret",
        "missing-key",
        "port-range",
        "secret-reference",
    ),
    *("sip-uri-invalid", "targets-empty", "timeout-range", "unknown-key", "unknown-rule", "url-invalid", "wrong-type"),
    *("version-missing", "version-unsupported", "number-trunk-prefix", "sip-id-length", "contact-name"),
    *("yaml-alias", "yaml-blank", "yaml-depth", "yaml-duplicate-key", "yaml-flow-quotes", "yaml-key", "yaml-syntax"),
    *("yaml-tab", "yaml-tag"),
}
# Why it cannot know the others: the words of docs/editors.md, and the rules.
UNSEEN: dict[str, set[str]] = {
    "Other places and other files": {
        *("account-kind", "account-missing", "contact-cycle", "duplicate-entry", "forget-declared", "name-missing"),
        *("profile-cycle", "schedule-cycle", "timeout-missing", "trusted-only", "unknown-account", "unknown-contact"),
        *("unknown-profile", "unknown-schedule", "variable-misplaced", "numbers-missing", "parking-without-listener"),
        *("display-number-foreign", "display-number-unused", "event-extended-unused", "require-https"),
        *("url-without-reserve", "schedule-shape", "release-unfit", "expectation-past", "calendar-file"),
    },
    "The meaning of periods, dates and the calendar": {
        *("assume-timezone", "calendar-ending", "dates-reversed", "entries-many", "holidays-estimated"),
        *("holidays-unannounced", "hours-end-early", "schedule-not-compiled", "schedule-verbatim", "targets-many"),
        *(name for name in INVALID if name.startswith("period-")),
    },
    "Numbering plans, routes and policy": {
        *("number-invalid", "number-unassigned", "phone-shared", "policy-destination", "trunk-private-address"),
        *(name for name in INVALID if name.startswith("route-")),
        *("did-invalid", "expectation-past", "expectation-unmet"),
    },
    "The folder and the bytes of files": {
        *("config-missing", "file-empty", "file-encoding", "file-line-length", "file-outside", "file-unreadable"),
        *("include-case", "include-empty", "include-pattern", "text-control", "text-direction", "yaml-documents"),
        *("yaml-expansion", "yaml-merge"),
    },
}


def test_each_rule_is_seen_or_there_is_a_reason_why_not() -> None:
    unseen = set().union(*UNSEEN.values())
    assert SEEN | unseen == set(INVALID)
    assert SEEN & unseen == set()


@pytest.mark.parametrize("reason", UNSEEN)
def test_the_page_says_what_an_editor_without_us_cannot_know(reason: str) -> None:
    (line,) = [line for line in PAGE.splitlines() if f"**{reason}**" in line]
    assert len(line) > 100


def _texts(rule: str) -> list[tuple[str, str]]:
    """The files of an example that an editor can open."""
    paths = sorted(
        path for path in (EXAMPLES / "invalid" / rule).rglob("*.y*ml") if path.is_file() and not path.is_symlink()
    )
    return [(str(path.relative_to(REPOSITORY)), path.read_bytes().decode("utf-8", "replace")) for path in paths]


@pytest.fixture(scope="module")
def shown(yaml_server: LanguageClient) -> dict[str, list[dict[str, Any]]]:
    """What is flagged in each file of the examples, opened at once: the server waits a little after each."""
    for name in VALID:
        yaml_server.open(name)
    # A billion laughs would be expanded by the server itself.
    invalid = [each for rule in INVALID if rule != "yaml-expansion" for each in _texts(rule)]
    for name, text in invalid:
        yaml_server.open(name, text)
    return {name: yaml_server.findings(name) for name in (*VALID, *(name for name, _text in invalid))}


@pytest.mark.parametrize("name", VALID)
def test_an_example_shows_no_fault(name: str, shown: dict[str, list[dict[str, Any]]]) -> None:
    assert shown[name] == []


@pytest.mark.parametrize("rule", sorted(SEEN))
def test_what_the_schema_can_know_is_flagged(rule: str, shown: dict[str, list[dict[str, Any]]]) -> None:
    assert [found for name, _text in _texts(rule) for found in shown[name]]


@pytest.mark.parametrize("rule", sorted(set().union(*UNSEEN.values()) - {"yaml-expansion", "file-encoding"}))
def test_what_the_schema_cannot_know_is_not_flagged_by_chance(
    rule: str, shown: dict[str, list[dict[str, Any]]]
) -> None:
    assert [found for name, _text in _texts(rule) for found in shown[name]] == []


ODD = """\
version: "1"
required_version: ">= 0.0.1,<1000"
x-anchors:
  desk: &desk {to: +7 (499) 222-33-44, timeout: 1m}
name: 2026
defaults: {account: 7, timeout: "20", calendar_until: 2099-12-31, timezone: }
accounts:
  7: {provider: exolve, api_key: {env: EXOLVE_API_KEY}, settle: 10 m, rate: {per_second: 0.5}, max_entries: "900"}
policy:
  max_changes: 30 %
  max_deletes: 0
  change_window: 24
  destinations: {allow: [RU, 7, "+44", premium, "sip:*"], deny: }
  rules: {route-gap: "off"}
contacts:
  duty: {<<: *desk, name: 24}
  1st-line: {to: duty}
schedules:
  24: {period: "wd {mon-fri}"}
  hours:
    weekly: {Mon-Fri: " 9:00 - 18:00", "sat, sun": [10:00-14:00, 22:00\\u201306:00], SATURDAY: 1:00-2:00}
    workday_as: mo
  days: {dates: [5-9, 12-30..01-08, 2026-12-31]}
  both: {any: [24, {not: days}], except: hours}
profiles:
  99: {forwarding: {type: number, targets: []}, tags: [1, true]}
numbers:
  +7 (499) 111-22-33: {use: [99], forwarding: {targets: [{<<: *desk, schedule: 24}]}}
  7.499.111.22.34: &entry {forwarding: {type: number, targets: [{to: 74992223344, timeout: 1 m}]}, description: 12}
  "74991112235": {<<: *entry, protected: False}
  74991112236: {forwarding: {type: sip_trunk, static_ip: 2001:db8::1, port: "5060", did: 12}}
  "74991112237": {forwarding: {type: url, url: HTTPS://example.com/a, reserve: 883140123456789}}
  "74991112238":
forget: [+7 499 111 22 39]
environments: {staging: {name: 1, accounts: {7: {api_key: {env: STAGING_API_KEY}}}, policy: {max_deletes: 1}}}
scenarios: {2: {numbers: {+7 (499) 111-22-38: {account: 7, forwarding: none}}}}
expectations:
  - {call: +7 (499) 111-22-33, during: 24, rings: [74992223344]}
  - {call: 74991112238, scenario: 2, rings: []}
""".replace("\\u2013", "\u2013")


def test_odd_but_legal_spellings_show_no_fault(yaml_server: LanguageClient, tmp_path: Path) -> None:
    assert [item.message for item in findings(tmp_path, ODD) if item.is_error] == []
    yaml_server.open("odd.yaml", ODD)
    assert yaml_server.findings("odd.yaml") == []


# -- completion -------------------------------------------------------------------------------------------------------


def offered(server: LanguageClient, text: str) -> list[dict[str, Any]]:
    """What is offered at the mark `|` of a text."""
    name = next(_names)
    shown = textwrap.dedent(text)
    lines = shown[: shown.index("|")].split("\n")
    server.open(name, shown.replace("|", "", 1))
    answer = server.at("completion", name, len(lines) - 1, len(lines[-1]))
    items: list[dict[str, Any]] = answer if isinstance(answer, list) else answer["items"]
    return items


def labels(items: list[dict[str, Any]]) -> set[str]:
    return {item["label"] for item in items}


def inserted(text: str, item: dict[str, Any]) -> str:
    """The text after an item was chosen, its placeholders left as they are proposed."""
    new = item.get("textEdit", {}).get("newText") or item.get("insertText") or item["label"]
    for mark in range(9):
        new = re.sub(rf"\$(?:{mark}|\{{{mark}:([^}}]*)\}})", lambda match: match.group(1) or "", new)
    return text.replace("|", new, 1)


@pytest.mark.parametrize("key", ["max_changes", "max_deletes", "max_failures", "require_https"])
def test_a_key_of_policy_is_completed_with_a_value_that_validate_takes(
    key: str, yaml_server: LanguageClient, tmp_path: Path
) -> None:
    text = "version: 1\npolicy:\n  |\n"
    (item,) = [item for item in offered(yaml_server, text) if item["label"] == key]
    assert [found.message for found in findings(tmp_path, inserted(text, item)) if found.is_error] == []


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        (
            "version: 1\nnumbers:\n  '74991112233':\n    forwarding:\n      type: |",
            {"number", "url", "sip_trunk", "sip"},
        ),
        ("version: 1\naccounts:\n  sales:\n    provider: |", {"exolve", "mtt"}),
        ("version: 1\npolicy:\n  rules:\n    |", {"route-gap", "phone-shared"}),
        ("version: 1\npolicy:\n  rules:\n    route-gap: |", {"error", "warning", "notice"}),
        ("version: 1\nschedules:\n  office:\n    weekly:\n      |", {"mon-fri", "sat", "sun"}),
        ("version: 1\npolicy:\n  destinations:\n    deny:\n      - |", {"premium"}),
        ("version: 1\nrecord:\n  backend: |", {"file", "git", "http", "postgres"}),
        ("version: 1\n|", {"numbers", "accounts", "required_version"}),
    ],
)
def test_words_that_are_right_are_offered(text: str, wanted: set[str], yaml_server: LanguageClient) -> None:
    assert labels(offered(yaml_server, text)) >= wanted


def test_the_keys_that_are_offered_are_those_of_the_type(yaml_server: LanguageClient) -> None:
    entry = "version: 1\nnumbers:\n  '74991112233':\n    forwarding:\n      type: sip_trunk\n      |"
    assert labels(offered(yaml_server, entry)) >= {"static_ip", "port"}
    assert labels(offered(yaml_server, entry)) & {"targets", "url", "sip_uri"} == set()


# -- words ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("accounts: {a: {provider: telphin}}", {"exolve", "mtt"}),
        ("numbers: {'74991112233': {forwarding: {type: nummer}}}", {"number", "url", "sip_trunk", "sip"}),
    ],
)
def test_a_wrong_word_is_answered_with_all_that_are_right(
    text: str, words: set[str], yaml_server: LanguageClient
) -> None:
    name = next(_names)
    yaml_server.open(name, f"version: 1\n{text}\n")
    (found,) = yaml_server.findings(name)
    assert all(f'"{word}"' in found["message"] for word in words)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("policy:\n  max_|changes: 10%", ["#### Policy", "Default: `30%`", "Updates, adoptions and deletes"]),
        ("policy:\n  rules:\n    route|-gap: error", ["Default: `warning`"]),
        ("record:\n  backend: gi|t", ["A ref of a git repository.", "`postgres`: A PostgreSQL database."]),
        ("accounts:\n  a:\n    prov|ider: exolve", ["Whose API it is."]),
        (
            "numbers:\n  '74991112233':\n    forwarding:\n      type: number\n      redirect: sing|le",
            ["`single`: Only the first target that is on rings."],
        ),
    ],
)
def test_hovering_says_what_a_key_is_and_what_its_words_mean(
    text: str, said: list[str], yaml_server: LanguageClient
) -> None:
    name, shown = next(_names), f"version: 1\n{text}\n"
    lines = shown[: shown.index("|")].split("\n")
    yaml_server.open(name, shown.replace("|", "", 1))
    answer = yaml_server.at("hover", name, len(lines) - 1, len(lines[-1]))
    assert [words for words in said if words not in answer["contents"]["value"]] == [], answer


@pytest.mark.parametrize("vendor", ["exolve", "mtt"])
def test_what_init_writes_shows_no_fault_by_its_own_schema(vendor: str, tmp_path: Path) -> None:
    started = CliRunner().invoke(
        main, ["init", str(tmp_path), "--vendor", vendor, "--number", "74991112233", "--host", "none"]
    )
    assert started.exit_code == 0, started.output
    node = shutil.which("node")
    if node is None or not YAML_SERVER.exists():
        pytest.skip("needs node, and `npm ci` in tests/clients")
    told = {"schemaStore": {"enable": False}, "yamlVersion": "1.2", "validate": True, "hover": True}
    with LanguageClient([node, str(YAML_SERVER), "--stdio"], tmp_path, settings={"yaml": told}) as client:
        for name in ("reconciler.yaml", "numbers/main.yaml"):
            client.open(name)
            assert client.findings(name) == []
        text = (tmp_path / "reconciler.yaml").read_text("utf-8")
        client.change("reconciler.yaml", 2, {"text": text + "\nnumbrs: {}\n"})
        assert client.findings("reconciler.yaml", after=1)  # so the schema was found
