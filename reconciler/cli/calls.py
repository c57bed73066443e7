"""Requests as they are told: a line each on standard error with -vv, and as lines of JSON in the file of --log.

Must not let a run fail or wait for what is only told about it.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from pathlib import Path

from reconciler.diagnostics import name_numbers
from reconciler.formats.call import call_line
from reconciler.http.answer import status_text
from reconciler.http.calls import Call


def describe(call: Call) -> str:
    """A call in one line for people."""
    whom = f"{call.peer} ({call.account})" if call.account else call.peer
    about = f" {name_numbers(call.numbers)}" if call.numbers else ""
    answered = status_text(call.status) if call.status is not None else ""
    parts = [part for part in (answered, call.error, f"{call.milliseconds} ms") if part]
    parts += [f"attempt {call.attempt}", *([f"request {call.request_id}"] if call.request_id else [])]
    return f"{whom}: {call.method} {call.host}{call.path}{about}: {', '.join(parts)}"


class CallLog:
    """Hears of calls from any thread. `say` shows a line to people; `command` is the one that makes the calls."""

    def __init__(self, say: Callable[[str], None], *, command: str, aloud: bool) -> None:
        self.say = say
        self.aloud = aloud
        self._command = command
        self._descriptor: int | None = None
        self._name = ""
        self._lock = threading.Lock()

    def open(self, path: Path, name: Path) -> None:
        """Add to a file from now on; raises OSError."""
        self._descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | getattr(os, "O_CLOEXEC", 0), 0o666)
        self._name = str(name)

    def hear(self, call: Call) -> None:
        """Tell of a call."""
        if self.aloud:
            self.say(describe(call))
        with self._lock:
            if self._descriptor is None:
                return
            line = call_line(call, command=self._command, process=os.getpid()).encode()
            try:
                written = os.write(self._descriptor, line)
                lost = "no space left on device" if written < len(line) else ""
            except OSError as error:
                lost = (error.strerror or "unknown reason").lower()
            if lost:
                self._descriptor = None
                self.say(f"warning: the log {self._name} cannot be written any more, and ends here: {lost}")
