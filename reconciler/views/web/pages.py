"""Values as pages that need nothing else: plans, audits, calendars and failures.

Whatever is put into a template is text, never markup, and loses its secrets before it is escaped. Knows neither
commands nor files.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING

from reconciler.audit import Audit
from reconciler.canonical import Json
from reconciler.clock import epoch
from reconciler.diagnostics import Diagnostic
from reconciler.effects.calendar import Week, lanes, week
from reconciler.effects.states import OpaquePeriodError
from reconciler.model import Action, Change, FieldChange
from reconciler.plan.model import Plan
from reconciler.views.base import WIDE, plural, text_of
from reconciler.views.calendar import Calendar, CalendarView, has_gap, is_cut, manner_of, title_of
from reconciler.views.human.audit import aim, audit_sum_lines, head_lines
from reconciler.views.human.plan import (
    BY_HAND,
    allowance_lines,
    in_the_past,
    is_of_another_type,
    is_unnoticed,
    place_of,
    policy_lines,
    sides,
    sum_lines,
    why_asserted,
)
from reconciler.views.human.values import details, summary
from reconciler.views.web.week import LegendEntry, Picture, legend, picture

Clean = Callable[[str], str]
"""Takes secrets and control characters out of a text."""

if TYPE_CHECKING:
    from jinja2 import Environment


@lru_cache(maxsize=1)
def _environment() -> Environment:
    from jinja2 import Environment, PackageLoader, StrictUndefined

    return Environment(
        loader=PackageLoader("reconciler.views.web"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def render(template: str, clean: Clean, **values: object) -> str:
    """Fill a template of this package."""

    def finalized(value: object) -> object:
        return clean(value) if type(value) is str else value  # what a macro has drawn is not plain text

    return _environment().overlay(finalize=finalized).get_template(template).render(**values)


def failure_page(command: str, found: Iterable[Diagnostic], clean: Clean = str) -> str:
    """Draw the whole page: each finding with its place and what to type."""
    return render("failure.html.j2", clean, title=f"reconciler {command}".rstrip(), findings=list(found))


OLD, NEW = "As last written", "Live now"


def audit_page(shown: Audit, *, zone: str, clean: Clean = str) -> str:
    """Draw the whole page; pictures are of the week in which the audit was made, in a zone."""
    at = int(epoch(shown.created_at))
    sections = [
        _drift(change, at if index < MOST_PLAN_PICTURES else None, zone) for index, change in enumerate(shown.drift)
    ]
    return render(
        "audit.html.j2",
        clean,
        title=f"Audit of {shown.configuration}" if shown.configuration else "Audit",
        summary=text_of((*audit_sum_lines(shown, WIDE), head_lines(shown)[0])).splitlines(),
        audit=shown,
        zone=zone,
        sections=sections,
        sides=(OLD, NEW),
        most_pictures=MOST_PLAN_PICTURES,
        pending=[(each.address, each.action.value, aim(each), place_of(each.declared_at)) for each in shown.pending],
        findings=[_told(item) for item in (*shown.diagnostics, *shown.risks)],
    )


def _drift(change: Change, at: int | None, zone: str) -> Section:
    drawn = section(change, at, zone, sides_of_week=(OLD.lower(), NEW.lower()))
    return replace(drawn, action="drift")


def _told(found: Diagnostic) -> tuple[str, str, str, str, str]:
    """Severity, rule, message, place and hint."""
    place = place_of(str(found.location)) if found.location else ""
    return found.severity.value, found.code, found.message, place, found.hint or ""


MOST_PICTURES = 300


@dataclass(frozen=True, slots=True)
class CalendarSection:
    """One picture with its heading, and all its numbers where they are many."""

    heading: str
    description: str
    numbers: tuple[tuple[str, str], ...]
    picture: Picture | None
    legend: tuple[LegendEntry, ...]
    notes: tuple[str, ...]


def calendar_page(shown: CalendarView, clean: Clean = str) -> str:
    """Draw the whole page."""
    total = sum(len(calendar.numbers) for calendar in shown.calendars)
    gaps = sum(len(calendar.numbers) for calendar in shown.calendars if has_gap(calendar))
    summary = plural(total, "number") + (f", {gaps} with gaps" if gaps else "")
    return render(
        "calendar.html.j2",
        clean,
        title=f"Who rings when: {_week_of(shown)}".rstrip(": "),
        summary=summary,
        zone=shown.zone,
        sections=[_section(calendar) for calendar in shown.calendars[:MOST_PICTURES]],
        left_out=sum(len(calendar.numbers) for calendar in shown.calendars[MOST_PICTURES:]),
    )


def _week_of(shown: CalendarView) -> str:
    week = next((calendar.week for calendar in shown.calendars if calendar.week), None)
    if week is None:
        return ""
    first, last = week[0], week[-1]
    return f"{first.day:02}.{first.month:02} to {last.day:02}.{last.month:02}.{last.year}"


def _section(calendar: Calendar) -> CalendarSection:
    heading, description = title_of(calendar)
    drawn = None if calendar.week is None else picture(calendar.week, calendar.lanes, f"Week of {heading}")
    numbers = calendar.numbers if len(calendar.numbers) > 1 else ()
    return CalendarSection(heading, description, numbers, drawn, legend(calendar.lanes), notes_of(calendar))


def notes_of(calendar: Calendar) -> tuple[str, ...]:
    """What a reader must know besides the letters."""
    manner = {"parallel": "Bars above one another ring at once.", "": ""}.get(
        calendar.redirect, "Bars above one another ring one after the other, from the top."
    )
    return tuple(
        note
        for note in (
            calendar.problem,
            manner if manner_of(calendar) else "",
            "Dotted: for a part of the half hour." if is_cut(calendar) else "",
        )
        if note
    )


MOST_PLAN_PICTURES = 100
_SIDES = ("until now", "from now on")


@dataclass(frozen=True, slots=True)
class Weeks:
    """The same week on both sides, with one legend."""

    before: Picture
    after: Picture
    legend: tuple[LegendEntry, ...]
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Section:
    """One change."""

    address: str
    action: str
    description: str
    place: str
    before: tuple[str, ...]
    after: tuple[str, ...]
    fields: tuple[tuple[str, str, str], ...]
    effects: tuple[tuple[str, str, str], ...]
    note: str
    needs: str
    weeks: Weeks | None


def plan_page(shown: Plan, *, zone: str, clean: Clean = str) -> str:
    """Draw the whole page; pictures are of the week in which the plan was made, in a zone."""
    at = int(epoch(shown.created_at))
    sections = [
        section(change, at if index < MOST_PLAN_PICTURES else None, zone, _needs(change, shown))
        for index, change in enumerate(shown.changes)
    ]
    return render(
        "plan.html.j2",
        clean,
        title=f"Plan for {shown.configuration}" if shown.configuration else "Plan",
        summary=text_of(sum_lines(shown, WIDE)).splitlines(),
        plan=shown,
        zone=zone,
        sections=sections,
        most_pictures=MOST_PLAN_PICTURES,
        place_of=place_of,
        refusals=_refusals(shown),
    )


def _refusals(shown: Plan) -> list[str]:
    """What stands against the plan, a line each."""
    policy = text_of(policy_lines(shown.breaches, WIDE)).splitlines()[2:]
    return [row.strip() for row in (*policy, *text_of(allowance_lines(shown.breaches)).splitlines())]


def _needs(change: Change, shown: Plan) -> str:
    return " ".join(f"--{need}" for need in change.needs if need.removeprefix("allow-") not in shown.consent.allow)


def section(
    change: Change, at: int | None, zone: str, needs: str = "", sides_of_week: tuple[str, str] = _SIDES
) -> Section:
    """One change; with the week around `at`, seconds since the epoch, where there is a difference to see."""
    whole = change.action is not Action.UPDATE or is_of_another_type(change)
    return Section(
        change.address,
        change.action.value,
        " ".join(filter(None, (change.description, BY_HAND if change.reverts_a_hand else ""))),
        place_of(change.declared_at),
        _whole(change.before) if whole else (),
        _whole(change.after) if whole and change.after is not None else (),
        () if whole else tuple(_row(item) for item in change.fields),
        tuple((effect.when, in_the_past(effect.before), effect.after) for effect in change.effects),
        _note(change),
        needs,
        None if at is None else _weeks(change, at, zone, sides_of_week),
    )


def _whole(value: Json | None) -> tuple[str, ...]:
    return (summary(value), *details(value))


def _row(item: FieldChange) -> tuple[str, str, str]:
    before, after = sides(item)
    return item.path, before, after


def _note(change: Change) -> str:
    if change.action is Action.FORGET:
        return "Dropped from the record; the vendor is not touched."
    if change.action is Action.ASSERT:
        why = why_asserted(change)
        return f"{why[0].upper()}{why[1:]}."
    return "Callers notice nothing." if is_unnoticed(change) else ""


def _weeks(change: Change, at: int, zone: str, names: tuple[str, str]) -> Weeks | None:
    """Both weeks, where there is something to see: targets on one side at least, and a difference."""
    if not change.effects or change.after is None or change.before is None:
        return None
    if "number" not in (change.before["type"], change.after["type"]):
        return None
    try:
        old, new = week(change.before, at, zone), week(change.after, at, zone)
    except OpaquePeriodError:
        return None
    everybody = lanes(change.before, change.after)
    before = picture(old, everybody, f"{change.address} {names[0]}", other=new)
    after = picture(new, everybody, f"{change.address} {names[1]}", other=old)
    return Weeks(before, after, legend(everybody), _notes(change, old, new))


def _notes(change: Change, old: Week, new: Week) -> tuple[str, ...]:
    both = [
        Calendar(((change.key.number, ""),), (), each, value.get("redirect", ""))
        for each, value in ((old, change.before), (new, change.after))
    ]
    marked = (
        "A bar below a day marks times when somebody else rings."
        if old != new
        else "Both sides are the same in this week."
    )
    return (*dict.fromkeys(note for calendar in both for note in notes_of(calendar)), marked)
