"""`reconciler period compile --from …`: a schedule in another notation, as ours or as periods.

Must not know how a notation is read.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any, Literal, NamedTuple, TypeVar

import click

from reconciler.cli.errors import CommandError, command_error
from reconciler.cli.exits import Exit
from reconciler.cli.period_options import place_in
from reconciler.cli.process import Process
from reconciler.views.base import line

_Command = TypeVar("_Command", bound=Callable[..., object])


class CompileOptions(NamedTuple):
    """How a schedule is read and compiled."""

    country: str
    timezone: str
    until: date
    union: Literal["entries", "comma"]
    periods: bool


def reading_options(command: _Command) -> _Command:
    """Options that concern other notations."""
    for option in (
        click.option("--country", metavar="CODE", help="Whose public holidays PH are; default: RU."),
        click.option("--periods", is_flag=True, help="Print the periods, not the schedule as YAML."),
        click.option(
            "--from",
            "source",
            type=click.Choice(["osm"]),
            help='Read opening_hours of OpenStreetMap, such as "Mo-Fr 09:00-18:00; PH off".',
        ),
    ):
        command = option(command)
    return command


def compile_foreign(process: Process, text: str, asked: CompileOptions) -> Exit:
    """Print a schedule of another notation."""
    from reconciler.document.writing import yaml_text

    plain = _read(text, asked)
    periods = _compiled(plain, asked)
    process.answer(
        lambda: {"schedule": plain, "periods": periods},
        lambda _columns: map(line, periods if asked.periods else yaml_text(plain).splitlines()),
        in_one_line=True,
    )
    return Exit.DONE


def _read(text: str, asked: CompileOptions) -> dict[str, Any]:
    from reconciler.rules import RULES
    from reconciler.schedule.openstreetmap import ForeignError, MissingExtraError, read_opening_hours

    text = text.rstrip("\n")
    try:
        return read_opening_hours(text, country=asked.country, until=asked.until)
    except MissingExtraError as error:
        raise command_error("command-failed", error.message, hint=error.hint) from error
    except ForeignError as error:
        end = len(text) if error.end is None else error.end
        found = RULES["schedule-shape"].within(error.start, end, error.message, error.hint)
        raise CommandError([found.at(place_in(text, found, "osm"))]) from error


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
