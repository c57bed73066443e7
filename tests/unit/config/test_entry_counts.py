"""Targets that become many entries at the vendor are told, with what makes them many and the way out."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from reconciler.config.load import load as load_configuration
from reconciler.diagnostics import Diagnostic, Severity
from reconciler.providers.table import PROVIDERS

# Two ranges a day, each of other minutes than any other: nothing can be put together, so each takes an entry.
DAYS = tuple(
    f"{day}: ['09:{10 + at}-09:{20 + at}', '11:{30 + at}-11:{40 + at}']"
    for at, day in enumerate(("mon", "tue", "wed", "thu", "fri"))
)
TEXT = """\
version: 1
accounts: {sales: {provider: exolve, api_key: {env: K}SETTING}}
defaults: {account: sales, timeout: 20, timezone: Europe/Moscow, calendar_until: 2027-12-31}
schedules:
  hours: {weekly: {DAYS}EXCEPT}
profiles:
  hotline:
    forwarding: {type: number, redirect: sequential, targets: [TARGETS]}
numbers:
  "74991112233": {use: [hotline]}
  "74991112244": {use: [hotline]}
"""
TARGETS = '{to: "74992223344", schedule: hours}, {to: "74993334455"}'


def found(
    folder: Path, *, days: int = 5, setting: str = "", excepted: str = "", targets: str = TARGETS
) -> list[Diagnostic]:
    text = TEXT.replace("SETTING", setting).replace("DAYS", ", ".join(DAYS[:days]))
    (folder / "reconciler.yaml").write_text(text.replace("EXCEPT", excepted).replace("TARGETS", targets), "utf-8")
    loaded = load_configuration(folder, PROVIDERS, today=date(2026, 11, 29))
    return [item for item in loaded.diagnostics if item.code in ("entries-many", "targets-many")]


def test_more_than_ten_entries_are_told_once_for_numbers_that_are_alike(tmp_path: Path) -> None:
    (told,) = found(tmp_path)
    assert (told.code, told.severity) == ("entries-many", Severity.NOTICE)
    assert "74991112233, 74991112244: 2 targets become 11 entries at the vendor" in told.message
    assert "`union: entries`; up to 10 a target" in told.message
    assert "holidays" not in told.message
    assert told.hint == "with `accounts.sales.period: {union: comma}` each target is one entry"
    assert told.location is not None


def test_ten_entries_are_not_told(tmp_path: Path) -> None:
    assert found(tmp_path, targets='{to: "74992223344", schedule: hours}') == []
    assert found(tmp_path, days=4) == []


def test_many_targets_of_one_entry_each_are_not_told(tmp_path: Path) -> None:
    many = ", ".join(f'{{to: "749922233{at}"}}' for at in range(10, 22))
    assert found(tmp_path, targets=many) == []
    assert found(tmp_path, setting=", period: {union: comma}") == []


def test_public_holidays_are_named_as_what_makes_them_many(tmp_path: Path) -> None:
    (told,) = found(tmp_path, excepted=", except: [{public: RU}], workday_as: mon")
    assert "public holidays are written out up to 2027-12-31" in told.message
    assert (told.hint or "").endswith("or choose an earlier defaults.calendar_until")


@pytest.mark.parametrize(("limit", "errors"), [(10, 1), (11, 0)])
def test_more_than_the_account_allows_is_an_error(tmp_path: Path, limit: int, errors: int) -> None:
    told = [item for item in found(tmp_path, setting=f", max_entries: {limit}") if item.is_error]
    assert [item.code for item in told] == ["targets-many"] * errors
    assert all("2 targets become 11 entries, but accounts.sales.max_entries is 10" in item.message for item in told)


@pytest.mark.parametrize("limit", ["0", "1001", "many"])
def test_a_limit_is_a_number_that_can_be_read_back(tmp_path: Path, limit: str) -> None:
    text = TEXT.replace("SETTING", f", max_entries: {limit}").replace("DAYS", DAYS[0]).replace("EXCEPT", "")
    (tmp_path / "reconciler.yaml").write_text(text.replace("TARGETS", TARGETS), "utf-8")
    codes = [item.code for item in load_configuration(tmp_path, PROVIDERS).diagnostics if item.is_error]
    assert codes == ["invalid-value"]


def test_years_that_are_over_take_no_entries(tmp_path: Path) -> None:
    found(tmp_path, excepted=", except: [{public: RU}], workday_as: mon")
    for today, past in ((date(2026, 1, 1), True), (date(2026, 1, 2), False), (date(2026, 12, 31), False)):
        configuration = load_configuration(tmp_path, PROVIDERS, today=today).configuration
        assert configuration is not None
        assert ("yr {2025}" in str(configuration.desired[0].value)) is past
