"""`reconciler undo`: an ordinary plan back to what was there before a run; nothing is written but a plan file.

Must not decide anything about numbers.
"""

from __future__ import annotations

from pathlib import Path

import click

from reconciler.cli import options, signing
from reconciler.cli.errors import command_error
from reconciler.cli.exits import Exit, of_plan
from reconciler.cli.opening import load_valid, show_progress, spoken, start_session
from reconciler.cli.plan import check_place, save, tell_saved
from reconciler.cli.process import Process, language_option
from reconciler.plan.build import Options
from reconciler.plan.model import Consent, Plan
from reconciler.plan.undo import is_against_files, wrote
from reconciler.record.base import Run
from reconciler.views.base import line
from reconciler.views.results import Planned
from reconciler.wiring import Session
from reconciler.workflow.plan import make_undo

_WRITING = ("apply", "undo")


@click.command(params=[language_option()])
@click.argument("run", required=False, type=options.Name("runs"), metavar="[RUN]")
@options.consent
@click.option("--out", type=options.OutputFile(), metavar="FILE", help="Save the plan, for `reconciler apply FILE`.")
@signing.signing
@click.option("--expires", type=options.Duration(), metavar="SPAN", help="How long a saved plan is valid, such as 24h.")
@click.option("--enforce-policy", is_flag=True, help="End with 5 if apply would refuse the plan.")
@click.pass_obj
def undo(
    process: Process,
    /,
    *,
    run: str | None,
    out: Path | None,
    sign_key: Path | None,
    expires: float | None,
    enforce_policy: bool,
    consent: Consent,
) -> Exit:
    """Make a plan back to what was there before a run: the latest that wrote, or the one whose id begins like this.

    It is a plan like any other: policy, allowances and staleness hold, and `reconciler apply FILE` applies it. Fields
    that cannot be restored are named; a number is left out rather than guessed at. The files stay as they are.

    Example: reconciler undo --out back.json --allow-delete
    """
    signing.check_usage(out, sign_key)
    check_place(process, out, signed=sign_key is not None)
    configuration, _warnings = load_valid(process)
    with start_session(process, configuration) as session, show_progress(process, session) as watch:
        asked = Options(consent=consent, expires_in=expires, kept=out is not None, progress=watch.reading)
        made, _state = make_undo(session, _chosen(session, run), asked)
        watch.close()
        if out is not None:
            save(process, session, made, process.target(out), sign_key=sign_key)
        shown = Planned(made, spoken(process))
        process.answer(shown.document, shown.page, shown.findings)
        tell_saved(process, out)
        _remind(process, session, made)
    return of_plan(made, detailed=False, enforce_policy=enforce_policy)


def _chosen(session: Session, prefix: str | None) -> Run:
    """The run that is meant; raises CommandError where there is none, or nothing to undo in it."""
    if prefix is not None:
        run = session.record.run(prefix)
        if run is None:
            hint = "reconciler record list names the latest runs"
            raise command_error("nothing-to-show", f"there is no run {prefix!r}", hint=hint)
        return run
    for latest in session.record.runs():
        run = session.record.run(latest.id) if latest.origin in _WRITING else None
        if run is not None and wrote(run):
            return run
    raise command_error("nothing-to-show", "no recorded run wrote anything", hint="reconciler record list")


def _remind(process: Process, session: Session, made: Plan) -> None:
    """Say that the files still want what the run wrote, where they do."""
    if not process.format.for_programs and is_against_files(
        made, session.configuration.desired, session.plan_context()
    ):
        text = "The files still say what the run wrote: change them back too, or the next plan undoes this undo."
        process.screen.note([line(text)])
