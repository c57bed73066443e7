"""The record, a number and a past run, for people and as JSON content.

Knows neither backends nor options.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from reconciler.canonical import Form, form
from reconciler.clock import epoch
from reconciler.diff import field_changes
from reconciler.effects.wording import SHORT, Wording, marked
from reconciler.model import Desired, Entry
from reconciler.record.base import Holder, Intent, RecordState, Run
from reconciler.views.base import EMPTY, Line, Page, Span, Tone, hanging, line, pad, plural
from reconciler.views.calendar import local_time
from reconciler.views.human.plan import row_lines
from reconciler.views.human.tables import table
from reconciler.views.human.told import rows_of
from reconciler.views.human.values import details, summary

_LABEL = 12
_TAKEN = (marked("applied"), marked("unverified"))
_OTHERWISE = (marked("failed"), marked("unknown"), marked("skipped"))
_ORIGINS = (marked("apply"), marked("undo"), marked("forget"))
"""What else a run says by its own names, for the catalogue."""


@dataclass(frozen=True, slots=True)
class KnownNumber:
    """What files and record say of one number."""

    number: str
    desired: Sequence[Desired]
    entries: Sequence[Entry]
    intents: Sequence[Intent]


def on_clock(moment: str, zone: str, say: Wording) -> str:
    """An RFC 3339 time as clocks of a zone show it: `Thu 2026-12-31 18:30 Europe/Moscow`."""
    return f"{local_time(int(epoch(moment)), zone, say)} {zone}"


def record(
    state: RecordState, holders: Sequence[Holder], runs: Sequence[Run], where: str, columns: int, zone: str = "UTC"
) -> Page:
    """The whole record: its identity, locks, unsettled writes, entries and latest runs; times are those of a zone."""
    page: Page = [line(f"{where}: {plural(len(state.entries), 'entry', 'entries')}, serial {state.serial}")]
    if state.lineage:
        page.append(line(Span(f"lineage {state.lineage}", Tone.FAINT)))
    page += [line(Span(f"locked: {holder.what} by {holder}", Tone.WARNING)) for holder in holders]
    for window in state.windows:
        addresses = ", ".join(f"{intent.account}/{intent.key.number}" for intent in window.intents)
        start = line(Span(f"unsettled since {on_clock(window.opened_at, zone, SHORT)}: ", Tone.WARNING))
        page += hanging(start, f"{addresses} (the next apply settles them)", columns)
    if state.scenario:
        page.append(line(Span(f"scenario {state.scenario} is in force", Tone.WARNING)))
    if state.entries:
        rows = [_entry_row(state.entries[key]) for key in sorted(state.entries)]
        page += [EMPTY, *table(("NUMBER", "ACCOUNT", "WRITTEN", "VALUE"), rows, columns)]
    if runs:
        page += [EMPTY, *table(("RUN", "STARTED", "BY", "WHAT"), [_run_row(run, zone) for run in runs], columns)]
    return page


def record_json(state: RecordState, holders: Sequence[Holder], runs: Sequence[Run], where: str) -> dict[str, Any]:
    """The content of the JSON answer."""
    return {
        "record": where,
        "name": state.name,
        "lineage": state.lineage,
        "serial": state.serial,
        "scenario": state.scenario or None,
        "entries": [entry_json(state.entries[key]) for key in sorted(state.entries)],
        "unsettled": [
            {"run": window.run_id, "opened_at": window.opened_at, "numbers": [_of(intent) for intent in window.intents]}
            for window in state.windows
        ],
        "locks": [holder_json(holder) for holder in holders],
        "runs": [run_json(run) for run in runs],
    }


def number(known: KnownNumber, say: Wording, columns: int, zone: str = "UTC") -> Page:
    """What is wanted of a number, and what was last written, on the clocks of a zone."""
    page: Page = [line(Span(known.number, Tone.STRONG))]
    for desired in known.desired:
        page += _value(say.word("declared"), form(desired.value).json, say, columns)
        place = f"{desired.declared_at.file}:{desired.declared_at.line}"
        page += _fact("", say.word("{place}, account {account}", place=place, account=desired.account), columns)
    if not known.desired:
        page += _fact(say.word("declared"), say.word("in no file"), columns)
    for entry in known.entries:
        page += _value(say.word("recorded"), json.loads(entry.value), say, columns)
        proof = say.word("read back equal") if entry.confirmed else say.word("accepted, could not be read back")
        run = say.word("run {run}", run=entry.run_id[:12])
        page += _fact("", f"{on_clock(entry.written_at, zone, say)}, {run}, {proof}", columns)
    if not known.entries:
        page += _fact(say.word("recorded"), say.word("not at all"), columns)
    for intent in known.intents:
        text = say.word("the run was interrupted; the next apply settles it")
        page += _fact(say.word("unsettled"), f"{say.word(intent.action)}: {text}", columns)
    return page


def number_json(known: KnownNumber) -> dict[str, Any]:
    """The content of the JSON answer."""
    return {
        "number": known.number,
        "declared": [
            {"address": each.address, "value": form(each.value).json, "declared_at": str(each.declared_at)}
            for each in known.desired
        ],
        "recorded": [entry_json(entry) for entry in known.entries],
        "unsettled": [_of(intent) for intent in known.intents],
    }


def run(shown: Run, say: Wording, columns: int, zone: str = "UTC") -> Page:
    """A past run, on the clocks of a zone, and what became of each change."""
    page: Page = [line(say.word("run {run}", run=""), Span(shown.id, Tone.STRONG))]
    whose = {"origin": say.word(shown.origin), "user": f"{shown.user}@{shown.host}", "process": shown.pid}
    page += _fact(say.word("what"), say.word("{origin}, by {user} (process {process})", **whose), columns)
    began = on_clock(shown.started_at, zone, say)
    end = on_clock(shown.finished_at, zone, say) if shown.finished_at else say.word("no end: interrupted")
    page += _fact(say.word("when"), say.word("{first} to {last}", first=began, last=end), columns)
    if shown.commit:
        page += _fact(say.word("commit"), shown.commit, columns)
    if shown.overrides:
        page += _fact(say.word("permitted"), ", ".join(shown.overrides), columns)
    head = [say.word("OUTCOME"), say.word("NUMBER"), say.word("ACTION"), say.word("REMARK")]
    rows = [_result_row(row, say) for row in shown.results]
    page += [EMPTY, *table(head, rows, columns)] if rows else []
    for row in shown.results:
        told = list(_changed(row, say, columns))
        page += [EMPTY, line(Span(str(row["address"]), Tone.STRONG)), *told] if told else []
    return page


def _changed(row: Mapping[str, Any], say: Wording, columns: int) -> Iterator[Line]:
    """What a change was about: its fields, or both values where they are of different types or one is not known."""
    before, after = row.get("before"), row.get("after")
    if isinstance(before, dict) and isinstance(after, dict) and before.get("type") == after.get("type"):
        yield from row_lines(rows_of(field_changes(Form(before), Form(after)), say), columns)
    elif after is not None:
        was, wanted = say.word("was"), say.word("became") if row.get("outcome") in _TAKEN else say.word("wanted")
        yield from (
            _value(was, before, say, columns) if before is not None else _fact(was, say.word("not known"), columns)
        )
        yield from _value(wanted, after, say, columns)
    for path, lost in sorted(row.get("lost", {}).items()):
        text = say.word("{field} was {value}", field=path, value=json.dumps(lost, ensure_ascii=False))
        yield from _fact(say.word("not kept"), text, columns)


def run_json(shown: Run) -> dict[str, Any]:
    """A run as JSON content."""
    return {
        "run_id": shown.id,
        "origin": shown.origin,
        "started_at": shown.started_at,
        "finished_at": shown.finished_at or None,
        "user": shown.user,
        "host": shown.host,
        "commit": shown.commit or None,
        "overrides": list(shown.overrides),
        "results": [dict(row) for row in shown.results],
    }


def entry_json(entry: Entry) -> dict[str, Any]:
    """An entry as JSON content; sensitive parts are masked in it already."""
    return {
        "address": f"{entry.account}/{entry.key.number}",
        "provider": entry.key.provider,
        "kind": entry.key.kind.value,
        "value": json.loads(entry.value),
        "confirmed": entry.confirmed,
        "protected": entry.protected,
        "written_at": entry.written_at,
        "run_id": entry.run_id,
    }


def holder_json(holder: Holder) -> dict[str, Any]:
    """Who holds a lock, as JSON content."""
    return {
        "account": holder.account,
        "host": holder.host,
        "user": holder.user,
        "pid": holder.pid,
        "run_id": holder.run_id,
        "since": holder.since,
    }


def _entry_row(entry: Entry) -> tuple[str, str, str, str]:
    return entry.key.number, entry.account, entry.written_at[:10], summary(json.loads(entry.value))


def _run_row(shown: Run, zone: str) -> tuple[str, str, str, str]:
    what = shown.origin if shown.finished_at else f"{shown.origin}, interrupted"
    return shown.id[:12], on_clock(shown.started_at, zone, SHORT), f"{shown.user}@{shown.host}", what


def _result_row(row: Mapping[str, Any], say: Wording) -> tuple[str, str, str, str]:
    outcome, address, action, error = (str(row.get(name) or "") for name in ("outcome", "address", "action", "error"))
    return say.word(outcome) if outcome else "", address, say.word(action) if action else "", error


def _value(label: str, value: dict[str, Any], say: Wording, columns: int) -> Iterator[Line]:
    for at, text in enumerate([summary(value, say), *details(value, say)]):
        yield from _fact(label if at == 0 else "", text, columns)


def _fact(label: str, text: str, columns: int) -> Iterator[Line]:
    yield from hanging(line("  ", Span(pad(label, _LABEL), Tone.FAINT)), text, columns)


def _of(intent: Intent) -> str:
    return f"{intent.account}/{intent.key.number}"
