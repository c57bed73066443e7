"""Secrets that came out once: in what is stored, on the screen, in a document's escapes, in a command line."""

from __future__ import annotations

import json
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from reconciler.canonical import form
from reconciler.diagnostics import Diagnostic, Severity
from reconciler.model import NumberForwarding, Redirect, SipForwarding, Target, UrlForwarding, Value
from reconciler.plan.candidate import PlanContext
from reconciler.plan.concealed import conceal, redact_plan
from reconciler.plan.model import Consent
from reconciler.plan.undo import RestoreError, Restorer
from reconciler.record.base import RecordError
from reconciler.record.git_ref import GitRecord
from reconciler.secrets import Digester, SecretRef, Secrets
from tests.cli import conftest
from tests.cli.conftest import Ended, Workplace
from tests.world import EVERYTHING, KEY, NONE, Vendor, World, actions, desired, only, sip, url, world

cli, sandbox, workplace = conftest.cli, conftest.sandbox, conftest.workplace

HOOK = "s3cr3thook-ABCDEF"
NUMBER, OTHER = "74991000001", "74991000000"
TEMPLATE = f"""\
version: 1
numbers:
  "{NUMBER}":
    forwarding: {{type: url, url: "https://crm.example.com/new"}}
  "{OTHER}":
    forwarding: {{type: url, url: "https://crm.example.com/hook/${{var:HOOK}}"}}
"""
FORMATS = ("text", "json", "html", "markdown", "github", "gitlab", "sarif", "junit")


def _live(workplace: Workplace, number: str, url: str) -> None:
    body = {"call_forwarding_type": 3, "call_forwarding_ipcr": {"url": url}}
    workplace.sandbox.exolve.set(number, body)


def _stored(workplace: Workplace) -> list[str]:
    """What lies in files now that the user did not write, and holds the secret."""
    files = [path for path in workplace.folder.rglob("*") if path.is_file() and path.name != "numbers.yaml"]
    return [path.name for path in files if HOOK.encode() in path.read_bytes()]


@pytest.fixture
def hooked(workplace: Workplace) -> Workplace:
    """A number that is live at an address with the value of a variable, which another number's file names."""
    (workplace.folder / "numbers.yaml").write_text(TEMPLATE, "utf-8")
    workplace.environ["RECONCILER_VAR_HOOK"] = HOOK
    _live(workplace, NUMBER, f"https://crm.example.com/hook/{HOOK}")
    return workplace


def test_a_live_value_that_holds_a_known_secret_is_stored_in_no_plan_record_or_run(hooked: Workplace) -> None:
    ended = [
        hooked.run("plan", "--out", "plan.json", "--allow-adopt"),
        hooked.run("show", "plan.json"),
        hooked.run("apply", "plan.json"),
        hooked.run("plan", "--detailed-exitcode"),
    ]
    assert [each.exit_code for each in ended] == [0, 0, 0, 0]
    assert not _stored(hooked)
    assert not any(HOOK in each.stdout + each.stderr for each in ended)
    changes = json.loads((hooked.folder / "plan.json").read_bytes())["changes"]
    change = next(each for each in changes if each["number"] == NUMBER)
    assert change["before"]["url"] == "https://crm.example.com/***"
    assert set(change["before_digests"]) == {"url"}


def test_no_words_of_a_saved_plan_hold_a_secret(hooked: Workplace) -> None:
    hooked.edit('  "74991000001":\n', f'  "74991000001":\n    description: to {HOOK}\n')
    assert hooked.run("plan", "--out", "plan.json").exit_code == 0
    assert "to ***" in (hooked.folder / "plan.json").read_text("utf-8")
    assert not _stored(hooked)


def test_a_live_name_that_holds_a_secret_is_no_reason_to_call_a_number_moved(hooked: Workplace) -> None:
    target = {"redirect_number": "74992223344", "timeout": "20", "active": True, "name": HOOK}
    forwarding = {"redirect_type": 1, "call_control": [target]}
    hooked.sandbox.exolve.set(NUMBER, {"call_forwarding_type": 2, "call_forwarding_number": forwarding})
    assert hooked.run("plan", "--out", "plan.json", "--allow-adopt").exit_code == 0
    assert hooked.run("apply", "plan.json").exit_code == 0
    assert not _stored(hooked)


