"""The git binary: a file as a ref has it, the current commit, what is tracked, one file at the tip of a remote's ref.

`running` starts git, and nothing else does. Knows nothing of what the files mean.
"""

from __future__ import annotations

from reconciler.git.refs import CommittedFile, current_commit, file_at, tracked_files
from reconciler.git.repository import (
    Repository,
    commit_of_file,
    delete_ref,
    plain_repository_of,
    push_commit,
    remote_addresses,
    remote_commit,
    remote_file,
    repository_of,
    shows_anything,
    top_folder,
    would_take,
)
from reconciler.git.running import GitError

__all__ = [
    "CommittedFile",
    "GitError",
    "Repository",
    "commit_of_file",
    "current_commit",
    "delete_ref",
    "file_at",
    "plain_repository_of",
    "push_commit",
    "remote_addresses",
    "remote_commit",
    "remote_file",
    "repository_of",
    "shows_anything",
    "top_folder",
    "tracked_files",
    "would_take",
]
