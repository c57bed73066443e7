"""`reconciler validate`: everything that can be judged offline.

Must not need a network, a credential or an environment.
"""

from __future__ import annotations

from pathlib import Path

import click

from reconciler.cli import options
from reconciler.cli.exits import Exit
from reconciler.cli.opening import load
from reconciler.cli.process import Process, format_option
from reconciler.config.files import environments_of
from reconciler.config.load import LoadResult
from reconciler.diagnostics import Diagnostic, Severity
from reconciler.views.results import Validated
from reconciler.workflow.validate import judged, judged_elsewhere


@click.command(params=[format_option("validation")])
@options.paths
@click.option("--strict", is_flag=True, help="Fail on warnings too.")
@options.scenario
@click.pass_obj
def validate(process: Process, paths: tuple[Path, ...], strict: bool, scenario: str | None) -> Exit:
    """Check the configuration's files offline: form, references, periods, policy.

    With PATHs only the numbers of these files are judged; what they refer to is looked up in all files. Each finding
    names its place and what to type. Findings are the result and go to standard output.

    Example: reconciler validate --strict
    """
    loaded = load(process, scenario=scenario, paths=paths)
    found = judged(loaded)
    if not (paths or scenario or process.environment):
        found += _elsewhere(process, loaded, found)
    told = [item.redacted(process.screen.redact) for item in found if item.is_error or not process.is_quiet]
    process.show(Validated(found, told, loaded.numbers_count, strict))
    failed = loaded.configuration is None or any(item.is_error for item in found)
    return Exit.ERROR if failed or (strict and _has_warning(found)) else Exit.DONE


def _elsewhere(process: Process, loaded: LoadResult, found: tuple[Diagnostic, ...]) -> tuple[Diagnostic, ...]:
    """What is wrong in the environments: a switch that would fail on the day it is needed is an error today."""
    names = environments_of(loaded.parts.files) if loaded.parts is not None else ()
    each = (judged_elsewhere(name, load(process, environment=name), found) for name in names)
    return tuple(item for items in each for item in items)


def _has_warning(found: tuple[Diagnostic, ...]) -> bool:
    return any(item.severity is Severity.WARNING for item in found)
