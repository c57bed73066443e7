"""Outputs that did something when they were opened, printed or looked for: formulas, commands, hidden characters."""

from __future__ import annotations

import csv
import io
import json
import re
from functools import partial
from xml.etree import ElementTree as ET

import pytest
from markupsafe import escape

from reconciler.diagnostics import Diagnostic, Severity
from reconciler.secrets import Secrets
from reconciler.views.base import OutputForm, line
from reconciler.views.human import tables
from reconciler.views.screen import Redact, Screen
from reconciler.views.web import pages
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
    page = pages.failure_page("plan", [found], Secrets({"RECONCILER_VAR_X": AWKWARD}).redact)
    assert "s3cr" not in page
    assert "no ***" in page


def test_a_secret_does_not_hide_in_the_quotes_of_a_csv_cell() -> None:
    shown = [desired(1, url(), description=AWKWARD)]
    told = tables.as_csv(shown, Secrets({"RECONCILER_VAR_X": AWKWARD}).redact)
    assert "s3cr" not in told
    assert next(csv.DictReader(io.StringIO(told)))["description"] == "***"


@pytest.mark.parametrize("text", FORMULAS)
def test_no_cell_is_a_formula_to_a_spreadsheet_unless_cells_are_to_be_raw(text: str) -> None:
    shown = [desired(1, url(), description=text)]
    cell = next(csv.DictReader(io.StringIO(tables.as_csv(shown))))["description"]
    assert cell == f"'{text}"
    assert next(csv.DictReader(io.StringIO(tables.as_csv(shown, raw=True))))["description"] == text


def test_raw_cells_are_asked_for_by_name(workplace: Workplace) -> None:
    workplace.edit("Горячая линия, Москва", "'=1+1'")
    told = [workplace.run("list", "--format", "csv", *more).stdout for more in ((), ("--raw",))]
    assert [",'=1+1," in text for text in told] == [True, False]
    assert ",=1+1," in told[1]
    assert workplace.run("list", "--raw").exit_code == 64


RUNNERS = {
    "azure": ({"TF_BUILD": "True"}, ["##vso[task.setvariable variable=x]y", "a ##VSO[task.x]y", "##[group]x"]),
    "teamcity": ({"TEAMCITY_VERSION": "2026.1"}, ["##teamcity[buildStatus text='x']", "a ##teamcity[x]"]),
    "github": ({"GITHUB_ACTIONS": "true"}, ["##[set-output name=x]y", "##vso[task.x]y"]),
}


def _cleaned(text: str, clean: Redact) -> str:
    return clean(text)


@pytest.mark.parametrize("runner", RUNNERS)
def test_no_text_is_a_command_to_the_runner_that_reads_it(runner: str) -> None:
    environ, commands = RUNNERS[runner]
    for command in commands:
        screen = Screen(environ, io.StringIO(), io.StringIO())
        screen.result([line(command)])
        screen.note([line(command)])
        screen.table(command)
        screen.transient(command)
        screen.drawn(partial(_cleaned, command), OutputForm.TEXT)
        for stream in (screen.out, screen.err):
            assert isinstance(stream, io.StringIO)
            assert stream.getvalue()
            assert not re.search(r"##(vso|teamcity)?\[", stream.getvalue(), re.IGNORECASE)


@pytest.mark.parametrize("command", ["##vso[task.x]y", "##teamcity[x]", "##[x]"])
def test_a_document_is_no_command_on_any_runner_and_says_the_same(command: str) -> None:
    screen = Screen({}, io.StringIO(), io.StringIO())
    screen.document(json.dumps({"description": command}))
    screen.drawn(lambda clean: f"<a>{clean(command)}</a>", OutputForm.XML)
    assert isinstance(screen.out, io.StringIO)
    document, _, xml = screen.out.getvalue().partition("<")
    assert command not in screen.out.getvalue()
    assert json.loads(document) == {"description": command}
    assert ET.fromstring(f"<{xml}").text == command


def test_commands_to_github_are_none_to_another_runner() -> None:
    screen = Screen({"TF_BUILD": "True"}, io.StringIO(), io.StringIO())
    screen.drawn(lambda clean: f"::notice::{clean('##vso[task.x]y')}\n", OutputForm.COMMANDS)
    assert isinstance(screen.out, io.StringIO)
    assert screen.out.getvalue() == "::notice::## vso[task.x]y\n"


UNSEEN = {
    "zero-width space": "a\u200bb",
    "soft hyphen": "a\u00adb",
    "word joiner": "a\u2060b",
    "tag": "a\U000e0041",
    "tag behind a flag": "\U0001f3f4\U000e0067\U000e007f",
    "filler": "\u3164",
    "invisible operator": "a\u2063b",
    "joiner between Latin letters": "a\u200db",
    "non-joiner between Cyrillic letters": "\u041f\u0440\u200c\u0438",
    "joiner at an end": "\u0645\u200d",
    "selector behind a selector": "\u2764\ufe0f\ufe0e",
    "selector behind nothing": "\ufe0f",
    "selector of an ideograph behind a letter": "a\U000e0100",
}
SEEN = {
    "Persian": "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645",
    "Hindi": "\u0915\u094d\u200d\u0937",
    "family": "\U0001f468\u200d\U0001f469\u200d\U0001f467",
    "rainbow flag": "\U0001f3f3\ufe0f\u200d\U0001f308",
    "keycap": "1\ufe0f\u20e3",
    "heart": "\u2764\ufe0f",
    "ideograph": "\u6e21\u9089\U000e0100",
}


@pytest.mark.parametrize("spelled", ["as it is", "escaped"])
@pytest.mark.parametrize("what", UNSEEN)
def test_a_character_that_nobody_sees_is_an_error_in_the_files(workplace: Workplace, what: str, spelled: str) -> None:
    text = UNSEEN[what] if spelled == "as it is" else json.dumps(UNSEEN[what])[1:-1]
    workplace.edit("Горячая линия, Москва", f'"{text}"')
    ended = workplace.run("validate", "--format", "json")
    assert ended.exit_code == 1
    assert "text-control" in ended.codes


@pytest.mark.parametrize("what", SEEN)
def test_characters_that_shape_what_is_seen_may_stand_where_they_do(workplace: Workplace, what: str) -> None:
    workplace.edit("Горячая линия, Москва", f'"{SEEN[what]}"')
    assert workplace.run("validate").exit_code == 0
    assert SEEN[what] in workplace.run("list", "-v").stdout


def test_a_character_that_nobody_sees_is_not_shown_of_a_vendors_text(workplace: Workplace) -> None:
    target = {"redirect_number": "74992223344", "timeout": "20", "active": True, "name": "a\u200bb\U000e0041\u00adc"}
    forwarding = {"redirect_type": 1, "call_control": [target]}
    workplace.sandbox.exolve.set("74991000001", {"call_forwarding_type": 2, "call_forwarding_number": forwarding})
    for form in ("text", "json", "html", "markdown", "junit"):
        shown = workplace.run("plan", "--format", form).stdout
        assert "abc" in shown
        assert not re.search("[\u200b\u00ad\U000e0041]", shown)
