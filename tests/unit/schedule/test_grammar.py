"""The strict grammar: which text becomes which tree, and which characters a fault names."""

from __future__ import annotations

from typing import Any

import pytest

from reconciler.schedule import Period, PeriodError, check
from reconciler.schedule.grammar import read
from reconciler.schedule.masks import Scale


def findings(text: str) -> list[tuple[str, str]]:
    """Give (code, characters) of each fault."""
    return [(finding.code, text[finding.start : finding.end]) for finding in read(text)[1]]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("wd {Mon-Fri} hr {6am-14pm}", [("period-hour", "14pm")]),
        ("wd {Mon\u2013Fri}", [("period-dash", "\u2013")]),
        ("hr {9\u20149} wd {mon\u2212fri}", [("period-dash", "\u2014"), ("period-dash", "\u2212")]),
        ("always", [("period-word", "always")]),
        ("hr {13am}", [("period-hour", "13am")]),
        ("min {60}", [("period-minute", "60")]),
        ("sec {0-60}", [("period-second", "60")]),
        ("yr {1969}", [("period-year", "1969")]),
        ("yr {100-2024}", [("period-year", "100")]),
        ("md {0} mo {13} yd {367} wk {7} wd {8}", [("period-range", word) for word in ("0", "13", "367", "7", "8")]),
        ("hr {9,10}", [("period-comma-inside", ",")]),
        ("wd {mon}, hr {24}", [("period-hour", "24")]),
        ("wd {mon}, none", [("period-word", "none")]),
        ("wd {mon},, hr {9}", [("period-empty-part", ",")]),
        (", hr {9}", [("period-empty-part", ",")]),
        (",,", [("period-empty-part", ",")]),
        ("hr {}", [("period-empty-braces", "{}")]),
        ("hr {9} wd { }", [("period-empty-braces", "{ }")]),
        ("hr {9\n10}", [("period-newline", "\n")]),
        ("hr\v{9}", [("period-blank", "\v")]),
        ("hr {9}\x00", [("period-control", "\x00")]),
        ("hr\u00a0{9}", [("period-non-ascii", "\u00a0")]),
        ("wd {m\u043en}", [("period-non-ascii", "\u043e")]),
        ("mo {jan-mar-may}", [("period-several-dashes", "jan-mar-may")]),
        ("md {-5}", [("period-open-range", "-5")]),
        ("md {5 -}", [("period-open-range", "5 -")]),
        ("hr {9 to 17}", [("period-separator", "to")]),
        ("md {1;2}", [("period-separator", "1;2")]),
        ("wd {moon}", [("period-name", "moon")]),
        ("mo {ja}", [("period-name", "ja")]),
        ("wd {m}", [("period-name", "m")]),
        ("yd {5x}", [("period-number", "5x")]),
        ("min {*/5}", [("period-number", "*/5")]),
        ("md {1_2}", [("period-number", "1_2")]),
        ("hrs {9}", [("period-scale", "hrs")]),
        ("{9}", [("period-scale", "{")]),
        ("hr {9", [("period-braces", "hr {9")]),
        ("hr {9}}", [("period-braces", "}")]),
        ("hr 9", [("period-braces", "hr 9")]),
        ("not hr {9}", [("period-junk", "not")]),
        ("hr {9} 10", [("period-junk", "10")]),
        ("hr {012noon}", [("period-hour", "012noon")]),
    ],
)
def test_a_fault_names_its_rule_and_its_characters(text: str, found: list[tuple[str, str]]) -> None:
    assert findings(text) == found


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("wd {Mon-Fri} hr {6am-14pm}", "for 06:00-15:00 write hr {6-14}"),
        ("hr {9 am}", "join them: 9am"),
        ("hr {0900}", "write 9"),
        ("hr {9-24}", "for 09:00-24:00 write hr {9-23}"),
        ("hr {9:30}", "minutes are a separate scale: hr {9} min {30-59}"),
        ("Mon-Fri 9:00-18:00", "write wd {mon-fri} hr {9-17}"),
        ("9-17", "write hr {9-17}"),
        ("always", "for always, leave the period out"),
        ("never", "for never, write none by itself"),
        ("wd {mon, tue}", "write {mon tue}"),
        ("hrs {9}", "did you mean hr?"),
        ("md {1-5-9}", "write 1-9, or 1-5 5-9"),
        ("min {*/20}", "there are no steps: write {0 20 40}"),
        ("\uff48\uff52 {9}", "type 'hr'"),
        ("hr {\u0669}", "type 9"),
    ],
)
def test_the_hint_says_what_to_type(text: str, hint: str) -> None:
    assert read(text)[1][0].hint == hint


