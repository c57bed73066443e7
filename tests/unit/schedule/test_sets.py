"""Periods as sets: equality, union, intersection, complement, containment, next flips."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from reconciler.schedule import ALWAYS_PERIOD, NEVER_PERIOD, NotExpressibleError, Period


def epoch(text: str, zone: str = "Europe/Moscow") -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).timestamp())


@pytest.mark.parametrize(
    ("one", "two"),
    [
        ("wd {mon-fri}", "wd {fri thu wed tue mon}"),
        ("hr {9am-5pm}", "hr {9-17}"),
        ("wd {mon-fri}, wd {sat sun}", ""),
        ("mo {feb-jan}", " "),
        ("mo {feb} md {30-31}", "none"),
        ("wk {1-6} hr {9}", "hr {9}"),
        ("wd {mon} hr {9} wd {tue}", "wd {mon tue} hr {9}"),
        ("yd {1-31}", "mo {jan}"),
        ("yd {60} md {29}", "mo {feb} md {29}"),
        ("sec {0-59} min {5}", "min {5}"),
        ("sec {0-29}, sec {30-59}", ""),
        ("yr {2028-2026}", "yr {2026}, yr {2027-2028}"),
        ("yr {2027} mo {feb} md {29}", "none"),
        ("yr {2024-2028} mo {feb} md {29}", "yr {2024} mo {feb} md {29}, yr {2028} mo {feb} md {29}"),
        ("yr {1970-2100} hr {9}, yr {2050-2200} hr {9}", "yr {1970-2200} hr {9}"),
        ("yr {2026} hr {9}, hr {9}", "hr {9}"),
        ("hr {9} min {30-59}, hr {10-17}, hr {18} min {0-29}", "hr {9-17} min {30-59}, hr {10-18} min {0-29}"),
        ("wk {2} wd {tue}", "wd {tue} md {4-10}"),
        ("wd {mon-su} md {2-1}", ""),
    ],
)
def test_equal_periods_are_equal_and_render_equally(one: str, two: str) -> None:
    first, second = Period.parse(one), Period.parse(two)
    assert first.equals(second)
    assert first.canonical == second.canonical
    assert (first.instants - second.instants).is_empty
    assert (second.instants - first.instants).is_empty
    assert first.first_difference(second, 0, "UTC") is None


@pytest.mark.parametrize(
    ("one", "two"),
    [
        ("wd {mon-fri}", "wd {mon-thu}"),
        ("yd {60}", "mo {mar} md {1}"),
        ("yr {2026-2200}", "yr {2026-2201}"),
        ("hr {9}", "hr {9} sec {0-58}"),
        ("yr {2026} hr {9}", "hr {9}"),
        ("yr {26}", "yr {2026}"),
        ("", "none"),
    ],
)
def test_different_periods_are_not(one: str, two: str) -> None:
    first, second = Period.parse(one), Period.parse(two)
    assert not first.equals(second)
    assert first.canonical != second.canonical
    assert first.first_difference(second, 0, "UTC") is not None


def test_a_two_digit_year_first_differs_a_century_later() -> None:
    difference = Period.parse("yr {26}").first_difference(Period.parse("yr {2026}"), 0, "UTC")
    assert difference == epoch("2126-01-01", "UTC")


def test_a_period_with_a_two_digit_year_keeps_its_form() -> None:
    period = Period.parse("Year{26-28}  wday {fri mon}")
    assert period.has_short_year
    assert period.canonical == "yr {26-28} wd {mon fri}"


def test_union_intersection_and_difference() -> None:
    weekdays, mornings = Period.parse("wd {mon-fri}"), Period.parse("hr {0-11}")
    assert (weekdays & mornings).canonical == "wd {mon-fri} hr {0-11}"
    assert (weekdays - mornings).canonical == "wd {mon-fri} hr {12-23}"
    assert (weekdays | mornings).canonical == "wd {mon-fri}, wd {sat sun} hr {0-11}"
    assert (~weekdays).canonical == "wd {sat sun}"


def test_a_union_of_none_is_never_and_of_one_is_itself() -> None:
    one = Period.parse("wd {mon,tue}".replace(",", " "))
    assert Period.union([]).is_never
    assert Period.union([one]) is one


def test_a_union_with_a_two_digit_year_still_reads_back() -> None:
    union = Period.parse("yr {26} hr {9}") | Period.parse("wd {sat}")
    assert union.equals(Period.parse("yr {26} hr {9}, wd {sat}"))
    assert union.has_short_year


def test_never_and_always() -> None:
    assert NEVER_PERIOD.is_never
    assert ALWAYS_PERIOD.is_always
    assert (~NEVER_PERIOD).is_always
    assert Period.parse("mo {jan} yd {60}").is_never
    assert Period.parse("hr {0-23} min {0-59}").is_always
    assert (NEVER_PERIOD.canonical, ALWAYS_PERIOD.canonical) == ("none", "")
    assert (NEVER_PERIOD.parts, ALWAYS_PERIOD.parts) == ((), ("",))


def test_overlaps_and_what_is_left() -> None:
    office, monday = Period.parse("wd {mon-fri} hr {9-17}"), Period.parse("wd {mon} hr {9}")
    assert (monday.instants - office.instants).is_empty
    assert not (office.instants - monday.instants).is_empty
    assert office.overlaps(monday)
    assert not office.overlaps(Period.parse("wd {sat sun}"))
    assert not Period.parse("yr {2026}").overlaps(Period.parse("yr {2027}"))


def test_what_leaves_a_year_out_for_ever_is_a_set_but_no_period() -> None:
    gap = Period.parse("hr {9}") - Period.parse("yr {2026} mo {may} md {9}")
    assert gap.matches(epoch("2026-05-08T09:30"), "Europe/Moscow")
    assert not gap.matches(epoch("2026-05-09T09:30"), "Europe/Moscow")
    assert (~gap).matches(epoch("2026-05-09T09:30"), "Europe/Moscow")
    with pytest.raises(NotExpressibleError):
        _ = gap.canonical
    assert gap.phrase() == "daily 9:00-10:00; except 2026 May 9 9:00-10:00"


def test_the_next_flips_of_office_hours() -> None:
    office = Period.parse("wd {mon-fri} hr {9-17}")
    assert office.next_flips(epoch("2026-11-20T17:00"), "Europe/Moscow", 3) == [
        (epoch("2026-11-20T18:00"), False),
        (epoch("2026-11-23T09:00"), True),
        (epoch("2026-11-23T18:00"), False),
    ]


def test_a_flip_is_strictly_later() -> None:
    hour = Period.parse("hr {9}")
    start = epoch("2026-11-23T09:00")
    assert hour.next_flips(start - 1, "Europe/Moscow", 1) == [(start, True)]
    assert hour.next_flips(start, "Europe/Moscow", 1) == [(start + 3600, False)]


def test_flips_of_rare_days_are_found_across_decades() -> None:
    rare = Period.parse("mo {feb} md {29} wd {sun}")
    assert rare.next_flips(epoch("2026-11-23"), "Europe/Moscow", 2) == [
        (epoch("2032-02-29"), True),
        (epoch("2032-03-01"), False),
    ]


@pytest.mark.parametrize("text", ["", "none", "mo {feb} md {30}", "yr {1970-2020}"])
def test_what_never_changes_again_has_no_flips(text: str) -> None:
    assert Period.parse(text).next_flips(epoch("2026-11-23"), "Europe/Moscow", 5) == []


def test_an_hour_that_is_skipped_never_comes() -> None:
    skipped = Period.parse("mo {mar} hr {2}")
    flips = skipped.next_flips(epoch("2026-03-28T00:00", "Europe/Berlin"), "Europe/Berlin", 4)
    assert [datetime.fromtimestamp(instant, UTC).isoformat()[:16] for instant, _ in flips] == [
        "2026-03-28T01:00", "2026-03-28T02:00", "2026-03-30T00:00", "2026-03-30T01:00",
    ]  # fmt: skip


def test_an_hour_that_comes_twice_holds_twice_as_long() -> None:
    twice = Period.parse("mo {oct} md {25} hr {2}")
    (begin, inside), (end, outside) = twice.next_flips(epoch("2026-10-24", "Europe/Berlin"), "Europe/Berlin", 2)
    assert (inside, outside, end - begin) == (True, False, 2 * 3600)


def test_seconds_are_kept_where_they_matter() -> None:
    assert Period.parse("hr {0} min {0} sec {10-19}").next_flips(0, "UTC", 2) == [(10, True), (20, False)]


def test_what_holds_in_the_vendors_last_year_holds_for_ever_where_that_is_asked() -> None:
    endless, ended = Period.parse("yr {2026-3000} hr {9}"), Period.parse("yr {2026-2999} hr {9}")
    far = epoch("3500-06-01T09:30", "UTC")
    assert not endless.matches(far, "UTC")
    assert Period(None, endless.instants.lasting()).matches(far, "UTC")
    assert not Period(None, ended.instants.lasting()).matches(far, "UTC")


def test_years_beyond_9999_are_compared_though_they_are_not_written_out() -> None:
    far, farther = Period.parse("yr {2026-20000} hr {9}"), Period.parse("yr {2026-20001} hr {9}")
    assert not far.equals(farther)
    assert far.equals(Period.parse("hr {9} yr {2026-19999 20000}"))
    assert far.canonical == "yr {2026-20000} hr {9}"


def test_the_long_normal_form_of_many_years_says_long_runs_at_once() -> None:
    period = Period.parse("yr {2000-2500} mo {may} md {9} wd {mon-fri}")
    assert period.canonical == "yr {2000-2500} mo {may} md {9} wd {mon-fri}"
