from __future__ import annotations

import json
import re
from collections.abc import Callable
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.http.errors import UnexpectedResponse
from reconciler.model import (
    Forwarding,
    NoForwarding,
    NumberForwarding,
    Observation,
    Redirect,
    SipForwarding,
    Target,
    TrunkForwarding,
    UrlForwarding,
    WeekdayBase,
)
from reconciler.providers.exolve.mapping import encode, observe
from reconciler.providers.exolve.wire import AttributesAnswer, read
from tests.unit.providers import samples

NUMBER = "74991112233"


def seen(attributes: object) -> Observation:
    """What an answer of GetAttributes with these attributes tells."""
    return observe(read(AttributesAnswer, {"attributes": attributes}).attributes, read_at=1.0)


def with_integers(sample: str) -> dict[str, Any]:
    """A documented body; its timeout is printed as text, which we send as the integer it is."""
    body: dict[str, Any] = json.loads(sample)
    for control in body.get("call_forwarding_number", {}).get("call_control", ()):
        control["timeout"] = int(control["timeout"])
    return body


# -- the documents' own samples -------------------------------------------------------------------------------------

DOCUMENTED: list[tuple[str, Forwarding]] = [
    (
        samples.SET_NUMBER,
        NumberForwarding(
            redirect=Redirect.SINGLE,
            targets=(
                Target(
                    "74992223344",
                    16,
                    ("wd {Mon-Fri} hr {6am-14pm}",),
                    schedule_description="график будни",
                    name="звонит клиент",
                ),
            ),
            event_url="https://example.com/",
            event_extended=True,
            client_id="test",
            file_to_a="12345",
            file_to_b="54321",
            masking=True,
            display_number="74995556677",
        ),
    ),
    (samples.SET_URL, UrlForwarding("https://example.com/", "74993334455")),
    (samples.SET_TRUNK, TrunkForwarding("127.0.0.1", 10, 30, "111")),
    (samples.SET_SIP, SipForwarding("testsip06844538@testsip.test.ru")),
]


@pytest.mark.parametrize(("sample", "value"), DOCUMENTED, ids=lambda item: getattr(item, "type", ""))
def test_we_send_what_the_page_documents_key_for_key(sample: str, value: Forwarding) -> None:
    sent = encode(NUMBER, value)
    assert sent == with_integers(sample)
    assert type(sent["number_code"]) is int


def camel(data: object) -> object:
    """An answer with its keys as protojson spells them by itself."""
    if isinstance(data, list):
        return [camel(value) for value in data]
    if not isinstance(data, dict):
        return data
    return {re.sub("_([a-z])", lambda found: found[1].upper(), key): camel(value) for key, value in data.items()}


@pytest.mark.parametrize("sample", [samples.ATTRIBUTES_NUMBER, samples.ATTRIBUTES_URL])
def test_keys_in_camel_case_are_never_taken_for_no_forwarding(sample: str) -> None:
    attributes = json.loads(sample)["attributes"]
    assert seen(camel(attributes)) == seen(attributes)


def test_a_number_without_forwarding_is_deleted_by_its_number_alone() -> None:
    assert encode(NUMBER, NoForwarding()) == {"number_code": 74991112233}


def test_the_documented_answer_for_type_2_is_read() -> None:
    got = seen(json.loads(samples.ATTRIBUTES_NUMBER)["attributes"])
    assert got.value == NumberForwarding(
        redirect=Redirect.SINGLE,
        targets=(Target("74996480184", 16, name="звонит клиент"),),
        event_url="https://example.com/",
        event_extended=True,
        file_to_a="12345",
        file_to_b="54321",
        masking=True,
        display_number="74995557890",
    )
    assert got.unreadable == {"client_id"}
    assert got.unwritable == {"answer": True, "targets[0].dtmf": "8"}


def test_the_documented_answer_for_type_3_is_read() -> None:
    got = seen(json.loads(samples.ATTRIBUTES_URL)["attributes"])
    assert got == Observation(UrlForwarding("http://example.com", "74996482846"), 1.0)


# -- what is sent ---------------------------------------------------------------------------------------------------


