"""The week of numbers, and where one call goes, as people read them; in text and as JSON.

A week is a line a day, half an hour a character, a letter and a colour a target. Knows neither files nor options.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from string import ascii_uppercase
from typing import Any

from reconciler.clock import local_text
from reconciler.diagnostics import Diagnostic
from reconciler.effects.calendar import CalendarDay, Cell, Lane, Week
from reconciler.effects.routes import Route, Step, StepKind
from reconciler.effects.wording import SHORT, Wording, marked
from reconciler.model import Traffic
from reconciler.schedule.zones import zone as zone_of
from reconciler.views.base import EMPTY, Line, Page, Span, Tone, hanging, line, pad, width
from reconciler.views.results import Kind, answered

WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
GAP = "·"
_HOURS = " " * 10 + "".join(f"{hour:<6}" for hour in range(0, 24, 3)) + "24"
_TONES = (Tone.LANE_1, Tone.LANE_2, Tone.LANE_3, Tone.LANE_4, Tone.LANE_5, Tone.LANE_6)
_BEYOND = "#"  # a letter for all targets after the twenty-sixth
_MOST_NAMED = 3
_MANY = "+"


@dataclass(frozen=True, slots=True)
class Calendar:
    """One picture: the numbers that share it, as (number, description); `week` is None where a period is `opaque`.

    A `note` says all there is to say in place of the picture. `traffic` are calls of the past at their times in this
    week, those that reach nobody as lost; None where there are none to show.
    """

    numbers: tuple[tuple[str, str], ...]
    lanes: tuple[Lane, ...]
    week: Week | None
    redirect: str = ""
    opaque: str = ""
    note: str = ""
    traffic: Traffic | None = None


@dataclass(frozen=True, slots=True)
class CalendarView:
    """All pictures, of the week in a zone: a result of `views.results`."""

    zone: str
    calendars: tuple[Calendar, ...]
    say: Wording = SHORT
    findings: Sequence[Diagnostic] = ()
    kind: Kind = "calendar"

    def document(self) -> str:
        calendars = [_calendar_json(calendar) for calendar in self.calendars]
        return answered("calendar", {"timezone": self.zone, "calendars": calendars})

    def page(self, columns: int) -> Page:
        """Every picture with its legend."""
        if not self.calendars:
            return [line(self.say.word("No numbers."))]
        drawn = (_one(calendar, self.zone, self.say, columns) for calendar in self.calendars)
        return [*(each for picture in drawn for each in (*picture, EMPTY)), line(tally_of(self))]


def tally_of(shown: CalendarView) -> str:
    """How many numbers there are, and how many of them have gaps."""
    total = sum(len(calendar.numbers) for calendar in shown.calendars)
    gaps = sum(len(calendar.numbers) for calendar in shown.calendars if has_gap(calendar))
    numbers = shown.say.number(total, "{count} number", "{count} numbers")
    return ", ".join([numbers, shown.say.word("{count} with gaps", count=gaps)] if gaps else [numbers])


def letters_of(lanes: Sequence[Lane]) -> dict[str, tuple[str, int]]:
    """A letter and the index of a colour for each lane, by its key."""
    return {lane.key: (ascii_uppercase[at] if at < 26 else _BEYOND, at) for at, lane in enumerate(lanes)}


def title_of(calendar: Calendar, say: Wording) -> tuple[str, str]:
    """The number of a picture and its description; of several how many they are, and the first of them."""
    if len(calendar.numbers) == 1:
        return calendar.numbers[0]
    names = [number for number, _ in calendar.numbers]
    more = len(names) - _MOST_NAMED
    named = ", ".join(names[:_MOST_NAMED])
    text = say.word("{named} and {count} more", named=named, count=more) if more > 0 else named
    return say.number(len(names), "{count} number alike", "{count} numbers alike"), text


def named_lanes(lanes: Iterable[Lane], say: Wording) -> tuple[Lane, ...]:
    """The same with the names of contacts, where they have one, and in words where they stand in place of targets."""
    return tuple(lane._replace(text=_named(lane, say)) for lane in lanes)


def _named(lane: Lane, say: Wording) -> str:
    if lane.saying is not None:
        return say.said(lane.saying)
    return say.who(lane.key) if lane.key in say.names.contacts else lane.text


def local_time(at: int, zone: str, say: Wording) -> str:
    """An instant as clocks of a zone show it: `Thu 2026-12-31 18:30`."""
    return said_time(local_text(at, zone_of(zone).offset(at)), say)


def said_time(local: str, say: Wording) -> str:
    """A local time with its weekday."""
    weekday, _, rest = local.partition(" ")
    return " ".join((say.word(weekday), rest))


def dates_of(week: Week, say: Wording) -> str:
    """The first and the last day of a week."""
    first, last = (f"{day.day:02}.{day.month:02}" for day in (week[0], week[-1]))
    end = f"{last}.{week[-1].year}"
    return say.word("{first} to {last}", first=first, last=end)


def has_gap(calendar: Calendar) -> bool:
    """Whether nobody rings at some time of the week."""
    return calendar.week is not None and any(not cell.who for day in calendar.week for cell in day.cells)


def is_cut(calendar: Calendar) -> bool:
    """Whether something begins or ends within a half hour."""
    return calendar.week is not None and any(cell.is_part for day in calendar.week for cell in day.cells)


def _one(calendar: Calendar, zone: str, say: Wording, columns: int) -> Iterator[Line]:
    numbers, description = title_of(calendar, say)
    yield from hanging(line(Span(numbers, Tone.STRONG), "   " if description else ""), description, columns)
    if calendar.week is None or calendar.note:
        tone = Tone.PLAIN if calendar.note else Tone.WARNING
        yield from hanging(line("  "), calendar.note or say.opaque(calendar.opaque), columns, tone=tone)
        return
    letters = letters_of(calendar.lanes)
    yield line(Span(_HOURS, Tone.FAINT), Span(f"  {zone}", Tone.FAINT))
    if is_daily(calendar.week) and calendar.traffic is None:
        yield from _day(pad(say.word("every day"), 10), calendar.week[0], letters)
    else:
        for day in calendar.week:
            label = f"{say.word(WEEKDAYS[day.weekday])} {day.day:02}.{day.month:02}"
            yield from _day(pad(label, 10), day, letters)
            yield from _calls(calendar.traffic, day.weekday)
    yield from _legend(calendar, letters, say, columns)


def _calls(traffic: Traffic | None, weekday: int) -> Iterator[Line]:
    """A day's calls, a digit a half hour; in the colour of a gap where nobody rings for some of them."""
    if traffic is None or not traffic.cells:
        return
    drawn = [(_digit(calls), Tone.GAP if lost else Tone.FAINT) for calls, _, lost in _day_of(traffic, weekday)]
    tones = groupby(drawn, key=lambda each: each[1])
    yield (Span(" " * 10), *(Span("".join(digit for digit, _ in row), tone) for tone, row in tones))


