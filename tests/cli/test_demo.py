"""`reconciler demo`: the whole story in seconds, leaving nothing behind."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest

import reconciler
from tests.architecture.imports import REPOSITORY
from tests.cli.conftest import Cli

SHIPPED = Path(reconciler.__file__).parent / "quickstart"
EXAMPLE = REPOSITORY / "examples" / "quickstart"


@pytest.fixture
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


def test_the_story_is_told_in_order_and_ends_well(cli: Cli, temporary: Path) -> None:
    ended = cli("demo")
    assert (ended.exit_code, ended.stderr) == (0, "")
    places = [
        ended.stdout.index(text)
        for text in (
            "$ reconciler validate\n",
            "valid: 5 numbers\n",
            "$ reconciler plan --out plan.json\n",
            "3 to create, 1 to assert, 1 unchanged\n",
            "$ reconciler apply plan.json\n",
            "2 applied, 2 unverified\n",
            "$ reconciler plan\n",
            "No changes: 5 numbers are as the files say.\n",
            "$ edit numbers/sales.yaml\n",
            "    targets[0].timeout      16 s -> 25 s\n",
            "    schedule office-hours   Mon-Fri 9:00-18:00 -> Mon-Fri 9:00-17:00\n",
            "Mon-Fri 17:00-18:00\n",
            "1 to update, 4 unchanged\n",
            "1 applied\nEverything is as the files say.",
        )
    ]
    assert places == sorted(places)
    assert list(temporary.iterdir()) == []


def test_the_demo_as_json_is_one_document(cli: Cli, temporary: Path) -> None:
    ended = cli("demo", "--format", "json")
    assert (ended.exit_code, ended.stderr) == (0, "")
    assert ended.json["went_well"] is True
    told = [step.get("command", ["edit"])[0] for step in ended.json["steps"]]
    assert told == ["validate", "plan", "apply", "plan", "edit", "plan", "apply"]
    assert [
        step["answer"]["summary"]["update"]
        for step in ended.json["steps"]
        if step.get("command") == ["plan", "--out", "plan.json"]
    ] == [0, 1]
    assert list(temporary.iterdir()) == []


def test_the_demo_is_not_disturbed_by_the_environment(cli: Cli, temporary: Path) -> None:
    assert cli("demo", CI="true", EXOLVE_API_KEY="another", RECONCILER_RECORD_KEY="short").exit_code == 0


def test_the_shipped_example_is_the_one_in_examples() -> None:
    shipped = {path.relative_to(SHIPPED).as_posix(): path.read_bytes() for path in SHIPPED.rglob("*.yaml")}
    example = {path.relative_to(EXAMPLE).as_posix(): path.read_bytes() for path in EXAMPLE.rglob("*.yaml")}
    assert shipped == example
    assert len(shipped) == 2
