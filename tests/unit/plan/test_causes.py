"""Why a change is there: what moved since we last wrote the number, the files, the vendor, or both."""

from __future__ import annotations

from typing import Any

import pytest

from reconciler.model import Cause, Parking, Value
from reconciler.plan.build import Refresh
from reconciler.views.base import text_of
from reconciler.views.ci.plan import plan_review
from reconciler.views.human.plan import plan as text
from reconciler.views.markdown import comment
from reconciler.views.web.pages import plan_page
from tests.world import NONE, World, desired, only, phone, rings, sip, url, world

EVENTS = "https://example.com/calls?key=${var:EVENT_KEY}"


def applied(value: Value | None = None, **more: Any) -> World:
    given = world([desired(1, value or rings()), desired(2, sip())], {1: NONE, 2: NONE}, **more)
    assert given.apply().converged
    return given


def by_hand(given: World, value: Value) -> World:
    given.live["sales"].values[phone(1)] = value
    return given


def edited(given: World, value: Value) -> World:
    given.files = [desired(1, value), desired(2, sip())]
    return given


def test_an_edit_comes_from_the_files() -> None:
    assert only(edited(applied(), rings(timeout=30)).plan()).cause is Cause.FILES


def test_a_change_by_hand_comes_from_the_vendor() -> None:
    assert only(by_hand(applied(), rings(timeout=30)).plan()).cause is Cause.LIVE


def test_an_edit_of_what_was_changed_by_hand_comes_from_both() -> None:
    assert only(edited(by_hand(applied(), url()), rings(timeout=30)).plan()).cause is Cause.BOTH


@pytest.mark.parametrize("live", [NONE, url()])
def test_what_was_never_recorded_has_no_known_cause(live: Value) -> None:
    assert only(world([desired(1, rings())], {1: live}).plan()).cause is Cause.UNKNOWN


def test_a_forwarding_that_was_removed_by_hand_comes_from_the_vendor() -> None:
    assert only(by_hand(applied(), NONE).plan()).cause is Cause.LIVE


def test_a_number_that_left_the_files_comes_from_them() -> None:
    given = applied()
    given.files = given.files[1:]
    assert only(given.plan()).cause is Cause.FILES


def test_a_number_that_left_the_files_and_was_changed_by_hand_comes_from_both() -> None:
    given = by_hand(applied(), url())
    given.files = given.files[1:]
    assert only(given.plan()).cause is Cause.BOTH


@pytest.mark.parametrize("refresh", list(Refresh))
def test_an_edit_comes_from_the_files_whatever_is_read(refresh: Refresh) -> None:
    assert only(edited(applied(), rings(timeout=30)).plan(refresh=refresh)).cause is Cause.FILES


def test_a_secret_that_was_rotated_in_the_files_comes_from_them_and_one_that_was_changed_there_does_not() -> None:
    given = applied(rings(event_url=EVENTS), variables={"EVENT_KEY": "one"})
    given.variables = {"EVENT_KEY": "two"}
    assert only(given.plan()).cause is Cause.FILES
    given.variables = {"EVENT_KEY": "one"}
    by_hand(given, rings(event_url="https://example.com/calls?key=three"))
    assert only(given.plan()).cause is Cause.LIVE
    given.key = None
    assert only(given.plan()).cause is Cause.UNKNOWN


def test_a_scenario_that_goes_on_or_off_is_an_edit() -> None:
    given = applied()
    edited(given, url()).scenario = "storm"
    assert only(given.plan()).cause is Cause.FILES
    assert given.apply().converged
    edited(given, rings()).scenario = None
    assert only(given.plan()).cause is Cause.FILES


def test_recorded_parking_comes_from_the_files_and_what_is_asserted_from_nowhere_known() -> None:
    given = world([desired(3, Parking(parked=True))], parking=[3])
    assert only(given.plan()).cause is Cause.UNKNOWN
    assert given.apply().converged
    given.files = [desired(3, Parking(parked=False))]
    assert only(given.plan()).cause is Cause.FILES


def told(given: World) -> list[str]:
    """The plan in every form that people read."""
    shown = given.plan()
    remarks = plan_review(shown, (), failed=False, enforced=False).remarks
    return [
        text_of(text(shown, 80)),
        comment(shown),
        plan_page(shown),
        "\n".join(line for remark in remarks for line in remark.lines),
    ]


def test_taking_back_what_was_changed_by_hand_is_marked_wherever_people_read_a_plan() -> None:
    assert all("changed by hand" in each for each in told(by_hand(applied(), rings(timeout=30))))
    assert all("changed by hand" in each for each in told(edited(by_hand(applied(), url()), rings(timeout=30))))
    assert not any("changed by hand" in each for each in told(edited(applied(), rings(timeout=30))))


def test_the_sum_of_a_plan_says_how_many_changes_take_back_what_was_changed_by_hand() -> None:
    assert "1 change takes back what was changed by hand" in told(by_hand(applied(), rings(timeout=30)))[0]
