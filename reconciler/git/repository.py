"""The repository that a folder lies in, and one file at the tip of a ref in a remote, changed by compare-and-swap.

Found by its `.git` and not by git's own search, which takes a folder with `HEAD`, `objects` and `refs` for a
repository, and any tree may hold these. Remotes are those of the user's own configuration, with their credentials.
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
_WRITER = ("-c", "user.name=reconciler", "-c", "user.email=reconciler@localhost")
_FETCH = ("--quiet", "--no-tags", "--no-write-fetch-head", "--no-recurse-submodules", "--no-auto-maintenance")
_PUSH = ("--porcelain", "--no-verify", "--no-signed", "--no-recurse-submodules")


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

    def asked(
        self, *arguments: str, otherwise: str | None = None, stdin: bytes = b"", to_remote: bool = False
    ) -> bytes:
        """What git answers; raises GitError with the words `otherwise`, or its own."""
        done = self.git(*arguments, stdin=stdin, to_remote=to_remote)
        if done.returncode != 0:
            raise _failed(done) if otherwise is None else GitError(otherwise)
        return done.stdout

    def addresses_of(self, remote: str) -> tuple[str, list[str]]:
        """Return where a remote of this name is fetched from and pushed to; its own text where none has the name."""
        pushed = self.git("remote", "get-url", "--push", "--all", "--", remote)
        if pushed.returncode != 0:
            return remote, [remote]
        fetched = self.asked("remote", "get-url", "--", remote, otherwise=f"git has no remote {remote!r}")
        return text(fetched).strip(), text(pushed.stdout).split("\n")[:-1]

    def commit_file(self, content: bytes, *, name: str, parent: str | None, message: str) -> str:
        """Make a commit that holds one file, on no branch, and return its id; raises GitError."""
        blob = self._made("hash-object", "-w", "--stdin", stdin=content)
        tree = self._made("mktree", stdin=f"100644 blob {blob}\t{name}\n".encode())
        parents = ("-p", parent) if parent else ()
        return self._made(*_WRITER, "commit-tree", *parents, "-F", "-", tree, stdin=message.encode())

    def empty_tree(self) -> str:
        """Return the id of a tree without files, which is not stored."""
        return self._made("hash-object", "-t", "tree", "--stdin")

    def _made(self, *arguments: str, stdin: bytes = b"") -> str:
        return text(self.asked(*arguments, stdin=stdin)).strip()


@dataclass(frozen=True, slots=True)
class RemoteRef:
    """A ref of a remote, seen from a repository. All methods raise GitError with the words of git and the remote."""

    repository: Repository
    remote: str
    name: str

    def commit(self) -> str | None:
        """Return the commit that the ref has, None where the remote shows none."""
        return self._shown("HEAD", self.name).get(self.name)

    def shows_anything(self) -> bool:
        """Whether the remote shows any ref at all, which only a repository does."""
        return bool(self._shown())

    def file(self, name: str, *, commit: str) -> bytes:
        """Return the content of a file as a commit of the ref has it, fetched where it is not here yet.

        A partial clone's fetch may leave the content out, which git fetches then as it is read.
        """
        blob = f"{commit}:{name}"
        if self.repository.git("cat-file", "-e", blob).returncode != 0:
            self.repository.asked("fetch", *_FETCH, "--", self.remote, self.name, to_remote=True)
        return self.repository.asked("cat-file", "blob", blob, otherwise=f"{self.name} has no {name}", to_remote=True)

    def push(self, commit: str, *, expected: str | None) -> None:
        """Put the ref on a commit if it is on `expected` (None: is not there).

        Whether the ref has moved is not told by the words of an error: look.
        """
        self._push(commit, expected or "")

    def delete(self, *, expected: str) -> None:
        """Take the ref away if it is on `expected`."""
        self._push("", expected)

    def would_take(self) -> None:
        """Ask the side of the remote that takes pushes whether the ref could be made, sending nothing."""
        self._push(self.repository.empty_tree(), "", "--dry-run")

    def _shown(self, *refs: str) -> dict[str, str]:
        told = self.repository.asked("ls-remote", "--quiet", "--", self.remote, *refs, to_remote=True)
        rows = (line.split("\t") for line in text(told).splitlines())
        return {row[1]: row[0] for row in rows if len(row) == 2}

    def _push(self, source: str, expected: str, *options: str) -> None:
        one_ref = (
            () if "=" in self.remote else ("-c", f"remote.{self.remote}.mirror=false")
        )  # a mirror takes no refspec
        lease = f"--force-with-lease={self.name}:{expected}"
        what = ("--", self.remote, f"{source}:{self.name}")
        self.repository.asked(*one_ref, "push", *_PUSH, lease, *options, *what, to_remote=True)


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
                f"{top} is a repository inside another, {outer}",
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
    return GitError("the folder is not in a git repository")


_MOST_WORDS = 3  # lines of a server's that are told


def _failed(done: Done) -> GitError:
    """What went wrong in the words of git and of the remote, without the prefixes of lines."""
    said = text(done.stderr)
    rejected = (line.rpartition("] (")[2].rstrip(")") for line in text(done.stdout).splitlines() if line[:2] == "!\t")
    words = list(dict.fromkeys((*_words(said), *rejected))) or said.splitlines()[:1]
    return refused_owner(said) or GitError("; ".join(words) or f"git ended with exit code {done.returncode}")


def _words(said: str) -> list[str]:
    """The lines that tell: those of the remote, else the first that git marks as an error."""
    lines = [line.strip() for line in said.splitlines()]
    theirs = [line.removeprefix("remote:").strip().removeprefix("error: ") for line in lines if line[:7] == "remote:"]
    ours = [line.partition(": ")[2] for line in lines if line.startswith(("fatal:", "error:"))]
    telling = [line for line in ours if not line.startswith("failed to push some refs")]
    return [line for line in theirs if line][:_MOST_WORDS] or telling[:1]
