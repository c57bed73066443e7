"""`reconciler fmt`: the canonical spelling of files, and the calendar of public holidays moved on.

Must not need a network, a credential or the record; knows nothing of what is changed in the texts.
"""

from __future__ import annotations

from collections.abc import Iterator

import click

from reconciler.cli.errors import CommandError
from reconciler.cli.exits import Exit
from reconciler.cli.files import write_texts
from reconciler.cli.process import Process
from reconciler.clock import SystemClock
from reconciler.config.files import Files, Origin, environments_of, read_files
from reconciler.config.formatting import renew_calendar, tidy_files
from reconciler.config.models.shapes import Shape
from reconciler.config.models.trusted import file_of
from reconciler.diagnostics import Diagnostic
from reconciler.providers.table import PROVIDERS
from reconciler.views.base import Line, line, plural
from reconciler.views.human import findings


@click.command()
@click.option("--check", is_flag=True, help="Write nothing; end with 2 if something would change.")
@click.option("--diff", is_flag=True, help="Write nothing; show the changes as a unified diff.")
@click.option("--renew", is_flag=True, help="Move defaults.calendar_until forward instead, and change nothing else.")
@click.pass_obj
def fmt(process: Process, check: bool, diff: bool, renew: bool) -> Exit:
    """Put files in canonical form; what they say and their comments are kept.

    Keys get one order, phones become quoted E.164 digits, durations seconds, 'x' becomes "x"; blanks at the ends of
    lines go. Names and lists keep their order; "# fmt: keep-order" in a file keeps that of all keys.

    With --renew only defaults.calendar_until changes: to the end of next year, or a year on if it is later than that.

    Example: reconciler fmt --renew --diff
    """
    files = _read(process)
    after = _renewed(files[0]) if renew else _tidied(files)
    before = {name: text for each in files for name, text in each.sources.texts()}
    if not (check or diff):
        write_texts(process.root, before, after)
    _show(process, before, after, diff=diff, written=not (check or diff))
    return Exit.CHANGES if check and after else Exit.DONE


def _read(process: Process) -> list[Files]:
    """Read all files, those of each environment too; raises CommandError where one cannot be read.

    What else is wrong with them is for `validate`.
    """
    root = process.find_configuration()
    files = [_whole(read_files(root))]
    return files + [_whole(read_files(root, Origin(environment=name))) for name in environments_of(files[0])]


def _whole(files: Files) -> Files:
    if files.broken:
        raise CommandError([item for item in files.found if item.is_error])
    return files


def _tidied(files: list[Files]) -> dict[str, str]:
    shape = Shape([file_of(each.account for each in PROVIDERS.values())])
    return {name: text for each in files for name, text in tidy_files(each, shape).items()}


def _renewed(files: Files) -> dict[str, str]:
    moved = renew_calendar(files, SystemClock().today())
    if isinstance(moved, Diagnostic):
        raise CommandError([moved])
    return moved


def _show(process: Process, before: dict[str, str], after: dict[str, str], *, diff: bool, written: bool) -> None:
    shown = "".join(findings.diff_texts(before, after)) if diff else ""
    content = {"changed": sorted(after), "written": written, **({"diff": shown} if diff else {})}
    process.answer(lambda: content, lambda _columns: shown if diff else _summarise(after, written=written))


def _summarise(after: dict[str, str], *, written: bool) -> Iterator[Line]:
    yield from (line(name) for name in sorted(after))
    verb = "changed" if written else "would change"
    yield line(f"{plural(len(after), 'file')} {verb}" if after else "nothing to change")
