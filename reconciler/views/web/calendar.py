"""The week of numbers as a page.

Knows neither files nor options.
"""

from __future__ import annotations

from dataclasses import dataclass

from reconciler.views.base import plural
from reconciler.views.calendar import Calendar, Shown, has_gap, is_cut, manner_of, title_of
from reconciler.views.web.pages import Clean, render
from reconciler.views.web.week import Entry, Picture, legend, picture

MOST_PICTURES = 300


@dataclass(frozen=True, slots=True)
class Section:
    """One picture with its heading, and all its numbers where they are many."""

    heading: str
    description: str
    numbers: tuple[tuple[str, str], ...]
    picture: Picture | None
    legend: tuple[Entry, ...]
    notes: tuple[str, ...]


def page(shown: Shown, clean: Clean = str) -> str:
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


def _week_of(shown: Shown) -> str:
    week = next((calendar.week for calendar in shown.calendars if calendar.week), None)
    if week is None:
        return ""
    first, last = week[0], week[-1]
    return f"{first.day:02}.{first.month:02} to {last.day:02}.{last.month:02}.{last.year}"


def _section(calendar: Calendar) -> Section:
    heading, description = title_of(calendar)
    drawn = None if calendar.week is None else picture(calendar.week, calendar.lanes, f"Week of {heading}")
    numbers = calendar.numbers if len(calendar.numbers) > 1 else ()
    return Section(heading, description, numbers, drawn, legend(calendar.lanes), notes_of(calendar))


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
