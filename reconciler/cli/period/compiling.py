"""`period compile`: a schedule as people write it to the strings that the vendor takes.

Must not know how it is compiled.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from typing import IO, TYPE_CHECKING, Literal

import click

from reconciler.cli.exits import Exit
from reconciler.cli.period.asking import timezone
from reconciler.cli.period.compare import show
from reconciler.cli.process import Process
from reconciler.cli.trouble import Stop
from reconciler.clock import SystemClock
from reconciler.diagnostics import Diagnostic, Location
from reconciler.rules import RULES

if TYPE_CHECKING:
    from reconciler.document import Sources, Tree
    from reconciler.schedule.human import Schedule
    from reconciler.schedule.zones import Zone


_EXAMPLE = "write weekly: {mon-fri: 09:30-18:15}"


@click.command("compile", short_help="Turn hours, dates and public holidays into period strings.")
@click.argument("file", type=click.File("rb"), metavar="FILE|-")
@click.option(
    "--union",
    type=click.Choice(["entries", "comma"]),
    default="entries",
    show_default=True,
    help="One period a line that never overlap, or one string with commas.",
)
@click.option(
    "--until",
    type=click.DateTime(["%Y-%m-%d"]),
    metavar="DATE",
    help="How far public holidays are written out; default: the end of next year.",
)
@timezone
@click.pass_obj
def compile_(
    process: Process, file: IO[bytes], union: Literal["entries", "comma"], until: datetime | None, zone: Zone
) -> Exit:
    """Turn a schedule of hours, dates and public holidays into period strings, proven equal to it.

    FILE holds what stands under a name of `schedules`, such as {weekly: {mon-fri: 09:30-18:15}, except: {public: RU}}.

    Example: reconciler period compile office.yaml --union comma
    """
    from reconciler.schedule.compile import CompileError, compile_schedule

    sources, tree = _read(file)
    schedule = _schedule(sources, tree)
    try:
        compiled = compile_schedule(schedule, timezone=zone.name, until=_last_day(until), union_style=union)
    except CompileError as error:
        raise Stop([sources.problem("schedule-not-compiled", tree.span, error.message, error.hint)]) from error
    show(process, {"periods": compiled.periods}, "\n".join(compiled.periods))
    return Exit.DONE


def _last_day(until: datetime | None) -> date:

    if until is not None:
        return until.date()
    return date(datetime.fromtimestamp(SystemClock().now(), UTC).year + 1, 12, 31)


def _read(file: IO[bytes]) -> tuple[Sources, Tree]:
    """Read YAML; raises Stop with everything that is wrong with it."""
    from reconciler.document import Sources, Unreadable, decode, parse

    name = getattr(file, "name", "<stdin>")
    text = decode(file.read())
    if isinstance(text, Unreadable):
        raise Stop([text.at(name)])
    sources = Sources()
    document = parse(sources, sources.add(name, text), text)
    if document.tree is None or document.problems:
        raise Stop([_without_version(item) for item in document.problems] or [_empty(name)])
    return sources, document.tree


def _empty(name: str) -> Diagnostic:

    place = Location(name, 1, 1, 1, 2)
    return RULES["file-empty"].at(place, "there is no schedule here", _EXAMPLE)


def _without_version(item: Diagnostic) -> Diagnostic:
    """A schedule by itself says no version: whatever is empty wants hours."""
    return replace(item, hint=_EXAMPLE) if item.code == "file-empty" else item


def _schedule(sources: Sources, tree: Tree) -> Schedule:
    from reconciler.document import find
    from reconciler.schedule.human import HumanError, read_schedule

    def unknown(name: str) -> Schedule:
        raise HumanError((), f"there is no schedule {name!r} here", "write it out as a map in its place")

    try:
        return read_schedule(tree.data, unknown)
    except HumanError as error:
        place = find(tree, error.path, key=error.key)
        raise Stop([sources.problem("schedule-shape", place, error.message, error.hint)]) from error
