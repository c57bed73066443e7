"""`reconciler calls`: live calls at Telphin, MTT and UIS, over real sockets; each step is sent once or not at all."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from reconciler.calls.base import Action
from reconciler.cli.process import Process
from reconciler.sandbox import Fault, FaultKind
from tests.cli.conftest import Ended, Workplace
from tests.unit.calls.seeds import TELPHIN_ACTIONS, TELPHIN_FIELDS, UIS_ERRORS

SECRET = "canary-telphin-secret-51c0"
UIS_KEY = "canary-uis-key-99ab"
SERVICES = """\
calls:
  pbx:
    provider: telphin
    client_id: {{env: TELPHIN_APP_ID}}
    client_secret: {{env: TELPHIN_SECRET}}
    base_url: {0}
  probe: {{provider: uis, access_token: {{env: UIS_KEY}}, virtual_phone_number: "74993720692", base_url: "{1}"}}
  people: {{provider: uis, login: sandbox, password: {{env: UIS_PASSWORD}}, base_url: "{1}"}}
"""
EXTENSION = "143211"
DONE = ("--auto-approve", "--format", "json")
PLACE = ("calls", "place", "+7 926 000-00-00", "--from", "79262444491", "--via", "probe")


@pytest.fixture
def desk(workplace: Workplace) -> Workplace:
    """The workplace with a service of live calls at each vendor."""
    sandbox = workplace.sandbox
    sandbox.telphin.client_secret, sandbox.uis.key = SECRET, UIS_KEY
    with (workplace.folder / "reconciler.yaml").open("a", encoding="utf-8") as file:
        file.write(SERVICES.format(sandbox.telphin_url, sandbox.uis_url))
    workplace.environ.update(
        TELPHIN_APP_ID=sandbox.telphin.client_id,
        TELPHIN_SECRET=SECRET,
        UIS_KEY=UIS_KEY,
        UIS_PASSWORD=sandbox.uis.password,
    )
    return workplace


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody sits at a terminal."""
    monkeypatch.setattr(Process, "has_person", property(lambda _self: True))


def at(call: str, *more: str) -> tuple[str, ...]:
    return (call, *more, "--extension", EXTENSION, "--via", "pbx")


# -- Telphin ----------------------------------------------------------------------------------------------------------


def test_the_list_has_every_field_of_the_page_and_those_that_are_not_on_it(desk: Workplace) -> None:
    desk.sandbox.telphin.add_call(EXTENSION, callback_id="7", real_call=False, called_did="74991112244")
    ended = desk.run("calls", "list", "--via", "pbx", "--format", "json")
    (call,) = ended.json["calls"]
    assert set(TELPHIN_FIELDS) < call["fields"].keys()
    assert call["fields"]["callback_id"] == "7"
    assert (call["extension"], call["holds_conversation"], call["answered"]) == (EXTENSION, False, None)
    assert (ended.json["workplaces"], ended.json["provider"]) == (None, "telphin")


def test_one_extension_may_be_asked_for(desk: Workplace) -> None:
    desk.sandbox.telphin.add_call(EXTENSION)
    other = desk.sandbox.telphin.add_call("200", call_flow="out")
    text = desk.run("calls", "list", "--via", "pbx", "--extension", "200")
    assert other in text.stdout
    assert EXTENSION not in text.stdout
    assert desk.run("calls", "list", "--via", "pbx", "--extension", "999").exit_code == 1


def test_a_call_that_is_held_elsewhere_is_not_shown_as_a_conversation(desk: Workplace) -> None:
    desk.sandbox.telphin.add_call(EXTENSION, real_call=False, answer_time_gmt="2026-11-21 10:00:05")
    assert "held elsewhere" in desk.run("calls", "list", "--via", "pbx").stdout


def test_there_are_the_nine_actions_of_the_page() -> None:
    assert {each.value: each.needs_number for each in Action} == TELPHIN_ACTIONS


