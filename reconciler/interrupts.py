"""Ctrl-C and SIGTERM from the first line of the program to its last: it ends with 130, and never with a traceback.

A deadline is a signal that comes by itself, and ends the work in the same order.
Of all signals at most one raises KeyboardInterrupt, and only where somebody waits to catch it; those that come while
the program is ending change nothing, or end it at once where that takes long. Knows nothing of what is interrupted.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import FrameType
from typing import TYPE_CHECKING, NoReturn

if TYPE_CHECKING:
    from sys import UnraisableHookArgs

Heed = Callable[[], None]

INTERRUPTED = 130
_SIGNALS = (signal.SIGINT, signal.SIGTERM)
_LONG_SECONDS = 1.0
_SOON_SECONDS = 0.02


@dataclass(slots=True)
class _State:
    """What the next signal does: the last of `heeds`, unless the program has been ending `since` an earlier one."""

    heeds: list[Heed] = field(default_factory=list)
    since: float | None = None
    pending: bool = False
    heard: bool = False
    expired: bool = False
    terminated: bool = False


_STATE = _State()


def install(early: Sequence[int]) -> None:
    """Take over the signals for the rest of the process; `early`: those that have come, and may come until it is done.

    They are remembered until there is somebody to catch what they raise.
    """
    _take_over()
    sys.unraisablehook = _unraisable
    if early:
        _remember()


@contextmanager
def installed() -> Iterator[None]:
    """Take over the signals for a while, where nobody has yet."""
    if _STATE.heeds or threading.current_thread() is not threading.main_thread():
        yield
        return
    before = _take_over()
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        signal.setitimer(signal.ITIMER_REAL, 0)
        _STATE.heeds, _STATE.since = [], None
        _STATE.pending = _STATE.heard = _STATE.expired = _STATE.terminated = False


def _take_over() -> dict[signal.Signals, Callable[[int, FrameType | None], object] | int | None]:
    """Handle the signals that are not ignored, as under `nohup`, and return what handled them before."""
    _STATE.heeds.append(_remember)
    before = {number: signal.getsignal(number) for number in _SIGNALS}
    heeded = {number: handler for number, handler in before.items() if handler is not signal.SIG_IGN}
    for number in heeded:
        signal.signal(number, _handle)
    return heeded


# docs/decisions/106
@contextmanager
def heeding(heed: Heed) -> Iterator[None]:
    """Let this be what a signal does; it may call `abort`. One that came before is made up for here."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    _STATE.heeds.append(heed)
    try:
        if _STATE.pending:
            _STATE.pending = False
            raise KeyboardInterrupt
        yield
    finally:
        _STATE.heeds.remove(heed)


def abort() -> NoReturn:
    """Raise the one KeyboardInterrupt; from now on the program is ending."""
    _STATE.since = time.monotonic()
    raise KeyboardInterrupt


def expire_in(seconds: float) -> None:
    """Set the deadline of the work: so many seconds from now it is interrupted, where nobody has done so before."""
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGALRM, _expire)
        signal.setitimer(signal.ITIMER_REAL, seconds)


def has_expired() -> bool:
    """Whether the deadline is what has ended the work."""
    return _STATE.expired


def is_terminated() -> bool:
    """Whether SIGTERM has come, which unlike Ctrl-C no terminal sends to the commands that were started from here."""
    return _STATE.terminated


def is_ending() -> bool:
    """Whether a signal has ended the work, so that whatever fails now fails for that reason."""
    return _STATE.since is not None


def _expire(_number: int, _frame: FrameType | None) -> None:
    if not _STATE.heard:
        _STATE.expired = True
        _heed()


def _handle(number: int, _frame: FrameType | None) -> None:
    _STATE.heard = True
    _STATE.terminated = _STATE.terminated or number == signal.SIGTERM
    _heed()


def _heed() -> None:
    if _STATE.since is None:
        _STATE.heeds[-1]()
    elif time.monotonic() - _STATE.since > _LONG_SECONDS:
        os._exit(INTERRUPTED)


def _remember() -> None:
    _STATE.pending, _STATE.since = True, time.monotonic()


def _unraisable(found: UnraisableHookArgs) -> None:
    """Python drops what is raised in a finaliser, and says so with a traceback: a signal is raised again instead."""
    if issubclass(found.exc_type, KeyboardInterrupt):
        threading.Timer(_SOON_SECONDS, _raise_again).start()  # until then the program counts as ending
    else:
        sys.__unraisablehook__(found)


def _raise_again() -> None:
    _STATE.since = None
    signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)
