"""The samples, fields and words of the vendors' pages: what is sent, what the sandbox takes, and what is read."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from reconciler.calls.base import Action
from reconciler.providers.mtt.wire import CallAnswer, TerminalsInfo, WorkplacesInfo, read, unwrap
from reconciler.sandbox import Sandbox
from tests.architecture.imports import REPOSITORY
from tests.unit.calls.seeds import (
    MTT_DONE,
    MTT_MADE,
    MTT_TERMINALS,
    MTT_WORKPLACES,
    TELPHIN_ACTIONS,
    TELPHIN_FIELDS,
    UIS_ANSWER,
    UIS_ERRORS,
    UIS_PARAMETERS,
    UIS_PARAMS,
    UIS_REQUEST,
    UIS_RULES,
    UIS_TOKEN,
)

EXTENSION = "143211"


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox() as running:
        running.uis.key = UIS_TOKEN
        yield running


def asked(sandbox: Sandbox, request: object) -> Any:
    content = request if isinstance(request, bytes) else json.dumps(request).encode()
    return httpx.post(sandbox.uis_url, content=content, trust_env=False).json()


def refused(sandbox: Sandbox, **params: object) -> tuple[str, int]:
    error = asked(sandbox, {**UIS_REQUEST, "params": {**UIS_PARAMS, **params}})["error"]
    return error["data"]["mnemonic"], error["code"]


def test_the_sample_call_is_placed_and_answered_as_the_page_shows(sandbox: Sandbox) -> None:
    answer = asked(sandbox, UIS_REQUEST)
    limits = answer["result"].pop("metadata")["limits"]
    assert answer == UIS_ANSWER
    assert (limits["minute_remaining"], limits["day_remaining"]) == (99, 4999)


def test_the_page_s_errors_have_its_mnemonics_and_codes(sandbox: Sandbox) -> None:
    sandbox.uis.blacklist = {"79261111111"}
    sandbox.uis.virtual_numbers.add("74993720693")
    met = [
        refused(sandbox, contact_message={"type": "tts", "value": "а" * 251}),
        refused(sandbox, media_file_id=1),
        refused(sandbox, operator_message={"type": "media", "value": "1"}),
        refused(sandbox, virtual_phone_number="74990000000"),
        refused(sandbox, contact="74993720693"),
        refused(sandbox, contact="79261111111"),
    ]
    assert {*met, ("character_encoding_not_allowed", -32602)} == set(UIS_ERRORS.items())
    assert sandbox.uis.sessions == {}


def test_the_page_of_vendors_has_a_row_for_each_field_and_word() -> None:
    rows = {tuple(row.split("|")[1:3]) for row in (REPOSITORY / "docs" / "vendors.md").read_text("utf-8").splitlines()}
    words = [("Telphin", each) for each in (*TELPHIN_FIELDS, *(f"action {each}" for each in TELPHIN_ACTIONS))]
    words += [("UIS", each) for each in (*UIS_PARAMETERS, "direction in", "first_call contact")]
    words += [("UIS", f"virtual_phone_usage_rule {each}") for each in UIS_RULES]
    assert {(f" {vendor} ", f" `{word}` ") for vendor, word in words} - rows == set()


@pytest.mark.parametrize(
    ("params", "mnemonic"),
    [
        ({"access_token": "x"}, "access_token_invalid"),
        ({"first_call": "client"}, "invalid_parameter_value"),
        ({"employee_id": 1}, "unexpected_parameters"),
        ({"early_switching": True, "switch_at_once": False}, "invalid_parameters_combination"),
        ({"early_switching": True, "first_call": "contact"}, "invalid_parameters_combination"),
        ({"virtual_phone_usage_rule": "random"}, "component_disabled"),
    ],
)
def test_what_the_page_forbids_the_sandbox_refuses(sandbox: Sandbox, params: dict[str, object], mnemonic: str) -> None:
    assert refused(sandbox, **params)[0] == mnemonic


@pytest.mark.parametrize(
    ("request_", "mnemonic"),
    [
        (b"{", "parse_error"),
        ([UIS_REQUEST], "batch_opreations_not_supported"),
        ({key: value for key, value in UIS_REQUEST.items() if key != "id"}, "notifications_not_supported"),
        ({**UIS_REQUEST, "jsonrpc": "1.0"}, "invalid_request"),
        ({**UIS_REQUEST, "method": "start.nothing"}, "method_not_found"),
        ({**UIS_REQUEST, "params": {"access_token": UIS_TOKEN}}, "required_parameter_missed"),
    ],
)
def test_a_request_that_is_none_is_told_by_its_mnemonic(sandbox: Sandbox, request_: object, mnemonic: str) -> None:
    assert asked(sandbox, request_)["error"]["data"]["mnemonic"] == mnemonic


def test_the_answers_that_the_documents_of_mtt_show_are_read() -> None:
    (place,) = read(WorkplacesInfo, unwrap(MTT_WORKPLACES)).workplaces
    (terminal,) = read(TerminalsInfo, unwrap(MTT_TERMINALS)).terminals
    made = read(CallAnswer, unwrap(MTT_MADE))
    assert (place.workplace, place.name) == ("883140777716581", "")
    assert (terminal.terminal, terminal.workplace) == ("883140777380595", "883140777380595")
    assert made.call is not None
    assert (made.success, made.call.id) == (True, "7NKe6!8fa1FMS1c6ypZdb1GSV6ZN@10.133.51.137")
    assert (read(CallAnswer, unwrap(MTT_DONE)).success, read(CallAnswer, unwrap(MTT_DONE)).call) == (True, None)


def test_the_sandbox_s_telphin_lists_every_field_and_takes_every_action(sandbox: Sandbox) -> None:
    form = {"grant_type": "client_credentials", "client_id": sandbox.telphin.client_id}
    granted = httpx.post(
        f"{sandbox.telphin_url}/oauth/token",
        data={**form, "client_secret": sandbox.telphin.client_secret},
        trust_env=False,
    ).json()
    headers = {"Authorization": f"Bearer {granted['access_token']}"}
    place = f"{sandbox.telphin_url}/api/ver1.0/extension/{EXTENSION}/current_calls/"
    for action, calls_somebody in TELPHIN_ACTIONS.items():
        call = sandbox.telphin.add_call(EXTENSION)
        listed = httpx.get(place, headers=headers, trust_env=False).json()["call_list"]
        assert set(TELPHIN_FIELDS) < next(each for each in listed if each["call_api_id"] == call).keys()
        without = httpx.put(place + call, json={"action": action}, headers=headers, trust_env=False)
        assert without.status_code == (400 if calls_somebody else 200)
        if calls_somebody:
            body = {"action": action, "send_dst": "101"}
            assert httpx.put(place + call, json=body, headers=headers, trust_env=False).status_code == 200
    assert [done[1] for done in sandbox.telphin.done] == list(TELPHIN_ACTIONS) == [each.value for each in Action]
    wrong = httpx.put(
        place + sandbox.telphin.add_call(EXTENSION), json={"action": "mute"}, headers=headers, trust_env=False
    )
    assert wrong.status_code == 400