@pytest.mark.parametrize("action", TELPHIN_ACTIONS)
def test_an_action_reaches_the_call_with_the_number_that_it_needs(desk: Workplace, action: str) -> None:
    call = desk.sandbox.telphin.add_call(EXTENSION)
    number = ("101",) if TELPHIN_ACTIONS[action] else ()
    ended = desk.run("calls", "action", action, *at(call, *number), "--allow-listening", *DONE)
    assert (ended.exit_code, ended.json["action"], ended.json["call"]) == (0, action, call)
    assert desk.sandbox.telphin.done == [(call, action, *(number or (None,)))]


@pytest.mark.parametrize("action", TELPHIN_ACTIONS)
def test_an_action_with_a_number_too_few_or_too_many_is_wrong_usage(desk: Workplace, action: str) -> None:
    call = desk.sandbox.telphin.add_call(EXTENSION)
    number = () if TELPHIN_ACTIONS[action] else ("101",)
    ended = desk.run("calls", "action", action, *at(call, *number), "--allow-listening", *DONE)
    assert (ended.exit_code, desk.sandbox.log) == (64, [])


@pytest.mark.parametrize("action", [each.value for each in Action])
def test_listening_needs_its_own_consent_and_names_the_law(desk: Workplace, action: str) -> None:
    call = desk.sandbox.telphin.add_call(EXTENSION)
    number = ("101",) if TELPHIN_ACTIONS[action] else ()
    ended = desk.run("calls", "action", action, *at(call, *number), *DONE)
    if action not in {"eavesdrop", "whisper"}:
        assert ended.exit_code == 0
        return
    assert (ended.exit_code, ended.codes, desk.sandbox.log) == (5, ["needs-allow-listening"], [])
    assert "article 23 of the Constitution" in ended.json["diagnostics"][0]["message"]
    assert "--allow-listening" in ended.json["diagnostics"][0]["hint"]


def test_a_call_is_transferred_with_and_without_asking_there(desk: Workplace) -> None:
    first, second = (desk.sandbox.telphin.add_call(EXTENSION) for _ in range(2))
    assert desk.run("calls", "transfer", *at(first, "101"), *DONE).exit_code == 0
    assert desk.run("calls", "transfer", *at(second, "+7 (499) 222-33-44"), "--attended", *DONE).exit_code == 0
    done = [(first, "transfer", "101"), (second, "attended_transfer", "74992223344")]
    assert desk.sandbox.telphin.done == done


def test_a_call_is_hung_up_and_one_that_is_over_is_said_to_be(desk: Workplace) -> None:
    call = desk.sandbox.telphin.add_call(EXTENSION)
    assert desk.run("calls", "hangup", *at(call), *DONE).exit_code == 0
    ended = desk.run("calls", "hangup", *at(call), *DONE)
    assert (ended.exit_code, ended.codes) == (1, ["provider-rejected"])
    assert "the call is over" in ended.json["diagnostics"][0]["message"]


def test_a_call_id_never_leads_to_another_path(desk: Workplace) -> None:
    call = desk.sandbox.telphin.add_call("200")
    ended = desk.run("calls", "hangup", *at(f"../../200/current_calls/{call}"), *DONE)
    assert (ended.exit_code, desk.sandbox.telphin.done) == (1, [])


@pytest.mark.parametrize(("call", "extension"), [(".", EXTENSION), ("..", EXTENSION), ("81b3e6", "..")])
def test_a_name_that_leads_to_all_calls_or_to_the_extension_is_wrong_usage(
    desk: Workplace, call: str, extension: str
) -> None:
    for step in (("hangup", call), ("action", "hold", call)):
        ended = desk.run("calls", *step, "--extension", extension, "--via", "pbx", *DONE)
        assert (ended.exit_code, desk.sandbox.log) == (64, [])
        assert "names nothing at Telphin" in ended.json["diagnostics"][0]["message"]
    assert desk.run("calls", "list", "--via", "pbx", "--extension", "..").exit_code == 64


def test_a_wrong_application_secret_is_named_and_not_shown(desk: Workplace) -> None:
    ended = desk.run("calls", "list", "--via", "pbx", TELPHIN_SECRET="canary-of-another")
    assert (ended.exit_code, "client_secret" in ended.stderr) == (1, True)
    assert "canary" not in ended.stdout + ended.stderr


