"""A review as SARIF 2.1.0, the exchange format of static analysis: one run, its rules, and a result a remark.

Knows no command and no terminal. No text can be a link: the opening of one is broken up.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any
from urllib.parse import quote

from reconciler import __version__
from reconciler.diagnostics import Location, Related, Severity
from reconciler.rules import RULES
from reconciler.views.ci.review import Remark, Review, fingerprints

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
ROOT = "%SRCROOT%"
_LEVELS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.NOTICE: "note"}

Object = dict[str, Any]

# What is not a finding has no rule of ours: a sentence, its level, and the section that tells of it.
OTHERS = {
    "change-create": ("A number gets a forwarding or parking that it does not have.", "note", "plan"),
    "change-update": ("A forwarding or parking becomes another.", "note", "plan"),
    "change-adopt": ("A live forwarding that is not in the record is replaced.", "note", "plan"),
    "change-delete": ("A forwarding or parking is switched off.", "note", "plan"),
    "change-forget": ("A number is dropped from the record; the vendor is not touched.", "note", "plan"),
    "change-assert": ("What cannot be read back is written again.", "note", "plan"),
    "drift": ("A live value is not what was last written.", "warning", "audit"),
    "not-applied": ("The files want a change that has not been applied yet.", "note", "audit"),
    "unmanaged": ("An account owns a number that no file declares.", "note", "audit"),
}


def render(review: Review) -> str:
    """The whole log."""
    log = {"$schema": SCHEMA, "version": "2.1.0", "runs": [_run(review)]}
    return json.dumps(log, ensure_ascii=False, indent=2) + "\n"


def _run(review: Review) -> Object:
    codes = sorted({remark.rule for remark in review.remarks})
    marks = zip(review.remarks, fingerprints(review.remarks), strict=True)
    folder = review.home.rpartition("/")[0]
    return {
        "tool": {"driver": {"name": "reconciler", "version": __version__, "rules": [_rule(code) for code in codes]}},
        "automationDetails": {"id": "/".join(part for part in ("reconciler", review.command, folder) if part) + "/"},
        "originalUriBaseIds": {ROOT: {"description": {"text": "The top of the repository."}}},
        "columnKind": "unicodeCodePoints",
        "invocations": [{"executionSuccessful": review.done}],
        "results": [_result(remark, mark, codes, review.home) for remark, mark in marks],
    }


def _rule(code: str) -> Object:
    if code in RULES:
        rule = RULES[code]
        sentence, level, page = rule.sentence, _LEVELS[rule.severity], f"docs/rules.md#{code}"
    elif code in OTHERS:
        sentence, level, section = OTHERS[code]
        page = f"docs/commands.md#{section}"
    else:  # a plan file may have findings of a newer version
        sentence, level, page = "This version does not know the rule.", "note", "docs/rules.md"
    return {
        "id": code,
        "shortDescription": {"text": sentence},
        "fullDescription": {"text": sentence},
        "help": {"text": f"{sentence} See reconciler's {page}."},
        "helpUri": page,
        "defaultConfiguration": {"level": level},
    }


def _result(remark: Remark, fingerprint: str, codes: Sequence[str], home: str) -> Object:
    result: Object = {
        "ruleId": remark.rule,
        "ruleIndex": codes.index(remark.rule),
        "level": _LEVELS[remark.level],
        "message": _message(f"{remark.sentence}\nhint: {remark.hint}" if remark.hint else remark.sentence),
        "locations": [_location(remark, home)],
        "partialFingerprints": {"reconciler/v1": fingerprint},
    }
    if remark.related:
        result["relatedLocations"] = [_related(item, at) for at, item in enumerate(remark.related)]
    return result


def _location(remark: Remark, home: str) -> Object:
    """Where it is; GitHub refuses a result without a place, so one that has none stands at reconciler.yaml."""
    place = remark.place
    there: Object = {"physicalLocation": {"artifactLocation": _artifact(home)} if place is None else _physical(place)}
    if remark.subject:
        there["logicalLocations"] = [{"fullyQualifiedName": remark.subject, "kind": "resource"}]
    return there


def _related(item: Related, at: int) -> Object:
    return {"id": at, "message": _message(item.message), "physicalLocation": _physical(item.location)}


def _physical(place: Location) -> Object:
    return {"artifactLocation": _artifact(place.file), "region": _region(place)}


def _artifact(file: str) -> Object:
    return {"uri": quote(file.encode("utf-8", "replace")), "uriBaseId": ROOT}


def _region(place: Location) -> Object:
    region = {"startLine": place.line, "startColumn": place.column}
    if (place.end_line, place.end_column) > (place.line, place.column):
        region |= {"endLine": place.end_line, "endColumn": place.end_column}
    return region


def _message(text: str) -> Object:
    return {"text": text.replace("](", "] (")}
