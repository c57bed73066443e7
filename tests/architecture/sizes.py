"""How long functions and files are, and how many checks are silenced; figures from admired trees of this field."""

from __future__ import annotations

import io
import re
import statistics
import tokenize
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from tests.architecture.sources import Function, Source

MEDIAN_LINES = 7
P95_LINES = 20
LONGEST_FUNCTION = 60
LONGEST_FILE = 450  # docs/decisions/134

SILENCERS = {
    "type: ignore": re.compile(r"#\s*type:\s*ignore"),
    "noqa": re.compile(r"#\s*(ruff:\s*)?noqa", re.IGNORECASE),
    "pragma: no cover": re.compile(r"#\s*pragma:\s*no\s*cover"),
}


@dataclass(frozen=True)
class FunctionSizes:
    """Lengths in lines, from `def` to the last line."""

    count: int
    median: float
    p95: int
    longest: int


def length(function: Function) -> int:
    return (function.end_lineno or function.lineno) - function.lineno + 1


def function_sizes(sources: Iterable[Source]) -> FunctionSizes:
    lengths = sorted(length(function) for source in sources for function in source.functions())
    return FunctionSizes(len(lengths), statistics.median(lengths), lengths[int(len(lengths) * 0.95)], lengths[-1])


def long_functions(sources: Iterable[Source]) -> list[str]:
    return [
        f"{source.path}:{function.lineno}: {function.name} has {length(function)} lines"
        for source in sources
        for function in source.functions()
        if length(function) > LONGEST_FUNCTION
    ]


def long_files(sources: Iterable[Source]) -> list[str]:
    return [f"{source.path}: {source.lines} lines" for source in sources if source.lines > LONGEST_FILE]


def silenced(sources: Sequence[Source]) -> dict[str, int]:
    """Count the comments that silence a check, by kind."""
    counts: Counter[str] = Counter(dict.fromkeys(SILENCERS, 0))
    for source in sources:
        for token in tokenize.generate_tokens(io.StringIO(source.text).readline):
            if token.type == tokenize.COMMENT:
                counts.update(kind for kind, pattern in SILENCERS.items() if pattern.search(token.string))
    return dict(counts)
