"""Each request that Exolve's pages print gets the answer that they print."""

from __future__ import annotations

import pytest

from reconciler.sandbox import Sandbox
from tests.unit.sandbox.conftest import ATTRIBUTES, DELETE, INFO, LIST, NUMBER, SET, Ask

TO_SIP = """{"number_code":74991112233,"call_forwarding_type":1,
    "call_forwarding_sip":{"sip_uri":"testsip06844538@testsip.test.ru"}}"""
TO_NUMBER = """{
    "number_code": 74991112233,
    "call_forwarding_type": 2,
    "call_forwarding_number": {
       "redirect_type": 1,
       "call_control":[
           {
                "timeout": "16",
                "active": true,
                "period": "wd {Mon-Fri} hr {6am-14pm}",
                "period_description": "график будни",
                "name": "звонит клиент",
                "redirect_number": "74992223344"
            }
       ],
        "event_url": "https://example.com/",
        "event_extended": true,
        "client_id": "test",
        "file_to_a": "12345",
        "file_to_b": "54321",
        "masking": true,
        "display_number": "74995556677"
    }
}"""
TO_URL = """{"number_code": 74991112233, "call_forwarding_type": 3,
    "call_forwarding_ipcr": {"url": "https://example.com/", "reserve": "74993334455"}}"""
TO_TRUNK = """{"number_code": 74991112233, "call_forwarding_type": 4,
    "call_forwarding_static": {"static_ip": "127.0.0.1", "port": 10, "timeout": 30, "did": 111}}"""


@pytest.mark.parametrize("body", [TO_SIP, TO_NUMBER, TO_URL, TO_TRUNK])
def test_each_documented_set_is_accepted_with_an_empty_object(exolve: Ask, body: str) -> None:
    answer = exolve(SET, body)
    assert (answer.status_code, answer.json()) == (200, {})


def test_forwarding_to_a_number_is_stored_as_sent_with_numbers_as_numbers(sandbox: Sandbox, exolve: Ask) -> None:
    exolve(SET, TO_NUMBER)
    assert sandbox.exolve.forwarding(NUMBER) == {
        "call_forwarding_type": 2,
        "call_forwarding_number": {
            "redirect_type": 1,
            "call_control": [
                {
                    "timeout": 16,
                    "active": True,
                    "period": "wd {Mon-Fri} hr {6am-14pm}",
                    "period_description": "график будни",
                    "name": "звонит клиент",
                    "redirect_number": "74992223344",
                },
            ],
            "event_url": "https://example.com/",
            "event_extended": True,
            "client_id": "test",
            "file_to_a": "12345",
            "file_to_b": "54321",
            "masking": True,
            "display_number": "74995556677",
        },
    }


def test_forwarding_to_a_number_reads_back_without_client_id_and_with_timeout_as_text(exolve: Ask) -> None:
    exolve(SET, TO_NUMBER)
    answer = exolve(ATTRIBUTES, {"number_code": 74991112233})
    assert answer.status_code == 200
    assert isinstance(answer.json()["number_resource_id"], str)
    assert answer.json()["status_name"] == "Active"
    assert answer.json()["attributes"] == {
        "call_record": True,
        "call_forwarding_type": 2,
        "call_forwarding_number": {
            "redirect_type": 1,
            "call_control": [
                {
                    "timeout": "16",
                    "active": True,
                    "period": "wd {Mon-Fri} hr {6am-14pm}",
                    "period_description": "график будни",
                    "name": "звонит клиент",
                    "redirect_number": "74992223344",
                },
            ],
            "event_url": "https://example.com/",
            "event_extended": True,
            "file_to_a": "12345",
            "file_to_b": "54321",
            "masking": True,
            "display_number": "74995556677",
        },
    }


def test_what_the_cabinet_set_reads_as_the_attributes_sample_prints_it(sandbox: Sandbox, exolve: Ask) -> None:
    control: dict[str, object] = {
        "timeout": 16,
        "active": True,
        "name": "…",
        "redirect_number": "74996480184",
        "dtmf": "8",
    }
    rest = {
        "redirect_type": 1,
        "event_url": "https://example.com/",
        "event_extended": True,
        "file_to_a": "12345",
        "file_to_b": "54321",
        "answer": True,
        "masking": True,
        "display_number": "74995557890",
    }
    by_hand = {"call_forwarding_type": 2, "call_forwarding_number": {**rest, "call_control": [control]}}
    sandbox.exolve.set(NUMBER, by_hand)
    read = exolve(ATTRIBUTES, {"number_code": NUMBER}).json()["attributes"]["call_forwarding_number"]
    assert read == {**rest, "call_control": [{**control, "timeout": "16"}]}


