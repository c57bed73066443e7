"""A third provider is one row of the table and its own folder: all commands work with it, and none knows it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from reconciler.cli import main
from reconciler.providers.table import PROVIDERS
from tests.providers.third import ACME
from tests.providers.third.provider import SERVICES, Acme

ADDRESS = "https://acme.example.com"
NUMBER = "74991112233"
HEAD = """\
version: 1
name: third
accounts:
  spare: {provider: acme, token: {env: ACME_TOKEN}}
defaults: {account: spare, timeout: 20}
numbers:
  "74991112233":
"""
ONE = '    forwarding: {type: number, targets: [{to: "74992223344"}]}\n'
TWO = '    forwarding: {type: number, targets: [{to: "74992223344"}, {to: "74992223355"}]}\n'
MASKED = '    forwarding: {type: number, masking: true, targets: [{to: "74992223344"}]}\n'


@dataclass
class Place:
    """A folder whose account lives at Acme."""

    folder: Path
    acme: Acme

    def says(self, entry: str) -> None:
        (self.folder / "reconciler.yaml").write_text(HEAD + entry, "utf-8")

    def run(self, *arguments: str) -> Result:
        environ = {"ACME_TOKEN": "t", "RECONCILER_RECORD_KEY": "a key of the record that is long enough"}
        ended = CliRunner().invoke(main, ["-C", str(self.folder), *arguments], env=environ)
        assert not isinstance(ended.exception, Exception), ended.exception
        return ended

    def json(self, *arguments: str) -> Any:
        return json.loads(self.run(*arguments, "--format", "json").stdout)

    @property
    def rings(self) -> tuple[str, int] | None:
        return self.acme.phones[NUMBER]


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Place:
    monkeypatch.setitem(PROVIDERS, "acme", ACME)
    monkeypatch.setitem(SERVICES, ADDRESS, Acme({NUMBER: None, "74991112244": None}))
    made = Place(tmp_path, SERVICES[ADDRESS])
    made.says(ONE)
    return made


def test_it_is_validated_planned_applied_audited_and_undone(place: Place) -> None:
    assert place.run("validate").exit_code == 0
    (planned,) = place.json("plan")["changes"]
    assert (planned["provider"], planned["action"], planned["needs"]) == ("acme", "create", [])
    applied = place.json("apply", "--auto-approve")
    assert [each["outcome"] for each in applied["results"]] == ["applied"]
    assert place.rings == ("74992223344", 20)
    assert place.json("plan")["changes"] == []
    assert place.json("audit")["drift"] == []
    undone = place.run("undo", "--out", str(place.folder / "back.json"))
    assert undone.exit_code == 0, undone.output
    back = place.run("apply", str(place.folder / "back.json"), "--allow-delete", "--override", "policy-max-deletes")
    assert back.exit_code == 0, back.output
    assert place.rings is None


@pytest.mark.parametrize(
    ("entry", "why"), [(TWO, "it rings one target only"), (MASKED, "it knows no masking")], ids=["targets", "masking"]
)
@pytest.mark.parametrize("command", ["validate", "plan", "apply --auto-approve"])
def test_what_it_cannot_take_is_refused_offline_at_its_place(place: Place, entry: str, why: str, command: str) -> None:
    place.says(entry)
    ended = place.run(*command.split(), "--format", "json")
    (found,) = [each for each in json.loads(ended.stdout)["diagnostics"] if each["severity"] == "error"]
    assert ended.exit_code == 1
    assert (found["code"], found["message"]) == ("value-unsupported", f"acme cannot take this forwarding: {why}")
    assert (found["line"], found["column"]) == (8, 5)
    assert place.acme.calls == []


def test_what_is_changed_by_hand_is_drift_and_is_set_right(place: Place) -> None:
    place.run("apply", "--auto-approve")
    place.acme.phones[NUMBER] = ("74992223344", 45)
    audited = place.json("audit")
    assert [each["fields"][0]["path"] for each in audited["drift"]] == ["targets[0].timeout"]
    assert place.run("apply", "--auto-approve").exit_code == 0
    assert place.rings == ("74992223344", 20)


@pytest.mark.parametrize(
    ("key", "told"),
    [("tokne:", [("unknown-key", "did you mean token?")]), ("pass:", [("missing-key", "add `token: …`")])],
)
def test_its_accounts_are_checked_by_its_own_shape(key: str, told: list[tuple[str, str]], place: Place) -> None:
    (place.folder / "reconciler.yaml").write_text(HEAD.replace("token:", key) + ONE, "utf-8")
    found = json.loads(place.run("validate", "--format", "json").stdout)["diagnostics"]
    assert [each for each in [(each["code"], each["hint"]) for each in found] if each in told] == told
    assert "unknown-key" in {each["code"] for each in found}


def test_an_unknown_provider_is_told_of_all_that_there_are(place: Place) -> None:
    (place.folder / "reconciler.yaml").write_text(HEAD.replace("provider: acme, ", "") + ONE, "utf-8")
    assert "add `provider: exolve` or `provider: mtt` or `provider: acme`" in place.run("validate").output
