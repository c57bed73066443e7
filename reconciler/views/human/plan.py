"""A plan as a person reads it: only what changes, aligned, what stands against it, and a line that sums up.

Knows neither commands nor vendors.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from reconciler.model import Action, Change, FieldChange
from reconciler.plan.model import Breach, Consent, Plan
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
    width,
    wrap,
)
from reconciler.views.human.values import Canonical, details, field, summary

_MARKS = {
    Action.CREATE: ("+", Tone.ADDED),
    Action.UPDATE: ("~", Tone.CHANGED),
    Action.DELETE: ("-", Tone.REMOVED),
    Action.ADOPT: ("!", Tone.ADOPTED),
    Action.ASSERT: ("=", Tone.NOTED),
    Action.FORGET: ("x", Tone.FAINT),
}
BY_HAND = "(changed by hand)"
_INDENT = "    "
_ALLOWANCE = "needs-"


def plan(shown: Plan, columns: int, *, verbose: bool = False) -> Page:
    """The whole plan."""
    page = [*_head(shown, columns)]
    if shown.changes:
        page.append(EMPTY)
        address = max(width(change.address) for change in shown.changes)
        for change in shown.changes:
            page += change_lines(change, shown.consent, min(address, 40), columns)
            if verbose and change.depends_on:
                page += hanging(line(_INDENT), f"after {', '.join(change.depends_on)}", columns, tone=Tone.FAINT)
    if shown.holidays_version:
        text = f"Public holidays as holidays {shown.holidays_version} knows them."
        page += hanging(EMPTY, text, columns, tone=Tone.FAINT)
    if shown.parked_as_recorded:
        silent = " and ".join(each.label for each in PROVIDERS.values() if not each.capabilities.readable)
        page.append(line(f"{plural(shown.parked_as_recorded, 'parked number')} as recorded ({silent} cannot be asked)"))
    page += policy_lines(shown.breaches, columns)
    return [*page, EMPTY, *sum_lines(shown, columns), *allowance_lines(shown.breaches)]


def _head(shown: Plan, columns: int) -> list[Line]:
    changes = shown.changes
    total = len(changes) + shown.unchanged + shown.unknown
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


def change_lines(change: Change, consent: Consent, address: int, columns: int) -> Iterator[Line]:
    """One change with all that is to be said of it; `address` is the width of its column."""
    mark, tone = _MARKS[change.action]
    start = line(Span(f"{mark} ", tone), Span(pad(change.address, address), Tone.STRONG), "   ")
    titles = _titles(change)
    place = place_of(change.declared_at)
    indent = line_width(start)
    room = max(columns - indent, 20)
    rows = [row for title in titles for row in _rows(title, room)] or [""]
    lines = [(*start, Span(rows[0])), *(line(" " * indent, row) for row in rows[1:])]
    yield from _with_place(lines, place, columns)
    yield from _body(change, columns)
    yield from _effects(change, columns)
    yield from _needs(change, consent)


def _rows(text: str, columns: int) -> list[str]:
    """Wrap a line; the item of a list goes on below its own text."""
    indent = " " * 3 if text[:1].isdigit() and text[1:3] == ". " else ""
    head, *rest = wrap(text, columns)
    return [head, *(indent + row for part in rest for row in wrap(part, columns - len(indent)))]


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


def _titles(change: Change) -> list[str]:
    """What stands behind the address: the description, and for a change of the whole value where it goes."""
    titles = [" ".join(filter(None, (change.description, BY_HAND if change.reverts_a_hand else "")))]
    match change.action:
        case Action.CREATE | Action.DELETE:
            titles += [f"{summary(change.before)} -> {summary(change.after)}"]
            titles += list(details(change.after if change.action is Action.CREATE else change.before))
        case Action.FORGET:
            titles.append(aside(change))
    return [title.strip() for title in titles if title]


def _body(change: Change, columns: int) -> Iterator[Line]:
    match change.action:
        case Action.ADOPT:
            yield from _whole("live now", change.before, columns)
            yield from _whole("becomes", change.after, columns)
        case Action.UPDATE if is_of_another_type(change):
            yield from _whole("until now", change.before, columns)
            yield from _whole("becomes", change.after, columns)
        case Action.UPDATE:
            yield from field_lines(change.fields, columns)
        case Action.ASSERT:
            yield from hanging(line(_INDENT), aside(change), columns)


def is_of_another_type(change: Change) -> bool:
    """Whether a forwarding becomes one of another type."""
    return any(item.path == "type" for item in change.fields)


def _whole(label: str, value: Canonical | None, columns: int) -> Iterator[Line]:
    """A whole value with nothing left out."""
    broad = 12
    room = max(columns - len(_INDENT) - broad, 20)
    rows = (row for text in [summary(value), *details(value)] for row in _rows(text, room))
    for at, row in enumerate(rows):
        yield line(_INDENT, Span(pad(label if at == 0 else "", broad), Tone.FAINT), row)


def aside(change: Change) -> str:
    """What becomes of a number that is forgotten, or that is written again."""
    if change.action is Action.FORGET:
        return "dropped from the record; the vendor is not touched"
    return f"{summary(change.after)}: {why_asserted(change)}"


def why_asserted(change: Change) -> str:
    """Why a number is written although nothing shows that it differs."""
    names = ", ".join(item.path for item in change.fields) or "what is live"
    if change.before is None:
        return f"written, because {names} is not known"
    return f"written again, because {names} cannot be read back"


def field_lines(fields: Sequence[FieldChange], columns: int) -> Iterator[Line]:
    """One line a field: its path, what it was, what it becomes."""
    broad = max((width(item.path) for item in fields), default=0)
    for item in fields:
        start = line(_INDENT, pad(item.path, broad), "   ")
        before, after = sides(item)
        room = columns - line_width(start)
        if width(before) + width(after) + 4 <= room or not after:
            yield from hanging(start, f"{before} -> {after}" if after else before, columns)
        else:
            yield from hanging(start, before, columns)
            yield from hanging(line(" " * line_width(start), "-> "), after, columns)


def sides(item: FieldChange) -> tuple[str, str]:
    """Both sides of a field; the second is empty where one text says it all."""
    if item.path.endswith("]"):
        verb = "added" if item.before is None else "removed"
        return f"{verb}: {field(item.path, item.after if item.before is None else item.before)}", ""
    before, after = field(item.path, item.before), field(item.path, item.after)
    if not item.sensitive:
        return before, after
    if before == after:
        return f"{before} (sensitive, changed)", ""
    return before, f"{after} (sensitive)"


def _effects(change: Change, columns: int) -> Iterator[Line]:
    """What callers notice; a new or removed forwarding that holds at all times says so in its title already."""
    if change.action in (Action.CREATE, Action.DELETE) and [effect.when for effect in change.effects] == ["always"]:
        return
    if is_unnoticed(change):
        yield line(_INDENT, Span("callers   notice nothing", Tone.FAINT))
    broad = max((width(effect.when) for effect in change.effects), default=0)
    for at, effect in enumerate(change.effects):
        start = line(_INDENT, Span(pad("callers" if at == 0 else "", 7), Tone.NOTED), "   ")
        before = in_the_past(effect.before)
        text = f"{before} -> {effect.after}"
        if line_width(start) + broad + 3 + width(text) <= columns:
            yield (*start, Span(f"{pad(effect.when, broad)}   {text}"))
        else:
            yield (*start, Span(effect.when))
            indent = " " * (line_width(start) + 2)
            yield from hanging(line(indent), before, columns)
            yield from hanging(line(indent, "-> "), effect.after, columns)


def is_unnoticed(change: Change) -> bool:
    """Whether a change of what is known has no effect on callers."""
    return change.action in (Action.UPDATE, Action.ADOPT) and change.before is not None and not change.effects


def in_the_past(before: str) -> str:
    """What happened until a change."""
    if before.startswith("rings "):
        return f"rang {before.removeprefix('rings ')}"
    return f"did {before.removeprefix('does ')}" if before.startswith("does not ") else before


def _needs(change: Change, consent: Consent) -> Iterator[Line]:
    missing = [need for need in change.needs if need.removeprefix("allow-") not in consent.allow]
    granted = [need for need in change.needs if need not in missing]
    if missing:
        yield line(_INDENT, Span("needs " + " ".join(f"--{need}" for need in missing), Tone.WARNING))
    if granted:
        yield line(_INDENT, Span("allowed by " + " ".join(f"--{need}" for need in granted), Tone.FAINT))


def place_of(declared_at: str) -> str:
    """A place without its column, as people write it."""
    file, _, rest = declared_at.partition(":")
    return f"{file}:{rest.partition(':')[0]}" if rest else file


def policy_lines(breaches: Sequence[Breach], columns: int) -> Iterator[Line]:
    """What refuses the run, but for missing allowances, which stand at their numbers."""
    refusing = [breach for breach in breaches if not breach.rule.startswith(_ALLOWANCE)]
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
    """How many of each action, or that there is nothing to do."""
    parts = counted(shown)
    if not parts and not shown.unknown:
        if shown.unchanged:
            verdict = f": {plural(shown.unchanged, 'number is', 'numbers are')} {aim(shown.origin)}."
        else:
            verdict = ": there is no number to look at."
        yield line(Span("No changes", Tone.ADDED), verdict)
        yield from _left_alone(shown)
        yield from _incomplete(shown, columns)
        return
    parts += [f"{shown.unchanged} unchanged"] if shown.unchanged else []
    parts += [f"{shown.unknown} unknown"] if shown.unknown else []
    yield line(Span(", ".join(parts), Tone.STRONG))
    if reverted := sum(change.reverts_a_hand for change in shown.changes):
        yield line(
            Span(f"{plural(reverted, 'change takes', 'changes take')} back what was changed by hand", Tone.WARNING)
        )
    yield from _left_alone(shown)
    if shown.left_out:
        yield line(Span(f"{plural(shown.left_out, 'more change')} left for later by --limit", Tone.WARNING))
    yield from _incomplete(shown, columns)


def _left_alone(shown: Plan) -> Iterator[Line]:
    """What is ours by the record, and stays as it is."""
    if shown.left_alone:
        yield line(
            Span(f"{plural(shown.left_alone, 'recorded number is', 'recorded numbers are')} left alone", Tone.WARNING)
        )


def _incomplete(shown: Plan, columns: int) -> Iterator[Line]:
    """What an apply would not look after."""
    if not shown.complete:
        left = "what could not be read" if shown.unknown else "what the errors name"
        if {item.code for item in shown.diagnostics if item.is_error} == {"variable-unset"}:
            left = "what lacks the value of a variable"
        yield from hanging(EMPTY, f"The plan is incomplete: {left} is left alone.", columns, tone=Tone.ERROR)
