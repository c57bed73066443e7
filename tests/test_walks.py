"""Every page that leads somewhere is walked: each of its commands runs, and shows what the page says."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.architecture.imports import REPOSITORY
from tests.walks import Command, File, Shell, agrees, steps, walk

DOCS = REPOSITORY / "docs"
PAGES = sorted([DOCS / "tutorial.md", DOCS / "ru" / "tutorial.md", *(DOCS / "howto").glob("*.md")])


needs = pytest.mark.skipif(
    not all(map(shutil.which, ("bash", "curl", "git"))), reason="the pages use bash, curl and git, and one is missing"
)


@needs
@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(DOCS)))
def test_every_command_of_a_page_runs_and_shows_what_it_says(
    page: Path, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    text = page.read_text("utf-8")
    wrong, renewed = walk(text, tmp_path)
    if request.config.getoption("--update-golden"):
        page.write_text(renewed, "utf-8")
    assert not wrong, "\n\n".join(wrong)
    assert sum(isinstance(step, Command) for step in steps(text)) > 2


# -- how pages are walked ---------------------------------------------------------------------------------------------


def test_a_page_is_files_and_commands_in_order() -> None:
    page = (
        'Text.\n\n```yaml title="a/b.yaml"\nx: 1\n```\n\n'
        "1. Step:\n\n   ```console\n   $ cat a/b.yaml\n   x: 1\n   $ true\n   ```\n"
        "\n```yaml\nnot: a file\n```\n\n```console\n$ cat <<'E'\n> one\n> E\none\n```\n"
    )
    assert list(steps(page)) == [
        File("a/b.yaml", "x: 1\n"),
        Command("cat a/b.yaml", "x: 1", 10),
        Command("true", "", 12),
        Command("cat <<'E'\none\nE", "one", 20),
    ]


@pytest.mark.parametrize(
    ("shown", "actual", "expected"),
    [
        ("a\nb", "a\nb", True),
        ("a\nb", "a\nc", False),
        ("a\n…\nd", "a\nb\nc\nd", True),
        ("a\n…\nd", "a\nd", True),
        ("a\n…", "b\nc", False),
        ("run … of 2", "run 17 of 2", True),
        ("run … of 2", "run 17 of 3", False),
        ("a.c", "abc", False),
    ],
)
def test_what_is_left_out_is_any_text_and_all_else_is_meant(shown: str, actual: str, expected: bool) -> None:
    assert agrees(shown, actual) is expected


def test_what_goes_otherwise_is_told_with_its_line(tmp_path: Path) -> None:
    page = "```console\n$ echo one\ntwo\n$ false\n$ (exit 5)\n$ echo $?\n5\n```\n"
    wrong, renewed = walk(page, tmp_path)
    assert [each.partition("\n")[0] for each in wrong] == [
        "line 2: echo one shows",
        "line 4: false ended with 1:",
    ]
    assert renewed == page.replace("two", "one")


def test_a_shell_keeps_its_folder_and_its_variables_and_a_shell_within_it_ends(tmp_path: Path) -> None:
    shell = Shell(tmp_path)
    try:
        shell.run(Command("mkdir x; cd x; export A=1", "", 1))
        assert shell.run(Command('echo "$A" "${PWD##*/}"; cat', "", 1)) == (0, "1 x")
        shell.run(Command(": --exec bash", "", 1))
        assert shell.run(Command("(exit 7)", "", 1)) == (7, "")
    finally:
        shell.close()


# -- pages with few commands ------------------------------------------------------------------------------------------


SERVED = re.compile(r"reconciler sandbox --numbers \d+")


@needs
@pytest.mark.parametrize("name", ["editors.md", "sandbox.md"])
def test_the_commands_of_a_page_of_reference_run(name: str, tmp_path: Path) -> None:
    environ = {**os.environ, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
    found = [step for step in steps((DOCS / name).read_text("utf-8")) if isinstance(step, Command)]
    assert found
    for step in found:
        folder = shutil.copytree(REPOSITORY / "examples" / "quickstart", tmp_path / str(step.line))
        served = SERVED.fullmatch(step.text) is not None
        with subprocess.Popen(
            ["bash", "-c", f"exec {step.text}"],
            cwd=folder,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=environ,
        ) as process:
            assert process.stdout is not None
            if served:  # until it is ended, as it would go on
                assert process.stdout.readline().rstrip() == step.shown.splitlines()[0]
                process.send_signal(signal.SIGINT)
            out, err = process.communicate(timeout=60)
        assert process.returncode == (130 if served else 0), (step, out, err)


def test_no_other_page_has_a_command_that_nothing_runs() -> None:
    """`pipelines.md` is run by tests/cli/test_pipelines_page.py, notifications and events by tests of theirs."""
    elsewhere = {"editors.md", "sandbox.md", "pipelines.md", "notifications.md", "events.md"}
    pages = [page for page in DOCS.rglob("*.md") if page not in PAGES and "decisions" not in page.parts]
    commanding = {
        page.name for page in pages if any(isinstance(step, Command) for step in steps(page.read_text("utf-8")))
    }
    assert commanding - elsewhere == set()
