"""Whatever happens, a command prints one document in the format that was asked for; a new format is one object."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from collections.abc import Callable
from typing import NoReturn
from xml.etree import ElementTree as ET

import pytest

from reconciler.cli import errors
from reconciler.cli.process import Process
from reconciler.views.formats import FORMATS, serving
from reconciler.views.results import Kind
from tests.cli.conftest import Cli, Workplace
from tests.unit.views.ci.readers import runner

COMMANDS: dict[Kind, tuple[str, ...]] = {
    "answer": ("route", "74991000000"),
    "plan": ("plan",),
    "audit": ("audit",),
    "calendar": ("calendar",),
    "numbers": ("list",),
}
SERVED = [(name, command) for kind, command in COMMANDS.items() for name in serving(kind)]


def is_xml(text: str) -> bool:
    return ET.fromstring(text).tag == "testsuites"


def is_json(text: str) -> bool:
    return json.loads(text) is not None


# Whether a text is exactly one document that says that a command failed.
IS_FAILURE: dict[str, Callable[[str], bool]] = {
    "text": lambda text: text == "",
    "json": lambda text: list(json.loads(text)) == ["format_version", "diagnostics"],
    "html": lambda text: text.count("<!DOCTYPE html>") == text.count("</html>") == 1,
    "markdown": lambda text: text.count("### reconciler") == 1 and text.count("```") == 2,
    "github": lambda text: text != "" and all(runner(line) is not None for line in text.splitlines()),
    "gitlab": is_json,
    "sarif": lambda text: json.loads(text)["runs"][0]["invocations"] == [{"executionSuccessful": False}],
    "junit": is_xml,
    "gitlab-junit": is_xml,
    "gitlab-terraform": lambda text: list(json.loads(text)) == ["error"],
    "csv": lambda text: text == "",
}


def test_every_format_is_read_here() -> None:
    assert IS_FAILURE.keys() == FORMATS.keys()
    assert {name for name, _command in SERVED} == FORMATS.keys()


@pytest.mark.parametrize(("name", "command"), SERVED)
def test_a_failing_command_prints_one_document(name: str, command: tuple[str, ...], workplace: Workplace) -> None:
    ended = workplace.run(*command, "--scenario", "nowhere", "--format", name)
    assert ended.exit_code == 1
    assert IS_FAILURE[name](ended.stdout)
    assert "scenario" in ended.stdout + ended.stderr


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize("words", [("--frob",), ("--deadline", "x")], ids=" ".join)
def test_wrong_usage_is_told_in_the_format_that_was_asked_for(name: str, words: tuple[str, ...], cli: Cli) -> None:
    for command in ("plan", "list", "apply", "doctor", "nonsense"):
        ended = cli(command, f"--format={name}", *words)
        assert ended.exit_code == 64
        assert IS_FAILURE[name](ended.stdout), ended.stdout


@pytest.mark.parametrize(
    "error", [RuntimeError("x"), KeyboardInterrupt(), OSError(28, "full"), errors.command_error("unknown-account", "b")]
)
@pytest.mark.parametrize("name", FORMATS)
def test_faults_and_interruptions_are_one_document(name: str, error: BaseException) -> None:
    assert IS_FAILURE[name](after_nothing := said(name, error))
    if name != "github":  # whose lines are many documents
        assert said(name, error, after_nothing) == after_nothing


def said(name: str, error: BaseException, before: str = "") -> str:
    """What is on standard output when a command fails, perhaps after its document."""

    def work() -> NoReturn:
        if before:
            FORMATS[name].failure(process, errors.command_error("unknown-account", "b").diagnostics)
            process.screen.out.seek(0)
            process.screen.out.write(before)
            process.screen.out.truncate()
        raise error

    process = Process(environ={}, format=FORMATS[name], command="plan")
    process.screen.out = out = io.StringIO()
    process.screen.err = io.StringIO()
    assert errors.run(work, process) != 0
    return out.getvalue()


INVENTED = """
import sys
from dataclasses import replace
from reconciler.views.formats import JSON, register

def failed(output, found):
    output.screen.table("<failed>" + ", ".join(item.code for item in found) + "</failed>\\n")

def result(output, shown):
    output.screen.table(f"<result>{type(shown).__name__}</result>\\n")

register(replace(JSON, name="invented", failure=failed, results=dict.fromkeys(JSON.results, result)))

from reconciler.__main__ import start
sys.argv[0] = "reconciler"
start()
"""


@pytest.mark.parametrize(
    ("command", "shown"),
    [
        (("validate",), "Validated"),
        (("plan", "--out", "plan.json"), "Planned"),
        (("show", "plan.json"), "Planned"),
        (("audit",), "Audited"),
        (("calendar",), "CalendarView"),
        (("list",), "Listed"),
        (("apply", "--auto-approve"), "Answer"),
        (("show", "74991000000"), "Answer"),
        (("undo",), "Answer"),
        (("record", "list"), "Answer"),
        (("doctor",), "Answer"),
        (("period", "explain", "wd {mon}"), "Answer"),
    ],
    ids=lambda words: " ".join(words) if isinstance(words, tuple) else "",
)
def test_an_invented_format_is_one_object_that_every_command_takes(
    command: tuple[str, ...], shown: str, workplace: Workplace
) -> None:
    if command[0] == "show":
        workplace.run("plan", "--out", "plan.json")
    if command[0] == "undo":
        workplace.applied()
    for words, told in (((), f"<result>{shown}</result>\n"), (("--frob",), "<failed>usage</failed>\n")):
        arguments = ["-C", str(workplace.folder), *command, "--format", "invented", *words]
        program = [sys.executable, "-c", INVENTED, *arguments]
        done = subprocess.run(program, env=workplace.environ, capture_output=True, text=True, check=False)
        assert done.stdout == told, done.stderr
