"""The repository that a folder lies in, found by its `.git` and not by git's own search.

That search takes a folder with `HEAD`, `objects` and `refs` for a repository, and any tree may hold these.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from reconciler.git.running import GitError, refused_owner, start, text
from reconciler.secrets import environment

if TYPE_CHECKING:
    from reconciler.git.running import Done

_LONGEST_POINTER = 16 * 1024


@dataclass(frozen=True, slots=True)
class Repository:
    """A working copy: its top folder, its git folder, and the one that it shares with its other working copies."""

    top: Path
    git_folder: Path
    common_folder: Path

    def git(self, *arguments: str, stdin: bytes = b"", to_remote: bool = False) -> Done:
        """Run git on this repository and no other; raises GitError where it cannot be run."""
        where = (f"--git-dir={self.git_folder}", f"--work-tree={self.top}")
        return start(self.top, *where, *arguments, stdin=stdin, to_remote=to_remote)

    def asked(self, *arguments: str, otherwise: str) -> bytes:
        """What git answers; raises GitError with the words `otherwise`."""
        done = self.git(*arguments)
        if done.returncode != 0:
            raise GitError(otherwise)
        return done.stdout


def top_folder(folder: Path) -> Path | None:
    """Return the top of the working copy that a folder lies in, None outside of one; git itself is not asked.

    Where it refuses to work (a checkout of another user's, as in many containers), the places of findings still hold.
    """
    return _with_git(folder.resolve())


def repository_of(folder: Path) -> Repository:
    """Return the repository that a folder lies in; raises GitError."""
    top = top_folder(folder)
    if top is None:
        raise _no_repository()
    git_folder = _pointed_to(top)
    # git's own search judges the owner, as with --git-dir it would not; it must find what we have found.
    done = start(top, "rev-parse", "--git-dir", "--git-common-dir")
    found = [Path(os.path.realpath(top / os.fsdecode(line))) for line in done.stdout.splitlines()]
    if done.returncode != 0 or len(found) != 2 or found[0] != git_folder:
        raise refused_owner(text(done.stderr)) or _no_repository()
    return Repository(top, git_folder, found[1])


def plain_repository_of(folder: Path) -> tuple[Repository, str]:
    """Return the repository of a folder, and the folder's path in it, posix, "" for the top; raises GitError.

    A folder that is a link, or a repository of its own below another, stands for what the tree's author chose.
    """
    named = _as_named(folder)
    top = _with_git(named)
    if top is None:
        raise _no_repository()
    path = named.relative_to(top)
    for each in (*reversed(path.parents), path):
        if (top / each).is_symlink() and each != Path():
            raise GitError(f"{each.as_posix()} is a link", hint="name the folder that it points to with -C")
    repository = repository_of(named)
    for outer in {top_folder(top.parent), top_folder(repository.top.parent)} - {None}:
        if outer is not None and not _shares(repository, outer):
            raise GitError(
                f"{top} is a repository of its own inside of another, {outer}",
                hint="make it a plain folder of that one, or check it out beside it",
            )
    return repository, "" if path == Path() else path.as_posix()


def _shares(repository: Repository, outer: Path) -> bool:
    """Whether another working copy is one of the same repository, as `git worktree` makes them."""
    try:
        return repository_of(outer).common_folder == repository.common_folder
    except GitError:
        return False


def _as_named(folder: Path) -> Path:
    """A folder as an absolute path in which no link is followed, as far as the shell that we run in tells."""
    here = environment().get("PWD", "")
    start_folder = here if here and os.path.realpath(here) == str(Path.cwd()) else str(Path.cwd())
    named = os.path.normpath(Path(start_folder) / folder)
    if os.path.realpath(named) != os.path.realpath(folder):
        raise GitError(f"{folder} leads through a link and back", hint="name the folder itself with -C")
    return Path(named)


def _with_git(folder: Path) -> Path | None:
    return next((each for each in (folder, *folder.parents) if (each / ".git").exists()), None)


def _pointed_to(top: Path) -> Path:
    """The git folder of a working copy: `.git`, or where that file points to, as in submodules and worktrees."""
    place = top / ".git"
    if place.is_file():
        with place.open("rb") as file:
            pointer = os.fsdecode(file.read(_LONGEST_POINTER)).removeprefix("gitdir:").strip()
        place = top / pointer
    return Path(os.path.realpath(place))


def _no_repository() -> GitError:
    return GitError("the folder belongs to no git repository")
