"""Phone numbers and SIP IDs as written; the regular expression accepts only what the library accepts."""

from __future__ import annotations

import random

import phonenumbers
import pytest

from reconciler.config.phones import (
    NumberPlan,
    digits_of,
    form,
    has_trunk_prefix,
    is_plain,
    is_sip_id,
    resembles_sip_id,
)


def test_every_number_that_the_expression_takes_is_valid_for_the_library() -> None:
    seeded = random.Random(20261121)
    samples = [f"7{seeded.choice('3489')}{seeded.randrange(10**9):09}" for _ in range(4_000)]
    taken = [digits for digits in samples if is_plain(digits)]
    assert len(taken) > 1_000
    assert [digits for digits in taken if not phonenumbers.is_valid_number(phonenumbers.parse(f"+{digits}"))] == []


@pytest.mark.parametrize("prefix", ["7495", "7499", "7812", "7343", "7383", "7903", "7916", "7999", "7800", "7804"])
def test_the_commonest_ranges_need_no_library(prefix: str) -> None:
    assert is_plain(prefix + "1112233")


@pytest.mark.parametrize(
    ("digits", "expected"),
    [
        ("74991112233", NumberPlan.VALID),
        ("77011234567", NumberPlan.VALID),
        ("442079460958", NumberPlan.VALID),
        ("12", NumberPlan.IMPOSSIBLE),
        ("7499111223", NumberPlan.IMPOSSIBLE),
        ("999999999999999", NumberPlan.IMPOSSIBLE),
        ("72991112233", NumberPlan.UNASSIGNED),
    ],
)
def test_a_number_is_judged_by_the_numbering_plan(digits: str, expected: NumberPlan) -> None:
    assert form(digits) is expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("74991112233", "74991112233"),
        ("+7 (499) 111-22-33", "74991112233"),
        (" 7.499/111 22 33 ", "74991112233"),
        ("+7\u00a0499\u00a0111-22-33", "74991112233"),
        ("٧٤٩٩١١١٢٢٣٣", None),
        ("7499111223x", None),
        ("7+499", None),
        ("desk", None),
        ("", None),
    ],
)
def test_formatting_is_taken_off_and_nothing_else(text: str, expected: str | None) -> None:
    assert digits_of(text) == expected


@pytest.mark.parametrize(
    ("digits", "is_one", "resembles"),
    [
        ("883140123456789", True, False),
        ("8831401234567890", False, True),
        ("88314012345678", False, True),
        ("88314012345", False, False),  # 11 digits: a Russian number with the trunk prefix
        ("883150123456789", False, False),
    ],
)
def test_a_sip_id_has_fifteen_digits_from_88314(digits: str, is_one: bool, resembles: bool) -> None:
    assert (is_sip_id(digits), resembles_sip_id(digits)) == (is_one, resembles)


@pytest.mark.parametrize(
    ("text", "expected"),
    [("84991112233", True), ("8 800 555-35-35", True), ("+84991112233", False), ("85212345678", False)],
)
def test_the_russian_trunk_prefix_is_known_by_what_follows(text: str, expected: bool) -> None:
    digits = digits_of(text)
    assert digits is not None
    assert has_trunk_prefix(text, digits) is expected