def test_a_token_that_ended_is_replaced_and_the_step_taken_once(desk: Workplace) -> None:
    call = desk.sandbox.telphin.add_call(EXTENSION)
    desk.sandbox.faults.add(Fault(kind=FaultKind.UNAUTHORIZED, vendor="telphin", method="DELETE"))
    assert desk.run("calls", "hangup", *at(call), *DONE).exit_code == 0
    assert [done[1] for done in desk.sandbox.telphin.done] == ["hangup"]


# -- UIS --------------------------------------------------------------------------------------------------------------

EVERY_PARAMETER = (
    *("--first", "operator", "--switch-at-once", "--early-switching", "--media-file", "2701"),
    *("--virtual-number", "74993720692", "--virtual-number-rule", "fixed", "--hide-virtual-number"),
    *("--external-id", "334otr01", "--dtmf", ".1.2.3", "--direction", "in", "--confirm", "any"),
    *("--contact-message", "tts:Привет", "--operator-message", "media:2561"),
)


def test_a_call_is_placed_with_every_parameter_of_the_page(desk: Workplace) -> None:
    ended = desk.run(*PLACE, *EVERY_PARAMETER, *DONE)
    assert ended.exit_code == 0, ended
    assert ended.json["limits"]["minute_remaining"] == 99
    assert desk.sandbox.uis.sessions == {
        int(ended.json["call"]): {
            "first_call": "operator",
            "switch_at_once": True,
            "early_switching": True,
            "media_file_id": 2701,
            "virtual_phone_number": "74993720692",
            "virtual_phone_usage_rule": "fixed",
            "show_virtual_phone_number": False,
            "contact": "79260000000",
            "external_id": "334otr01",
            "dtmf_string": ".1.2.3",
            "direction": "in",
            "operator": "79262444491",
            "operator_confirmation": "any",
            "contact_message": {"type": "tts", "value": "Привет"},
            "operator_message": {"type": "media", "value": "2561"},
        }
    }
    assert desk.run("calls", "hangup", ended.json["call"], "--via", "probe", *DONE).exit_code == 0
    assert desk.sandbox.uis.sessions == {}


def test_a_login_opens_a_session_of_its_own(desk: Workplace) -> None:
    words = ("calls", "place", "79260000000", "--from", "79262444491", "--via", "people")
    assert desk.run(*words, *DONE).exit_code == 64
    assert desk.run(*words, "--virtual-number", "74993720692", *DONE).exit_code == 0
    wrong = desk.run(*words, "--virtual-number", "74993720692", *DONE, UIS_PASSWORD="canary-wrong")
    assert (wrong.exit_code, wrong.codes) == (1, ["provider-unauthorized"])
    assert "canary" not in wrong.stdout


MET = {
    "tts_text_exceeded": ("--contact-message", f"tts:{'а' * 251}"),
    "media_file_not_found": ("--media-file", "9"),
    "virtual_phone_number_not_found": ("--virtual-number", "74990000000"),
    "own_virtual_phone_number_not_allowed": (),
    "contact_in_blacklist": (),
    "component_disabled": ("--virtual-number-rule", "random"),
    "ip_not_whitelisted": (),
    "limit_exceeded": (),
}


@pytest.mark.parametrize("mnemonic", MET)
def test_an_error_is_told_by_its_mnemonic(desk: Workplace, mnemonic: str) -> None:
    uis = desk.sandbox.uis
    uis.blacklist = {"79260000000"} if mnemonic == "contact_in_blacklist" else set()
    uis.virtual_numbers |= {"79260000000"} if mnemonic == "own_virtual_phone_number_not_allowed" else set()
    uis.whitelisted = mnemonic != "ip_not_whitelisted"
    uis.minute_limit = 0 if mnemonic == "limit_exceeded" else 100
    ended = desk.run(*PLACE, *MET[mnemonic], *DONE)
    (told,) = ended.json["diagnostics"]
    assert (ended.exit_code, mnemonic in told["message"], bool(told["hint"])) == (1, True, True)
    assert (uis.sessions, len(desk.sandbox.log)) == ({}, 1)
    if mnemonic == "limit_exceeded":
        assert told["hint"] == "try again in 42 s"


