"""The real pre-commit runs the hooks that `init` writes, and those that this repository offers."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.architecture.imports import REPOSITORY
from tests.checkout import git
from tests.cli.conftest import Cli

PRE_COMMIT = Path(sys.executable).with_name("pre-commit")
pytestmark = pytest.mark.skipif(
    shutil.which("git") is None or not PRE_COMMIT.exists(), reason="hooks need git and pre-commit"
)


@pytest.fixture
def checkout(cli: Cli, tmp_path: Path) -> Path:
    """What `init` writes, staged in a repository."""
    folder = tmp_path / "numbers"
    words = ("--vendor", "exolve", "--number", "74991112233", "--to", "74992223344", "--host", "none")
    assert cli("init", str(folder), *words).exit_code == 0
    git(folder, "init", "-q")
    git(folder, "add", ".")
    return folder


def pre_commit(folder: Path, *words: str, timeout: int = 60) -> subprocess.CompletedProcess[str]:
    """Run it as somebody whose PATH has the reconciler of this tree."""
    tools = folder.parent / "tools"
    tools.mkdir(exist_ok=True)
    (tools / "reconciler").write_text(f'#!/bin/sh\nexec "{sys.executable}" -m reconciler "$@"\n', "utf-8")
    (tools / "reconciler").chmod(0o755)
    environ = {
        **{
            name: value for name, value in os.environ.items() if name.startswith(("PIP_", "UV_", "SSL_", "HTTP", "NO_"))
        },
        "PATH": f"{tools}:{os.environ['PATH']}",
        "HOME": str(folder.parent),
        "PRE_COMMIT_HOME": str(folder.parent / "cache"),
    }
    command = [str(PRE_COMMIT), *words]
    return subprocess.run(
        command, cwd=folder, env=environ, capture_output=True, text=True, check=False, timeout=timeout
    )


def test_the_hooks_of_init_pass_what_it_wrote_and_stop_what_is_wrong(checkout: Path) -> None:
    passed = pre_commit(checkout, "run", "--all-files")
    assert passed.returncode == 0, passed.stdout + passed.stderr
    assert passed.stdout.count("Passed") == 2
    path = checkout / "numbers" / "main.yaml"
    path.write_text(path.read_text("utf-8").replace('"74992223344"', '"7499"').replace('"74991112233"', "+74991112233"))
    git(checkout, "add", ".")
    stopped = pre_commit(checkout, "run", "--all-files")
    assert stopped.returncode == 1
    assert stopped.stdout.count("Failed") == 2
    at = next(at for at, each in enumerate(path.read_text("utf-8").splitlines(), start=1) if '"7499"' in each)
    assert f"numbers/main.yaml:{at}:" in stopped.stdout


@pytest.mark.soak
def test_the_hooks_of_this_repository_install_themselves_and_run(checkout: Path, tmp_path: Path) -> None:
    """It takes a minute, and an index of packages: pre-commit makes an environment of its own."""
    source = tmp_path / "source"
    git(tmp_path, "clone", "-q", str(REPOSITORY), str(source))
    commit = git(source, "rev-parse", "HEAD")
    (checkout / ".pre-commit-config.yaml").unlink()
    for hook in "reconciler-validate", "reconciler-fmt":
        done = pre_commit(checkout, "try-repo", str(source), hook, "--ref", commit, "--all-files", timeout=240)
        if "No matching distribution" in done.stdout + done.stderr:
            pytest.skip("no index of packages answers")
        assert done.returncode == 0, done.stdout + done.stderr
        assert "Passed" in done.stdout
