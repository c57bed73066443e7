"""Which process holds a lock, and whether that process is provably dead: only then may a lock be broken unasked.

Knows no backend and no record. A process is known by machine, boot, process namespace, id and start time, so that
neither a reboot nor a reused process id, nor another container of the same name, is taken for what it is not.
"""

from __future__ import annotations

import getpass
import hashlib
import os
import socket
import sys
import uuid
from dataclasses import dataclass
from pathlib import Path

from reconciler.record.base import Holder, LockedError

_ENDED = (["Z"], ["X"])
_SEPARATORS = 3
_START_TIME = 19  # field 22 of proc(5), counted behind the process name


@dataclass(frozen=True, slots=True)
class Claim:
    """A lock as it is stored: who holds it, a random token that tells it from any other, and the process behind it."""

    holder: Holder
    token: str
    process: str


def this_holder(account: str, *, run_id: str, since: str) -> Holder:
    """Return the holder that this process is. `since` is an RFC 3339 time in UTC."""
    return Holder(account, socket.gethostname(), _user(), os.getpid(), run_id, since)


def claim(holder: Holder, token: str | None = None) -> Claim:
    """Return what to store for a holder; the process is looked up only where it runs here."""
    process = fingerprint(holder.pid) if holder.host == socket.gethostname() else ""
    return Claim(holder, token or uuid.uuid4().hex, process)


def fingerprint(pid: int) -> str:
    """Return what tells a process of this machine from any other: machine|boot|namespace|start time."""
    return "|".join((*_here(), _start_time(pid)))


def is_dead(held: Claim) -> bool:
    """Whether the process behind a lock ran on this host and has provably ended."""
    if held.holder.host != socket.gethostname() or held.process.count("|") != _SEPARATORS:
        return False
    machine, boot, namespace, start = held.process.split("|")
    here_machine, here_boot, here_namespace = _here()
    if machine != here_machine:
        return False
    if boot != here_boot:
        return True
    if namespace != here_namespace:
        return False
    if not _is_running(held.holder.pid):
        return True
    now = _start_time(held.holder.pid)
    return bool(now) and now != start


def has_ended(holder: Holder) -> bool:
    """Whether a holder's process is gone from this host, for a message: a lock is broken by `is_dead` only."""
    return holder.host == socket.gethostname() and not _is_running(holder.pid)


def locked(holder: Holder) -> LockedError:
    """Return the error for a lock that may be alive."""
    unlock = " ".join(("reconciler record unlock", *([holder.account] if holder.account else []), "--force"))
    return LockedError(
        f"{holder.what} is locked by {holder}",
        holder=holder,
        hint=f"wait until that run ends; if it is gone for good: {unlock}",
    )


def _here() -> tuple[str, str, str]:
    """What tells this machine, boot and namespace from others, hashed: a machine's id is to be kept confidential."""
    return (_hashed(_text("/etc/machine-id")), _hashed(_text("/proc/sys/kernel/random/boot_id")), _hashed(_namespace()))


def _hashed(text: str) -> str:
    return hashlib.sha256(f"reconciler {text}".encode()).hexdigest()[:12]


def _text(name: str) -> str:
    try:
        return Path(name).read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError):
        return ""


def _namespace() -> str:
    try:
        return str(Path("/proc/self/ns/pid").readlink())
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


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return str(os.getuid()) if sys.platform != "win32" else "unknown"
