"""What is being typed on a line, seen from the line and those above it."""

from __future__ import annotations

import pytest

from reconciler.lsp.spots import Typed, typed


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("schedule: ", Typed("schedules", "")),
        ("schedule: off", Typed("schedules", "off")),
        ("schedule:", None),
        ("  - {to: desk, schedule: ni", Typed("schedules", "ni")),
        ("to: '7499", Typed("contacts", "7499")),
        ('"to": du', Typed("contacts", "du")),
        ("except: [a, b", Typed("schedules", "b")),
        ("except: hol", Typed("schedules", "hol")),
        ("any: [", Typed("schedules", "")),
        ("any: [nights], x", None),
        ("schedule: [", None),
        ("schedule: {", None),
        ("account: sales # ", None),
        ("change_window: ", Typed("schedules", "")),
        ("targets:\n  - ", None),
        ("use:\n  - a\n  # why\n\n  - b", Typed("profiles", "b")),
        ("use:\n- a", Typed("profiles", "a")),
        ("any:\n    - x", Typed("schedules", "x")),
        ("use: [a]\ntags:\n  - b", None),
        ("use:\n  - a\nother: 1\n  - b", None),
        ("description: to: ", None),
    ],
)
def test_the_names_that_are_due_are_told_from_the_line(text: str, expected: Typed | None) -> None:
    lines = text.split("\n")
    assert typed(lines, len(lines) - 1, lines[-1]) == expected
