"""What became of an apply, change by change, and whether everything is now as the files say.

Knows no command, vendor or record.
"""

from __future__ import annotations

from collections.abc import Iterator

from reconciler.apply.report import ApplyReport, Halt, Result
from reconciler.model import Outcome
from reconciler.views.base import EMPTY, Line, Page, Span, Tone, hanging, line, pad, width
from reconciler.views.human.told import aim

_TONES = {
    Outcome.APPLIED: Tone.ADDED,
    Outcome.UNVERIFIED: Tone.CHANGED,
    Outcome.FAILED: Tone.ERROR,
    Outcome.UNKNOWN: Tone.ERROR,
    Outcome.SKIPPED: Tone.FAINT,
}
_HALTS = {
    Halt.STALE: "Nothing was written: the plan is stale.",
    Halt.REFUSED: "Nothing was written: the run was refused.",
    Halt.LOCK: "Nothing was written: somebody else holds the lock.",
    Halt.RECORD: "Writing stopped: the record cannot be used.",
    Halt.INTERRUPTED: "The run was interrupted; what was in flight is settled.",
    Halt.DEADLINE: "The deadline passed; what was in flight is settled.",
}

_LOCK_LOST = "Writing stopped: the lock was lost."


def report(shown: ApplyReport, columns: int) -> Page:
    """The whole report."""
    page: Page = []
    if shown.wrote or shown.halt not in (Halt.STALE, Halt.REFUSED, Halt.LOCK):
        broad = max((width(result.address) for result in shown.results), default=0)
        for result in shown.results:
            page += _result(result, broad, columns)
        page += [EMPTY] if page else []
    return [*page, *_sum(shown, columns)]


def _result(result: Result, broad: int, columns: int) -> Iterator[Line]:
    outcome = Span(pad(result.outcome.value, 10), _TONES[result.outcome])
    start = line(outcome, "  ", pad(result.address, broad), "  ", pad(result.action.value, 6), "  ")
    yield from hanging(start, _remark(result), columns)


def _remark(result: Result) -> str:
    if result.error:
        return result.error
    if result.unverified_fields:
        return f"accepted; cannot be read back: {', '.join(result.unverified_fields)}"
    return f"in {result.attempts} attempts" if result.attempts > 1 else ""


def _sum(shown: ApplyReport, columns: int) -> Iterator[Line]:
    counts = [f"{count} {outcome}" for outcome, count in shown.summary.items() if count]
    if counts:
        yield line(Span(", ".join(counts), Tone.STRONG))
    if shown.halt is Halt.LOCK and shown.wrote:
        yield from hanging(EMPTY, _LOCK_LOST, columns, tone=Tone.ERROR)
    elif shown.halt in _HALTS:
        yield from hanging(EMPTY, _HALTS[shown.halt], columns, tone=Tone.ERROR)
    elif not shown.complete:
        text = "The plan was incomplete: the numbers named in its errors were left alone."
        yield from hanging(EMPTY, text, columns, tone=Tone.ERROR)
    elif not shown.converged:
        text = f"Not everything is {aim(shown.origin)} yet: see what failed, then apply again."
        yield from hanging(EMPTY, text, columns, tone=Tone.ERROR)
    elif shown.results:
        doubt = ", as far as can be read" if shown.summary[Outcome.UNVERIFIED.value] else ""
        claim = f"Everything is {aim(shown.origin)}" if shown.whole else "Every change of this run is applied"
        yield line(Span(f"{claim}{doubt}.", Tone.ADDED), f" Run {shown.run_id[:12]}.")
    elif shown.done:
        runs = ", ".join(run_id[:12] for run_id in shown.done if run_id)
        yield line(
            Span("Nothing to do", Tone.ADDED), f": already applied by run {runs}." if runs else ": already done."
        )
    else:
        rest = f": everything is {aim(shown.origin)}." if shown.whole else " for the numbers of this run."
        yield line(Span("Nothing to do", Tone.ADDED), rest)
