"""Files that are written whole or not at all.

Knows nothing of what is in them.
"""

from __future__ import annotations

import os
import stat
import tempfile
from pathlib import Path


def write_private(path: Path, data: bytes) -> None:
    """Write a file with mode 0600: to a temporary one beside it, synced, then renamed. Raises OSError."""
    _replace(path, data, 0o600)


def write_again(path: Path, data: bytes) -> None:
    """Write a file that is there already in the same way; it keeps its mode. Raises OSError."""
    _replace(path, data, stat.S_IMODE(path.stat().st_mode))


def _replace(path: Path, data: bytes, mode: int) -> None:
    folder = path.parent
    descriptor, temporary = tempfile.mkstemp(prefix=f".{path.name}.", dir=folder)
    try:
        with os.fdopen(descriptor, "wb") as file:
            os.fchmod(file.fileno(), mode)
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
    _sync_folder(folder)


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
