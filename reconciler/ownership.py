"""Whether a file or folder is our own: what others may read is no secret, what others may write is not believed.

Says nothing where the system has no such modes.
"""

from __future__ import annotations

import os
import stat

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
