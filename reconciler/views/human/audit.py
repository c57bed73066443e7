"""An audit as a person reads it: what drifted, what is not applied yet, what nobody manages, what is at risk.

Knows neither commands nor vendors.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from reconciler.audit import Audit
from reconciler.effects.wording import Wording
from reconciler.model import Change
from reconciler.views.base import EMPTY, Line, Page, Span, Tone, at_right, hanging, line, pad, plural, width
from reconciler.views.human.findings import diagnostics
from reconciler.views.human.plan import block_lines
from reconciler.views.human.told import DRIFT_SIDES, NAMED, blocks, pending_alike, where
from reconciler.views.human.values import gist

_BROADEST = 40
_MOST_UNMANAGED = 20


def audit(shown: Audit, columns: int, *, verbose: bool = False) -> Page:
    """The whole audit."""
    page, say = [*head_lines(shown, columns)], Wording(shown.names, full=verbose)
    for title, lines in (
        (
            "Drift: live is not what was last written",
            block_lines(blocks(shown.drift, say, sides=DRIFT_SIDES), columns, verbose=verbose),
        ),
        ("Not applied yet; see reconciler plan for details", _pending(shown.pending, say, columns)),
        ("Unmanaged: owned, but not in any file", _unmanaged(shown, say, columns)),
        ("Gaps and risks", diagnostics(shown.risks, columns, wrapped=True)),
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


def _pending(pending: tuple[Change, ...], say: Wording, columns: int) -> Iterator[Line]:
    """What apply would do, a line each: where that is declared, or which numbers it is alike of."""
    found = pending_alike(pending, say)
    titles = [each[0].address if len(each) == 1 else plural(len(each), "number") for each in found.values()]
    broad = min(max(map(width, titles), default=0), _BROADEST)
    for title, ((action, aim), alike) in zip(titles, found.items(), strict=True):
        start = line("  ", pad(title, broad), f"   to {pad(action, 6)}   ")
        *rest, last = hanging(start, aim, columns)
        yield from rest
        yield from at_right(last, where(alike[0]) if len(alike) == 1 else "", columns)
        if len(alike) > 1:
            yield from hanging(
                line("      "), _named([change.address for change in alike], say), columns, tone=Tone.FAINT
            )


def _named(names: Sequence[str], say: Wording, most: int = NAMED) -> str:
    """The first of many names, or all."""
    named = names if say.full else names[:most]
    more = len(names) - len(named)
    return ", ".join(named) + (f" and {more} more; -v names all" if more else "")


def unmanaged_alike(shown: Audit, account: str, numbers: Sequence[str], say: Wording) -> dict[str, list[str]]:
    """Numbers by where they forward to, in words; those of which the list tells nothing under an empty text."""
    found: dict[str, list[str]] = {}
    for number in numbers:
        value = shown.listed.get(f"{account}/{number}")
        found.setdefault(gist(value, say) if value is not None else "", []).append(number)
    return found


def _unmanaged(shown: Audit, say: Wording, columns: int) -> Iterator[Line]:
    broad = min(max(map(width, (*shown.unmanaged, *shown.unlisted)), default=0), _BROADEST)
    for account, numbers in shown.unmanaged.items():
        for aim, alike in unmanaged_alike(shown, account, numbers, say).items():
            named = _named(alike, say, _MOST_UNMANAGED)
            text = f"{named}: {aim}" if aim else named
            yield from hanging(line("  ", pad(account, broad), "   "), text, columns)
    for account in shown.unlisted:
        start = line("  ", pad(account, broad), "   ")
        yield from hanging(start, "not known: its list was not read", columns, tone=Tone.FAINT)


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
