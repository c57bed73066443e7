"""Rows in columns: as wide as their content, the broadest wrapping where there is no room.

Declared numbers and the checks of `doctor` are such rows; numbers also as CSV and as JSON. Knows neither files nor
options.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import zip_longest
from typing import Any

from reconciler.canonical import Json, form
from reconciler.effects.wording import PLAIN, Wording, marked
from reconciler.model import Desired
from reconciler.views.base import EMPTY, Line, Page, Span, Tone, least, line, pad, plural, width, wrap
from reconciler.views.human.values import summary, target

_GAP = 2

Cell = str | Span


def table(head: Sequence[str], rows: Sequence[Sequence[Cell]], columns: int) -> Iterator[Line]:
    """Rows under a head; where they are too broad together, the broadest columns wrap."""
    broad = _fitted([head, *rows], columns - _GAP * (len(head) - 1))
    for row in ([Span(cell, Tone.STRONG) for cell in head], *rows):
        yield from _wrapped(row, broad)


def _fitted(rows: Sequence[Sequence[Cell]], room: int) -> list[int]:
    """How broad each column is: as its texts are, and narrower where there is no room, but hardly than a word."""
    cells = [[_text(cell).split("\n") for cell in column] for column in zip(*rows, strict=True)]
    broad = [max(width(part) for cell in column for part in cell) for column in cells]
    words = [min(max(least(part) for cell in column for part in cell), room // 2) for column in cells]
    while sum(broad) > room and (loose := [at for at, most in enumerate(words) if broad[at] > most]):
        broad[max(loose, key=broad.__getitem__)] -= 1
    return broad


def _wrapped(row: Sequence[Cell], broad: Sequence[int]) -> Iterator[Line]:
    tones = [cell.tone if isinstance(cell, Span) else Tone.PLAIN for cell in row]
    texts = [
        [part for each in _text(cell).split("\n") for part in wrap(each, most)]
        for cell, most in zip(row, broad, strict=True)
    ]
    for parts in zip_longest(*texts, fillvalue=""):
        padded = [pad(part, most + _GAP) for part, most in zip(parts[:-1], broad, strict=False)]
        yield tuple(Span(part, tone) for part, tone in zip([*padded, parts[-1]], tones, strict=True))


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


def human(shown: Sequence[Desired], say: Wording, columns: int) -> Page:
    """A table with a line that counts; what a number is for is told with -v."""
    if not shown:
        return [line(say.word("No numbers."))]
    head = [say.word(title) for title in _HEAD]
    rows = [row for desired in shown for row in _number_rows(desired, say)]
    most = len(head) if say.full else len(head) - 1
    used = [at for at in range(most) if at < 3 or any(row[at] for row in rows)]
    drawn = table([head[at] for at in used], [[row[at] for at in used] for row in rows], columns)
    count = len({desired.address for desired in shown})
    return [*drawn, EMPTY, line(say.number(count, "{count} number", "{count} numbers"))]


_HEAD = (
    marked("NUMBER"),
    marked("ACCOUNT"),
    marked("FORWARDS TO"),
    marked("SCHEDULE"),
    marked("TAGS"),
    marked("DESCRIPTION"),
)
_BETWEEN = {"sequential": marked("then "), "parallel": marked("and "), "single": marked("or ")}


def _number_rows(desired: Desired, say: Wording) -> Iterator[tuple[str, ...]]:
    """A row a target; what is said of the number stands in the first."""
    value = form(desired.value).json
    start = (desired.key.number, desired.account)
    end = (", ".join(desired.tags), desired.description)
    for at, (to, when) in enumerate(_targets(value, say)):
        yield (*start, to, when, *end) if at == 0 else ("", "", to, when, "", "")


def _targets(value: Json, say: Wording) -> Iterator[tuple[str, str]]:
    """Where calls go and when, one after the other."""
    for at, each in enumerate(value.get("targets") or ()):
        between = say.word(_BETWEEN[value["redirect"]]) if at else ""
        yield between + target(each, say, with_schedule=False), say.schedule(each["schedule"])
    if not value.get("targets"):
        yield summary(value, say), ""
        if value.get("reserve"):
            yield say.word("reserve {who}", who=say.who(value["reserve"])), ""


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
                [each["to"], str(each["timeout"]), PLAIN.schedule(each["schedule"]), str(each["active"]).lower()]
                for each in value["targets"]
            ]
        case "sip_trunk":
            return [[f"{value['static_ip']}:{value['port']}", str(value["timeout"]), "", ""]]
        case "parking":
            return [["parked" if value["parking"] else "", "", "", ""]]
        case _:
            reserve = [[value["reserve"], "", "reserve", ""]] if value.get("reserve") else []
            return [[value.get("url") or value.get("sip_uri") or "", "", "", ""], *reserve]
