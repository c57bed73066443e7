"""The backend `git`: the record as one file at the tip of a ref in the configuration's own remote, no server needed.

Every save is a commit on the one before and a push that succeeds only if nobody else pushed. Knows no format, no locks.
"""

from __future__ import annotations

import contextlib
import hashlib
import re
import uuid
from functools import cached_property
from pathlib import Path

from reconciler import git
from reconciler.record.base import Holder, RecordError, Waits
from reconciler.record.documents import DocumentRecord, Snapshot
from reconciler.secrets import has_credential, mask_urls

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
    """A file at a ref of a remote, as seen from the repository that `root` is in; a version is a commit.

    It is read at the address that it is written at: where a remote is fetched from may be a mirror that lags.
    """

    def __init__(self, root: Path, *, remote: str = REMOTE, ref: str = REF, waits: Waits | None = None) -> None:
        if not _REF.fullmatch(ref) or ref.endswith(_NO_END) or any(part in ref for part in _NO_PART):
            raise RecordError(f"{ref!r} is not a full name of a ref", hint=f"write `ref: {REF}`")
        _check_credential(remote)
        self.description = f"the record {ref} in {mask_urls(remote)}"
        self._root = root
        self._named = remote
        self._ref_name = ref
        self._waits = waits or Waits()
        self._is_none_yet = False

    def fetch(self) -> tuple[str | None, str]:
        try:
            commit = self._shown()
            if commit is None:
                return None, ""
            return self._ref.file(FILE, commit=commit).decode("utf-8"), commit
        except git.GitError as error:
            raise self._trouble("read", error) from None
        except UnicodeDecodeError:
            raise RecordError(f"{self.description} is damaged: not UTF-8 text", hint=_HISTORY) from None

    def swap(self, text: str, *, version: str, reason: str) -> str | None:
        """Commit and push. The message has a nonce: pushing a commit that is there already would pass for success."""
        message = f"{reason}\n\nnonce {uuid.uuid4().hex}\n"
        try:
            commit = self._repository.commit_file(text.encode(), name=FILE, parent=version or None, message=message)
            return commit if self._pushed(commit, version) else None
        except git.GitError as error:
            raise self._trouble("saved", error) from None

    def withdraw(self, version: str) -> None:
        """Take the ref away if it still has this version; one that the remote keeps, or somebody uses, may stay."""
        with contextlib.suppress(git.GitError):
            self._ref.delete(expected=version)

    def close(self) -> None:
        """Nothing is kept open."""

    def _pushed(self, commit: str, version: str) -> bool:
        """Push; False where somebody else did. Words do not tell that from a lasting trouble, so the ref is looked at.

        Whoever is pushing just now has the ref locked and not moved yet: such a failure is given some seconds.
        """
        for pause in _PAUSES_SECONDS:
            try:
                self._ref.push(commit, expected=version or None)
            except git.GitError as error:
                found = self._ref.commit()
                if found == commit:
                    return True
                if found != (version or None):
                    return False
                if not pause or not any(words in str(error) for words in _CONTENDED):
                    raise
                self._waits.clock.interrupted.wait(pause)
            else:
                return True
        raise AssertionError("the last try returns or raises")

    @cached_property
    def _repository(self) -> git.Repository:
        return git.repository_of(self._root)

    @cached_property
    def _ref(self) -> git.RemoteRef:
        return git.RemoteRef(self._repository, self._place[0], self._ref_name)

    @cached_property
    def _place(self) -> tuple[str, str]:
        """What git is told to reach the record, a remote's name where that has one address only, and this address.

        git has transports that run commands, so what is not an https, ssh or file remote is refused.
        """
        fetched, pushed = self._repository.addresses_of(self._named)
        if fetched not in pushed and len(pushed) > 1:
            raise RecordError(
                f"the remote {self._named!r} of the record is pushed to {len(pushed)} addresses",
                hint="write the one that should hold the record: `record: {git: {remote: …}}`",
            )
        address = fetched if fetched in pushed else pushed[0]
        if address == self._named and _NAME.fullmatch(address):
            raise RecordError(
                f"the git repository of {self._root} has no remote {address!r}, which should hold the record",
                hint=f"git remote add {address} …, or name another one under `record: {{git: {{remote: …}}}}`",
            )
        if not any(pattern.fullmatch(address) for pattern in (_URL, _PATH, _SSH)):
            raise RecordError(
                f"the remote {mask_urls(address)!r} of the record is not reached by https, ssh or file",
                hint="name a remote of this repository under `record: {git: {remote: …}}`, or write https://…",
            )
        told = self._named if pushed == [fetched] else address
        _check_credential(told)
        return told, address

    # -- a ref that is not shown ---------------------------------------------------------------------------------------

    def _shown(self) -> str | None:
        """Return the commit of the ref, None where no record was ever made.

        What speaks against that may have come about just now, by somebody's first push: so the ref is looked at again.
        """
        commit = self._ref.commit()
        if commit is not None or self._is_none_yet:
            return commit
        doubt = self._remembered() or self._asked()
        if doubt is not None and (commit := self._ref.commit()) is None:
            raise doubt
        self._is_none_yet = commit is None
        return commit

    # docs/decisions/101
    def _asked(self) -> git.GitError | None:
        """Ask the side that takes pushes too, where this credential may: a ref may be hidden, an answer empty."""
        try:
            self._ref.would_take()
        except git.GitError as refused:
            if "stale info" in str(refused):
                return git.GitError("its remote shows the ref to those who push, not to those who read")
            if not self._ref.shows_anything():
                return git.GitError(f"its remote answered a read with nothing, and a push with: {refused}")
            self._waits.tell(
                f"{self.description} is not shown, and it could not be checked whether it is hidden: {refused}"
            )
        return None

    def _remembered(self) -> RecordError | None:
        """What is wrong if a record was seen before."""
        seen = self._memory.read_text("ascii").strip() if self._memory.exists() else ""
        if not seen:
            return None
        return RecordError(
            f"{self.description} was there before, at {seen}, and is no longer shown: hidden or deleted",
            hint=f"git push {mask_urls(self._named)} {seen}:{self._ref_name} restores it; "
            f"where it was deleted on purpose, remove {self._memory}",
        )

    def remember(self, commit: str) -> None:
        """Note in the repository what was seen last; one that cannot be written knows less, and that is all."""
        with contextlib.suppress(OSError):
            if not self._memory.exists() or self._memory.read_text("ascii") != commit:
                self._memory.parent.mkdir(exist_ok=True)
                self._memory.write_text(commit, "ascii")

    @cached_property
    def _memory(self) -> Path:
        name = hashlib.sha256(f"{self._place[1]} {self._ref_name}".encode()).hexdigest()[:16]
        return self._repository.common_folder / "reconciler" / name

    def _trouble(self, what: str, error: git.GitError) -> RecordError:
        words = mask_urls(str(error))
        hint = next((hint for pattern, hint in _HINTS if re.search(pattern, words)), _LOOK)
        told = hint.format(remote=mask_urls(self._named), ref=self._ref_name)
        return RecordError(f"{self.description} cannot be {what}: {words}", hint=told)


