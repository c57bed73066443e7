"""From a result to the one document of a machine that reviews changes.

Knows no command; a format of this kind is a function of a file beside this one, and a row of the table of formats.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from importlib import import_module
from typing import TYPE_CHECKING, Any

from reconciler.clock import SystemClock, rfc3339
from reconciler.diagnostics import Diagnostic
from reconciler.views.base import OutputForm
from reconciler.views.results import Audited, Clean, Output, Planned, Validated, note, visible_diagnostics

if TYPE_CHECKING:
    from reconciler.views.ci.review import Review


@dataclass(frozen=True, slots=True)
class Reviewer:
    """One such machine: `form` is how its document is spelled; what goes to its log is not told beside it again.

    `draws` and `fits` are functions of the files here: what writes a review, and what leaves out what has no room.
    """

    name: str
    draws: str
    form: OutputForm = OutputForm.JSON
    fits: str = ""

    @property
    def reads_the_log(self) -> bool:
        """Whether the document is commands in the log of the job, and not a file."""
        return self.form is OutputForm.COMMANDS

    def findings(self, output: Output, found: Iterable[Diagnostic]) -> None:
        """Tell findings in the log, which is empty otherwise."""
        if not self.reads_the_log:
            note(output, found)

    def failure(self, output: Output, found: Sequence[Diagnostic]) -> None:
        from reconciler.views.ci.review import failure

        self.findings(output, found)
        self._show(output, failure(output.command, visible_diagnostics(output, found)))

    def validation(self, output: Output, shown: Validated) -> None:
        from reconciler.views.ci.review import validation

        self.findings(output, shown.found)
        self._show(output, validation(shown.found, shown.told, numbers=shown.numbers, strict=shown.strict))

    def plan(self, output: Output, shown: Planned) -> None:
        from reconciler.views.ci.plan import plan_review

        self.findings(output, shown.findings)
        made = visible_diagnostics(output, shown.findings)
        self._show(output, plan_review(shown.plan, made, failed=shown.failed, enforced=shown.enforced))

    def audit(self, output: Output, shown: Audited) -> None:
        from reconciler.views.ci.plan import audit_review

        self.findings(output, shown.findings)
        self._show(output, audit_review(shown.audit, visible_diagnostics(output, shown.findings), failed=shown.failed))

    def _show(self, output: Output, review: Review) -> None:
        """Write the one document; beside one that goes to a file, the log of the job gets its summary."""
        from reconciler.views.base import line
        from reconciler.views.ci.review import ready

        where, notes = output.places(), list[str]()
        review = replace(review, made_at=review.made_at or rfc3339(SystemClock().now()))

        def draw(clean: Clean) -> str:
            shown = self._called(self.fits)(ready(review, where, clean)) if self.fits else ready(review, where, clean)
            notes.extend((*shown.summary, *shown.limits))
            return str(self._called(self.draws)(shown))

        output.screen.drawn(draw, self.form)
        if not self.reads_the_log:
            output.screen.note(map(line, notes))

    @staticmethod
    def _called(place: str) -> Callable[[Review], Any]:
        module, _, name = place.partition(".")
        found: Callable[[Review], Any] = getattr(import_module(f"reconciler.views.ci.{module}"), name)
        return found
