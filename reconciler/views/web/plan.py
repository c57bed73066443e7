"""A plan as a page: each change with its fields, what callers notice, and the week before and after side by side.

Knows neither commands nor files.
"""

from __future__ import annotations

from dataclasses import dataclass

from reconciler.canonical import Json
from reconciler.change import Action, Change, FieldChange
from reconciler.clock import epoch
from reconciler.effects.calendar import Week, lanes, week
from reconciler.effects.states import OpaquePeriodError
from reconciler.plan.model import Plan
from reconciler.views.base import WIDE, text_of
from reconciler.views.calendar import Calendar
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
from reconciler.views.web.calendar import notes_of
from reconciler.views.web.pages import Clean, render
from reconciler.views.web.week import Entry, Picture, legend, picture

MOST_PICTURES = 100
_SIDES = ("until now", "from now on")


@dataclass(frozen=True, slots=True)
class Weeks:
    """The same week on both sides, with one legend."""

    before: Picture
    after: Picture
    legend: tuple[Entry, ...]
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


def page(shown: Plan, *, zone: str, clean: Clean = str) -> str:
    """Draw the whole page; pictures are of the week in which the plan was made, in a zone."""
    at = int(epoch(shown.created_at))
    sections = [
        section(change, at if index < MOST_PICTURES else None, zone, _needs(change, shown))
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
        most_pictures=MOST_PICTURES,
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
        "A bar below a day marks where somebody else rings."
        if old != new
        else "Both sides are alike in this very week."
    )
    return (*dict.fromkeys(note for calendar in both for note in notes_of(calendar)), marked)
