"""What a repository holds without its remotes: a file as a ref has it, the current commit, what is tracked."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from reconciler.git.refs import commit_of
from reconciler.git.repository import Repository, plain_repository_of, repository_of
from reconciler.git.running import GitError


class Taken(NamedTuple):
    """A file of a commit: its content, the full name of the ref, the commit's id, the file's path from the top."""

    content: bytes
    ref: str
    commit: str
    path: str

    def __str__(self) -> str:
        of = "" if self.ref == self.commit else f" of {self.ref}"
        return f"{self.path}{of} at commit {self.commit}"


def file_at(root: Path, ref: str, name: str) -> Taken:
    """Return a file, named relative to the plain folder `root`, as `ref` has it; raises GitError."""
    repository, folder = plain_repository_of(root)
    full, commit = commit_of(repository, ref)
    path = f"{folder}/{name}" if folder else name
    done = repository.git("cat-file", "blob", "--end-of-options", f"{commit}:{path}")
    if done.returncode != 0:
        raise _missing(repository, ref, commit, path)
    return Taken(done.stdout, full, commit, path)


def current_commit(root: Path) -> str | None:
    """Return the commit that is checked out, or None outside a repository."""
    question = ("rev-parse", "--verify", "--quiet", "HEAD^{commit}")
    try:
        return repository_of(root).asked(*question, otherwise="no commit").decode().strip()
    except GitError:
        return None


def tracked(repository: Repository, *paths: Path) -> list[str]:
    """Which files at or below some paths, inside of the working copy, are tracked; posix, from its top."""
    names = [str(path.relative_to(repository.top)) for path in paths]
    answer = repository.asked("ls-files", "--cached", "-z", "--", *names, otherwise="git lists no files")
    return [name for name in answer.decode("utf-8", "replace").split("\0") if name]


def _missing(repository: Repository, ref: str, commit: str, path: str) -> GitError:
    listed = repository.git("ls-tree", "--full-tree", commit, "--", path)
    if listed.returncode == 0 and listed.stdout:
        return GitError(
            f"{path} of {ref} was never fetched into this partial clone",
            hint=f"fetch it: git show {commit}:{path}",
        )
    return GitError(f"{ref} has no {path}")