def test_a_run_remembers_no_secret_of_what_a_write_may_have_reset() -> None:
    home = world([desired(1, url())], live={1: sip()}, variables={"HOOK": HOOK})
    vendor = home.live["sales"]
    assert isinstance(vendor, Vendor)
    vendor.unwritable = {"answer": HOOK, "dtmf": "8"}
    report = home.apply(consent=Consent(frozenset({"adopt"}), frozenset({"unwritable-fields"})))
    run = home.record().run(report.run_id)
    assert run is not None
    assert [row["lost"] for row in run.results] == [{"answer": "***", "dtmf": "8"}]


def test_a_saved_plan_is_stale_when_a_masked_live_value_is_another_one(hooked: Workplace) -> None:
    assert hooked.run("plan", "--out", "plan.json", "--allow-adopt").exit_code == 0
    _live(hooked, NUMBER, f"https://crm.example.com/hook/{HOOK}/other")
    assert hooked.run("apply", "plan.json").exit_code == 4


@pytest.mark.parametrize("format_name", FORMATS)
def test_a_variable_that_no_template_names_any_more_is_shown_in_no_format(hooked: Workplace, format_name: str) -> None:
    hooked.edit("hook/${var:HOOK}", "hook/x")
    _live(hooked, OTHER, f"https://crm.example.com/hook/{HOOK}")
    ended = hooked.run("plan", "--format", format_name)
    assert ended.exit_code == 0
    assert HOOK not in ended.stdout + ended.stderr


def test_a_literal_in_the_files_that_equals_a_secret_is_stored_masked_and_written_whole(hooked: Workplace) -> None:
    hooked.edit("https://crm.example.com/new", f"https://crm.example.com/literal/{HOOK}")
    assert hooked.run("plan", "--out", "plan.json", "--allow-adopt").exit_code == 0
    assert hooked.run("apply", "plan.json").exit_code == 0
    assert not _stored(hooked)
    assert HOOK in json.dumps(hooked.sandbox.exolve.forwarding(NUMBER))
    assert hooked.run("plan", "--detailed-exitcode").exit_code == 0


def test_an_undo_never_writes_a_mask_and_names_what_it_cannot_restore(hooked: Workplace) -> None:
    first = hooked.run("apply", "--auto-approve", "--allow-adopt", "--format", "json")
    assert first.exit_code == 0
    hooked.edit("/hook/${var:HOOK}", "/x")
    assert hooked.run("apply", "--auto-approve").exit_code == 0
    ended = hooked.run("undo", first.json["run_id"], "--out", "back.json", "--format", "json", "--allow-delete")
    told = [item["message"] for item in ended.json["diagnostics"]]
    assert any(NUMBER in message and "it was a secret" in message for message in told)
    assert NUMBER not in [change["number"] for change in ended.json["changes"]]
    assert HOOK not in _said(ended)


def test_an_undo_restores_a_masked_value_that_the_files_name_and_nobody_is_blamed(hooked: Workplace) -> None:
    assert hooked.run("apply", "--auto-approve", "--allow-adopt").exit_code == 0
    ended = hooked.run("undo", "--out", "back.json", "--format", "json", "--allow-delete")
    assert ended.exit_code == 0
    assert {change["number"]: change["cause"] for change in ended.json["changes"]}[NUMBER] == "files"
    assert not ended.json["diagnostics"]
    assert hooked.run("apply", "back.json").exit_code == 0
    assert HOOK in json.dumps(hooked.sandbox.exolve.forwarding(NUMBER))
    assert not _stored(hooked)


NAMED = NumberForwarding(Redirect.SINGLE, (Target("74992223344", 16, name=f"desk {HOOK}"),), client_id=HOOK)
VALUES: list[Value] = [
    UrlForwarding(f"https://crm.example.com/{HOOK}", ""),
    UrlForwarding(f"https://{HOOK}.example.com/x", ""),
    SipForwarding(f"{HOOK}@sip.example.com"),
    NAMED,
]


