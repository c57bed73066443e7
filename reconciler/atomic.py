"""Files that appear whole or not at all, private to their owner unless they are like another, and outlast a power cut.

Knows nothing of what is in a file. Raises OSError.
"""

from __future__ import annotations

import os
import stat
import tempfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path


def write(
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
