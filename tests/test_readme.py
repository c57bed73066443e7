"""The README shows what the program does: its capture, its five minutes, its links."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from click.testing import CliRunner

from reconciler.cli import main
from reconciler.sandbox import Sandbox

REPOSITORY = Path(__file__).parents[1]
README = (REPOSITORY / "README.md").read_text("utf-8")
PAGES = sorted([*REPOSITORY.glob("*.md"), *(REPOSITORY / "docs").glob("*.md")])
LINK = re.compile(r"\]\((?!https?:)([^)#]+)(?:#[^)]*)?\)")


def run(folder: Path, *arguments: str, **environ: str) -> tuple[int, str]:
    result = CliRunner().invoke(main, ["-C", str(folder), *arguments], env=environ)
    return result.exit_code, result.stdout


def test_the_capture_of_a_plan_is_what_the_demo_prints(tmp_path: Path) -> None:
    (captured,) = re.findall(r"```\n\$ reconciler plan\n(.+?)```", README, re.DOTALL)
    code, shown = run(tmp_path, "demo")
    assert code == 0
    assert captured in shown


def test_the_five_minutes_go_as_they_are_told(tmp_path: Path) -> None:
    (written,) = re.findall(r"```yaml\n(.+?)```", README, re.DOTALL)
    with Sandbox(numbers=0) as sandbox:
        sandbox.exolve.add_numbers(["74991112233"], sandbox.main_application)
        text = "".join(line.removeprefix("   ") for line in written.splitlines(keepends=True))
        text = text.replace("provider: exolve\n", f"provider: exolve\n    base_url: {sandbox.exolve_url}\n")
        (tmp_path / "reconciler.yaml").write_text(text, "utf-8")
        assert run(tmp_path, "validate")[0] == 0
        key = {"EXOLVE_API_KEY": sandbox.api_key}
        assert run(tmp_path, "doctor", **key)[0] == 0
        code, shown = run(tmp_path, "plan", **key)
        assert (code, "1 to create" in shown) == (0, True)
        assert list(sandbox.writes) == []
        assert run(tmp_path, "apply", "--auto-approve", **key)[0] == 0
        assert [write.number for write in sandbox.writes] == ["74991112233"]
        assert run(tmp_path, "plan", "--detailed-exitcode", **key)[0] == 0


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_of_a_page_leads_somewhere(page: Path) -> None:
    links = LINK.findall(page.read_text("utf-8"))
    assert [link for link in links if not (page.parent / link).exists()] == []


def test_every_page_of_the_documentation_is_found_from_the_readme() -> None:
    linked = {(REPOSITORY / link).resolve() for link in LINK.findall(README)}
    assert [page.name for page in PAGES if page.parent.name == "docs" and page not in linked] == []
