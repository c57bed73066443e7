"""Diagnostics as remarks: the answer of `validate`, and of any command that came to nothing.

Knows no format and no terminal.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from reconciler.diagnostics import Diagnostic, Severity
from reconciler.views.base import text_of
from reconciler.views.ci.review import Remark, Review
from reconciler.views.human.findings import tally


def validation(found: Sequence[Diagnostic], told: Iterable[Diagnostic], *, numbers: int, strict: bool) -> Review:
    """The answer of `validate`: what was found, of which so much is told; with `strict` a warning fails too."""
    failed = any(_fails(item, strict=strict) for item in found)
    return Review(
        "validate",
        summary=tuple(text for text in text_of(tally(found, numbers, strict=strict)).splitlines() if text),
        verdict=Severity.ERROR if failed else Severity.NOTICE,
        remarks=tuple(remark(item, strict=strict) for item in told),
    )


def failure(command: str, found: Iterable[Diagnostic]) -> Review:
    """What is left of a command that came to nothing."""
    remarks = tuple(remark(item) for item in found)
    return Review(command, verdict=Severity.ERROR, remarks=remarks, done=False)


def remark(found: Diagnostic, *, strict: bool = False) -> Remark:
    """One diagnostic; with `strict` a warning fails too."""
    return Remark(
        found.code,
        found.severity,
        found.code,
        (found.message,),
        found.location,
        found.hint or "",
        found.related,
        fails=_fails(found, strict=strict),
    )


def _fails(found: Diagnostic, *, strict: bool) -> bool:
    return found.is_error or (strict and found.severity is Severity.WARNING)
