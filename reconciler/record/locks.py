"""What holding a lock means in every backend: taken all or none, broken if dead or by force, proven at each save.

Knows no backend: claims come in, claims to store or to drop go out. A process is known by host name, machine, boot,
process namespace, id and start time. Host names and machine ids are often an image's, shared by all that run it; what
is not known equals nothing. So a process is dead only where it ran in this very namespace of this very boot and its
id is gone or reused, or where this very hardware has been started again since; a container cannot tell another host
from a restarted one.
"""

from __future__ import annotations

import getpass
import hashlib
import os
import socket
import sys
import threading
import uuid
from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from reconciler.model import Key
from reconciler.record.base import Holder, Lock, LockedError, LockLostError, RecordError, RecordState, wrong_name

_ENDED = (["Z"], ["X"])
_START_TIME = 19  # field 22 of proc(5), counted behind the process name
_FIRST_NAMESPACE = "pid:[4026531836]"  # PROC_PID_INIT_INO: that of the host itself
_SIGNS_OF_A_CONTAINER = (
    *("/.dockerenv", "/run/.containerenv", "/run/systemd/container"),
    "/var/run/secrets/kubernetes.io",
)
# docs/decisions/100
_HARDWARE_IDS = ("/sys/class/dmi/id/product_uuid", "/sys/firmware/devicetree/base/serial-number")


class _ProcessIdentity(NamedTuple):
    """What tells a process from any other, hashed but for its start time: a machine's id is to be kept confidential.

    A part that is not known is "".
    """

    machine: str = ""
    boot: str = ""
    namespace: str = ""
    start: str = ""
    hardware: str = ""


@dataclass(frozen=True, slots=True)
class StoredLock:
    """A lock as it is stored: who holds it, a random token that tells it from any other, and the process behind it."""

    holder: Holder
    token: str
    process: str


def this_holder(account: str, *, run_id: str, since: str) -> Holder:
    """Return the holder that this process is. `since` is an RFC 3339 time in UTC."""
    return Holder(account, socket.gethostname(), user(), os.getpid(), run_id, since)


def stored_lock(holder: Holder, token: str | None = None) -> StoredLock:
    """Return what to store for a holder; the process is looked up only where it runs here."""
    process = fingerprint(holder.pid) if holder.host == socket.gethostname() else ""
    return StoredLock(holder, token or uuid.uuid4().hex, process)


def fingerprint(pid: int) -> str:
    """Return what tells a process of this machine from any other: machine|boot|namespace|start time|hardware."""
    return "|".join(_process_identity(pid))


def is_dead(held: StoredLock) -> bool:
    """Whether the process behind a lock ran on this host and has provably ended."""
    if held.holder.host != socket.gethostname():
        return False
    there, here = _parsed(held.process), _process_identity(held.holder.pid)
    if not _are_one(there.machine, here.machine):
        return False
    if _are_one(there.boot, here.boot):
        return _are_one(there.namespace, here.namespace) and _has_ended(held.holder.pid, there.start, here.start)
    return _was_restarted(there, here)


def _are_one(there: str, here: str) -> bool:
    """Whether two parts are known and the same."""
    return there == here != ""


def _was_restarted(there: _ProcessIdentity, here: _ProcessIdentity) -> bool:
    """Whether a process of another boot ran on this hardware: an image may give its machine id to many machines."""
    on_the_host = there.namespace == here.namespace == _hashed(_FIRST_NAMESPACE) and not _is_contained()
    return bool(there.boot and here.boot) and on_the_host and _are_one(there.hardware, here.hardware)


def _has_ended(pid: int, start: str, now: str) -> bool:
    """Whether a process id of this namespace is gone, or belongs to a process that started at another time."""
    return not _is_running(pid) or bool(start and now and start != now)


def _parsed(text: str) -> _ProcessIdentity:
    parts = text.split("|")
    return _ProcessIdentity(*parts) if len(parts) <= len(_ProcessIdentity._fields) else _ProcessIdentity()


def locked_error(holder: Holder) -> LockedError:
    """Return the error for a lock that may be alive."""
    unlock = " ".join(("reconciler record unlock", *([holder.account] if holder.account else []), "--force"))
    return LockedError(
        f"{holder.what} is locked by {holder}",
        holder=holder,
        hint=f"wait until that run ends; if it is gone for good: {unlock}",
    )


def _process_identity(pid: int) -> _ProcessIdentity:
    """What is known of a process of this machine."""
    hardware = next(filter(None, map(_text, _HARDWARE_IDS)), "")
    here = (_text("/etc/machine-id"), _text("/proc/sys/kernel/random/boot_id"), _namespace())
    machine, boot, namespace = map(_hashed, here)
    return _ProcessIdentity(machine, boot, namespace, _start_time(pid), _hashed(hardware))


def _hashed(text: str) -> str:
    return hashlib.sha256(f"reconciler {text}".encode()).hexdigest()[:12] if text else ""


def _is_contained() -> bool:
    return any(map(_exists, _SIGNS_OF_A_CONTAINER))


def _exists(name: str) -> bool:
    return Path(name).exists()


def _text(name: str) -> str:
    try:
        return Path(name).read_text(encoding="ascii").strip("\0 \n")
    except (OSError, UnicodeDecodeError):
        return ""


def _namespace() -> str:
    """The namespace that process ids are counted in, or "" where /proc is missing or shows those of another one."""
    try:
        is_ours = str(Path("/proc/self").readlink()) == str(os.getpid())
        return str(Path("/proc/self/ns/pid").readlink()) if is_ours else ""
    except OSError:
        return ""


def _start_time(pid: int) -> str:
    """The kernel's start time of a process in clock ticks since boot, or "" where it cannot be learned."""
    fields = _status(pid)
    return fields[_START_TIME] if len(fields) > _START_TIME else ""


