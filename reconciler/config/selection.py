"""Paths from a command line to files of the configuration.

Knows no numbers.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from reconciler.config.files import Files
from reconciler.rules import RULES


def selected_files(root: Path, files: Files, paths: Sequence[Path]) -> frozenset[str]:
    """The names of the files that paths mean, folders with all below them; one that means none is reported.

    A path is looked for from the current folder, then from the configuration's.
    """
    chosen: set[str] = set()
    for path in paths:
        hits = _below(root, path, files.names)
        if not hits:
            message = f"{path} is no file of this configuration"
            hint = "name a file or folder that `include` covers"
            files.found.append(RULES["path-not-included"].at(None, message, hint))
        chosen |= hits
    return frozenset(chosen)


def _below(root: Path, path: Path, names: Sequence[str]) -> set[str]:
    for candidate in (path, root / path):
        target = candidate.resolve()
        hits = {name for name in names if (root / _plain(name)).resolve().is_relative_to(target)}
        if candidate.exists() and hits:
            return hits
    return set()


def _plain(name: str) -> str:
    """A trusted file's name without its ref."""
    return name.rpartition(":")[2]