def test_every_field_is_always_sent_but_the_period_of_an_unscheduled_target() -> None:
    value = NumberForwarding(redirect=Redirect.PARALLEL, targets=(Target("74992223344", 20),))
    assert encode(NUMBER, value) == {
        "number_code": 74991112233,
        "call_forwarding_type": 2,
        "call_forwarding_number": {
            "redirect_type": 3,
            "call_control": [{"redirect_number": "74992223344", "timeout": 20, "active": True, "name": ""}],
            "event_url": "",
            "event_extended": False,
            "client_id": "",
            "file_to_a": "",
            "file_to_b": "",
            "masking": False,
            "display_number": "",
        },
    }


def test_a_schedule_of_several_parts_is_one_entry_a_part_in_place() -> None:
    targets = (Target("74992223344", 20, ("wd {mon}", "wd {wed}"), "some days", "desk"), Target("74992223355", 5))
    entries = encode(NUMBER, NumberForwarding(redirect=Redirect.SEQUENTIAL, targets=targets))
    first = {"redirect_number": "74992223344", "timeout": 20, "active": True, "name": "desk"}
    assert entries["call_forwarding_number"]["call_control"] == [
        first | {"period": "wd {mon}", "period_description": "some days"},
        first | {"period": "wd {wed}", "period_description": "some days"},
        {"redirect_number": "74992223355", "timeout": 5, "active": True, "name": ""},
    ]


def test_a_trunk_without_did_sends_none() -> None:
    sent = encode(NUMBER, TrunkForwarding("203.0.113.7", 5060, 30))
    assert sent["call_forwarding_static"] == {"static_ip": "203.0.113.7", "port": 5060, "timeout": 30}


def test_a_did_of_twenty_digits_is_an_exact_integer() -> None:
    sent = encode(NUMBER, TrunkForwarding("203.0.113.7", 5060, 30, "18446744073709551615"))
    assert sent["call_forwarding_static"]["did"] == 2**64 - 1


# -- what is read ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "attributes",
    [
        {},
        {"call_forwarding_type": 0},
        {"call_forwarding_type": "0"},
        {"call_forwarding_type": None},
        {"call_forwarding_type": ""},
        {"call_forwarding_type": "CALL_FORWARDING_TYPE_UNDEFINED"},
        {"call_forwarding_type": 0, "call_forwarding_ipcr": {"url": "https://left.example/over"}},
    ],
)
def test_type_zero_or_none_at_all_is_no_forwarding(attributes: object) -> None:
    assert seen(attributes) == Observation(NoForwarding(), 1.0)


@pytest.mark.parametrize("spelled", [2, "2", "NUMBER", "CALL_FORWARDING_TYPE_NUMBER", "call_forwarding_type_number"])
@pytest.mark.parametrize("redirect", [2, "2", "REDIRECT_TYPE_SEQUENTIAL", "Sequential"])
def test_an_enum_is_read_as_number_digits_or_name(spelled: object, redirect: object) -> None:
    got = seen({"call_forwarding_type": spelled, "call_forwarding_number": {"redirect_type": redirect}})
    assert got.value == NumberForwarding(redirect=Redirect.SEQUENTIAL, targets=())


def test_an_absent_field_of_a_target_is_its_default_also_active() -> None:
    got = seen({"call_forwarding_type": 2, "call_forwarding_number": {"redirect_type": 1, "call_control": [{}]}})
    assert got.value == NumberForwarding(redirect=Redirect.SINGLE, targets=(Target("", 0, active=False),))


def test_one_object_stands_for_a_list_of_one_and_a_list_of_one_for_an_object() -> None:
    control = {"redirect_number": 74992223344, "timeout": 16, "active": "true", "period": "wd {mo}"}
    got = seen({"call_forwarding_type": 2, "call_forwarding_number": [{"redirect_type": 1, "call_control": control}]})
    assert got.value == NumberForwarding(redirect=Redirect.SINGLE, targets=(Target("74992223344", 16, ("wd {mo}",)),))


def test_each_entry_is_one_target_as_it_came() -> None:
    controls = [{"redirect_number": "7", "period": "wd {mo}"}, {"redirect_number": "7", "period": "wd {we}"}]
    got = seen({"call_forwarding_type": 2, "call_forwarding_number": {"redirect_type": 1, "call_control": controls}})
    assert isinstance(got.value, NumberForwarding)
    assert [target.periods for target in got.value.targets] == [("wd {mo}",), ("wd {we}",)]


