"""A plan as a person reads it: only what changes, alike said once, what stands against it, and a line that sums up.

Knows neither commands nor vendors.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from reconciler.effects.wording import Wording
from reconciler.model import Action, Change
from reconciler.plan.model import Breach, Plan
from reconciler.providers.table import PROVIDERS
from reconciler.views.base import (
    EMPTY,
    Line,
    Page,
    Span,
    Tone,
    aim,
    at_right,
    hanging,
    line,
    line_width,
    pad,
    plural,
    stacked,
    width,
)
from reconciler.views.human.told import BY_HAND, NAMED, Block, Row, blocks, place_of, where

_MARKS = {
    Action.CREATE: ("+", Tone.ADDED),
    Action.UPDATE: ("~", Tone.CHANGED),
    Action.DELETE: ("-", Tone.REMOVED),
    Action.ADOPT: ("!", Tone.ADOPTED),
    Action.ASSERT: ("=", Tone.NOTED),
    Action.FORGET: ("x", Tone.FAINT),
}
_INDENT = "    "
_ALLOWANCE = "needs-"
_SCREEN = 40
"""A plan of more lines than this says first what it comes to."""


def plan(shown: Plan, columns: int, *, verbose: bool = False) -> Page:
    """The whole plan."""
    head = [*_head(shown, columns)]
    told = [
        *block_lines(blocks(shown.changes, Wording(shown.names, full=verbose), shown.consent), columns, verbose=verbose)
    ]
    verdict = [*sum_lines(shown, columns), *allowance_lines(shown.breaches)]
    if len(told) > _SCREEN:
        head += [EMPTY, *verdict]
    return [*head, *([EMPTY] if told else []), *told, *_notes(shown, columns), EMPTY, *verdict]


def _notes(shown: Plan, columns: int) -> Iterator[Line]:
    """What is to be known of the whole plan."""
    if shown.holidays_version and any(map(_follows_a_calendar, shown.changes)):
        text = f"Public holidays as holidays {shown.holidays_version} knows them."
        yield from hanging(EMPTY, text, columns, tone=Tone.FAINT)
    if shown.parked_as_recorded:
        silent = " and ".join(each.label for each in PROVIDERS.values() if not each.capabilities.readable)
        text = f"{plural(shown.parked_as_recorded, 'parked number')} as recorded ({silent} cannot be asked)"
        yield from hanging(EMPTY, text, columns)
    yield from policy_lines(shown.breaches, columns)


def _follows_a_calendar(change: Change) -> bool:
    """Whether it may follow public holidays: their dates are written out year by year."""
    values = (change.before, change.after)
    return any(
        "yr {" in (target["schedule"] or "") for value in values for target in (value or {}).get("targets") or ()
    )


def _head(shown: Plan, columns: int) -> list[Line]:
    changes = shown.changes
    total = len(changes) + shown.left_out + shown.unchanged + shown.unknown
    read = total - shown.unknown - shown.as_recorded - sum(not change.read_at for change in changes)
    parts = [f"{read} read"]
    if shown.as_recorded:
        parts.append(f"{shown.as_recorded} as recorded")
    if unread := total - read - shown.as_recorded - shown.unknown:
        parts.append(f"{unread} not read")
    if shown.unknown:
        parts.append(f"{shown.unknown} unknown")
    accounts = f" in {plural(shown.accounts, 'account')}" if shown.accounts else ""
    head = line(f"{plural(total, 'number')}{accounts}: {', '.join(parts)}")
    return at_right(head, f"{plural(shown.calls.made, 'call')} made", columns)


def block_lines(shown: Sequence[Block], columns: int, *, verbose: bool = False) -> Iterator[Line]:
    """Changes with all that is to be said of them; the addresses stand in one column."""
    broad = min(max((width(block.title) for block in shown), default=0), columns // 2)
    for block in shown:
        yield from _block(block, broad, columns, verbose=verbose)


def _block(block: Block, broad: int, columns: int, *, verbose: bool) -> Iterator[Line]:
    told, first = block.told, block.changes[0]
    mark, tone = _MARKS[told.action]
    start = line(Span(f"{mark} ", tone), Span(pad(block.title, broad), Tone.STRONG), "   ")
    alone = len(block.changes) == 1
    about = _about(first, verbose=verbose) if alone else f"profile {block.profile.name}" if block.profile else ""
    titles = [f"{about} ({BY_HAND})".lstrip() if told.by_hand else about, *told.headline]
    rows = stacked(start, [title for title in titles if title] or [""], columns)
    place = where(first) if alone else block.profile.place if block.profile else ""
    yield from _with_place([*rows], place, columns)
    if not alone:
        yield from _members(block.changes, columns, verbose=verbose)
    for label, texts in told.sides:
        yield from stacked(line(_INDENT, Span(pad(label, 12), Tone.FAINT)), texts, columns)
    yield from row_lines(told.fields, columns)
    yield from _effects(block, columns)
    if told.missing:
        yield from hanging(line(_INDENT), f"needs {' '.join(told.missing)}", columns, tone=Tone.WARNING)
    if told.granted:
        yield from hanging(line(_INDENT), f"allowed by {' '.join(told.granted)}", columns, tone=Tone.FAINT)


def _members(changes: Sequence[Change], columns: int, *, verbose: bool) -> Iterator[Line]:
    """The first numbers of a block, or all, each with its description and its place."""
    named = changes if verbose else changes[:NAMED]
    broad = min(max(width(change.address) for change in named), columns // 2)
    for change in named:
        start = line(_INDENT, pad(change.address, broad), "   ")
        yield from _with_place([*hanging(start, _about(change, verbose=verbose), columns)], where(change), columns)
    if more := len(changes) - len(named):
        yield line(_INDENT, Span(f"and {more} more; -v names all", Tone.FAINT))


def _about(change: Change, *, verbose: bool) -> str:
    """Which number it is; and what goes first, if all is to be told."""
    first = f"(after {', '.join(change.depends_on)})" if verbose and change.depends_on else ""
    return " ".join(filter(None, (change.description, first)))


def _with_place(lines: Sequence[Line], place: str, columns: int) -> Iterator[Line]:
    """Put the place at the end of the first line that has room for it, else below."""
    for at, each in enumerate(lines):
        noted = at_right(each, place, columns)
        if len(noted) == 1:
            yield noted[0]
            yield from lines[at + 1 :]
            return
        yield each
    yield at_right(EMPTY, place, columns)[0]


def row_lines(rows: Sequence[Row], columns: int) -> Iterator[Line]:
    """One line a field: its path, what it was, what it becomes."""
    broad = max((width(row.label) for row in rows), default=0)
    for row in rows:
        start = line(_INDENT, pad(row.label, broad), "   ")
        if not row.after or width(row.text) <= columns - line_width(start):
            told = [*hanging(start, row.text, columns)]
        else:
            below = line(" " * min(line_width(start), columns // 2), "-> ")
            told = [*hanging(start, row.before, columns), *hanging(below, row.after, columns)]
        yield from _with_place(told, row.place, columns)


def _effects(block: Block, columns: int) -> Iterator[Line]:
    """What callers notice, and when."""
    if block.told.unnoticed:
        yield line(_INDENT, Span("callers   notice nothing", Tone.FAINT))
    broad = max((width(row.label) for row in block.told.effects), default=0)
    for at, row in enumerate(block.told.effects):
        start = line(_INDENT, Span(pad("callers" if at == 0 else "", 7), Tone.NOTED), "   ")
        indent = line_width(start)
        if indent + broad + 3 + width(row.text) <= columns:
            yield (*start, Span(f"{pad(row.label, broad)}   {row.text}"))
        else:
            yield from hanging(start, row.label, columns)
            yield from hanging(line(" " * (indent + 2)), row.before, columns)
            yield from hanging(line(" " * (indent + 2), "-> "), row.after, columns)


def refusals(breaches: Sequence[Breach]) -> list[Breach]:
    """What refuses the run, but for missing allowances, which stand at their numbers."""
    return [breach for breach in breaches if not breach.rule.startswith(_ALLOWANCE)]


def policy_lines(breaches: Sequence[Breach], columns: int) -> Iterator[Line]:
    """What refuses the run, and what to do about it."""
    refusing = refusals(breaches)
    if refusing:
        yield EMPTY
        yield line(Span("apply would refuse this plan:", Tone.ERROR))
    for breach in refusing:
        place = f"{place_of(str(breach.diagnostic.location))}: " if breach.diagnostic.location else ""
        yield from hanging(line("  "), f"{place}{breach.diagnostic.message}", columns)
        if breach.diagnostic.hint:
            yield from hanging(line(_INDENT, Span("hint: ", Tone.FAINT)), breach.diagnostic.hint, columns)


def allowance_lines(breaches: Sequence[Breach]) -> Iterator[Line]:
    """Which flags are missing, and for how many numbers."""
    missing = Counter(breach.allowed_by for breach in breaches if breach.rule.startswith(_ALLOWANCE))
    for flag, count in missing.items():
        yield line(Span(f"apply needs {flag}", Tone.WARNING), f" for {plural(count, 'number')}")


def counted(shown: Plan) -> list[str]:
    """How many changes there are of each action."""
    counts = shown.summary
    return [f"{counts[action.value]} to {action.value}" for action in _MARKS if counts[action.value]]


def sum_lines(shown: Plan, columns: int) -> Iterator[Line]:
    """How many of each action, or that there is nothing to do; and what is left undone."""
    parts = counted(shown)
    if parts or shown.unknown:
        parts += [f"{shown.unchanged} unchanged"] if shown.unchanged else []
        parts += [f"{shown.unknown} unknown"] if shown.unknown else []
        yield from hanging(EMPTY, ", ".join(parts), columns, tone=Tone.STRONG)
    else:
        numbers = plural(shown.unchanged, "number is", "numbers are")
        verdict = f"{numbers} {aim(shown.origin)}." if shown.unchanged else "there is no number to look at."
        yield from hanging(line(Span("No changes", Tone.ADDED), ": "), verdict, columns)
    for text in _reservations(shown):
        yield from hanging(EMPTY, text, columns, tone=Tone.WARNING)
    if not shown.complete:
        left = "what could not be read" if shown.unknown else "what the errors name"
        if {item.code for item in shown.diagnostics if item.is_error} == {"variable-unset"}:
            left = "what lacks the value of a variable"
        yield from hanging(EMPTY, f"The plan is incomplete: {left} is left alone.", columns, tone=Tone.ERROR)


def _reservations(shown: Plan) -> Iterator[str]:
    """What is taken back, and what stays as it is."""
    if reverted := sum(change.reverts_a_hand for change in shown.changes):
        yield f"{plural(reverted, 'change takes', 'changes take')} back what was changed by hand"
    if shown.left_alone:
        yield f"{plural(shown.left_alone, 'recorded number is', 'recorded numbers are')} left alone"
    if shown.left_out:
        yield f"{plural(shown.left_out, 'more change')} left for later by --limit"
