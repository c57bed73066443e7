"""Whatever things are called, no line that can be broken is broader than the terminal, and none is broken twice."""

from __future__ import annotations

from datetime import date
from itertools import pairwise

import pytest

from reconciler.audit import Audit, Tally
from reconciler.diagnostics import Diagnostic, Severity
from reconciler.effects.wording import PLAIN, SHORT
from reconciler.model import Action, FieldChange
from reconciler.names import Named, Names
from reconciler.plan.model import Calls, Plan
from reconciler.views.base import text_of, width
from reconciler.views.human.audit import audit
from reconciler.views.human.plan import plan as drawn
from tests.unit.views.values import NOTHING, breach, change, numbers, place, plan, target, url

LONG = "the night desk of the Moscow office on the second floor"
WIDE = "夜間当直の電話番号を転送する" * 4
HOURS = "; ".join(f"mo {{{month}}} md {{1-20}} wd {{mon-fri}} hr {{9-12 14-17}}" for month in ("jan", "may", "oct"))
OFTEN = ", ".join(f"yr {{2027}} mo {{jan}} md {{{day}}} hr {{9-{9 + day % 7}}}" for day in range(1, 29, 2))
COLUMNS = pytest.mark.parametrize("columns", [60, 80, 100, 140])


def of_every_sort() -> Plan:
    """Every action, and texts that are long in every place."""
    before = numbers(target(schedule=HOURS, name=WIDE), target("74992223355", 30, name=LONG), redirect="sequential")
    after = numbers(target("74992223366", schedule=OFTEN), target("74992223355", 40), redirect="sequential")
    fields = (
        FieldChange("targets[0].schedule", HOURS, OFTEN),
        FieldChange("targets[0].name", WIDE, LONG),
        FieldChange("targets[1]", target("74992223355", 20, name=WIDE, schedule=HOURS), None),
    )
    declared = {"declared_at": "numbers/north-west/saint-petersburg.yaml:1203:5"}
    changes = [
        change("sales/74991112233", Action.UPDATE, before, after, *fields, description=LONG, **declared),
        change("sales/74991112234", Action.ADOPT, before, after, needs=("allow-adopt", "allow-protected"), **declared),
        change("the-branch-of-saint-petersburg/74991112235", Action.CREATE, NOTHING, after, description=WIDE),
        change(
            "sales/74991112236", Action.DELETE, before, NOTHING, needs=("allow-delete",), description=f"{LONG} {WIDE}"
        ),
        change(
            "sales/74991112237", Action.UPDATE, url("https://example.com/route"), after, FieldChange("type", "", "")
        ),
        change("sales/74991112238", Action.ASSERT, before, after, FieldChange("client_id", None, LONG)),
        change("sales/74991112239", Action.FORGET, before, None, description=WIDE),
        *(
            change(f"sales/7499111224{at}", Action.CREATE, NOTHING, after, description=LONG, **declared)
            for at in range(9)
        ),
    ]
    refused = breach(
        "policy-window", f"{LONG}; {WIDE}", "--override", place("reconciler.yaml", 9, 3, 6), f"{LONG} {LONG}"
    )
    names = Names(
        date(2026, 11, 28),
        schedules={OFTEN: Named("hours-of-the-night-desk-in-saint-petersburg", "shared/schedules.yaml:13")},
        contacts={"74992223355": "the-colleague-who-is-on-duty-at-night"},
    )
    return plan(*changes, breaches=(refused,), names=names, complete=False, unknown=2, left_out=3, left_alone=4)


@COLUMNS
@pytest.mark.parametrize("verbose", [False, True])
def test_no_line_of_a_plan_is_broader_than_the_terminal(columns: int, verbose: bool) -> None:
    told = text_of(drawn(of_every_sort(), columns, PLAIN if verbose else SHORT)).splitlines()
    assert [row for row in told if width(row) > columns] == []


@COLUMNS
def test_no_line_of_an_audit_is_broader_than_the_terminal(columns: int) -> None:
    shown = of_every_sort()
    risk = Diagnostic("route-gap", Severity.WARNING, f"{LONG} {LONG}: {WIDE}", place("numbers.yaml", 7, 3, 5), LONG)
    found = Audit(
        "moscow-lines",
        shown.created_at,
        Tally(numbers=16, accounts=2, read=16, as_recorded=0, unknown=0),
        Calls(6, 0),
        complete=False,
        drift=shown.changes,
        pending=shown.changes,
        unmanaged={"sales": tuple(f"7499111{at:04}" for at in range(60))},
        unlisted=("the-branch-of-saint-petersburg",),
        risks=(risk,),
        names=shown.names,
    )
    for verbose in (False, True):
        told = text_of(audit(found, columns, PLAIN if verbose else SHORT)).splitlines()
        assert [row for row in told if width(row) > columns] == []


@COLUMNS
def test_a_text_is_wrapped_once(columns: int) -> None:
    """A row that was wrapped twice is followed by one that would have had room on it."""
    field = FieldChange("targets[0].schedule", None, OFTEN)
    shown = plan(change("sales/74991112233", Action.UPDATE, numbers(), numbers(), field, effects=()))
    told = text_of(drawn(shown, columns, PLAIN)).splitlines()
    rows = told[next(at for at, row in enumerate(told) if "-> " in row) : told.index("    callers   notice nothing")]
    assert len(rows) > 1
    for row, following in pairwise(rows):
        assert width(row) + 1 + width(following.split()[0]) > columns
