"""Which characters a reader does not see: each range ends where it says."""

from __future__ import annotations

import pytest

from reconciler.characters import STRIPPED, unprintable


@pytest.mark.parametrize("mark", ["\u061c", "\u200e", "\u200f", "\u202a", "\u202e", "\u2066", "\ufeff", "\x7f", "\x9f"])
def test_what_cannot_be_seen_is_found_and_taken_out(mark: str) -> None:
    assert unprintable(f"a{mark}b")
    assert f"a{mark}b".translate(STRIPPED) == "ab"


@pytest.mark.parametrize("letter", ["\u061b", "\u061d", "\u2010", "\u202f", "\u3163", "\uff9f", "\xa0", "~"])
def test_the_characters_beside_those_stay(letter: str) -> None:
    assert unprintable(f"a{letter}b") is None
    assert f"a{letter}b".translate(STRIPPED) == f"a{letter}b"
