"""Which folder holds the configuration: this one, or the nearest above in the same repository; and where else one is.

Must not read a file.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from reconciler.config.include import TRUSTED_FILE
from reconciler.diagnostics import Diagnostic, Location
from reconciler.git import top_folder
from reconciler.rules import RULES


# docs/decisions/140
def nearest_folder(start: Path) -> Path:
    """The folder of the configuration for whoever works in `start`: itself, or the nearest above in its repository."""
    if _has_one(start) or (top := top_folder(start)) is None:
        return start
    return next((above for above in _above(start, top) if _has_one(above)), start)


def _above(start: Path, top: Path) -> Iterator[Path]:
    """The folders above one up to the top, as seen from there."""
    here = start.resolve()
    for parent in here.parents:
        if parent.is_relative_to(top):
            yield start / os.path.relpath(parent, here)


def _has_one(folder: Path) -> bool:
    return os.path.lexists(folder / TRUSTED_FILE)


def no_configuration(root: Path) -> Diagnostic:
    """Say that a folder holds no configuration, and where one is that may be meant."""
    message, hint = _why_not(root)
    return RULES["config-missing"].at(Location(TRUSTED_FILE, 1, 1, 1, 2), message, hint)


def _why_not(root: Path) -> tuple[str, str]:
    name = "name the configuration's folder with -C"
    if not root.is_dir():
        return (f"there is no folder '{root}'" if not root.exists() else f"'{root}' is a file, not a folder"), name
    message = f"this folder has no {TRUSTED_FILE}"
    names, folders = _inside(root)
    nearly = next((each for each in names if Path(each.lower()).with_suffix(".yaml").name == TRUSTED_FILE), None)
    if nearly is not None:
        return f"{message}, but {nearly}", f"rename it: mv {nearly} {TRUSTED_FILE}"
    near = [folder for folder in folders if _has_one(root / folder)]
    there = root / near[0] if near else next(filter(_has_one, root.resolve().parents), None)
    if there is not None:
        return message, f"there is one in {there}: reconciler -C {there} COMMAND"
    return message, f"{name}, or create a {TRUSTED_FILE} here"


def _inside(root: Path) -> tuple[list[str], list[str]]:
    """The names of files and of folders in a folder; none where it cannot be looked into."""
    try:
        with os.scandir(root) as entries:
            found = sorted((entry.name, entry.is_dir()) for entry in entries)
    except OSError:
        return [], []
    return [name for name, is_dir in found if not is_dir], [name for name, is_dir in found if is_dir]
