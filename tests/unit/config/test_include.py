"""Patterns of `include`: one walk over a name says what the regular expression of the pattern says."""

from __future__ import annotations

import random
import re

import pytest

from reconciler.config.include import _fitting, _steps, _walked
from tests.conftest import Tally

_SAID = {"**/": "(?:[^/]+/)*", "**": ".*", "*": "[^/]*", "?": "[^/]"}


def told(pattern: str) -> re.Pattern[str]:
    """What a pattern means, spelled out piece by piece."""
    pieces = re.split(r"(\*\*/|\*\*|\*|\?)", pattern.removeprefix("./"))
    return re.compile("".join(_SAID.get(piece, re.escape(piece)) for piece in pieces), re.DOTALL)


def compare(seed: int) -> None:
    drawn = random.Random(seed)
    pattern = "".join(drawn.choice(["**/", "**", "*", "?", "a", "b", "/", "."]) for _ in range(drawn.randint(1, 7)))
    name = "/".join(
        "".join(drawn.choice("ab.") for _ in range(drawn.randint(1, 3))) for _ in range(drawn.randint(1, 4))
    )
    expected = told(pattern).fullmatch(name) is not None
    assert _walked(_steps(pattern), name) == expected, (pattern, name)
    assert bool(_fitting(pattern)(name)) == expected, (pattern, name)


def test_a_walk_finds_what_the_regular_expression_finds() -> None:
    for seed in range(3_000):
        compare(seed)


@pytest.mark.soak
def test_a_walk_finds_what_the_regular_expression_finds_always(tally: Tally) -> None:
    for seed in range(200_000):
        compare(seed)
    tally("patterns of files, walked and as regular expressions", 200_000)


@pytest.mark.parametrize(
    ("pattern", "name"),
    [
        ("**/*.yaml", "a.yaml"),
        ("**/*.yaml", "a/b/c.yaml"),
        ("./numbers/*.yaml", "numbers/a.yaml"),
        ("*/*/*.yaml", "a/b/c.yaml"),
        ("**/**/*.yaml", "a.yaml"),
        ("a?b*c*.yaml", "axbcc.yaml"),
    ],
)
def test_names_that_fit(pattern: str, name: str) -> None:
    assert _fitting(pattern)(name)
    assert _fitting(pattern, any_case=True)(name.upper())


@pytest.mark.parametrize(("pattern", "name"), [("*.yaml", "a/b.yaml"), ("a?b", "a/b"), ("*a*b*", "ba"), ("**/", "a")])
def test_names_that_do_not_fit(pattern: str, name: str) -> None:
    assert not _fitting(pattern)(name)