def _other(value: Value) -> Value:
    """A value that looks the same where secrets are masked, and is not."""
    match value:
        case UrlForwarding():
            return replace(value, url=value.url.replace(HOOK, f"{HOOK}-2"))
        case SipForwarding():
            return replace(value, sip_uri=f"x{value.sip_uri}")
        case NumberForwarding():
            return replace(value, client_id=f"{HOOK}-2")
        case _:
            raise AssertionError(value)


@pytest.mark.parametrize("value", VALUES, ids=["path", "host", "sip", "texts"])
def test_every_text_of_a_value_that_holds_a_secret_is_masked_and_compared_exactly(value: Value) -> None:
    secrets = Secrets({"RECONCILER_VAR_HOOK": HOOK})
    digester = Digester.from_text(KEY)
    masked = form(value, holds=secrets.holds)
    assert HOOK.lower() not in masked.text.lower()
    assert masked.agrees(form(value, holds=secrets.holds))
    other = form(_other(value), holds=secrets.holds)
    assert other.json == masked.json
    assert not masked.agrees(other)
    assert not masked.with_digests(digester).agrees(other.with_digests(digester))
    with pytest.raises(RestoreError):
        Restorer(World().configuration, PlanContext(secrets, digester), "sales").value(masked.json, {})


def test_what_the_environment_holds_is_redacted_where_no_configuration_is_read(hooked: Workplace) -> None:
    ended = hooked.run("show", f"{HOOK}.json")
    assert ended.exit_code == 1
    assert hooked.run("period", "explain", HOOK).exit_code == 1
    assert HOOK not in _said(ended) + _said(hooked.run("period", "explain", HOOK))


def test_a_secret_is_taken_out_of_words_before_they_are_broken_into_lines_or_stored() -> None:
    words = "correct horse battery staple"
    redact = Secrets({"RECONCILER_VAR_WORDS": words}).redact
    found = Diagnostic("text-control", Severity.ERROR, f"no {words}", hint=f"like {words}")
    assert (found.redacted(redact).message, found.redacted(redact).hint) == ("no ***", "like ***")
    change = replace(only(world([desired(1, url())], live={1: NONE}).plan()), description=words)
    plan = redact_plan(replace(world().plan(), changes=(change,), diagnostics=(found,)), redact)
    assert words not in str(plan)


@pytest.mark.parametrize("command", ["validate", "plan"])
def test_a_hint_of_several_lines_breaks_no_secret_in_two(workplace: Workplace, command: str) -> None:
    names = [f"{name}-hours" for name in ("correct", "horse", "battery", "staple")]
    workplace.environ["RECONCILER_VAR_WORDS"] = ", ".join(sorted((*names, "office-hours")))
    listed = "".join(f'\n  {name}: {{period: "wd {{sat}}"}}' for name in names)
    workplace.edit("schedules:", f"schedules:{listed}")
    workplace.edit("schedule: office-hours", "schedule: nowhere-near-any-of-these")
    ended = workplace.run(command)
    assert ended.exit_code == 1
    assert "***" in _said(ended)
    assert "battery" not in _said(ended).partition("hint")[2]


SOURCES = {
    "a variable": ({"RECONCILER_VAR_HOOK": HOOK}, SecretRef(env="NONE")),
    "the record's key": ({"RECONCILER_RECORD_KEY": HOOK}, SecretRef(env="NONE")),
    "the record's database": ({"RECONCILER_DSN": f"postgres://me:{HOOK}@db/x"}, SecretRef(env="NONE")),
    "the state server": ({"TF_HTTP_PASSWORD": HOOK}, SecretRef(env="NONE")),
    "an account": ({"ANY_NAME": HOOK}, SecretRef(env="ANY_NAME")),
}


@pytest.mark.parametrize("source", SOURCES)
def test_no_secret_has_to_be_asked_for_before_it_is_redacted(source: str) -> None:
    environ, configured = SOURCES[source]
    secrets = Secrets(environ)
    secrets.learn([configured])
    assert secrets.redact(f"at {HOOK}.") == "at ***."


