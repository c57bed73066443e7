"""`reconciler period …`: the period language by itself, without a configuration.

`explain`, `next`, `equal` and `calendar` say what a period means; `compile` turns a schedule into the strings that a
vendor takes; `check` and `match` judge a period and an instant, also as filters of streams. Must not know accounts,
numbers or vendors, nor how anything is computed.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import IO, TYPE_CHECKING, Any, Literal

import click

from reconciler.cli.errors import CommandError, command_error, show_diagnostics
from reconciler.cli.exits import Exit
from reconciler.cli.foreign import CompileOptions, compile_foreign, reading_options
from reconciler.cli.options import Name, PeriodText
from reconciler.cli.period_options import chunks, format_instant, judge_period, moment, parse_period, timezone
from reconciler.cli.process import Process
from reconciler.cli.suggestions import Group
from reconciler.clock import SystemClock
from reconciler.diagnostics import Diagnostic
from reconciler.model import NumberForwarding
from reconciler.schedule import Period
from reconciler.views.base import Line, line

if TYPE_CHECKING:
    from reconciler.document import Sources, Tree
    from reconciler.schedule.human import Schedule
    from reconciler.schedule.zones import Zone

    Judged = tuple[str, bool, Sequence[Diagnostic]]


def show(process: Process, content: dict[str, Any], text: str) -> None:
    """Show a result as a document or as lines of text."""
    process.answer(lambda: content, lambda _columns: map(line, text.split("\n")), in_one_line=True)


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
    period = parse_period(process, text)
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
    flips = parse_period(process, text).next_flips(epoch, zone.name, count)
    rows = [{"epoch": instant, "time": format_instant(instant, zone), "inside": inside} for instant, inside in flips]
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
    one, two = parse_period(process, first), parse_period(process, second)
    if one.equals(two):
        show(process, {"equal": True, "first_difference": None}, "equal")
        return Exit.DONE
    difference, words = None, "different, but not after that"
    instant = one.first_difference(two, moment(start, zone), zone.name)
    if instant is not None:
        inside = "first" if one.matches(instant, zone.name) else "second"
        difference = {"epoch": instant, "time": format_instant(instant, zone), "inside": inside}
        words = f"different: at {difference['time']} only the {inside} one matches"
    show(process, {"equal": False, "first_difference": difference}, words)
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
    from reconciler.schedule.picture import draw_week

    period = parse_period(process, text)
    days = period.week(moment(week, zone), zone.name)
    rows = [{"date": f"{day.year:04}-{day.month:02}-{day.day:02}", "cells": day.cells} for day in days]
    show(process, {"text": text, "days": rows}, f"{draw_week(days)}\n{period.phrase()}")
    return Exit.DONE


_EXAMPLE = "write weekly: {mon-fri: 09:30-18:15}"


@click.command("compile", short_help="Turn hours, dates and public holidays into period strings.")
@click.argument("file", type=click.Path(allow_dash=True), metavar="[FILE|-]", required=False)
@click.option(
    "--schedule",
    type=Name("schedules"),
    metavar="NAME",
    help="A schedule of the configuration, as its accounts send it.",
)
@click.option(
    "--union",
    type=click.Choice(["entries", "comma"]),
    default="entries",
    show_default=True,
    help="One period per line without overlaps, or one string with commas.",
)
@click.option(
    "--until",
    type=click.DateTime(["%Y-%m-%d"]),
    metavar="DATE",
    help="How far public holidays are written out; default: the end of next year.",
)
@reading_options
@timezone
@click.pass_context
def compile_(
    context: click.Context,
    file: str | None,
    schedule: str | None,
    union: Literal["entries", "comma"],
    until: datetime | None,
    source: Literal["osm", "ics"] | None,
    country: str | None,
    events: Literal["busy", "free"] | None,
    zone: Zone,
    *,
    periods: bool,
) -> Exit:
    """Turn a schedule of hours, dates and public holidays into period strings, proven equal to it.

    FILE holds what stands under a name of `schedules`, such as {weekly: {mon-fri: 09:30-18:15}, except: {public: RU}}.
    With --schedule it is one of the configuration, and the accounts say how it is sent. With --from osm, FILE is a text
    in OpenStreetMap's notation instead, with --from ics a calendar, and the schedule is printed as YAML.

    Example: reconciler period compile --schedule office-hours
    """
    from reconciler.schedule.compile import CompileError, compile_schedule

    process: Process = context.obj
    if (file is None) == (schedule is None):
        raise click.UsageError("name a FILE, or a schedule of the configuration with --schedule NAME")
    _check_reading(source, file, periods=periods, country=country, events=events)
    if file is None:
        return _compile_declared(process, schedule or "")
    if source is not None:
        last = _last_day(until)
        asked = CompileOptions(source, country or "RU", events or "busy", zone.name, last, union, periods=periods)
        return compile_foreign(process, context, file, asked)
    sources, tree = _read(click.File("rb").convert(file, None, context))
    try:
        compiled = compile_schedule(
            _schedule(sources, tree), timezone=zone.name, until=_last_day(until), union_style=union
        )
    except CompileError as error:
        raise CommandError([sources.problem("schedule-not-compiled", tree.span, error.message, error.hint)]) from error
    show(process, {"periods": compiled.periods}, "\n".join(compiled.periods))
    return Exit.DONE


def _check_reading(
    source: str | None, file: str | None, *, periods: bool, country: str | None, events: str | None
) -> None:
    """Refuse options that do not go together."""
    if source is None and (periods or country is not None or events is not None):
        message = "--periods, --country and --events say how to read another notation; name it with --from"
        raise click.UsageError(message)
    if source is not None and file is None:
        raise click.UsageError("--from reads a text; leave --schedule out")
    if (source == "ics" and country is not None) or (source == "osm" and events is not None):
        raise click.UsageError("--country goes with --from osm, --events with --from ics")


def _compile_declared(process: Process, name: str) -> Exit:
    """The periods of a declared schedule, for each account that forwards to targets; raises CommandError."""
    from reconciler.cli.opening import load_valid
    from reconciler.config.validation import did_you_mean

    configuration, _ = load_valid(process)
    if name not in configuration.schedules:
        hint = did_you_mean(name, configuration.schedules) or "reconciler validate"
        raise command_error("unknown-schedule", f"there is no schedule {name!r}", hint=hint)
    users = {each.account for each in configuration.desired if isinstance(each.value, NumberForwarding)}
    accounts = [each for each in configuration.accounts.values() if each.name in users or not users]
    compiled = {account.name: configuration.compiled(name, account.period) for account in accounts}
    sent = {account: list(periods) for account, (periods, found) in compiled.items() if not _has_error(found)}
    wrong = [item for _, found in compiled.values() for item in found]
    if not sent:
        raise CommandError(wrong)
    show_diagnostics(process, wrong)
    place = configuration.schedules[name]
    content = {"schedule": name, "place": f"{place.file}:{place.line}", "accounts": sent}
    show(process, content, "\n".join(_ways(sent)))
    return Exit.DONE


def _has_error(found: Iterable[Diagnostic]) -> bool:
    """Whether an account refuses a schedule."""
    return any(item.is_error for item in found)


def _ways(sent: Mapping[str, list[str]]) -> Iterator[str]:
    """The periods of each account, those that are the same once."""
    for periods in {tuple(each): each for each in sent.values()}.values():
        accounts = [account for account, each in sent.items() if each == periods]
        if len(accounts) < len(sent):
            yield f"# {', '.join(accounts)}"
        yield from periods or [""]


def _last_day(until: datetime | None) -> date:
    if until is not None:
        return until.date()
    return date(datetime.fromtimestamp(SystemClock().now(), UTC).year + 1, 12, 31)


def _read(file: IO[bytes]) -> tuple[Sources, Tree]:
    """Read YAML; raises CommandError with everything that is wrong with it."""
    from reconciler.document import Sources, Unreadable, decode, parse

    name = getattr(file, "name", "<stdin>")
    text = decode(file.read())
    if isinstance(text, Unreadable):
        raise CommandError([text.at(name)])
    sources = Sources()
    document = parse(sources, sources.add(name, text), text)
    if document.tree is None or document.problems:
        empty = Unreadable("file-empty", "there is no schedule in this file", _EXAMPLE)
        raise CommandError([_without_version(item) for item in document.problems] or [empty.at(name)])
    return sources, document.tree


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
        raise CommandError([sources.problem("schedule-shape", place, error.message, error.hint)]) from error


@click.command(short_help="Check period strings, with a caret at each error.")
@click.argument("texts", nargs=-1, metavar="[TEXT]...", type=PeriodText())
@click.option("--stdin", "from_stdin", is_flag=True, help="Check each line of standard input: ok, or error: CODE…")
@click.pass_obj
def check(process: Process, texts: tuple[str, ...], from_stdin: bool) -> Exit:
    """Judge period strings by the grammar, with a caret at each fault and what to type.

    What an account would say of commas, `none` and numeric weekdays is a warning here, an error in `validate`.

    Example: reconciler period check "wd {mon-fri} hr {9-17}"
    """
    if from_stdin == bool(texts):
        raise click.UsageError("give period strings, or --stdin")
    if from_stdin and not process.format.for_programs:
        return _check_stream()
    if from_stdin:
        from reconciler.schedule.stream import whole_lines

        lines = b"".join(whole_lines(chunks())).split(b"\n")[:-1]
        texts = tuple(line.removesuffix(b"\r").decode("utf-8", "replace") for line in lines)
    answers = [(text, any(item.is_error for item in found), found) for text in texts for found in [judge_period(text)]]
    process.answer(
        lambda: _judged(answers), lambda columns: _page(answers, columns, quiet=process.is_quiet), in_one_line=True
    )
    return Exit.ERROR if any(wrong for _text, wrong, _found in answers) else Exit.DONE


def _page(answers: Sequence[Judged], columns: int, *, quiet: bool) -> Iterator[Line]:
    from reconciler.views.human.findings import diagnostics

    for text, wrong, found in answers:
        yield from diagnostics((item for item in found if item.is_error or not quiet), columns)
        if not wrong:
            yield line(f"ok: {text}")


def _judged(answers: Sequence[Judged]) -> dict[str, Any]:
    from reconciler.formats.diagnostics import diagnostics_json

    periods = [
        {
            "text": text,
            "valid": not wrong,
            "canonical": None if wrong else Period.parse(text).canonical,
            "diagnostics": [item.model_dump() for item in diagnostics_json(found)],
        }
        for text, wrong, found in answers
    ]
    return {"periods": periods}


def _check_stream() -> Exit:
    from reconciler.schedule.stream import verdict, whole_lines

    failed = False
    for piece in whole_lines(chunks()):
        verdicts = [verdict(line) for line in piece[:-1].split(b"\n")]
        failed = failed or any(answer != "ok" for answer in verdicts)
        sys.stdout.write("\n".join(verdicts) + "\n")
        sys.stdout.flush()
    return Exit.ERROR if failed else Exit.DONE


@click.command()
@click.argument("text", required=False, type=PeriodText())
@click.option("--at", "at", metavar="TIME", help="When: 2026-12-31 18:30, seconds since 1970, or now.")
@click.option("--stdin", "from_stdin", is_flag=True, help="Match lines EPOCH<TAB>PERIOD of standard input: 1, 0 or -1.")
@timezone
@click.pass_obj
def match(process: Process, text: str | None, at: str | None, from_stdin: bool, zone: Zone) -> Exit:
    """Say whether an instant is inside a period: 1 inside, 0 outside, -1 malformed.

    Example: reconciler period match "wd {mon-fri} hr {9-17}" --at "2026-11-23 10:00"
    """
    if from_stdin == (text is not None):
        raise click.UsageError("give a period string, or --stdin")
    if text is not None:
        return _match_one(process, text, moment(at, zone), zone)
    from reconciler.schedule.stream import matched

    if process.format.for_programs:
        given = b"".join(matched(chunks(), zone)).split()
        show(process, {"answers": [int(answer) for answer in given]}, "")
        return Exit.DONE
    for answers in matched(chunks(), zone):
        sys.stdout.buffer.write(answers)
        sys.stdout.buffer.flush()
    return Exit.DONE


def _match_one(process: Process, text: str, epoch: int, zone: Zone) -> Exit:
    try:
        inside = parse_period(process, text).matches(epoch, zone.name)
    except CommandError:
        if not process.format.for_programs:
            process.screen.result([line("-1")])
        raise
    show(process, {"epoch": epoch, "inside": inside}, "1" if inside else "0")
    return Exit.DONE


__all__ = ["period"]


@click.group(cls=Group)
def period() -> None:
    """Check, explain, match and compare period strings.

    Example: reconciler period explain "wd {mon-fri} hr {9-17}"
    """


for _command in (check, explain, match, next_, equal, calendar, compile_):
    period.add_command(_command)
