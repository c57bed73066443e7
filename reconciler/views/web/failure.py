"""What is left of a command that came to nothing, as a page.

Knows neither commands nor files.
"""

from __future__ import annotations

from collections.abc import Iterable

from reconciler.diagnostics import Diagnostic
from reconciler.views.web.pages import Clean, render


def page(command: str, found: Iterable[Diagnostic], clean: Clean = str) -> str:
    """Draw the whole page: each finding with its place and what to type."""
    return render("failure.html.j2", clean, title=f"reconciler {command}".rstrip(), findings=list(found))
