"""The git binary: a file as a ref has it, and the current commit.

Knows nothing of what the files mean.
"""

from __future__ import annotations

import subprocess
from pathlib import Path

TIMEOUT_SECONDS = 30.0


class GitError(Exception):
    """git could not do it; the text is one clean sentence."""


def file_at(root: Path, ref: str, name: str) -> bytes:
    """Return the content of a file, named relative to `root`, as `ref` has it; raises GitError."""
    commit = _run(root, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{ref}^{{commit}}", otherwise=f"git knows no {ref!r}")
    return _run(
        root, "cat-file", "blob", "--end-of-options", f"{commit.decode().strip()}:./{name}", otherwise=f"{ref} has no {name}"
    )


def current_commit(root: Path) -> str | None:
    """Return the commit that is checked out, or None outside a repository."""
    try:
        return _run(root, "rev-parse", "--verify", "--quiet", "HEAD^{commit}", otherwise="no commit").decode().strip()
    except GitError:
        return None


def _run(root: Path, *arguments: str, otherwise: str) -> bytes:
    try:
        done = subprocess.run(  # noqa: S603 - no shell; what users give stands after --end-of-options
            ["git", "-C", str(root), *arguments],  # noqa: S607 - git is found as the user's shell finds it
            capture_output=True,
            timeout=TIMEOUT_SECONDS,
            check=False,
            stdin=subprocess.DEVNULL,
        )
    except subprocess.TimeoutExpired:
        raise GitError(f"git took longer than {TIMEOUT_SECONDS:.0f} s") from None
    except OSError as error:
        raise GitError(f"git cannot be run: {(error.strerror or 'unknown error').lower()}") from None
    if done.returncode != 0:
        raise GitError(otherwise)
    return done.stdout
