"""`reconciler calendar` and `reconciler route`: the week of numbers as a picture, and who rings at an instant.

Must not need a network, a credential or the record.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import click

from reconciler.canonical import form
from reconciler.cli import options
from reconciler.cli.errors import CommandError, command_error, show_diagnostics
from reconciler.cli.exits import Exit
from reconciler.cli.numbers import Number
from reconciler.cli.opening import load_traffic, load_valid, select_numbers, wording
from reconciler.cli.process import Process, format_option, language_option
from reconciler.clock import SystemClock, local_text, rfc3339
from reconciler.effects.calendar import alike, lanes, week
from reconciler.effects.routes import UNMANAGED_NOTE, Route
from reconciler.effects.routes import route as found_route
from reconciler.effects.states import OpaquePeriodError
from reconciler.effects.wording import Wording
from reconciler.model import Desired, Parking
from reconciler.plan.traffic import Count, about_others, counting
from reconciler.schedule.zones import epoch_of
from reconciler.schedule.zones import zone as zone_of
from reconciler.settings import Configuration
from reconciler.views import calendar as view
from reconciler.views.calendar import Calendar, CalendarView


class Moment(click.ParamType[datetime]):
    """A date with a time, like `2026-12-31 18:30`, with or without an offset."""

    name = "moment"

    def __init__(self, example: str = "2026-12-31 18:30") -> None:
        self._example = example

    def convert(self, value: object, parameter: click.Parameter | None, context: click.Context | None) -> datetime:
        """Read it, or fail as wrong usage."""
        if isinstance(value, datetime):
            return value
        try:
            return datetime.fromisoformat(str(value))
        except ValueError:
            self.fail(f"{value!r} is not a valid time: write it like '{self._example}'", parameter, context)


@click.command(params=[language_option()])
@click.argument("number", type=Number(), metavar="NUMBER")
@click.option(
    "--at",
    type=Moment(),
    metavar="TIME",
    help="When, like '2026-12-31 18:30', in the configuration's zone; default: now.",
)
@options.scenario
@click.pass_obj
def route(process: Process, number: str, at: datetime | None, scenario: str | None) -> Exit:
    """Tell who rings for a number at a time, in order, and why others do not. Reads the files only.

    Calls are followed through other numbers of the configuration.

    Example: reconciler route 74991112233 --at "2026-12-31 18:30"
    """
    configuration, found = load_valid(process, scenario=scenario)
    show_diagnostics(process, found)
    blocks = [item for item in configuration.desired if item.key.number == number]
    if not blocks:
        raise nowhere(configuration, number)
    _show_route(process, configuration, blocks, _epoch(at, configuration.timezone))
    return Exit.DONE


def nowhere(configuration: Configuration, number: str) -> CommandError:
    """Say of a number that there is nothing to tell of it, and why."""
    if number in configuration.numbers:
        message = f"number {number} has neither `forwarding` nor `parking` in its entry, so it is not managed"
        return command_error("nothing-to-show", message, hint="add one of the two to its entry")
    return command_error("nothing-to-show", f"number {number} is not in any file", hint="reconciler list")


def _epoch(moment: datetime | None, zone: str) -> int:
    """Seconds since the epoch of a moment; None is now."""
    return int(SystemClock().now()) if moment is None else epoch_of(moment, zone)


def _show_route(process: Process, configuration: Configuration, blocks: list[Desired], at: int) -> None:
    forwarded = (item for item in configuration.desired if not isinstance(item.value, Parking))
    values = {item.key.number: form(item.value).json for item in forwarded}
    number = blocks[0].key.number
    asked = view.RouteQuestion(
        local_text(at, zone_of(configuration.timezone).offset(at)),
        rfc3339(at),
        configuration.timezone,
        blocks[0].description,
        is_parked=number not in values and any(item.value == Parking(parked=True) for item in blocks),
    )
    known = number in values
    found = (
        found_route(number, values, at=at, zone=configuration.timezone)
        if known
        else Route(number, "", (), UNMANAGED_NOTE)
    )
    say = wording(process, configuration)
    process.answer(lambda: view.route_json(found, asked), lambda columns: view.route_lines(found, asked, say, columns))


@click.command(params=[format_option("calendar"), language_option()])
@click.argument("numbers", nargs=-1, type=Number(), metavar="[NUMBER]...")
@options.selection
@click.option(
    "--week",
    type=Moment("2026-12-28"),
    metavar="DATE",
    help="The week with this date, such as 2026-12-28; default: the current week.",
)
@options.traffic("Draw these calls of the past over the week.")
@options.scenario
@click.pass_obj
def calendar(
    process: Process,
    numbers: tuple[str, ...],
    targets: tuple[str, ...],
    tags: tuple[str, ...],
    accounts: tuple[str, ...],
    week: datetime | None,
    traffic: Path | None,
    scenario: str | None,
) -> Exit:
    """Draw the week of numbers: who rings when, half an hour a cell, and where nobody does. Reads the files only.

    Numbers whose calls go the same way share one picture.

    Example: reconciler calendar 74991112233 --format html > week.html
    """
    configuration, found = load_valid(process, scenario=scenario)
    show_diagnostics(process, found)
    for number in numbers:
        if all(item.key.number != number for item in configuration.desired):
            raise nowhere(configuration, number)
    chosen = select_numbers(configuration, (*targets, *numbers), tags, accounts)
    at, say = _epoch(week, configuration.timezone), wording(process, configuration)
    past = load_traffic(process, traffic, configuration)
    count = None if past is None else counting(configuration, past, at)
    show_diagnostics(process, () if past is None else about_others(past, configuration.numbers))
    process.show(_shown(configuration, chosen, at, say, count))
    return Exit.DONE


def _shown(
    configuration: Configuration, chosen: Sequence[Desired], at: int, say: Wording, count: Count | None
) -> CalendarView:
    drawn = [(items, _calendar(items, at, configuration.timezone, say)) for items in alike(chosen)]
    calendars = [picture if count is None else replace(picture, traffic=count(items)) for items, picture in drawn]
    return CalendarView(configuration.timezone, tuple(calendars), say)


def _calendar(items: Sequence[Desired], at: int, zone: str, say: Wording) -> Calendar:
    value = form(items[0].value).json
    numbers = tuple((item.key.number, item.description) for item in items)
    redirect, everybody = value.get("redirect", ""), view.named_lanes(lanes(value), say)
    is_passed_on = items[0].value == Parking(parked=False)
    note = say.word("Not parked: its calls follow their usual route.") if is_passed_on else ""
    try:
        return Calendar(numbers, everybody, week(value, at, zone), redirect, note=note)
    except OpaquePeriodError as error:
        return Calendar(numbers, everybody, None, redirect, opaque=str(error))
