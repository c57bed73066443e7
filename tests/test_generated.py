"""What is drawn from the code stands in the repository as it would be drawn now."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from reconciler.cli.schema import SCHEMAS
from tests.architecture.imports import REPOSITORY, script
from tests.cli.test_root import NAMES


@pytest.fixture(scope="module")
def drawn() -> dict[Path, str]:
    return dict(script(REPOSITORY / "docs" / "generate.py").generated())


@pytest.mark.parametrize(
    "name",
    [
        "docs/pipelines.md",
        "docs/reference.md",
        "docs/rules.md",
        "reconciler/examples.json",
        "docs/decisions/README.md",
        *(f"schemas/{name}.v1.json" for name in SCHEMAS),
        "examples/quickstart/reconciler.schema.json",
        "reconciler/quickstart/reconciler.schema.json",
    ],
)
def test_a_generated_file_is_up_to_date(name: str, drawn: dict[Path, str]) -> None:
    path = REPOSITORY / name
    assert path.read_text("utf-8") == drawn[path], "run make docs"


def test_the_pipelines_of_the_examples_are_what_init_writes(drawn: dict[Path, str]) -> None:
    folder = REPOSITORY / "examples" / "pipelines"
    ready = {path: text for path, text in drawn.items() if path.is_relative_to(folder) or path.name == "action.yml"}
    assert len(ready) > 10
    assert [str(path) for path, text in ready.items() if path.read_text("utf-8") != text] == [], "run make docs"
    assert {path for path in folder.rglob("*") if path.is_file()} == {
        path for path in ready if path.is_relative_to(folder)
    }


def test_each_command_has_a_page_of_the_manual(drawn: dict[Path, str]) -> None:
    folder = REPOSITORY / "docs" / "man"
    pages = {path: text for path, text in drawn.items() if path.parent == folder}
    commands = {f"reconciler-{name.replace(' ', '-')}" for name in NAMES}
    assert {path.stem for path in pages} == {
        "reconciler",
        *(f"reconciler-{group}" for group in ("calls", "events", "period", "record")),
        *commands,
    }
    assert [path.name for path, text in pages.items() if path.read_text("utf-8") != text] == [], "run make docs"
    assert set(folder.iterdir()) == pages.keys()


@pytest.mark.skipif(shutil.which("groff") is None, reason="groff is missing")
def test_the_manual_is_what_a_formatter_takes(drawn: dict[Path, str]) -> None:
    pages = [str(path) for path in drawn if path.suffix == ".1"]
    words = ["groff", "-Kutf8", "-man", "-Tutf8", "-ww", "-z", *pages]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_nothing_generated_is_left_out(drawn: dict[Path, str]) -> None:
    schemas = set((REPOSITORY / "schemas").iterdir())
    assert {path for path in drawn if path.parent.name == "schemas"} == schemas
