"""Text is measured and wrapped as a terminal shows it."""

from __future__ import annotations

import pytest

from reconciler.views.base import at_right, hanging, line, pad, plural, text_of, width, wrap


@pytest.mark.parametrize(
    ("text", "columns"),
    [("", 0), ("abc", 3), ("дежурный", 8), ("電話", 4), ("e\u0301", 1), ("a\u200bb", 2)],
)
def test_width_counts_columns(text: str, columns: int) -> None:
    assert width(text) == columns


def test_padding_fills_up_to_columns() -> None:
    assert pad("電話", 6) + "|" == "電話  |"


@pytest.mark.parametrize(
    ("text", "columns", "lines"),
    [
        ("", 10, [""]),
        ("one two three", 7, ["one two", "three"]),
        ("one two three", 6, ["one", "two", "three"]),
        ("https://example.com/a/very/long/path b", 10, ["https://example.com/a/very/long/path", "b"]),
        ("график работы будни", 13, ["график работы", "будни"]),
    ],
)
def test_wrapping_breaks_at_blanks_and_keeps_long_words_whole(text: str, columns: int, lines: list[str]) -> None:
    assert wrap(text, columns) == lines


def test_what_does_not_fit_goes_on_below_itself() -> None:
    assert text_of(hanging(line("label   "), "one two three four five six", 30)) == (
        "label   one two three four\n        five six\n"
    )


def test_a_note_stands_at_the_right_end_or_below() -> None:
    assert text_of(at_right(line("left"), "right", 11)) == "left  right\n"
    assert text_of(at_right(line("left"), "right", 10)) == "left\n     right\n"
    assert text_of(at_right(line("left"), "", 10)) == "left\n"


def test_counts_have_their_nouns() -> None:
    assert [plural(count, "number") for count in (0, 1, 2)] == ["0 numbers", "1 number", "2 numbers"]
    assert plural(2, "entry", "entries") == "2 entries"
