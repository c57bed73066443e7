"""How far a run is, on standard error: one line that rewrites itself on a terminal, a line now and then elsewhere.

Listens to what `live` and `apply` tell; safe to call from their threads. Decides nothing.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field

from reconciler.apply.journal import ApplyEvent, Finished, LockBroken
from reconciler.live import Progress as Reading
from reconciler.views.base import Span, Tone, line, plural
from reconciler.views.screen import Screen

_QUIET_SECONDS = 1.0
_TERMINAL_SECONDS = 0.1
_ELSEWHERE_SECONDS = 10.0
_LONG_SECONDS = 5.0
_MINUTE = 60

_FINISHING = "finishing what is in flight; press again to abort"


@dataclass(slots=True)
class ProgressBar:
    """Shows progress. `monotonic` counts seconds; with `silent` nothing is shown but what a person must know."""

    screen: Screen
    monotonic: Callable[[], float]
    silent: bool = False
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _done: dict[str, tuple[int, int]] = field(default_factory=dict)
    _last: float = 0.0
    _transient: bool = False

    def __post_init__(self) -> None:
        early = _QUIET_SECONDS - _TERMINAL_SECONDS if self.screen.can_move(self.screen.err) else 0.0
        self._last = self.monotonic() + early

    def reading(self, progress: Reading) -> None:
        """So many numbers of an account are read."""
        with self._lock:
            self._done[progress.account] = (progress.done, progress.total)
            if progress.done == 0 and progress.seconds_expected >= _LONG_SECONDS:
                what = f"reading {plural(progress.total, 'number')} of {progress.account}"
                self._say(f"{what}: {_about(progress.seconds_expected)}")
            done, total = (sum(counts) for counts in zip(*self._done.values(), strict=True))
            self._tick(f"{done} of {plural(total, 'number')} read")

    def applying(self, event: ApplyEvent) -> None:
        """Something happened in an apply."""
        match event:
            case Reading():
                self.reading(event)
            case Finished():
                with self._lock:
                    self._tick(f"{event.done} of {plural(event.total, 'change')} done")
            case LockBroken():
                with self._lock:
                    self._say(f"broke the lock of a dead process: {event.holder}")

    def waiting(self, seconds: float, reason: str) -> None:
        """A vendor asked for a pause."""
        if seconds >= _QUIET_SECONDS:
            with self._lock:
                self._say(f"waiting {seconds:.0f} s: {reason}")

    def remark(self, text: str) -> None:
        """Something of the record is waited for, or taken for granted."""
        with self._lock:
            self._say(text)

    def interrupted(self, *, expired: bool = False) -> None:
        """The first signal came; called from its handler, so without a lock, and perhaps amid another line."""
        text = "the deadline has passed: finishing what is in flight" if expired else _FINISHING
        with suppress(RuntimeError):
            self.screen.note([line(Span(text, Tone.WARNING))])

    def close(self) -> None:
        """Take the rewriting line away."""
        with self._lock:
            self._clear()

    def _tick(self, text: str) -> None:
        terminal = self.screen.can_move(self.screen.err)
        now = self.monotonic()
        if self.silent or now - self._last < (_TERMINAL_SECONDS if terminal else _ELSEWHERE_SECONDS):
            return
        self._last = now
        if terminal:
            self.screen.transient(text)
            self._transient = True
        else:
            self.screen.note([line(text)])

    def _say(self, text: str) -> None:
        if not self.silent:
            self._clear()
            self.screen.note([line(Span(text, Tone.FAINT))])

    def _clear(self) -> None:
        if self._transient:
            self.screen.transient("")
            self._transient = False


def _about(seconds: float) -> str:
    if seconds < _MINUTE:
        return f"about {seconds:.0f} s at this account's rate"
    return f"about {seconds / _MINUTE:.0f} min at this account's rate"
