"""What is drawn from the code stands in the repository as it would be drawn now."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.architecture.imports import REPOSITORY, script


@pytest.fixture(scope="module")
def drawn() -> dict[Path, str]:
    return dict(script(REPOSITORY / "docs" / "generate.py").generated())


@pytest.mark.parametrize(
    "name",
    [
        "docs/pipelines.md",
        "docs/rules.md",
        "reconciler/examples.json",
        "docs/decisions/README.md",
        "examples/quickstart/reconciler.schema.json",
        "reconciler/quickstart/reconciler.schema.json",
        "schemas/config.v1.json",
        "schemas/plan.v1.json",
        "schemas/report.v1.json",
        "schemas/audit.v1.json",
        "schemas/failure.v1.json",
        "schemas/validation.v1.json",
    ],
)
def test_a_generated_file_is_up_to_date(name: str, drawn: dict[Path, str]) -> None:
    path = REPOSITORY / name
    assert path.read_text("utf-8") == drawn[path], "run make docs"


def test_nothing_generated_is_left_out(drawn: dict[Path, str]) -> None:
    schemas = set((REPOSITORY / "schemas").iterdir())
    assert {path for path in drawn if path.parent.name == "schemas"} == schemas
