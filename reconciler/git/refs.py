"""What a repository holds without its remotes: what a REF means, a file at it, the current commit, what is tracked.

A REF means one commit, never another than the one that was meant. A short name means a branch of a remote's first:
whoever may push tags may name one `origin/main`, so a name that could mean two things is refused.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

from reconciler.git.repository import Repository, plain_repository_of, repository_of
from reconciler.git.running import GitError, text

_COMMIT = re.compile(r"[0-9a-fA-F]{40}|[0-9a-fA-F]{64}")
_PART_OF_ONE = re.compile(r"[0-9a-fA-F]{4,63}")
_NAME = re.compile(r"(?!-)(?!.*(\.\.|@\{))[^\x00-\x20\x7f~^:?*\[\\]+")
_EXPRESSION = re.compile(r"[~^]|@\{")
_SPECIAL = ("HEAD", "FETCH_HEAD")


# docs/decisions/111
def full_name(repository: Repository, ref: str) -> str:
    """Return the full name of a ref, or the commit id that it is; raises GitError where it is none or ambiguous."""
    if _COMMIT.fullmatch(ref):
        return ref.lower()
    if not _NAME.fullmatch(ref):
        raise _no_name(ref)
    found = _found(repository, ref)
    if not found and _PART_OF_ONE.fullmatch(ref):
        raise GitError(f"{ref!r} is not a ref, only part of a commit id", hint="write the whole commit id")
    if not found:
        raise _unknown(ref, _fetching(repository, ref))
    if len(found) > 1:
        raise GitError(f"{ref!r} is ambiguous", hint=f"write its full name: {' or '.join(found)}")
    _check_remote(repository, ref, found[0])
    return found[0]


def commit_of(repository: Repository, ref: str) -> tuple[str, str]:
    """Return the full name of a ref and the commit that it has; raises GitError."""
    name = full_name(repository, ref)
    question = ("rev-parse", "--verify", "--quiet", "--end-of-options", f"{name}^{{commit}}")
    return name, repository.asked(*question, otherwise=f"{ref!r} does not exist in git").decode().strip()


def _found(repository: Repository, ref: str) -> list[str]:
    """Every ref that a name may mean, the likeliest first; of a tag also the branches of remotes of the same name."""
    if ref.startswith("refs/"):
        return _existing(repository, [ref])
    special = [ref] if ref in _SPECIAL and (repository.git_folder / ref).is_file() else []
    names = [f"refs/remotes/{ref}", f"refs/remotes/{ref}/HEAD", f"refs/heads/{ref}", f"refs/tags/{ref}", f"refs/{ref}"]
    found = special + _existing(repository, names)
    if found != [f"refs/tags/{ref}"]:
        return found
    return [*_existing(repository, [f"refs/remotes/{remote}/{ref}" for remote in _remotes(repository)]), *found]


def _existing(repository: Repository, names: list[str]) -> list[str]:
    answer = repository.asked("for-each-ref", "--format=%(refname)", *names, otherwise="git could not list refs")
    there = set(text(answer).splitlines())
    return [name for name in names if name in there]


def _check_remote(repository: Repository, ref: str, name: str) -> None:
    """Raise GitError for a name that begins as a remote's branches do, and is none of them."""
    if name == ref or name.startswith("refs/remotes/"):
        return
    for remote in _remotes(repository):
        if ref.startswith(f"{remote}/"):
            raise GitError(f"the remote {remote!r} has no branch {ref!r} here", hint=f"fetch it, or write {name}")


def _remotes(repository: Repository) -> list[str]:
    return text(repository.asked("remote", otherwise="git could not list remotes")).splitlines()


def _no_name(ref: str) -> GitError:
    if _EXPRESSION.search(ref):
        return GitError(f"{ref!r} is an expression, not a ref", hint="write the id of the commit")
    return _unknown(ref)


def _unknown(ref: str, hint: str = "") -> GitError:
    return GitError(f"{ref!r} does not exist in git", hint=hint)


def _fetching(repository: Repository, ref: str) -> str:
    """How to fetch what looks like a branch of a remote; a shallow clone stays one, a whole one stays whole."""
    remote, _, branch = ref.removeprefix("refs/remotes/").partition("/")
    if not branch or remote not in _remotes(repository):
        return ""
    depth = "--depth 1 " if (repository.git_folder / "shallow").exists() else ""
    return f"fetch it first: git fetch {depth}{remote} {branch}:refs/remotes/{remote}/{branch}"


class CommittedFile(NamedTuple):
    """A file of a commit: its content, the full name of the ref, the commit's id, the file's path from the top."""

    content: bytes
    ref: str
    commit: str
    path: str

    def __str__(self) -> str:
        of = "" if self.ref == self.commit else f" of {self.ref}"
        return f"{self.path}{of} at commit {self.commit}"


def file_at(root: Path, ref: str, name: str) -> CommittedFile:
    """Return a file, named relative to the plain folder `root`, as `ref` has it; raises GitError."""
    repository, folder = plain_repository_of(root)
    full, commit = commit_of(repository, ref)
    path = f"{folder}/{name}" if folder else name
    done = repository.git("cat-file", "blob", "--end-of-options", f"{commit}:{path}")
    if done.returncode != 0:
        raise _missing(repository, ref, commit, path)
    return CommittedFile(done.stdout, full, commit, path)


def current_commit(root: Path) -> str | None:
    """Return the commit that is checked out, or None outside a repository."""
    question = ("rev-parse", "--verify", "--quiet", "HEAD^{commit}")
    try:
        return repository_of(root).asked(*question, otherwise="no commit").decode().strip()
    except GitError:
        return None


def tracked_files(repository: Repository, *paths: Path) -> list[str]:
    """Which files at or below some paths, inside of the working copy, are tracked; posix, from its top."""
    names = [str(path.relative_to(repository.top)) for path in paths]
    answer = repository.asked("ls-files", "--cached", "-z", "--", *names, otherwise="git could not list files")
    return [name for name in text(answer).split("\0") if name]


def _missing(repository: Repository, ref: str, commit: str, path: str) -> GitError:
    listed = repository.git("ls-tree", "--full-tree", commit, "--", path)
    if listed.returncode == 0 and listed.stdout:
        return GitError(
            f"{path} of {ref} was never fetched into this partial clone",
            hint=f"fetch it: git show {commit}:{path}",
        )
    return GitError(f"{ref} has no {path}")
