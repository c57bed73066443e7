"""Years that nobody lives to see: they parse, and saying them ends in words, never in a fault."""

from __future__ import annotations

import pytest

from reconciler.schedule import Period


@pytest.mark.parametrize("text", ["yr {12345}", "yr {2026-12345}", "yr {10000-20000} wd {mon}"])
def test_a_period_with_years_after_9999_is_said_as_far_as_9999(text: str) -> None:
    period = Period.parse(text)
    assert period.phrase()
    assert (~period).phrase()
    assert period.explain("en")
    assert period.explain("ru")


def test_a_period_that_ends_after_9999_reads_like_one_that_ends_then() -> None:
    assert Period.parse("yr {2026-12345} hr {9}").phrase() == Period.parse("yr {2026-9999} hr {9}").phrase()
