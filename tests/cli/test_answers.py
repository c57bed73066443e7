"""Every JSON document that any command prints is one that a published schema describes, in success and in failure."""

from __future__ import annotations

import importlib
import json
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from reconciler.cli.schema import SCHEMAS, schemas_of
from reconciler.events.reading import read_body
from reconciler.events.store import DEFAULT, EventStore, Received
from tests.architecture.imports import REPOSITORY
from tests.cli.conftest import Cli, Workplace
from tests.cli.test_audit import rings_longer
from tests.cli.test_events import listening
from tests.cli.test_login import redirect
from tests.cli.test_root import NAMES
from tests.unit.events.building import EXOLVE, MTT, raw
from tests.unit.sandbox.test_command import read_until, running

jsonschema: Any = importlib.import_module("jsonschema")  # which has no types

OFFICE = "wd {mon-fri} hr {9-17}"
AT_MTT = ("--via", "office", "--auto-approve")
LEG = ("{call}", "--tag", "{tag}", "--transport", "{transport}")
PBX = """\
calls:
  pbx: {provider: telphin, client_id: {env: TELPHIN_ID}, client_secret: {env: TELPHIN_SECRET}, base_url: "TELPHIN"}
"""
# What follows a command's name, for each shape of its answer; {run} is a run, and a new command belongs here.
ANSWERED: dict[str, list[tuple[str, ...]]] = {
    "validate": [(), ("--strict",)],
    "list": [(), ("--to", "74992223344")],
    "route": [("74991000000",), ("74991000000", "--at", "2026-11-22 03:00"), ("74991000001",)],
    "calendar": [(), ("74991000000", "--week", "2026-11-23")],
    "plan": [("--detailed-exitcode",), ("--out", "plan.json")],
    "apply": [("--auto-approve",), ("--auto-approve", "--reassert")],
    "audit": [()],
    "show": [("74991000000",), ("saved.json",), ("{run}",)],
    "undo": [()],
    "doctor": [()],
    "calls list": [("--via", "office")],
    "calls place": [("79260000000", "--from", "883140777716581", *AT_MTT)],
    "calls transfer": [(*LEG, "79260000000", *AT_MTT)],
    "calls hangup": [(*LEG, *AT_MTT)],
    "calls action": [("hold", "call-1", "--extension", "143211", "--via", "pbx", "--auto-approve")],
    "record list": [()],
    "record show": [("74991000000",)],
    "record forget": [("74991000001",)],
    "record unlock": [()],
    "record migrate": [("--from", "file", "--set", "path=old.db")],
    "login": [("office",)],
    "init": [("new", "--vendor", "exolve", "--number", "74991112233", "--host", "none")],
    "import": [("--all", "--diff"), ("--all",)],
    "fmt": [("--diff",), ("--check",), (), ()],
    "period check": [(OFFICE,), ("hr {24}", "wd {1-5}")],
    "period explain": [(OFFICE,), (OFFICE, "--language", "ru")],
    "period match": [(OFFICE, "--at", "0"), ("--stdin",)],
    "period next": [(OFFICE,), ("none",)],
    "period equal": [(OFFICE, OFFICE), (OFFICE, "hr {9-17}"), ("yr {1990}", "none", "--from", "now")],
    "period calendar": [(OFFICE,)],
    "period compile": [("-",), ("--schedule", "office-hours"), ("Mo-Fr 09:00-18:00", "--from", "osm")],
    "events tail": [(), ("-n", "1")],
    "events show": [("12345678910",), ("c166e238a4c211ea9d373863bb43daf8_00015ED635780FC7~1o",)],
    "demo": [()],
    "explain": [(), ("route-gap",), ("interrupted",)],
    "completion": [("bash",)],
}
GIVEN = {"period compile": "weekly: {mon-fri: 09:30-18:15}\n", "period match": f"0\t{OFFICE}\n0\thr {{24}}\n"}
SENT = [*EXOLVE, *MTT, {"type": "b", "call_sid": "s"}]
OF_THE_PAST = {"plan", "apply", "audit", "show", "undo", *(name for name in ANSWERED if name.startswith("record "))}
WITHOUT_END = ("sandbox", "events listen")
SCHEMA_ITSELF = "schema"
PROTOCOL = "lsp"  # which speaks with an editor


def is_published(text: str, *names: str) -> bool:
    """Whether a document is exactly what one of these schemas describes, as they are published."""
    content = json.loads(text)
    schemas = [json.loads((REPOSITORY / "schemas" / f"{name}.v1.json").read_text("utf-8")) for name in names]
    fitting = [each for each in schemas if jsonschema.Draft202012Validator(each).is_valid(content)]
    return len(fitting) == 1


