"""The releases of the program that a configuration asks for: `>=0.2, <1`, as Python's packages write it (PEP 440).

Knows numbers of releases only: what comes before a release (`1.0rc1`) counts as earlier than it.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from operator import eq, ge, gt, le, lt, ne
from typing import Any, NamedTuple

from reconciler.config.values import plain, quoted, refuse

_CLAUSE = re.compile(r"\s*([<>=~!]=|[<>])\s*([0-9]{1,9}(?:\.[0-9]{1,9}){0,9})(\.\*)?\s*")
_VERSION = re.compile(r"([0-9]+(?:\.[0-9]+)*)(.*)")
_EARLIER = re.compile(r"\.?(?:a|b|rc|dev)[0-9]*")
_COMPARED: dict[str, Callable[[Any, Any], bool]] = {"==": eq, "!=": ne, ">=": ge, "<=": le, ">": gt, "<": lt}
_HINT = 'write it like ">=0.2" or ">=0.2, <1"'
_Release = tuple[int, ...]


class Clause(NamedTuple):
    """One bound; `release` without zeros at its end, `width` of parts as written, `wild` for `1.2.*`."""

    operator: str
    release: _Release
    width: int
    wild: bool


class ReleaseRange(NamedTuple):
    """All bounds must hold."""

    clauses: tuple[Clause, ...]

    def takes(self, version: str) -> bool:
        """Whether a release, such as 0.2.1, lies within."""
        match = _VERSION.match(version)
        release = _release(match.group(1)) if match else ()
        is_earlier = match is not None and _EARLIER.match(match.group(2)) is not None
        return all(_holds(clause, release, is_earlier=is_earlier) for clause in self.clauses)


def release_range(value: Any) -> ReleaseRange:
    """Bounds with commas between them."""
    written = plain(value)
    matches = [_CLAUSE.fullmatch(part) for part in written.split(",")]
    clauses = tuple(_clause(*match.groups()) for match in matches if match is not None)
    if len(clauses) < len(matches) or not all(map(_is_sound, clauses)):
        raise refuse("invalid-value", f"{quoted(written)} is not a range of releases", _HINT)
    return ReleaseRange(clauses)


def _clause(operator: str, release: str, wild: str | None) -> Clause:
    return Clause(operator, _release(release), release.count(".") + 1, wild is not None)


def _is_sound(clause: Clause) -> bool:
    """Whether a bound means anything: `.*` is for equality only, and `~=` needs a part that may grow."""
    return (not clause.wild or clause.operator in ("==", "!=")) and (clause.operator != "~=" or clause.width > 1)


def _release(text: str) -> _Release:
    parts = [int(part) for part in text.split(".")]
    while parts and parts[-1] == 0:
        parts.pop()
    return tuple(parts)


def _holds(clause: Clause, release: _Release, *, is_earlier: bool) -> bool:
    if clause.operator == "~=":
        return _key(release, is_earlier=is_earlier) >= _key(clause.release) and _begins(
            release, clause.release, clause.width - 1
        )
    if clause.wild:
        return _begins(release, clause.release, clause.width) == (clause.operator == "==")
    if clause.operator == "<" and release == clause.release:
        return False  # what comes before a release is not below it either
    return _COMPARED[clause.operator](_key(release, is_earlier=is_earlier), _key(clause.release))


def _key(release: _Release, *, is_earlier: bool = False) -> tuple[_Release, bool]:
    return release, not is_earlier


def _begins(release: _Release, wanted: _Release, width: int) -> bool:
    return _padded(release, width) == _padded(wanted, width)


def _padded(release: _Release, width: int) -> _Release:
    return (*release, *([0] * width))[:width]