def test_every_error_of_the_page_is_met_or_found_offline() -> None:
    assert UIS_ERRORS.keys() - MET.keys() == {"character_encoding_not_allowed"}


def test_what_the_page_forbids_is_refused_before_anything_is_sent(desk: Workplace) -> None:
    for words in (("--early-switching",), ("--dtmf", "x"), ("--confirm", "12"), ("--contact-message", "hello")):
        assert desk.run(*PLACE, *words, *DONE).exit_code == 64, words
    assert desk.sandbox.log == []


# -- MTT --------------------------------------------------------------------------------------------------------------


def test_workplaces_are_listed_with_their_terminals(desk: Workplace) -> None:
    ended = desk.run("calls", "list", "--via", "office", "--format", "json")
    terminals = ["883140777380595"]
    assert ended.json["workplaces"] == [{"id": "883140777716581", "name": "", "terminals": terminals}]
    assert ended.json["calls"] is None


def test_a_call_is_placed_from_a_workplace_and_not_from_a_terminal(desk: Workplace) -> None:
    words = ("calls", "place", "89219462761", "--via", "office", "--from")
    ended = desk.run(*words, "883140777716581", *DONE)
    assert desk.sandbox.mtt.done == [(ended.json["call"], "makeCall", "89219462761")]
    refused = desk.run(*words, "883140777380595", *DONE)
    assert (refused.exit_code, "883140777716581" in refused.json["diagnostics"][0]["hint"]) == (64, True)
    assert desk.run(*words, "883140777716581", "--dtmf", "1", *DONE).exit_code == 64
    assert len(desk.sandbox.mtt.done) == 1


def test_a_call_is_transferred_and_ended_by_what_its_event_said(desk: Workplace) -> None:
    call = desk.sandbox.mtt.add_call()
    leg = (*("--tag", call["call"]["tag"]), *("--transport", call["transportId"]), "--via", "office")
    identity = call["call"]["id"]
    assert desk.run("calls", "transfer", identity, "883140582526566", *leg, *DONE).exit_code == 0
    assert desk.run("calls", "hangup", identity, *leg, *DONE).exit_code == 0
    done = [(identity, "transferCall", "883140582526566"), (identity, "terminateCall", None)]
    assert desk.sandbox.mtt.done == done
    assert desk.run("calls", "hangup", identity, *leg, *DONE).exit_code == 1
    assert desk.run("calls", "hangup", identity, "--via", "office", *DONE).exit_code == 64


# -- once, or not at all ----------------------------------------------------------------------------------------------

STEPS = {
    "uis": (*PLACE, *DONE),
    "mtt": ("calls", "place", "79260000000", "--from", "883140777716581", "--via", "office", *DONE),
    "telphin": ("calls", "action", "hold", "call-1", "--extension", EXTENSION, "--via", "pbx", *DONE),
}
LOST = [
    FaultKind.DROP_AFTER,
    FaultKind.RESET_AFTER,
    FaultKind.TIMEOUT_AFTER,
    FaultKind.SERVER_ERROR_AFTER,
    FaultKind.BAD_GATEWAY_AFTER,
    FaultKind.UNAVAILABLE,
    FaultKind.DROP_BEFORE,
]


@pytest.mark.parametrize("vendor", STEPS)
@pytest.mark.parametrize("kind", LOST)
def test_what_may_have_been_done_is_said_so_and_never_sent_again(desk: Workplace, vendor: str, kind: FaultKind) -> None:
    desk.sandbox.telphin.add_call(EXTENSION)
    desk.sandbox.faults.add(Fault(kind=kind, vendor=vendor, mutating=True, times=None))
    ended = desk.run(*STEPS[vendor], RECONCILER_TIMEOUT="0.6")
    assert len([call for call in desk.sandbox.log if call.mutating]) == 1
    assert ended.exit_code == 1
    assert "so it was not tried again" in ended.json["diagnostics"][0]["message"]


