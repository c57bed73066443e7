from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import replace

import pytest

from reconciler.diagnostics import Diagnostic, Severity
from reconciler.effects.calls import shorten
from reconciler.effects.checks import call_loops, check_calls
from reconciler.model import Parking, Redirect, Value
from reconciler.workflow.validate import validate
from tests.unit.effects.samples import (
    DESK,
    NONE,
    PARALLEL,
    SINGLE,
    SPARE,
    THIRD,
    WORK,
    configured,
    rings,
    target,
    trunk,
    url,
    with_application,
)
from tests.world import phone


def check(values: Mapping[int, Value], accounts: Mapping[int, str] | None = None) -> list[Diagnostic]:
    return list(check_calls(configured(values, accounts)))


def codes(values: Mapping[int, Value], accounts: Mapping[int, str] | None = None) -> list[str]:
    return [item.code for item in check(values, accounts)]


def only(values: Mapping[int, Value]) -> Diagnostic:
    (found,) = check(values)
    return found


def test_targets_that_cover_the_week_leave_no_gap() -> None:
    assert codes({1: rings(target(DESK, WORK), target(SPARE, "wd {sat sun}", "wd {mon-fri} hr {18-8}"))}) == []


def test_a_gap_names_the_times_half_open() -> None:
    message = only({1: rings(target(DESK, "wd {mon-fri}"))}).message
    assert message == (
        f"{phone(1)}: no target rings at these times: Sat, Sun; what the vendor does then is not documented"
    )


def test_targets_that_are_all_inactive_leave_a_gap_at_any_time() -> None:
    assert "no target rings at any time" in only({1: rings(target(DESK, active=False))}).message


def test_the_same_gap_of_many_numbers_is_told_once() -> None:
    found = only({index: rings(target(str(int(DESK) + index), WORK)) for index in range(5)})
    assert (found.code, found.location) == ("route-gap", found.location)
    numbers = found.numbers
    assert len(numbers) == 5
    assert found.message.startswith(f"{', '.join(numbers)}: no target rings ")


def test_a_period_that_nobody_understands_is_no_gap() -> None:
    assert codes({1: rings(target(DESK, "sometimes"))}) == []


def test_the_same_phone_twice_in_parallel_rings_twice() -> None:
    twice = rings(DESK, SPARE, target(DESK, "wd {sat}"), redirect=PARALLEL)
    assert only({1: twice}).message == f"{phone(1)}: {DESK} rings twice at once (Sat)"


def test_a_phone_that_is_tried_again_after_another_one_is_no_fault() -> None:
    assert codes({1: rings(DESK, SPARE, DESK)}) == []


def test_a_phone_that_rings_twice_in_a_row_is_told() -> None:
    assert only({1: rings(DESK, target(DESK, "wd {sat}"))}).code == "route-double-ring"


def test_the_same_phone_at_different_times_is_no_fault() -> None:
    apart = rings(target(DESK, "wd {sat}"), target(DESK, "wd {sun-fri}", timeout=9), redirect=PARALLEL)
    assert codes({1: apart}) == []


def test_a_target_under_single_behind_one_without_schedule_is_shadowed() -> None:
    shadowed = rings(DESK, target(SPARE, "wd {sat}"), redirect=SINGLE)
    assert only({1: shadowed}).message == (
        f"{phone(1)}: {SPARE} never rings: under `redirect: single` the targets before it cover all its time"
    )


def test_a_target_is_shadowed_by_several_together() -> None:
    several = rings(target(DESK, "wd {mon-wed}"), target(SPARE, "wd {thu-sun}"), target(THIRD, WORK), redirect=SINGLE)
    assert codes({1: several}) == ["route-shadowed"]


def test_two_targets_at_once_under_single_are_told_with_their_common_time() -> None:
    several = rings(target(DESK, "wd {mon-fri}"), SPARE, redirect=SINGLE)
    assert only({1: several}).message == (
        f"{phone(1)}: {SPARE} and a target before it are both on (Mon-Fri), and `redirect: single` rings one"
    )


@pytest.mark.parametrize("redirect", [SINGLE, PARALLEL])
def test_only_targets_that_ring_one_after_the_other_add_up(redirect: Redirect) -> None:
    long = rings(target(DESK, timeout=100), target(SPARE, timeout=100), redirect=redirect)
    assert "route-long-ringing" not in codes({1: long})


