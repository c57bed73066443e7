"""Exit codes, and which one holds where several do, straight from the contract."""

from __future__ import annotations

from typing import Any

import pytest

from reconciler.apply.report import ApplyReport, Halt, Result
from reconciler.cli.exits import Exit, first, of_plan, of_report
from reconciler.diagnostics import Diagnostic, Severity
from reconciler.model import Action, Kind, Outcome
from tests.unit.views.values import NOTHING, breach, change, plan, url

REFUSED = breach("policy-max-changes", "too many", "--override policy-max-changes")
CREATE = change("sales/74991112233", Action.CREATE, NOTHING, url("https://example.com/route"))
ASSERT = change("office/78005560251", Action.ASSERT, None, {"type": "parking", "parking": True})
ERROR = Diagnostic("provider-timeout", Severity.ERROR, "no answer")
WARNING = Diagnostic("field-unreadable", Severity.WARNING, "not compared")


@pytest.mark.parametrize(
    ("shown", "detailed", "enforce", "code"),
    [
        (plan(), True, True, 0),
        (plan(CREATE), False, False, 0),
        (plan(CREATE), True, False, 2),
        (plan(ASSERT), True, False, 2),
        (plan(CREATE, diagnostics=(WARNING,)), False, False, 0),
        (plan(CREATE, breaches=(REFUSED,)), False, False, 0),
        (plan(CREATE, breaches=(REFUSED,)), True, False, 2),
        (plan(CREATE, breaches=(REFUSED,)), True, True, 5),
        (plan(CREATE, breaches=(REFUSED,), complete=False), True, True, 1),
        (plan(complete=False, unknown=1), False, False, 1),
        (plan(CREATE, diagnostics=(ERROR,)), True, False, 1),
    ],
)
def test_plan_ends_as_the_contract_says(shown: Any, detailed: bool, enforce: bool, code: int) -> None:
    assert of_plan(shown, detailed=detailed, enforce_policy=enforce) == code


def report(*outcomes: Outcome, **more: Any) -> ApplyReport:
    results = tuple(Result(f"sales/{at}", Kind.FORWARDING, Action.UPDATE, each) for at, each in enumerate(outcomes))
    return ApplyReport("run", "", "", results, **more)


APPLIED, UNVERIFIED, FAILED = Outcome.APPLIED, Outcome.UNVERIFIED, Outcome.FAILED
UNKNOWN, SKIPPED = Outcome.UNKNOWN, Outcome.SKIPPED
MOVED = (Diagnostic("plan-stale", Severity.ERROR, "it has moved"),)


@pytest.mark.parametrize(
    ("shown", "code"),
    [
        (report(), 0),
        (report(APPLIED, UNVERIFIED), 0),
        (report(APPLIED, FAILED), 3),
        (report(APPLIED, SKIPPED), 3),
        (report(APPLIED, UNKNOWN), 3),
        (report(UNVERIFIED, FAILED), 3),
        (report(APPLIED, complete=False), 3),
        (report(APPLIED, halt=Halt.RECORD), 3),
        (report(APPLIED, SKIPPED, halt=Halt.LOCK), 3),
        (report(APPLIED, SKIPPED, halt=Halt.INTERRUPTED), 130),
        (report(SKIPPED, SKIPPED, halt=Halt.INTERRUPTED), 130),
        (report(FAILED, FAILED), 1),
        (report(FAILED, SKIPPED), 1),
        (report(complete=False), 1),
        (report(SKIPPED, halt=Halt.RECORD), 1),
        (report(SKIPPED, halt=Halt.STALE), 4),
        (report(SKIPPED, diagnostics=MOVED), 4),
        (report(SKIPPED, FAILED, diagnostics=MOVED), 1),
        (report(SKIPPED, halt=Halt.REFUSED), 5),
        (report(SKIPPED, halt=Halt.LOCK), 5),
    ],
)
def test_apply_ends_as_the_contract_says(shown: ApplyReport, code: int) -> None:
    assert of_report(shown) == code


def test_where_nothing_was_written_the_order_is_130_1_4_5_2() -> None:
    order = [Exit.INTERRUPTED, Exit.ERROR, Exit.STALE, Exit.REFUSED, Exit.CHANGES]
    assert [first(set(order[at:])) for at in range(len(order))] == order
    assert first(set()) is Exit.DONE
