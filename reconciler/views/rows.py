"""Declared numbers as rows: who they ring, for how long and when; drawn as a table, as CSV and as JSON.

Knows neither files nor options.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from reconciler.canonical import Json, form
from reconciler.model import Desired
from reconciler.views.base import EMPTY, Page, line, plural
from reconciler.views.human.tables import table
from reconciler.views.human.values import details, schedule, summary

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
    rows = [_row(desired) for desired in shown]
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


def _row(desired: Desired) -> tuple[str, str, str]:
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
