"""What nobody knows of Exolve is a switch: each does what its line says; the default is the documented reading."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from reconciler.sandbox import ExolveSettings, Sandbox
from tests.unit.sandbox.conftest import ATTRIBUTES, DELETE, LIST, NUMBER, SET, Ask

TARGET = {"redirect_number": "74992223344", "timeout": 20, "active": True}


def to_number(**fields: object) -> dict[str, object]:
    body = {"redirect_type": 1, "call_control": [TARGET], **fields}
    return {"number_code": NUMBER, "call_forwarding_type": 2, "call_forwarding_number": body}


def without(body: dict[str, object], field: str) -> dict[str, object]:
    inner = body["call_forwarding_number"]
    assert isinstance(inner, dict)
    return body | {"call_forwarding_number": {key: value for key, value in inner.items() if key != field}}


def switch(sandbox: Sandbox, change: Callable[[ExolveSettings], ExolveSettings]) -> None:
    sandbox.exolve.settings = change(sandbox.exolve.settings)


CLEARING = {"number_code": NUMBER, "call_forwarding_type": 0}


@pytest.mark.parametrize(
    ("body", "change", "by_default", "switched"),
    [
        (CLEARING, lambda now: replace(now, type_zero_clears=True), 400, 200),
        (without(to_number(), "redirect_type"), lambda now: replace(now, require_redirect_type=False), 400, 200),
        (to_number(call_control=[]), lambda now: replace(now, require_call_control=False), 400, 200),
        (to_number(answer=True), lambda now: replace(now, answer_and_dtmf_writable=True), 400, 200),
        (
            to_number(call_control=[TARGET | {"period": "hr {6am-14pm}"}]),
            lambda now: replace(now, check_period=lambda period: "14pm" not in period),
            200,
            400,
        ),
        (
            to_number(masking=True, display_number="74950000000"),
            lambda now: replace(now, check_display_number=True),
            200,
            400,
        ),
        (to_number(file_to_a="99999"), lambda now: replace(now, check_media=True), 200, 400),
        (to_number(file_to_a="12345"), lambda now: replace(now, check_media=True), 200, 200),
        (
            to_number(masking=True, display_number="74991112244"),
            lambda now: replace(now, check_display_number=True),
            200,
            200,
        ),
    ],
)
def test_a_set_is_judged_by_the_switch(
    sandbox: Sandbox,
    exolve: Ask,
    body: dict[str, object],
    change: Callable[[ExolveSettings], ExolveSettings],
    by_default: int,
    switched: int,
) -> None:
    assert exolve(SET, body).status_code == by_default
    switch(sandbox, change)
    assert exolve(SET, body).status_code == switched


def test_type_zero_clears_what_was_set(sandbox: Sandbox, exolve: Ask) -> None:
    switch(sandbox, lambda now: replace(now, type_zero_clears=True))
    exolve(SET, to_number())
    exolve(SET, CLEARING)
    assert sandbox.exolve.forwarding(NUMBER) is None


def test_type_zero_with_data_is_refused_even_so(sandbox: Sandbox, exolve: Ask) -> None:
    switch(sandbox, lambda now: replace(now, type_zero_clears=True))
    assert exolve(SET, to_number() | CLEARING).status_code == 400


def test_deleting_nothing_may_be_an_error(sandbox: Sandbox, exolve: Ask) -> None:
    switch(sandbox, lambda now: replace(now, delete_of_nothing_is_error=True))
    assert exolve(DELETE, {"number_code": NUMBER}).status_code == 400
    exolve(SET, to_number())
    assert exolve(DELETE, {"number_code": NUMBER}).status_code == 200


@pytest.mark.parametrize("keeps", [False, True])
def test_a_set_resets_or_keeps_what_only_the_cabinet_can_write(sandbox: Sandbox, exolve: Ask, *, keeps: bool) -> None:
    switch(sandbox, lambda now: replace(now, set_keeps_answer_and_dtmf=keeps))
    by_hand = {"redirect_type": 1, "call_control": [TARGET | {"dtmf": "8"}, TARGET], "answer": True}
    sandbox.exolve.set(NUMBER, {"call_forwarding_type": 2, "call_forwarding_number": by_hand})
    exolve(SET, to_number(masking=True, call_control=[TARGET, TARGET]))
    read = exolve(ATTRIBUTES, {"number_code": NUMBER}).json()["attributes"]["call_forwarding_number"]
    assert read["masking"] is True
    assert ("answer" in read, "dtmf" in read["call_control"][0]) == (keeps, keeps)
    exolve(SET, to_number(call_control=[TARGET, TARGET]))
    read = exolve(ATTRIBUTES, {"number_code": NUMBER}).json()["attributes"]["call_forwarding_number"]
    assert ["dtmf" in control for control in read["call_control"]] == [keeps, False]


def test_there_is_nothing_to_keep_where_nothing_was_set(sandbox: Sandbox, exolve: Ask) -> None:
    switch(sandbox, lambda now: replace(now, set_keeps_answer_and_dtmf=True))
    exolve(SET, to_number())
    stored = {"redirect_type": 1, "call_control": [TARGET]}
    assert sandbox.exolve.forwarding(NUMBER) == {"call_forwarding_type": 2, "call_forwarding_number": stored}


def test_attributes_may_show_a_trunks_body(sandbox: Sandbox, exolve: Ask) -> None:
    switch(sandbox, lambda now: replace(now, static_in_attributes=True))
    static = {"static_ip": "203.0.113.7", "port": 5060, "timeout": 30, "did": 111}
    exolve(SET, {"number_code": NUMBER, "call_forwarding_type": 4, "call_forwarding_static": static})
    read = exolve(ATTRIBUTES, {"number_code": NUMBER}).json()["attributes"]["call_forwarding_static"]
    assert read == static | {"did": "111"}


def test_what_is_stored_may_be_normalised(sandbox: Sandbox, exolve: Ask) -> None:
    switch(sandbox, lambda now: replace(now, normalise=lambda sent: sent | {"call_forwarding_ipcr": {"url": "HTTP"}}))
    body = {"number_code": NUMBER, "call_forwarding_type": 3, "call_forwarding_ipcr": {"url": "http://example.com"}}
    exolve(SET, body)
    assert exolve(ATTRIBUTES, {"number_code": NUMBER}).json()["attributes"]["call_forwarding_ipcr"] == {"url": "HTTP"}


@pytest.mark.parametrize(("reads_across", "status"), [(False, 400), (True, 200)])
def test_a_key_may_read_the_customers_other_numbers(
    sandbox: Sandbox, exolve: Ask, *, reads_across: bool, status: int
) -> None:
    other = sandbox.exolve.add_application("support", api_key="key-2", uuid="u-2")
    stranger = sandbox.exolve.add_application("stranger", api_key="key-3", uuid="u-3", customer="customer-2")
    sandbox.exolve.add_numbers(["74995550000"], other)
    sandbox.exolve.add_numbers(["74996660000"], stranger)
    switch(sandbox, lambda now: replace(now, reads_across_applications=reads_across))
    assert exolve(ATTRIBUTES, {"number_code": "74995550000"}).status_code == status
    assert exolve(ATTRIBUTES, {"number_code": "74996660000"}).status_code == 400


@pytest.mark.parametrize(("spans", "total"), [(True, 4), (False, 3)])
def test_the_list_spans_the_customers_applications_or_not(
    sandbox: Sandbox, exolve: Ask, *, spans: bool, total: int
) -> None:
    other = sandbox.exolve.add_application("support", api_key="key-2", uuid="u-2")
    stranger = sandbox.exolve.add_application("stranger", api_key="key-3", uuid="u-3", customer="customer-2")
    sandbox.exolve.add_numbers(["74995550000"], other)
    sandbox.exolve.add_numbers(["74996660000"], stranger)
    switch(sandbox, lambda now: replace(now, list_spans_applications=spans))
    assert exolve(LIST, {}).json()["total"] == total
    assert exolve(LIST, {"application_uuid": sandbox.application}).json()["total"] == 3
    assert exolve(LIST, {"application_uuid": "u-3"}).json() == {"numbers": [], "total": 0}
