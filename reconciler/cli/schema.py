"""`reconciler schema`: the JSON Schema of what people and programs write for us, and read from us.

Knows where each schema is drawn, nothing of its content.
"""

from __future__ import annotations

import json
from typing import Any

import click

from reconciler.cli.exits import Exit
from reconciler.cli.process import Process


@click.command()
@click.argument(
    "format_name",
    type=click.Choice(["config", "plan", "report", "audit", "validation", "failure"]),
    default="config",
    metavar="[config|plan|report|audit|validation|failure]",
)
@click.pass_obj
def schema(process: Process, format_name: str) -> Exit:
    """Print a JSON Schema: of the configuration's files (the default), or of what a command answers.

    That is a plan, an apply's report, an audit, what `validate` finds, and what any command answers with --format json
    when it comes to nothing (failure).

    Example: reconciler schema config > config.v1.json
    """
    process.screen.document(json.dumps(_drawn(format_name), ensure_ascii=False, indent=2) + "\n")
    return Exit.DONE


def _drawn(format_name: str) -> dict[str, Any]:
    if format_name == "plan":
        from reconciler.formats.plan import plan_schema

        return plan_schema()
    if format_name == "report":
        from reconciler.formats.report import report_schema

        return report_schema()
    if format_name == "audit":
        from reconciler.formats.audit import audit_schema

        return audit_schema()
    if format_name in ("validation", "failure"):
        from reconciler.formats.diagnostics import failure_schema, validation_schema

        return validation_schema() if format_name == "validation" else failure_schema()
    from reconciler.config.schema import config_schema
    from reconciler.providers.table import PROVIDERS

    return config_schema(each.account for each in PROVIDERS.values())
