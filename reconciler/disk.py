"""Files that appear whole or not at all, and outlast a power cut; and whether a file or folder is our own.

What others may read is not a secret, what others may write is not believed; systems without such modes tell
nothing. Knows nothing of what is in a file.
"""

from __future__ import annotations

import os
import stat
import tempfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

_HAS_MODES = os.name == "posix"


def readable_by_others(found: os.stat_result) -> bool:
    """Whether anybody but the owner may read or write it."""
    return _HAS_MODES and bool(found.st_mode & (stat.S_IRWXG | stat.S_IRWXO))


def foreign(found: os.stat_result) -> str:
    """How somebody else has a hand in it, as the end of a sentence; "" where nobody has."""
    if not _HAS_MODES:
        return ""
    if found.st_uid != os.geteuid():
        return f"belongs to another user ({found.st_uid})"
    return "can be changed by others" if found.st_mode & (stat.S_IWGRP | stat.S_IWOTH) else ""


def write_whole(
    path: Path,
    content: bytes | Callable[[Path], object],
    *,
    like: os.stat_result | None = None,
    replace: bool = True,
) -> None:
    """Write a draft beside a path, sync it, then give it that name: `content`, or what that makes of an empty file.

    `like`: it takes the mode of that, and the owner where we may. Without `replace` a file that somebody else made
    meanwhile is left alone.
    """
    descriptor, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    draft = Path(name)
    try:
        with os.fdopen(descriptor, "wb") as file:
            if like is not None:
                _liken(descriptor, like)
            if isinstance(content, bytes):
                file.write(content)
                file.flush()
            else:
                content(draft)
            os.fsync(descriptor)
        if replace:
            draft.replace(path)
        else:
            with suppress(FileExistsError):
                path.hardlink_to(draft)
    finally:
        draft.unlink(missing_ok=True)
    _sync_folder(path.parent)


def _liken(descriptor: int, other: os.stat_result) -> None:
    """Give a file the owner of another, where we may; who may not is its owner from now on."""
    made = os.fstat(descriptor)
    if (other.st_uid, other.st_gid) != (made.st_uid, made.st_gid):
        with suppress(PermissionError):
            os.fchown(descriptor, other.st_uid, other.st_gid)
    os.fchmod(descriptor, stat.S_IMODE(other.st_mode))


def _sync_folder(folder: Path) -> None:
    """Make a new name last through a power cut; systems that cannot open a folder do it themselves."""
    if os.name != "posix":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
