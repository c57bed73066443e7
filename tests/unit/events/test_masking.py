"""With masking, no number of anybody outside is left in what is kept; ours stay, and so do the names of calls."""

from __future__ import annotations

import json
from typing import Any

import pytest

from reconciler.events.masking import masked_body
from reconciler.events.reading import read_body, read_event
from tests.unit.events.building import EXOLVE, MTT, raw


def masked(body: dict[str, Any]) -> str:
    return json.dumps(masked_body(read_body(raw(body))))


@pytest.mark.parametrize("body", EXOLVE)
def test_the_called_one_of_a_call_that_goes_out_is_masked(body: dict[str, Any]) -> None:
    text = masked({**body, "note": "to +7 9994445566, urgent", "again": 79994445566, "list": [{"n": "89994445566"}]})
    assert "9994445566" not in text
    assert text.count("999*****66") == 4
    assert "79991112233" in text
    assert json.loads(text)["uid"] == 12345678910


def test_the_caller_of_a_call_that_comes_in_is_masked_with_name_and_all() -> None:
    body = json.loads(json.dumps(MTT[2]))
    body["result"]["callInfo"]["caller"]["displayName"] = "Maria"
    body["result"]["callInfo"]["callee"]["displayName"] = "Sales"
    text = masked(body)
    assert "8124241500" not in text
    assert "Maria" not in text
    assert "Sales" in text
    assert "74996497803" in text
    assert json.loads(text)["result"]["callInfo"]["call"] == body["result"]["callInfo"]["call"]


@pytest.mark.parametrize("name", ["from", "calling_number", "number_a", "numberA"])
def test_the_caller_of_an_inbound_event_is_masked(name: str) -> None:
    text = masked({"type": "o", "call_sid": "s", name: "+7 (999) 000-11-22", "to": "74991112233"})
    assert "000-11-22" not in text
    assert "74991112233" in text


def test_where_the_direction_is_not_told_both_are_masked() -> None:
    body = json.loads(json.dumps(MTT[2]))
    del body["result"]["callInfo"]["type"]
    text = masked(body)
    assert "8124241500" not in text
    assert "4996497803" not in text


@pytest.mark.parametrize("body", [*EXOLVE, *MTT])
def test_what_is_masked_is_still_the_same_event(body: dict[str, Any]) -> None:
    event = read_body(raw(body))
    again = read_event(masked_body(event))
    assert (again.kind, again.uid, again.call_id, again.at) == (event.kind, event.uid, event.call_id, event.at)


def test_an_extension_is_no_number_of_anybody_outside() -> None:
    assert '"101"' in masked({"type": "o", "call_sid": "s", "from": "101", "to": "74991112233"})