@pytest.mark.parametrize("kind", [FaultKind.MALFORMED_JSON, FaultKind.EMPTY_BODY, FaultKind.HTML_WITH_200])
@pytest.mark.parametrize("vendor", ["uis", "mtt"])
def test_an_answer_that_cannot_be_read_leaves_a_call_in_doubt(desk: Workplace, vendor: str, kind: FaultKind) -> None:
    desk.sandbox.faults.add(Fault(kind=kind, vendor=vendor, mutating=True, times=None))
    ended = desk.run(*STEPS[vendor])
    assert (ended.exit_code, "so it was not tried again" in ended.json["diagnostics"][0]["message"]) == (1, True)
    assert len([call for call in desk.sandbox.log if call.mutating]) == 1


@pytest.mark.parametrize("kind", [*LOST, FaultKind.EMPTY_BODY, FaultKind.HTML_WITH_200])
def test_a_login_that_fails_leaves_no_call_in_doubt(desk: Workplace, kind: FaultKind) -> None:
    desk.sandbox.faults.add(Fault(kind=kind, vendor="uis", mutating=False, times=None))
    words = [each if each != "probe" else "people" for each in PLACE]
    ended = desk.run(*words, "--virtual-number", "74993720692", *DONE, RECONCILER_TIMEOUT="0.6")
    assert (ended.exit_code, desk.sandbox.uis.sessions) == (1, {})
    assert "may have been placed" not in ended.json["diagnostics"][0]["message"]


@pytest.mark.parametrize("call", ["x", "9" * 5000, "١", "1.5", "-1"])
def test_what_is_no_call_session_is_wrong_usage(desk: Workplace, call: str) -> None:
    assert desk.run("calls", "hangup", "--via", "probe", *DONE, "--", call).exit_code == 64
    assert desk.sandbox.log == []


@pytest.mark.parametrize("vendor", STEPS)
def test_where_nobody_can_be_asked_nothing_is_sent(desk: Workplace, vendor: str) -> None:
    words = [each for each in STEPS[vendor] if each != "--auto-approve"]
    assert (desk.run(*words).exit_code, desk.sandbox.log) == (64, [])


@pytest.mark.parametrize(("typed", "code", "sent"), [("yes\n", 0, 1), ("y\n", 1, 0), ("", 1, 0)])
@pytest.mark.usefixtures("asked")
def test_only_yes_is_consent(desk: Workplace, typed: str, code: int, sent: int) -> None:
    ended = desk.run(*PLACE, stdin=typed)
    assert (ended.exit_code, len(desk.sandbox.uis.sessions)) == (code, sent)
    asked = "Call 79262444491, then 79260000000, from 74993720692: real telephones ring, and it costs money."
    assert asked in ended.stderr


# -- which service ----------------------------------------------------------------------------------------------------


def test_a_service_is_named_where_several_are_declared(desk: Workplace) -> None:
    ended = desk.run("calls", "list", "--format", "json")
    assert (ended.exit_code, "pbx" in ended.json["diagnostics"][0]["hint"]) == (64, True)
    unknown = desk.run("calls", "list", "--via", "pxb", "--format", "json")
    assert (unknown.exit_code, unknown.codes) == (1, ["calls-undeclared"])
    assert "pbx" in unknown.json["diagnostics"][0]["hint"]


def test_what_a_vendor_does_not_offer_is_said(desk: Workplace) -> None:
    for words in (
        ("list", "--via", "probe"),
        ("place", "79260000000", "--from", "101", "--via", "pbx", *DONE),
        ("action", "hold", "1", "--via", "office", *DONE),
        ("action", "hold", "1", "--via", "probe", *DONE),
        ("transfer", "1", "79260000000", "--via", "probe", *DONE),
        ("transfer", "1", "79260000000", "--attended", "--via", "office", *DONE),
    ):
        assert desk.run("calls", *words).exit_code == 64, words
    assert desk.sandbox.log == []


