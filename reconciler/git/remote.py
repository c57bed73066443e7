"""One file at the tip of a ref in a remote, changed by compare-and-swap.

Talks to the remotes of the user's own configuration, with their credentials. Knows nothing of what the file means.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler.git.repository import Repository
from reconciler.git.running import GitError, refused_owner, text

if TYPE_CHECKING:
    from reconciler.git.running import Done

_WRITER = ("-c", "user.name=reconciler", "-c", "user.email=reconciler@localhost")
_MOST_WORDS = 3  # lines of a server's that are told


def remote_addresses(repository: Repository, remote: str) -> tuple[str, list[str]]:
    """Return where a remote of this name is fetched from and pushed to; its own text where none has the name."""
    pushed = repository.git("remote", "get-url", "--push", "--all", "--", remote)
    if pushed.returncode != 0:
        return remote, [remote]
    fetched = repository.asked("remote", "get-url", "--", remote, otherwise=f"git knows no remote {remote!r}")
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
