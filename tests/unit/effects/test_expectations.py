from __future__ import annotations

import time
from datetime import date
from itertools import pairwise
from pathlib import Path

import pytest

from reconciler.config.load import LoadResult
from reconciler.diagnostics import Diagnostic
from reconciler.effects.expectations import unmet
from tests.loading import load

HEAD = """version: 1
defaults: {account: sales, timeout: 20, timezone: Europe/Moscow, calendar_until: 2027-12-31}
accounts: {sales: {provider: exolve, api_key: {env: KEY}}}
contacts: {desk: {to: "74992223344"}, night: {to: "74992223355"}}
schedules:
  hours: {weekly: {mon-fri: 09:00-18:00}}
  lunch: {weekly: {mon-fri: 13:00-14:00}}
  evening: {weekly: {mon-fri: 17:30-18:30}}
numbers:
  "74991112233":
    forwarding: {type: number, redirect: sequential, targets: [{to: desk, schedule: hours}, {to: "74991112244"}]}
  "74991112244":
    forwarding: {type: number, targets: [{to: night, schedule: {not: lunch}}]}
  "74991112255": {forwarding: {type: sip_trunk, static_ip: 203.0.113.7, port: 5060}}
  "74991112266": {forwarding: {type: url, url: "https://example.com/route"}}
  "74991112277": {forwarding: none}
  "74991112278":
    forwarding: {type: number, targets: [{to: desk, schedule: {period: "zz {1}", verbatim: true}}, {to: night}]}
  "74991112279":
    forwarding: {type: number, redirect: sequential, targets: [{to: "74991112244"}, {to: desk}, {to: "74991112244"}]}
  "74991112280": {forwarding: {type: number, targets: [{to: "74991112244"}, {to: desk}]}}
  "74991112281":
    forwarding: {type: number, redirect: sequential, targets: [{to: "74991112244"}, {to: "74991112280"}]}
scenarios:
  storm: {numbers: {"74991112233": {forwarding: {type: number, targets: [{to: night}]}}}}
expectations:
"""


def loading(folder: Path, expectation: str) -> LoadResult:
    (folder / "reconciler.yaml").write_text(f"{HEAD}  - {expectation}\n", "utf-8")
    return load(folder, today=date(2026, 11, 29))


def broken(tmp_path: Path, expectation: str) -> list[Diagnostic]:
    loaded = loading(tmp_path, expectation)
    assert loaded.configuration is not None, loaded.diagnostics
    return [found for each in (loaded.configuration, *loaded.scenarios) for found in unmet(each)]


@pytest.mark.parametrize(
    "expectation",
    [
        '{call: "+7 (499) 111-22-33", during: evening, rings: [desk, night]}',
        '{call: "74991112233", at: "2026-11-30 12:00", rings: [desk, night]}',
        '{call: "74991112233", at: "2026-11-30T12:00:00+10:00", rings: [night]}',
        '{call: "74991112233", at: ["2026-11-29 12:00", "2026-11-30 08:59:59", "2026-11-30 18:00"], rings: [night]}',
        '{call: "74991112233", during: lunch, rings: [desk]}',
        '{call: "74991112244", during: lunch, rings: []}',
        '{call: "74991112233", during: {weekly: {mon: "09:00-13:00"}}, rings: ["74992223344", night]}',
        '{call: "74991112255", rings: ["203.0.113.7:5060"]}',
        '{call: "74991112266", rings: ["https://example.com/route"]}',
        '{call: "74991112277", rings: []}',
        '{call: "74991112279", during: evening, rings: [night, desk, night]}',
        '{call: "74991112281", during: evening, rings: [night, night]}',
        '{call: "74991112233", scenario: storm, rings: [night]}',
    ],
)
def test_what_is_so_is_not_told(tmp_path: Path, expectation: str) -> None:
    if "evening" in expectation:  # half of that time the desk is gone
        expectation = expectation.replace("evening", "{all: [evening, hours]}")
    assert broken(tmp_path, expectation) == []


@pytest.mark.parametrize(
    ("expectation", "told"),
    [
        ('{call: "74991112233", during: evening, rings: [desk, night]}', ["Mon-Fri 18:00-18:30: night"]),
        ('{call: "74991112233", during: hours, rings: [desk, night]}', ["Mon-Fri 13:00-14:00: desk"]),
        ('{call: "74991112233", during: hours, rings: [night, desk]}', ["13:00-14:00: desk", "14:00-18:00: desk"]),
        ('{call: "74991112244", rings: [night]}', ["Mon-Fri 13:00-14:00: nobody rings, where night"]),
        ('{call: "74991112266", rings: [night]}', ["74991112266 https://example.com/route rings"]),
        ('{call: "74991112233", at: "2026-11-29 09:00", rings: [desk]}', ["at Sun 2026-11-29 09:00: night"]),
        ('{call: "74991112233", scenario: storm, rings: [desk]}', ["night (74992223355) rings, where desk"]),
        ('{call: "74991112288", rings: [desk]}', ["74991112288 has no forwarding"]),
        ('{call: "74991112278", at: "2026-11-30 12:00", rings: [night]}', ["it is not known when zz {1} is on"]),
        ('{call: "74991112278", rings: [night]}', ["it is not known when zz {1} is on"]),
    ],
)
def test_what_is_not_so_is_told_with_its_times(tmp_path: Path, expectation: str, told: list[str]) -> None:
    found = broken(tmp_path, expectation)
    assert len(found) == len(told), found
    for item, words in zip(sorted(found, key=lambda each: each.message), sorted(told), strict=True):
        assert words in item.message
        assert item.code == "expectation-unmet"
        assert item.location is not None
        assert item.location.line == HEAD.count("\n") + 1


