"""Places: two of them are one place by where they are, whatever is shown of it."""

from __future__ import annotations

from reconciler.diagnostics import Location


def test_a_place_is_the_same_with_and_without_its_line() -> None:
    shown = Location("a.yaml", 3, 5, 3, 9, "  key: value", 2)
    assert shown == Location("a.yaml", 3, 5, 3, 9)
    assert shown != Location("a.yaml", 3, 6, 3, 9)
