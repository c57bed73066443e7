"""The README shows what the program does: its capture, its five minutes, its links."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from reconciler.cli import main
from reconciler.sandbox import Sandbox

REPOSITORY = Path(__file__).parents[1]
README = (REPOSITORY / "README.md").read_text("utf-8")
READMES = [README, (REPOSITORY / "README.ru.md").read_text("utf-8")]
in_both = pytest.mark.parametrize("readme", READMES, ids=["English", "Russian"])
PAGES = sorted([*REPOSITORY.glob("*.md"), *(REPOSITORY / "docs").glob("*.md"), *(REPOSITORY / "docs").glob("*/*.md")])
LINK = re.compile(r"\]\((?!https?:)([^)#]+)(?:#[^)]*)?\)")


def run(folder: Path, *arguments: str, **environ: str) -> tuple[int, str]:
    result = CliRunner().invoke(main, ["-C", str(folder), *arguments], env=environ)
    return result.exit_code, result.stdout


@in_both
def test_the_capture_of_a_plan_is_what_the_demo_prints(readme: str, tmp_path: Path) -> None:
    (captured,) = re.findall(r"```\n\$ reconciler plan\n(.+?)```", readme, re.DOTALL)
    code, shown = run(tmp_path, "demo")
    assert code == 0
    assert captured in shown


@pytest.fixture
def written(readme: str, tmp_path: Path) -> Path:
    """The folder of the five minutes, with its one file as it is printed."""
    (block,) = re.findall(r"```yaml\n(.+?)```", readme, re.DOTALL)
    text = "".join(line.removeprefix("   ") for line in block.splitlines(keepends=True))
    (tmp_path / "reconciler.yaml").write_text(text, "utf-8")
    return tmp_path


@in_both
def test_the_five_minutes_without_an_account_go_as_they_are_told(readme: str, written: Path) -> None:
    (opened,) = re.findall(r"`(reconciler sandbox .+?) bash`", readme)
    told = re.findall(r"`(reconciler \w+)`", readme.partition(opened)[2].partition("`exit`")[0])
    assert told == ["reconciler plan", "reconciler apply", "reconciler plan"]
    plan, apply = told[0], f"{told[1]} --auto-approve"
    script = f"{plan} --detailed-exitcode; echo $?; {apply} && {plan} --detailed-exitcode && exit 42"
    environ = {"PATH": f"{Path(sys.executable).parent}:{os.defpath}", "HOME": str(written)}
    ended = subprocess.run(
        [*opened.split(), "sh", "-c", script], cwd=written, env=environ, capture_output=True, text=True, check=False
    )
    assert ended.returncode == 42, ended
    assert "1 to create" in ended.stdout
    assert "\n2\n" in ended.stdout
    assert {path.name for path in written.iterdir()} == {"reconciler.yaml"}


@in_both
def test_the_five_minutes_with_an_account_go_as_they_are_told(written: Path) -> None:
    with Sandbox(numbers=0) as sandbox:
        sandbox.exolve.add_numbers(["74991112233"], sandbox.main_application)
        text = (written / "reconciler.yaml").read_text("utf-8")
        text = text.replace("provider: exolve\n", f"provider: exolve\n    base_url: {sandbox.exolve_url}\n")
        (written / "reconciler.yaml").write_text(text, "utf-8")
        assert run(written, "validate", "--strict")[0] == 0
        key = {"EXOLVE_API_KEY": sandbox.api_key}
        assert run(written, "doctor", **key)[0] == 0
        code, shown = run(written, "plan", **key)
        assert (code, "1 to create" in shown) == (0, True)
        assert list(sandbox.writes) == []
        assert run(written, "apply", "--auto-approve", **key)[0] == 0
        assert [write.number for write in sandbox.writes] == ["74991112233"]
        assert run(written, "plan", "--detailed-exitcode", **key)[0] == 0


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(REPOSITORY)))
def test_every_link_of_a_page_leads_somewhere(page: Path) -> None:
    links = LINK.findall(page.read_text("utf-8"))
    assert [link for link in links if not (page.parent / link).exists()] == []


def test_every_page_of_the_documentation_is_found_from_the_readme() -> None:
    linked = {(REPOSITORY / link).resolve() for link in LINK.findall(README)}
    assert [page.name for page in PAGES if page.parent.name == "docs" and page not in linked] == []
