"""The normal form: safe spelling, disjoint parts, parse(render(p)) = p, and no more parts than needed."""

from __future__ import annotations

import re
from itertools import combinations
from random import Random

import pytest

from reconciler.schedule import Period
from tests.unit.schedule.corpus import strings
from tests.unit.schedule.making import random_period

_PROFILE = re.compile(
    r"(?:yr \{[0-9 -]+\} ?)?(?:mo \{[a-z -]+\} ?)?(?:yd \{[0-9 -]+\} ?)?(?:md \{[0-9 -]+\} ?)?(?:wd \{[a-z -]+\} ?)?"
    r"(?:hr \{[0-9 -]+\} ?)?(?:min \{[0-9 -]+\} ?)?(?:sec \{[0-9 -]+\})?"
)


def assert_normal(text: str) -> None:
    period = Period.parse(text)
    again = Period.parse(period.canonical)
    assert again.equals(period), text
    if not period.has_short_year:
        assert again.canonical == period.canonical, text
        assert all(_PROFILE.fullmatch(part) for part in period.parts), period.canonical


def test_the_normal_form_of_every_valid_string_reads_back_and_is_its_own_normal_form() -> None:
    for string in strings():
        if string.label == "valid":
            assert_normal(string.text)


@pytest.mark.parametrize("seed", range(4))
def test_the_normal_form_of_random_periods(seed: int) -> None:
    random = Random(seed)
    for _ in range(40):
        assert_normal(random_period(random))


@pytest.mark.soak
@pytest.mark.parametrize("seed", range(100, 110))
def test_the_normal_form_of_many_random_periods(seed: int) -> None:
    random = Random(seed)
    for _ in range(500):
        assert_normal(random_period(random))


@pytest.mark.parametrize("seed", range(3))
def test_parts_are_pairwise_disjoint(seed: int) -> None:
    random = Random(seed)
    for _ in range(20):
        period = Period.parse(random_period(random, years=False))
        parts = [Period.parse(part) for part in period.parts[:12]]
        assert not any(one.overlaps(two) for one, two in combinations(parts, 2))


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ("WDAY { Mon - Friday }  HOUR {9am-5pm}", "wd {mon-fri} hr {9-17}"),
        ("hr {22-5}", "hr {0-5 22-23}"),
        ("wd {sat-mon}", "wd {mon sat sun}"),
        ("mo {nov-feb}", "mo {jan-feb nov-dec}"),
        ("wk {6}", "md {30} wd {sun}, md {31} wd {mon sun}"),
        ("yd {366}", "yd {366}"),
        ("yd {1-59}", "mo {jan} , mo {feb} md {1-28}".replace(" ,", ",")),
        ("yr {2026} wd {mon-fri} hr {9-17}", "yr {2026} wd {mon-fri} hr {9-17}"),
        ("yr {2026-2030} wd {tue} md {8-14}", "yr {2026-2030} md {8-14} wd {tue}"),
        ("md {31}", "md {31}"),
        ("mo {jan} md {31}", "mo {jan} md {31}"),
        ("yr {2026} mo {may} md {9}, yr {2028} mo {may} md {9}", "yr {2026 2028} mo {may} md {9}"),
        ("sec {5} hr {9}", "hr {9} sec {5}"),
    ],
)
def test_the_normal_form(text: str, canonical: str) -> None:
    assert Period.parse(text).canonical == canonical


@pytest.mark.parametrize(
    ("text", "count"),
    [
        # Worked examples of the design: a whole-hour interval, one with equal minutes, one with a cut at either end.
        ("hr {9-17}", 1),
        ("hr {9} min {30-59}, hr {10-17}, hr {18} min {0-29}", 2),
        ("hr {9} min {30-59}, hr {10-17}, hr {18} min {0-14}", 3),
        ("hr {9} min {15-59}, hr {10} min {0-29}", 2),
        ("mo {feb-apr jun-dec}, mo {jan} md {9-31}, mo {may} md {1-8 10-31}", 3),
    ],
)
def test_the_normal_form_has_no_more_parts_than_the_partition(text: str, count: int) -> None:
    assert len(Period.parse(text).parts) == count


def test_the_worked_example_takes_twelve_disjoint_parts() -> None:
    days = ("mo {feb-dec} md {1-8 10-31}", "mo {jan-apr jun-dec} md {9-31}")
    times = ("hr {9} min {30-59}", "hr {10-12 14-17}", "hr {13} min {45-59}", "hr {18} min {0-14}")
    text = ", ".join(f"wd {{mon-fri}} {day} {time}" for day in days for time in times)
    assert len(Period.parse(text).parts) == 12