@pytest.mark.parametrize(
    ("service", "code"),
    [
        ("x: {provider: telphin}", "missing-key"),
        ("x: {provider: uis}", "missing-key"),
        ("x: {provider: uis, login: a}", "missing-key"),
        ("x: {provider: mtt}", "invalid-value"),
        ("x: {}", "missing-key"),
        ("x: 7", "wrong-type"),
        ("x: {provider: uis, access_token: abc}", "literal-secret"),
        ("x: {provider: uis, access_token: {env: K}, acces: 1}", "unknown-key"),
        ("sales: {provider: uis, access_token: {env: K}}", "invalid-value"),
        ('"a/b": {provider: uis, access_token: {env: K}}', "invalid-value"),
    ],
)
def test_a_service_that_is_written_wrong_is_told_at_its_place(workplace: Workplace, service: str, code: str) -> None:
    with (workplace.folder / "reconciler.yaml").open("a", encoding="utf-8") as file:
        file.write(f"calls:\n  {service}\n")
    ended = workplace.run("validate", "--format", "json")
    errors = [item for item in ended.json["diagnostics"] if item["severity"] == "error"]
    assert (ended.exit_code, {item["code"] for item in errors}) == (1, {code})
    assert all(item["file"] == "reconciler.yaml" and item["hint"] for item in errors)


def test_credentials_go_to_the_vendors_own_hosts_only(desk: Workplace) -> None:
    for old, new in (
        (desk.sandbox.telphin_url, "https://evil.example"),
        (desk.sandbox.uis_url, "https://evil.example/v4.0"),
    ):
        desk.edit(old, new, "reconciler.yaml")
    assert desk.run("calls", "list", "--via", "pbx", "--format", "json").codes == ["provider-host-refused"]
    assert desk.run(*PLACE, *DONE).codes == ["provider-host-refused"]


def test_services_stand_in_the_trusted_file_only(workplace: Workplace) -> None:
    workplace.edit("numbers:\n", "calls: {x: {provider: telphin}}\nnumbers:\n")
    ended = workplace.run("validate", "--format", "json")
    errors = [item["code"] for item in ended.json["diagnostics"] if item["severity"] == "error"]
    assert (ended.exit_code, errors) == (1, ["trusted-only"])


def secrets_of(ended: Ended) -> list[str]:
    return [each for each in (SECRET, UIS_KEY) if each in ended.stdout + ended.stderr]


def test_no_secret_is_told_with_vv_nor_in_the_log(desk: Workplace, tmp_path: Path) -> None:
    desk.sandbox.telphin.add_call(EXTENSION)
    log = tmp_path / "requests.jsonl"
    for words in (("calls", "list", "--via", "pbx"), (*PLACE, "--auto-approve")):
        ended = desk.run(*words, "-vv", "--log", str(log))
        assert (ended.exit_code, secrets_of(ended)) == (0, [])
    assert not {SECRET, UIS_KEY} & set(log.read_text("utf-8").split('"'))
    assert all(SECRET not in line and UIS_KEY not in line for line in log.read_text("utf-8").splitlines())
    error = desk.run(*PLACE, *DONE, UIS_KEY="canary-uis-key-of-old")
    assert (error.codes, "canary" in error.stdout + error.stderr) == (["provider-unauthorized"], False)


def test_no_plan_loads_anything_of_live_calls(desk: Workplace) -> None:
    """In a process of its own: what is loaded there is what a plan needs."""
    program = (
        "import sys; from reconciler.cli import main; from reconciler.cli.root import main as m\n"
        "try: m(['-C', sys.argv[1], 'plan'])\n"
        "except SystemExit: pass\n"
        "print([n for n in sys.modules if n.startswith(('reconciler.calls', 'reconciler.workflow.calls'))])"
    )
    ended = subprocess.run(
        [sys.executable, "-c", program, str(desk.folder)],
        env={**os.environ, **desk.environ},
        capture_output=True,
        text=True,
        check=True,
        cwd=desk.folder,
    )
    assert ended.stdout.splitlines()[-1] == "[]"
