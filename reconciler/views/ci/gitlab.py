"""A review as GitLab's Code Quality report: a JSON array of findings, each with its file, line and identity.

Knows no command and no terminal.
"""

from __future__ import annotations

import json
from typing import Any

from reconciler.diagnostics import Severity
from reconciler.views.ci.review import Remark, Review, fingerprints

_SEVERITIES = {Severity.ERROR: "critical", Severity.WARNING: "minor", Severity.NOTICE: "info"}


def render(review: Review) -> str:
    """The whole report; what has no place stands at the first line of reconciler.yaml, as GitLab needs one."""
    marks = zip(review.remarks, fingerprints(review.remarks), strict=True)
    found = [_finding(remark, mark, review.home) for remark, mark in marks]
    return json.dumps(found, ensure_ascii=False, indent=2) + "\n"


def _finding(remark: Remark, fingerprint: str, home: str) -> dict[str, Any]:
    place = remark.place
    hint = f" (hint: {remark.hint})" if remark.hint else ""
    return {
        "description": " ".join(f"{remark.sentence}{hint}".split("\n")),
        "check_name": remark.rule,
        "fingerprint": fingerprint,
        "severity": _SEVERITIES[remark.level],
        "location": {"path": place.file if place else home, "lines": {"begin": place.line if place else 1}},
    }
