"""The git binary: a file as a ref has it, the current commit, what is tracked, one file at the tip of a remote's ref.

`running` starts git, and nothing else does. Knows nothing of what the files mean.
"""

from __future__ import annotations

from reconciler.git.refs import current_commit, file_at, tracked_files
from reconciler.git.repository import RemoteRef, Repository, repository_of, top_folder
from reconciler.git.running import GitError

__all__ = [
    "GitError",
    "RemoteRef",
    "Repository",
    "current_commit",
    "file_at",
    "repository_of",
    "top_folder",
    "tracked_files",
]
