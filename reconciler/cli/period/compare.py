"""`period explain`, `next`, `equal` and `calendar`: what a period means, for people.

Must not know how any of it is computed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import click

from reconciler.cli.exits import Exit
from reconciler.cli.options import PeriodText
from reconciler.cli.period.asking import moment, spelled, timezone, understood
from reconciler.cli.process import Process
from reconciler.views.base import line
from reconciler.views.results import document

if TYPE_CHECKING:
    from reconciler.schedule.zones import Zone


def show(process: Process, content: dict[str, Any], text: str) -> None:
    """Show a result as a document or as lines of text."""
    process.answer(lambda: document(content, indent=None), lambda _columns: map(line, text.split("\n")))


@click.command()
@click.argument("text", type=PeriodText())
@click.option(
    "--language", type=click.Choice(["en", "ru"]), default="en", show_default=True, help="English or Russian."
)
@click.pass_obj
def explain(process: Process, text: str, language: Literal["en", "ru"]) -> Exit:
    """Say in plain words when a period holds, to the last second.

    Example: reconciler period explain "wd {mon-fri} hr {9-17}" --language ru
    """
    period = understood(process, text)
    words = period.explain(language)
    show(process, {"text": text, "explanation": words, "canonical": period.canonical}, words.replace("; ", ";\n"))
    return Exit.DONE


@click.command("next")
@click.argument("text", type=PeriodText())
@click.option("--from", "start", metavar="TIME", help="From when: 2026-12-31 18:30, seconds since 1970; default: now.")
@click.option("-n", "count", type=click.IntRange(1, 10_000), default=5, show_default=True, help="How many changes.")
@timezone
@click.pass_obj
def next_(process: Process, text: str, start: str | None, count: int, zone: Zone) -> Exit:
    """List when a period begins and ends next.

    Example: reconciler period next "wd {sat sun}" --from 2026-11-23 -n 4
    """
    epoch = moment(start, zone)
    flips = understood(process, text).next_flips(epoch, zone.name, count)
    rows = [{"epoch": instant, "time": spelled(instant, zone), "inside": inside} for instant, inside in flips]
    lines = [f"{row['time']}  {'begins' if row['inside'] else 'ends'}" for row in rows]
    show(process, {"text": text, "flips": rows}, "\n".join(lines) or "it never changes again")
    return Exit.DONE


@click.command(short_help="Compare two periods: exit code 0 equal, 2 different.")
@click.argument("first", type=PeriodText())
@click.argument("second", type=PeriodText())
@click.option(
    "--from", "start", metavar="TIME", default="0", help="Where to look for the first difference; default: 1970."
)
@timezone
@click.pass_obj
def equal(process: Process, first: str, second: str, start: str, zone: Zone) -> Exit:
    """Compare two periods by meaning: exit code 0 equal, 2 different with the first instant that differs.

    Example: reconciler period equal "wd {mon-fri}" "wd {mon tue wed thu fri}"
    """
    one, two = understood(process, first), understood(process, second)
    if one.equals(two):
        show(process, {"equal": True, "first_difference": None}, "equal")
        return Exit.DONE
    instant = one.first_difference(two, moment(start, zone), zone.name)
    if instant is None:
        show(process, {"equal": False, "first_difference": None}, "different, but nowhere from then on")
        return Exit.CHANGES
    inside = "first" if one.matches(instant, zone.name) else "second"
    difference = {"epoch": instant, "time": spelled(instant, zone), "inside": inside}
    show(
        process,
        {"equal": False, "first_difference": difference},
        f"different: from {difference['time']} only the {inside} is inside",
    )
    return Exit.CHANGES


@click.command()
@click.argument("text", type=PeriodText())
@click.option("--week", metavar="DATE", help="A day of the week to draw; default: today.")
@timezone
@click.pass_obj
def calendar(process: Process, text: str, week: str | None, zone: Zone) -> Exit:
    """Draw a week of a period: a line a day, half an hour a cell.

    Example: reconciler period calendar "wd {mon-fri} hr {9-17}" --week 2026-11-23
    """
    from reconciler.schedule.picture import drawn

    period = understood(process, text)
    days = period.week(moment(week, zone), zone.name)
    rows = [{"date": f"{day.year:04}-{day.month:02}-{day.day:02}", "cells": day.cells} for day in days]
    show(process, {"text": text, "days": rows}, f"{drawn(days)}\n{period.phrase()}")
    return Exit.DONE
