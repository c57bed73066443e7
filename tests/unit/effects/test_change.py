from __future__ import annotations

from dataclasses import replace

import pytest

from reconciler.effects.change import effects
from reconciler.model import Parking, SipForwarding, UrlForwarding, Value
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
    url,
    value_of,
)


def told(before: Value, after: Value) -> list[tuple[str, str, str]]:
    return [(item.when, item.before, item.after) for item in effects(value_of(before), value_of(after))]


def test_an_hour_less_is_one_line_with_the_hour() -> None:
    before, after = rings(target(DESK, "wd {mon-fri} hr {9-18}")), rings(target(DESK, WORK))
    assert told(before, after) == [("Mon-Fri 18:00-19:00", f"rings {DESK} for 20 s", "no target")]


def test_a_timeout_is_told_only_of_the_target_that_has_it() -> None:
    """The first target rings in office hours only, the second always: still one line, at all times."""
    before = rings(target(DESK, WORK), target(SPARE, timeout=20))
    after = rings(target(DESK, WORK), target(SPARE, timeout=30))
    assert told(before, after) == [("always", f"rings {SPARE} for 20 s", f"rings {SPARE} for 30 s")]


def test_a_target_that_joins_several_is_told_by_itself() -> None:
    before, after = rings(DESK, SPARE), rings(DESK, THIRD, SPARE)
    assert told(before, after) == [("always", f"does not ring {THIRD}", f"rings {THIRD} for 20 s after {DESK}")]


def test_a_target_that_leaves_several_is_told_by_itself() -> None:
    before, after = rings(DESK, SPARE, THIRD, redirect=PARALLEL), rings(DESK, THIRD, redirect=PARALLEL)
    assert told(before, after) == [("always", f"rings {SPARE} for 20 s too", f"does not ring {SPARE}")]


def test_a_first_target_that_leaves_rang_before_the_next() -> None:
    assert told(rings(DESK, SPARE, THIRD), rings(SPARE, THIRD)) == [
        ("always", f"rings {DESK} for 20 s before {SPARE}", f"does not ring {DESK}")
    ]


def test_another_order_is_told_whole() -> None:
    assert told(rings(DESK, SPARE), rings(SPARE, DESK)) == [
        ("always", f"rings {DESK} for 20 s, then {SPARE} for 20 s", f"rings {SPARE} for 20 s, then {DESK} for 20 s")
    ]


def test_all_at_once_in_place_of_one_by_one_is_told() -> None:
    assert told(rings(DESK, SPARE), rings(DESK, SPARE, redirect=PARALLEL)) == [
        ("always", f"rings {DESK} for 20 s, then {SPARE} for 20 s", f"rings {DESK} for 20 s and {SPARE} for 20 s")
    ]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (rings(DESK), rings(DESK, redirect=PARALLEL)),  # one target rings in any manner alike
        (rings(DESK, SPARE, redirect=PARALLEL), rings(SPARE, DESK, redirect=PARALLEL)),  # at once has no order
        (rings(DESK), rings(DESK, target(SPARE, active=False))),
        (rings(DESK, redirect=SINGLE), rings(DESK, SPARE, redirect=SINGLE)),  # the second never rings
        (rings(target(DESK, "wd {mon-fri}")), rings(target(DESK, "wd {mon tue}", "wd {wed-fri}"))),
        (rings(DESK), replace(rings(DESK), event_url="https://example.com/calls", client_id="crm-1")),
        (rings(DESK), replace(rings(DESK), masking=True, display_number="74995556677")),  # what the target sees
    ],
)
def test_what_no_caller_notices_has_no_effect(before: Value, after: Value) -> None:
    assert told(before, after) == []


def test_the_same_effect_at_several_times_is_one_line() -> None:
    before = rings(target(DESK, "wd {mon}"), target(SPARE, "wd {tue}"))
    after = rings(target(DESK, "wd {mon}"), target(SPARE, "wd {tue}"), target(THIRD, "wd {wed}", "wd {sat}"))
    assert told(before, after) == [("Wed, Sat", "no target", f"rings {THIRD} for 20 s")]


def test_an_announcement_is_heard() -> None:
    assert told(rings(DESK), rings(DESK, file_to_a="12345")) == [
        ("always", f"rings {DESK} for 20 s", f"hears announcement 12345, rings {DESK} for 20 s")
    ]


@pytest.mark.parametrize(
    ("after", "text"),
    [
        (NONE, "no forwarding"),
        (url(DESK), f"URL https://example.com/route (reserve {DESK})"),
        (SipForwarding("user@sip.example.com"), "rings SIP user@sip.example.com"),
        (trunk("203.0.113.7"), "rings SIP trunk 203.0.113.7:5060 for 20 s"),
    ],
)
def test_another_type_is_told_at_the_times_that_had_somebody_and_at_those_that_had_nobody(
    after: Value, text: str
) -> None:
    assert told(rings(target(DESK, "wd {mon-fri}")), after) == [
        ("Mon-Fri", f"rings {DESK} for 20 s", text),
        ("Sat, Sun", "no target", text),
    ]


def test_parking_is_noticed() -> None:
    assert told(Parking(parked=False), Parking(parked=True)) == [
        ("always", "follows its usual route", "waits 5 s for the application")
    ]


def test_a_value_that_is_not_known_tells_nothing() -> None:
    assert effects(None, value_of(rings(DESK))) == ()


def test_a_live_period_that_nobody_understands_is_said_to_be_unknown() -> None:
    ((when, before, after),) = told(rings(target(DESK, "sometimes")), rings(target(DESK, WORK), SPARE))
    assert when == "unknown: the live period 'sometimes' does not follow the grammar"
    assert (before, after) == (f"may ring {DESK}", f"may ring {DESK}, {SPARE}")


def test_a_url_that_differs_only_where_it_is_masked_is_noticed() -> None:
    before, after = (value_of(UrlForwarding(f"https://example.com/route?key={key}")) for key in "ab")
    assert before == after
    ((when, _, now),) = [
        (item.when, item.before, item.after) for item in effects(before, after, hidden_url_differs=True)
    ]
    assert (when, now) == ("always", "URL https://example.com/route?***, with another hidden part")