_PAUSES_SECONDS = (0.2, 0.4, 0.8, 1.6, 0.0)
_CONTENDED = (": File exists", "failed to lock", "lock error")  # git's words, and JGit's


def _check_credential(told: str) -> None:
    """Raise RecordError for an address that must not stand in the arguments of git."""
    if has_credential(told):
        raise RecordError(
            f"the remote {mask_urls(told)!r} of the record contains a credential, which would be passed in git's "
            "arguments, where every process on the machine can see it",
            hint="remove it from the address, and use git's credential helper",
        )


_HINTS = (
    (r"because somebody else owns it", "run the command in brackets where that folder is, as the user who runs this"),
    (r"is not in a git repository", "run reconciler in a clone of the repository that has the files"),
    (r"exists; cannot create", "delete the ref that is in the way, or name another: `record: {{git: {{ref: …}}}}`"),
    (r": File exists", "if nobody is pushing there now, a git process has died there: remove the file at the remote"),
    (r"hidden ref", "have its server show {ref} (transfer.hideRefs), or name another: `record: {{git: {{ref: …}}}}`"),
    (r"not to those who read", "have its server show {ref} (uploadpack.hideRefs)"),
    (
        r"answered a read with nothing",
        "look for a proxy or a login page in between: `git ls-remote {remote}` must list refs",
    ),
    (
        r"declined|[Pp]rotected",
        "have the hooks and rules of {remote} let this job push to {ref}; or try `ref: refs/heads/reconciler-record`",
    ),
    (
        r"could not read|[Pp]ermission|Authentication failed|\b403\b",
        "give this job a credential for {remote} and pushes to {ref}; RECONCILER_GIT_ENV names what its helper reads",
    ),
)
_LOOK = "try `git ls-remote {remote}`: it must answer, and accept pushes to {ref}"
_HISTORY = "the ref's earlier commits have earlier states: push the last good one to it again"


# docs/decisions/048
class GitRecord(DocumentRecord):
    """The record in a git ref."""

    def __init__(
        self, root: Path, *, name: str, remote: str = REMOTE, ref: str = REF, waits: Waits | None = None
    ) -> None:
        self._git = GitStore(root, remote=remote, ref=ref, waits=waits)
        super().__init__(self._git, name=name)

    def _see(self, seen: Snapshot) -> Snapshot:
        """Remember a record that was made; a ref with nothing but a lock in it may go again."""
        if seen.document.state.lineage:
            self._git.remember(seen.version)
        return super()._see(seen)

    def rehearse(self, holder: Holder) -> None:
        """Push a lock and its end; the ref that was made for that is taken away again."""
        is_made = self._git.fetch()[0] is not None
        super().rehearse(holder)
        if not is_made and self._seen is not None:
            self._git.withdraw(self._seen.version)
