"""What Exolve refuses, in its words."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import httpx
import pytest

from reconciler.sandbox import ErrorShape, Sandbox
from tests.unit.sandbox.conftest import ATTRIBUTES, DELETE, LIST, NUMBER, SET, Ask

TARGET = {"redirect_number": "74992223344", "timeout": 20, "active": True}
TO_URL = {"number_code": NUMBER, "call_forwarding_type": 3, "call_forwarding_ipcr": {"url": "https://example.com/"}}


def to_number(**fields: object) -> dict[str, Any]:
    body = {"redirect_type": 1, "call_control": [TARGET], **fields}
    return {"number_code": NUMBER, "call_forwarding_type": 2, "call_forwarding_number": body}


@pytest.mark.parametrize("path", [ATTRIBUTES, DELETE, SET])
@pytest.mark.parametrize(
    ("body", "text"),
    [
        ('{\n    "number_code": п}', "proto: syntax error (line 2:20): invalid value п"),
        ('{\n "number_code":\n}', "proto: (line 3:1): invalid value for uint64 type: }"),
        ('{\n "number_code":,\n}', "proto: syntax error (line 2:16): unexpected token ,"),
        ('{"number_code": -1}', "proto: (line 1:17): invalid value for uint64 field numberCode: -1"),
        ('{"number_code": true}', "proto: (line 1:17): invalid value for uint64 field numberCode: true"),
        (
            '{"number_code": 74991112233.5}',
            "proto: (line 1:17): invalid value for uint64 field numberCode: 74991112233.5",
        ),
        (
            '{"number_code": "7499 1112233"}',
            'proto: (line 1:17): invalid value for uint64 field numberCode: "7499 1112233"',
        ),
        (
            '{"number_code": 18446744073709551616}',
            "proto: (line 1:17): invalid value for uint64 field numberCode: 18446744073709551616",
        ),
        ('{"number": 74991112233}', 'proto: (line 1:2): unknown field "number"'),
        ('{"number_code": 1, "numberCode": 1}', 'proto: (line 1:20): duplicate field "numberCode"'),
        ('{"number_code": 1', "proto: unexpected EOF"),
        ('{"number_code": 1}}', "proto: syntax error (line 1:19): unexpected token }"),
        ('{"number_code": 1,}', "proto: syntax error (line 1:19): unexpected token }"),
        ("[]", "proto: syntax error (line 1:1): unexpected token ["),
        ('{"number_code" 1}', 'proto: syntax error (line 1:16): unexpected character 1, missing ":" after field name'),
        ("{'number_code': 1}", "proto: syntax error (line 1:2): invalid value '"),
    ],
)
def test_a_body_that_protojson_cannot_read_is_refused_with_its_place(
    exolve: Ask, path: str, body: str, text: str
) -> None:
    answer = exolve(path, body)
    assert (answer.status_code, answer.json()) == (400, {"error": text})


@pytest.mark.parametrize("body", ["", "{}", '{"number_code": 0}', '{"number_code": null}', '{"number_code": "0"}'])
@pytest.mark.parametrize(
    ("path", "message"),
    [(ATTRIBUTES, "GetAttributesRequest"), (DELETE, "DeleteCallForwardingRequest"), (SET, "SetCallForwardingRequest")],
)
def test_a_request_without_a_number_is_refused(exolve: Ask, path: str, message: str, body: str) -> None:
    answer = exolve(path, body)
    assert answer.status_code == 400
    assert answer.json() == {"error": f"invalid {message}.NumberCode: value must be greater than 0"}


@pytest.mark.parametrize(
    ("fields", "text"),
    [
        ({"call_forwarding_data": {}}, 'unknown field "call_forwarding_data"'),
        ({"answer": True}, 'unknown field "answer"'),
        ({"call_forwarding_type": "3"}, 'invalid value for enum field callForwardingType: "3"'),
        (
            {"call_forwarding_sip": {"sip_uri": "a@b"}},
            "oneof SetCallForwardingRequest.call_forwarding_data is already set",
        ),
        ({"call_forwarding_type": 5}, "CallForwardingType"),
        ({"call_forwarding_type": 2}, "CallForwardingData: value is required"),
        ({"call_forwarding_ipcr": {"url": ""}}, "CallForwardingIpcr.Url"),
        (
            {"call_forwarding_ipcr": None, "call_forwarding_sip": {}, "call_forwarding_type": 1},
            "CallForwardingSip.SipUri",
        ),
        ({"call_forwarding_ipcr": {"url": "https://example.com", "reserve": 74993334455}}, "string field reserve"),
    ],
)
def test_a_set_that_breaks_the_message_is_refused_and_changes_nothing(
    sandbox: Sandbox,
    exolve: Ask,
    fields: dict[str, Any],
    text: str,
) -> None:
    answer = exolve(SET, TO_URL | fields)
    assert answer.status_code == 400
    assert text in answer.json()["error"]
    assert sandbox.exolve.forwarding(NUMBER) is None
    assert sandbox.writes == []


@pytest.mark.parametrize(
    ("fields", "text"),
    [
        ({"answer": True}, 'unknown field "answer"'),
        ({"call_control": [TARGET | {"dtmf": "8"}]}, 'unknown field "dtmf"'),
        ({"call_control": TARGET}, "unexpected token {"),
        ({"call_control": []}, "CallControl: value must contain at least 1 item(s)"),
        ({"call_control": [TARGET | {"timeout": -1}]}, "uint32 field timeout: -1"),
        ({"call_control": [TARGET | {"timeout": 2**32}]}, "uint32 field timeout"),
        ({"call_control": [TARGET | {"active": "true"}]}, "bool field active"),
        ({"call_control": [None]}, "unexpected token null"),
        ({"redirect_type": 0}, "RedirectType: value must be in list [1 2 3]"),
        ({"redirect_type": 4}, "RedirectType: value must be in list [1 2 3]"),
        ({"file_to_a": 12345}, "string field fileToA: 12345"),
    ],
)
def test_a_forwarding_to_numbers_that_breaks_the_message_is_refused(
    sandbox: Sandbox,
    exolve: Ask,
    fields: dict[str, Any],
    text: str,
) -> None:
    answer = exolve(SET, to_number(**fields))
    assert answer.status_code == 400
    assert text in answer.json()["error"]
    assert sandbox.exolve.forwarding(NUMBER) is None


@pytest.mark.parametrize("name", ["call_forwarding_type", "callForwardingType"])
@pytest.mark.parametrize("kind", [3, 3.0, "CALL_FORWARDING_TYPE_IPCR"])
def test_proto_and_json_names_and_enum_names_are_all_taken(
    sandbox: Sandbox, exolve: Ask, name: str, kind: object
) -> None:
    answer = exolve(SET, {"numberCode": NUMBER, name: kind, "callForwardingIpcr": {"url": "https://example.com/"}})
    assert answer.status_code == 200
    stored = {"call_forwarding_type": 3, "call_forwarding_ipcr": {"url": "https://example.com/"}}
    assert sandbox.exolve.forwarding(NUMBER) == stored


@pytest.mark.parametrize("code", ["7.4991112233e10", "749911122330e-1", "74991112233.0", '"74991112233"'])
def test_a_number_may_be_written_as_any_integral_json_number_or_as_text(exolve: Ask, code: str) -> None:
    assert exolve(ATTRIBUTES, f'{{"number_code": {code}}}').status_code == 200


def test_zeros_and_nulls_are_not_kept(sandbox: Sandbox, exolve: Ask) -> None:
    control = TARGET | {"active": False, "period": "", "name": None, "timeout": 0}
    exolve(SET, to_number(masking=False, event_url="", display_number=None, call_control=[control]))
    stored = {"redirect_type": 1, "call_control": [{"redirect_number": "74992223344"}]}
    assert sandbox.exolve.forwarding(NUMBER) == {"call_forwarding_type": 2, "call_forwarding_number": stored}


@pytest.mark.parametrize("path", [ATTRIBUTES, SET, DELETE, LIST])
def test_a_wrong_key_and_no_key_get_the_two_texts(sandbox: Sandbox, client: httpx.Client, path: str) -> None:
    wrong = client.post(sandbox.exolve_url + path, json=TO_URL, headers={"Authorization": "Bearer nonsense"})
    assert (wrong.status_code, wrong.json()) == (401, {"error": "Unauthorized"})
    for headers in ({}, {"Authorization": sandbox.api_key}, {"Authorization": "Bearer"}):
        absent = client.post(sandbox.exolve_url + path, json=TO_URL, headers=headers)
        assert (absent.status_code, absent.json()) == (401, {"error": "malformed token"})


@pytest.mark.parametrize("path", ["/v1/SetCallForwarding", "/number/v1/GetCallForwarding", "/number/v1/Buy", "/"])
def test_a_wrong_path_is_a_plain_404(exolve: Ask, path: str) -> None:
    answer = exolve(path, {})
    assert (answer.status_code, answer.text.strip()) == (404, "404 page not found")
    assert answer.headers["content-type"].startswith("text/plain")


def test_a_read_is_a_post_too(sandbox: Sandbox, client: httpx.Client) -> None:
    headers = {"Authorization": f"Bearer {sandbox.api_key}"}
    assert client.get(sandbox.exolve_url + ATTRIBUTES, headers=headers).status_code == 405


@pytest.mark.parametrize("path", [ATTRIBUTES, SET, DELETE])
def test_a_number_of_nobody_or_of_another_application_is_missing_in_the_application(
    sandbox: Sandbox,
    exolve: Ask,
    path: str,
) -> None:
    other = sandbox.exolve.add_application("support", api_key="key-2", uuid="05f28d32-3cef-4bb5-9164-424e954aefb1")
    sandbox.exolve.add_numbers(["74995550000"], other)
    for number in ("74990000000", "74995550000"):
        answer = exolve(path, TO_URL | {"number_code": number} if path == SET else {"number_code": number})
        assert (answer.status_code, answer.json()) == (400, {"error": "number is missing in the application"})
    own = exolve(
        path, TO_URL | {"number_code": "74995550000"} if path == SET else {"number_code": "74995550000"}, key="key-2"
    )
    assert own.status_code == 200


@pytest.mark.parametrize(
    ("shape", "body"),
    [
        (ErrorShape.FLAT, {"error": "Unauthorized"}),
        (ErrorShape.NESTED, {"error": {"message": "Unauthorized"}}),
        (ErrorShape.MESSAGE, {"message": "Unauthorized", "code": 401}),
    ],
)
def test_errors_come_in_each_of_the_three_shapes(
    sandbox: Sandbox, exolve: Ask, shape: ErrorShape, body: object
) -> None:
    sandbox.exolve.settings = replace(sandbox.exolve.settings, error_shape=shape)
    assert exolve(ATTRIBUTES, {"number_code": 1}, key="wrong").json() == body


def test_a_number_with_a_sip_refuses_every_type_or_those_of_the_switch(sandbox: Sandbox, exolve: Ask) -> None:
    sandbox.exolve.bind_sip(NUMBER, "883140000000001")
    for body in (TO_URL, to_number()):
        answer = exolve(SET, body)
        assert (answer.status_code, answer.json()) == (400, {"error": "number has sip"})
    sandbox.exolve.settings = replace(sandbox.exolve.settings, sip_number_refuses=frozenset({3}))
    assert [exolve(SET, body).status_code for body in (TO_URL, to_number())] == [400, 200]


def test_a_body_that_is_no_utf8_is_refused(exolve: Ask) -> None:
    answer = exolve(ATTRIBUTES, b'{"number_code": "\xff"}')
    assert answer.status_code == 400
    assert answer.json()["error"] == "proto: syntax error (line 1:18): invalid UTF-8 in string"


def test_endless_nesting_is_refused_and_harms_nobody(exolve: Ask) -> None:
    deep = '{"number_code": ' * 50_000
    for body in ("[" * 100_000, deep):
        answer = exolve(ATTRIBUTES, body)
        assert (answer.status_code, answer.json()) == (400, {"error": "proto: exceeded max recursion depth"})
    assert exolve(ATTRIBUTES, {"number_code": NUMBER}).status_code == 200