def test_secrets_of_files_are_known_before_they_are_used_and_commands_are_not_run_for_it(tmp_path: Path) -> None:
    (tmp_path / "key").write_text(HOOK + "\n")
    secrets = Secrets({}, local=True, base=tmp_path)
    secrets.learn([SecretRef(file="key"), SecretRef(command=("touch", str(tmp_path / "ran")))])
    assert secrets.holds(HOOK)
    assert not (tmp_path / "ran").exists()


def test_a_value_recorded_before_its_secret_was_known_is_masked_and_still_equal() -> None:
    home = world([desired(1, url(f"https://crm.example.com/{HOOK}"))], live={1: NONE})
    assert home.apply(consent=EVERYTHING).results
    assert HOOK in next(iter(home.state.entries.values())).value
    home.variables = {"HOOK": HOOK}
    entry = next(iter(conceal(home.state, home.session.plan_context()).entries.values()))
    assert HOOK not in entry.value
    assert entry.digests
    assert not home.plan().changes
    home.apply()
    assert HOOK not in next(iter(home.state.entries.values())).value
    assert not home.plan().learned.recordings
    home.files = []
    assert list(actions(home.plan(consent=EVERYTHING)).values()) == ["delete"]


def _said(ended: Ended) -> str:
    return ended.stdout + ended.stderr


@pytest.mark.parametrize("command", ["validate", "list", "route", "calendar"])
def test_commands_that_ask_nobody_redact_what_the_environment_holds(hooked: Workplace, command: str) -> None:
    hooked.edit("version: 1", f"version: 1\ncontacts: {{desk: {{to: '74992223344', name: {HOOK}}}}}")
    hooked.edit("https://crm.example.com/new", "https://crm.example.com/" + hooked.environ["EXOLVE_API_KEY"])
    ended = hooked.run(command, *([NUMBER] if command == "route" else []))
    assert HOOK not in _said(ended)
    assert hooked.environ["EXOLVE_API_KEY"] not in _said(ended)


TOKEN = "t0ken-in-an-address"
REMOTES = [f"https://bob:{TOKEN}@example.com/x", f"https://{TOKEN}@example.com/x", f"ssh://git:{TOKEN}@example.com/x"]


def _validated(workplace: Workplace, block: str) -> Ended:
    path = workplace.folder / "reconciler.yaml"
    path.write_text(path.read_text("utf-8") + block, "utf-8")
    return workplace.run("validate", "--format", "json")


def _first_error(ended: Ended) -> str:
    return next(str(item["code"]) for item in ended.json["diagnostics"] if item["severity"] == "error")


@pytest.mark.parametrize("remote", [*REMOTES, f"https://example.com/x?private_token={TOKEN}"])
def test_a_literal_secret_in_the_remote_of_the_record_is_refused_and_not_shown(
    workplace: Workplace, remote: str
) -> None:
    ended = _validated(workplace, f"record: {{backend: git, git: {{remote: '{remote}'}}}}\n")
    assert (ended.exit_code, _first_error(ended)) == (1, "literal-secret")
    assert TOKEN not in _said(ended)


@pytest.mark.parametrize(
    "remote", ["origin", "git@example.com:x.git", "ssh://git@example.com/x", "https://example.com/x"]
)
def test_a_remote_without_a_secret_is_none(workplace: Workplace, remote: str) -> None:
    assert _validated(workplace, f"record: {{backend: git, git: {{remote: '{remote}'}}}}\n").exit_code == 0


@pytest.mark.parametrize("field", ["address", "lock_address", "unlock_address"])
@pytest.mark.parametrize("address", [f"https://bob:{TOKEN}@example.com/x", f"https://example.com/x?token={TOKEN}"])
def test_a_literal_secret_in_an_address_of_the_record_is_refused_and_not_shown(
    workplace: Workplace, field: str, address: str
) -> None:
    ended = _validated(workplace, f"record: {{backend: http, http: {{{field}: '{address}'}}}}\n")
    assert (ended.exit_code, _first_error(ended)) == (1, "url-invalid")
    assert TOKEN not in _said(ended)


