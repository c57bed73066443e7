"""Where the backend `file` keeps its record and its key: files that this program made, and that no tree brought along.

A proposal may commit any file, and any link: one in the place of our own would be believed, or written through.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterable
from pathlib import Path

from reconciler import git
from reconciler.record.base import RecordError
from reconciler.record.folder import DATABASE, IGNORE, KEY, NAME

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
            f"the record {there[0]} stands beside the files, and --trusted takes none from the tree",
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
            raise RecordError(f"{each} is a link, which no part of a record may be", hint="remove it")
    for each in files:
        if not stat.S_ISREG(each.stat().st_mode):
            raise RecordError(f"{each} is no ordinary file", hint="remove it")


def _check_untracked(paths: list[Path], tell: Callable[[str], None]) -> None:
    try:
        repository = git.repository_of(paths[0].parent)
        found = git.tracked(repository, *paths)
    except git.GitError as error:
        if git.top_folder(paths[0].parent) is not None:
            tell(f"whether {paths[0]} is tracked by git cannot be asked: {error}")
        return
    if found:
        raise RecordError(
            f"{repository.top / found[0]} is tracked by git: a record and its key are made here, and never committed",
            hint=f"git rm -r --cached {found[0]}, then remove it: whoever committed it knows the key",
        )
