"""How the machines read what is written for them: GitHub's runner, and the shapes that GitLab and SARIF ask for.

Written from their documentation and, for the runner, from its parser; the validator of SARIF is its authors' own. Knows
nothing of the product.
"""

from __future__ import annotations

import importlib
import os
import re
import subprocess
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from tests.architecture.imports import REPOSITORY

etree: Any = importlib.import_module("lxml.etree")  # which has no types

_MULTITOOL = REPOSITORY / "tests/clients/node_modules/@microsoft/sarif-multitool-linux/Sarif.Multitool"
_FOUND = re.compile(r"(?:error|warning) ([A-Z]+\d+): (.*)")
_NOBODY = "http://127.0.0.1:9"  # it would ask for the schema over the network


def multitool(logs: Iterable[str]) -> set[tuple[str, str]]:
    """Every error and warning, as a code and a sentence, that the validator's rules for SARIF and for GitHub find."""
    if not _MULTITOOL.exists():
        pytest.skip("sarif-multitool is not installed: npm ci in tests/clients")
    with tempfile.TemporaryDirectory() as folder:
        for at, log in enumerate(logs):
            (Path(folder) / f"{at}.sarif").write_text(log, "utf-8")
        options = (
            "--rule-kind",
            "Sarif;Ghas",
            "--level",
            "Error;Warning",
            "-o",
            f"{folder}/found",
            "--log",
            "ForceOverwrite",
        )
        environ = {**os.environ, **dict.fromkeys(("http_proxy", "https_proxy", "HTTPS_PROXY"), _NOBODY)}
        command = [str(_MULTITOOL), "validate", f"{folder}/*.sarif", *options]
        told = subprocess.run(command, capture_output=True, text=True, env=environ, check=False, timeout=120)
    assert f"Done. {at + 1} files scanned." in told.stdout, told
    return {(match[1], match[2]) for match in _FOUND.finditer(told.stdout)}


def xunit_faults(report: str) -> list[str]:
    """Why Jenkins' xUnit plugin would skip a report."""
    schema = etree.XMLSchema(etree.parse(Path(__file__).with_name("xunit.xsd")))
    return [] if schema.validate(etree.fromstring(report.encode())) else [error.message for error in schema.error_log]


# What the runner would do on behalf of whoever can have a line of its own.
COMMANDS = frozenset(
    (
        *("set-env", "add-path", "add-mask", "set-output", "save-state", "stop-commands", "echo", "group", "endgroup"),
        *("debug", "error", "warning", "notice", "add-matcher", "remove-matcher"),
    )
)


@dataclass
class Command:
    """A workflow command as the runner has understood it."""

    name: str
    properties: dict[str, str] = field(default_factory=dict)
    message: str = ""


def runner(line: str) -> Command | None:
    """What the runner makes of a line that a step prints: the form with colons first, else the older one anywhere."""
    return _with_colons(line.lstrip()) or _with_brackets(line)


def _with_colons(line: str) -> Command | None:
    end = line.find("::", 2)
    if not line.startswith("::") or end < 0:
        return None
    name, _, rest = line[2:end].partition(" ")
    if name not in COMMANDS:
        return None
    pairs = (pair.split("=", 1) for pair in rest.strip().split(",") if "=" in pair)
    properties = {key: _plain(value, colon=True) for key, value in pairs}
    return Command(name, properties, _plain(line[end + 2 :]))


def _with_brackets(line: str) -> Command | None:
    start = line.find("##[")
    end = line.find("]", start)
    if start < 0 or end < 0:
        return None
    name = line[start + 3 : end].partition(" ")[0]
    return Command(name, {}, line[end + 1 :]) if name in COMMANDS else None


def _plain(text: str, *, colon: bool = False) -> str:
    text = text.replace("%0D", "\r").replace("%0A", "\n")
    if colon:
        text = text.replace("%3A", ":").replace("%2C", ",")
    return text.replace("%25", "%")


def _object(required: dict[str, Any], **optional: Any) -> dict[str, Any]:
    """An object with these keys and no other."""
    keys = {**required, **optional}
    return {"type": "object", "required": list(required), "properties": keys, "additionalProperties": False}


