"""The git binary: a file as a ref has it, and the current commit.

Knows nothing of what the files mean.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from reconciler.secrets import environment

if TYPE_CHECKING:
    import subprocess

TIMEOUT_SECONDS = 30.0

# Its words are read below, so they must not be translated; and nobody is there to answer a question.
_PLAIN_ANSWERS = {"LC_ALL": "C", "GIT_TERMINAL_PROMPT": "0"}

# Set while a hook runs: they point to the repository of that hook, which need not be that of the configuration.
_OF_A_HOOK = frozenset(
    (
        *("GIT_DIR", "GIT_WORK_TREE", "GIT_COMMON_DIR", "GIT_INDEX_FILE", "GIT_PREFIX", "GIT_NAMESPACE"),
        *("GIT_OBJECT_DIRECTORY", "GIT_ALTERNATE_OBJECT_DIRECTORIES", "GIT_QUARANTINE_PATH"),
        *("GIT_IMPLICIT_WORK_TREE", "GIT_GRAFT_FILE", "GIT_SHALLOW_FILE", "GIT_REPLACE_REF_BASE"),
    )
)


class GitError(Exception):
    """git could not do it; the text is one clean sentence."""


def file_at(root: Path, ref: str, name: str) -> bytes:
    """Return the content of a file, named relative to `root`, as `ref` has it; raises GitError."""
    if (looked := _git(root, "rev-parse", "--git-dir")).returncode != 0:
        if b"dubious ownership" in looked.stderr:
            raise GitError("git refuses the folder, as its owner is somebody else (see git's safe.directory)")
        raise GitError("the folder belongs to no git repository")
    commit = _run(
        root,
        "rev-parse",
        "--verify",
        "--quiet",
        "--end-of-options",
        f"{ref}^{{commit}}",
        otherwise=f"git knows no {ref!r}",
    )
    return _run(
        root,
        "cat-file",
        "blob",
        "--end-of-options",
        f"{commit.decode().strip()}:./{name}",
        otherwise=f"{ref} has no {name}",
    )


def top_folder(folder: Path) -> Path | None:
    """Return the top of the working copy that a folder lies in, None outside of one; git itself is not asked.

    Where it refuses to work (a checkout of another user's, as in many containers), the places of findings still hold.
    """
    start = folder.resolve()
    return next((each for each in (start, *start.parents) if (each / ".git").exists()), None)


def current_commit(root: Path) -> str | None:
    """Return the commit that is checked out, or None outside a repository."""
    try:
        return _run(root, "rev-parse", "--verify", "--quiet", "HEAD^{commit}", otherwise="no commit").decode().strip()
    except GitError:
        return None


def _run(root: Path, *arguments: str, otherwise: str) -> bytes:
    done = _git(root, *arguments)
    if done.returncode != 0:
        raise GitError(otherwise)
    return done.stdout


def _git(
    root: Path, *arguments: str, stdin: bytes = b"", seconds: float = TIMEOUT_SECONDS
) -> subprocess.CompletedProcess[bytes]:
    import subprocess

    try:
        return subprocess.run(  # noqa: S603 - no shell; what users give stands after --end-of-options or --
            ["git", "-C", str(root), *arguments],  # noqa: S607 - git is found as the user's shell finds it
            capture_output=True,
            timeout=seconds,
            check=False,
            input=stdin,
            env=_environment(),
        )
    except subprocess.TimeoutExpired:
        raise GitError(f"git took longer than {seconds:.0f} s") from None
    except OSError as error:
        raise GitError(f"git cannot be run: {(error.strerror or 'unknown error').lower()}") from None


def _environment() -> dict[str, str]:
    kept = {name: value for name, value in environment().items() if name not in _OF_A_HOOK}
    return {**kept, **_PLAIN_ANSWERS}


# -- one file at the tip of a ref in a remote, changed by compare-and-swap ---------------------------------------------

REMOTE_SECONDS = 120.0

# Nothing of the user's repository may run while we talk to a remote, and no transport but these may be used.
_CAREFUL = (
    *("-c", "core.hooksPath=/dev/null"),
    *("-c", "protocol.allow=never"),
    *("-c", "protocol.https.allow=always"),
    *("-c", "protocol.ssh.allow=always"),
    *("-c", "protocol.file.allow=always"),
)
_WRITER = ("-c", "user.name=reconciler", "-c", "user.email=reconciler@localhost")
_MOVED = ("stale info", "cannot lock ref", "failed to update ref", "incorrect old value", "already exists")


def remote_url(root: Path, remote: str) -> str:
    """Return the address that a configured remote is pushed to, or `remote` itself where none has this name."""
    done = _git(root, "remote", "get-url", "--push", "--", remote)
    return done.stdout.decode("utf-8", "replace").strip() if done.returncode == 0 else remote


def remote_commit(root: Path, remote: str, ref: str) -> str | None:
    """Return the commit that a ref has in a remote, None where there is no such ref; raises GitError."""
    done = _git(root, *_CAREFUL, "ls-remote", "--quiet", "--", remote, ref, seconds=REMOTE_SECONDS)
    if done.returncode != 0:
        raise GitError(_last_words(done))
    found = (line.split("\t") for line in done.stdout.decode("utf-8", "replace").splitlines())
    return next((commit for commit, name in found if name == ref), None)


def remote_file(root: Path, remote: str, ref: str, *, commit: str, name: str) -> bytes:
    """Return the content of a file as a commit of a ref in a remote has it, fetched where it is not here yet."""
    if _git(root, "cat-file", "-e", f"{commit}:{name}").returncode != 0:
        options = ("--quiet", "--no-tags", "--no-write-fetch-head", "--no-recurse-submodules", "--no-auto-maintenance")
        done = _git(root, *_CAREFUL, "fetch", *options, "--", remote, ref, seconds=REMOTE_SECONDS)
        if done.returncode != 0:
            raise GitError(_last_words(done))
    return _run(root, "cat-file", "blob", f"{commit}:{name}", otherwise=f"{ref} has no {name}")


def commit_of_file(root: Path, content: bytes, *, name: str, parent: str | None, message: str) -> str:
    """Make a commit that holds one file, on no branch, and return its id; raises GitError."""
    blob = _made(root, "hash-object", "-w", "--stdin", stdin=content)
    tree = _made(root, "mktree", stdin=f"100644 blob {blob}\t{name}\n".encode())
    parents = ("-p", parent) if parent else ()
    return _made(root, *_WRITER, "commit-tree", *parents, "-F", "-", tree, stdin=message.encode())


def push_commit(root: Path, remote: str, ref: str, *, commit: str, expected: str | None) -> bool:
    """Put a ref of a remote on a commit if it is on `expected` (None: is not there); False where it has moved."""
    lease = f"--force-with-lease={ref}:{expected or ''}"
    arguments = ("push", "--porcelain", "--no-verify", "--no-signed", lease, "--", remote, f"{commit}:{ref}")
    done = _git(root, *_CAREFUL, *arguments, seconds=REMOTE_SECONDS)
    if done.returncode == 0:
        return True
    said = (done.stdout + done.stderr).decode("utf-8", "replace")
    if any(reason in said for reason in _MOVED):
        return False
    raise GitError(_last_words(done))


def _made(root: Path, *arguments: str, stdin: bytes) -> str:
    done = _git(root, *arguments, stdin=stdin)
    if done.returncode != 0:
        raise GitError(_last_words(done))
    return done.stdout.decode().strip()


def _last_words(done: subprocess.CompletedProcess[bytes]) -> str:
    """The line in which git says what went wrong, without its own prefix."""
    lines = [line.strip() for line in done.stderr.decode("utf-8", "replace").splitlines() if line.strip()]
    telling = [line for line in lines if line.startswith(("fatal:", "error:", "remote:", "!"))] or lines
    return telling[0].partition(": ")[2] or telling[0] if telling else f"git ended with exit code {done.returncode}"
