"""`reconciler schema`: the JSON Schema of what people and programs write for us, and read from us.

Knows where each schema is drawn, nothing of its content.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from importlib import import_module
from typing import Any

import click

from reconciler.cli.exits import Exit
from reconciler.cli.process import Process
from reconciler.config.schema import config_schema
from reconciler.providers.table import PROVIDERS

# Name: the module and its function.
SCHEMAS: Mapping[str, str] = {
    "config": "reconciler.cli.schema:of_files",
    "plan": "reconciler.formats.plan:plan_schema",
    "report": "reconciler.formats.report:report_schema",
    "audit": "reconciler.formats.audit:audit_schema",
    "validation": "reconciler.formats.diagnostics:validation_schema",
    "failure": "reconciler.formats.diagnostics:failure_schema",
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
    process.screen.document(json.dumps(drawn(format_name), ensure_ascii=False, indent=2) + "\n")
    return Exit.DONE


def drawn(name: str) -> dict[str, Any]:
    """The schema of one of `SCHEMAS`."""
    module, _colon, draw = SCHEMAS[name].partition(":")
    schema: dict[str, Any] = getattr(import_module(module), draw)()
    return schema


def of_files() -> dict[str, Any]:
    """The schema of configuration files, with the accounts of all providers."""
    return config_schema(each.account for each in PROVIDERS.values())
