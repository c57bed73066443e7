"""`reconciler show`: a plan file, a number, or a past run.

Must not read anything live; guesses from its argument what is meant.
"""

from __future__ import annotations

from pathlib import Path

import click

from reconciler.cli.errors import CommandError, command_error
from reconciler.cli.exits import Exit, of_plan
from reconciler.cli.numbers import refuse_national
from reconciler.cli.opening import load_valid, spoken, start_session, wording
from reconciler.cli.options import FileOrName
from reconciler.cli.plan import naming
from reconciler.cli.process import Process, format_option, language_option
from reconciler.config.phones import digits_of
from reconciler.formats.plan import load_plan, plan_as_shown
from reconciler.record.base import Run
from reconciler.settings import Configuration
from reconciler.views import recorded
from reconciler.views.recorded import KnownNumber
from reconciler.views.results import Planned
from reconciler.wiring import Session
from reconciler.workflow.stored import read_file


@click.command(params=[format_option("saved_plan"), language_option()])
@click.argument("what", type=FileOrName("shown"), metavar="PLANFILE|NUMBER|RUN")
@click.pass_obj
def show(process: Process, what: str) -> Exit:
    """Show a saved plan, what files and record say of a number, or a past run by the beginning of its id.

    A plan can be shown in all formats of a plan, a number and a run as text and JSON.

    Example: reconciler show 74991112233
    """
    path = process.source(Path(what))
    if path.is_file():
        with naming(Path(what)):
            _show_plan(process, path)
        return Exit.DONE
    if "answer" not in process.format.results:
        raise click.UsageError(
            f"there is no plan file {what}, and only a plan can be shown with --format {process.format.name}"
        )
    configuration, _found = load_valid(process)
    with start_session(process, configuration) as session:
        known = _known(session, _digits(what)) if _digits(what) else None
        if known is not None:
            show_number(process, configuration, known)
        else:
            _show_run(process, configuration, _run_of(session, what))
    return Exit.DONE


def _digits(what: str) -> str:
    """The digits of a phone number in any spelling, else nothing."""
    digits = digits_of(what) or ""
    return digits if 7 <= len(digits) <= 15 else ""


def known_of(session: Session, number: str) -> KnownNumber:
    """All that is known of a number; raises CommandError where it is nothing."""
    known = _known(session, number)
    if known is None:
        raise _unknown(number)
    return known


def _known(session: Session, number: str) -> KnownNumber | None:
    state = session.record.load()
    known = KnownNumber(
        number,
        [desired for desired in session.configuration.desired if desired.key.number == number],
        [entry for key, entry in state.entries.items() if key.number == number],
        [intent for window in state.windows for intent in window.intents if intent.key.number == number],
    )
    return known if known.desired or known.entries or known.intents else None


def _unknown(number: str) -> CommandError:
    hint = "reconciler list, or reconciler record list"
    return command_error("nothing-to-show", f"number {number} is in no file and not in the record", hint=hint)


def _run_of(session: Session, what: str) -> Run:
    """The run of this beginning; digits alone are told of as a number where there is no such run."""
    run = session.record.run(what)
    if run is None and _digits(what):
        refuse_national(what, _digits(what))
        raise _unknown(_digits(what))
    if run is None:
        hint = "reconciler record list names the latest runs"
        raise command_error("nothing-to-show", f"{what!r} is not a plan file, a number or a run", hint=hint)
    return run


def _show_plan(process: Process, path: Path) -> None:
    made = plan_as_shown(load_plan(read_file(path)))
    failed = of_plan(made, detailed=False, enforce_policy=False) is not Exit.DONE
    process.show(Planned(made, spoken(process), failed, kind="saved_plan"))


def show_number(process: Process, configuration: Configuration, known: KnownNumber) -> None:
    """Show all that is known of a number."""
    say = wording(process, configuration)
    process.answer(
        lambda: recorded.number_json(known),
        lambda columns: recorded.number(known, say, columns, configuration.timezone),
    )


def _show_run(process: Process, configuration: Configuration, run: Run) -> None:
    say, zone = spoken(process), configuration.timezone
    process.answer(lambda: {"run": recorded.run_json(run)}, lambda columns: recorded.run(run, say, columns, zone))
