"""Rows in columns: as wide as their content, the last one taking and wrapping what is left.

Declared numbers and the checks of `doctor` are such rows; numbers also as CSV and as JSON. Knows neither files nor
options.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from reconciler.canonical import Json, form
from reconciler.model import Desired
from reconciler.views.base import EMPTY, Line, Page, Span, Tone, line, pad, plural, width, wrap
from reconciler.views.human.values import details, schedule, summary

_GAP = 2
_NARROWEST = 24

Cell = str | Span


def table(head: Sequence[str], rows: Sequence[Sequence[Cell]], columns: int) -> Iterator[Line]:
    """Rows under a head; the last column wraps."""
    broad = [max(width(_text(row[at])) for row in [head, *rows]) for at in range(len(head))]
    room = max(columns - sum(broad[:-1]) - _GAP * (len(head) - 1), _NARROWEST)
    yield _row([Span(cell, Tone.STRONG) for cell in head[:-1]], broad, Span(head[-1], Tone.STRONG))
    for row in rows:
        yield from _wrapped(row, broad, room)


def _wrapped(row: Sequence[Cell], broad: Sequence[int], room: int) -> Iterator[Line]:
    last = row[-1]
    tone = last.tone if isinstance(last, Span) else Tone.PLAIN
    first, *rest = (part for each in _text(last).split("\n") for part in wrap(each, room))
    yield _row(row[:-1], broad, Span(first, tone))
    for part in rest:
        yield _row(["" for _ in row[:-1]], broad, Span(part, tone))


def _row(cells: Sequence[Cell], broad: Sequence[int], last: Span) -> Line:
    spans = [_padded(cell, columns) for cell, columns in zip(cells, broad, strict=False)]
    return (*spans, last)


def _padded(cell: Cell, columns: int) -> Span:
    tone = cell.tone if isinstance(cell, Span) else Tone.PLAIN
    return Span(pad(_text(cell), columns) + " " * _GAP, tone)


def _text(cell: Cell) -> str:
    return cell.text if isinstance(cell, Span) else cell


class Health(StrEnum):
    """How a check went."""

    OK = "ok"
    WARN = "warn"
    FAIL = "fail"


_TONES = {Health.OK: Tone.ADDED, Health.WARN: Tone.WARNING, Health.FAIL: Tone.ERROR}


@dataclass(frozen=True, slots=True)
class Check:
    """One check: what was looked at, how it is, a sentence, and a remedy."""

    what: str
    health: Health
    message: str
    hint: str | None = None


def checks(shown: Sequence[Check], columns: int) -> Page:
    """All checks in a table, and what they mean together."""
    rows = [(Span(check.health.value, _TONES[check.health]), check.what, _check_text(check)) for check in shown]
    failed = sum(check.health is Health.FAIL for check in shown)
    warned = sum(check.health is Health.WARN for check in shown)
    if failed:
        verdict = line(Span(f"{plural(failed, 'check')} failed: see to it before you apply.", Tone.ERROR))
    elif warned:
        verdict = line(Span(f"Nothing would stop an apply; {plural(warned, 'warning')}.", Tone.WARNING))
    else:
        verdict = line(Span("Nothing would stop an apply.", Tone.ADDED))
    return [*table(("", "CHECK", "FOUND"), rows, columns), EMPTY, verdict]


def checks_json(shown: Sequence[Check]) -> list[dict[str, Any]]:
    """The content of the JSON answer."""
    return [
        {"check": check.what, "status": check.health.value, "message": check.message, "hint": check.hint}
        for check in shown
    ]


def _check_text(check: Check) -> str:
    return f"{check.message}\nhint: {check.hint}" if check.hint else check.message


_CSV_QUOTED = ('"', ",", "\n", "\r")
_FORMULAS = ("=", "+", "-", "@", "＝", "＋", "－", "＠")  # and their full-width twins
_CSV_HEAD = (
    "number",
    "account",
    "type",
    "to",
    "timeout_seconds",
    "schedule",
    "active",
    "tags",
    "description",
    "declared_at",
)


def human(shown: Sequence[Desired], columns: int) -> Page:
    """A table with a line that counts."""
    if not shown:
        return [line("No numbers.")]
    rows = [_number_row(desired) for desired in shown]
    head = ("NUMBER", "ACCOUNT", "CALLS GO TO")
    return [*table(head, rows, columns), EMPTY, line(plural(len({desired.address for desired in shown}), "number"))]


def as_csv(shown: Iterable[Desired], clean: Callable[[str], str] = str, *, raw: bool = False) -> str:
    """One row a target, with a head; times in seconds.

    `clean` takes secrets out of each text before it is quoted. A text that a spreadsheet would run as a formula has an
    apostrophe before it, unless cells are to be `raw`.
    """
    rows = [_CSV_HEAD, *(row for desired in shown for row in _csv_rows(desired))]
    return "".join(",".join(_cell(clean(text), raw=raw) for text in row) + "\n" for row in rows)


def _cell(text: str, *, raw: bool) -> str:
    """A cell in quotes where need be."""
    if not raw and (text.lstrip().startswith(_FORMULAS) or text[:1] in ("\t", "\r")):
        text = f"'{text}"
    if any(mark in text for mark in _CSV_QUOTED):
        return '"' + text.replace('"', '""') + '"'
    return text


def as_json(shown: Iterable[Desired]) -> list[dict[str, Any]]:
    """One object a managed block."""
    return [
        {
            "address": desired.address,
            "number": desired.key.number,
            "account": desired.account,
            "kind": desired.key.kind.value,
            "value": form(desired.value).json,
            "tags": list(desired.tags),
            "description": desired.description,
            "protected": desired.protected,
            "declared_at": str(desired.declared_at),
        }
        for desired in shown
    ]


def _number_row(desired: Desired) -> tuple[str, str, str]:
    value = form(desired.value).json
    lines = [desired.description] if desired.description else []
    lines += [summary(value), *details(value)]
    lines += [f"tags {', '.join(desired.tags)}"] if desired.tags else []
    return desired.key.number, desired.account, "\n".join(lines)


def _csv_rows(desired: Desired) -> list[list[str]]:
    value = form(desired.value).json
    tail = [" ".join(desired.tags), desired.description, f"{desired.declared_at.file}:{desired.declared_at.line}"]
    head = [desired.key.number, desired.account, value["type"]]
    return [[*head, *middle, *tail] for middle in _destinations(value)]


def _destinations(value: Json) -> list[list[str]]:
    """To, timeout, schedule and active of each place that calls go to."""
    match value["type"]:
        case "number":
            return [
                [each["to"], str(each["timeout"]), schedule(each["schedule"]), str(each["active"]).lower()]
                for each in value["targets"]
            ]
        case "sip_trunk":
            return [[f"{value['static_ip']}:{value['port']}", str(value["timeout"]), "", ""]]
        case "parking":
            return [["parked" if value["parking"] else "", "", "", ""]]
        case _:
            reserve = [[value["reserve"], "", "reserve", ""]] if value.get("reserve") else []
            return [[value.get("url") or value.get("sip_uri") or "", "", "", ""], *reserve]