def _status(pid: int) -> list[str]:
    """The fields of /proc/PID/stat behind the process name, which may itself hold blanks and brackets."""
    return _text_bytes(f"/proc/{pid}/stat").rpartition(")")[2].split()


def _text_bytes(name: str) -> str:
    try:
        return Path(name).read_bytes().decode("utf-8", "replace")
    except OSError:
        return ""


def _is_running(pid: int) -> bool:
    if sys.platform == "win32":
        return True  # there is no signal 0 there; such a lock is broken with --force only
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return _status(pid)[:1] not in _ENDED


def user() -> str:
    """The name of who runs this process, else the number."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return str(os.getuid()) if sys.platform != "win32" else "unknown"


@dataclass(frozen=True, slots=True)
class HeldLock:
    """A held lock on some accounts; `token` is the one that was stored with each of them."""

    accounts: tuple[str, ...]
    run_id: str
    token: str

    @classmethod
    def of(cls, stored_locks: Sequence[StoredLock]) -> HeldLock:
        """Return the lock that these claims of one run make."""
        first = stored_locks[0]
        return cls(tuple(each.holder.account for each in stored_locks), first.holder.run_id, first.token)

    @classmethod
    def checked(cls, lock: Lock) -> HeldLock:
        """Return a lock as the one that a backend gave out."""
        if not isinstance(lock, cls):
            raise TypeError(f"not a lock of a record: {lock!r}")
        return lock

    def prove(self, stored_locks: Iterable[StoredLock]) -> None:
        """Raise LockLostError unless every account is still locked by this very lock."""
        stored = {each.holder.account: each for each in stored_locks}
        for account in self.accounts:
            found = stored.get(account)
            if found is None or found.token != self.token:
                taken_by = f" and is held by {found.holder}" if found else ""
                raise LockLostError(
                    f"the lock of account {account} was broken{taken_by}: nothing more is written",
                    hint="find out who broke it, then run the command again",
                )


# docs/decisions/104
def accounts_to_lock(state: RecordState, keys: Collection[Key], accounts: Iterable[str] = ()) -> frozenset[str]:
    """Return what to lock for writing these numbers, which are of these `accounts`: all names that they go by.

    An account that was renamed is still the old one in the record, and for whoever runs an older configuration: locks
    by today's name alone would let both write. A window in which one of the accounts stands is wanted whole, as a run
    settles only what it has locked.
    """
    needed = frozenset((*accounts, *(entry.account for key, entry in state.entries.items() if key in keys)))
    for window in state.windows:
        needed = needed.union(intent.account for intent in window.intents if intent.key in keys)
    while more := [each.accounts for each in state.windows if each.accounts & needed and each.accounts - needed]:
        needed = needed.union(*more)
    return needed


def take(holders: Sequence[Holder]) -> tuple[StoredLock, ...]:
    """Return the claims to store for these holders, in sorted order of accounts, under one token."""
    if not holders:
        raise ValueError("a lock needs at least one account")
    token = uuid.uuid4().hex
    return tuple(stored_lock(holder, token) for holder in sorted(holders, key=lambda holder: holder.account))


def break_locks(stored: Iterable[StoredLock], accounts: Collection[str], *, force: bool) -> tuple[StoredLock, ...]:
    """Return the claims on these accounts that may be broken; raises LockedError if one of them may be alive."""
    held = [each for each in stored if each.holder.account in accounts]
    for each in held:
        if not force and not is_dead(each):
            raise locked_error(each.holder)
    return tuple(held)


@contextmanager
def releasing(release: Callable[[], None]) -> Iterator[None]:
    """Release a lock at the end; trouble with that never hides the error that ended the work."""
    try:
        yield
    except BaseException as error:
        try:
            release()
        except RecordError as trouble:
            error.add_note(f"the lock could not be released: {trouble}")
        raise
    release()


class LockingRecord(ABC):
    """What the records of all backends do alike: they lock, and say who holds locks."""

    def __init__(self, *, name: str | None, description: str) -> None:
        self.description = description
        self._name = name
        self._broken: tuple[Holder, ...] = ()
        self._one_at_a_time = threading.RLock()

    @property
    def broken_locks(self) -> tuple[Holder, ...]:
        return self._broken

    @contextmanager
    def lock(self, holders: Sequence[Holder]) -> Iterator[Lock]:
        stored_locks = take(holders)
        with self._one_at_a_time:
            self._broken = holders_of(self._claim(stored_locks))
        held = HeldLock.of(stored_locks)
        with releasing(lambda: self._release(held)):
            yield held

    def holders(self) -> Sequence[Holder]:
        with self._one_at_a_time:
            return holders_of(self._stored_locks())

    def abandoned(self) -> Sequence[Holder]:
        with self._one_at_a_time:
            return holders_of(filter(is_dead, self._stored_locks()))

    def _check_name(self, recorded: str) -> None:
        """Raise RecordError for a record of another configuration."""
        if self._name and recorded and recorded != self._name:
            raise wrong_name(self.description, recorded=recorded, wanted=self._name)

    @abstractmethod
    def _claim(self, stored_locks: Sequence[StoredLock]) -> Sequence[StoredLock]:
        """Store all these locks and return the dead ones that stood there; raises LockedError."""

    @abstractmethod
    def _release(self, held: HeldLock) -> None:
        """Remove what is still stored of a lock."""

    @abstractmethod
    def _stored_locks(self) -> Sequence[StoredLock]:
        """The locks that are held, by account."""


def holders_of(stored_locks: Iterable[StoredLock]) -> tuple[Holder, ...]:
    """Return who holds these locks."""
    return tuple(each.holder for each in stored_locks)
