"""What GitLab shows in a merge request: a review as a Code Quality report, and the counts of a plan as a widget.

Knows no command and no terminal.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from reconciler.diagnostics import Diagnostic, Severity
from reconciler.model import Action
from reconciler.plan.model import Plan
from reconciler.views.ci.review import Remark, Review, fingerprints

_SEVERITIES = {Severity.ERROR: "critical", Severity.WARNING: "minor", Severity.NOTICE: "info"}


# What stands there for each action: a forget touches no number.
_COUNTED = {
    "create": (Action.CREATE,),
    "update": (Action.UPDATE, Action.ADOPT, Action.ASSERT),
    "delete": (Action.DELETE,),
}


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


# docs/decisions/170
def widget(shown: Plan) -> str:
    """The counts of a plan as `artifacts:reports:terraform` takes them."""
    counts = {word: sum(shown.summary[action.value] for action in actions) for word, actions in _COUNTED.items()}
    return json.dumps(counts) + "\n"


def failed_widget(found: Sequence[Diagnostic]) -> str:
    """What stands there where there is no plan: without counts GitLab says that there is no report, not no change."""
    why = next((item.message for item in found if item.is_error), "")
    return json.dumps({"error": why}, ensure_ascii=False) + "\n"
