"""Events are put together to calls, whatever order they come in."""

from __future__ import annotations

import random
from typing import Any

import pytest

from reconciler.events.calls import calls_of, received_calls
from tests.unit.events.building import EXOLVE, MTT, kept, notified, outbound


def test_a_definition_that_comes_after_the_end_belongs_to_its_call() -> None:
    (call,) = calls_of([kept(number, body) for number, body in enumerate(EXOLVE)])
    assert [each.event.kind for each in call.events] == ["originate", "start", "hungup", "end", "definition"]
    assert call.names == ("12345678910", "call-test-12345")
    assert (call.setup_ms, call.wait_ms, call.duration_ms, call.full_ms) == (800, 800, 4279, 13820)
    assert (call.cause, call.cause_name, call.is_answered, call.has_ended) == ("16", "normal call clearing", True, True)
    assert call.answered_after == pytest.approx(38.579416 - 29.934881, abs=1e-5)


@pytest.mark.parametrize("seed", [0, *(pytest.param(seed, marks=pytest.mark.soak) for seed in range(1, 20))])
def test_ten_thousand_events_in_any_order_are_the_right_calls(seed: int) -> None:
    chance = random.Random(seed)
    made: dict[str, list[str]] = {}
    sent: list[dict[str, Any]] = []
    while len(sent) < 10_000:
        events = chance.choice((outbound, notified))(len(made), chance)
        name = str(events[0].get("uid") or events[0]["result"]["callInfo"]["call"]["id"])
        made[name] = [each.get("type") or each["result"]["callInfo"]["state"] for each in events]
        sent += events
    for body in chance.sample(sent, 1000):
        if "uid" in body and body["type"] != "o":
            body["uid"] = None  # which leaves call_sid
    chance.shuffle(sent)
    calls = calls_of(kept(number, body, at=number / 500) for number, body in enumerate(sent))
    found = {call.names[0]: [_short(each.event.kind) for each in call.events] for call in calls}
    assert found == made


def _short(kind: str) -> str:
    return {"originate": "o", "start": "s", "hungup": "h", "definition": "d", "end": "e"}.get(kind, kind)


def test_an_uid_counts_before_the_vendors_id() -> None:
    bodies = [{**EXOLVE[0], "uid": 1}, {**EXOLVE[1], "uid": 2}, {**EXOLVE[4], "uid": 1, "call_sid": "another"}]
    one, other = calls_of([kept(number, body) for number, body in enumerate(bodies)])
    assert [each.event.kind for each in one.events] == ["originate", "end"]
    assert one.names == ("1", "call-test-12345", "another")
    assert other.names == ("2", "call-test-12345")


def test_an_event_that_may_be_of_two_calls_is_taken_for_neithers() -> None:
    bodies = [{**EXOLVE[0], "uid": 1}, {**EXOLVE[0], "uid": 2}, {**EXOLVE[4], "uid": None}]
    assert len(calls_of([kept(number, body) for number, body in enumerate(bodies)])) == 3


def test_the_same_id_at_two_vendors_is_two_calls() -> None:
    notified = {**MTT[2]["result"]["callInfo"], "call": {"id": "call-test-12345"}}
    bodies = [{**EXOLVE[0], "uid": None}, {"event": "callNotifications", "result": {"callInfo": notified}}]
    assert len(calls_of([kept(number, body) for number, body in enumerate(bodies)])) == 2


def test_an_event_of_no_call_is_of_none() -> None:
    assert calls_of([kept(0, MTT[0]), kept(1, MTT[1])]) == []


def test_a_call_without_an_answer_is_told_from_one_that_has_one() -> None:
    (tried,) = calls_of([kept(0, EXOLVE[0])])
    assert (tried.is_answered, tried.has_ended) == (False, False)
    (missed,) = calls_of([kept(0, EXOLVE[0]), kept(1, EXOLVE[4])])
    assert (missed.is_answered, missed.has_ended) == (False, True)


def test_calls_that_came_in_are_traffic_and_those_that_went_out_are_not() -> None:
    came = {"type": "d", "call_sid": "s", "date_time": "2026-03-02T09:00:00Z", "from": "79990001122"}
    found = [*EXOLVE, {**came, "to": "74991112233", "duration": 61500, "type": "e"}]
    (call,) = received_calls(kept(number, body) for number, body in enumerate(found))
    assert (call.at, call.number, call.caller, call.seconds) == (1772442000.0, "74991112233", "79990001122", 61.5)
