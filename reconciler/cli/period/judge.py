"""`period check` and `period match`: is it well formed, and is an instant inside; also as filters of streams.

Must not know how a period is judged or matched.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import click

from reconciler.cli.exits import Exit
from reconciler.cli.options import PeriodText
from reconciler.cli.period.asking import chunks, judged, lines_of, moment, timezone, understood
from reconciler.cli.period.compare import show
from reconciler.cli.process import Process
from reconciler.cli.trouble import Stop
from reconciler.schedule import Period
from reconciler.views.base import Line, line
from reconciler.views.results import document

if TYPE_CHECKING:
    from reconciler.diagnostics import Diagnostic
    from reconciler.schedule.zones import Zone

    Judged = tuple[str, bool, Sequence[Diagnostic]]


@click.command(short_help="Judge period strings, with a caret at each fault.")
@click.argument("texts", nargs=-1, metavar="[TEXT]...", type=PeriodText())
@click.option("--stdin", "from_stdin", is_flag=True, help="Judge each line of standard input: ok, or error: CODE…")
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
    return _check(process, _lines() if from_stdin else texts)


def _lines() -> list[str]:
    return [line.removesuffix(b"\r").decode("utf-8", "replace") for lines in lines_of(chunks()) for line in lines]


def _check(process: Process, texts: Sequence[str]) -> Exit:
    answers = [(text, any(item.is_error for item in found), found) for text in texts for found in [judged(text)]]
    process.answer(lambda: _document(answers), lambda columns: _page(answers, columns, quiet=process.is_quiet))
    return Exit.ERROR if any(wrong for _text, wrong, _found in answers) else Exit.DONE


def _page(answers: Sequence[Judged], columns: int, *, quiet: bool) -> Iterator[Line]:
    from reconciler.views.human.findings import diagnostics

    for text, wrong, found in answers:
        yield from diagnostics((item for item in found if item.is_error or not quiet), columns)
        if not wrong:
            yield line(f"ok: {text}")


def _document(answers: Sequence[Judged]) -> str:
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
    return document({"periods": periods}, indent=None)


def _check_stream() -> Exit:
    from reconciler.schedule.stream import verdict

    failed = False
    for lines in lines_of(chunks()):
        verdicts = [verdict(line) for line in lines]
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
        inside = understood(process, text).matches(epoch, zone.name)
    except Stop:
        if not process.format.for_programs:
            process.screen.result([line("-1")])
        raise
    show(process, {"epoch": epoch, "inside": inside}, "1" if inside else "0")
    return Exit.DONE