@pytest.mark.parametrize(("last", "expected"), [(60, []), (61, ["route-long-ringing"])])
def test_ringing_is_long_beyond_180_seconds(last: int, expected: list[str]) -> None:
    assert codes({1: rings(*(target(to, timeout=60) for to in (DESK, SPARE)), target(THIRD, timeout=last))}) == expected


def test_ringing_adds_up_only_what_is_on_at_the_same_time() -> None:
    apart = rings(target(DESK, "wd {mon-fri}", timeout=150), target(SPARE, "wd {sat sun}", timeout=150))
    assert codes({1: apart}) == []


def test_a_loop_through_three_numbers_is_one_error() -> None:
    found = only({1: rings(2), 2: rings(3), 3: rings(1), 4: rings(DESK)})
    assert (found.code, found.severity) == ("route-loop", Severity.ERROR)
    assert found.message == f"{phone(1)}: calls go in a loop: {phone(1)} -> {phone(2)} -> {phone(3)} -> {phone(1)}"


def test_a_number_that_forwards_to_itself_is_a_loop() -> None:
    assert f"{phone(1)} -> {phone(1)}" in only({1: rings(1, DESK)}).message


def test_a_reserve_can_close_a_loop() -> None:
    assert codes({1: url(reserve=2), 2: rings(1)}) == ["route-loop"]


def test_a_loop_that_is_open_part_of_the_time_names_that_time() -> None:
    values = {1: rings(target(2, "wd {mon-wed}"), DESK), 2: rings(target(1, "wd {wed-fri}"), SPARE)}
    assert only(values).message.endswith("(Wed)")


def test_forwardings_that_are_never_on_together_are_no_loop() -> None:
    values = {1: rings(target(2, "wd {mon}"), DESK), 2: rings(target(1, "wd {fri}"), SPARE)}
    assert codes(values) == []


def test_three_forwardings_that_share_no_common_time_are_no_loop() -> None:
    """Each two of them do."""
    values = {
        1: rings(target(2, "wd {mon tue}"), DESK),
        2: rings(target(3, "wd {tue wed}"), DESK),
        3: rings(target(1, "wd {mon wed}"), DESK),
    }
    assert codes(values) == []


def test_an_inactive_target_and_a_shadowed_one_close_no_loop() -> None:
    values = {1: rings(target(2, active=False), DESK), 2: rings(SPARE, 1, redirect=SINGLE)}
    assert "route-loop" not in codes(values)


def test_two_loops_are_told_apart() -> None:
    assert [item.code for item in check({1: rings(2), 2: rings(1), 3: rings(4), 4: rings(3)})] == ["route-loop"] * 2


def test_very_many_loops_are_found_quickly() -> None:
    """Thirty numbers that all forward to each other have more circles than could ever be listed."""
    started = time.process_time()
    found = list(call_loops(configured({i: rings(*(j for j in range(30) if j != i)) for i in range(30)})))
    assert {item.code for item in found} == {"route-loop"}
    assert time.process_time() - started < 5


@pytest.mark.parametrize(("length", "expected"), [(3, []), (4, ["route-long-chain"])])
def test_a_chain_of_more_than_three_forwardings_is_long(length: int, expected: list[str]) -> None:
    values = {index: rings(index + 1 if index + 1 < length else DESK) for index in range(length)}
    assert codes(values) == expected


def test_a_chain_counts_only_what_happens_at_one_time() -> None:
    week = ("mon", "tue", "wed", "thu")
    values = {index: rings(target(index + 1, f"wd {{{week[index]}}}"), DESK) for index in range(3)}
    assert codes({**values, 3: rings(DESK)}) == []


def test_a_target_without_forwarding_of_its_own_is_a_dead_end() -> None:
    assert [item.message for item in check({1: rings(2), 2: NONE})] == [
        f"{phone(1)}: {phone(2)} is a managed number with `forwarding: none`: calls end there"
    ]
    assert codes({1: url(reserve=2), 2: NONE}) == ["route-dead-end"]


@pytest.mark.parametrize(("count", "expected"), [(20, []), (21, ["phone-shared"])])
def test_a_phone_behind_more_than_twenty_numbers_is_told(count: int, expected: list[str]) -> None:
    assert codes({index: rings(DESK) for index in range(count)}) == expected


def test_numbers_that_share_a_phone_at_different_times_do_not_count_together() -> None:
    days = ("mon", "tue", "wed")
    values = {index: rings(target(DESK, f"wd {{{days[index % 3]}}}"), f"7499333{index:04}") for index in range(60)}
    assert "phone-shared" not in codes(values)


