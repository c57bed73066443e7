"""An audit as a person reads it: what drifted, what is not applied yet, what nobody manages, what is at risk.

Knows neither commands nor vendors.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from reconciler.audit import Audit
from reconciler.model import Action, Change
from reconciler.plan.model import Consent
from reconciler.views.base import EMPTY, Line, Page, Span, Tone, at_right, hanging, line, pad, plural, width
from reconciler.views.human.findings import diagnostics
from reconciler.views.human.plan import change_lines, place_of
from reconciler.views.human.values import summary

_BROADEST = 40


def audit(shown: Audit, columns: int) -> Page:
    """The whole audit."""
    page = [*head_lines(shown, columns)]
    for title, lines in (
        ("Drift: live is not what was last written", _drift(shown.drift, columns)),
        ("Not applied yet; see reconciler plan for details", _pending(shown.pending, columns)),
        ("Unmanaged: owned, but not in any file", _unmanaged(shown, columns)),
        ("Gaps and risks", diagnostics(shown.risks, columns)),
    ):
        told = list(lines)
        page += [EMPTY, line(Span(title, Tone.STRONG)), *told] if told else []
    return [*page, EMPTY, *audit_sum_lines(shown, columns)]


def head_lines(shown: Audit, columns: int = 0) -> list[Line]:
    """How many numbers there are, what is known of them, and what it took."""
    tally = shown.tally
    parts = [f"{tally.read} read"]
    parts += [f"{tally.as_recorded} as recorded"] if tally.as_recorded else []
    parts += [f"{tally.unknown} unknown"] if tally.unknown else []
    accounts = f" in {plural(tally.accounts, 'account')}" if tally.accounts else ""
    head = line(f"{plural(tally.numbers, 'number')}{accounts}: {', '.join(parts)}")
    return at_right(head, f"{plural(shown.calls.made, 'call')} made", columns)


def _drift(drift: Iterable[Change], columns: int) -> Iterator[Line]:
    """Each as a plan shows a change; of another type, what was written and what is there now."""
    for change in drift:
        yield from change_lines(change, Consent(), min(width(change.address), _BROADEST), columns)


def _pending(pending: tuple[Change, ...], columns: int) -> Iterator[Line]:
    """A line a number: what apply would do, and where that is declared."""
    broad = min(max((width(change.address) for change in pending), default=0), _BROADEST)
    for change in pending:
        start = line("  ", pad(change.address, broad), f"   to {pad(change.action.value, 6)}   ")
        *rest, last = hanging(start, aim(change), columns)
        yield from rest
        yield from at_right(last, place_of(change.declared_at), columns)


def aim(change: Change) -> str:
    """What becomes of a number by a change that no apply has made yet."""
    if change.action is Action.FORGET:
        return "drop from the record"
    if change.action is Action.UPDATE:
        return ", ".join(item.path for item in change.fields)
    return summary(change.after)


def _unmanaged(shown: Audit, columns: int) -> Iterator[Line]:
    broad = max((width(account) for account in (*shown.unmanaged, *shown.unlisted)), default=0)
    for account, numbers in shown.unmanaged.items():
        yield from hanging(line("  ", pad(account, broad), "   "), " ".join(numbers), columns)
    for account in shown.unlisted:
        yield line("  ", pad(account, broad), "   ", Span("not known: its list was not read", Tone.FAINT))


def audit_sum_lines(shown: Audit, columns: int) -> Iterator[Line]:
    """How many of each finding, or that there is no drift."""
    counts = shown.summary
    parts = [f"{counts['drift']} drifted"] if counts["drift"] else []
    parts += [f"{counts['pending']} not applied yet"] if counts["pending"] else []
    parts += [f"{counts['unmanaged']} unmanaged"] if counts["unmanaged"] else []
    parts += [plural(counts["risks"], "risk")] if counts["risks"] else []
    parts += [f"{counts['unknown']} unknown"] if counts["unknown"] else []
    if not counts["drift"] and not counts["unknown"]:
        tone = Tone.ADDED if shown.complete else Tone.PLAIN
        yield line(Span("No drift", tone), f": {', '.join(parts) or 'live is as it was last written'}.")
    else:
        yield line(Span(", ".join(parts), Tone.STRONG))
    if not shown.complete:
        yield from hanging(EMPTY, "The audit is incomplete: not everything could be read.", columns, tone=Tone.ERROR)
