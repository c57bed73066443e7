"""`reconciler plan`: read the live numbers and say what would change; nothing is written but a plan file.

Must not decide anything about numbers.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import click

from reconciler.cli import files, options, signing
from reconciler.cli.errors import CommandError, command_error, show_diagnostics
from reconciler.cli.exits import Exit, of_plan
from reconciler.cli.files import is_plain, remove, write_private
from reconciler.cli.opening import check_accounts, load_plannable, load_traffic, show_progress, spoken, start_session
from reconciler.cli.process import Process, format_option, language_option
from reconciler.diagnostics import Diagnostics
from reconciler.formats.plan import PlanFileError, load_plan
from reconciler.plan.build import Options
from reconciler.plan.model import Plan
from reconciler.views import machine
from reconciler.views.base import line
from reconciler.views.results import Planned, Subject
from reconciler.wiring import Session
from reconciler.workflow.plan import guessable, make_plan, storable
from reconciler.workflow.stored import check_expected, read_file


@click.command(params=[format_option("plan"), language_option()])
@options.paths
@options.planning
@click.option("--out", type=options.OutputFile(), metavar="FILE", help="Save the plan, for `reconciler apply FILE`.")
@click.option("--expires", type=options.Duration(), metavar="SPAN", help="How long a saved plan is valid, such as 24h.")
@signing.signing
@click.option(
    "--expect",
    type=options.EXISTING_FILE,
    metavar="PLANFILE",
    help="Save only if the changes are exactly those of this plan.",
)
@options.traffic("Replay these calls of the past: how many each change would treat otherwise.")
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
    sign_key: Path | None,
    expect: Path | None,
    traffic: Path | None,
    scenario: str | None,
    asked: Options,
) -> Exit:
    """Read the live numbers and say what would change, and what callers would notice.

    Allowances given here are kept in a saved plan: apply asks for them no more.

    Example: reconciler plan --out plan.json --expires 24h --allow-delete
    """
    process.subject = Subject(accounts=asked.selection.accounts, scenario=scenario or "")
    signing.check_usage(out, sign_key)
    check_place(process, out, signed=sign_key is not None)
    reviewed = load_plan_file(process, expect)
    configuration, warnings = load_plannable(process, scenario=scenario, paths=paths)
    asked = replace(asked, traffic=load_traffic(process, traffic, configuration))
    with start_session(process, configuration) as session, show_progress(process, session) as watch:
        check_accounts(configuration, asked.selection.accounts)
        asked = replace(asked, expires_in=expires, kept=out is not None, warnings=warnings, progress=watch.reading)
        made, _state = make_plan(session, asked)
        watch.close()
        check_selected(made)
        if reviewed is not None:
            check_expected(made, reviewed[0], session.clock.now())
        if out is not None:
            save(process, session, made, process.target(out), sign_key=sign_key)
        failed = of_plan(made, detailed=False, enforce_policy=enforce_policy) is not Exit.DONE
        shown = Planned(made, spoken(process), failed, enforced=enforce_policy)
        process.show(shown)
        tell_saved(process, out)
    return of_plan(made, detailed=detailed_exitcode, enforce_policy=enforce_policy)


def check_selected(made: Plan) -> None:
    """Raise CommandError for a plan about no number at all, as nothing fits what was asked for."""
    if any(item.code == "selection-empty" for item in made.diagnostics):
        raise CommandError([item for item in made.diagnostics if item.is_error])


def load_plan_file(
    process: Process, path: Path | None, *, verify_keys: tuple[Path, ...] = ()
) -> tuple[Plan, bytes] | None:
    """A plan file and its bytes, verified first where there are keys; raises CommandError."""
    if path is None:
        return None
    file = process.source(path)
    with naming(path):
        data = read_file(file)
        if verify_keys:
            signing.verify(file, data, verify_keys)
        return load_plan(data), data


@contextmanager
def naming(path: Path) -> Iterator[None]:
    """Name the plan file that cannot be used, and what to do instead; raises CommandError."""
    try:
        yield
    except PlanFileError as error:
        hint = f"make a new plan: reconciler plan --out {path}"
        if path.suffix in (".yaml", ".yml"):
            hint = "to apply the configuration itself name no file: reconciler apply"
        raise command_error("plan-file", f"plan file {path}: {error}", hint=hint) from None


def check_place(process: Process, out: Path | None, *, signed: bool) -> None:
    """Raise CommandError, before anything is asked of a vendor, where a plan or its signature cannot be saved."""
    if out is None:
        return
    place = process.target(out)
    try:
        for each in (place, signing.signature_path(place)):
            files.check_link(each, process.find_configuration())
        files.check_place(place)
        if signed:
            files.check_signable(place)
            files.check_place(signing.signature_path(place))
    except OSError as error:
        raise _unsaved(out, error) from None


def _unsaved(out: Path, error: OSError) -> CommandError:
    return command_error(
        "plan-file",
        f"the plan cannot be saved to {out}: {(error.strerror or 'unknown reason').lower()}",
        hint="name a file, in a folder that is there, with --out",
    )


def save(process: Process, session: Session, made: Plan, out: Path, *, sign_key: Path | None = None) -> None:
    """Write a plan file and its signature, for their owner only; raises CommandError where that fails."""
    found = Diagnostics(session.configuration.policy.rules)
    found.extend(
        (*storable(made, session.plan_context()), *guessable(made, session.secrets), *signing.check_exposure(sign_key))
    )
    if found.has_errors:
        raise CommandError(tuple(found))
    show_diagnostics(process, found)
    data, sidecar = machine.plan(made).encode(), signing.signature_path(out)
    signature = signing.signature(data, sign_key) if sign_key is not None else None
    try:
        remove(sidecar)  # never an older plan's signature beside a new plan
        write_private(out, data)
        if signature is not None:
            write_private(sidecar, signature)
    except OSError as error:
        raise _unsaved(out, error) from None


def tell_saved(process: Process, saved: Path | None) -> None:
    """Say where a plan was saved, beside a page for people."""
    if saved is not None and not process.format.for_programs:
        process.screen.note([line(_describe_saved(saved, process.target(saved)))])


def _describe_saved(saved: Path, place: Path) -> str:
    if not is_plain(place):
        return f"Sent to {saved}."
    return f"Saved to {saved}. To apply exactly this: reconciler apply {saved}"
