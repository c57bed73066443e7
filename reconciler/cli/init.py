"""`reconciler init`: three questions, and a configuration with its editor settings, pipeline and hooks stands there.

Must not change a file that exists, nor write anything that would change a number by itself.
"""

from __future__ import annotations

import json
import re
import shlex
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import click

from reconciler.cli.errors import command_error
from reconciler.cli.exits import Exit
from reconciler.cli.numbers import Number
from reconciler.cli.process import Process
from reconciler.cli.schema import SCHEMAS
from reconciler.cli.suggestions import HintedUsageError, UnfitValueError
from reconciler.config.include import TRUSTED_FILE
from reconciler.config.phones import NumberPlan, form, is_sip_id
from reconciler.git import top_folder
from reconciler.interrupts import abort, heeding
from reconciler.providers.table import PROVIDERS
from reconciler.views.base import EMPTY, Line, Span, Tone, line, plural, wrap
from reconciler.workflow import starter
from reconciler.workflow.starter import Host, Start

_Answer = TypeVar("_Answer")
_IMPORT = "import"
_HOSTS: Mapping[str, str] = {Host.GITHUB: "GitHub", Host.GITLAB: "GitLab", Host.NONE: "neither"}
_RECORDS = ("file", "git", "http", "postgres", "s3")
_NO_NAME = re.compile(r"[^A-Za-z0-9._-]+")


class _Assigned(Number):
    """A number that `validate --strict` has nothing against: a SIP ID, or one of an assigned range."""

    def convert(self, value: object, parameter: click.Parameter | None, context: click.Context | None) -> str:
        """Read it, or fail as wrong usage."""
        digits = super().convert(value, parameter, context)
        if not is_sip_id(digits) and form(digits) is not NumberPlan.VALID:
            hint = "check its digits; one of a range that is new can be declared later, in the files"
            raise UnfitValueError(f"{str(value)!r} is in no assigned range", hint, parameter, context)
        return digits


@click.command()
@click.argument("folder", required=False, type=click.Path(path_type=Path, file_okay=False), metavar="[DIR]")
@click.option("--vendor", type=click.Choice(starter.VENDORS), help="Whose numbers they are.")
@click.option("--number", type=_Assigned(), metavar="N", help="The first number, in any spelling.")
@click.option("--import", "is_import", is_flag=True, help="No first number: what is there will be imported.")
@click.option("--host", type=click.Choice([each.value for each in Host]), help="Where the pipeline runs.")
@click.option(
    "--to", type=_Assigned(), metavar="PHONE", help="Who rings for the first number; without it nothing is managed yet."
)
@click.option("--record", type=click.Choice(_RECORDS), help="Where the record is kept; default: what the host offers.")
@click.option("--keep", is_flag=True, help="Leave files that exist as they are, and write the others.")
@click.pass_obj
def init(
    process: Process,
    folder: Path | None,
    vendor: str | None,
    number: str | None,
    is_import: bool,
    host: str | None,
    to: str | None,
    record: str | None,
    keep: bool,
) -> Exit:
    """Write a configuration to begin with, in DIR or here, and what belongs around it.

    That is reconciler.yaml, numbers/main.yaml, the schema and settings for editors, a pipeline for GitHub or GitLab,
    pre-commit hooks and .gitignore. What --vendor, --number or --import, and --host do not say is asked on a terminal.
    Nothing leaves this machine. A file that exists is never changed: if one is in the way, nothing is written.

    Example: reconciler init --vendor exolve --number 74991112233 --host gitlab
    """
    if is_import and (number or to):
        raise click.UsageError(f"--import cannot be used with {'--number' if number else '--to'}")
    place = process.folder / (folder or Path())
    _check_answers(process, vendor=vendor, host=host, has_number=is_import or number is not None)
    vendor = vendor or _ask_one(
        process, "Whose numbers are they?", {each: PROVIDERS[each].product for each in starter.VENDORS}
    )
    if number is None and not is_import:
        number = _ask_number(process)
    chosen = Host(host or _ask_one(process, "Where does the pipeline run?", _HOSTS, Host.NONE))
    start = Start(
        vendor=vendor,
        host=chosen,
        record=_record(chosen, vendor, record),
        name=_NO_NAME.sub("-", place.resolve().name).strip("-.")[:60] or "numbers",
        number=number,
        to=_target(vendor, number, to),
        logs_in=PROVIDERS[vendor].login is not None,
    )
    files = _files(start)
    kept = _in_the_way(place, files)
    if kept and not keep:
        raise _exists(place, kept)
    written = {path: text for path, text in files.items() if path not in _left_out(kept)}
    _write(place, written)
    _show(process, start, place, _Done(tuple(written), tuple(kept)))
    return Exit.DONE


# -- answers ----------------------------------------------------------------------------------------------------------


