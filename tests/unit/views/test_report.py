"""An apply's report in text tells the truth about each change and about the whole."""

from __future__ import annotations

from typing import Any

import pytest

from reconciler.apply.report import ApplyReport, Halt, Result
from reconciler.model import Action, Kind, Outcome
from reconciler.views.base import text_of
from reconciler.views.human.report import report as drawn
from tests.conftest import Golden


def result(address: str, action: Action, outcome: Outcome, **more: Any) -> Result:
    return Result(address, Kind.FORWARDING, action, outcome, **{"attempts": 1, **more})


def report(*results: Result, **more: Any) -> ApplyReport:
    return ApplyReport("0123456789abcdef", "2026-11-21T10:00:00Z", "2026-11-21T10:00:09Z", results, **more)


APPLIED = result("sales/74991112233", Action.UPDATE, Outcome.APPLIED)
UNVERIFIED = result("office/78005560251", Action.ASSERT, Outcome.UNVERIFIED, unverified_fields=("parking",))
FAILED = result(
    "sales/74991112255",
    Action.UPDATE,
    Outcome.FAILED,
    error="the vendor refused it: number has sip, so it cannot be forwarded",
)

SKIPPED = result("sales/74991112277", Action.UPDATE, Outcome.SKIPPED, error="writing stopped: the lock was lost")


def text(shown: ApplyReport) -> str:
    return text_of(drawn(shown, 80))


def test_a_run_that_went_through_in_part_reads_as_agreed(golden: Golden) -> None:
    twice = result("sales/74991112244", Action.CREATE, Outcome.APPLIED, attempts=2)
    why = "it depends on sales/74991112255, which was not applied"
    skipped = result("sales/74991112266", Action.UPDATE, Outcome.SKIPPED, error=why)
    golden("report/part.txt", text(report(APPLIED, UNVERIFIED, twice, FAILED, skipped)))


def test_what_was_written_before_the_lock_was_lost_is_named() -> None:
    shown = text(report(APPLIED, SKIPPED, halt=Halt.LOCK))
    assert "applied     sales/74991112233" in shown
    assert "Nothing was written" not in shown


def test_everything_is_claimed_only_when_all_was_read_back() -> None:
    assert text(report(APPLIED)).endswith("1 applied\nEverything is as the files say. Run 0123456789ab.\n")


def test_what_cannot_be_read_back_is_admitted() -> None:
    assert "Everything is as the files say, as far as can be read." in text(report(APPLIED, UNVERIFIED))


def test_a_run_that_lost_its_lock_shows_what_it_wrote() -> None:
    shown = text(report(APPLIED, SKIPPED, halt=Halt.LOCK))
    assert shown.startswith("applied     sales/74991112233")
    assert "Nothing was written" not in shown


def test_a_run_without_changes_says_so() -> None:
    assert text(report()) == "Nothing to do: everything is as the files say.\n"


@pytest.mark.parametrize(
    ("shown", "sentence"),
    [
        (report(complete=False), "The plan was incomplete: the numbers named in its errors were left alone."),
        (report(APPLIED, complete=False), "The plan was incomplete: the numbers named in its errors were left alone."),
        (report(FAILED), "Not everything is as the files say yet"),
        (report(SKIPPED, halt=Halt.STALE), "Nothing was written: the plan is stale."),
        (report(SKIPPED, halt=Halt.REFUSED), "Nothing was written: the run was refused."),
        (report(SKIPPED, halt=Halt.LOCK), "Nothing was written: somebody else holds the lock."),
        (report(APPLIED, SKIPPED, halt=Halt.LOCK), "Writing stopped: the lock was lost."),
        (report(APPLIED, whole=False), "Every change of this run is applied. Run 0123456789ab."),
        (report(APPLIED, UNVERIFIED, whole=False), "Every change of this run is applied, as far as can be read."),
        (report(whole=False), "Nothing to do for the numbers of this run."),
        (report(APPLIED, halt=Halt.RECORD), "Writing stopped: the record cannot be used."),
        (report(APPLIED, halt=Halt.INTERRUPTED), "The run was interrupted; what was in flight is settled."),
    ],
)
def test_no_run_that_went_wrong_claims_that_everything_is_well(shown: ApplyReport, sentence: str) -> None:
    assert sentence in text(shown)
    assert "Everything" not in text(shown)
    assert "everything is as" not in text(shown).replace("Not everything is as", "")
