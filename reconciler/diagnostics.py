"""What is wrong, where, and what to type: the one value that says all that is wrong with input or a plan.

Knows nothing of YAML, vendors or output formats; views draw these values, nothing here prints.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from functools import lru_cache
from typing import NamedTuple

MOST_OF_A_KIND = 1_000
MOST_NAMED = 5


class Severity(StrEnum):
    """How bad a diagnostic is; only an error makes a configuration or plan unusable."""

    ERROR = "error"
    WARNING = "warning"
    NOTICE = "notice"


@dataclass(frozen=True, slots=True)
class Location:
    """A span in a file: lines and columns count from 1, columns in characters, the end is exclusive.

    `excerpt` is the source line that a caret is drawn under; None where the line must not be shown (secrets).
    A very long line is cut: `excerpt_column` is the column of the excerpt's first character.
    """

    file: str
    line: int
    column: int
    end_line: int
    end_column: int
    excerpt: str | None = field(default=None, compare=False)
    excerpt_column: int = field(default=1, compare=False)

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"


class Related(NamedTuple):
    """A second place that a diagnostic talks about, such as the first of two duplicates."""

    message: str
    location: Location


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """One finding at its place. `code` is a rule of `reconciler.rules`; `hint` says what to type.

    `numbers` are those it reaches, where the fault may be in what they share; then the message is `what`, after their
    names. `is_rest`: it stands for `count` of its kind that are not told one by one.
    """

    code: str
    severity: Severity
    message: str
    location: Location | None = None
    hint: str | None = None
    related: tuple[Related, ...] = ()
    count: int = 1
    is_rest: bool = False
    numbers: tuple[str, ...] = ()
    what: str = ""

    @property
    def is_error(self) -> bool:
        return self.severity is Severity.ERROR

    def with_severity(self, severity: Severity) -> Diagnostic:
        """The same, as bad as a policy or the occasion makes it."""
        return replace(self, severity=severity)

    def redacted(self, redact: Callable[[str], str]) -> Diagnostic:
        """The same without secrets in its words."""
        return replace(self, message=redact(self.message), hint=self.hint and redact(self.hint), what=redact(self.what))

    def reaching(self, numbers: Sequence[str]) -> Diagnostic:
        """The same fault, told once for all numbers that it reaches."""
        return replace(self, message=f"{name_numbers(numbers)}: {self.what}", numbers=tuple(numbers))


@dataclass(frozen=True, slots=True)
class Finding:
    """A finding about one text, before it has a place in a file: `start` and `end` count characters, end exclusive."""

    code: str
    severity: Severity
    message: str
    start: int
    end: int
    hint: str | None = None

    def with_severity(self, severity: Severity) -> Finding:
        """The same, as bad as the occasion makes it."""
        return replace(self, severity=severity)

    def at(self, location: Location | None) -> Diagnostic:
        """Place this finding; the caller maps `start`/`end` to a location in its file."""
        return Diagnostic(self.code, self.severity, self.message, location, self.hint)


class Diagnostics:
    """The list that a stage collects into; applies the user's severities (`policy.rules`) as findings arrive.

    `overrides` maps a rule code to a severity, or to None for "off".
    """

    def __init__(self, overrides: Mapping[str, Severity | None] | None = None) -> None:
        self._overrides = dict(overrides or {})
        self._items: list[Diagnostic] = []

    def add(self, diagnostic: Diagnostic) -> None:
        if diagnostic.code not in self._overrides:
            self._items.append(diagnostic)
        elif (severity := self._overrides[diagnostic.code]) is not None:
            self._items.append(diagnostic.with_severity(severity))

    def extend(self, diagnostics: Iterable[Diagnostic]) -> None:
        for diagnostic in diagnostics:
            self.add(diagnostic)

    @property
    def has_errors(self) -> bool:
        return any(item.is_error for item in self._items)

    def __iter__(self) -> Iterator[Diagnostic]:
        return iter(self._items)

    def __len__(self) -> int:
        return len(self._items)

    def sorted(self) -> tuple[Diagnostic, ...]:
        """By file and place, those without a place last; equal findings once, and a bounded number of each kind.

        A fault in what numbers share is one finding.
        """
        unique = _united(item for item in self._items if not item.is_rest)
        told: Counter[tuple[str, Severity]] = Counter()
        untold: Counter[tuple[str, Severity]] = Counter()
        for item in self._items:
            untold[item.code, item.severity] += item.count if item.is_rest else 0
        kept = []
        for item in sorted(unique, key=_place):
            kind = item.code, item.severity
            told[kind] += 1
            if told[kind] <= MOST_OF_A_KIND:
                kept.append(item)
            else:
                untold[kind] += 1
        return (*kept, *(rest(*kind, count) for kind, count in sorted(untold.items()) if count))


# docs/decisions/142
def _united(found: Iterable[Diagnostic]) -> list[Diagnostic]:
    """Equal findings once, and those that are one fault as one."""
    groups: dict[object, list[Diagnostic]] = {}
    for item in dict.fromkeys(found):
        fault = (item.code, item.severity, item.location, item.what, item.hint) if item.what else item
        groups.setdefault(fault, []).append(item)
    return [
        first if not others else first.reaching(_numbers_of([first, *others])) for first, *others in groups.values()
    ]


def _numbers_of(found: Iterable[Diagnostic]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(number for item in found for number in item.numbers))


def name_numbers(numbers: Sequence[str]) -> str:
    """The first few numbers, and how many there are besides."""
    besides = len(numbers) - MOST_NAMED
    return ", ".join(numbers[:MOST_NAMED]) + (f" and {besides} more" if besides > 0 else "")


@lru_cache
def rest(code: str, severity: Severity, count: int = 1) -> Diagnostic:
    """What stands for findings of a kind that are not told one by one."""
    return Diagnostic(code, severity, f"… and {count:,} more of this kind", count=count, is_rest=True)


def count_of(found: Iterable[Diagnostic], severity: Severity) -> int:
    """How many findings there are of a severity, told or not."""
    return sum(item.count for item in found if item.severity is severity)


def _place(diagnostic: Diagnostic) -> tuple[bool, str, int, int, str]:
    where = diagnostic.location
    if where is None:
        return (True, "", 0, 0, diagnostic.code)
    return (False, where.file, where.line, where.column, diagnostic.code)
