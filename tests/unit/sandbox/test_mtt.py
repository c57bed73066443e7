"""MTT's Open API answers as its document prints, in both spellings, and never tells who is parked."""

from __future__ import annotations

from dataclasses import replace

import httpx
import pytest

from reconciler.sandbox import Fault, FaultKind, MttSettings, Sandbox, UnknownNumber
from tests.unit.sandbox.conftest import Ask

FIRST, SECOND = "78005560251", "78005560252"
PARKING = "/setParkingNumbers"


def parking(numbers: object, is_parking: object) -> dict[str, object]:
    return {"params": {"numbers": numbers, "isParking": is_parking}}


def test_external_numbers_are_listed_as_the_sample_prints_them(sandbox: Sandbox, mtt: Ask) -> None:
    sandbox.mtt.remove_number(SECOND)
    answer = mtt("/externalNumbersInfo")
    assert answer.json() == {"result": {"total": 1, "numbersList": [{"number": "78005560251", "type": None}]}}


@pytest.mark.parametrize("path", ["/workPlacesInfo", "/workplacesInfo"])
def test_workplaces_are_listed_under_both_spellings_of_the_path(mtt: Ask, path: str) -> None:
    expected = {"result": {"total": 1, "workplacesList": [{"workplace": "883140777716581", "name": ""}]}}
    assert mtt(path).json() == expected


def test_terminals_are_listed_as_the_sample_prints_them(mtt: Ask) -> None:
    terminals = [{"terminal": "883140777380595", "workplace": "883140777716581"}]
    assert mtt("/terminalsInfo").json() == {"result": {"total": 1, "terminals_list": terminals}}


def test_parking_is_set_and_removed_and_no_read_shows_it(sandbox: Sandbox, mtt: Ask) -> None:
    before = mtt("/externalNumbersInfo").json()
    for flag in (True, False, True):
        answer = mtt(PARKING, parking([FIRST], flag))
        assert (answer.status_code, answer.json()) == (200, {"success": 1})
        assert (sandbox.mtt.parked(FIRST), sandbox.mtt.parked(SECOND)) == (flag, False)
    assert mtt("/externalNumbersInfo").json() == before
    assert [(write.number, write.body) for write in sandbox.writes] == [(FIRST, True), (FIRST, False), (FIRST, True)]


def test_the_answer_may_come_in_the_envelope_of_the_other_methods(sandbox: Sandbox, mtt: Ask) -> None:
    sandbox.mtt.settings = MttSettings(result_envelope=True)
    assert mtt(PARKING, parking([FIRST, SECOND], is_parking=True)).json() == {"result": {"success": 1}}


@pytest.mark.parametrize(
    ("numbers", "flag"),
    [([], True), ("78005560251", True), ([78005560251], True), ([FIRST], "true"), ([FIRST], 1), ([FIRST], None)],
)
def test_wrong_parameters_are_refused(sandbox: Sandbox, mtt: Ask, numbers: object, flag: object) -> None:
    assert mtt(PARKING, parking(numbers, flag)).status_code == 400
    assert mtt(PARKING, {"numbers": [FIRST], "isParking": True}).status_code == 400
    assert not sandbox.mtt.parked(FIRST)


@pytest.mark.parametrize("body", ["", "{", "[]", "null", '{"params": 1}', "[" * 100_000])
def test_a_body_that_is_no_request_is_refused(sandbox: Sandbox, client: httpx.Client, body: str) -> None:
    headers = {"Authorization": f"Bearer {sandbox.mtt.oauth.issue_access_token()}"}
    assert client.post(sandbox.mtt_url + PARKING, content=body, headers=headers).status_code == 400


@pytest.mark.parametrize(
    ("answer_with", "status", "body"),
    [
        (UnknownNumber.STATUS_400, 400, {"error": {"code": -32602, "message": "number is not found"}}),
        (UnknownNumber.SUCCESS_0, 200, {"success": 0}),
    ],
)
def test_one_number_that_is_not_ours_refuses_the_whole_call(
    sandbox: Sandbox, mtt: Ask, answer_with: UnknownNumber, status: int, body: dict[str, object]
) -> None:
    sandbox.mtt.settings = replace(sandbox.mtt.settings, unknown_number=answer_with)
    answer = mtt(PARKING, parking([FIRST, "78009999999"], is_parking=True))
    assert (answer.status_code, answer.json()) == (status, body)
    assert not sandbox.mtt.parked(FIRST)
    assert sandbox.writes == []


