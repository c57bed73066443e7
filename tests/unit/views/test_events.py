"""A call's ladder says which steps came late, how often, and whose clock it is by."""

from __future__ import annotations

from reconciler.events.calls import Call, calls_of
from reconciler.views.base import text_of
from reconciler.views.events import ladder, rungs
from tests.unit.events.building import EXOLVE, MTT, kept

ORIGINATE, START, HUNGUP, DEFINITION, END = EXOLVE


def call(*bodies: dict[str, object]) -> Call:
    (one,) = calls_of(kept(number, body, at=100.0 + number) for number, body in enumerate(bodies))
    return one


def late(shown: Call) -> list[str]:
    return [each.kind for each in rungs(shown) if each.came_late]


def test_what_comes_in_its_order_is_not_late() -> None:
    assert late(call(ORIGINATE, START, HUNGUP, END, DEFINITION)) == []


def test_what_comes_after_word_of_a_later_step_is_late() -> None:
    assert late(call(ORIGINATE, START, HUNGUP, DEFINITION, END)) == ["end"]
    assert late(call(START, DEFINITION, ORIGINATE)) == ["originate"]


def test_a_vendor_without_a_clock_is_said_to_have_none() -> None:
    assert "the vendor does not say when" in text_of(ladder(call(MTT[2]), 200))
    assert "the vendor does not say when" not in text_of(ladder(call(ORIGINATE), 200))


def test_a_call_that_nobody_answers_is_told_with_its_cause() -> None:
    told = text_of(ladder(call(ORIGINATE, {**DEFINITION, "duration": 0, "cause_code": "17"}), 200))
    assert "outbound, not answered, ended by 17 (user busy)" in told
    assert "999 (no code of Q.850)" in text_of(ladder(call({**DEFINITION, "cause_code": "999"}), 200))


def test_a_long_number_does_not_widen_the_ladder() -> None:
    told = text_of(ladder(call({**ORIGINATE, "number_a": "9" * 4000}), 80))
    assert max(map(len, told.splitlines())) < 140
