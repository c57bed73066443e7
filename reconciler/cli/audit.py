"""`reconciler audit`: where reality differs from what was last written, and what is at risk; nothing is written.

Must not decide anything about numbers.
"""

from __future__ import annotations

import click

from reconciler.cli import options
from reconciler.cli.exits import Exit, of_audit
from reconciler.cli.opening import load_valid, show_progress, spoken, start_session
from reconciler.cli.process import Process, format_option, language_option
from reconciler.views.results import Audited
from reconciler.workflow.audit import make_audit


@click.command(params=[format_option("audit"), language_option()])
@options.scenario
@click.pass_obj
def audit(process: Process, scenario: str | None) -> Exit:
    """Read every number and report drift, unmanaged numbers, gaps and risks; nothing is written.

    Ends with 2 if a live value is not what was last written, with 1 on an error or where a number cannot be read.

    Example: reconciler audit --format json
    """
    configuration, warnings = load_valid(process, scenario=scenario)
    with start_session(process, configuration) as session, show_progress(process, session) as watch:
        made = make_audit(session, warnings, watch.reading)
        watch.close()
        failed = of_audit(made) is Exit.ERROR
        process.show(Audited(made, configuration.timezone, spoken(process), failed))
    return of_audit(made)
