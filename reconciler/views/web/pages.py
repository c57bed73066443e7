"""Values as pages that need nothing else: plans, audits, calendars and failures.

Whatever is put into a template is text, never markup, and loses its secrets before it is escaped. Knows neither
commands nor files.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING

from reconciler.audit import Audit
from reconciler.clock import epoch
from reconciler.diagnostics import Diagnostic
from reconciler.effects.calendar import Week, lanes, week
from reconciler.effects.states import OpaquePeriodError
from reconciler.effects.wording import SHORT, Wording, marked
from reconciler.model import Action, Change
from reconciler.plan.model import Plan
from reconciler.views.base import WIDE, text_of
from reconciler.views.calendar import (
    Calendar,
    CalendarView,
    dates_of,
    has_gap,
    is_cut,
    is_daily,
    local_time,
    named_lanes,
    rings_several,
    tally_of,
    title_of,
)
from reconciler.views.human.audit import (
    audit_head_lines,
    audit_sum_lines,
    endings_told,
    risks_told,
    unmanaged_alike,
    why_unlisted,
)
from reconciler.views.human.plan import allowance_lines, refusals, sum_lines
from reconciler.views.human.told import (
    ACTIONS,
    DRIFT_SIDES,
    NAMED,
    SIDES,
    Block,
    blocks,
    pending_alike,
    place_of,
    to_do,
    where,
)
from reconciler.views.web.week import LegendEntry, Picture, legend, picture

Clean = Callable[[str], str]
"""Takes secrets and control characters out of a text."""
_CODE = re.compile(r"(?<!`)`([^`]+)`(?!`)")
_SPAN = re.compile(r"(?<!\S)(\S{1,12}-\S{1,12})(?!\S)")

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


def render(template: str, clean: Clean, say: Wording, **values: object) -> str:
    """Fill a template of this package, whose own words are those of a language."""

    def finalized(value: object) -> object:
        return clean(value) if type(value) is str else value  # what a macro has drawn is not plain text

    def pieces(text: str) -> list[str]:
        """A text, cleaned as a whole first, in pieces of which every second one is code."""
        return _CODE.split(clean(text))

    def spans(text: str) -> list[str]:
        """The same, of which every second one is a span of time or of dates, to be kept in one line."""
        return _SPAN.split(clean(text))

    words = {"word": say.word, "number": say.number, "language": say.language}
    filled = _environment().overlay(finalize=finalized).get_template(template)
    return filled.render(pieces=pieces, spans=spans, **words, **values)


def failure_page(command: str, found: Iterable[Diagnostic], clean: Clean = str) -> str:
    """Draw the whole page: each finding with its place and what to type."""
    return render(
        "failure.html.j2",
        clean,
        SHORT,
        title=f"reconciler {command}".rstrip(),
        findings=[_finding(item, str(item.location or "")) for item in found],
    )


def _finding(found: Diagnostic, place: str | None = None) -> tuple[str, str, str, str]:
    """What it is, its message, its place and its hint."""
    known = place_of(str(found.location or "")) if place is None else place
    return f"{found.severity.value} [{found.code}]", found.message, known, found.hint or ""


def audit_page(shown: Audit, zone: str, say: Wording = SHORT, clean: Clean = str) -> str:
    """Draw the whole page; pictures are of the week in which the audit was made, in a zone."""
    say = replace(say, names=shown.names)
    name = shown.configuration
    return render(
        "audit.html.j2",
        clean,
        say,
        title=say.word("Audit of {name}", name=name) if name else say.word("Audit"),
        summary=text_of((*audit_sum_lines(shown, WIDE, say), audit_head_lines(shown, say)[0])).splitlines(),
        audit=shown,
        made=local_time(int(epoch(shown.created_at)), zone, say),
        zone=zone,
        cards=_cards(blocks(shown.drift, say, sides=DRIFT_SIDES), shown.created_at, zone, say, DRIFT_SIDES),
        sides=[say.word(side) for side in DRIFT_SIDES],
        weeks=[say.word(week) for week in WEEKS[DRIFT_SIDES]],
        most_pictures=MOST_PLAN_PICTURES,
        pending=[
            (to_do(action, say), aim, [(each.address, each.description, where(each, say)) for each in alike])
            for (action, aim), alike in pending_alike(shown.pending, say).items()
        ],
        why_unlisted=lambda account: why_unlisted(shown, account, say),
        unmanaged=lambda account, numbers: unmanaged_alike(shown, account, numbers, say),
        named=NAMED,
        endings=list(endings_told(shown, say)),
        findings=[_finding(item) for item in (*shown.diagnostics, *risks_told(shown))],
    )


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
    has_gap: bool = False


def calendar_page(shown: CalendarView, clean: Clean = str) -> str:
    """Draw the whole page."""
    return render(
        "calendar.html.j2",
        clean,
        shown.say,
        title=": ".join(filter(None, (shown.say.word("Who rings when"), _dates(shown)))),
        summary=tally_of(shown),
        zone=shown.zone,
        sections=[_section(calendar, shown.say) for calendar in shown.calendars[:MOST_PICTURES]],
        left_out=sum(len(calendar.numbers) for calendar in shown.calendars[MOST_PICTURES:]),
    )


def _dates(shown: CalendarView) -> str:
    return next((dates_of(calendar.week, shown.say) for calendar in shown.calendars if calendar.week), "")


def _section(calendar: Calendar, say: Wording) -> CalendarSection:
    heading, description = title_of(calendar, say)
    if calendar.note:
        return CalendarSection(heading, description, calendar.numbers, None, (), (calendar.note,))
    title = say.word("Week of {name}", name=heading)
    drawn = None if calendar.week is None else picture(calendar.week, calendar.lanes, title, say)
    notes = tuple(notes_of(calendar, say))
    return CalendarSection(
        heading, description, calendar.numbers, drawn, legend(calendar.lanes), notes, has_gap(calendar)
    )


def notes_of(calendar: Calendar, say: Wording) -> Iterator[str]:
    """What a reader must know besides the letters."""
    if calendar.opaque:
        yield say.opaque(calendar.opaque)
    if calendar.redirect and rings_several(calendar):
        if calendar.redirect == "parallel":
            yield say.word("Bars above one another ring at once.")
        else:
            yield say.word("Bars above one another ring one after the other, from the top.")
    if is_cut(calendar):
        yield say.word("Dotted: for a part of the half hour.")


MOST_PLAN_PICTURES = 100
WEEKS = {
    SIDES: (marked("The week until now"), marked("The week from now on")),
    DRIFT_SIDES: (marked("The week as written"), marked("The week live now")),
}
"""The headings of both weeks."""
DRIFT = marked("drift")


@dataclass(frozen=True, slots=True)
class Weeks:
    """The same week on both sides, or on the one where something is, with one legend."""

    before: Picture | None
    after: Picture | None
    legend: tuple[LegendEntry, ...]
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Card:
    """A block of changes: its numbers as (address, description, place), and the week that shows the difference."""

    block: Block
    action: str
    numbers: tuple[tuple[str, str, str], ...]
    weeks: Weeks | None
    named: int = NAMED


def plan_page(shown: Plan, say: Wording = SHORT, clean: Clean = str) -> str:
    """Draw the whole page; pictures are of the week in which the plan was made."""
    zone, say, name = shown.timezone, replace(say, names=shown.names), shown.configuration
    return render(
        "plan.html.j2",
        clean,
        say,
        title=say.word("Plan for {name}", name=name) if name else say.word("Plan"),
        summary=text_of(sum_lines(shown, WIDE, say)).splitlines(),
        plan=shown,
        made=local_time(int(epoch(shown.created_at)), zone, say),
        expires=local_time(int(epoch(shown.expires_at)), zone, say) if shown.expires_at else "",
        zone=zone,
        cards=_cards(blocks(shown.changes, say, shown.consent), shown.created_at, zone, say, SIDES),
        sides=[say.word(side) for side in SIDES],
        weeks=[say.word(week) for week in WEEKS[SIDES]],
        most_pictures=MOST_PLAN_PICTURES,
        refusals=[_finding(breach.diagnostic) for breach in refusals(shown.breaches)],
        allowances=text_of(allowance_lines(shown.breaches, say)).splitlines(),
        findings=[_finding(item) for item in shown.diagnostics],
    )


def _cards(found: Sequence[Block], made: str, zone: str, say: Wording, sides: tuple[str, str]) -> list[Card]:
    """Blocks with the week around the instant that a plan was made at, in a zone; of very many only the first."""
    at = int(epoch(made))
    return [
        Card(
            block,
            say.word(ACTIONS[block.told.action] if sides == SIDES else DRIFT),
            tuple((each.address, each.description, where(each, say)) for each in block.changes),
            _weeks(block.changes, at, zone, say, sides) if index < MOST_PLAN_PICTURES else None,
        )
        for index, block in enumerate(found)
    ]


def _weeks(changes: Sequence[Change], at: int, zone: str, say: Wording, names: tuple[str, str]) -> Weeks | None:
    """Both weeks, where there is something to see: targets on one side at least, and a difference."""
    change = changes[0]
    if not change.effects or change.after is None or change.before is None:
        return None
    if "number" not in (change.before["type"], change.after["type"]):
        return None
    try:
        old, new = week(change.before, at, zone), week(change.after, at, zone)
    except OpaquePeriodError:
        return None
    everybody = named_lanes(lanes(change.before, change.after), say)
    came, went = (change.action is each for each in (Action.CREATE, Action.DELETE))
    titles = [f"{change.address} {say.word(name)}" for name in names]
    before = None if came else picture(old, everybody, titles[0], say, other=None if went else new)
    after = None if went else picture(new, everybody, titles[1], say, other=None if came else old)
    notes = _notes(changes, old, new, say, is_compared=not (came or went))
    return Weeks(before, after, legend(everybody), tuple(notes))


def _notes(changes: Sequence[Change], old: Week, new: Week, say: Wording, *, is_compared: bool) -> Iterator[str]:
    """What a reader must know of both weeks."""
    change = changes[0]
    both = [
        Calendar((), (), each, value.get("redirect", "")) for each, value in ((old, change.before), (new, change.after))
    ]
    yield from dict.fromkeys(note for calendar in both for note in notes_of(calendar, say))
    if is_compared and old == new:
        yield say.word("Both sides are the same in this week.")
    elif is_compared:
        yield say.word("A bar below a day marks times when somebody else rings.")
    if is_daily(old) and is_daily(new):
        yield say.word("The week is {dates}.", dates=dates_of(old, say))
    if any((each.before, each.after) != (change.before, change.after) for each in changes):
        yield say.word(
            "Drawn for {address}; the others change alike, and differ where nothing changes.", address=change.address
        )
