"""Where the configuration is: here, above in the same repository, or where the message says."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from click.testing import CliRunner

from reconciler.cli import main
from tests.cli.conftest import Cli, Ended
from tests.unit.config.loading import number, write


def run(*arguments: str) -> Ended:
    """Run a command as it is typed, in the current folder."""
    result = CliRunner().invoke(main, list(arguments))
    assert not isinstance(result.exception, Exception), result.exception
    return Ended(result.exit_code, result.stdout, result.stderr)


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository whose configuration is in `lines`; the current folder is `lines/numbers/moscow`."""
    write(tmp_path / "lines", number("forwarding: none"), {"numbers/moscow/a.yaml": "version: 1\n"})
    subprocess.run(["git", "init", "-q", tmp_path], check=True)
    monkeypatch.chdir(tmp_path / "lines" / "numbers" / "moscow")
    return tmp_path


def test_the_nearest_configuration_above_is_taken_and_named(repository: Path) -> None:
    ended = run("list")
    assert ended.exit_code == 0
    assert "74991112233" in ended.stdout
    assert ended.stderr == "configuration: ../../reconciler.yaml\n"


@pytest.mark.parametrize("option", ["-q", "--format=json"])
def test_the_folder_is_not_named_to_who_wants_less_or_to_programs(option: str, repository: Path) -> None:
    assert run("list", option).stderr == ""


def test_paths_count_from_where_the_command_was_started(repository: Path) -> None:
    ended = run("validate", "a.yaml")
    assert (ended.exit_code, ended.stdout.splitlines()[-1]) == (0, "valid: 1 number")


def test_c_names_the_folder_exactly(repository: Path) -> None:
    ended = run("-C", ".", "list")
    assert ended.exit_code == 1
    assert "error[config-missing]: this folder has no reconciler.yaml" in ended.stderr
    assert f"reconciler -C {repository / 'lines'} COMMAND" in " ".join(ended.stderr.split())


def test_a_trusted_run_is_about_exactly_this_folder(repository: Path) -> None:
    ended = run("list", "--trusted", "HEAD")
    assert ended.exit_code == 1
    assert "configuration:" not in ended.stderr


def test_nothing_above_the_repository_is_taken(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(repository, number("forwarding: none"))
    inner = repository / "lines" / "inner"
    subprocess.run(["git", "init", "-q", inner], check=True)
    monkeypatch.chdir(inner)
    assert run("list").exit_code == 1


def test_outside_of_a_repository_the_configuration_above_is_only_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path, number("forwarding: none"), {"numbers/a.yaml": "version: 1\n"})
    monkeypatch.chdir(tmp_path / "numbers")
    ended = run("list")
    assert ended.exit_code == 1
    assert f"there is one in {tmp_path}: reconciler -C {tmp_path} COMMAND" in " ".join(ended.stderr.split())


def test_fmt_writes_the_files_of_the_configuration_above(repository: Path) -> None:
    (repository / "lines" / "reconciler.yaml").write_text(number("forwarding: none", key="+7 499 111-22-33"), "utf-8")
    assert run("fmt").exit_code == 0
    assert '"74991112233":' in (repository / "lines" / "reconciler.yaml").read_text("utf-8")


@pytest.mark.parametrize("name", ["reconciler.yml", "Reconciler.yaml", "reconciler.YAML"])
def test_a_file_of_nearly_that_name_is_to_be_renamed(name: str, cli: Cli, tmp_path: Path) -> None:
    (tmp_path / name).write_text("version: 1\n", "utf-8")
    ended = cli("validate")
    assert ended.exit_code == 1
    assert f"this folder has no reconciler.yaml, but {name}" in ended.stdout
    assert f"hint: rename it: mv {name} reconciler.yaml" in ended.stdout


def test_a_configuration_in_a_folder_below_is_named(cli: Cli, tmp_path: Path) -> None:
    write(tmp_path / "lines", number("forwarding: none"))
    ended = cli("validate")
    assert ended.exit_code == 1
    assert f"reconciler -C {tmp_path / 'lines'} COMMAND" in " ".join(ended.stdout.split())


def test_a_file_is_no_folder(cli: Cli, tmp_path: Path) -> None:
    write(tmp_path, number("forwarding: none"))
    ended = cli("list", folder=tmp_path / "reconciler.yaml")
    assert ended.exit_code == 1
    assert "is a file, not a folder" in " ".join(ended.stderr.split())


def test_a_plan_is_saved_where_the_command_was_started(repository: Path) -> None:
    ended = run("plan", "--out", "p.json", "--refresh", "none")
    assert ended.exit_code == 0, ended
    assert Path("p.json").is_file()
