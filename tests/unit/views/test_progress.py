"""Progress: nothing for a short run, one line on a terminal, a line now and then elsewhere."""

from __future__ import annotations

import io

import pytest

from reconciler.apply.journal import Finished, LockBroken, Settled
from reconciler.apply.report import Result
from reconciler.live import Progress
from reconciler.model import Action, Kind, Outcome
from reconciler.views.progress import ProgressBar
from reconciler.views.screen import Screen


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


class Ticks:
    """A monotonic count that a test puts forward."""

    def __init__(self) -> None:
        self.seconds = 100.0

    def __call__(self) -> float:
        return self.seconds


def watched(err: io.StringIO, *, silent: bool = False) -> tuple[ProgressBar, Ticks]:
    ticks = Ticks()
    return ProgressBar(Screen({"TERM": "xterm"}, io.StringIO(), err), ticks, silent=silent), ticks


def test_a_short_run_shows_nothing() -> None:
    for err in (Terminal(), io.StringIO()):
        progress_bar, ticks = watched(err)
        ticks.seconds += 0.9
        progress_bar.reading(Progress("sales", 5, 10))
        progress_bar.close()
        assert err.getvalue() == ""


def test_a_terminal_gets_one_line_that_goes_away() -> None:
    err = Terminal()
    progress_bar, ticks = watched(err)
    ticks.seconds += 1.1
    progress_bar.reading(Progress("sales", 5, 10))
    progress_bar.reading(Progress("sales", 6, 10))
    progress_bar.close()
    assert err.getvalue() == "\r\x1b[2K5 of 10 numbers read\r\x1b[2K"


def test_a_terminal_that_cannot_move_its_cursor_gets_lines() -> None:
    err, ticks = Terminal(), Ticks()
    progress_bar = ProgressBar(Screen({"TERM": "dumb"}, io.StringIO(), err), ticks)
    ticks.seconds += 11
    progress_bar.reading(Progress("sales", 5, 10))
    progress_bar.close()
    assert err.getvalue() == "5 of 10 numbers read\n"


def test_elsewhere_a_line_comes_every_ten_seconds_over_all_accounts() -> None:
    err = io.StringIO()
    progress_bar, ticks = watched(err)
    for second in range(25):
        ticks.seconds = 100.0 + second
        progress_bar.reading(Progress("sales", second, 100))
        progress_bar.reading(Progress("office", 1, 3))
    assert err.getvalue() == "11 of 103 numbers read\n21 of 103 numbers read\n"


@pytest.mark.parametrize(
    ("seconds", "told"),
    [
        (4.9, ""),
        (40.0, "reading 400 numbers of sales: about 40 s at this account's rate\n"),
        (1000.0, "reading 400 numbers of sales: about 17 min at this account's rate\n"),
    ],
)
def test_how_long_it_takes_is_said_before_a_long_read(seconds: float, told: str) -> None:
    err = io.StringIO()
    progress_bar, _ticks = watched(err)
    progress_bar.reading(Progress("sales", 0, 400, seconds))
    progress_bar.reading(Progress("sales", 1, 400, seconds))
    assert err.getvalue() == told


def test_an_apply_counts_its_changes_and_tells_of_pauses_and_broken_locks() -> None:
    err = io.StringIO()
    progress_bar, ticks = watched(err)
    result = Result("sales/74991112233", Kind.FORWARDING, Action.UPDATE, Outcome.APPLIED)
    progress_bar.applying(LockBroken("anna@host (process 7)"))
    progress_bar.waiting(0.5, "a short one")
    progress_bar.waiting(30, "429 from Exolve")
    ticks.seconds += 11
    progress_bar.applying(Progress("sales", 1, 2))
    progress_bar.applying(Settled(1))
    ticks.seconds += 11
    progress_bar.applying(Finished(result, 3, 4))
    assert err.getvalue() == (
        "broke the lock of a dead process: anna@host (process 7)\n"
        "waiting 30 s: 429 from Exolve\n"
        "1 of 2 numbers read\n"
        "3 of 4 changes done\n"
    )


def test_quiet_shows_no_progress_but_what_to_do_when_interrupted() -> None:
    err = Terminal()
    progress_bar, ticks = watched(err, silent=True)
    ticks.seconds += 100
    progress_bar.reading(Progress("sales", 0, 400, 1000.0))
    progress_bar.waiting(30, "429 from Exolve")
    progress_bar.interrupted()
    assert err.getvalue().count("\n") == 1
    assert "finishing what is in flight; press again to abort" in err.getvalue()