@pytest.mark.parametrize("field", ["base_url", "oauth_url", "redirect_uri"])
def test_a_literal_secret_in_an_address_of_an_account_is_refused_and_not_shown(
    workplace: Workplace, field: str
) -> None:
    path = workplace.folder / "reconciler.yaml"
    text = path.read_text("utf-8")
    head, _, tail = text.rpartition(f"{field}: http")
    path.write_text(f"{head}{field}: https://{TOKEN}@x.example.com/http{tail}", "utf-8")
    ended = workplace.run("validate", "--format", "json")
    assert (ended.exit_code, _first_error(ended)) == (1, "url-invalid")
    assert TOKEN not in _said(ended)


@pytest.mark.parametrize("remote", REMOTES)
def test_git_is_never_started_with_a_credential_in_its_arguments(
    remote: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    started: list[list[str]] = []
    monkeypatch.setattr(subprocess, "run", lambda argv, **_more: started.append(list(argv)))
    with pytest.raises(RecordError, match="contains a credential") as caught:
        GitRecord(tmp_path, name="moscow", remote=remote)
    assert not started
    assert TOKEN not in str(caught.value)


def test_a_push_address_with_a_credential_is_not_told_to_git_either(tmp_path: Path) -> None:
    """Where a remote is fetched from elsewhere than it is pushed to, git is told the address and not the name."""
    for arguments in (
        ("init", "--quiet"),
        ("remote", "add", "origin", "https://example.com/mirror"),
        ("remote", "set-url", "--push", "origin", REMOTES[0]),
    ):
        subprocess.run(["git", "-C", str(tmp_path), *arguments], check=True, capture_output=True)
    record = GitRecord(tmp_path, name="moscow")
    with pytest.raises(RecordError, match="contains a credential") as caught:
        record.load()
    assert TOKEN not in str(caught.value)


# -- guesses --------------------------------------------------------------------------------------------------------

PIN = """\
version: 1
numbers:
  "74991000000":
    forwarding: {type: url, url: "https://crm.example.com/hook?pin=${var:PIN}"}
  "74991000001":
    forwarding: {type: url, url: "https://crm.example.com/hook?pin=1234"}
"""


@pytest.fixture
def guessed(workplace: Workplace) -> Workplace:
    (workplace.folder / "numbers.yaml").write_text(PIN, "utf-8")
    workplace.environ["RECONCILER_VAR_PIN"] = "4711"
    return workplace


@pytest.mark.parametrize("command", ["plan", "undo"])
def test_a_plan_that_gives_a_short_variable_away_is_not_saved(guessed: Workplace, command: str) -> None:
    assert guessed.run("apply", "--auto-approve").exit_code == 0  # no file, nothing to hold a guess against
    guessed.edit("pin=1234", "pin=1235")
    ended = guessed.run(command, "--out", "plan.json", "--allow-delete", "--format", "json")
    assert (ended.exit_code, ended.codes) == (1, ["variable-short"])
    assert "RECONCILER_VAR_PIN" in ended.stdout
    assert not (guessed.folder / "plan.json").exists()


def test_policy_allows_short_variables_in_saved_plans_with_a_warning(guessed: Workplace) -> None:
    path = guessed.folder / "reconciler.yaml"
    path.write_text(path.read_text("utf-8") + "policy: {rules: {variable-short: warning}}\n", "utf-8")
    ended = guessed.run("plan", "--out", "plan.json")
    assert ended.exit_code == 0
    assert "variable-short" in ended.stderr
    assert guessed.run("apply", "plan.json").exit_code == 0


def test_a_plan_without_digests_may_be_saved_whatever_the_environment_holds(guessed: Workplace) -> None:
    guessed.edit("?pin=${var:PIN}", "")
    guessed.edit("?pin=1234", "")
    assert guessed.run("plan", "--out", "plan.json").exit_code == 0


def test_a_longer_variable_is_not_called_short(guessed: Workplace) -> None:
    assert guessed.run("plan", "--out", "plan.json", RECONCILER_VAR_PIN="4711-4711").exit_code == 0
