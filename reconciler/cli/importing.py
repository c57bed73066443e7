"""`reconciler import`: live numbers into the files, as edits that keep comments and order; vendors are only read.

Must not decide how anything is written.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import click

from reconciler.cli.errors import CommandError, command_error
from reconciler.cli.exits import Exit
from reconciler.cli.files import write_texts
from reconciler.cli.numbers import NumberGlob
from reconciler.cli.opening import check_accounts, load_valid, show_progress, start_session
from reconciler.cli.options import Name, OutputFile
from reconciler.cli.process import Process
from reconciler.config.files import Origin
from reconciler.diagnostics import Diagnostic, name_numbers
from reconciler.formats.diagnostics import diagnostics_json
from reconciler.importing.merging import Done, Fault, MergeError
from reconciler.rules import RULES
from reconciler.views.base import EMPTY, Line, Span, Tone, hanging, line, plural
from reconciler.views.human import findings
from reconciler.workflow.importing import RULE, Asked, Import, make_import

_FILLED = ("numbers-missing", "include-empty")  # what is lacking before an import
_SAID = {
    Done.ADDED: ("+", "added", Tone.ADDED),
    Done.UPDATED: ("~", "updated", Tone.CHANGED),
}


@click.command(name="import")
@click.argument("words", nargs=-1, type=NumberGlob(), metavar="[NUMBER]...")
@click.option(
    "--account",
    "accounts",
    multiple=True,
    type=Name("accounts"),
    metavar="ACCOUNT",
    help="Only this account's numbers.",
)
@click.option("--all", "everything", is_flag=True, help="Every number that the accounts list.")
@click.option(
    "--into",
    type=OutputFile(),
    metavar="FILE",
    help="Where new numbers go; default: where most of their account are, else numbers/ACCOUNT.yaml.",
)
@click.option("--contacts", is_flag=True, help="Make contacts of phones that ring for more than one target.")
@click.option("--literal-urls", is_flag=True, help="Write the queries of URLs, often secrets, into the files.")
@click.option("--diff", is_flag=True, help="Write nothing; show the changes as a unified diff.")
@click.pass_obj
def import_(
    process: Process,
    words: tuple[str, ...],
    accounts: tuple[str, ...],
    everything: bool,
    into: Path | None,
    contacts: bool,
    literal_urls: bool,
    diff: bool,
) -> Exit:
    """Write what is live into the files, so that a plan is empty; comments and order are kept.

    NUMBER is a number in any spelling, or a glob like 7499111*. A number that is declared is updated in its own entry,
    all others are added. Repeated periods become named schedules; queries of URLs become ${var:NAME}.

    Example: reconciler import --account sales --into numbers/sales.yaml
    """
    if everything == bool(words) and (everything or not accounts):
        raise click.UsageError("name numbers or an account, or pass --all for every number that the accounts list")
    configuration, warnings = load_valid(process)
    check_accounts(configuration, (*accounts, *(word.rpartition("/")[0] for word in words if "/" in word)))
    name = _name_of(process, into) if into is not None else None
    with start_session(process, configuration) as session, show_progress(process, session) as watch:
        asked = Asked(
            words, accounts, name, contacts, literal_urls, Origin(process.trusted, process.environment), watch.reading
        )
        try:
            made = make_import(session, asked)
        except MergeError as error:
            raise command_error(RULE, f"{error}; nothing was written", hint=error.hint) from error
        watch.close()
        found = [
            *(item for item in warnings if item.code not in _FILLED),
            *made.diagnostics,
            *_left_out(made),
        ]
        if made.is_nothing:
            raise CommandError(found)
        if not diff:
            write_texts(process.root, made.before, made.after)
        before = {**dict.fromkeys(made.after, ""), **made.before}
        shown = "".join(findings.diff_texts(before, made.after)) if diff else ""
        content = _content(made, found, written=not diff)
        process.answer(
            lambda: {**content, **({"diff": shown} if diff else {})},
            lambda columns: shown if diff else _page(made, columns, full=process.is_verbose),
            found,
        )
    return Exit.ERROR if made.has_errors else Exit.DONE


def _name_of(process: Process, into: Path) -> str:
    """The name of a file within the configuration's folder, as its files are named."""
    root, path = process.find_configuration().resolve(), process.target(into).resolve()
    if not path.is_relative_to(root):
        raise command_error(
            "path-not-included", f"{into} is outside of the configuration's folder", hint="name a file in it"
        )
    return path.relative_to(root).as_posix()


