"""Warnings: each where section and characters of the language's traps call for it, and nowhere else."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from reconciler.diagnostics import Severity
from reconciler.rules import RULES
from reconciler.schedule import account_findings, check, zone_findings


def found(text: str) -> list[tuple[str, str]]:
    return [(finding.code, text[finding.start : finding.end]) for finding in check(text)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("hr {9am-6pm}", [("period-inclusive-end", "9am-6pm")]),
        ("hr {9-18}", [("period-inclusive-end", "9-18")]),
        ("hr {9} min {0-30}", [("period-inclusive-end", "0-30")]),
        ("md {1-15 15-31} hr {9}", [("period-inclusive-end", "15-31")]),
        ("wd {mon-wed wed-fri}", [("period-inclusive-end", "wed-fri")]),
        ("wd {fri} hr {22-5}", [("period-overnight", "22-5")]),
        ("md {1-7} wd {fri} hr {22-5}", [("period-overnight", "22-5")]),
        ("wk {2}", [("period-week-of-month", "wk {2}")]),
        ("yd {61} hr {9}", [("period-day-of-year", "yd {61}")]),
        ("yd {366} hr {9}", [("period-day-of-year", "yd {366}")]),
        ("yd {1-365} hr {9}", [("period-day-of-year", "yd {1-365}")]),
        ("md {31} hr {9}", [("period-month-end", "md {31}")]),
        ("md {29-31}", [("period-month-end", "md {29-31}")]),
        ("mo {feb} md {29} hr {9}", [("period-month-end", "md {29}")]),
        ("md {28-3}", [("period-month-end", "28-3")]),
        ("mo {feb} md {30}", [("period-never", "mo {feb} md {30}")]),
        ("wd {mon}, mo {jan} yd {60}", [("period-never", "mo {jan} yd {60}")]),
        ("yr {2025} mo {feb} md {29}", [("period-never", "yr {2025} mo {feb} md {29}")]),
        ("wd {mo-su}", [("period-always", "wd {mo-su}")]),
        ("mo {feb-jan}", [("period-always", "mo {feb-jan}")]),
        ("wd {mon-fri}, wd {sat sun}", [("period-always", "wd {mon-fri}, wd {sat sun}")]),
        ("yr {26} hr {9}", [("period-two-digit-year", "26")]),
        ("yr {2028-2026} hr {9}, hr {3}", [("period-reversed-years", "2028-2026")]),
        ("yr {2026} hr {9}", [("period-expires", "yr {2026}")]),
        ("min {30-59}", [("period-minute-without-hour", "min {30-59}")]),
        ("hr {9} sec {0-29}", [("period-seconds", "sec {0-29}")]),
        ("md {9} hr {9}", [("period-day-without-month", "md {9}")]),
        ("mo {may}", [("period-month-alone", "mo {may}")]),
        ("wd {mon},", [("period-trailing-comma", ",")]),
    ],
)
def test_a_trap_is_told_with_its_characters(text: str, expected: list[tuple[str, str]]) -> None:
    assert found(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "", "none", "wd {mon-fri} hr {9-17}", "hr {22-5}", "hr {9-12 13-17}",
        "mo {jan} md {9-31}", "md {13} wd {fri}",
        "mo {may} md {9}", "yd {1-59}", "hr {9} min {30-59}", "wd {sat sun}", "md {1-8}", "hr {8-9}",
        "wd {mon-wed thu}", "hr {9} min {0-29}", "mo {apr} md {30} hr {9}", "md {1-31} hr {9}",
        "wd {fri} hr {22-23}, wd {sat} hr {0-5}",
    ],
)  # fmt: skip
def test_an_ordinary_period_has_no_warning(text: str) -> None:
    assert found(text) == []


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("hr {9am-6pm}", "to end at 18:00 write 9am-5pm"),
        ("hr {12pm-1pm}", "to end at 13:00 write 12pm-12pm"),
        ("wd {fri} hr {22-5}", "for nights write wd {fri} hr {22-23} and, as another part, wd {sat} hr {0-5}"),
        (
            "wd {mon-fri} hr {22-5}",
            "for nights write wd {mon-fri} hr {22-23} and, as another part, wd {tue-sat} hr {0-5}",
        ),
        ("yr {2028-2026} hr {9}, hr {3}", "write 2026-2028"),
        ("yr {26} hr {9}", "write 2026"),
    ],
)
def test_the_remedy_is_text_to_type(text: str, hint: str) -> None:
    assert check(text)[0].hint == hint


def test_a_week_of_the_month_says_on_how_many_days_it_holds() -> None:
    assert "62 days a year" in check("wk {5}")[0].message  # 30.4375 days a month less 4 weeks' share, from the corpus
    assert "4 days a year" in check("wk {6}")[0].message


def test_a_year_that_is_over_is_told_to_who_knows_the_day() -> None:
    (finding,) = check("yr {2024} hr {9}", today=date(2026, 11, 21))
    assert (finding.code, finding.message) == ("period-expired", "this ended with 2024")
    assert [finding.code for finding in check("yr {2026} hr {9}", today=date(2026, 11, 21))] == ["period-expires"]


def test_every_warning_has_the_severity_of_its_rule_and_may_be_adjusted() -> None:
    texts = (
        "hr {9am-6pm}", "wd {fri} hr {22-5}", "wk {2}", "yd {61}", "md {31}", "mo {feb} md {30}", "wd {mo-su}",
        "yr {26}", "yr {2028-2026}", "min {5}", "sec {5}", "md {9}", "mo {may}", "wd {mon},",
    )  # fmt: skip
    for text in texts:
        for finding in check(text):
            assert RULES[finding.code].severity is finding.severity
            assert RULES[finding.code].adjustable
            assert finding.hint


def account(text: str, union: Any = "entries", weekday_base: Any = "refuse") -> list[tuple[str, Severity, str]]:
    findings = account_findings(text, union=union, weekday_base=weekday_base)
    return [(finding.code, finding.severity, text[finding.start : finding.end]) for finding in findings]


def test_a_comma_is_an_error_unless_the_account_takes_it() -> None:
    assert account("wd {mon}, wd {tue}") == [("period-comma", Severity.ERROR, ",")]
    assert account("wd {mon}, wd {tue}", union="comma") == []


def test_none_is_an_error_for_every_account() -> None:
    assert account(" NONE ", union="comma", weekday_base="sunday") == [("period-none", Severity.ERROR, "NONE")]


@pytest.mark.parametrize(
    ("base", "severity", "hint"),
    [
        ("refuse", Severity.ERROR, "write wd {sun-thu} if 1 is Sunday, wd {mon-fri} if 1 is Monday"),
        ("sunday", Severity.WARNING, "write wd {sun-thu}"),
        ("monday", Severity.WARNING, "write wd {mon-fri}"),
    ],
)
def test_a_numeric_weekday_is_judged_by_the_base(base: Any, severity: Severity, hint: str) -> None:
    assert account("wd {1-5}", weekday_base=base) == [("period-numeric-weekday", severity, "1-5")]
    assert account_findings("wd {1-5}", union="comma", weekday_base=base)[0].hint == hint


def test_day_366_is_refused_by_old_releases() -> None:
    assert account("mo {dec} yd {366}") == [("period-dialect", Severity.WARNING, "366")]


def test_weeks_of_months_that_begin_on_sunday_are_counted_differently_by_old_releases() -> None:
    (finding,) = account_findings("wk {2}", union="comma", weekday_base="sunday")
    # 1 February 2026 is a Sunday: old releases count the 2nd as week 2.
    assert finding.message == "releases up to 1.24 read 'wk {2}' differently, first on 2026-02-02"
    assert account("wk {1-6}") == []


def test_a_year_begins_early_in_old_releases_where_its_december_matters() -> None:
    (finding,) = account_findings("yr {2027}", union="comma", weekday_base="sunday")
    # 57 years of 365 days after 1 January 1970 are 18 December 2026.
    assert finding.message == "releases up to 1.22 let 2027 begin on 2026-12-18, and so differ in that December"
    assert account("yr {2027} mo {may}") == []


def test_clocks_that_change_within_a_period_are_told_for_the_zone() -> None:
    (finding,) = zone_findings("hr {2}", timezone="Europe/Berlin", year=2026)
    assert finding.code == "period-daylight-saving"
    (at_its_edge,) = zone_findings("hr {0-1}", timezone="Europe/Berlin", year=2026)  # it ends where the gap begins
    assert at_its_edge.message == finding.message
    assert zone_findings("wd {mon-fri} hr {9-17}", timezone="Europe/Berlin", year=2026) == ()
    assert zone_findings("hr {2}", timezone="Europe/Moscow", year=2026) == ()