def test_forwarding_to_a_url_reads_back_as_the_sample_prints_it(exolve: Ask) -> None:
    exolve(SET, TO_URL)
    assert exolve(ATTRIBUTES, {"number_code": NUMBER}).json()["attributes"] == {
        "call_record": True,
        "call_forwarding_type": 3,
        "call_forwarding_ipcr": {"url": "https://example.com/", "reserve": "74993334455"},
    }


def test_a_sip_account_reads_back_verbatim(exolve: Ask) -> None:
    uri = "+79991112233@sip.rtc.example.com:5060;transport=tcp"
    exolve(
        SET,
        {"number_code": NUMBER, "call_forwarding_type": 1, "call_forwarding_sip": {"sip_uri": uri}},
    )
    attributes = exolve(ATTRIBUTES, {"number_code": NUMBER}).json()["attributes"]
    assert (attributes["call_forwarding_type"], attributes["call_forwarding_sip"]) == (1, {"sip_uri": uri})


def test_a_trunk_shows_its_type_in_the_attributes_and_its_body_in_the_list_only(sandbox: Sandbox, exolve: Ask) -> None:
    exolve(SET, TO_TRUNK)
    attributes = exolve(ATTRIBUTES, {"number_code": NUMBER}).json()["attributes"]
    assert attributes == {"call_record": True, "call_forwarding_type": 4}
    first = exolve(LIST, {"application_uuid": sandbox.application, "limit": 1}).json()["numbers"][0]
    assert first["call_forwarding_flag"] is True
    assert first["call_forwarding_ip_static"] == {"did_name": "111", "ip": "127.0.0.1", "port": 10, "timeout": 30}


def test_a_number_without_forwarding_has_no_forwarding_keys(exolve: Ask) -> None:
    assert exolve(ATTRIBUTES, {"number_code": NUMBER}).json()["attributes"] == {"call_record": True}


def test_a_deleted_forwarding_is_gone_and_deleting_again_is_no_error(sandbox: Sandbox, exolve: Ask) -> None:
    exolve(SET, TO_URL)
    for _ in range(2):
        answer = exolve(DELETE, {"number_code": 74991112233})
        assert (answer.status_code, answer.json()) == (200, {})
        assert sandbox.exolve.forwarding(NUMBER) is None


def test_the_list_sample_is_answered_element_by_element(sandbox: Sandbox, exolve: Ask) -> None:
    control = {"redirect_number": "883140005577220", "timeout": 20, "active": True}
    forwarding = {"redirect_type": 1, "call_control": [control]}
    sandbox.exolve.set(NUMBER, {"call_forwarding_type": 2, "call_forwarding_number": forwarding})
    body = {
        "application_uuid": sandbox.application,
        "date_from": "2022-10-01T08:49:28.446495Z",
        "date_to": "2025-06-22T08:49:28.446495Z",
        "limit": 10,
        "offset": 0,
    }
    answer = exolve(LIST, body).json()
    assert answer["total"] == 3
    assert [each["number_name"] for each in answer["numbers"]] == [NUMBER, "74991112244", "74991112255"]
    first = answer["numbers"][0]
    assert first["call_forwarding_number"] == {"redirect_type": "1", "redirect_number": "883140005577220"}
    assert (first["type_name"], first["subscription_fee"], first["install_fee"]) == ("ABC", 150, 590)
    assert first["application_uuid"] == sandbox.application
    assert set(first["number_options"]) == {"incoming_calls", "outgoing_calls", "incoming_sms", "outgoing_sms"}
    assert answer["numbers"][1]["call_forwarding_flag"] is False


def test_information_on_a_number_is_wrapped_and_holds_no_forwarding(sandbox: Sandbox, exolve: Ask) -> None:
    exolve(SET, TO_URL)
    answer = exolve(INFO, {"number_code": NUMBER}).json()
    assert list(answer) == ["number"]
    assert answer["number"]["number_name"] == NUMBER
    assert answer["number"]["application_uuid"] == sandbox.application
    assert not [key for key in answer["number"] if key.startswith("call_forwarding")]