def _left_out(made: Import) -> Iterator[Diagnostic]:
    """Why numbers are not in the files now, those alike together."""
    alike: dict[Fault, list[str]] = {}
    for each in made.numbers:
        if each.fault is not None and not each.told:
            alike.setdefault(each.fault, []).append(f"{each.seen.account.name}/{each.seen.number}")
    for fault, numbers in alike.items():
        yield RULES[RULE].at(None, f"{name_numbers(numbers)}: left out: {fault.why}", fault.hint)


def _content(made: Import, found: Iterable[Diagnostic], *, written: bool) -> Mapping[str, Any]:
    return {
        "written": written,
        "changed": sorted(made.after),
        "summary": {done.value: sum(each.done is done for each in made.numbers) for done in Done},
        "numbers": [
            {
                "account": each.seen.account.name,
                "number": each.seen.number,
                "outcome": each.done.value,
                "file": each.file or None,
                "notes": list(each.seen.notes),
                "error": each.fault and each.fault.why,
            }
            for each in made.numbers
        ],
        "schedules": list(made.schedules),
        "contacts": list(made.contacts),
        "variables": [
            {"name": each.variable, "part": each.part, "is_set": each.is_set, "numbers": sorted(each.uses)}
            for each in made.variables
        ],
        "diagnostics": diagnostics_json(found),
    }


def _page(made: Import, columns: int, *, full: bool) -> Iterator[Line]:
    """What was written where, what could not be read, what has to be set, and how many of each."""
    for done, (mark, verb, tone) in _SAID.items():
        for file in dict.fromkeys(each.file for each in made.numbers if each.done is done):
            numbers = [each.seen.number for each in made.numbers if each.done is done and each.file == file]
            shown = ", ".join(numbers) if full else name_numbers(numbers)
            yield from hanging(line(Span(f"{mark} ", tone), f"{file}  {verb} "), shown, columns)
    for what, names in (("new schedule", made.schedules), ("new contact", made.contacts)):
        if names:
            yield from hanging(line(f"  {plural(len(names), what)}: "), ", ".join(names), columns)
    yield from _notes(made, columns)
    yield from _variables(made, columns)
    yield EMPTY
    yield line(", ".join(_sums(made)))


def _notes(made: Import, columns: int) -> Iterator[Line]:
    alike: dict[str, list[str]] = {}
    for each in made.numbers:
        for note in each.seen.notes if each.done in _SAID or each.seen.value is None else ():
            alike.setdefault(note, []).append(each.seen.number)
    for note, numbers in alike.items():
        yield from hanging(line("  "), f"{name_numbers(numbers)}: {note}", columns)


def _variables(made: Import, columns: int) -> Iterator[Line]:
    unset = [each for each in made.variables if not each.is_set]
    if unset:
        yield EMPTY
        text = (
            "set these before the next plan; each value is in the number's settings at the vendor "
            "(it is a secret and not shown; --literal-urls would write it into the file)"
        )
        yield from hanging(line(), text, columns)
    for each in unset:
        fields = sorted(set(each.uses.values()))
        where = f"{each.part} of {' and '.join(fields)} of {name_numbers(sorted(each.uses))}"
        yield from hanging(line("  ", Span(each.variable, Tone.STRONG), "  "), where, columns)


def _sums(made: Import) -> Iterator[str]:
    words = {Done.ADDED: "added", Done.UPDATED: "updated", Done.UNCHANGED: "as live already", Done.LEFT_OUT: "left out"}
    for done, word in words.items():
        count = sum(each.done is done for each in made.numbers)
        if count or done is Done.ADDED:
            yield f"{plural(count, 'number')} {word}" if done is Done.ADDED else f"{count} {word}"
