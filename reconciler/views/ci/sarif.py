"""A review as SARIF 2.1.0, the exchange format of static analysis: one run, its rules, and a result a remark.

Knows no command and no terminal. No text can be a link: the opening of one is broken up.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Sequence
from dataclasses import replace
from typing import Any
from urllib.parse import quote

from reconciler import __version__
from reconciler.diagnostics import Location, Related, Severity
from reconciler.rules import RULES
from reconciler.views.ci.review import Remark, Review, fingerprints, worst_first
from reconciler.views.human.rules import Texts, about_policy, example_of, title_of

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
ROOT = "%SRCROOT%"
_FULL_NAME = "reconciler, phone numbers as code"
_REMEDY = "The hint of each result says what to type."
_LEVELS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.NOTICE: "note"}

Object = dict[str, Any]

MOST_RESULTS = 25_000
"""GitHub refuses a run of more results, and an analysis of more than so many bytes after gzip."""
MOST_BYTES = 10_000_000
MOST_SHOWN = 5_000
"""GitHub shows so many results of a run, the most severe."""
_MOST_RELATED = 100

# What is not a finding has no rule of ours: a sentence, its level, and what to do about it.
_BY_PLAN = "Nothing is wrong: this is what an apply would do. `reconciler plan` tells all of it."
OTHERS = {
    "change-create": ("A number gets a forwarding or parking that it does not have.", "note", _BY_PLAN),
    "change-update": ("A forwarding or parking becomes another.", "note", _BY_PLAN),
    "change-adopt": ("A live forwarding that is not in the record is replaced.", "note", _BY_PLAN),
    "change-delete": ("A forwarding or parking is switched off.", "note", _BY_PLAN),
    "change-forget": ("A number is dropped from the record; the vendor is not touched.", "note", _BY_PLAN),
    "change-assert": ("What cannot be read back is written again.", "note", _BY_PLAN),
    "drift": (
        "A live value is not what was last written.",
        "warning",
        "Write into the files what is live now, or take it back: `reconciler plan` shows what an apply would do.",
    ),
    "not-applied": (
        "The files want a change that has not been applied yet.",
        "note",
        "`reconciler plan` shows the change, `reconciler apply` makes it.",
    ),
    "unmanaged": (
        "An account owns a number that no file declares.",
        "note",
        "Declare it to manage it. A number that no file declares is left alone.",
    ),
}
_UNKNOWN = ("This version does not know the rule.", "note", "Use the version of reconciler that wrote the plan file.")


def render(review: Review) -> str:
    """The whole log."""
    return json.dumps(_log(review), ensure_ascii=False, indent=2) + "\n"


# docs/decisions/169
def fitted(review: Review) -> Review:
    """The same, the worst first, with no more than GitHub takes; what was left out, or is not shown, is told."""
    worst = worst_first(review.remarks)
    kept = worst[:MOST_RESULTS]
    while (size := _packed(replace(review, remarks=tuple(kept)))) > MOST_BYTES and len(kept) > 1:
        kept = kept[: max(1, len(kept) * MOST_BYTES * 9 // size // 10)]
    limits = []
    if left := len(worst) - len(kept):
        limits.append(f"{left} of {len(worst)} results are left out, the least severe: GitHub takes no larger report")
    if len(kept) > MOST_SHOWN:
        limits.append(f"GitHub shows {MOST_SHOWN} of these {len(kept)} results, the most severe")
    return replace(review, remarks=tuple(kept), limits=tuple(limits))


def _packed(review: Review) -> int:
    """How many bytes a log has at most as it is uploaded; a small one is not packed to know that."""
    log = json.dumps(_log(review), ensure_ascii=False).encode("utf-8", "replace")
    return len(log) if len(log) <= MOST_BYTES else len(gzip.compress(log, 1, mtime=0))


def _log(review: Review) -> Object:
    return {"$schema": SCHEMA, "version": "2.1.0", "runs": [_run(review)]}


def _run(review: Review) -> Object:
    codes = sorted({remark.rule for remark in review.remarks})
    marks = zip(review.remarks, fingerprints(review.remarks), strict=True)
    folder = review.home.rpartition("/")[0]
    driver = {"name": "reconciler", "fullName": _FULL_NAME, "version": __version__, "rules": list(map(_rule, codes))}
    return {
        "tool": {"driver": driver},
        "automationDetails": {"id": "/".join(part for part in ("reconciler", review.command, folder) if part) + "/"},
        "originalUriBaseIds": {ROOT: {"description": {"text": "The top of the repository."}}},
        "columnKind": "unicodeCodePoints",
        "invocations": [_invocation(review)],
        "results": [_result(remark, mark, codes, review.home) for remark, mark in marks],
    }


def _invocation(review: Review) -> Object:
    told = [{"level": "warning", "message": _message(limit)} for limit in review.limits]
    return {"executionSuccessful": review.done, **({"toolExecutionNotifications": told} if told else {})}


def _rule(code: str) -> Object:
    sentence, level, remedy = OTHERS.get(code, _UNKNOWN)  # a plan file may have findings of a newer version
    examples: Texts = {}
    if rule := RULES.get(code):
        sentence, level, remedy = rule.sentence, _LEVELS[rule.severity], f"{_REMEDY} {about_policy(rule)}"
        examples = example_of(rule) or {}
    parts = [sentence, remedy]
    fenced = [f"{title_of(name)}\n\n```yaml\n{text.rstrip()}\n```" for name, text in examples.items()]
    plain = [f"{title_of(name)}\n\n{text.rstrip()}" for name, text in examples.items()]
    return {
        "id": code,
        "name": _name(code),
        "shortDescription": {"text": sentence},
        "fullDescription": {"text": sentence},
        "help": {"text": "\n\n".join([*parts, *plain]), "markdown": "\n\n".join([*parts, *fenced])},
        "defaultConfiguration": {"level": level},
    }


def _name(code: str) -> str:
    """A code as an identifier, which must not be the code but for its capitals."""
    name = "".join(word.capitalize() for word in code.split("-"))
    return name if "-" in code else f"{name}Finding"


def _result(remark: Remark, fingerprint: str, codes: Sequence[str], home: str) -> Object:
    result: Object = {
        "ruleId": remark.rule,
        "ruleIndex": codes.index(remark.rule),
        "level": _LEVELS[remark.level],
        "message": _message(f"{remark.sentence}\nhint: {remark.hint}" if remark.hint else remark.sentence),
        "locations": [_location(remark, home)],
        "partialFingerprints": _identities(remark, fingerprint),
    }
    if remark.related:
        result["relatedLocations"] = [_related(item, at) for at, item in enumerate(remark.related[:_MOST_RELATED])]
    return result


def _identities(remark: Remark, fingerprint: str) -> Object:
    """GitHub tells results apart by their line; where there is none, this is in its place, spelled as that is."""
    own = {"reconciler/v1": fingerprint}
    return own if remark.place else {"primaryLocationLineHash": f"{fingerprint[:16]}:1", **own}


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
