from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from reconciler.effects.routes import NO_TARGET_NOTE, Route, Step, StepKind, route
from reconciler.model import NumberForwarding, Redirect, SipForwarding, UrlForwarding, Value
from tests.unit.effects.samples import (
    DESK,
    NONE,
    PARALLEL,
    SINGLE,
    SPARE,
    THIRD,
    WORK,
    rings,
    target,
    trunk,
    value_of,
)
from tests.world import phone

ZONE = "Europe/Moscow"
SIP_ID = "883140123456789"


def at(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(ZONE)).timestamp())


MONDAY_NOON, SATURDAY = at("2026-11-23 12:00"), at("2026-11-21 12:00")


def routed(values: Mapping[int, Value], instant: int = MONDAY_NOON) -> Route:
    first = next(iter(values))
    return route(
        phone(first), {phone(index): value_of(value) for index, value in values.items()}, at=instant, zone=ZONE
    )


def order(found: Route) -> list[tuple[str, int, bool]]:
    return [(step.to, step.position, step.rings) for step in found.steps]


def reasons(steps: tuple[Step, ...]) -> dict[str, str]:
    return {step.to: step.why for step in steps if step.why}


def test_targets_ring_in_order_with_their_timeouts() -> None:
    found = routed({1: rings(target(DESK, timeout=16), target(SPARE, timeout=30))})
    assert [(step.to, step.position, step.timeout) for step in found.steps] == [(DESK, 1, 16), (SPARE, 2, 30)]
    assert (found.redirect, found.note) == ("sequential", "")


def test_parallel_targets_share_one_place() -> None:
    assert order(routed({1: rings(DESK, SPARE, redirect=PARALLEL)})) == [(DESK, 1, True), (SPARE, 1, True)]


def test_under_single_the_first_target_that_is_on_rings() -> None:
    found = routed({1: rings(target(THIRD, "wd {sat}"), DESK, SPARE, redirect=SINGLE)})
    assert order(found) == [(THIRD, 0, False), (DESK, 1, True), (SPARE, 0, False)]
    assert reasons(found.steps)[SPARE] == "redirect: single rings one target, and one before it is on"


@pytest.mark.parametrize(
    ("moment", "is_on"),
    [
        ("2026-11-23 08:59:59", False),
        ("2026-11-23 09:00:00", True),
        ("2026-11-23 17:59:59", True),
        ("2026-11-23 18:00:00", False),
    ],
)
def test_a_schedule_counts_to_the_second_in_the_zone(moment: str, is_on: bool) -> None:
    assert order(routed({1: rings(target(DESK, WORK))}, at(moment))) == [(DESK, int(is_on), is_on)]


def test_each_silent_target_has_its_reason() -> None:
    values = {1: rings(target(DESK, WORK), target(SPARE, active=False), target(THIRD, "sometimes"))}
    assert reasons(routed(values, SATURDAY).steps) == {
        DESK: "outside its schedule (Mon-Fri 9:00-18:00)",
        SPARE: "active: false",
        THIRD: "it is not known when it rings: 'sometimes' does not follow the period grammar",
    }


def test_nobody_on_is_said_with_what_is_not_known() -> None:
    assert routed({1: rings(target(DESK, WORK))}, SATURDAY).note == NO_TARGET_NOTE
    assert NO_TARGET_NOTE == "no target: what the vendor does then is not documented"


def test_a_number_without_forwarding_has_no_target() -> None:
    assert routed({1: NONE}) == Route(phone(1), "", (), NO_TARGET_NOTE)


def test_a_call_is_followed_into_another_number() -> None:
    found = routed({1: rings(2, DESK), 2: rings(SPARE, redirect=PARALLEL)})
    inner = found.steps[0]
    assert (inner.place, inner.redirect, inner.rings) == (StepKind.NUMBER, "parallel", True)
    assert [(step.to, step.position) for step in inner.steps] == [(SPARE, 1)]


def test_a_number_that_rings_nobody_further_on_does_not_ring() -> None:
    found = routed({1: rings(2), 2: rings(target(DESK, WORK))}, SATURDAY)
    assert [step.rings for step in found.steps] == [False]
    assert found.note == NO_TARGET_NOTE


def test_a_target_that_forwards_nowhere_says_so() -> None:
    assert reasons(routed({1: rings(2, DESK), 2: NONE}).steps) == {phone(2): "a managed number that forwards nowhere"}


def test_a_loop_ends_where_the_call_comes_back() -> None:
    found = routed({1: rings(2), 2: rings(1)})
    (back,) = found.steps[0].steps
    assert (back.to, back.why) == (phone(1), "a loop: the call has come through this number already")
    assert found.note == NO_TARGET_NOTE


def test_numbers_that_all_forward_to_each_other_are_told_once() -> None:
    count = 30
    found = routed({i: rings(*(j for j in range(count) if j != i)) for i in range(count)})

    def size(steps: tuple[Step, ...]) -> int:
        return sum(1 + size(step.steps) for step in steps)

    assert size(found.steps) <= count * count


def test_a_sip_id_is_one_and_a_phone_is_one() -> None:
    assert [step.place for step in routed({1: rings(SIP_ID, DESK)}).steps] == [StepKind.SIP_ID, StepKind.PHONE]


@pytest.mark.parametrize(
    ("value", "place", "to"),
    [
        (UrlForwarding("https://example.com/route"), StepKind.URL, "https://example.com/route"),
        (SipForwarding("user@sip.example.com"), StepKind.SIP, "user@sip.example.com"),
        (trunk("203.0.113.7"), StepKind.TRUNK, "203.0.113.7:5060"),
    ],
)
def test_places_that_are_no_phones_take_the_call_at_any_time(value: Value, place: StepKind, to: str) -> None:
    (step,) = routed({1: value}, SATURDAY).steps
    assert (step.place, step.to, step.rings) == (place, to, True)


def test_a_reserve_rings_only_if_the_url_cannot_be_reached() -> None:
    found = routed({1: UrlForwarding("https://example.com/route", DESK)})
    assert reasons(found.steps) == {DESK: "the reserve rings only when the URL cannot be reached"}


def test_a_secret_in_a_url_is_masked() -> None:
    (step,) = routed({1: UrlForwarding("https://example.com/route?key=canary")}).steps
    assert step.to == "https://example.com/route?***"


def test_a_target_rings_at_an_instant_exactly_if_the_forwarding_says_so() -> None:
    value = NumberForwarding(Redirect.SEQUENTIAL, (target(DESK, "wd {mon-fri} hr {9-17}"), target(SPARE, "wd {sat}")))
    for hour in range(24 * 7):
        instant = MONDAY_NOON - 12 * 3600 + hour * 3600
        day, clock = divmod(hour, 24)
        expected = [day < 5 and 9 <= clock < 18, day == 5]
        assert [step.rings for step in routed({1: value}, instant).steps] == expected
