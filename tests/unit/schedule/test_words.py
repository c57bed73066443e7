"""Periods in words and as pictures."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from reconciler.schedule import Period
from reconciler.schedule.picture import draw_week

MONDAY = int(datetime(2026, 11, 23, 12, tzinfo=ZoneInfo("Europe/Moscow")).timestamp())


@pytest.mark.parametrize(
    ("text", "phrase"),
    [
        ("wd {mon-fri} hr {9-17}", "Mon-Fri 9:00-18:00"),
        ("wd {sat sun}", "Sat, Sun"),
        ("hr {22-5}", "daily 22:00-6:00"),
        (
            "wd {mon-fri} hr {9} min {30-59}, wd {mon-fri} hr {10-17}, wd {mon-fri} hr {18} min {0-14}",
            "Mon-Fri 9:30-18:15",
        ),
        ("mo {jan} md {1-8}, mo {may} md {9}", "Jan 1-8; May 9"),
        ("wd {fri} hr {22-23}, wd {sat} hr {0-5}", "Fri 22:00-24:00; Sat 0:00-6:00"),
        ("yr {2026} mo {dec} md {31} hr {18-23}", "2026 Dec 31 18:00-24:00"),
        ("wd {tue} md {8-14}", "days 8-14 of the month Tue"),
        ("hr {9} min {0 10 20 30 40 50}, hr {11}", "daily minutes 0, 10, 20, 30, 40, 50 of hour 9 and hour 11"),
        ("hr {9} sec {30-59} min {59}", "daily 9:59:30-10:00"),
        ("", "always"),
        ("none", "never"),
    ],
)
def test_the_phrase_of_a_plan(text: str, phrase: str) -> None:
    assert Period.parse(text).phrase() == phrase


@pytest.mark.parametrize(
    ("text", "english", "russian"),
    [
        ("wd {mon-fri} hr {9-17}", "on weekdays from 9:00 to 17:59:59", "по будням с 9:00 до 17:59:59"),
        ("wd {sat sun} hr {10-14}", "on weekends from 10:00 to 14:59:59", "по выходным с 10:00 до 14:59:59"),
        ("wd {tue-thu}", "on Tuesday to Thursday all day", "со вторника по четверг круглосуточно"),
        ("wd {mon wed}", "on Mondays and Wednesdays all day", "по понедельникам и по средам круглосуточно"),
        ("hr {22-5}", "every day from 22:00 to 5:59:59", "каждый день с 22:00 до 5:59:59"),
        ("mo {may} md {9}", "on 9 May, all day", "9 мая, круглосуточно"),
        ("mo {jan-mar}", "in January to March, all day", "с января по март, круглосуточно"),
        ("yr {2026} mo {may}", "in 2026, in May, all day", "в 2026 году, в мае, круглосуточно"),
        ("md {1} hr {9}", "on day 1 of every month, from 9:00 to 9:59:59", "1 числа каждого месяца, с 9:00 до 9:59:59"),
        ("", "always", "всегда"),
        ("none", "never", "никогда"),
    ],
)
def test_plain_words_go_to_the_last_second(text: str, english: str, russian: str) -> None:
    assert (Period.parse(text).explain("en"), Period.parse(text).explain("ru")) == (english, russian)


def test_exceptions_are_told_as_such() -> None:
    period = Period.parse("wd {mon-fri} hr {9-17}") - Period.parse("yr {2026} mo {dec} md {31}")
    assert period.phrase() == "Mon-Fri 9:00-18:00; except 2026 Dec 31 9:00-18:00"
    assert (~Period.parse("yr {2027}")).explain("ru") == "всегда; кроме в 2027 году, круглосуточно"


def test_a_day_of_several_months_names_them_all() -> None:
    assert Period.parse("mo {jan-mar} md {1}").explain("en") == "on day 1 of January to March, all day"
    assert Period.parse("mo {jan} md {1}").explain("en") == "on 1 January, all day"


def test_equal_periods_are_said_equally() -> None:
    assert Period.parse("wd {2-6} hr {9am-5pm}").phrase() == Period.parse("hr {9-17} wd {mo tu we th fr}").phrase()


def test_the_week_as_a_picture() -> None:
    period = Period.parse("wd {mon} hr {9-11}, wd {sat} hr {0} min {0-14}, wd {sun}")
    assert draw_week(period.week(MONDAY, "Europe/Moscow")).split("\n") == [
        "          0     3     6     9     12    15    18    21    24",
        "Mon 23.11 " + "·" * 18 + "█" * 6 + "·" * 24,
        "Tue 24.11 " + "·" * 48,
        "Wed 25.11 " + "·" * 48,
        "Thu 26.11 " + "·" * 48,
        "Fri 27.11 " + "·" * 48,
        "Sat 28.11 " + "▒" + "·" * 47,
        "Sun 29.11 " + "█" * 48,
    ]


@pytest.mark.parametrize("offset", [-36 * 3600, 0, 3 * 86400, 6 * 86400])
def test_a_week_begins_on_monday_whatever_day_is_asked(offset: int) -> None:
    week = Period.parse("").week(MONDAY + offset, "Europe/Moscow")
    assert [day.weekday for day in week] == [1, 2, 3, 4, 5, 6, 0]
    assert week[0].day == (23 if offset >= 0 else 16)


def test_a_rule_with_a_single_date_left_out_is_said_as_rule_and_exception() -> None:
    parts = ["mo {jan-nov} wd {mon-fri} hr {9-17}", "mo {dec} md {1-30} wd {mon-fri} hr {9-17}"]
    rest = "yr {1970-2025 2027-3000} mo {dec} md {31} wd {mon-fri} hr {9-17}"
    period = Period.parse(", ".join([*parts, rest]))
    assert period.phrase() == "Mon-Fri 9:00-18:00; except 2026 Dec 31 9:00-18:00"
    assert (~period).phrase() == "Mon-Fri 0:00-9:00, 18:00-24:00; Sat, Sun; 2026 Dec 31 9:00-18:00"


def test_a_period_that_ends_earlier_is_said_with_its_years() -> None:
    assert Period.parse("yr {2026-2030} hr {9}").phrase() == "2026-2030 9:00-10:00"
