"""Values as JSON documents, one a command; the versioned formats themselves are in `formats`.

Knows no terminal and no command.
"""

from __future__ import annotations

from collections.abc import Iterable

from reconciler import __version__
from reconciler.apply.report import ApplyReport
from reconciler.audit import Audit
from reconciler.diagnostics import Diagnostic
from reconciler.formats import diagnostics as form
from reconciler.formats.audit import audit_json
from reconciler.formats.plan import render_plan
from reconciler.formats.report import report_json
from reconciler.plan.model import Plan


def validation(found: Iterable[Diagnostic], *, numbers: int, strict: bool) -> str:
    """The answer of `validate`."""
    return form.render(form.validation_json(found, numbers=numbers, strict=strict))


def plan(shown: Plan) -> str:
    """A plan, as a plan file holds it."""
    return render_plan(shown, tool_version=__version__)


def report(shown: ApplyReport) -> str:
    """What became of an apply."""
    return form.render(report_json(shown))


def audit(shown: Audit) -> str:
    """What an audit found."""
    return form.render(audit_json(shown))