def _day_of(traffic: Traffic, weekday: int) -> Sequence[tuple[int, int, int]]:
    return traffic.cells[weekday * 48 : weekday * 48 + 48]


def _digit(calls: int) -> str:
    return _MANY if calls > 9 else str(calls) if calls else " "


def calls_told(traffic: Traffic, say: Wording) -> str:
    """How many calls there were, and how many at a time when nobody rings."""
    of_calls = say.number(traffic.calls, "of {count:,} call", "of {count:,} calls")
    if not traffic.calls:
        return say.word("no calls of the past")
    if not traffic.lost:
        return say.word("{of_calls} none comes when nobody rings", of_calls=of_calls)
    came = say.number(traffic.lost, "{count:,} comes when nobody rings", "{count:,} come when nobody rings")
    return f"{of_calls} {came}"


def is_daily(week: Week) -> bool:
    """Whether all days are alike."""
    return all(day.cells == week[0].cells for day in week)


def _day(label: str, day: CalendarDay, letters: Mapping[str, tuple[str, int]]) -> Iterator[Line]:
    """A day, with a line for everyone who may ring at once or after one another."""
    for rank in range(max(1, *(len(cell.who) for cell in day.cells))):
        yield (Span(label if rank == 0 else " " * len(label)), *_row(day.cells, rank, letters))


