"""`reconciler plan`: read the live numbers and say what would change; nothing is written but a plan file.

Must not decide anything about numbers.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Unpack

import click

from reconciler.cli import options
from reconciler.cli.exits import Exit, of_plan
from reconciler.cli.opening import opened, plannable, watching
from reconciler.cli.process import Process
from reconciler.cli.trouble import Stop, show_diagnostics, stop

if TYPE_CHECKING:
    from reconciler.diagnostics import Diagnostic
    from reconciler.plan.model import Consent, Plan
    from reconciler.views.progress import Watch
    from reconciler.wiring import Session
    from reconciler.workflow import Planning


@click.command()
@options.paths
@options.selection
@options.planning
@options.consent
@click.option("--out", type=options.EXISTING_FILE, metavar="FILE", help="Save the plan, for `reconciler apply FILE`.")
@click.option("--expires", type=options.Duration(), metavar="SPAN", help="How long a saved plan holds, like 24h.")
@click.option("--detailed-exitcode", is_flag=True, help="End with 2 if something would change.")
@click.option("--enforce-policy", is_flag=True, help="End with 5 if apply would refuse the plan.")
@click.pass_obj
def plan(
    process: Process,
    /,
    paths: tuple[Path, ...],
    out: Path | None,
    detailed_exitcode: bool,
    enforce_policy: bool,
    expires: float | None,
    **asked: Unpack[options.Asked],
) -> Exit:
    """Read the live numbers and say what would change, and what callers would notice.

    Allowances given here are kept in a saved plan: apply asks for them no more.

    Example: reconciler plan --out plan.json --expires 24h --allow-delete
    """
    from reconciler.workflow import make_plan

    configuration, warnings = plannable(process, scenario=asked["scenario"], paths=paths)
    with opened(process, configuration) as session, watching(process, session) as watch:
        planning = planning_of(asked, warnings, watch, kept=out is not None, expires=expires)
        made, _state = make_plan(session, planning)
        watch.close()
        if out is not None:
            save(session, made, process.target(out))
        show_plan(process, made, saved=out)
    return of_plan(made, detailed=detailed_exitcode, enforce_policy=enforce_policy)


def planning_of(
    asked: options.Asked, warnings: tuple[Diagnostic, ...], watch: Watch, *, kept: bool, expires: float | None = None
) -> Planning:
    """What the options ask of a plan."""
    from reconciler.plan.build import Refresh, Selection
    from reconciler.workflow import Planning

    return Planning(
        refresh=Refresh(asked["refresh"]),
        selection=Selection(asked["targets"], asked["tags"], asked["accounts"]),
        consent=consent_of(asked),
        reassert=asked["reassert"],
        expires_in=expires,
        limit=asked["limit"],
        kept=kept,
        warnings=warnings,
        progress=watch.reading,
    )


def consent_of(asked: options.Asked) -> Consent:
    """What the options permit."""
    from reconciler.plan.model import Consent

    allow = options.allowed(
        delete=asked["allow_delete"], adopt=asked["allow_adopt"], protected=asked["allow_protected"]
    )
    return Consent(allow, frozenset(asked["overrides"]))


def save(session: Session, made: Plan, out: Path) -> None:
    """Write a plan file, readable by its owner only; raises Stop where it may not or cannot be written."""
    from reconciler.cli.files import write_private
    from reconciler.views import machine
    from reconciler.workflow import storable

    refusals = storable(made, session.ground())
    if refusals:
        raise Stop(refusals)
    try:
        write_private(out, machine.plan(made).encode())
    except OSError as error:
        raise stop("plan-file", f"the plan cannot be saved to {out}: {error.strerror}") from None


def show_plan(process: Process, made: Plan, *, saved: Path | None = None) -> None:
    """Show a plan in the format that was asked for."""
    if process.is_json:
        from reconciler.views import machine

        process.screen.document(machine.plan(made))
        return
    from reconciler.views.base import line
    from reconciler.views.human import plan as human

    show_diagnostics(process, made.diagnostics)
    process.screen.result(human.plan(made, process.screen.columns(), verbose=process.is_verbose))
    if saved is not None:
        process.screen.note([line(f"Saved to {saved}. To apply exactly this: reconciler apply {saved}")])
