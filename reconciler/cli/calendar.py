"""`reconciler calendar`: the week of numbers as a picture, in the terminal or as a page.

Must not need a network, a credential or the record.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING

import click

from reconciler.cli import options
from reconciler.cli.exits import Exit
from reconciler.cli.opening import selected, usable
from reconciler.cli.process import Process, format_option
from reconciler.cli.route import Moment, epoch_of, nowhere
from reconciler.cli.trouble import show_diagnostics

if TYPE_CHECKING:
    from reconciler.model import Desired
    from reconciler.settings import Configuration
    from reconciler.views.calendar import Calendar, Shown


@click.command(params=[format_option("calendar")])
@click.argument("numbers", nargs=-1, metavar="[NUMBER]...")
@options.selection
@click.option(
    "--week",
    type=Moment("2026-12-28"),
    metavar="DATE",
    help="The week that holds this date, like 2026-12-28; default: this one.",
)
@click.option("--scenario", metavar="NAME", help="Lay this scenario over the configuration.")
@click.pass_obj
def calendar(
    process: Process,
    numbers: tuple[str, ...],
    targets: tuple[str, ...],
    tags: tuple[str, ...],
    accounts: tuple[str, ...],
    week: datetime | None,
    scenario: str | None,
) -> Exit:
    """Draw the week of numbers: who rings when, half an hour a cell, and where nobody does. Reads the files only.

    Numbers whose calls go the same way share one picture.

    Example: reconciler calendar 74991112233 --format html > week.html
    """
    configuration, found = usable(process, scenario=scenario)
    show_diagnostics(process, found)
    wanted = tuple(re.sub(r"[\s()+.-]", "", number) for number in numbers)
    for number, digits in zip(numbers, wanted, strict=True):
        if all(item.key.number != digits for item in configuration.desired):
            raise nowhere(configuration, number, digits)
    selection = selected(configuration, (*targets, *wanted), tags, accounts)
    chosen = [item for item in configuration.desired if selection.takes(item)]
    process.show(_shown(configuration, chosen, epoch_of(week, configuration.timezone)))
    return Exit.DONE


def _shown(configuration: Configuration, chosen: Sequence[Desired], at: int) -> Shown:
    from reconciler.effects.calendar import alike
    from reconciler.views.calendar import Shown

    calendars = tuple(_calendar(items, at, configuration.timezone) for items in alike(chosen))
    return Shown(configuration.timezone, calendars)


def _calendar(items: Sequence[Desired], at: int, zone: str) -> Calendar:
    from reconciler.canonical import form
    from reconciler.effects.calendar import lanes, week
    from reconciler.effects.states import OpaquePeriodError
    from reconciler.views.calendar import Calendar

    value = form(items[0].value).json
    numbers = tuple((item.key.number, item.description) for item in items)
    redirect = value.get("redirect", "")
    try:
        return Calendar(numbers, lanes(value), week(value, at, zone), redirect)
    except OpaquePeriodError as error:
        problem = f"when it rings is not known: {str(error)!r} is not of the period grammar"
        return Calendar(numbers, lanes(value), None, redirect, problem)
