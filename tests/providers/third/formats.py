"""A format that Acme's own distribution brings: one line a plan, for its pager."""

from __future__ import annotations

from collections.abc import Iterable

from reconciler.diagnostics import Diagnostic
from reconciler.views.base import OutputForm
from reconciler.views.formats import Format
from reconciler.views.results import Output, Planned


def _plan(output: Output, shown: Planned) -> None:
    numbers = " ".join(change.key.number for change in shown.plan.changes)
    output.screen.drawn(lambda clean: clean(f"PAGE {numbers}\n"), OutputForm.TEXT)


def _told(output: Output, found: Iterable[Diagnostic]) -> None:
    codes = " ".join(item.code for item in found if item.is_error)
    if codes:
        output.screen.drawn(lambda clean: clean(f"PAGE {codes}\n"), OutputForm.TEXT)


PAGER = Format("pager", "Acme's pager", _told, lambda _output, _found: None, {"plan": _plan})
BROKEN = "not a format"
