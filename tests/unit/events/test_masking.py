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


@pytest.mark.parametrize(
    "written",
    ["sip:79990001122:5060", "79990001122;ext=12", "tel:+7-999-000-11-22;isub=1", 79990001122.0],
)
def test_a_caller_is_masked_with_a_port_or_an_extension_behind_the_number(written: str | float) -> None:
    body = {"type": "o", "call_sid": "s", "from": written, "a": "89990001122", "b": 79990001122.0}
    text = masked({**body, "79990001122": {"since": 2024}, "to": "74991112233"})
    assert "9990001122" not in text.replace("-", "")
    assert text.count("999*****22") == 4
    assert "74991112233" in text


def test_a_caller_is_masked_under_every_name_that_is_known_for_one() -> None:
    body = {"type": "o", "call_sid": "s", "from": "79990001122", "number_a": 79990003344, "to": "74991112233"}
    text = masked(body)
    assert ("9990001122" in text, "9990003344" in text, "74991112233" in text) == (False, False, True)


def test_where_the_direction_is_not_told_both_are_masked() -> None:
    body = json.loads(json.dumps(MTT[2]))
    del body["result"]["callInfo"]["type"]
    body["result"]["callInfo"]["caller"]["displayName"] = "Maria"
    text = masked(body)
    assert "Maria" not in text
    assert "8124241500" not in text
    assert "4996497803" not in text


@pytest.mark.parametrize("body", [*EXOLVE, *MTT])
def test_what_is_masked_is_still_the_same_event(body: dict[str, Any]) -> None:
    event = read_body(raw(body))
    again = read_event(masked_body(event))
    assert (again.kind, again.uid, again.call_id, again.at) == (event.kind, event.uid, event.call_id, event.at)


def test_an_extension_is_no_number_of_anybody_outside() -> None:
    assert '"101"' in masked({"type": "o", "call_sid": "s", "from": "101", "to": "74991112233"})