def _check_answers(process: Process, *, vendor: str | None, host: str | None, has_number: bool) -> None:
    """Raise a usage error where somebody would have to be asked, and nobody can be."""
    if process.has_person and not process.format.for_programs:
        return
    missing = [] if vendor else [f"--vendor {'|'.join(starter.VENDORS)}"]
    missing += [] if has_number else ["--number N or --import"]
    missing += [] if host else [f"--host {'|'.join(Host)}"]
    if missing:
        raise HintedUsageError("there is nobody to ask", "reconciler init", f"pass {', '.join(missing)}")


def _ask_one(process: Process, question: str, options: Mapping[str, str], default: str | None = None) -> str:
    """Ask until the answer is one of the options, by the beginning of its name or of what it means."""
    default = default or next(iter(options))
    offered = ", ".join(f"{name} ({meaning})" for name, meaning in options.items())

    def read(answer: str) -> str:
        said = answer.lower()
        fit = [name for name, meaning in options.items() if name.startswith(said) or meaning.lower().startswith(said)]
        if len(fit) != 1:
            raise UnfitValueError(f"{answer!r} is none of these", f"write {' or '.join(options)}", None, None)
        return fit[0]

    return _ask(process, f"{question} {offered}", default, read)


def _ask_number(process: Process) -> str | None:
    """Ask for the first number; None where what is there is to be imported."""
    question = f"The first number? In any spelling, or {_IMPORT} for all that the account has"
    return _ask(
        process,
        question,
        _IMPORT,
        lambda answer: None if answer == _IMPORT else _Assigned().convert(answer, None, None),
    )


def _ask(process: Process, question: str, default: str, read: Callable[[str], _Answer]) -> _Answer:
    while True:
        process.screen.note([line(Span(question, Tone.STRONG))])
        click.echo(f"[{default}]: ", err=True, nl=False)
        answer = sys.stdin.readline()
        if not answer:
            raise click.UsageError("there was no answer, so nothing was written")
        try:
            return read(answer.strip() or default)
        except UnfitValueError as error:
            process.screen.note([line(f"{error.message}: {error.hint}")])


def _record(host: Host, vendor: str, record: str | None) -> str:
    """Where the record is; raises a usage error where jobs could not share it."""
    fit = starter.records_for(host, logs_in=PROVIDERS[vendor].login is not None)
    if record is not None and record not in fit:
        message = (
            f"--record {record} cannot be used with --vendor {vendor} and --host {host}: its jobs would not share it"
        )
        raise HintedUsageError(message, "reconciler init", f"choose {' or '.join(fit)}, or leave --record out")
    return record or fit[0]


def _target(vendor: str, number: str | None, to: str | None) -> str | None:
    if to is not None and (number is None or not starter.takes_a_target(vendor)):
        raise click.UsageError("--to needs a number that can be forwarded: --number N, of a vendor that forwards")
    if to is not None and to == number:
        raise click.UsageError("--to is the number itself, so calls would go in a loop")
    return to


# -- files ------------------------------------------------------------------------------------------------------------


def _files(start: Start) -> dict[str, str]:
    schema = json.dumps(SCHEMAS["config"](), ensure_ascii=False, indent=2) + "\n"
    return {**starter.configuration_files(start), starter.SCHEMA: schema, **starter.surrounding_files(start)}


def _in_the_way(place: Path, files: Mapping[str, str]) -> list[str]:
    return [path for path in files if (place / path).exists() or (place / path).is_symlink()]


def _left_out(kept: list[str]) -> set[str]:
    """What is not written beside files that exist: with a configuration that is there, no other is begun."""
    return {*kept, *((TRUSTED_FILE, starter.NUMBERS) if TRUSTED_FILE in kept else ())}


def _exists(place: Path, kept: list[str]) -> Exception:
    named = ", ".join(str(place / path) for path in kept)
    message = f"nothing was written: {named} {'exists' if len(kept) == 1 else 'exist'} already"
    return command_error(
        "file-exists", message, hint="use another folder, or --keep: it leaves those as they are and writes the others"
    )


def _write(place: Path, files: Mapping[str, str]) -> None:
    """Write all files or none; raises CommandError. A signal waits until each that was made can be taken back."""
    signals: list[bool] = []
    with ExitStack() as undone:
        with heeding(lambda: signals.append(True)):
            for path, text in files.items():
                _write_one(place / path, text, undone)
        if signals:
            abort()
        undone.pop_all()


def _write_one(path: Path, text: str, undone: ExitStack) -> None:
    try:
        _make_folder(path.parent, undone)
        with path.open("x", encoding="utf-8", newline="\n") as file:
            undone.callback(path.unlink, missing_ok=True)
            file.write(text)
    except OSError as error:
        reason = (error.strerror or "unknown reason").lower()
        raise command_error("command-failed", f"{path} cannot be written: {reason}; nothing was") from None


