"""The table of formats: a row has everything a command may have to say, or is none."""

from __future__ import annotations

import io
from dataclasses import fields, replace
from typing import Any, get_args

import pytest

from reconciler.cli.process import Process
from reconciler.diagnostics import Diagnostic, Location, Related, Severity
from reconciler.formats.diagnostics import FailureJson, diagnostics_json, render
from reconciler.views.formats import FORMATS, JSON, TEXT, Format, register, serving
from reconciler.views.results import Kind

PARTS = {field.name: getattr(TEXT, field.name) for field in fields(Format) if field.name != "for_programs"}
PLACE = Location("a.yaml", 1, 2, 3, 4, excerpt="x")


@pytest.mark.parametrize("part", PARTS)
def test_a_format_that_lacks_a_part_cannot_be_made(part: str) -> None:
    parts: dict[str, Any] = {name: value for name, value in PARTS.items() if name != part}
    with pytest.raises(TypeError, match=part):
        Format(**parts)


@pytest.mark.parametrize("empty", [{"failure": None}, {"findings": None}, {"results": {"plan": None}}], ids=str)
def test_no_format_may_have_nothing_to_say(empty: dict[str, Any]) -> None:
    with pytest.raises(TypeError, match="the format text lacks a part"):
        replace(TEXT, **empty)


def test_a_name_is_taken_once() -> None:
    with pytest.raises(ValueError, match="there is a format json already"):
        register(replace(TEXT, name="json"))
    assert FORMATS["json"] is JSON


def test_the_first_format_of_every_command_is_text() -> None:
    kinds: tuple[Kind, ...] = get_args(Kind)
    assert {tuple(serving(kind)[:2]) for kind in kinds} == {("text", "json")}


@pytest.mark.parametrize(
    "found",
    [
        Diagnostic("interrupted", Severity.ERROR, "interrupted"),
        Diagnostic("a-rule", Severity.WARNING, 'a "б"', PLACE, "type it", (Related("there", PLACE),)),
        Diagnostic("a-rule", Severity.NOTICE, "half \u2028 of it", None, None, (Related("x", PLACE),) * 2),
    ],
)
def test_a_failure_in_json_is_spelled_as_its_schema_has_it(found: Diagnostic) -> None:
    process = Process(environ={}, format=JSON)
    process.screen.out = out = io.StringIO()
    JSON.failure(process, [found, found])
    assert out.getvalue() == render(FailureJson(diagnostics=diagnostics_json([found, found]))).replace("\u2028", "")
