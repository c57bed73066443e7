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
from reconciler.formats.answers import ANSWERS, answer_schema, schema_name
from reconciler.formats.audit import AuditJson
from reconciler.formats.call import CallJson
from reconciler.formats.diagnostics import FailureJson, ValidationJson
from reconciler.formats.diagnostics import schema as schema_of
from reconciler.formats.plan import PlanJson
from reconciler.formats.report import ReportJson
from reconciler.formats.signature import SignatureJson
from reconciler.providers.table import PROVIDERS

SCHEMAS: Mapping[str, Callable[[], dict[str, Any]]] = {
    "config": lambda: config_schema(each.account for each in PROVIDERS.complete().values()),
    "plan": partial(schema_of, PlanJson, "reconciler plan"),
    "report": partial(schema_of, ReportJson, "reconciler apply report"),
    "audit": partial(schema_of, AuditJson, "reconciler audit"),
    "validation": partial(schema_of, ValidationJson, "reconciler validation"),
    "call": partial(schema_of, CallJson, "reconciler request"),
    "failure": partial(schema_of, FailureJson, "reconciler failure"),
    "signature": partial(schema_of, SignatureJson, "reconciler signature of a plan"),
    **{schema_name(command): partial(answer_schema, command) for command in ANSWERS},
}
_SHARED = {"validate": "validation", "plan": "plan", "apply": "report", "audit": "audit", "undo": "plan"}


def schemas_of(command: str) -> tuple[str, ...]:
    """The schemas of which one is true of what a command answers with `--format json`, unless that is a `failure`."""
    own = (_SHARED.get(command) or schema_name(command),)
    return ("plan", *own) if command == "show" else own


@click.command()
@click.argument("format_name", type=click.Choice(list(SCHEMAS)), default="config", metavar="[NAME]")
@click.pass_obj
def schema(process: Process, format_name: str) -> Exit:
    """Print a JSON Schema: of the configuration's files (the default), or of what a command answers.

    NAME is config, plan (of plan and undo, and a plan file), report (of apply), audit, validation (of validate),
    call (a line of --log FILE), signature, failure (of any command that comes to nothing), or another command with
    --format json: list, record-list, period-check, and so on.

    Example: reconciler schema config > config.v1.json
    """
    process.screen.document(json.dumps(SCHEMAS[format_name](), ensure_ascii=False, indent=2) + "\n")
    return Exit.DONE
