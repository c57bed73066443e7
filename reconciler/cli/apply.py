"""`reconciler apply`: make the numbers as the files say, or exactly as a plan file says.

Must not decide anything about numbers; asks, and lets signals end a run in order.
"""

from __future__ import annotations

import sys
from collections.abc import Collection
from dataclasses import replace
from pathlib import Path
from threading import Event

import click

from reconciler.apply.report import ApplyReport, Halt
from reconciler.cli import options, signing
from reconciler.cli.errors import command_error
from reconciler.cli.exits import Exit, of_report
from reconciler.cli.opening import check_accounts, load_plannable, show_progress, spoken, start_session
from reconciler.cli.plan import check_selected, load_plan_file, naming
from reconciler.cli.process import Process
from reconciler.diagnostics import Diagnostic
from reconciler.interrupts import abort, has_expired, heeding
from reconciler.plan.build import Options
from reconciler.plan.model import Plan
from reconciler.record.waiting import Queue
from reconciler.rules import RULES
from reconciler.settings import Configuration
from reconciler.views import machine
from reconciler.views.base import EMPTY, line, plural
from reconciler.views.formats import TEXT
from reconciler.views.human import report as human
from reconciler.views.human.plan import counted
from reconciler.views.progress import ProgressBar
from reconciler.views.results import Planned
from reconciler.wiring import Session
from reconciler.workflow.apply import apply_stored
from reconciler.workflow.plan import make_plan
from reconciler.workflow.stored import StoredPlan, check_expected, counted_as, stored_plan, unlike


@click.command()
@click.argument("planfile", required=False, type=options.EXISTING_FILE, metavar="[PLANFILE]")
@options.planning
@click.option("--auto-approve", is_flag=True, help="Do not ask; required if nobody can be asked.")
@click.option(
    "--expect",
    type=options.EXISTING_FILE,
    metavar="PLANFILE",
    help="Continue only if the changes are exactly those of this plan.",
)
@signing.verifying
@click.option("--allow-partial", is_flag=True, help="Apply what has not changed since the plan.")
@options.locking
@click.option(
    "--ephemeral-record", is_flag=True, help="Keep the record of this run in memory only; it is lost afterwards."
)
@click.pass_obj
def apply(
    process: Process,
    /,
    planfile: Path | None,
    auto_approve: bool,
    expect: Path | None,
    allow_partial: bool,
    lock_timeout: float,
    ephemeral_record: bool,
    verify_keys: tuple[Path, ...],
    scenario: str | None,
    asked: Options,
) -> Exit:
    """Make the numbers as the files say, and prove it by reading back.

    Without a PLANFILE: plans, shows, asks, applies; where nobody can be asked, --auto-approve is needed. With one:
    applies exactly that, and asks nothing, as a saved plan is consent. Answering anything but yes writes nothing and
    ends with 1. With --lock-timeout, what was planned before somebody else's run ended is planned afresh.

    Example: reconciler apply plan.json
    """
    _check_usage(process, planfile, expect, approved=auto_approve)
    if verify_keys and planfile is None:
        raise click.UsageError("--verify-key needs a plan file")
    stored, reviewed = load_plan_file(process, planfile, verify_keys=verify_keys), load_plan_file(process, expect)
    configuration, warnings = load_plannable(process, scenario=stored[0].scenario if stored else scenario)
    if configuration.policy.require_signed_plan and not verify_keys:
        raise signing.unsigned(planfile)
    with (
        start_session(process, configuration, ephemeral_record=ephemeral_record) as session,
        show_progress(process, session) as progress_bar,
    ):
        _check_record(process, session.configuration, ephemeral=ephemeral_record)
        if stored is None:
            check_accounts(configuration, asked.selection.accounts)
        asked = replace(asked, kept=True, warnings=warnings, progress=progress_bar.reading)
        queue = Queue([session.record], session.waits, lock_timeout)
        shown: Plan | None = None
        while True:
            queue.enter(_accounts(stored, asked))
            if planfile is not None and stored is not None:
                with naming(planfile):
                    ready = stored_plan(session, stored[1], asked.consent)
            else:
                ready = _planned(session, asked, reviewed, progress_bar)
                if shown is None or unlike(ready.plan, shown):
                    _approve(process, ready.plan, approved=auto_approve)
                shown = ready.plan
            report = _applied(session, ready, progress_bar=progress_bar, partial=allow_partial)
            if report.locked_by is None or not queue.outlast(report.locked_by):
                break
    _show(process, report, told=ready.plan.diagnostics if stored is None else ())
    return of_report(report)


