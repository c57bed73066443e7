"""`reconciler apply`: make the numbers as the files say, or exactly as a plan file says.

Must not decide anything about numbers; asks, and lets signals end a run in order.
"""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING, Any

import click

from reconciler.cli import options
from reconciler.cli.exits import Exit, of_report
from reconciler.cli.opening import opened, usable, watching
from reconciler.cli.plan import consent_of, planning_of, show_plan
from reconciler.cli.process import Process
from reconciler.cli.trouble import show_diagnostics, stop

if TYPE_CHECKING:
    from reconciler.apply.report import ApplyReport
    from reconciler.config.settings import Configuration
    from reconciler.diagnostics import Diagnostic
    from reconciler.plan.model import Plan
    from reconciler.record.base import RecordState
    from reconciler.views.progress import Watch
    from reconciler.wiring import Session


@click.command()
@click.argument("planfile", required=False, type=options.EXISTING_FILE, metavar="[PLANFILE]")
@options.selection
@options.planning
@options.consent
@click.option("--auto-approve", is_flag=True, help="Do not ask; needed where nobody can be asked.")
@click.option("--expect", type=options.EXISTING_FILE, metavar="PLANFILE", help="Go on only if the changes are those of this reviewed plan.")
@click.option("--allow-partial", is_flag=True, help="Leave out numbers that have moved since the plan, and apply the others.")
@click.option("--ephemeral-record", is_flag=True, help="Keep the record of this run in memory only, and lose it.")
@click.pass_obj
def apply(process: Process, planfile: Path | None, **asked: Any) -> Exit:
    """Make the numbers as the files say, and prove it by reading back.

    Without a PLANFILE: plans, shows, asks, applies; where nobody can be asked, --auto-approve is needed. With one:
    applies exactly that, and asks nothing, as a saved plan is consent. Answering anything but yes writes nothing and
    ends with 1.

    Example: reconciler apply plan.json
    """
    _check_usage(process, planfile, asked)
    planfile, asked["expect"] = (process.source(path) if path else None for path in (planfile, asked["expect"]))
    configuration, warnings = usable(process, scenario=_scenario(planfile, asked))
    _check_record(process, configuration, ephemeral=asked["ephemeral_record"])
    with (
        opened(process, configuration, ephemeral_record=asked["ephemeral_record"]) as session,
        watching(process, session) as watch,
    ):
        if planfile is not None:
            plan, state = _stored(session, planfile, asked), None
        else:
            plan, state = _fresh(session, asked, warnings, watch)
            _approve(process, plan, asked)
        report = _applied(process, session, plan, state, watch=watch, partial=asked["allow_partial"])
    _show(process, report)
    return of_report(report)


def _check_usage(process: Process, planfile: Path | None, asked: dict[str, Any]) -> None:
    """What cannot go together, before anything is read."""
    if planfile is not None:
        given = [name for name in ("scenario", "limit", "expect", "targets", "tags", "accounts", "reassert") if asked[name]]
        if given:
            names = {"targets": "target", "tags": "tag", "accounts": "account"}
            flag = f"--{names.get(given[0], given[0])}"
            raise click.UsageError(f"{flag} does not go with a plan file, which is applied exactly as it is")
    elif not asked["auto_approve"] and (process.is_json or not process.has_person):
        raise click.UsageError("nobody can be asked here: pass --auto-approve, or apply a plan file")


def _check_record(process: Process, configuration: Configuration, *, ephemeral: bool) -> None:
    """On a CI machine a local record is lost with the machine."""
    if process.environ.get("CI") == "true" and configuration.record.backend == "file" and not ephemeral:
        raise stop(
            "record-on-ci",
            "the record is a local file, which this CI machine loses after the run",
            hint="keep the record in a shared backend (`record.backend`), or pass --ephemeral-record",
            exit_code=Exit.REFUSED,
        )


def _scenario(planfile: Path | None, asked: dict[str, Any]) -> str | None:
    """The scenario that the plan file was made under, else the one asked for."""
    if planfile is None:
        scenario: str | None = asked["scenario"]
        return scenario
    from reconciler.formats.plan import load_plan
    from reconciler.workflow import read_file

    return load_plan(read_file(planfile)).scenario


def _stored(session: Session, planfile: Path, asked: dict[str, Any]) -> Plan:
    from reconciler.workflow import read_file, stored_plan

    return stored_plan(session, read_file(planfile), consent_of(asked))


def _fresh(
    session: Session, asked: dict[str, Any], warnings: tuple[Diagnostic, ...], watch: Watch
) -> tuple[Plan, RecordState]:
    """Plan now; with --expect, go on only if it is what was reviewed."""
    from reconciler.formats.plan import load_plan
    from reconciler.workflow import expected, make_plan, read_file

    reviewed = load_plan(read_file(asked["expect"])) if asked["expect"] else None
    plan, state = make_plan(session, planning_of(asked, warnings, kept=True, emit=watch.reading))
    watch.close()
    if reviewed is not None:
        expected(plan, reviewed)
    return plan, state


def _approve(process: Process, plan: Plan, asked: dict[str, Any]) -> None:
    """Show the plan and ask, where there is something to ask; raises Stop where the answer is not yes."""
    if not process.is_json:
        show_plan(process, plan)
    if asked["auto_approve"] or plan.breaches or not plan.changes:
        return
    click.echo("\nApply these changes? Only yes is accepted: ", err=True, nl=False)
    if click.get_text_stream("stdin").readline().strip() != "yes":
        raise stop("not-approved", "not approved; nothing was written")


def _applied(
    process: Process, session: Session, plan: Plan, state: RecordState | None, *, watch: Watch, partial: bool
) -> ApplyReport:
    from reconciler.workflow import Applying, apply_plan

    interrupted = Event()
    with _in_order(interrupted, watch):
        applying = Applying(emit=watch.applying, allow_partial=partial, interrupted=interrupted)
        return apply_plan(session, plan, state, applying)


@contextmanager
def _in_order(interrupted: Event, watch: Watch) -> Iterator[None]:
    """The first Ctrl-C or SIGTERM lets what is in flight finish; the second ends the program at once."""

    def handle(_number: int, _frame: object) -> None:
        if interrupted.is_set():
            raise KeyboardInterrupt
        interrupted.set()
        watch.interrupted()

    before = {number: signal.signal(number, handle) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _show(process: Process, report: ApplyReport) -> None:
    if process.is_json:
        from reconciler.views import machine

        process.screen.document(machine.report(report))
        return
    from reconciler.views.base import EMPTY
    from reconciler.views.human import report as human

    show_diagnostics(process, report.diagnostics)
    process.screen.result([EMPTY, *human.report(report, process.screen.columns())])
