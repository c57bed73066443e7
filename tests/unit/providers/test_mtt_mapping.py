from __future__ import annotations

import json

import pytest

from reconciler.http.errors import UnexpectedResponse
from reconciler.providers.mtt.wire import (
    ExternalNumbers,
    ParkingAnswer,
    TokenAnswer,
    by_canonical,
    canonical,
    encode_parking,
    read,
    unwrap,
)
from tests.unit.providers import samples


@pytest.mark.parametrize(
    ("spelled", "number"),
    [
        ("78005560251", "78005560251"),
        ("88005560251", "78005560251"),
        ("+78005560251", "78005560251"),
        ("8 (800) 556-02-51", "78005560251"),
        ("+7 800 556-02-51", "78005560251"),
        ("74951234567", "74951234567"),
        ("84951234567", "74951234567"),
        ("+86123456789", "86123456789"),
        ("8613812345678", "8613812345678"),
        ("880023213", "880023213"),
        ("883140777716581", "883140777716581"),
    ],
)
def test_a_number_is_one_number_however_it_is_spelled(spelled: str, number: str) -> None:
    assert canonical(spelled) == number


@pytest.mark.parametrize("spelled", ["", "sip:100", "١٢٣", "7800556025x", "+", "1" * 16])
def test_what_is_no_number_is_none(spelled: str) -> None:
    assert canonical(spelled) is None


def test_the_vendor_s_own_spelling_is_kept_and_of_two_the_canonical_one() -> None:
    assert by_canonical(["88005560251", "+74951234567", "sip:100"]) == {
        "78005560251": "88005560251",
        "74951234567": "+74951234567",
    }
    assert by_canonical(["88005560251", "78005560251"]) == {"78005560251": "78005560251"}
    assert by_canonical(["78005560251", "88005560251"]) == {"78005560251": "78005560251"}


def test_we_send_what_the_page_documents() -> None:
    assert json.loads(encode_parking(["880023213", "880034344"], parked=True)) == json.loads(samples.SET_PARKING)
    assert json.loads(encode_parking(["1"], parked=False)) == {"params": {"numbers": ["1"], "isParking": False}}


def numbers(body: object) -> ExternalNumbers:
    return read(ExternalNumbers, unwrap(body))


@pytest.mark.parametrize(
    "body",
    [
        json.loads(samples.EXTERNAL_NUMBERS),
        {"total": 1, "numbersList": [{"number": "78005560251", "type": None}]},
        {"result": {"Total": "1", "numbers_list": [{"number": 78005560251}]}},
        {"result": {"numbersList": [{"number": "78005560251", "type": "parked?"}], "total": 1, "new": {}}},
    ],
    ids=str,
)
def test_the_list_is_read_in_both_spellings_and_with_or_without_envelope(body: object) -> None:
    got = numbers(body)
    assert [entry.number for entry in got.numbers or ()] == ["78005560251"]
    assert got.total == 1


@pytest.mark.parametrize(
    "body",
    [
        {},
        [],
        None,
        "ok",
        {"result": []},
        {"result": {}},
        {"result": {"total": 1}},
        {"result": {"total": 1, "numbersList": [{"type": None}]}},
        {"result": {"total": 1, "numbersList": [{"number": None}]}},
        {"result": {"total": 1, "numbersList": [{"number": ""}]}},
        {"result": {"total": 1, "numbersList": {"number": "7"}}},
        {"result": {"total": -1, "numbersList": []}},
        {"result": {"total": 1.5, "numbersList": []}},
        {"result": {"total": True, "numbersList": []}},
    ],
    ids=str,
)
def test_a_list_that_is_not_documented_is_an_error(body: object) -> None:
    with pytest.raises(UnexpectedResponse, match="MTT answered something undocumented"):
        numbers(body)


@pytest.mark.parametrize("body", [{"success": 1}, {"result": {"success": 1}}, {"success": "1"}, {"success": True}])
def test_a_success_is_1_in_or_out_of_the_envelope(body: object) -> None:
    assert read(ParkingAnswer, unwrap(body)).success


@pytest.mark.parametrize("body", [{"success": 0}, {"result": {"success": "0"}}, {"success": False}])
def test_a_0_is_a_refusal(body: object) -> None:
    assert not read(ParkingAnswer, unwrap(body)).success


@pytest.mark.parametrize(
    "body", [{}, [], {"success": 2}, {"success": "yes"}, {"success": None}, {"success": [1]}, {"Success": 1}, "1", 1]
)
def test_anything_else_is_neither(body: object) -> None:
    with pytest.raises(UnexpectedResponse):
        read(ParkingAnswer, unwrap(body))


def test_the_documented_tokens_are_read_and_another_scope_is_fine() -> None:
    got = read(TokenAnswer, json.loads(samples.TOKENS))
    assert (got.access_token, got.expires_in) == ("sample-access-token-0001", 7200)
    assert got.refresh_token == "sample-refresh-token-0001"


def test_what_a_token_answer_leaves_out_is_what_the_page_says() -> None:
    got = read(TokenAnswer, {"access_token": "a", "refresh_token": None})
    assert (got.expires_in, got.refresh_token) == (7200, "")


@pytest.mark.parametrize(
    ("spelled", "seconds"),
    [("3600", 3600), (3600.0, 3600), ("3600.0", 3600), (0, 0), (None, 7200), ("soon", 7200), (-1, 7200), ([], 7200)],
)
def test_a_life_in_any_spelling_never_loses_the_tokens_beside_it(spelled: object, seconds: int) -> None:
    got = read(TokenAnswer, {"access_token": "a", "expires_in": spelled, "refresh_token": 12345678})
    assert (got.expires_in, got.refresh_token) == (seconds, "12345678")


@pytest.mark.parametrize("access", ["", None, 7, "two words", "line\nbreak", "ключ", "a\n"])
def test_an_access_token_that_fits_no_header_is_an_error(access: object) -> None:
    with pytest.raises(UnexpectedResponse):
        read(TokenAnswer, {"access_token": access})
