"""Outputs that did something when they were opened, printed or looked for: formulas, commands, hidden characters."""

from __future__ import annotations

import csv
import io

import pytest
from markupsafe import escape

from reconciler.diagnostics import Diagnostic, Severity
from reconciler.secrets import Secrets
from reconciler.views import rows
from reconciler.views.web import failure
from tests.cli import conftest
from tests.cli.conftest import Workplace
from tests.world import desired, url

cli, sandbox, workplace = conftest.cli, conftest.sandbox, conftest.workplace

AWKWARD = 's3cr&tABCDEF<gh"i'
FORMULAS = ['=HYPERLINK("http://evil","x")', "+1-cmd|' /C calc'!A0", "-1+1", "@SUM(1)", " =1+1", "\t=1", "＝1+1"]


@pytest.mark.parametrize("command", ["plan --refresh none", "calendar", "audit"])
def test_a_secret_does_not_hide_in_the_escapes_of_a_page(workplace: Workplace, command: str) -> None:
    workplace.environ["RECONCILER_VAR_X"] = AWKWARD
    workplace.edit("Горячая линия, Москва", f"|-\n      {AWKWARD}")
    workplace.edit('to: "74992223344",', f"to: \"74992223344\", name: '{AWKWARD}',")
    page = workplace.run(*command.split(), "--format", "html").stdout
    assert page.startswith("<!DOCTYPE html>")
    assert str(escape(AWKWARD)) not in page
    assert "s3cr" not in page


def test_a_secret_does_not_hide_in_the_escapes_of_a_page_of_failures() -> None:
    found = Diagnostic("command-failed", Severity.ERROR, f"no {AWKWARD}", hint=AWKWARD)
    page = failure.page("plan", [found], Secrets({"RECONCILER_VAR_X": AWKWARD}).redact)
    assert "s3cr" not in page
    assert "no ***" in page


def test_a_secret_does_not_hide_in_the_quotes_of_a_csv_cell() -> None:
    shown = [desired(1, url(), description=AWKWARD)]
    told = rows.as_csv(shown, Secrets({"RECONCILER_VAR_X": AWKWARD}).redact)
    assert "s3cr" not in told
    assert next(csv.DictReader(io.StringIO(told)))["description"] == "***"


@pytest.mark.parametrize("text", FORMULAS)
def test_no_cell_is_a_formula_to_a_spreadsheet_unless_cells_are_to_be_raw(text: str) -> None:
    shown = [desired(1, url(), description=text)]
    cell = next(csv.DictReader(io.StringIO(rows.as_csv(shown))))["description"]
    assert cell == f"'{text}"
    assert next(csv.DictReader(io.StringIO(rows.as_csv(shown, raw=True))))["description"] == text


def test_raw_cells_are_asked_for_by_name(workplace: Workplace) -> None:
    workplace.edit("Горячая линия, Москва", "'=1+1'")
    told = [workplace.run("list", "--format", "csv", *more).stdout for more in ((), ("--raw",))]
    assert [",'=1+1," in text for text in told] == [True, False]
    assert ",=1+1," in told[1]
    assert workplace.run("list", "--raw").exit_code == 64