def with_history(workplace: Workplace) -> str:
    """Make a plan file, a run, drift, and an older record; return the id of the latest run."""
    assert workplace.run("plan", "--out", "saved.json").exit_code == 0
    rings_longer(workplace.applied())
    (workplace.folder / ".reconciler" / "record.db").rename(workplace.folder / "old.db")
    assert workplace.run("apply", "--auto-approve", "--allow-adopt").exit_code == 0
    run: str = workplace.run("record", "list", "--format", "json").json["runs"][0]["run_id"]
    return run


def with_calls(workplace: Workplace) -> dict[str, str]:
    """Declare a service, and have a call at Telphin and one at MTT; return what names the latter."""
    telphin, call = workplace.sandbox.telphin, workplace.sandbox.mtt.add_call()
    telphin.add_call("143211")
    with (workplace.folder / "reconciler.yaml").open("a", encoding="utf-8") as file:
        file.write(PBX.replace('"TELPHIN"', workplace.sandbox.telphin_url))
    workplace.environ.update(TELPHIN_ID=telphin.client_id, TELPHIN_SECRET=telphin.client_secret)
    return {"{call}": call["call"]["id"], "{tag}": call["call"]["tag"], "{transport}": call["transportId"]}


def test_no_command_is_without_a_schema_or_untried() -> None:
    assert {*ANSWERED, *WITHOUT_END, SCHEMA_ITSELF, PROTOCOL} == set(NAMES)
    answers = {name for command in NAMES if command not in (SCHEMA_ITSELF, PROTOCOL) for name in schemas_of(command)}
    assert SCHEMAS.keys() - answers == {"call", "config", "failure", "signature"}
    assert answers < SCHEMAS.keys()


@pytest.mark.parametrize("command", ANSWERED)
def test_what_a_command_answers_is_what_its_schema_says(
    command: str, workplace: Workplace, monkeypatch: pytest.MonkeyPatch
) -> None:
    workplace.edit('"74991000001"', "+7 499 100-00-01")
    run = with_history(workplace) if command in OF_THE_PAST else ""
    if command == "record migrate":
        (workplace.folder / ".reconciler" / "record.db").unlink()
    if command.startswith("events "):
        EventStore(workplace.folder / DEFAULT, writes=True).add(Received(read_body(raw(each)), 1.5) for each in SENT)
    monkeypatch.setattr("secrets.token_urlsafe", lambda _size: "state-of-this-login")
    monkeypatch.chdir(workplace.folder)
    told = {"{run}": run, **(with_calls(workplace) if command.startswith("calls ") else {})}
    for words in ANSWERED[command]:
        asked = [told.get(each, each) for each in words]
        pasted = redirect(workplace, "state-of-this-login") if command == "login" else GIVEN.get(command)
        ended = workplace.run(*command.split(), *asked, "--format", "json", stdin=pasted)
        assert (ended.exit_code == 1) == ("--strict" in words or "hr {24}" in words), ended
        assert ended.exit_code in (0, 1, 2), ended
        assert is_published(ended.stdout, *schemas_of(command)), (words, ended)


@pytest.mark.parametrize("command", NAMES)
def test_what_comes_to_nothing_is_a_failure(command: str, cli: Cli) -> None:
    ended = cli(*command.split(), "--no-such-option", "--format", "json")
    assert (ended.exit_code, is_published(ended.stdout, "failure")) == (64, True)


def test_a_sandbox_is_ready_as_its_schema_says(workplace: Workplace) -> None:
    for words in (("--numbers", "2"), ("--for", str(workplace.folder))):
        with running("--port", "0", *words, "--format", "json") as process:
            assert is_published(read_until(process, "}"), "sandbox")


def test_a_listener_is_ready_as_its_schema_says(tmp_path: Path) -> None:
    with listening(tmp_path) as listener:
        assert is_published(json.dumps(listener.told), "events-listen")


def test_a_signature_is_what_its_schema_says(workplace: Workplace) -> None:
    key = Ed25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    (workplace.folder / "key.pem").write_bytes(key)
    saved = workplace.run("plan", "--out", "a.json", "--sign-key", str(workplace.folder / "key.pem"))
    assert saved.exit_code == 0
    assert is_published((workplace.folder / "a.json.sig").read_text("utf-8"), "signature")
    assert is_published((workplace.folder / "a.json").read_text("utf-8"), "plan")


def test_a_schema_is_what_json_schema_asks_of_one(workplace: Workplace) -> None:
    for name in SCHEMAS:
        ended = workplace.run("schema", name, "--format", "json")
        jsonschema.Draft202012Validator.check_schema(ended.json)
        assert ended.json == json.loads((REPOSITORY / "schemas" / f"{name}.v1.json").read_text("utf-8"))


def test_what_no_schema_describes_is_not_taken_for_published() -> None:
    assert not is_published('{"format_version": "1.0", "account": "a"}', "login")
    assert not is_published('{"format_version": "1.0", "account": "a", "logged_in": true, "token": "x"}', "login")