def test_the_message_quotes_what_the_user_wrote() -> None:
    assert read("wd {MOON}")[1][0].message.startswith("'MOON' is neither the name of a weekday nor a prefix of one")


def test_a_character_already_reported_gives_no_second_finding() -> None:
    assert findings("wd {\u043f\u043d} hr {9}") == [("period-non-ascii", "\u043f\u043d")]


@pytest.mark.parametrize("name", ["th", "thu", "thur", "thurs", "thursd", "thursda", "thursday", "THURS"])
def test_any_beginning_of_a_weekday_of_two_letters_or_more_is_its_name(name: str) -> None:
    assert Period.parse(f"wd {{{name}}}").canonical == "wd {thu}"


@pytest.mark.parametrize("name", ["sep", "sept", "septe", "september"])
def test_any_beginning_of_a_month_of_three_letters_or_more_is_its_name(name: str) -> None:
    assert Period.parse(f"mo {{{name}}}").canonical == "mo {sep}"


@pytest.mark.parametrize(
    ("text", "hour"),
    [
        ("12am", 0),
        ("1am", 1),
        ("09am", 9),
        ("11am", 11),
        ("12pm", 12),
        ("12noon", 12),
        ("1PM", 13),
        ("11pm", 23),
        ("09", 9),
    ],
)
def test_hours_of_both_clocks(text: str, hour: int) -> None:
    assert Period.parse(f"hr {{{text}}}").canonical == f"hr {{{hour}}}"


def test_the_tree_remembers_where_everything_stood() -> None:
    text = " wd {mon -fri} HR{9},yr {2026} "
    tree, faults = read(text)
    assert faults == ()
    assert [tree.slice(part) for part in tree.parts] == ["wd {mon -fri} HR{9}", "yr {2026}"]
    assert [tree.slice(item) for item in tree.parts[0].items] == ["wd {mon -fri}", "HR{9}"]
    assert [tree.slice(one) for one in tree.parts[0].ranges(Scale.WD)] == ["mon -fri"]
    assert tree.commas == (text.index(","),)


@pytest.mark.parametrize(
    ("base", "canonical"),
    [("sunday", "wd {mon-thu sun}"), ("monday", "wd {mon-fri}")],
)
def test_numeric_weekdays_are_read_by_the_base(base: Any, canonical: str) -> None:
    assert Period.parse("wd {1-5}", weekday_base=base).canonical == canonical


def test_names_do_not_depend_on_the_base() -> None:
    assert Period.parse("wd {sat-sun}", weekday_base="monday").canonical == "wd {sat sun}"


def test_refused_numeric_weekdays_do_not_parse() -> None:
    with pytest.raises(PeriodError) as raised:
        Period.parse("wd {mon 3}", weekday_base="refuse")
    assert [finding.code for finding in raised.value.findings] == ["period-numeric-weekday"]


def test_errors_come_in_the_order_of_the_text() -> None:
    starts = [finding.start for finding in check("hr {99} wd {xx}, min {77} \u2013")]
    assert len(starts) == 4
    assert starts == sorted(starts)


@pytest.mark.parametrize(
    "text", ["", " ", "\t", "none", " NONE ", "wd {mon},", "wd {mon} , ,", "hr{9}wd{mon}", "hr {00009}"]
)
def test_what_the_grammar_allows_at_its_edges(text: str) -> None:
    assert read(text)[1] == ()


def test_a_very_long_number_is_no_trouble() -> None:
    digits = "9" * 5000
    assert [finding.code for finding in check(f"min {{{digits}}}")] == ["period-minute"]
    assert Period.parse(f"yr {{2026-{digits}}}").matches(1_790_000_000, "UTC")
