"""`reconciler schema`: the JSON Schema of what people and programs write for us, and read from us.

Knows where each schema is drawn, nothing of its content.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import click

from reconciler.cli.exits import Exit
from reconciler.cli.process import Process
from reconciler.config.schema import config_schema
from reconciler.formats.audit import AuditJson
from reconciler.formats.diagnostics import FailureJson, ValidationJson
from reconciler.formats.diagnostics import schema as schema_of
from reconciler.formats.plan import PlanJson
from reconciler.formats.report import ReportJson
from reconciler.providers.table import PROVIDERS

SCHEMAS: Mapping[str, Callable[[], dict[str, Any]]] = {
    "config": lambda: config_schema(each.account for each in PROVIDERS.complete().values()),
    "plan": partial(schema_of, PlanJson, "reconciler plan"),
    "report": partial(schema_of, ReportJson, "reconciler apply report"),
    "audit": partial(schema_of, AuditJson, "reconciler audit"),
    "validation": partial(schema_of, ValidationJson, "reconciler validation"),
    "failure": partial(schema_of, FailureJson, "reconciler failure"),
}


@click.command()
@click.argument(
    "format_name",
    type=click.Choice(list(SCHEMAS)),
    default="config",
    metavar=f"[{'|'.join(SCHEMAS)}]",
)
@click.pass_obj
def schema(process: Process, format_name: str) -> Exit:
    """Print a JSON Schema: of the configuration's files (the default), or of what a command answers.

    That is a plan, an apply's report, an audit, what `validate` finds, and what any command answers with --format json
    when it comes to nothing (failure).

    Example: reconciler schema config > config.v1.json
    """
    process.screen.document(json.dumps(SCHEMAS[format_name](), ensure_ascii=False, indent=2) + "\n")
    return Exit.DONE