@pytest.mark.parametrize("body", [{}, {"call_forwarding_static": None}, {"call_forwarding_static": []}])
def test_a_trunk_without_its_data_has_fields_that_cannot_be_read(body: dict[str, object]) -> None:
    got = seen({"call_forwarding_type": 4, **body})
    assert isinstance(got.value, TrunkForwarding)
    assert got.unreadable == {"static_ip", "port", "timeout", "did"}


@pytest.mark.parametrize(
    "body",
    [
        {"call_forwarding_static": {"static_ip": "203.0.113.7", "port": 5060, "timeout": "30", "did": "111"}},
        {"call_forwarding_static": [{"static_ip": "203.0.113.7", "port": "5060", "timeout": 30, "did": 111}]},
        {"call_forwarding_ip_static": {"ip": "203.0.113.7", "port": 5060, "timeout": 30, "did_name": "111"}},
    ],
)
def test_a_trunk_that_comes_with_its_data_is_read_whole(body: dict[str, object]) -> None:
    assert seen({"call_forwarding_type": 4, **body}) == Observation(
        TrunkForwarding("203.0.113.7", 5060, 30, "111"), 1.0
    )


@pytest.mark.parametrize("did", [{}, {"did": 0}, {"did": "0"}, {"did_name": ""}, {"did_name": "0"}, {"did": None}])
def test_a_trunk_without_did_has_none(did: dict[str, object]) -> None:
    got = seen({"call_forwarding_type": 4, "call_forwarding_static": {"static_ip": "203.0.113.7", **did}})
    assert got.value == TrunkForwarding("203.0.113.7", 0, 0, "")


def test_only_values_that_a_write_would_reset_are_unwritable() -> None:
    controls = [{"dtmf": ""}, {"dtmf": "12#"}, {}]
    body = {"redirect_type": 1, "answer": False, "call_control": controls}
    assert seen({"call_forwarding_type": 2, "call_forwarding_number": body}).unwritable == {"targets[1].dtmf": "12#"}


NUMBER_BODY = {"redirect_type": 1}
IMPOSSIBLE: list[object] = [
    None,
    [],
    "text",
    7,
    {"call_forwarding_type": 5},
    {"call_forwarding_type": -1},
    {"call_forwarding_type": 2.0},
    {"call_forwarding_type": True},
    {"call_forwarding_type": "CALL_FORWARDING_TYPE_TELEPATHY"},
    {"call_forwarding_type": {}},
    {"call_forwarding_type": "²"},
    {"call_forwarding_type": 10**30},
    {"call_forwarding_type": 1},
    {"call_forwarding_type": 2},
    {"call_forwarding_type": 3},
    {"call_forwarding_type": 2, "call_forwarding_number": {}},
    {"call_forwarding_type": 2, "call_forwarding_number": {"redirect_type": 0}},
    {"call_forwarding_type": 2, "call_forwarding_number": {"redirect_type": 4}},
    {"call_forwarding_type": 2, "call_forwarding_number": [NUMBER_BODY, NUMBER_BODY]},
    {"call_forwarding_type": 2, "call_forwarding_number": NUMBER_BODY | {"call_control": "7499"}},
    {"call_forwarding_type": 2, "call_forwarding_number": NUMBER_BODY | {"call_control": [7]}},
    {"call_forwarding_type": 2, "call_forwarding_number": NUMBER_BODY | {"masking": "perhaps"}},
    {"call_forwarding_type": 2, "call_forwarding_number": NUMBER_BODY | {"masking": 1}},
    {"call_forwarding_type": 2, "call_forwarding_number": NUMBER_BODY | {"event_url": ["x"]}},
    {"call_forwarding_type": 2, "call_forwarding_number": NUMBER_BODY | {"call_control": [{"timeout": -1}]}},
    {"call_forwarding_type": 2, "call_forwarding_number": NUMBER_BODY | {"call_control": [{"timeout": "16s"}]}},
    {"call_forwarding_type": 2, "call_forwarding_number": NUMBER_BODY | {"call_control": [{"timeout": 2**64}]}},
    {"call_forwarding_type": 2, "call_forwarding_number": NUMBER_BODY | {"call_control": [{"name": True}]}},
    {"call_forwarding_type": 3, "call_forwarding_ipcr": "https://x.example"},
    {"call_forwarding_type": 4, "call_forwarding_static": {"port": "many"}},
]


