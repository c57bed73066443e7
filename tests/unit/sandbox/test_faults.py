"""Every fault looks on the wire as its name says, and has or has not taken effect as it says."""

from __future__ import annotations

import json
import time

import httpx
import pytest

from reconciler.sandbox import Fault, FaultKind, Sandbox
from tests.unit.sandbox.conftest import ATTRIBUTES, DELETE, LIST, NUMBER, SET, Ask

TO_URL = {"number_code": NUMBER, "call_forwarding_type": 3, "call_forwarding_ipcr": {"url": "https://example.com/"}}
STORED = {"call_forwarding_type": 3, "call_forwarding_ipcr": {"url": "https://example.com/"}}
OTHER = {"call_forwarding_type": 1, "call_forwarding_sip": {"sip_uri": "other@example.com"}}

# What a Set meets: the status (None: no answer at all), and whether it took effect.
ON_A_SET: dict[FaultKind, tuple[int | None, bool]] = {
    FaultKind.LATENCY: (200, True),
    FaultKind.UNAUTHORIZED: (401, False),
    FaultKind.NO_KEY: (401, False),
    FaultKind.FORBIDDEN: (403, False),
    FaultKind.NOT_FOUND: (404, False),
    FaultKind.RATE_LIMITED: (429, False),
    FaultKind.SERVER_ERROR_BEFORE: (500, False),
    FaultKind.SERVER_ERROR_AFTER: (500, True),
    FaultKind.BAD_GATEWAY_BEFORE: (502, False),
    FaultKind.BAD_GATEWAY_AFTER: (502, True),
    FaultKind.UNAVAILABLE: (503, False),
    FaultKind.DROP_BEFORE: (None, False),
    FaultKind.DROP_AFTER: (None, True),
    FaultKind.RESET_BEFORE: (None, False),
    FaultKind.RESET_AFTER: (None, True),
    FaultKind.TIMEOUT_BEFORE: (None, False),
    FaultKind.TIMEOUT_AFTER: (None, True),
    FaultKind.SLOW_DRIP: (200, True),
    FaultKind.MALFORMED_JSON: (200, True),
    FaultKind.TRUNCATED_JSON: (200, True),
    FaultKind.CUT_OFF: (None, True),
    FaultKind.ERROR_WITH_200: (200, False),
    FaultKind.EMPTY_BODY: (200, True),
    FaultKind.HTML_WITH_200: (200, False),
    FaultKind.REDIRECT: (307, False),
    FaultKind.HUGE_BODY: (200, True),
    FaultKind.REPEATED_PAGE: (200, True),
    FaultKind.SHORT_PAGE: (200, True),
    FaultKind.SHIFTED_PAGE: (200, True),
    FaultKind.LATE_VALUE: (200, True),
}
ALTERING = {FaultKind.WRONG_VALUE, FaultKind.CHANGED_BY_OTHER}


def test_every_fault_is_in_the_table() -> None:
    assert set(ON_A_SET) | ALTERING == set(FaultKind)


@pytest.mark.parametrize(("kind", "expected"), ON_A_SET.items(), ids=[kind.value for kind in ON_A_SET])
def test_a_fault_answers_and_takes_effect_as_its_name_says(
    sandbox: Sandbox, exolve: Ask, kind: FaultKind, expected: tuple[int | None, bool]
) -> None:
    sandbox.faults.add(Fault(kind=kind, seconds=0.001))
    try:
        status = exolve(SET, TO_URL).status_code
    except httpx.RemoteProtocolError:
        status = None
    except httpx.ReadError:
        status = None
        assert kind in {FaultKind.RESET_BEFORE, FaultKind.RESET_AFTER}
    assert (status, sandbox.exolve.forwarding(NUMBER) == STORED) == expected
    assert [write.number for write in sandbox.writes] == ([NUMBER] if expected[1] else [])
    assert sandbox.log[-1].fault == kind.value
    assert exolve(SET, TO_URL).status_code == 200, "a fault strikes once"