def test_numbers_are_compared_as_they_are_listed(mtt: Ask) -> None:
    assert mtt(PARKING, parking(["+78005560251"], is_parking=True)).status_code == 400
    assert mtt(PARKING, parking(["88005560251"], is_parking=True)).status_code == 400


def test_a_call_takes_no_more_numbers_than_the_switch_says(sandbox: Sandbox, mtt: Ask) -> None:
    assert mtt(PARKING, parking([FIRST, SECOND], is_parking=True)).status_code == 200
    sandbox.mtt.settings = replace(sandbox.mtt.settings, max_numbers_per_call=1)
    assert mtt(PARKING, parking([FIRST, SECOND], is_parking=True)).status_code == 400
    assert mtt(PARKING, parking([FIRST], is_parking=True)).status_code == 200


@pytest.mark.parametrize("path", ["/externalNumbersInfo", "/workPlacesInfo", "/terminalsInfo", PARKING])
def test_an_access_token_opens_for_two_hours(sandbox: Sandbox, mtt: Ask, path: str) -> None:
    body = parking([FIRST], is_parking=True) if path == PARKING else None
    token = sandbox.mtt.oauth.issue_access_token()
    sandbox.mtt.clock.advance(7190)
    assert mtt(path, body, token=token).status_code == 200
    sandbox.mtt.clock.advance(10)
    assert mtt(path, body, token=token).status_code == 401
    assert mtt(path, body, token="nonsense").status_code == 401


def test_no_token_is_401_and_an_unknown_path_404(sandbox: Sandbox, client: httpx.Client, mtt: Ask) -> None:
    assert client.get(f"{sandbox.mtt_url}/externalNumbersInfo").status_code == 401
    assert mtt("/parkingNumbersInfo").status_code == 404
    assert mtt("/externalNumbersInfo", {}).status_code == 404


def test_parking_can_be_changed_by_hand_or_by_somebody_else(sandbox: Sandbox, mtt: Ask) -> None:
    sandbox.mtt.park(FIRST)
    assert sandbox.mtt.parked(FIRST)
    sandbox.faults.add(Fault(kind=FaultKind.CHANGED_BY_OTHER))
    mtt(PARKING, parking([FIRST], is_parking=True))
    assert not sandbox.mtt.parked(FIRST)
    sandbox.faults.add(Fault(kind=FaultKind.WRONG_VALUE))
    assert mtt(PARKING, parking([FIRST], is_parking=True)).json() == {"success": 1}
    assert not sandbox.mtt.parked(FIRST)


def test_faults_find_a_number_of_many(sandbox: Sandbox, mtt: Ask) -> None:
    sandbox.faults.add(Fault(kind=FaultKind.FORBIDDEN, number=SECOND))
    assert mtt(PARKING, parking([FIRST], is_parking=True)).status_code == 200
    answer = mtt(PARKING, parking([FIRST, SECOND], is_parking=True))
    assert answer.status_code == 403
    assert sandbox.log[-1].numbers == (FIRST, SECOND)
    assert sandbox.log[-1].number is None


def test_when_loose_every_spelling_of_the_document_is_seen(client: httpx.Client) -> None:
    with Sandbox(loose=True, seed=5) as sandbox:
        headers = {"Authorization": f"Bearer {sandbox.mtt.oauth.issue_access_token()}"}

        def results(path: str) -> list[dict[str, object]]:
            answers = (client.get(sandbox.mtt_url + path, headers=headers).json() for _ in range(30))
            return [answer["result"] for answer in answers]

        assert {key for result in results("/externalNumbersInfo") for key in result} == {
            "total",
            "Total",
            "numbersList",
        }
        terminals = results("/terminalsInfo")
        keys = {key for result in terminals for key in result}
        assert keys == {"total", "Total", "terminals_list", "terminalsList"}
        rows = [row for result in terminals for value in result.values() if isinstance(value, list) for row in value]
        assert {key for row in rows for key in row} == {"terminal", "terminale", "workplace"}
        body = parking([sandbox.mtt.numbers[0]], is_parking=True)
        bodies = {client.post(sandbox.mtt_url + PARKING, json=body, headers=headers).text for _ in range(30)}
        assert bodies == {'{"success":1}', '{"result":{"success":1}}'}
