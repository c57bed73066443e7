"""Reviews as a pipeline would get them: of files, of a plan, of an audit, and of a command that came to nothing."""

from __future__ import annotations

from reconciler.audit import Audit, Tally
from reconciler.diagnostics import Diagnostic, Location, Related, Severity
from reconciler.model import Action, FieldChange
from reconciler.plan.model import Breach, Calls
from reconciler.views.ci import plan, review
from reconciler.views.ci.review import Review, ready
from tests.unit.views import values
from tests.unit.views.values import NOTHING, change, numbers, place, target, url

OFFICE, SHORTER = "wd {mon-fri} hr {9-18}", "wd {mon-fri} hr {9-17}"

HOUR = Diagnostic(
    "period-hour",
    Severity.ERROR,
    "'14pm' is not an hour of the 12-hour clock (1pm to 11pm)",
    place("numbers/sales.yaml", 14, 38, 4),
    "for 06:00-15:00 write hr {6-14}",
)
TWICE = Diagnostic(
    "duplicate-entry",
    Severity.ERROR,
    "the number '+7 (499) 111-22-33' is declared a second time",
    Location("numbers/sales.yaml", 30, 3, 33, 9),
    "keep one of the two",
    (Related("first declared here", place("numbers/наши.yaml", 12, 3, 13)),),
)
GAP = Diagnostic(
    "route-gap", Severity.WARNING, "74991112233: no target rings at these times: Sat, Sun", place("a.yaml", 9, 7, 7)
)
ZONE = Diagnostic("assume-timezone", Severity.NOTICE, "periods are assumed to be evaluated in Europe/Moscow")
UNREAD = Diagnostic(
    "provider-not-owned", Severity.ERROR, "sales/74991112299 cannot be read", place("numbers/sales.yaml", 60, 3, 13)
)

LONGER = change(
    "sales/74991112233",
    Action.UPDATE,
    numbers(target(timeout=16, schedule=OFFICE)),
    numbers(target(timeout=20, schedule=SHORTER)),
    FieldChange("targets[0].timeout", 16, 20),
    FieldChange("targets[0].schedule", OFFICE, SHORTER),
    description="Горячая линия, 100 %: Москва",
    declared_at="numbers/sales.yaml:12:3",
)
NEW = change(
    "sales/74991112244",
    Action.CREATE,
    NOTHING,
    url("https://example.com/route", "74993334455"),
    declared_at="numbers/sales.yaml:30:3",
)
GONE = change(
    "sales/74991112277",
    Action.DELETE,
    numbers(target()),
    NOTHING,
    needs=("allow-delete",),
    declared_at="numbers/sales.yaml:44:3",
)
FORGOTTEN = change("sales/74991112288", Action.FORGET, url("https://example.com/old"), None)


def _refused(rule: str, address: str, message: str, flag: str, where: Location) -> Breach:
    return Breach(rule, address, Diagnostic(rule, Severity.ERROR, message, where, f"if this is intended: {flag}"), flag)


NEEDS = _refused(
    "needs-allow-delete",
    GONE.address,
    "sales/74991112277 would be deleted: its callers would reach nobody",
    "--allow-delete",
    place("numbers/sales.yaml", 44, 3, 13),
)
TOO_MANY = _refused(
    "policy-max-deletes",
    "",
    "1 delete in one run; policy allows 0",
    "--override policy-max-deletes",
    place("reconciler.yaml", 9, 3, 6),
)
PLAN = values.plan(
    LONGER,
    NEW,
    GONE,
    FORGOTTEN,
    breaches=(NEEDS, TOO_MANY),
    diagnostics=(UNREAD,),
    unchanged=40,
    unknown=1,
    complete=False,
    accounts=2,
    calls=Calls(29, 0),
)
AUDIT = Audit(
    "moscow-lines",
    "2026-11-21T10:00:00Z",
    Tally(numbers=4, accounts=2, read=3, as_recorded=1, unknown=0),
    Calls(4, 0),
    drift=(LONGER,),
    pending=(NEW,),
    unmanaged={"sales": ("74991112299",)},
    unlisted=("office",),
    risks=(GAP,),
    diagnostics=(ZONE,),
)


def where(file: str) -> str:
    """A configuration in a folder of the repository."""
    return f"phones/{file}"


def of_files() -> Review:
    found = (TWICE, HOUR, GAP, ZONE)
    return review.validation(found, found, numbers=12, strict=False)


def of_good_files() -> Review:
    return review.validation((), (), numbers=12, strict=False)


def of_a_plan() -> Review:
    return plan.plan_review(PLAN, PLAN.diagnostics, failed=True, enforced=False)


def of_a_plan_without_changes() -> Review:
    return plan.plan_review(values.plan(unchanged=12), (), failed=False, enforced=False)


def of_an_audit() -> Review:
    return plan.audit_review(AUDIT, AUDIT.diagnostics, failed=False)


def of_a_failure() -> Review:
    return review.failure("plan", (ZONE, Diagnostic("record-unusable", Severity.ERROR, "the record is not there")))


SAMPLES = {
    "files": of_files,
    "good-files": of_good_files,
    "plan": of_a_plan,
    "no-changes": of_a_plan_without_changes,
    "audit": of_an_audit,
    "failure": of_a_failure,
}


def prepared(name: str) -> Review:
    """One of these as it goes out."""
    return ready(SAMPLES[name](), where, str)
