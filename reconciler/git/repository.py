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


_WRITER = ("-c", "user.name=reconciler", "-c", "user.email=reconciler@localhost")
_MOST_WORDS = 3  # lines of a server's that are told


def remote_addresses(repository: Repository, remote: str) -> tuple[str, list[str]]:
    """Return where a remote of this name is fetched from and pushed to; its own text where none has the name."""
    pushed = repository.git("remote", "get-url", "--push", "--all", "--", remote)
    if pushed.returncode != 0:
        return remote, [remote]
    fetched = repository.asked("remote", "get-url", "--", remote, otherwise=f"git has no remote {remote!r}")
    return text(fetched).strip(), text(pushed.stdout).split("\n")[:-1]


def remote_commit(repository: Repository, remote: str, ref: str) -> str | None:
    """Return the commit that a ref has in a remote, None where the remote shows none; raises GitError."""
    return _shown(repository, remote, "HEAD", ref).get(ref)


def shows_anything(repository: Repository, remote: str) -> bool:
    """Whether a remote shows any ref at all, which only a repository does; raises GitError."""
    return bool(_shown(repository, remote))


def _shown(repository: Repository, remote: str, *refs: str) -> dict[str, str]:
    done = repository.git("ls-remote", "--quiet", "--", remote, *refs, to_remote=True)
    if done.returncode != 0:
        raise _failed(done)
    rows = (line.split("\t") for line in text(done.stdout).splitlines())
    return {row[1]: row[0] for row in rows if len(row) == 2}


def remote_file(repository: Repository, remote: str, ref: str, *, commit: str, name: str) -> bytes:
    """Return the content of a file as a commit of a ref in a remote has it, fetched where it is not here yet.

    A partial clone's fetch may leave the content out, which git fetches then as it is read.
    """
    if repository.git("cat-file", "-e", f"{commit}:{name}").returncode != 0:
        options = ("--quiet", "--no-tags", "--no-write-fetch-head", "--no-recurse-submodules", "--no-auto-maintenance")
        done = repository.git("fetch", *options, "--", remote, ref, to_remote=True)
        if done.returncode != 0:
            raise _failed(done)
    done = repository.git("cat-file", "blob", f"{commit}:{name}", to_remote=True)
    if done.returncode != 0:
        raise GitError(f"{ref} has no {name}")
    return done.stdout


def commit_of_file(repository: Repository, content: bytes, *, name: str, parent: str | None, message: str) -> str:
    """Make a commit that holds one file, on no branch, and return its id; raises GitError."""
    blob = _made(repository, "hash-object", "-w", "--stdin", stdin=content)
    tree = _made(repository, "mktree", stdin=f"100644 blob {blob}\t{name}\n".encode())
    parents = ("-p", parent) if parent else ()
    return _made(repository, *_WRITER, "commit-tree", *parents, "-F", "-", tree, stdin=message.encode())


def push_commit(repository: Repository, remote: str, ref: str, *, commit: str, expected: str | None) -> None:
    """Put a ref of a remote on a commit if it is on `expected` (None: is not there).

    Raises GitError with the remote's words; whether the ref has moved is not told by these: look.
    """
    _push(repository, remote, f"{commit}:{ref}", f"--force-with-lease={ref}:{expected or ''}")


def delete_ref(repository: Repository, remote: str, ref: str, *, expected: str) -> None:
    """Take a ref of a remote away if it is on `expected`; raises GitError."""
    _push(repository, remote, f":{ref}", f"--force-with-lease={ref}:{expected}")


def would_take(repository: Repository, remote: str, ref: str) -> None:
    """Ask the side of a remote that takes pushes whether a ref could be made, sending nothing; raises GitError."""
    empty = _made(repository, "hash-object", "-t", "tree", "--stdin")
    _push(repository, remote, f"{empty}:{ref}", f"--force-with-lease={ref}:", "--dry-run")


def _push(repository: Repository, remote: str, refspec: str, *options: str) -> None:
    one_ref = () if "=" in remote else ("-c", f"remote.{remote}.mirror=false")  # a mirror takes no refspec
    quietly = ("--porcelain", "--no-verify", "--no-signed", "--no-recurse-submodules")
    done = repository.git(*one_ref, "push", *quietly, *options, "--", remote, refspec, to_remote=True)
    if done.returncode != 0:
        raise _failed(done)


def _made(repository: Repository, *arguments: str, stdin: bytes = b"") -> str:
    done = repository.git(*arguments, stdin=stdin)
    if done.returncode != 0:
        raise _failed(done)
    return text(done.stdout).strip()


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
