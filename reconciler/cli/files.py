"""Files that are written whole or not at all; what is not a file, such as a pipe, is written into and stays what it is.

A link stays a link: what it points to is written. Knows nothing of what is in a file.
"""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

from reconciler import disk
from reconciler.cli.errors import CommandError, command_error
from reconciler.config.include import TRUSTED_FILE, is_visible

_REFUSED = {stat.S_IFDIR: "it is a folder", stat.S_IFSOCK: "it is a socket", stat.S_IFBLK: "it is a disk"}
_STANDARD = (1, 2)


def write_private(path: Path, data: bytes) -> None:
    """Write a file with mode 0600: to a temporary one beside it, synced, then renamed. Raises OSError."""
    check_place(path)
    found = _found(path)
    standard = _standard(found)
    if standard is not None:
        _write_into(os.dup(standard), data)
    elif is_plain(path):
        disk.write_whole(_real(path), data)
    else:
        _write_into(os.open(path, os.O_WRONLY), data)


def write_again(path: Path, data: bytes) -> None:
    """Write a file that is there already in the same way; it keeps its mode and its owner. Raises OSError."""
    real = _real(path)
    disk.write_whole(real, data, like=real.stat())


_MARK = "\ufeff".encode()


def write_texts(root: Path, before: Mapping[str, str], after: Mapping[str, str]) -> None:
    """Put texts in the place of those that were read, and new files where there was none. Raises CommandError.

    None is written where any has been changed meanwhile.
    """
    for write in [_checked(root, name, before.get(name), text) for name, text in after.items()]:
        write()


def _checked(root: Path, name: str, before: str | None, after: str) -> Callable[[], None]:
    """What writes a text, once it is known that nobody has written another meanwhile."""
    path = (root / name).resolve()
    try:
        raw = path.read_bytes() if before is not None or path.exists() else None
        kept = _MARK if raw is not None and raw.startswith(_MARK) else b""
        if (None if raw is None else raw.removeprefix(_MARK)) != (None if before is None else before.encode()):
            raise command_error(
                "command-failed", f"{name} was changed by another program meanwhile", hint="run it again"
            )
        if raw is None:
            check_link(root / name, root)
    except OSError as error:
        raise _unwritable(name, error) from error
    like = root / TRUSTED_FILE if raw is None else path
    return partial(_write_text, name, path, kept + after.encode(), like)


def _write_text(name: str, path: Path, content: bytes, like: Path) -> None:
    """Write a file with the mode of another, which a new one has of reconciler.yaml."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        disk.write_whole(path, content, like=like.stat())
    except OSError as error:
        raise _unwritable(name, error) from error


def _unwritable(name: str, error: OSError) -> CommandError:
    return command_error("command-failed", f"{name} cannot be written: {(error.strerror or 'no reason').lower()}")


def remove(path: Path) -> None:
    """Remove a file, or the one that a link points to; what is not a file is left alone. Raises OSError."""
    found = _found(path)
    if found is not None and stat.S_ISREG(found.st_mode):
        _real(path).unlink(missing_ok=True)


def check_place(path: Path) -> None:
    """Raise OSError where no file can be, as something else is there or no folder to put it in."""
    found = _found(path)
    if found is None:
        _real(path).parent.stat()
    elif (why := _REFUSED.get(stat.S_IFMT(found.st_mode))) is not None:
        raise OSError(errno.EINVAL, why, str(path))


def check_link(path: Path, folder: Path) -> None:
    """Raise OSError where a path in a configuration's folder leads by a link out of it, or to a hidden file.

    A proposal may have put the link there, to what the job must not write.
    """
    inside = os.path.realpath(folder)
    below = path.relative_to(folder) if path.is_relative_to(folder) else path.absolute()
    named, real = os.path.normpath(Path(inside) / below), os.path.realpath(path)
    if real != named and Path(named).is_relative_to(inside) and not is_visible(real, inside):
        raise OSError(errno.EINVAL, "it is a link that leads out of the configuration's folder", str(path))


def is_plain(path: Path) -> bool:
    """Whether a file is there, or nothing yet: no pipe and no device."""
    found = _found(path)
    return found is None or stat.S_ISREG(found.st_mode)


def check_signable(path: Path) -> None:
    """Raise OSError where a signature cannot stand beside what is there: it signs a file."""
    if not is_plain(path):
        raise OSError(errno.EINVAL, "only a regular file can have a signature beside it", str(path))


def _found(path: Path) -> os.stat_result | None:
    """What is at a path, at the end of its links; None where nothing is."""
    try:
        return path.stat()
    except FileNotFoundError:
        return None


def _real(path: Path) -> Path:
    return Path(os.path.realpath(path))


def _standard(found: os.stat_result | None) -> int | None:
    """Standard output or error, where it goes to this very place: a file that is replaced would lose what is told."""
    for descriptor in _STANDARD:
        try:
            if found is not None and os.path.samestat(found, os.fstat(descriptor)):
                return descriptor
        except OSError:
            continue
    return None


def _write_into(descriptor: int, data: bytes) -> None:
    with os.fdopen(descriptor, "wb", buffering=0) as file:
        rest = memoryview(data)
        while rest:
            rest = rest[file.write(rest) :]
