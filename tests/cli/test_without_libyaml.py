"""A PyYAML that was built without libyaml: every command works, says the same, and says once why it is slower."""

from __future__ import annotations

import json
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from tests.architecture.imports import REPOSITORY

EXAMPLES = REPOSITORY / "examples"
ROOTS = sorted(path.parent for path in EXAMPLES.rglob("reconciler.yaml") if path.is_file())
BOUNDED = {"yaml-expansion"}  # which takes a while by either, and is tried elsewhere
NOTE = "note: this PyYAML has no libyaml: large files are read some 20 times slower"

# Validates each folder in one process, as a start of Python a folder would take most of the time.
PROGRAM = """
import json, sys
if sys.argv[1] == "without":
    sys.modules["yaml._yaml"] = None  # how Python marks a module that cannot be imported
from click.testing import CliRunner
from reconciler.cli import main
from reconciler.document.libyaml import PARSER
results = [CliRunner().invoke(main, ["-C", folder, "validate", "--format", "json"]) for folder in sys.argv[2:]]
print(json.dumps([PARSER is None, [(each.exit_code, each.stdout, each.stderr) for each in results]]))
"""


@cache
def told(which: str) -> tuple[bool, dict[str, tuple[int, Any, str]]]:
    folders = [str(path) for path in ROOTS if path.name not in BOUNDED]
    ended = subprocess.run(
        [sys.executable, "-c", PROGRAM, which, *folders], capture_output=True, text=True, check=True, cwd=REPOSITORY
    )
    is_missing, results = json.loads(ended.stdout)
    return is_missing, {
        folder: (code, json.loads(out), " ".join(err.split()))
        for folder, (code, out, err) in zip(folders, results, strict=True)
    }


def test_every_example_is_judged_alike_with_and_without() -> None:
    (is_missing, judged), (is_missing_too, expected) = told("without"), told("with")
    assert (is_missing, is_missing_too, len(judged) > 100) == (True, False, True)
    assert {folder: each[:2] for folder, each in judged.items()} == {
        folder: each[:2] for folder, each in expected.items()
    }


def test_why_it_is_slower_is_said_once_and_only_there() -> None:
    assert {err.count(NOTE) for _code, _out, err in told("without")[1].values()} == {1}
    assert {err.count("libyaml") for _code, _out, err in told("with")[1].values()} == {0}


def run(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    program = "import sys; sys.modules['yaml._yaml'] = None; from reconciler.__main__ import start; start()"
    return subprocess.run(
        [sys.executable, "-c", program, "-C", str(folder), *arguments], capture_output=True, text=True, check=False
    )


def test_who_asks_for_less_is_not_told() -> None:
    ended = run(EXAMPLES / "quickstart", "validate", "--quiet")
    assert (ended.returncode, ended.stderr) == (0, "")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("version: 1\nname: [a, b\n", "there is a syntax error in this `{…}` or `[…]`"),
        ('version: 1\nname: "a "quoted" name"\n', "the quote that begins here ends in column 10"),
        ("version: 1\nname: a\n  other: b\n", "there is a second `: ` where only one value can be"),
        ("version: 1\nnumbers:\n    a: 1\n  b: 2\n", "this line's indentation does not match any map above it"),
        ("version: 1\nname: @a\n", "a text cannot begin with this character"),
        ("version: 1\nname: *nobody\n", "there is no &nobody above"),
    ],
)
def test_what_is_broken_is_told_in_the_same_words(text: str, expected: str, tmp_path: Path) -> None:
    (tmp_path / "reconciler.yaml").write_text(text, "utf-8")
    ended = run(tmp_path, "validate")
    assert (ended.returncode, expected in ended.stderr + ended.stdout) == (1, True), ended
