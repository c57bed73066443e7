"""What a command does to the machine while it runs, heard through Python's audit events (PEP 578)."""

from __future__ import annotations

import os
import sys
import sysconfig
import zoneinfo
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from tests.architecture.imports import REPOSITORY

# Where a program may read whoever runs it on what: Python and its packages, the program, the zones, the null device.
_OF_THE_PROGRAM = tuple(
    os.path.realpath(folder)
    for folder in (
        *(sysconfig.get_path(name) for name in ("stdlib", "platstdlib", "purelib", "platlib")),
        *(sys.prefix, sys.base_prefix + "/lib", str(REPOSITORY / "reconciler"), str(REPOSITORY / "tests"), "/dev/null"),
        *(zoneinfo.TZPATH or ("/usr/share/zoneinfo",)),
        *("/etc/ssl", "/usr/lib/ssl", "/etc/hosts", "/etc/resolv.conf", "/etc/nsswitch.conf", "/etc/localtime"),
    )
)
_ON_PATHS = {  # events, and how many of their first arguments are paths
    **dict.fromkeys(("open", "os.listdir", "os.scandir", "os.chdir", "os.mkdir", "os.rmdir", "os.remove"), 1),
    **dict.fromkeys(("os.truncate", "os.chmod", "os.chown", "os.utime", "sqlite3.connect"), 1),
    **dict.fromkeys(("os.rename", "os.link"), 2),
}
_PROCESSES = frozenset(("os.system", "os.exec", "os.posix_spawn", "os.spawn", "os.fork", "os.forkpty", "pty.spawn"))


@dataclass
class Watched:
    """What was heard: processes as (program, arguments, environment), paths opened, ports connected to, code run."""

    processes: list[tuple[str, list[str], dict[str, str]]] = field(default_factory=list)
    paths: set[str] = field(default_factory=set)
    addresses: set[Any] = field(default_factory=set)
    code: set[str] = field(default_factory=set)

    def outside(self, *folders: Path) -> set[str]:
        """The paths that lead neither into these folders nor to what belongs to the program, links followed."""
        allowed = (*_OF_THE_PROGRAM, *(os.path.realpath(folder) for folder in folders))
        return {path for path in self.paths if not any(path == each or path.startswith(each + "/") for each in allowed)}


class _Ear:
    """Hooks of audit events cannot be taken away again, so one listens for as long as Python runs."""

    heard: Watched | None = None

    def __call__(self, event: str, arguments: tuple[Any, ...]) -> None:
        if (heard := self.heard) is None:
            return
        if event in _ON_PATHS:
            named = [each for each in arguments[: _ON_PATHS[event]] if isinstance(each, str | bytes | os.PathLike)]
            heard.paths.update(os.path.realpath(_path(os.fsdecode(each))) for each in named)
        elif event == "subprocess.Popen":
            program, words, _, environ = arguments
            said = [os.fsdecode(word) for word in words]
            heard.processes.append((os.fsdecode(program), said, dict(environ or os.environ)))
        elif event in _PROCESSES:
            heard.processes.append((event, [repr(arguments)], {}))
        elif event == "socket.connect":
            heard.addresses.add(arguments[1])
        elif event == "exec":
            heard.code.add(arguments[0].co_filename)


def _path(name: str) -> str:
    """What SQLite opens under a name, which may be a URI."""
    return unquote(urlsplit(name).path) if name.startswith("file:") else name


_ear = _Ear()
sys.addaudithook(_ear)


@contextmanager
def watching() -> Iterator[Watched]:
    """Hear what happens until the block ends, on every thread of this process."""
    _ear.heard = heard = Watched()
    try:
        yield heard
    finally:
        _ear.heard = None