def test_one_minute_in_a_year_to_come_is_not_missed(tmp_path: Path) -> None:
    minute = "{period: 'yr {2031} mo {mar} md {10} hr {13} min {30}'}"
    (found,) = broken(tmp_path, f'{{call: "74991112244", during: {{any: [evening, {minute}]}}, rings: [night]}}')
    assert "2031" in found.message
    assert "13:30-13:31" in found.message


@pytest.mark.parametrize(
    ("expectation", "code"),
    [
        ('{call: "74991112233", at: 2026-11-28 12:00, rings: []}', "expectation-past"),
        ('{call: "74991112233", during: {dates: [2026-11-01]}, rings: [desk]}', "expectation-past"),
        ('{call: "74991112233", during: {dates: [2026-11-01]}, scenario: storm, rings: [desk]}', "expectation-past"),
        ('{call: "74991112233", at: soon, rings: []}', "invalid-value"),
        ('{call: "74991112233", at: [], rings: []}', "invalid-value"),
        ('{call: "74991112233", at: 2026-12-28 12:00, during: hours, rings: []}', "invalid-value"),
        ('{call: "74991112233", during: huors, rings: []}', "unknown-schedule"),
        ('{call: "74991112233", scenario: strom, rings: []}', "unknown-scenario"),
        ('{call: "74991112233", rings: [dsek]}', "unknown-contact"),
        ('{call: "84991112233", rings: [desk]}', "number-trunk-prefix"),
        ("{rings: [desk]}", "missing-key"),
        ('{call: "74991112233", rngs: [desk]}', "unknown-key"),
        ("desk", "wrong-type"),
    ],
)
def test_a_mistake_is_told_at_its_place(tmp_path: Path, expectation: str, code: str) -> None:
    loaded = loading(tmp_path, expectation)
    place = next(item.location for item in loaded.diagnostics if item.code == code)
    assert place is not None
    assert place.line == HEAD.count("\n") + 1


def test_numbers_that_double_a_call_at_each_step_are_judged_in_no_time(tmp_path: Path) -> None:
    steps = [f"749911130{step:02}" for step in range(60)]
    lines = [
        f'  "{here}": {{forwarding: {{type: number, redirect: sequential, targets: [{{to: "{on}"}}, {{to: "{on}"}}]}}}}'
        for here, on in pairwise(steps)
    ]
    numbers = "\n".join(["numbers:", *lines, ""])
    expectation = f'  - {{call: "{steps[0]}", rings: ["{steps[-1]}"]}}\n'
    (tmp_path / "reconciler.yaml").write_text(HEAD.replace("numbers:\n", numbers, 1) + expectation, "utf-8")
    loaded = load(tmp_path, today=date(2026, 11, 29))
    assert loaded.configuration is not None, loaded.diagnostics
    begun = time.monotonic()
    (found,) = unmet(loaded.configuration)
    assert time.monotonic() - begun < 5
    assert "then others ring" in found.message
    assert len(found.message) < 1_000


@pytest.mark.parametrize(("count", "told"), [(30, "in 11 more ways"), (201, "201 schedules decide who rings")])
def test_many_schedules_are_told_in_few_findings(tmp_path: Path, count: int, told: str) -> None:
    hours = [f"{{weekly: {{mon: '{each // 60:02}:{each % 60:02}-24:00'}}}}" for each in range(count)]
    targets = ", ".join(f'{{to: "7499222{each:04}", schedule: {when}}}' for each, when in enumerate(hours))
    number = (
        f'numbers:\n  "74991113000": {{forwarding: {{type: number, redirect: sequential, targets: [{targets}]}}}}\n'
    )
    text = HEAD.replace("numbers:\n", number, 1) + '  - {call: "74991113000", rings: [desk]}\n'
    (tmp_path / "reconciler.yaml").write_text(text, "utf-8")
    loaded = load(tmp_path, today=date(2026, 11, 29))
    assert loaded.configuration is not None, loaded.diagnostics
    found = list(unmet(loaded.configuration))
    assert told in found[-1].message
    assert len(found) <= 21