def _make_folder(folder: Path, undone: ExitStack) -> None:
    for each in (*reversed(folder.parents), folder):
        if not each.exists():
            each.mkdir()
            undone.callback(each.rmdir)


# -- what was done, and what comes next -------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Done:
    """What was written, and what was there and stays."""

    written: tuple[str, ...]
    kept: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Step:
    """A sentence, and the command that does it, if one does."""

    what: str
    command: str | None = None


def _show(process: Process, start: Start, place: Path, done: _Done) -> None:
    steps = list(_steps(start, place, is_begun=TRUSTED_FILE not in done.kept))

    def content() -> dict[str, object]:
        following = [{"what": each.what, "command": each.command} for each in steps]
        return {"folder": str(place), "written": list(done.written), "kept": list(done.kept), "next": following}

    process.answer(content, lambda columns: _page(place, done, steps, columns))


def _page(place: Path, done: _Done, steps: list[_Step], columns: int) -> Iterator[Line]:
    yield line(f"{plural(len(done.written), 'file')} written in {place}:")
    yield from (line(f"  {path}") for path in done.written)
    if done.kept:
        yield line("left as they are:")
        yield from (line(f"  {path}") for path in done.kept)
    yield EMPTY
    yield line(Span("Next:", Tone.STRONG))
    for at, step in enumerate(steps, start=1):
        first, *more = wrap(step.what, columns - 4)
        yield from (line(f"{at:2}. {first}"), *(line(f"    {each}") for each in more))
        if step.command:
            yield line("      ", Span(step.command, Tone.NOTED))


def _steps(start: Start, place: Path, *, is_begun: bool) -> Iterator[_Step]:
    """What comes next, in the order of the work. The accounts of a configuration that was there are not known."""
    secrets = starter.secrets_of(start)
    if place != Path():
        yield _Step("Go there.", f"cd {shlex.quote(re.sub('^-', './-', str(place)))}")
    yield _Step("Check the files. This needs no network and no key.", "reconciler validate --strict")
    yield from _account_steps(start, secrets) if is_begun else [_Step(_LOOK, _LOOKING)]
    if start.host is not Host.NONE:
        yield from _pipeline_steps(start, place)
    first = (
        "Commit it"
        if start.host is Host.NONE
        else "Commit it to main, which has the settings for what is proposed later"
    )
    yield _Step(f"{first}. `pre-commit install` checks every commit from then on.", "git add . && git commit")


def _account_steps(start: Start, secrets: list[str]) -> Iterator[_Step]:
    if start.number:
        yield from [] if start.to else [_Step(f"Say in {starter.NUMBERS} where its calls go.")]
        yield _Step("Try it on a sandbox of the vendor, without an account.", _TRIAL)
    given = f"With {' and '.join(secrets)} set"
    if start.logs_in:
        yield _Step(f"{given}, log in.", "reconciler login main")
    if start.number is None:
        yield from (
            _Step(f"Fill in `{each}` in {TRUSTED_FILE}: without it the account's numbers are not listed.")
            for each in starter.unfilled_keys(start.vendor)
        )
        yield _Step(f"{given}, take over what is there.", f"reconciler import --all --into {starter.NUMBERS}")
    yield _Step(f"{given}, see {_WHETHER}", _LOOKING)


def _pipeline_steps(start: Start, place: Path) -> Iterator[_Step]:
    top = top_folder(place)
    if top is not None and top != place.resolve():
        reads = f"{_HOSTS[start.host]} reads {_TOP[start.host]} at the top of the repository only"
        yield _Step(f"{reads}: move it to {top}, and have its commands work in {place.resolve().relative_to(top)}.")
    yield _Step("Pin what the pipeline installs: its jobs with a key install nothing that has no hash.", starter.HASHES)
    yield _Step(f"{_PREPARED[start.host]} {', '.join(starter.variables_of(start))}.")


_LOOKING = "reconciler doctor && reconciler plan"
_WHETHER = "whether anything would stop an apply, and what it would change."
_LOOK = (
    f"{TRUSTED_FILE} stays as it was: give what was written beside it the variables and the record that it names."
    f" With them set, see {_WHETHER}"
)
_TRIAL = "reconciler sandbox --for . --exec reconciler plan"
_PREPARED = {
    Host.GITHUB: "In Settings > Environments make `numbers-plan` (with reviewers), `numbers-main` (for main only) and"
    " `numbers-apply` (for main only, with reviewers), each with",
    Host.GITLAB: "Protect the branch main and the environments `numbers-plan` (with approvals) and `numbers-apply`;"
    " schedule a daily pipeline of main; and make these variables for `numbers-plan`, and again for `numbers-main` and"
    " `numbers-apply` with the flag `Protected`, without which any branch could ask for them:",
}
_TOP = {Host.GITHUB: ".github", Host.GITLAB: ".gitlab-ci.yml"}