def test_a_timeout_lasts_until_the_caller_gives_up(sandbox: Sandbox, client: httpx.Client) -> None:
    sandbox.faults.add(Fault(kind=FaultKind.TIMEOUT_AFTER))
    headers = {"Authorization": f"Bearer {sandbox.api_key}"}
    with pytest.raises(httpx.ReadTimeout):
        client.post(sandbox.exolve_url + SET, json=TO_URL, headers=headers, timeout=0.2)
    assert sandbox.exolve.forwarding(NUMBER) == STORED


@pytest.mark.parametrize("kind", [FaultKind.RATE_LIMITED, FaultKind.UNAVAILABLE])
def test_retry_after_is_there_only_if_asked_for(sandbox: Sandbox, exolve: Ask, kind: FaultKind) -> None:
    date = "Sat, 21 Nov 2026 22:00:00 GMT"
    for value in (None, 2, date):
        sandbox.faults.add(Fault(kind=kind, retry_after=value))
    headers = [exolve(ATTRIBUTES, {"number_code": NUMBER}).headers.get("retry-after") for _ in range(3)]
    assert headers == [None, "2", date]


def test_bodies_are_spoilt_as_named(sandbox: Sandbox, exolve: Ask) -> None:
    def body(kind: FaultKind) -> str:
        sandbox.faults.add(Fault(kind=kind, seconds=0.0001, message="number has sip"))
        return exolve(ATTRIBUTES, {"number_code": NUMBER}).text

    right = exolve(ATTRIBUTES, {"number_code": NUMBER}).text
    assert body(FaultKind.SLOW_DRIP) == right
    assert body(FaultKind.TRUNCATED_JSON) == right[: len(right) // 2]
    assert body(FaultKind.EMPTY_BODY) == ""
    assert json.loads(body(FaultKind.ERROR_WITH_200)) == {"error": "number has sip"}
    assert body(FaultKind.HTML_WITH_200).startswith("<!doctype html>")
    assert body(FaultKind.BAD_GATEWAY_BEFORE).startswith("<html>")
    with pytest.raises(ValueError, match="property name"):
        json.loads(body(FaultKind.MALFORMED_JSON))
    huge = body(FaultKind.HUGE_BODY)
    assert len(huge) > 10_000_000
    assert {key: value for key, value in json.loads(huge).items() if key != "padding"} == json.loads(right)


def test_a_redirect_leads_to_another_host(sandbox: Sandbox, exolve: Ask) -> None:
    sandbox.faults.add(Fault(kind=FaultKind.REDIRECT), Fault(kind=FaultKind.REDIRECT, location="http://127.0.0.2/x"))
    locations = [exolve(SET, TO_URL).headers["location"] for _ in range(2)]
    assert locations == [f"https://elsewhere.invalid{SET}", "http://127.0.0.2/x"]


def test_a_repeated_page_is_the_first_one_for_ever(sandbox: Sandbox, exolve: Ask) -> None:
    sandbox.faults.add(Fault(kind=FaultKind.REPEATED_PAGE, path=LIST, times=None))
    pages = [exolve(LIST, {"limit": 2, "offset": offset}).json() for offset in (0, 2, 4, 100)]
    assert all(page == pages[0] for page in pages)
    assert pages[0]["total"] == 3


def test_a_short_page_lacks_an_element_that_the_total_counts(sandbox: Sandbox, exolve: Ask) -> None:
    sandbox.faults.add(Fault(kind=FaultKind.SHORT_PAGE, path=LIST, times=None))
    answers = [exolve(LIST, {"offset": offset}).json() for offset in (0, 2)]
    assert [(len(answer["numbers"]), answer["total"]) for answer in answers] == [(2, 3), (0, 3)]


def test_a_shifted_page_never_shows_one_number_and_shows_a_new_one(sandbox: Sandbox, exolve: Ask) -> None:
    sandbox.faults.add(Fault(kind=FaultKind.SHIFTED_PAGE, path=LIST, skip=1))
    answers = [exolve(LIST, {"offset": offset, "limit": 1}).json() for offset in (0, 1, 2)]
    shown = [element["number_name"] for answer in answers for element in answer["numbers"]]
    assert [answer["total"] for answer in answers] == [3, 3, 3]
    assert sandbox.exolve.numbers[1] not in map(str, shown)
    assert len(set(map(str, shown)) - set(sandbox.exolve.numbers)) == 1


@pytest.mark.parametrize(
    "forwarding",
    [
        STORED,
        {"call_forwarding_type": 1, "call_forwarding_sip": {"sip_uri": "a@example.com"}},
        {"call_forwarding_type": 4, "call_forwarding_static": {"static_ip": "203.0.113.7", "port": 5060}},
        {
            "call_forwarding_type": 2,
            "call_forwarding_number": {"redirect_type": 1, "call_control": [{"redirect_number": "74992223344"}]},
        },
    ],
)
def test_a_wrong_value_is_of_the_same_type_and_differs(
    sandbox: Sandbox, exolve: Ask, forwarding: dict[str, object]
) -> None:
    sandbox.faults.add(Fault(kind=FaultKind.WRONG_VALUE))
    assert exolve(SET, {"number_code": NUMBER, **forwarding}).status_code == 200
    stored = sandbox.exolve.forwarding(NUMBER)
    assert stored is not None
    assert stored["call_forwarding_type"] == forwarding["call_forwarding_type"]
    assert stored != forwarding


def test_a_wrong_value_may_be_given_and_a_delete_may_do_nothing(sandbox: Sandbox, exolve: Ask) -> None:
    sandbox.faults.add(Fault(kind=FaultKind.WRONG_VALUE, value=OTHER), Fault(kind=FaultKind.WRONG_VALUE, path=DELETE))
    exolve(SET, TO_URL)
    assert sandbox.exolve.forwarding(NUMBER) == OTHER
    assert exolve(DELETE, {"number_code": NUMBER}).status_code == 200
    assert sandbox.exolve.forwarding(NUMBER) == OTHER


def test_a_late_value_shows_the_old_one_for_so_many_reads(sandbox: Sandbox, exolve: Ask) -> None:
    sandbox.exolve.set(NUMBER, OTHER)
    sandbox.faults.add(Fault(kind=FaultKind.LATE_VALUE, reads=2))
    exolve(SET, TO_URL)
    assert sandbox.exolve.forwarding(NUMBER) == STORED
    kinds = [exolve(ATTRIBUTES, {"number_code": NUMBER}).json()["attributes"]["call_forwarding_type"] for _ in range(4)]
    assert kinds == [1, 1, 3, 3]


def test_a_late_value_shows_the_old_one_for_so_long(sandbox: Sandbox, exolve: Ask) -> None:
    sandbox.exolve.set(NUMBER, OTHER)
    sandbox.faults.add(Fault(kind=FaultKind.LATE_VALUE, seconds=0.3))
    exolve(SET, TO_URL)
    until = time.monotonic() + 0.3
    seen: list[tuple[int, float]] = []
    while not seen or time.monotonic() < until + 0.3:
        kind = exolve(ATTRIBUTES, {"number_code": NUMBER}).json()["attributes"]["call_forwarding_type"]
        seen.append((kind, time.monotonic()))
    assert seen[0][0] == 1
    assert [kind for kind, _ in seen] == sorted(kind for kind, _ in seen)
    assert {kind for kind, at in seen if at > until + 0.1} == {3}


def test_somebody_else_changes_the_number_after_a_read(sandbox: Sandbox, exolve: Ask) -> None:
    sandbox.exolve.set(NUMBER, STORED)
    sandbox.faults.add(Fault(kind=FaultKind.CHANGED_BY_OTHER, path=ATTRIBUTES, value=OTHER))
    types = [exolve(ATTRIBUTES, {"number_code": NUMBER}).json()["attributes"]["call_forwarding_type"] for _ in range(2)]
    assert types == [3, 1]
    assert sandbox.writes == []


def test_faults_strike_in_the_order_in_which_they_were_added(sandbox: Sandbox, exolve: Ask) -> None:
    sandbox.faults.add(
        Fault(kind=FaultKind.RATE_LIMITED, path="SetCallForwarding", times=2),
        Fault(kind=FaultKind.SERVER_ERROR_BEFORE, path="SetCallForwarding"),
    )
    assert exolve(ATTRIBUTES, {"number_code": NUMBER}).status_code == 200
    assert [exolve(SET, TO_URL).status_code for _ in range(4)] == [429, 429, 500, 200]
    assert sandbox.faults.pending == ()


def test_the_nth_matching_call_is_struck(sandbox: Sandbox, exolve: Ask) -> None:
    sandbox.faults.add(Fault(kind=FaultKind.FORBIDDEN, number="74991112244", skip=1))
    for number in (NUMBER, "74991112244", NUMBER):
        assert exolve(ATTRIBUTES, {"number_code": number}).status_code == 200
    assert [exolve(ATTRIBUTES, {"number_code": 74991112244}).status_code for _ in range(2)] == [403, 200]


@pytest.mark.parametrize(
    ("fault", "struck"),
    [
        (Fault(kind=FaultKind.FORBIDDEN, times=None), [True, True, True]),
        (Fault(kind=FaultKind.FORBIDDEN, times=None, path="GetAttributes"), [True, False, False]),
        (Fault(kind=FaultKind.FORBIDDEN, times=None, path="/number/v1/*"), [True, True, False]),
        (Fault(kind=FaultKind.FORBIDDEN, times=None, mutating=True), [False, True, False]),
        (Fault(kind=FaultKind.FORBIDDEN, times=None, mutating=False), [True, False, True]),
        (Fault(kind=FaultKind.FORBIDDEN, times=None, vendor="mtt"), [False, False, False]),
        (Fault(kind=FaultKind.FORBIDDEN, times=None, application="another"), [False, False, False]),
        (Fault(kind=FaultKind.FORBIDDEN, times=None, method="GET"), [False, False, False]),
        (Fault(kind=FaultKind.FORBIDDEN, times=None, where=lambda call: b"limit" in call.body), [False, False, True]),
    ],
)
def test_a_fault_strikes_the_calls_that_match(sandbox: Sandbox, exolve: Ask, fault: Fault, struck: list[bool]) -> None:
    sandbox.faults.add(fault)
    calls: list[tuple[str, object]] = [(ATTRIBUTES, {"number_code": NUMBER}), (SET, TO_URL), (LIST, {"limit": 1})]
    assert [exolve(path, body).status_code == 403 for path, body in calls] == struck


def test_latency_goes_together_with_another_fault(sandbox: Sandbox, exolve: Ask) -> None:
    sandbox.faults.add(Fault(kind=FaultKind.LATENCY, seconds=0.05), Fault(kind=FaultKind.FORBIDDEN))
    assert exolve(ATTRIBUTES, {"number_code": NUMBER}).status_code == 403
    call = sandbox.log[-1]
    assert call.fault == "latency, forbidden"
    assert call.finished - call.started >= 0.05


def test_faults_can_be_taken_back(sandbox: Sandbox, exolve: Ask) -> None:
    sandbox.faults.add(Fault(kind=FaultKind.FORBIDDEN, times=None))
    sandbox.faults.clear()
    assert exolve(ATTRIBUTES, {"number_code": NUMBER}).status_code == 200


def test_a_sandbox_that_fails_on_writes_still_reads(sandbox: Sandbox, exolve: Ask, mtt: Ask) -> None:
    sandbox.fail_on_writes()
    parking = {"params": {"numbers": ["78005560251"], "isParking": True}}
    assert exolve(ATTRIBUTES, {"number_code": NUMBER}).status_code == 200
    assert mtt("/externalNumbersInfo").status_code == 200
    assert [call.mutating for call in sandbox.log] == [False, False]
    statuses = [exolve(SET, TO_URL), exolve(DELETE, {"number_code": NUMBER}), exolve("/number/v1/Buy", {})]
    assert [answer.status_code for answer in [*statuses, mtt("/setParkingNumbers", parking)]] == [500] * 4
    assert [call.mutating for call in sandbox.log[2:]] == [True] * 4
    assert sandbox.writes == []
