"""A plan as a person reads it: only what changes, alike said once, what stands against it, and a line that sums up.

Knows neither commands nor vendors.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace

from reconciler.effects.wording import SHORT, Wording, marked
from reconciler.model import Action, Change
from reconciler.plan.model import Breach, Plan
from reconciler.providers.table import PROVIDERS
from reconciler.views.base import (
    EMPTY,
    Line,
    Page,
    Span,
    Tone,
    at_right,
    hanging,
    line,
    line_width,
    pad,
    stacked,
    width,
)
from reconciler.views.human.told import BY_HAND, NAMED, Block, Row, aim, blocks, place_of, traffic_told, where

_MARKS = {
    Action.CREATE: ("+", Tone.ADDED),
    Action.UPDATE: ("~", Tone.CHANGED),
    Action.DELETE: ("-", Tone.REMOVED),
    Action.ADOPT: ("!", Tone.ADOPTED),
    Action.ASSERT: ("=", Tone.NOTED),
    Action.FORGET: ("x", Tone.FAINT),
}
_SUMS = {
    Action.CREATE: marked("{count} to create"),
    Action.UPDATE: marked("{count} to update"),
    Action.DELETE: marked("{count} to delete"),
    Action.ADOPT: marked("{count} to adopt"),
    Action.ASSERT: marked("{count} to assert"),
    Action.FORGET: marked("{count} to forget"),
}
_INDENT = "    "
ALLOWANCE = "needs-"
_SCREEN = 40
"""A plan of more lines than this says first what it comes to."""


def plan(shown: Plan, columns: int, say: Wording = SHORT) -> Page:
    """The whole plan."""
    say = replace(say, names=shown.names)
    head = [*_head(shown, say, columns)]
    told = [*block_lines(blocks(shown.changes, say, shown.consent), say, columns)]
    verdict = [*sum_lines(shown, columns, say), *allowance_lines(shown.breaches, say)]
    if len(told) > _SCREEN:
        head += [EMPTY, *verdict]
    return [*head, *([EMPTY] if told else []), *told, *_notes(shown, say, columns), EMPTY, *verdict]


def _notes(shown: Plan, say: Wording, columns: int) -> Iterator[Line]:
    """What is to be known of the whole plan."""
    if shown.holidays_version and any(map(_follows_a_calendar, shown.changes)):
        text = say.word("Public holidays as holidays {version} knows them.", version=shown.holidays_version)
        yield from hanging(EMPTY, text, columns, tone=Tone.FAINT)
    if shown.parked_as_recorded:
        silent = (each.label for each in PROVIDERS.values() if not each.capabilities.readable)
        text = say.number(
            shown.parked_as_recorded,
            "{count} parked number as recorded ({vendors} cannot be asked)",
            "{count} parked numbers as recorded ({vendors} cannot be asked)",
            vendors=say.word(" and ").join(silent),
        )
        yield from hanging(EMPTY, text, columns)
    yield from policy_lines(shown.breaches, say, columns)


def _follows_a_calendar(change: Change) -> bool:
    """Whether it may follow public holidays: their dates are written out year by year."""
    values = (change.before, change.after)
    return any(
        "yr {" in (target["schedule"] or "") for value in values for target in (value or {}).get("targets") or ()
    )


def _head(shown: Plan, say: Wording, columns: int) -> list[Line]:
    changes = shown.changes
    total = len(changes) + shown.left_out + shown.unchanged + shown.unknown
    read = total - shown.unknown - shown.as_recorded - sum(not change.read_at for change in changes)
    parts = tally_of(say, read, shown.as_recorded, total - read - shown.as_recorded - shown.unknown, shown.unknown)
    return head_lines(say, total, shown.accounts, parts, shown.calls.made, columns)


def tally_of(say: Wording, read: int, as_recorded: int, unread: int, unknown: int) -> list[str]:
    """What is known of numbers: how many were read, and of how many there is only the record, or nothing."""
    parts = [say.word("{count} read", count=read)]
    if as_recorded:
        parts.append(say.word("{count} as recorded", count=as_recorded))
    if unread:
        parts.append(say.word("{count} not read", count=unread))
    if unknown:
        parts.append(say.word("{count} unknown", count=unknown))
    return parts


def head_lines(say: Wording, numbers: int, accounts: int, parts: Sequence[str], calls: int, columns: int) -> list[Line]:
    """How many numbers there are, what is known of them, and what it took."""
    counted = say.number(numbers, "{count} number", "{count} numbers")
    inside = say.number(accounts, " in {count} account", " in {count} accounts") if accounts else ""
    made = say.number(calls, "{count} call made", "{count} calls made")
    return at_right(line(f"{counted}{inside}: {', '.join(parts)}"), made, columns)


def block_lines(shown: Sequence[Block], say: Wording, columns: int) -> Iterator[Line]:
    """Changes with all that is to be said of them; the addresses stand in one column."""
    broad = min(max((width(block.title) for block in shown), default=0), columns // 2)
    for block in shown:
        yield from _block(block, broad, say, columns)


def _block(block: Block, broad: int, say: Wording, columns: int) -> Iterator[Line]:
    told = block.told
    mark, tone = _MARKS[told.action]
    start = line(Span(f"{mark} ", tone), Span(pad(block.title, broad), Tone.STRONG), "   ")
    about, place = _heading(block, say)
    titles = [f"{about} ({say.word(BY_HAND)})".lstrip() if told.by_hand else about, *told.headline]
    rows = stacked(start, [title for title in titles if title] or [""], columns)
    yield from _with_place([*rows], place, columns)
    if len(block.changes) > 1:
        yield from _members(block.changes, say, columns)
    for label, texts in told.sides:
        yield from stacked(line(_INDENT, Span(pad(label, 12), Tone.FAINT)), texts, columns)
    yield from row_lines(told.fields, columns)
    yield from _effects(block, say, columns)
    if block.traffic is not None:
        start = line(_INDENT, Span(pad(say.word("calls"), width(say.word("callers"))), Tone.NOTED), "   ")
        yield from hanging(start, traffic_told(block.traffic, say), columns)
    if told.missing:
        text = say.word("needs {flags}", flags=" ".join(told.missing))
        yield from hanging(line(_INDENT), text, columns, tone=Tone.WARNING)
    if told.granted:
        text = say.word("allowed by {flags}", flags=" ".join(told.granted))
        yield from hanging(line(_INDENT), text, columns, tone=Tone.FAINT)


def _heading(block: Block, say: Wording) -> tuple[str, str]:
    """What a block is about, and where that stands."""
    first, profile = block.changes[0], block.profile
    if len(block.changes) == 1:
        return _about(first, say), where(first, say)
    return (say.word("profile {name}", name=profile.name), profile.place) if profile else ("", "")


def _members(changes: Sequence[Change], say: Wording, columns: int) -> Iterator[Line]:
    """The first numbers of a block, or all, each with its description and its place."""
    named = changes if say.full else changes[:NAMED]
    broad = min(max(width(change.address) for change in named), columns // 2)
    for change in named:
        start = line(_INDENT, pad(change.address, broad), "   ")
        yield from _with_place([*hanging(start, _about(change, say), columns)], where(change, say), columns)
    if more := len(changes) - len(named):
        yield line(_INDENT, Span(say.word("and {count} more; -v names all", count=more), Tone.FAINT))


def _about(change: Change, say: Wording) -> str:
    """Which number it is; and what goes first, if all is to be told."""
    first = say.full and change.depends_on
    after = say.word("(after {addresses})", addresses=", ".join(change.depends_on)) if first else ""
    return " ".join(filter(None, (change.description, after)))


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


def _effects(block: Block, say: Wording, columns: int) -> Iterator[Line]:
    """What callers notice, and when."""
    callers, nothing = say.word("callers"), say.word("notice nothing")
    if block.told.unnoticed:
        yield line(_INDENT, Span(f"{callers}   {nothing}", Tone.FAINT))
    broad = max((width(row.label) for row in block.told.effects), default=0)
    for at, row in enumerate(block.told.effects):
        start = line(_INDENT, Span(pad(callers if at == 0 else "", width(callers)), Tone.NOTED), "   ")
        indent = line_width(start)
        if indent + broad + 3 + width(row.text) <= columns:
            yield (*start, Span(f"{pad(row.label, broad)}   {row.text}"))
        else:
            yield from hanging(start, row.label, columns)
            yield from hanging(line(" " * (indent + 2)), row.before, columns)
            yield from hanging(line(" " * (indent + 2), "-> "), row.after, columns)


def refusals(breaches: Sequence[Breach]) -> list[Breach]:
    """What refuses the run, but for missing allowances, which stand at their numbers."""
    return [breach for breach in breaches if not breach.rule.startswith(ALLOWANCE)]


def policy_lines(breaches: Sequence[Breach], say: Wording, columns: int) -> Iterator[Line]:
    """What refuses the run, and what to do about it."""
    refusing = refusals(breaches)
    if refusing:
        yield EMPTY
        yield line(Span(say.word("apply would refuse this plan:"), Tone.ERROR))
    for breach in refusing:
        place = f"{place_of(str(breach.diagnostic.location))}: " if breach.diagnostic.location else ""
        yield from hanging(line("  "), f"{place}{breach.diagnostic.message}", columns)
        if breach.diagnostic.hint:
            yield from hanging(line(_INDENT, Span("hint: ", Tone.FAINT)), breach.diagnostic.hint, columns)


def allowance_lines(breaches: Sequence[Breach], say: Wording = SHORT) -> Iterator[Line]:
    """Which flags are missing, and for how many numbers."""
    missing = Counter(breach.allowed_by for breach in breaches if breach.rule.startswith(ALLOWANCE))
    for flag, count in missing.items():
        text = say.number(count, " for {count} number", " for {count} numbers")
        yield line(Span(say.word("apply needs {flags}", flags=flag), Tone.WARNING), text)


def counted(shown: Plan, say: Wording = SHORT) -> list[str]:
    """How many changes there are of each action."""
    counts = shown.summary
    return [say.word(text, count=count) for action, text in _SUMS.items() if (count := counts[action.value])]


def sum_lines(shown: Plan, columns: int, say: Wording = SHORT) -> Iterator[Line]:
    """How many of each action, or that there is nothing to do; and what is left undone."""
    parts = counted(shown, say)
    if parts or shown.unknown:
        parts += [say.word("{count} unchanged", count=shown.unchanged)] if shown.unchanged else []
        parts += [say.word("{count} unknown", count=shown.unknown)] if shown.unknown else []
        yield from hanging(EMPTY, ", ".join(parts), columns, tone=Tone.STRONG)
    else:
        yield from hanging(line(Span(say.word("No changes"), Tone.ADDED), ": "), _as_wanted(shown, say), columns)
    if shown.traffic is not None:
        yield from hanging(EMPTY, say.word("Past calls: {told}", told=traffic_told(shown.traffic, say)), columns)
    for text in _reservations(shown, say):
        yield from hanging(EMPTY, text, columns, tone=Tone.WARNING)
    if not shown.complete:
        yield from hanging(EMPTY, _left_alone(shown, say), columns, tone=Tone.ERROR)


def _as_wanted(shown: Plan, say: Wording) -> str:
    if not shown.unchanged:
        return say.word("there is no number to look at.")
    return say.number(
        shown.unchanged, "{count} number is {aim}.", "{count} numbers are {aim}.", aim=aim(shown.origin, say)
    )


def _left_alone(shown: Plan, say: Wording) -> str:
    """What an incomplete plan leaves alone."""
    if {item.code for item in shown.diagnostics if item.is_error} == {"variable-unset"}:
        return say.word("The plan is incomplete: what lacks the value of a variable is left alone.")
    if shown.unknown:
        return say.word("The plan is incomplete: what could not be read is left alone.")
    return say.word("The plan is incomplete: what the errors name is left alone.")


def _reservations(shown: Plan, say: Wording) -> Iterator[str]:
    """What is taken back, and what stays as it is."""
    if reverted := sum(change.reverts_a_hand for change in shown.changes):
        yield say.number(
            reverted,
            "{count} change takes back what was changed by hand",
            "{count} changes take back what was changed by hand",
        )
    if left := shown.left_alone:
        yield say.number(left, "{count} recorded number is left alone", "{count} recorded numbers are left alone")
    if left := shown.left_out:
        yield say.number(
            left, "{count} more change left for later by --limit", "{count} more changes left for later by --limit"
        )