@pytest.mark.parametrize("attributes", IMPOSSIBLE, ids=str)
def test_what_is_not_documented_is_an_error_and_never_a_guess(attributes: object) -> None:
    with pytest.raises(UnexpectedResponse, match="Exolve answered something undocumented"):
        seen(attributes)


def test_an_error_about_an_answer_names_the_place_and_not_the_value() -> None:
    secret = "canary-in-a-value"
    body = {"redirect_type": 1, "call_control": [{"timeout": secret}]}
    with pytest.raises(UnexpectedResponse) as refused:
        seen({"call_forwarding_type": 2, "call_forwarding_number": body})
    assert "attributes.call_forwarding_number.call_control.0.timeout" in str(refused.value)
    assert secret not in str(refused.value)


@pytest.mark.parametrize("answer", [{}, {"number_resource_id": "1"}, {"attributes": []}, [], None, "ok"])
def test_an_answer_without_attributes_tells_nothing(answer: object) -> None:
    with pytest.raises(UnexpectedResponse):
        read(AttributesAnswer, answer)


# -- any value, in any spelling -------------------------------------------------------------------------------------

Choose = Callable[[int], int]

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
DIGITS = st.integers(1, 2**40).map(str)
TARGETS = st.builds(
    Target,
    to=DIGITS,
    timeout=st.integers(0, 2**32 - 1),
    periods=st.lists(st.sampled_from(["wd {mo-fr}", "hr {9-17}"]), max_size=1).map(tuple),
    schedule_description=st.just(""),
    name=TEXT,
    active=st.booleans(),
    weekday_base=st.just(WeekdayBase.REFUSE),
)
FORWARDINGS: st.SearchStrategy[Forwarding] = st.one_of(
    st.builds(
        NumberForwarding,
        redirect=st.sampled_from(Redirect),
        targets=st.lists(TARGETS, max_size=3).map(tuple),
        event_url=TEXT,
        event_extended=st.booleans(),
        client_id=st.just(""),
        file_to_a=TEXT,
        file_to_b=TEXT,
        masking=st.booleans(),
        display_number=TEXT,
    ),
    st.builds(UrlForwarding, url=TEXT, reserve=TEXT),
    st.builds(SipForwarding, sip_uri=TEXT),
    st.builds(
        TrunkForwarding,
        static_ip=TEXT,
        port=st.integers(0, 2**32 - 1),
        timeout=st.integers(0, 2**32 - 1),
        did=st.integers(1, 2**64 - 1).map(str),
    ),
)

NAMES = {
    "call_forwarding_type": ["UNDEFINED", "SIP", "NUMBER", "IPCR", "STATIC"],
    "redirect_type": ["", "SINGLE", "SEQUENTIAL", "PARALLEL"],
}


def loosen(data: object, choose: Choose, key: str = "") -> object:
    """Spell the same JSON in another way that the vendor's documents use."""
    match data:
        case dict():
            return loosen_object(data, choose, key)
        case [only] if choose(2):
            return loosen(only, choose)
        case list():
            return [loosen(item, choose) for item in data]
        case bool() | int():
            return loosen_scalar(data, choose, key)
    return data


def loosen_object(data: dict[str, object], choose: Choose, key: str) -> object:
    kept = {k: v for k, v in data.items() if v not in ("", 0, False) or choose(2)}
    loose = {k: loosen(v, choose, k) for k, v in kept.items()} | ({"unheard_of": [{}]} if choose(2) else {})
    return [loose] if key.startswith("call_forwarding_") and choose(2) else loose


def loosen_scalar(data: bool | int, choose: Choose, key: str) -> object:
    if isinstance(data, bool):
        return data if choose(2) else str(data).lower()
    if key in NAMES and choose(2):
        return f"{key}_{NAMES[key][data]}".upper()
    return data if choose(2) else str(data)


@given(FORWARDINGS, st.randoms(use_true_random=False))
def test_any_value_reads_back_equal_from_any_spelling(value: Forwarding, random: Random) -> None:
    sent = encode(NUMBER, value)
    del sent["number_code"]
    loose = {k: loosen(v, random.randrange, k) for k, v in sent.items()}
    assert seen(json.loads(json.dumps(loose))).value == value
