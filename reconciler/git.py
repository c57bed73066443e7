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
    common_folder(root)
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


def common_folder(root: Path) -> Path:
    """Return where the repository that a folder lies in keeps what its working copies share; raises GitError."""
    done = _git(root, "rev-parse", "--git-common-dir")
    if done.returncode == 0:
        return root / done.stdout.decode("utf-8", "surrogateescape").rstrip("\n")
    raise _refused_owner(_text(done.stderr)) or GitError("the folder belongs to no git repository")


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


def _refused_owner(said: str) -> GitError | None:
    """The error for a repository that git does not touch because of its owner, with the command that git names."""
    if "dubious ownership" not in said:
        return None
    command = next((line.strip() for line in said.splitlines() if "safe.directory" in line), "see safe.directory")
    folder = said.partition("repository at '")[2].partition("'")[0] or "the folder"
    return GitError(f"git refuses {folder}, as its owner is somebody else ({command})")


def _text(output: bytes) -> str:
    return output.decode("utf-8", "replace")


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
_MOST_WORDS = 3  # lines of a server's that are told


def remote_addresses(root: Path, remote: str) -> tuple[str, list[str]]:
    """Return where a remote of this name is fetched from and pushed to; its own text where none has the name."""
    common_folder(root)
    pushed = _git(root, "remote", "get-url", "--push", "--all", "--", remote)
    if pushed.returncode != 0:
        return remote, [remote]
    fetched = _run(root, "remote", "get-url", "--", remote, otherwise=f"git knows no remote {remote!r}")
    return _text(fetched).strip(), _text(pushed.stdout).split("\n")[:-1]


def remote_commit(root: Path, remote: str, ref: str) -> str | None:
    """Return the commit that a ref has in a remote, None where the remote shows none; raises GitError."""
    return _shown(root, remote, "HEAD", ref).get(ref)


def shows_anything(root: Path, remote: str) -> bool:
    """Whether a remote shows any ref at all, which only a repository does; raises GitError."""
    return bool(_shown(root, remote))


def _shown(root: Path, remote: str, *refs: str) -> dict[str, str]:
    done = _git(root, *_CAREFUL, "ls-remote", "--quiet", "--", remote, *refs, seconds=REMOTE_SECONDS)
    if done.returncode != 0:
        raise _failed(done)
    rows = (line.split("\t") for line in _text(done.stdout).splitlines())
    return {row[1]: row[0] for row in rows if len(row) == 2}


def remote_file(root: Path, remote: str, ref: str, *, commit: str, name: str) -> bytes:
    """Return the content of a file as a commit of a ref in a remote has it, fetched where it is not here yet."""
    if _git(root, "cat-file", "-e", f"{commit}:{name}").returncode != 0:
        options = ("--quiet", "--no-tags", "--no-write-fetch-head", "--no-recurse-submodules", "--no-auto-maintenance")
        done = _git(root, *_CAREFUL, "fetch", *options, "--", remote, ref, seconds=REMOTE_SECONDS)
        if done.returncode != 0:
            raise _failed(done)
    return _run(root, "cat-file", "blob", f"{commit}:{name}", otherwise=f"{ref} has no {name}")


def commit_of_file(root: Path, content: bytes, *, name: str, parent: str | None, message: str) -> str:
    """Make a commit that holds one file, on no branch, and return its id; raises GitError."""
    blob = _made(root, "hash-object", "-w", "--stdin", stdin=content)
    tree = _made(root, "mktree", stdin=f"100644 blob {blob}\t{name}\n".encode())
    parents = ("-p", parent) if parent else ()
    return _made(root, *_WRITER, "commit-tree", *parents, "-F", "-", tree, stdin=message.encode())


def push_commit(root: Path, remote: str, ref: str, *, commit: str, expected: str | None) -> None:
    """Put a ref of a remote on a commit if it is on `expected` (None: is not there).

    Raises GitError with the remote's words; whether the ref has moved is not told by these: look.
    """
    _push(root, remote, f"{commit}:{ref}", f"--force-with-lease={ref}:{expected or ''}")


def delete_ref(root: Path, remote: str, ref: str, *, expected: str) -> None:
    """Take a ref of a remote away if it is on `expected`; raises GitError."""
    _push(root, remote, f":{ref}", f"--force-with-lease={ref}:{expected}")


def would_take(root: Path, remote: str, ref: str) -> None:
    """Ask the side of a remote that takes pushes whether a ref could be made, sending nothing; raises GitError."""
    empty = _made(root, "hash-object", "-t", "tree", "--stdin")
    _push(root, remote, f"{empty}:{ref}", f"--force-with-lease={ref}:", "--dry-run")


def _push(root: Path, remote: str, refspec: str, *options: str) -> None:
    one_ref = () if "=" in remote else ("-c", f"remote.{remote}.mirror=false")  # a mirror takes no refspec
    arguments = ("push", "--porcelain", "--no-verify", "--no-signed", *options, "--", remote, refspec)
    done = _git(root, *_CAREFUL, *one_ref, *arguments, seconds=REMOTE_SECONDS)
    if done.returncode != 0:
        raise _failed(done)


def _made(root: Path, *arguments: str, stdin: bytes = b"") -> str:
    done = _git(root, *arguments, stdin=stdin)
    if done.returncode != 0:
        raise _failed(done)
    return _text(done.stdout).strip()


def _failed(done: subprocess.CompletedProcess[bytes]) -> GitError:
    """What went wrong in the words of git and of the remote, without the prefixes of lines."""
    said = _text(done.stderr)
    rejected = (line.rpartition("] (")[2].rstrip(")") for line in _text(done.stdout).splitlines() if line[:2] == "!\t")
    words = list(dict.fromkeys((*_words(said), *rejected))) or said.splitlines()[:1]
    return _refused_owner(said) or GitError("; ".join(words) or f"git ended with exit code {done.returncode}")


def _words(said: str) -> list[str]:
    """The lines that tell: those of the remote, else the first that git marks as an error."""
    lines = [line.strip() for line in said.splitlines()]
    theirs = [line.removeprefix("remote:").strip().removeprefix("error: ") for line in lines if line[:7] == "remote:"]
    ours = [line.partition(": ")[2] for line in lines if line.startswith(("fatal:", "error:"))]
    telling = [line for line in ours if not line.startswith("failed to push some refs")]
    return [line for line in theirs if line][:_MOST_WORDS] or telling[:1]