def _row(cells: Sequence[Cell], rank: int, letters: Mapping[str, tuple[str, int]]) -> Iterator[Span]:
    drawn = [_drawn(cell, rank, letters) for cell in cells]
    for tone, row in groupby(drawn, key=lambda each: each[1]):
        yield Span("".join(letter for letter, _ in row), tone)


def _drawn(cell: Cell, rank: int, letters: Mapping[str, tuple[str, int]]) -> tuple[str, Tone]:
    if rank >= len(cell.who):
        return (" ", Tone.PLAIN) if cell.who or rank else (GAP, Tone.GAP)
    letter, lane = letters[cell.who[rank]]
    return letter.lower() if cell.is_part else letter, _TONES[lane % len(_TONES)]


def _legend(calendar: Calendar, letters: Mapping[str, tuple[str, int]], say: Wording, columns: int) -> Iterator[Line]:
    for lane in calendar.lanes:
        letter, at = letters[lane.key]
        start = line(" " * 10, Span(letter, _TONES[at % len(_TONES)]), " ")
        yield from hanging(start, lane.text, columns)
    notes = [" ".join((GAP, say.word("nobody")))] if has_gap(calendar) else []
    notes += [say.word("small letter: part of the half hour")] if is_cut(calendar) else []
    notes += [manner_of(calendar, say)] if rings_several(calendar) else []
    if calendar.week and is_daily(calendar.week) and calendar.traffic is None:
        notes.append(say.word("the same from {dates}", dates=dates_of(calendar.week, say)))
    if notes:
        yield from hanging(line(" " * 10), "; ".join(notes), columns, tone=Tone.FAINT)
    if calendar.traffic is not None:
        yield from hanging(line(" " * 10), calls_told(calendar.traffic, say), columns)
        yield from hanging(line(" " * 10), say.word("digits: calls in the half hour, + for ten or more"), columns)


def rings_several(calendar: Calendar) -> bool:
    """Whether several targets ring at some time of the week."""
    return calendar.week is not None and any(len(cell.who) > 1 for day in calendar.week for cell in day.cells)


def manner_of(calendar: Calendar, say: Wording) -> str:
    """How several targets ring."""
    if calendar.redirect == "parallel":
        return say.word("rows of a day ring at once")
    return say.word("rows of a day ring one after the other")


def _calendar_json(calendar: Calendar) -> dict[str, Any]:
    return {
        "numbers": [number for number, _ in calendar.numbers],
        "redirect": calendar.redirect or None,
        "targets": [lane.key for lane in calendar.lanes],
        "has_gap": has_gap(calendar),
        "week": [_day_json(day) for day in calendar.week or ()],
        "traffic": calendar.traffic and {"calls": calendar.traffic.calls, "lost": calendar.traffic.lost},
        "problem": SHORT.opaque(calendar.opaque) if calendar.opaque else None,
    }


def _day_json(day: CalendarDay) -> dict[str, Any]:
    spans = [
        {"from": clock(run.start), "to": clock(run.end), "rings": list(run.cell.who), "partly": run.cell.is_part}
        for run in day.runs()
    ]
    return {"date": f"{day.year:04}-{day.month:02}-{day.day:02}", "weekday": WEEKDAYS[day.weekday], "spans": spans}


def clock(half_hours: int) -> str:
    """The time of day so many half hours after midnight."""
    return f"{half_hours // 2:02}:{half_hours % 2 * 30:02}"


_MANNER = {
    "single": marked("the first that is on rings"),
    "sequential": marked("one after the other"),
    "parallel": marked("all at once"),
}
_KIND = {
    StepKind.SIP_ID: marked("SIP ID {to}"),
    StepKind.URL: marked("URL {url}"),
    StepKind.SIP: marked("SIP {to}"),
    StepKind.TRUNK: marked("SIP trunk {to}"),
}


