"""Pages for the browser to judge: ordinary ones, large ones, and names that would like to be markup."""

from __future__ import annotations

from pathlib import Path

from reconciler.audit import Audit, Tally
from reconciler.canonical import form
from reconciler.diagnostics import Diagnostic, Severity
from reconciler.effects.calendar import lanes, week
from reconciler.effects.wording import Wording
from reconciler.events.calls import calls_of
from reconciler.language import Language, words_of
from reconciler.model import Desired, NumberForwarding, Redirect, Target, Value
from reconciler.plan.model import Calls, Plan
from reconciler.views.calendar import Calendar, CalendarView
from reconciler.views.web import pages
from reconciler.views.web.call import call_page
from tests.team import team
from tests.unit.events.building import MTT, kept
from tests.world import NONE, desired, phone, place, url, world

ZONE = "Europe/Moscow"
MONDAY = 1_795_424_400  # 23 November 2026, noon in Moscow
DESK, SPARE = "74992223344", "74992223355"
WORK = "wd {mon-fri} hr {9-17}"
NASTY = (
    "<script>document.title='broken'</script> <img src=x onerror=\"document.title='broken'\"> @everyone "
    "](javascript:alert(1)) </details> <!-- ``` </style></title>"
)


def rings(*targets: Target, redirect: Redirect = Redirect.SEQUENTIAL) -> NumberForwarding:
    return NumberForwarding(redirect, targets)


OFFICE = rings(Target(DESK, 16, (WORK,), name="дежурный"))
MANY = rings(*(Target(f"749922233{at:02}", 20, (f"hr {{{at}-{at + 1}}} min {{0-44}}",)) for at in range(20)))
BOTH = rings(Target(DESK, 20), Target(SPARE, 20, ("wd {sat sun}",)), redirect=Redirect.PARALLEL)


def drawn(value: Value, description: str = "Горячая линия, Москва", index: int = 1, more: int = 0) -> Calendar:
    """One picture; `more` numbers share it."""
    numbers = tuple((phone(index + at), description) for at in range(1 + more))
    canonical = form(value).json
    return Calendar(numbers, lanes(canonical), week(canonical, MONDAY, ZONE), canonical.get("redirect", ""))


def calendar_page(*calendars: Calendar) -> str:
    return pages.calendar_page(CalendarView(ZONE, calendars))


def whole_calendar() -> str:
    nasty = rings(Target(DESK, 20, (WORK,), name=NASTY))
    return calendar_page(
        drawn(OFFICE),
        drawn(MANY, index=2),
        drawn(BOTH, index=3, more=12),
        drawn(NONE, index=50),
        drawn(nasty, NASTY, 60),
    )


def a_call_page() -> str:
    """A call with a reason that would like to be markup, a step that came late, and one that is not documented."""
    info = MTT[2]["result"]["callInfo"]
    told = (("connected", ""), ("trying", ""), ("held", ""), ("finished", NASTY))
    sent = [
        {"event": "callNotifications", "result": {"callInfo": {**info, "state": state, "reason": reason}}}
        for state, reason in told
    ]
    (call,) = calls_of(kept(number, body, at=1_795_424_400 + number) for number, body in enumerate(sent))
    return call_page(call)


def a_plan() -> Plan:
    """Updates, an adoption, a delete, a create, a refusal and a number that cannot be read."""
    live: dict[int, Value] = {
        1: rings(Target(DESK, 16, ("wd {mon-fri} hr {9-18}",)), Target(SPARE, 30, ("wd {sat} hr {10-13}",))),
        2: rings(Target(DESK, 20)),
        3: rings(Target(DESK, 20)),
        4: url(),
        5: NONE,
    }
    files: list[Desired] = [
        desired(1, rings(Target(DESK, 20, (WORK,), name=NASTY), Target(SPARE, 30, ("wd {sat} hr {10-13}",)))),
        desired(2, MANY, description=NASTY, protected=True),
        desired(3, NONE, description="Больше не нужен"),
        desired(4, OFFICE),
        desired(5, url("https://example.com/route?key=canary", SPARE)),
        desired(9, OFFICE),
    ]
    return world(files, live, name=NASTY).plan()


def plan_page() -> str:
    return pages.plan_page(a_plan())


def russian_page() -> str:
    """The same for readers of Russian, whose words are longer."""
    return pages.plan_page(a_plan(), Wording(words=words_of(Language.RU)))


def team_page(folder: Path) -> str:
    """An hour's change in a schedule with public holidays that 19 numbers share."""
    shared = team(folder)
    shared.apply()
    shared.hour_later()
    return pages.plan_page(shared.plan())


def an_audit() -> Audit:
    """Drift, something that is not applied yet, unmanaged numbers, a risk, an account without a list."""
    changes = a_plan().changes
    risk = Diagnostic("route-gap", Severity.WARNING, f"no target rings: {NASTY}", place(7), "add a target")
    return Audit(
        NASTY,
        "2026-11-21T10:00:00Z",
        Tally(numbers=6, accounts=2, read=5, as_recorded=0, unknown=1),
        Calls(6, 0),
        drift=changes[:2],
        pending=changes[2:],
        unmanaged={"sales": tuple(phone(60 + at) for at in range(30))},
        unlisted=("office",),
        risks=(risk,),
    )


def failure_page() -> str:
    found = Diagnostic("period-hour", Severity.ERROR, f"no hour: {NASTY}", place(7), "write hr {6-14}")
    return pages.failure_page("plan", [found])


def audit_page() -> str:
    return pages.audit_page(an_audit(), ZONE)
