"""The `include` of reconciler.yaml to the names of files: patterns matched below the folder, nothing outside it.

Must not read a file; knows no keys but `include`.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from reconciler.config.values import kind_of, quoted
from reconciler.diagnostics import Diagnostic, Location, Related
from reconciler.document import Sources, Tree
from reconciler.rules import RULES

TRUSTED_FILE = "reconciler.yaml"
DEFAULT_INCLUDE = ("**/*.yaml", "**/*.yml")
_NARROW = f"remove it, or narrow `include` in {TRUSTED_FILE}"


@dataclass(slots=True)
class IncludedFiles:
    """The names of files to read, posix, and where `include` is written. `found`: what is wrong with either."""

    names: list[str] = field(default_factory=list)
    origin: Location | None = None
    found: list[Diagnostic] = field(default_factory=list)


def find_included(root: Path, trusted: Tree, sources: Sources, more: Iterable[str] = ()) -> IncludedFiles:
    """Find the files that belong to a configuration beside reconciler.yaml, whose root is `trusted`.

    `more` are names of files that may not be there yet.
    """
    given = trusted.get("include")
    chosen = IncludedFiles()
    if given is None or given.data is None:
        patterns: list[tuple[str, int | None]] = [(pattern, None) for pattern in DEFAULT_INCLUDE]
    else:
        chosen.origin = sources.location(trusted.key_span("include"))
        patterns = list(_patterns(given, sources, chosen.found))
    unread: list[OSError] = []
    unwritten = (name for name in more if not any(step[0] in "._" for step in name.split("/")))
    names = sorted({*_visible_files(root, unread), *unwritten})
    matched = _matched(names, patterns, sources, chosen.found)
    chosen.found += (_unread(root, error) for error in unread)
    chosen.found += _nearly_matched([name for name in names if name not in matched], patterns)
    inside = os.path.realpath(root)
    for name in sorted(matched - {TRUSTED_FILE}):
        refused = _refused(name, os.path.realpath(root / name), inside, chosen.origin)
        if refused is None:
            chosen.names.append(name)
        else:
            chosen.found.append(refused)
    return chosen


def _patterns(given: Tree, sources: Sources, found: list[Diagnostic]) -> Iterator[tuple[str, int | None]]:
    """The patterns with their places."""
    if not isinstance(given.data, list):
        message = f"include takes a list, not {kind_of(given.data)}"
        hint = 'write include: ["numbers/**/*.yaml"]'
        found.append(sources.problem("wrong-type", given.span, message, hint))
        return
    for element in given.elements():
        if not isinstance(element.data, str):
            message = f"a pattern is text, not {kind_of(element.data)}"
            hint = "write a pattern, like numbers/**/*.yaml, or remove the entry"
            found.append(sources.problem("wrong-type", element.span, message, hint))
        elif element.data.startswith(("/", "~")) or ".." in element.data.split("/") or "\\" in element.data:
            message = f"{quoted(element.data)} leads out of the folder"
            hint = f"write a path relative to {TRUSTED_FILE}, with /"
            found.append(sources.problem("include-pattern", element.span, message, hint))
        else:
            yield (element.data, element.span)


def _matched(
    names: Sequence[str],
    patterns: Sequence[tuple[str, int | None]],
    sources: Sources,
    found: list[Diagnostic],
) -> set[str]:
    matched: set[str] = set()
    for pattern, span in patterns:
        hits = set(filter(_fitting(pattern), names))
        if not hits and span is not None:
            message = f"{quoted(pattern)} matches no file"
            found.append(sources.problem("include-empty", span, message, _instead(pattern, names)))
        matched |= hits
    return matched


def _nearly_matched(names: Sequence[str], patterns: Sequence[tuple[str, int | None]]) -> Iterator[Diagnostic]:
    """Files that are not read only because of capital letters in their names, as some systems write them."""
    anyhow = [_fitting(pattern, any_case=True) for pattern, _span in patterns]
    for name in names:
        if _is_text(name) and any(fits(name) for fits in anyhow):
            message = "this file is not read: its name matches `include` except for capital letters"
            hint = f"rename it, or name it under `include` in {TRUSTED_FILE}"
            place = Location(name, 1, 1, 1, 2)
            yield RULES["include-case"].at(place, message, hint)


def _instead(pattern: str, names: Sequence[str]) -> str:
    folder = pattern.strip("/").removeprefix("./")
    if folder and any(name.startswith(f"{folder}/") for name in names):
        return f"for all files of that folder write {folder}/**/*.yaml"
    return "correct the pattern, or remove it; `*` and `?` match within a name, `**` over folders"


def _refused(name: str, real: str, inside: str, origin: Location | None) -> Diagnostic | None:
    """Why a file of that name cannot be read; None where it can."""
    if not _is_text(name):
        shown = os.fsencode(name).decode("utf-8", "backslashreplace")
        return _refusal("file-unreadable", shown, "the file's name is not UTF-8", "rename the file", origin)
    if not is_visible(real, inside):
        return refused_link(name, "the file is a link to a place outside the configuration", _NARROW, origin)
    return None


def is_visible(real: str, inside: str) -> bool:
    """Whether a path lies in a folder, both without links, and no name on the way begins with `.` or `_`."""
    path = Path(real)
    return path.is_relative_to(inside) and not any(name[0] in "._" for name in path.relative_to(inside).parts)


def refused_link(name: str, message: str, hint: str, origin: Location | None = None) -> Diagnostic:
    """The diagnostic for a file that is a link and may not be."""
    return _refusal("file-outside", name, message, hint, origin)


def _refusal(code: str, name: str, message: str, hint: str, origin: Location | None) -> Diagnostic:
    related = (Related("included from here", origin),) if origin else ()
    return RULES[code].at(Location(name, 1, 1, 1, 2), message, hint, related)


def _is_text(name: str) -> bool:
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True


def _unread(root: Path, error: OSError) -> Diagnostic:
    """The diagnostic for a folder whose files cannot be known: they would be taken for files that are gone."""
    name = Path(str(error.filename)).relative_to(root).as_posix()
    message = f"the folder cannot be read: {(error.strerror or 'unknown reason').lower()}"
    place = Location(name, 1, 1, 1, 2)
    return RULES["file-unreadable"].at(place, message, "fix or remove it")


def _visible_files(root: Path, unread: list[OSError]) -> Iterator[str]:
    """Every file below the folder, posix, without those whose name or folder starts with `.` or `_`."""
    for folder, below, names in os.walk(root, onerror=unread.append):
        below[:] = sorted(name for name in below if name[0] not in "._")
        prefix = Path(folder).relative_to(root).as_posix()
        for name in names:
            if name[0] not in "._":
                yield name if prefix == "." else f"{prefix}/{name}"


_STEP = re.compile(r"\*\*/|\*\*|.", re.DOTALL)
_WILDCARDS = {"**/": "(?:[^/]+/)*", "**": ".*", "*": "[^/]*", "?": "[^/]"}
_REPEATED = ("**/", "**", "*")
_SIMPLE = 1  # of each kind of wildcard: a regular expression tries no more then than a name has characters, squared


def _fitting(pattern: str, *, any_case: bool = False) -> Callable[[str], object]:
    """What tells whether a name fits a pattern: `**/` any folders, `*` and `?` within a name."""
    steps = _steps(pattern.lower() if any_case else pattern)
    stars = steps.count("*")
    if max(stars, sum(map(steps.count, _REPEATED)) - stars) <= _SIMPLE:
        written = "".join(_WILDCARDS.get(step) or re.escape(step) for step in steps)
        return re.compile(written, re.IGNORECASE if any_case else 0).fullmatch
    return lambda name: _walked(steps, name.lower() if any_case else name)


def _steps(pattern: str) -> list[str]:
    """Wildcards, and the characters between them; a wildcard that is repeated says no more than one."""
    steps: list[str] = []
    for step in _STEP.findall(pattern.removeprefix("./")):
        if step not in _REPEATED or steps[-1:] != [step]:
            steps.append(step)
    return steps


def _walked(steps: Sequence[str], name: str) -> bool:
    """Whether a name fits, by one walk that holds all ends that the steps so far may have: nothing is tried twice."""
    ends = {0}
    for step in steps:
        ends = set(_after(step, name, ends)) if ends else ends
    return len(name) in ends


def _after(step: str, name: str, starts: Collection[int]) -> Iterator[int]:
    """Where a step may end in a name that begins at one of these places."""
    if step == "**":
        yield from range(min(starts), len(name) + 1)
    elif step == "**/":
        first = min((at for at in starts if name[at : at + 1] != "/"), default=len(name))
        yield from starts
        yield from (at + 1 for at in range(first, len(name)) if name[at] == "/")
    elif step == "*":
        runs = False
        for at in range(min(starts), len(name) + 1):
            runs = at in starts or (runs and name[at - 1] != "/")
            if runs:
                yield at
    else:
        fits = re.compile("[^/]" if step == "?" else re.escape(step), re.DOTALL).match
        yield from (at + 1 for at in starts if fits(name, at))
