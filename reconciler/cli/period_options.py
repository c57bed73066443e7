"""What the period commands share: reading a period or a time from the command line, and telling its faults.

Must not know any one command.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from datetime import timezone as fixed
from typing import TYPE_CHECKING, cast

import click

from reconciler.cli.errors import CommandError, show_diagnostics
from reconciler.cli.process import Process
from reconciler.clock import SystemClock
from reconciler.diagnostics import Diagnostic, Finding, Location, Severity
from reconciler.schedule import Period, PeriodError
from reconciler.schedule.zones import UnknownZoneError, zone

if TYPE_CHECKING:
    from io import BufferedReader

    from reconciler.schedule.zones import Zone


_CHUNK = 1 << 20


def _zone(_context: click.Context, _parameter: click.Parameter, value: str) -> Zone:
    """Find a zone, or fail as wrong usage."""
    try:
        return zone(value)
    except UnknownZoneError as error:
        raise click.BadParameter(str(error)) from error


timezone = click.option(
    "--timezone",
    "zone",
    callback=_zone,
    default="Europe/Moscow",
    show_default=True,
    metavar="ZONE",
    help="The zone in which the period is evaluated.",
)
"""Where periods are evaluated."""


def moment(text: str | None, zone: Zone) -> int:
    """Read a time: seconds since 1970, or a date with or without a time, in the zone unless it names its own."""
    if text is None or text == "now":
        return int(SystemClock().now())
    if text.isascii() and text.isdigit() and len(text) != len("20261231"):
        return int(text)
    try:
        given = datetime.fromisoformat(text)
    except ValueError:
        message = f"{text!r} is not a valid time; write 2026-12-31 18:30, seconds since 1970, or now"
        raise click.BadParameter(message) from None
    if given.tzinfo is not None:
        return int(given.timestamp())
    return zone.epoch(int(given.replace(tzinfo=UTC).timestamp()))


def format_instant(epoch: int, zone: Zone) -> str:
    """Write an instant as local time with its offset."""
    place = fixed(timedelta(seconds=zone.offset(epoch)))
    return datetime.fromtimestamp(epoch, place).isoformat(sep=" ")


def judge_period(text: str) -> list[Diagnostic]:
    """Judge a period by the grammar alone: what depends on an account is a warning here."""
    from reconciler.schedule import account_findings, check

    findings = check(text)
    if not any(finding.severity is Severity.ERROR for finding in findings):
        account = account_findings(text, union="comma", weekday_base="sunday")
        findings = (*findings, *(finding.with_severity(Severity.WARNING) for finding in account))
    return [finding.at(place_in(text, finding)) for finding in findings]


def parse_period(process: Process, text: str) -> Period:
    """Parse a period; tells what is wrong with it, or raises CommandError."""
    try:
        period = Period.parse(text)
    except PeriodError as error:
        raise CommandError([finding.at(place_in(text, finding)) for finding in error.findings]) from error
    if process.is_verbose:
        show_diagnostics(process, judge_period(text))
    return period


def place_in(text: str, finding: Finding, name: str = "period") -> Location:
    """Find line and column of a finding in a text that came without a file."""
    before = text[: finding.start]
    line = before.count("\n") + 1
    start = before.rfind("\n") + 1
    excerpt = text[start:].split("\n", 1)[0]
    column = finding.start - start + 1
    end = min(finding.end - start, len(excerpt)) + 1
    return Location(name, line, column, line, max(end, column), excerpt)


def chunks() -> Iterator[bytes]:
    """Read standard input as it comes."""
    stream = cast("BufferedReader", sys.stdin.buffer)
    while data := stream.read1(_CHUNK):
        yield data
