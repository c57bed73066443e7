"""The folder `.reconciler` beside a configuration: private, kept out of git, holding the record's file and its key.

Knows nothing of what the record says. A file appears in it whole or not at all.
"""

from __future__ import annotations

import os
import secrets
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from reconciler import atomic
from reconciler.record.base import RecordError

NAME = ".reconciler"
DATABASE = "record.db"
KEY = "record.key"
IGNORE = ".gitignore"
_KEY_BYTES = 32
_ROOM_BYTES = 64 * 1024


def local_key(folder: Path) -> str:
    """Return the key for digests that this folder keeps, made at first use; raises RecordError."""
    path = folder / KEY
    if not path.exists():
        create(path, lambda draft: _write(draft, secrets.token_hex(_KEY_BYTES) + "\n"))
    try:
        text = path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise RecordError(f"key file {path} cannot be read: {_reason(error)}", hint=f"restore {path}") from None
    if len(text.encode()) < _KEY_BYTES:
        raise RecordError(
            f"key file {path} holds {len(text.encode())} bytes, a key has {_KEY_BYTES} or more",
            hint=f"restore {path} from a backup, or remove it: sensitive values then compare as unknown once",
        )
    return text


def create(path: Path, fill: Callable[[Path], None]) -> None:
    """Make a private file that appears whole or not at all; one that somebody else made meanwhile is left alone.

    `fill` is given an empty private file of another name in the same folder. Raises RecordError.
    """
    with _explained(path):
        _make_folder(path.parent)
        atomic.write(path, lambda draft: _fill(draft, fill), replace=False)


def _fill(draft: Path, fill: Callable[[Path], None]) -> None:
    """Fill a draft; what a database keeps beside its file goes."""
    try:
        fill(draft)
    finally:
        for left in draft.parent.glob(f"{draft.name}?*"):
            left.unlink(missing_ok=True)


def prove_writable(path: Path) -> None:
    """Make sure that a file can be made or grow here: a draft of it is made durable and removed. Raises RecordError."""
    there = next((each for each in path.absolute().parents if each.exists()), path.parent)
    with _explained(path), tempfile.NamedTemporaryFile(prefix=f".{path.name}.", dir=there) as draft:
        draft.write(bytes(_ROOM_BYTES))
        draft.flush()
        os.fsync(draft.fileno())


def _make_folder(folder: Path) -> None:
    """Make the folder for its owner alone; one that is there keeps its mode."""
    if not folder.exists():
        folder.parent.mkdir(parents=True, exist_ok=True)
        folder.mkdir(mode=0o700, exist_ok=True)
    ignore = folder / IGNORE
    if folder.name == NAME and not ignore.exists():
        _write(ignore, "*\n")


def _write(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8")


@contextmanager
def _explained(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise RecordError(
            f"{path} cannot be made: {_reason(error)}",
            hint=f"make {path.parent} a folder that you may write to, with room on its disk",
        ) from None


def _reason(error: OSError | UnicodeDecodeError) -> str:
    return (error.strerror or str(error)) if isinstance(error, OSError) else "it is not UTF-8 text"
