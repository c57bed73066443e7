"""`reconciler period compile --from …`: a schedule in another notation, as ours or as periods.

Must not know how a notation is read.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any, Literal, NamedTuple, TypeVar

import click

from reconciler.cli.errors import CommandError, command_error, show_diagnostics
from reconciler.cli.exits import Exit
from reconciler.cli.period_options import place_in
from reconciler.cli.process import Process
from reconciler.clock import SystemClock
from reconciler.diagnostics import Diagnostic
from reconciler.rules import RULES
from reconciler.views.base import line

_LATER = "compile it again before that day, or choose a later --until"
_Command = TypeVar("_Command", bound=Callable[..., object])


class CompileOptions(NamedTuple):
    """How a schedule is read and compiled."""

    source: Literal["osm", "ics"]
    country: str
    events: Literal["busy", "free"]
    timezone: str
    until: date
    union: Literal["entries", "comma"]
    periods: bool


def reading_options(command: _Command) -> _Command:
    """Options that concern other notations."""
    for option in (
        click.option("--country", metavar="CODE", help="With --from osm: whose public holidays PH are; default: RU."),
        click.option(
            "--events",
            type=click.Choice(["busy", "free"]),
            help="With --from ics: which events count; default: busy. Cancelled ones never do.",
        ),
        click.option("--periods", is_flag=True, help="Print the periods, not the schedule as YAML."),
        click.option(
            "--from",
            "source",
            type=click.Choice(["osm", "ics"]),
            help='Read opening_hours of OpenStreetMap, such as "Mo-Fr 09:00-18:00; PH off", or a calendar file (.ics).',
        ),
    ):
        command = option(command)
    return command


def compile_foreign(process: Process, context: click.Context, given: str, asked: CompileOptions) -> Exit:
    """Print a schedule of another notation."""
    from reconciler.document.writing import yaml_text
    from reconciler.formats.diagnostics import diagnostics_json

    plain, remarks = _read_osm(context, given, asked) if asked.source == "osm" else _read_ics(context, given, asked)
    periods = _compiled(plain, asked)
    process.answer(
        lambda: {"schedule": plain, "periods": periods, "remarks": diagnostics_json(remarks)},
        lambda _columns: map(line, periods if asked.periods else yaml_text(plain).splitlines()),
        in_one_line=True,
    )
    show_diagnostics(process, remarks)
    return Exit.DONE


@contextmanager
def _refusing(text: str, name: str) -> Iterator[None]:
    """Tell what cannot be read at its place."""
    from reconciler.schedule.foreign import ForeignError, MissingExtraError

    try:
        yield
    except MissingExtraError as error:
        raise command_error("command-failed", error.message, hint=error.hint) from error
    except ForeignError as error:
        end = len(text) if error.end is None else error.end
        found = RULES["schedule-shape"].within(error.start, end, error.message, error.hint)
        raise CommandError([found.at(place_in(text, found, name))]) from error


def _read_osm(context: click.Context, given: str, asked: CompileOptions) -> tuple[dict[str, Any], list[Diagnostic]]:
    from reconciler.schedule.openstreetmap import read_opening_hours

    text = (_standard_input(context) if given == "-" else given).rstrip("\n")
    with _refusing(text, "osm"):
        return read_opening_hours(text, country=asked.country, until=asked.until), []


def _read_ics(context: click.Context, given: str, asked: CompileOptions) -> tuple[dict[str, Any], list[Diagnostic]]:
    from reconciler.schedule.events import Reading
    from reconciler.schedule.ics import read_calendar

    name, text = ("<stdin>", _standard_input(context)) if given == "-" else (given, _text_of(given))
    reading = Reading(asked.timezone, SystemClock().today(), asked.until, asked.events)
    with _refusing(text, name):
        plain, remarks = read_calendar(text, reading)
    found = [RULES["event-written-out"].within(each.start, each.end, each.message, _LATER) for each in remarks]
    return plain, [each.at(place_in(text, each, name)) for each in found]


def _standard_input(context: click.Context) -> str:
    read: str = click.File("r", encoding="utf-8", errors="replace").convert("-", None, context).read()
    return read.removeprefix("\ufeff")


def _text_of(name: str) -> str:
    """The text of a file; raises CommandError."""
    from reconciler.document import Unreadable, read_text

    text = read_text(Path(name))
    if isinstance(text, Unreadable):
        raise CommandError([text.at(name)])
    return text


def _compiled(plain: dict[str, Any], asked: CompileOptions) -> list[str]:
    from reconciler.schedule.compile import CompileError, compile_schedule
    from reconciler.schedule.human import Schedule, read_schedule

    def other(_name: str) -> Schedule:
        raise AssertionError

    try:
        schedule = read_schedule(plain, other)
        compiled = compile_schedule(schedule, timezone=asked.timezone, until=asked.until, union_style=asked.union)
    except CompileError as error:
        raise command_error("schedule-not-compiled", error.message, hint=error.hint) from error
    return list(compiled.periods)