@dataclass(frozen=True, slots=True)
class RouteQuestion:
    """What was asked: the instant in words of its zone and as RFC 3339, and what else is known of the number."""

    local: str
    instant: str
    zone: str
    description: str = ""
    is_parked: bool = False


def route_lines(route: Route, asked: RouteQuestion, say: Wording, columns: int) -> Page:
    """The route in lines: those that ring are numbered."""
    title = f"{route.number}   {asked.description}".rstrip()
    page: Page = [
        line(Span(title, Tone.STRONG)),
        line(Span(f"{said_time(asked.local, say)}, {asked.zone}", Tone.FAINT)),
        EMPTY,
    ]
    if asked.is_parked:
        text = say.word(
            "Parking is on: the call is held for the application for up to 5 s, and then follows its usual route."
        )
        return [*page, *hanging(EMPTY, text, columns)]
    page += _steps(route.steps, route.redirect, say, columns, indent=0)
    if route.note:
        page += hanging(EMPTY, say.word(route.note), columns, tone=Tone.WARNING)
    return page


def route_json(route: Route, asked: RouteQuestion) -> dict[str, Any]:
    """The content of the JSON answer."""
    return {
        "number": route.number,
        "at": asked.instant,
        "local_time": asked.local,
        "timezone": asked.zone,
        "parking": asked.is_parked,
        "redirect": route.redirect or None,
        "rings": not asked.is_parked and not route.note,
        "steps": [_step_json(step) for step in route.steps],
        "note": None if asked.is_parked else route.note or None,
    }


def _step_json(step: Step) -> dict[str, Any]:
    return {
        "to": step.to,
        "kind": step.place.value,
        "name": step.name,
        "rings": step.rings,
        "position": step.position or None,
        "timeout": step.timeout or None,
        "reason": step.why or None,
        "redirect": step.redirect or None,
        "steps": [_step_json(each) for each in step.steps],
    }


def _steps(steps: Sequence[Step], redirect: str, say: Wording, columns: int, *, indent: int) -> Iterator[Line]:
    ringing = sum(step.position > 0 for step in steps)
    blanks = " " * indent
    if ringing > 1 and redirect in _MANNER:
        yield line(blanks, Span(f"{say.word(_MANNER[redirect])}:", Tone.FAINT))
    broad = max((width(_label(step, say)) for step in steps), default=0)
    for step in steps:
        label = pad(_label(step, say), broad)
        if step.why:
            start = line(blanks, Span("-  ", Tone.FAINT), Span(label, Tone.FAINT), "   ")
            yield from hanging(start, _why(step, say), columns, tone=Tone.FAINT)
        else:
            start = line(blanks, Span(f"{step.position}. ", Tone.ADDED), Span(label, Tone.STRONG), "   ")
            yield from hanging(start, _what_happens(step, say), columns)
        yield from _steps(step.steps, step.redirect, say, columns, indent=indent + 3)


def _label(step: Step, say: Wording) -> str:
    name = f' "{step.name}"' if step.name and step.to not in say.names.contacts else ""
    to = say.who(step.to)
    return (say.word(_KIND[step.place], to=to, url=to) if step.place in _KIND else to) + name


def _why(step: Step, say: Wording) -> str:
    """Why it does not ring, by the name of its schedule."""
    if not step.schedule:
        return say.word(step.why)
    if step.why == SHORT.opaque(step.schedule):
        return say.opaque(step.schedule)
    named, times = say.names.schedules.get(step.schedule), say.period(step.schedule)
    if named:
        return say.word("outside {schedule} ({times})", schedule=named.name, times=times)
    return say.word("outside its schedule ({times})", times=times)


def _what_happens(step: Step, say: Wording) -> str:
    match step.place:
        case StepKind.NUMBER:
            return say.word("forwards on, within {seconds} s", seconds=step.timeout)
        case StepKind.URL:
            return say.word("decides by its answer")
    return say.word("rings for {seconds} s", seconds=step.timeout) if step.timeout else say.word("rings")
