"""An audit as a person reads it: what drifted, what is not applied yet, what nobody manages, what is at risk.

Knows neither commands nor vendors.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from reconciler.audit import Audit
from reconciler.audit.lookout import Ending, EndKind
from reconciler.diagnostics import Diagnostic
from reconciler.effects.wording import SHORT, Wording
from reconciler.model import Change
from reconciler.views.base import EMPTY, Line, Page, Span, Tone, at_right, hanging, line, pad, width
from reconciler.views.human.findings import diagnostics
from reconciler.views.human.plan import block_lines, head_lines, tally_of
from reconciler.views.human.told import DRIFT_SIDES, NAMED, blocks, pending_alike, to_do, where
from reconciler.views.human.values import gist

_BROADEST = 40
_MOST_UNMANAGED = 20


def audit(shown: Audit, columns: int, say: Wording = SHORT) -> Page:
    """The whole audit."""
    say = replace(say, names=shown.names)
    page = [*audit_head_lines(shown, say, columns)]
    for title, lines in (
        (
            say.word("Drift: live is not what was last written"),
            block_lines(blocks(shown.drift, say, sides=DRIFT_SIDES), say, columns),
        ),
        (say.word("Not applied yet; see reconciler plan for details"), _pending(shown.pending, say, columns)),
        (say.word("Unmanaged: owned, but not in any file"), _unmanaged(shown, say, columns)),
        (say.word("Declared, but not owned"), _not_owned(shown, say, columns)),
        (say.word("Running out"), _endings(shown, say, columns)),
        (say.word("Gaps and risks"), diagnostics(risks_told(shown), columns, wrapped=True)),
    ):
        told = list(lines)
        page += [EMPTY, line(Span(title, Tone.STRONG)), *told] if told else []
    return [*page, EMPTY, *audit_sum_lines(shown, columns, say)]


def audit_head_lines(shown: Audit, say: Wording, columns: int = 0) -> list[Line]:
    """How many numbers there are, what is known of them, and what it took."""
    tally = shown.tally
    parts = tally_of(say, tally.read, tally.as_recorded, 0, tally.unknown)
    if tally.not_looked_at:
        parts = [*parts, say.word("{count} not looked at", count=tally.not_looked_at)]
    return head_lines(say, tally.numbers, tally.accounts, parts, shown.calls.made, columns)


def _pending(pending: tuple[Change, ...], say: Wording, columns: int) -> Iterator[Line]:
    """What apply would do, a line each: where that is declared, or which numbers it is alike of."""
    found = pending_alike(pending, say)
    titles = [
        each[0].address if len(each) == 1 else say.number(len(each), "{count} number", "{count} numbers")
        for each in found.values()
    ]
    broad = min(max(map(width, titles), default=0), _BROADEST)
    for title, ((action, aim), alike) in zip(titles, found.items(), strict=True):
        start = line("  ", pad(title, broad), f"   {pad(to_do(action, say), 9)}   ")
        *rest, last = hanging(start, aim, columns)
        yield from rest
        yield from at_right(last, where(alike[0], say) if len(alike) == 1 else "", columns)
        if len(alike) > 1:
            yield from hanging(
                line("      "), _named([change.address for change in alike], say), columns, tone=Tone.FAINT
            )


def _named(names: Sequence[str], say: Wording, most: int = NAMED) -> str:
    """The first of many names, or all."""
    named = names if say.full else names[:most]
    more = len(names) - len(named)
    text = ", ".join(named)
    return say.word("{named} and {count} more; -v names all", named=text, count=more) if more else text


def unmanaged_alike(shown: Audit, account: str, numbers: Sequence[str], say: Wording) -> dict[str, list[str]]:
    """Numbers by where they forward to, in words; those of which the list tells nothing under an empty text."""
    found: dict[str, list[str]] = {}
    for number in numbers:
        value = shown.listed.get(f"{account}/{number}")
        found.setdefault(gist(value, say) if value is not None else "", []).append(number)
    return found


def why_unlisted(shown: Audit, account: str, say: Wording) -> str:
    """Why it is not known which numbers of an account are unmanaged."""
    if lacking := shown.lacking.get(account):
        setting = f"accounts.{account}.{lacking}"
        return say.word("not known: its list needs {setting}", setting=setting)
    return say.word("not known: its list was not read")


def _unmanaged(shown: Audit, say: Wording, columns: int) -> Iterator[Line]:
    broad = min(max(map(width, (*shown.unmanaged, *shown.unlisted)), default=0), _BROADEST)
    for account, numbers in shown.unmanaged.items():
        for aim, alike in unmanaged_alike(shown, account, numbers, say).items():
            named = _named(alike, say, _MOST_UNMANAGED)
            text = f"{named}: {aim}" if aim else named
            yield from hanging(line("  ", pad(account, broad), "   "), text, columns)
    if shown.unmanaged:
        hint = say.word("to write them into the files: {command}", command="reconciler import")
        yield from hanging(line("  "), hint, columns, tone=Tone.FAINT)
    for account in shown.unlisted:
        start = line("  ", pad(account, broad), "   ")
        yield from hanging(start, why_unlisted(shown, account, say), columns, tone=Tone.FAINT)


def risks_told(shown: Audit) -> list[Diagnostic]:
    """The risks without those that stand in the list of what runs out."""
    return [item for item in shown.risks if item.code != "schedule-ending"]


def _not_owned(shown: Audit, say: Wording, columns: int) -> Iterator[Line]:
    if shown.not_owned:
        yield from hanging(line("  "), _named(shown.not_owned, say, _MOST_UNMANAGED), columns)


def endings_told(shown: Audit, say: Wording) -> Iterator[tuple[str, str, str]]:
    """What ends: the day, in how many days that is, and what it is."""
    for each in shown.endings:
        when = say.number(each.days, "in {count} day", "in {count} days") if each.days > 0 else say.word("today")
        yield each.day.isoformat(), when if each.days >= 0 else say.word("over"), _ending(each, say)


def _ending(ending: Ending, say: Wording) -> str:
    match ending.kind:
        case EndKind.CALENDAR:
            return say.word("the calendar of public holidays")
        case EndKind.LOGIN:
            return say.word("the login of account {account}, unless it is renewed", account=ending.name)
        case EndKind.SCHEDULE:
            named = say.word("schedule {name}", name=ending.name) if ending.name else say.word("a schedule")
            return f"{named}: {_named(ending.numbers, say)}"


def _endings(shown: Audit, say: Wording, columns: int) -> Iterator[Line]:
    told = list(endings_told(shown, say))
    broad = max((width(when) for _day, when, _what in told), default=0)
    for day, when, what in told:
        yield from hanging(line(f"  {day}   ", pad(when, broad), "   "), what, columns)


def _counted(shown: Audit, say: Wording) -> str:
    counts = shown.summary
    texts = {
        "drift": say.word("{count} drifted", count=counts["drift"]),
        "pending": say.word("{count} not applied yet", count=counts["pending"]),
        "unmanaged": say.word("{count} unmanaged", count=counts["unmanaged"]),
        "risks": say.number(counts["risks"], "{count} risk", "{count} risks"),
        "unknown": say.word("{count} unknown", count=counts["unknown"]),
        "not_looked_at": say.word("{count} not looked at", count=counts["not_looked_at"]),
    }
    return ", ".join(text for kind, text in texts.items() if counts[kind])


def _no_drift(shown: Audit, say: Wording) -> str:
    """That nothing drifted, of as many numbers as were looked at."""
    if shown.sample is None:
        return say.word("No drift")
    looked = len(shown.sample.looked_at)
    return say.number(looked, "No drift in the {count} number looked at", "No drift in the {count} numbers looked at")


def _sampled(shown: Audit, say: Wording, columns: int) -> Iterator[Line]:
    """Of which numbers a sample tells nothing, and how often to look so that it tells of all."""
    sample = shown.sample
    if sample is None or not shown.tally.not_looked_at:
        return
    hours = max(1, round(sample.turn_seconds / 3600))
    text = say.word(
        "Turn {turn} of {turns}; run once in {hours} h, so that each number has its turn.",
        turn=sample.turn,
        turns=sample.turns,
        hours=hours,
    )
    yield from hanging(EMPTY, text, columns)


def audit_sum_lines(shown: Audit, columns: int, say: Wording = SHORT) -> Iterator[Line]:
    """How many of each finding, or that there is no drift."""
    counts, text = shown.summary, _counted(shown, say)
    if not counts["drift"] and not counts["unknown"]:
        tone = Tone.ADDED if shown.is_whole else Tone.PLAIN
        text = text or say.word("live is as it was last written")
        yield line(Span(_no_drift(shown, say), tone), f": {text}.")
    else:
        yield line(Span(text, Tone.STRONG))
    yield from _sampled(shown, say, columns)
    if not shown.complete:
        text = say.word("The audit is incomplete: not everything could be read.")
        yield from hanging(EMPTY, text, columns, tone=Tone.ERROR)
