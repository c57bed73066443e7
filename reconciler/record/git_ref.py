"""The backend `git`: the record as one file at the tip of a ref in the configuration's own remote, no server needed.

Every save is a commit on the one before and a push that succeeds only if nobody else pushed. Knows no format, no locks.
"""

from __future__ import annotations

import re
import uuid
from pathlib import Path

from reconciler import git
from reconciler.record.base import RecordError
from reconciler.record.documents import DocumentRecord
from reconciler.secrets import mask_urls

REMOTE = "origin"
REF = "refs/reconciler/record"
FILE = "record.json"

_REF = re.compile(r"refs/[A-Za-z0-9][A-Za-z0-9_./-]*")
_NO_PART = ("..", "//", "/.", ".lock/")
_NO_END = ("/", ".", ".lock")
_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*")
_URL = re.compile(r"(https|ssh|file)://.+")
_PATH = re.compile(r"/.+|\.\.?/.+")
_SSH = re.compile(r"([\w.-]+@)?\w[\w.-]*:(?!:|//).+")  # host:path and user@host:path


class GitStore:
    """A file at a ref of a remote, as seen from the repository that `root` is in; a version is a commit."""

    def __init__(self, root: Path, *, remote: str = REMOTE, ref: str = REF) -> None:
        if not _REF.fullmatch(ref) or ref.endswith(_NO_END) or any(part in ref for part in _NO_PART):
            raise RecordError(f"{ref!r} is not a full name of a ref", hint=f"write `ref: {REF}`")
        self.description = f"the record {ref} in {mask_urls(remote)}"
        self._root = root
        self._remote = remote
        self._ref = ref
        self._is_checked = False

    def fetch(self) -> tuple[str | None, str]:
        try:
            self._check_remote()
            commit = git.remote_commit(self._root, self._remote, self._ref)
            if commit is None:
                return None, ""
            content = git.remote_file(self._root, self._remote, self._ref, commit=commit, name=FILE)
            return content.decode("utf-8"), commit
        except git.GitError as error:
            raise self._trouble("read", error) from None
        except UnicodeDecodeError:
            raise RecordError(f"{self.description} is damaged: not UTF-8 text", hint=_HISTORY) from None

    def swap(self, text: str, *, version: str, reason: str) -> str | None:
        """Commit and push. The message has a nonce: pushing a commit that is there already would pass for success."""
        message = f"{reason}\n\nnonce {uuid.uuid4().hex}\n"
        try:
            self._check_remote()
            commit = git.commit_of_file(self._root, text.encode(), name=FILE, parent=version or None, message=message)
            return commit if self._pushed(commit, version) else None
        except git.GitError as error:
            raise self._trouble("saved", error) from None

    def close(self) -> None:
        """Nothing is kept open."""

    def _pushed(self, commit: str, version: str) -> bool:
        """Push, and where that failed ask whether the remote took the commit all the same: it is ours alone."""
        try:
            return git.push_commit(self._root, self._remote, self._ref, commit=commit, expected=version or None)
        except git.GitError:
            if git.remote_commit(self._root, self._remote, self._ref) == commit:
                return True
            raise

    def _check_remote(self) -> None:
        """Refuse what is no https, ssh or file remote: git has transports that run commands."""
        if self._is_checked:
            return
        url = git.remote_url(self._root, self._remote)
        if url == self._remote and _NAME.fullmatch(url):
            raise RecordError(
                f"{self._root} is in no git repository with a remote {url!r}, where the record is to be",
                hint=f"git remote add {url} …, or name another one under `record: {{git: {{remote: …}}}}`",
            )
        if not any(pattern.fullmatch(url) for pattern in (_URL, _PATH, _SSH)):
            raise RecordError(
                f"the remote {mask_urls(url)!r} of the record is not reached by https, ssh or file",
                hint="name a remote of this repository under `record: {git: {remote: …}}`, or write https://…",
            )
        self._is_checked = True

    def _trouble(self, what: str, error: git.GitError) -> RecordError:
        return RecordError(
            f"{self.description} cannot be {what}: {mask_urls(str(error))}",
            hint=f"try `git ls-remote {mask_urls(self._remote)}`: it must answer, and accept pushes to this ref",
        )


_HISTORY = "the ref's earlier commits have earlier states: push the last good one to it again"


class GitRecord(DocumentRecord):
    """The record in a git ref."""

    def __init__(self, root: Path, *, name: str, remote: str = REMOTE, ref: str = REF) -> None:
        super().__init__(GitStore(root, remote=remote, ref=ref), name=name)
