"""`reconciler audit`: where reality differs from what was last written, and what is at risk; nothing is written.

Must not decide anything about numbers.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from reconciler.cli.exits import Exit, of_audit
from reconciler.cli.opening import opened, usable, watching
from reconciler.cli.process import Process, format_option
from reconciler.cli.trouble import show_diagnostics, told
from reconciler.views.spelling import Form

if TYPE_CHECKING:
    from reconciler.audit import Audit


@click.command(params=[format_option("text", "json", "html", "junit", "sarif")])
@click.option("--scenario", metavar="NAME", help="Lay this scenario over the configuration.")
@click.pass_obj
def audit(process: Process, scenario: str | None) -> Exit:
    """Read every number and tell drift, unmanaged numbers, gaps and risks; nothing is written.

    Ends with 2 if a live value is not what was last written, with 1 on an error or where a number cannot be read.

    Example: reconciler audit --format json
    """
    from reconciler.workflow.audit import make_audit

    configuration, warnings = usable(process, scenario=scenario)
    with opened(process, configuration) as session, watching(process, session) as watch:
        made = make_audit(session, warnings, watch.reading)
        watch.close()
        _show(process, made, configuration.timezone)
    return of_audit(made)


def _show(process: Process, made: Audit, zone: str) -> None:
    if process.is_json:
        from reconciler.views import machine

        process.screen.document(machine.audit(made))
        return
    show_diagnostics(process, made.diagnostics)
    match process.format:
        case "html":
            from reconciler.views.web import audit as web

            process.screen.drawn(lambda clean: web.page(made, zone=zone, clean=clean), Form.TEXT)
        case "text":
            from reconciler.views.human import audit as human

            process.screen.result(human.audit(made, process.screen.columns()))
        case _:
            _review(process, made)


def _review(process: Process, made: Audit) -> None:
    from reconciler.cli import reviewing
    from reconciler.views.ci import audit as ci

    failed = of_audit(made) is Exit.ERROR
    reviewing.show(process, ci.review(made, told(process, made.diagnostics), failed=failed))