_OF_A_FRESH_PLAN = {
    "targets": "--target",
    "tags": "--tag",
    "accounts": "--account",
    "scenario": "--scenario",
    "reassert": "--reassert",
    "limit": "--limit",
}


def _check_usage(process: Process, planfile: Path | None, expect: Path | None, *, approved: bool) -> None:
    """What cannot go together, before anything is read."""
    if planfile is not None:
        params = click.get_current_context().params
        given = [flag for name, flag in _OF_A_FRESH_PLAN.items() if params[name]]
        given += ["--expect"] if expect is not None else []
        if given:
            raise click.UsageError(f"{given[0]} cannot be used with a plan file, which is applied exactly as it is")
    elif not approved and (process.format.for_programs or not process.has_person):
        raise click.UsageError("there is nobody to ask: pass --auto-approve, or apply a plan file")


def _check_record(process: Process, configuration: Configuration, *, ephemeral: bool) -> None:
    """On a CI machine a local record is lost with the machine."""
    if process.environ.get("CI") == "true" and configuration.record.backend == "file" and not ephemeral:
        raise command_error(
            "record-on-ci",
            "the record is a local file, which this CI machine loses after the run",
            hint="keep the record in a shared backend (`record.backend`), or pass --ephemeral-record",
            exit_code=Exit.REFUSED,
        )


def _accounts(stored: tuple[Plan, bytes] | None, asked: Options) -> Collection[str]:
    """Whose locks an apply waits for before it plans; none named = any."""
    return asked.selection.accounts if stored is None else {change.account for change in stored[0].changes}


def _planned(
    session: Session, asked: Options, reviewed: tuple[Plan, bytes] | None, progress_bar: ProgressBar
) -> StoredPlan:
    """A fresh plan, which must be the one that was reviewed, if any was."""
    ready = StoredPlan(*make_plan(session, asked))
    progress_bar.close()
    check_selected(ready.plan)
    if reviewed is not None:
        check_expected(ready.plan, reviewed[0], session.clock.now())
        ready = replace(ready, plan=counted_as(reviewed[0], ready.plan, session.configuration))
    return ready


def _approve(process: Process, plan: Plan, *, approved: bool) -> None:
    """Show the plan and ask, where there is something to ask; raises CommandError where the answer is not yes."""
    if not process.format.for_programs:
        TEXT.results["plan"](process, Planned(plan, spoken(process)))
        process.screen.result([EMPTY])
    if approved or plan.breaches or not plan.changes:
        return
    if process.screen.lost is not None:
        raise command_error("not-approved", "the plan cannot be shown, so it cannot be approved; nothing was written")
    where = plan.configuration or process.root.resolve().name
    what = f"Apply {plural(len(plan.changes), 'change')} ({', '.join(counted(plan))}) to {where}?"
    process.screen.note([line(what)])
    click.echo("Only yes is accepted: ", err=True, nl=False)
    if sys.stdin.readline().strip() != "yes":
        raise command_error("not-approved", "not approved; nothing was written")


def _applied(session: Session, ready: StoredPlan, *, progress_bar: ProgressBar, partial: bool) -> ApplyReport:
    with heeding(lambda: _in_order(session.clock.interrupted, progress_bar)):
        report = apply_stored(session, ready, emit=progress_bar.applying, allow_partial=partial)
    return _out_of_time(report) if has_expired() and report.halt is Halt.INTERRUPTED else report


def _out_of_time(report: ApplyReport) -> ApplyReport:
    hint = "plan and apply again for what was not written, or use a longer --deadline"
    message = "the command's deadline passed; nothing new was sent after that"
    told = RULES["deadline-passed"].at(None, message, hint)
    return replace(report, halt=Halt.DEADLINE, diagnostics=(*report.diagnostics, told))


def _in_order(interrupted: Event, progress_bar: ProgressBar) -> None:
    """Let what is in flight finish at the first Ctrl-C or SIGTERM, and end the program at once at the second."""
    if interrupted.is_set():
        abort()
    interrupted.set()
    progress_bar.interrupted(expired=has_expired())


def _show(process: Process, report: ApplyReport, *, told: tuple[Diagnostic, ...]) -> None:
    """Show the report, without findings that were told with the plan."""
    found = [item for item in report.diagnostics if item not in told]
    process.answer(lambda: machine.report(report), lambda columns: human.report(report, columns), found)
