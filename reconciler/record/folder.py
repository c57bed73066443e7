"""The folder `.reconciler` beside a configuration: private, kept out of git, holding the record's file and its key.

The files in it were made by this program, and no tree brought them along: a proposal may commit any file, and any
link, and one in the place of our own would be believed, or written through. Knows nothing of what the record says.
"""

from __future__ import annotations

import os
import secrets
import stat
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from reconciler import disk, git
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
        create(path, lambda draft: draft.write_text(secrets.token_hex(_KEY_BYTES) + "\n", encoding="utf-8"))
    try:
        text = path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise RecordError(f"key file {path} cannot be read: {_reason(error)}", hint=f"restore {path}") from None
    if len(text.encode()) < _KEY_BYTES:
        raise RecordError(
            f"key file {path} holds {len(text.encode())} bytes, but a key has {_KEY_BYTES} or more",
            hint=f"restore {path} from a backup, or remove it: sensitive values then compare as unknown once",
        )
    return text


def create(path: Path, fill: Callable[[Path], object]) -> None:
    """Make a private file that appears whole or not at all; one that somebody else made meanwhile is left alone.

    `fill` is given an empty private file of another name in the same folder. Raises RecordError.
    """
    with _explained(path):
        _make_folder(path.parent)
        disk.write_whole(path, lambda draft: _fill(draft, fill), replace=False)


def _fill(draft: Path, fill: Callable[[Path], object]) -> None:
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
        ignore.write_text("*\n", encoding="utf-8")


@contextmanager
def _explained(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise RecordError(
            f"{path} cannot be created: {_reason(error)}",
            hint=f"make sure that you can write to {path.parent} and that its disk has space",
        ) from None


def _reason(error: OSError | UnicodeDecodeError) -> str:
    return (error.strerror or str(error)) if isinstance(error, OSError) else "it is not UTF-8 text"


_OF_A_DATABASE = ("", "-wal", "-shm", "-journal")


# docs/decisions/112
def local_place(
    chosen: str | None, root: Path, *, from_tree: bool, tell: Callable[[str], None] = lambda _text: None
) -> Path | None:
    """Return the record's file, named as chosen or by default; its key stands beside it. Raises RecordError.

    With `from_tree` off (--trusted) a file in the tree is refused, and None is returned where there would be one.
    `tell` hears what could not be asked.
    """
    home = root.resolve()
    path = home / (chosen or f"{NAME}/{DATABASE}")
    tree = git.top_folder(home) or home
    named, real = Path(os.path.normpath(path)), Path(os.path.realpath(path))
    if not (named.is_relative_to(tree) or real.is_relative_to(tree)):
        return path
    there = [each for each in _ours(named) if os.path.lexists(each)]
    _check_links(named.parent, tree, there)
    if not from_tree and there:
        raise RecordError(
            f"the record {there[0]} is beside the files, and --trusted reads none from the tree",
            hint="keep it in a shared backend, or outside: `record: {file: {path: /…}}`; "
            "where you trust the whole tree, leave --trusted out",
        )
    if there:
        _check_untracked([named.parent] if named.parent.name == NAME else there, tell)
    return path if from_tree else None


def _ours(path: Path) -> Iterable[Path]:
    """Every file that is read or made for a record."""
    yield from (path.with_name(path.name + ending) for ending in _OF_A_DATABASE)
    yield from (path.with_name(name) for name in (KEY, IGNORE))


def _check_links(folder: Path, tree: Path, files: Iterable[Path]) -> None:
    """Raise RecordError for a link, or a file that is none, from the top of the tree down to the record's files."""
    inside = [each for each in (*reversed(folder.parents), folder) if each != tree and each.is_relative_to(tree)]
    for each in (*inside, *files):
        if each.is_symlink():
            raise RecordError(f"{each} is a link, and no part of a record may be one", hint="remove it")
    for each in files:
        if not stat.S_ISREG(each.stat().st_mode):
            raise RecordError(f"{each} is not a regular file", hint="remove it")


def _check_untracked(paths: list[Path], tell: Callable[[str], None]) -> None:
    try:
        repository = git.repository_of(paths[0].parent)
        found = git.tracked_files(repository, *paths)
    except git.GitError as error:
        if git.top_folder(paths[0].parent) is not None:
            tell(f"it could not be checked whether {paths[0]} is tracked by git: {error}")
        return
    if found:
        raise RecordError(
            f"{repository.top / found[0]} is tracked by git: a record and its key must not be committed",
            hint=f"git rm -r --cached {found[0]}, then remove it: whoever committed it knows the key",
        )