_TEXT = {"type": "string", "minLength": 1}
_LINE = {"type": "integer", "minimum": 1}
_RELATIVE = {"type": "string", "pattern": r"^(?![/.])[A-Za-z0-9%/._~!$&'()*+,;=@-]+$"}
_DIGEST = {"type": "string", "pattern": "^[0-9a-f]{64}$"}

# https://docs.gitlab.com/ci/testing/code_quality/#code-quality-report-format
CODE_QUALITY = {
    "type": "array",
    "items": _object(
        {
            "description": {"type": "string", "pattern": r"^[^\n]+$"},
            "check_name": _TEXT,
            "fingerprint": _DIGEST,
            "severity": {"enum": ["info", "minor", "major", "critical", "blocker"]},
            "location": _object({"path": {"type": "string", "pattern": "^[^/]"}, "lines": _object({"begin": _LINE})}),
        }
    ),
}

_MESSAGE = _object({"text": _TEXT})
_ARTIFACT = _object({"uri": _RELATIVE, "uriBaseId": {"const": "%SRCROOT%"}})
_REGION = {
    **_object({"startLine": _LINE, "startColumn": _LINE}, endLine=_LINE, endColumn=_LINE),
    "dependentRequired": {"endLine": ["endColumn"], "endColumn": ["endLine"]},
}
_PHYSICAL = _object({"artifactLocation": _ARTIFACT}, region=_REGION)
_LEVEL = {"enum": ["note", "warning", "error"]}

# The part of SARIF 2.1.0 that is written (OASIS, section 3), and what GitHub asks for beyond: a place in each result.
SARIF = _object(
    {
        "$schema": {"type": "string", "format": "uri", "pattern": "/sarif-schema-2.1.0.json$"},
        "version": {"const": "2.1.0"},
        "runs": {
            "type": "array",
            "minItems": 1,
            "maxItems": 1,
            "items": _object(
                {
                    "tool": _object(
                        {
                            "driver": _object(
                                {
                                    "name": {"const": "reconciler"},
                                    "fullName": _TEXT,
                                    "version": _TEXT,
                                    "rules": {
                                        "type": "array",
                                        "uniqueItems": True,
                                        "items": _object(
                                            {
                                                "id": _TEXT,
                                                "name": {"type": "string", "pattern": "^([A-Z][a-z0-9]*)+$"},
                                                "shortDescription": _MESSAGE,
                                                "fullDescription": _MESSAGE,
                                                "help": _object({"text": _TEXT, "markdown": _TEXT}),
                                                "defaultConfiguration": _object({"level": _LEVEL}),
                                            }
                                        ),
                                    },
                                }
                            )
                        }
                    ),
                    "automationDetails": _object({"id": {"type": "string", "pattern": "^reconciler/(.+/)?$"}}),
                    "originalUriBaseIds": _object({"%SRCROOT%": _object({"description": _MESSAGE})}),
                    "columnKind": {"const": "unicodeCodePoints"},
                    "invocations": {
                        "type": "array",
                        "minItems": 1,
                        "items": _object(
                            {"executionSuccessful": {"type": "boolean"}},
                            toolExecutionNotifications={
                                "type": "array",
                                "items": _object({"level": _LEVEL, "message": _MESSAGE}),
                            },
                        ),
                    },
                    "results": {
                        "type": "array",
                        "items": _object(
                            {
                                "ruleId": _TEXT,
                                "ruleIndex": {"type": "integer", "minimum": 0},
                                "level": _LEVEL,
                                "message": _MESSAGE,
                                "locations": {
                                    "type": "array",
                                    "minItems": 1,
                                    "maxItems": 1,
                                    "items": _object(
                                        {"physicalLocation": _PHYSICAL},
                                        logicalLocations={
                                            "type": "array",
                                            "items": _object({"fullyQualifiedName": _TEXT, "kind": _TEXT}),
                                        },
                                    ),
                                },
                                "partialFingerprints": _object(
                                    {"reconciler/v1": _DIGEST},
                                    primaryLocationLineHash={"type": "string", "pattern": "^[0-9a-f]{16}:[1-9][0-9]*$"},
                                ),
                            },
                            relatedLocations={
                                "type": "array",
                                "items": _object(
                                    {
                                        "id": {"type": "integer", "minimum": 0},
                                        "message": _MESSAGE,
                                        "physicalLocation": _PHYSICAL,
                                    }
                                ),
                            },
                        ),
                    },
                }
            ),
        },
    }
)