def test_a_display_number_of_another_account_is_told_unless_both_are_of_one_application() -> None:
    values = {1: rings(DESK, display_number=phone(2)), 2: rings(SPARE)}
    assert codes(values) == []
    assert codes(values, {2: "support"}) == ["display-number-foreign"]
    assert list(check_calls(with_application(configured(values, {2: "support"}), "one"))) == []


def test_a_url_needs_a_reserve() -> None:
    assert codes({1: url()}) == ["url-without-reserve"]
    assert codes({1: url(reserve=DESK)}) == []


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("10.1.2.3", True),
        ("127.0.0.1", True),
        ("169.254.1.1", True),
        ("100.64.0.1", True),
        ("fd00::1", True),
        ("203.0.113.7", False),
        ("192.0.2.1", False),
        ("198.51.100.200", False),
        ("8.8.8.8", False),
        ("2a00:1450:4001::1", False),
    ],
)
def test_addresses_that_the_vendor_cannot_reach_are_told_and_those_of_documentation_are_not(
    address: str, expected: bool
) -> None:
    assert codes({1: trunk(address)}) == (["trunk-private-address"] if expected else [])


def test_parking_needs_somebody_who_listens() -> None:
    configuration = configured({1: Parking(parked=True)})
    assert [item.code for item in check_calls(configuration)] == ["parking-without-listener"]
    heard = {name: replace(each, unheard="") for name, each in configuration.accounts.items()}
    assert list(check_calls(replace(configuration, accounts=heard))) == []


def test_a_number_that_is_not_parked_needs_nobody() -> None:
    assert codes({1: Parking(parked=False)}) == []


def test_policy_changes_the_severity_of_a_finding_or_silences_it() -> None:
    configuration = configured({1: url(), 2: rings(target(SPARE, WORK))})
    rules = {"url-without-reserve": Severity.ERROR, "route-gap": None}
    found = validate(replace(configuration, policy=replace(configuration.policy, rules=rules)))
    assert [(item.code, item.severity) for item in found] == [("url-without-reserve", Severity.ERROR)]


def test_ten_thousand_numbers_with_targets_of_their_own_are_judged_quickly() -> None:
    values = {index: rings(target(f"7495{index:07}", WORK), target(DESK, "wd {sat}")) for index in range(10_000)}
    configuration = configured(values)
    started = time.process_time()
    found = {item.code for item in check_calls(configuration)}
    assert found == {"route-gap", "phone-shared"}
    assert time.process_time() - started < 3


def test_times_are_told_at_a_length_that_a_person_reads() -> None:
    many = "; ".join(f"2026 Jan {day}" for day in range(1, 31))
    assert shorten(many).endswith("; 2026 Jan 19; … and 11 more")  # 238 characters, and 11 of 30 left
    assert len(shorten(many)) < 300
    years = ", ".join(str(year) for year in range(2026, 2200))
    assert shorten(years).startswith("2026, 2027, ")
    assert len(shorten(years)) < 300
    assert shorten("Sat, Sun") == "Sat, Sun"


def test_what_is_cut_off_never_takes_back_what_is_left() -> None:
    rule = "; ".join(f"Mon {hour}:00-{hour}:30" for hour in range(24))
    assert shorten(rule).endswith("more")
    for exception in ("; except 2027 Nov 3 9:00-18:00", "; not on public holidays RU", " but for 31 days"):
        assert shorten(rule + exception) == rule + exception
    assert shorten("Mon-Fri 9:00-18:00 but for 31 days; -v lists them") == "Mon-Fri 9:00-18:00 but for 31 days"


@pytest.mark.parametrize(
    ("code", "value"),
    [
        ("route-shadowed", rings(target(DESK), target(SPARE, WORK), redirect=SINGLE)),
        ("route-single-several", rings(target(DESK, WORK), target(SPARE), redirect=SINGLE)),
        ("route-double-ring", rings(target(DESK), target(DESK), redirect=PARALLEL)),
        ("route-long-ringing", rings(target(DESK, timeout=100), target(SPARE, timeout=100))),
    ],
)
def test_a_fault_of_the_targets_says_what_to_do(code: str, value: Value) -> None:
    told = only({1: value})
    assert told.code == code
    assert told.location is not None
    assert told.hint
