"""When loose, reads are spelled in every legal way and always mean what is stored."""

from __future__ import annotations

import json
from collections.abc import Iterator

import httpx
import pytest

from reconciler.sandbox import Sandbox
from tests.unit.sandbox.conftest import ATTRIBUTES, LIST

TYPES = {"CALL_FORWARDING_TYPE_SIP": 1, "CALL_FORWARDING_TYPE_NUMBER": 2, "CALL_FORWARDING_TYPE_IPCR": 3}
TYPES["CALL_FORWARDING_TYPE_STATIC"] = 4
INTEGERS = {"call_forwarding_type", "redirect_type", "timeout", "port", "did", "did_name", "total"}

STORED: dict[str, dict[str, object]] = {
    "74991000000": {
        "call_forwarding_type": 2,
        "call_forwarding_number": {
            "redirect_type": 2,
            "call_control": [
                {"redirect_number": "74992223344", "timeout": 16, "active": True, "name": "звонит клиент"}
            ],
            "event_url": "https://example.com/",
            "answer": True,
        },
    },
    "74991000001": {"call_forwarding_type": 3, "call_forwarding_ipcr": {"url": "https://example.com/"}},
    "74991000002": {
        "call_forwarding_type": 4,
        "call_forwarding_static": {"static_ip": "203.0.113.7", "port": 5060, "timeout": 30, "did": 111},
    },
    "74991000003": {"call_forwarding_type": 1, "call_forwarding_sip": {"sip_uri": "a@example.com"}},
    "74991000004": {"call_forwarding_type": 2, "call_forwarding_number": {"redirect_type": 1}},
    "74991000005": {"call_forwarding_type": 4, "call_forwarding_static": {"static_ip": "203.0.113.7"}},
}
READS = 60


@pytest.fixture(scope="module")
def loose() -> Iterator[Sandbox]:
    with Sandbox(numbers=STORED, loose=True, seed=11) as running:
        yield running


def ask(sandbox: Sandbox, client: httpx.Client, path: str, body: dict[str, object]) -> str:
    headers = {"Authorization": f"Bearer {sandbox.api_key}"}
    return client.post(sandbox.exolve_url + path, json=body, headers=headers).text


def plain(value: object, name: str = "") -> object:
    """Undo the spelling: text to integer, name to value, one object to a list, zeros away."""
    if name == "call_control" and isinstance(value, dict):
        value = [value]
    if isinstance(value, dict):
        members = {key: plain(member, key) for key, member in value.items()}
        return {key: member for key, member in members.items() if member not in (0, "", False, None, [])}
    if isinstance(value, list):
        return [plain(member) for member in value]
    return TYPES.get(value) or int(value) if name in INTEGERS and isinstance(value, str) else value


@pytest.fixture(scope="module")
def texts(loose: Sandbox, client: httpx.Client) -> dict[str, list[str]]:
    return {
        number: [ask(loose, client, ATTRIBUTES, {"number_code": number}) for _ in range(READS)] for number in STORED
    }


def test_every_spelling_means_what_is_stored(texts: dict[str, list[str]]) -> None:
    for number, answers in texts.items():
        for text in answers:
            read = plain(json.loads(text)["attributes"])
            assert isinstance(read, dict)
            del read["call_record"]
            if STORED[number]["call_forwarding_type"] == 4 and "call_forwarding_static" not in read:
                assert read == {"call_forwarding_type": 4}
            else:
                assert read == STORED[number]


@pytest.mark.parametrize(
    ("number", "spellings"),
    [
        ("74991000000", ['"timeout":"16"', '"timeout":16']),
        ("74991000000", ['"call_forwarding_type":2', '"call_forwarding_type":"2"', '"CALL_FORWARDING_TYPE_NUMBER"']),
        ("74991000000", ['"redirect_type":2', '"redirect_type":"2"']),
        ("74991000000", ['"call_control":[{', '"call_control":{']),
        ("74991000000", ['"masking":false', '"event_extended":false', '"dtmf":""', '"amd":false']),
        ("74991000001", ['"reserve":""', '{"url":"https://example.com/"}']),
        ("74991000002", ['"did":"111"', '"did":111', '"port":5060', '"port":"5060"']),
        ("74991000004", ['"call_control":[]', '"redirect_type":1', '"redirect_type":"1"']),
        ("74991000005", ['"port":0', '"port":"0"', '"did":0', '"did":"0"', '"timeout":0']),
        ("74991000003", ['"number_resource_id":"9000', '"number_resource_id":9000']),
    ],
)
def test_every_legal_spelling_is_seen(texts: dict[str, list[str]], number: str, spellings: list[str]) -> None:
    for spelling in spellings:
        assert any(spelling in text for text in texts[number]), spelling
    assert any(not all(spelling in text for spelling in spellings) for text in texts[number])


def test_keys_come_in_any_order(texts: dict[str, list[str]]) -> None:
    assert len({tuple(json.loads(text)) for text in texts["74991000000"]}) == 6


def test_a_trunks_body_is_there_at_times(texts: dict[str, list[str]]) -> None:
    assert {"call_forwarding_static" in text for text in texts["74991000002"]} == {True, False}


def test_a_list_shows_objects_or_arrays_and_the_same_facts(loose: Sandbox, client: httpx.Client) -> None:
    body: dict[str, object] = {"application_uuid": loose.application}
    shapes = set()
    for _ in range(READS):
        page = json.loads(ask(loose, client, LIST, body))
        assert int(page["total"]) == len(STORED)
        trunk = next(each for each in page["numbers"] if each["number_name"] == "74991000002")
        shown = trunk["call_forwarding_ip_static"]
        shapes.add(type(shown))
        wanted = {"did_name": 111, "ip": "203.0.113.7", "port": 5060, "timeout": 30}
        assert plain(shown[0] if isinstance(shown, list) else shown) == wanted
    assert shapes == {list, dict}


def test_the_same_seed_spells_the_same(client: httpx.Client) -> None:
    def answers(seed: int) -> list[str]:
        with Sandbox(numbers=STORED, loose=True, seed=seed) as sandbox:
            return [ask(sandbox, client, ATTRIBUTES, {"number_code": "74991000000"}) for _ in range(5)]

    assert answers(3) == answers(3)
    assert answers(3) != answers(4)


def test_error_texts_come_in_all_shapes_and_with_either_space(loose: Sandbox, client: httpx.Client) -> None:
    texts = {ask(loose, client, ATTRIBUTES, {"number": 1}) for _ in range(READS)}
    shapes = {(tuple(json.loads(text)), "proto: " in text) for text in texts}
    assert {keys for keys, _ in shapes} == {("error",), ("message", "code")}
    assert {plain_space for _, plain_space in shapes} == {True, False}
