"""The pipelines that docs/pipelines.md shows: no job that holds a key follows the proposal that it reads."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.cli.test_pipelines_page import block, scripts, text_of_block

TRUSTED = "--trusted refs/remotes/origin/main"
COMMIT = "11bd71901bbe5b1630ceea73d27597364c9af683"
READING = ("plan", "audit", "apply", "undo", "doctor")
ZIZMOR = Path(sys.executable).with_name("zizmor")


def github_jobs() -> dict[str, Any]:
    found: dict[str, Any] = block("GitHub")["jobs"]
    return found


def gitlab_jobs() -> dict[str, Any]:
    return {name: job for name, job in block("GitLab").items() if "script" in job}


@pytest.fixture
def workflow(tmp_path: Path) -> Path:
    """GitHub's pipeline as a file, with the commit of a checkout in its place."""
    path = tmp_path / ".github" / "workflows" / "numbers.yml"
    path.parent.mkdir(parents=True)
    path.write_text(text_of_block("GitHub").replace("@COMMIT", f"@{COMMIT}"), "utf-8")
    return path


@pytest.mark.parametrize("found", [github_jobs(), gitlab_jobs()], ids=["GitHub", "GitLab"])
def test_whatever_calls_a_vendor_takes_its_settings_from_main(found: dict[str, Any]) -> None:
    lines = [line for line in scripts(found) if re.match(rf"reconciler ({'|'.join(READING)})\b", line)]
    assert lines
    for line in lines:
        assert TRUSTED in line


def test_a_job_with_a_key_waits_for_a_reviewer_and_has_the_shared_record() -> None:
    holding = {name: job for name, job in github_jobs().items() if "secrets." in str(job)}
    assert set(holding) == {"plan"}
    for job in holding.values():
        assert job["environment"] == "numbers"
        assert "secrets." not in str(job.get("env", ""))
        (step,) = [step for step in job["steps"] if "env" in step]
        assert step["env"].keys() == {"EXOLVE_API_KEY", "RECONCILER_DSN", "RECONCILER_RECORD_KEY"}
        assert step["run"].startswith("reconciler ")
    assert {name for name, job in gitlab_jobs().items() if job.get("environment") == "numbers"} == {"plan", "audit"}
    assert "environment" not in gitlab_jobs()["check"]


@pytest.mark.parametrize("found", [github_jobs()["plan"]["steps"], block("GitLab")["default"]["before_script"]])
def test_a_job_with_a_key_installs_what_main_names(found: list[Any]) -> None:
    lines = [line for line in (step if isinstance(step, str) else step.get("run", "") for step in found) if line]
    (install,) = [line for line in lines if line.startswith("pip ")]
    (shown,) = [line for line in lines if line.startswith("git show refs/remotes/origin/main:requirements.txt > ")]
    assert "--require-hashes" in install
    assert install.rpartition(" ")[2] == shown.rpartition(" ")[2]


def test_zizmor_finds_nothing_in_the_pipeline(workflow: Path) -> None:
    words = [str(ZIZMOR), "--offline", "--no-progress", "--persona", "regular", "--format", "plain", str(workflow)]
    done = subprocess.run(words, capture_output=True, text=True, check=False, timeout=60)
    assert (done.returncode, "No findings" in done.stdout) == (0, True), done.stdout + done.stderr


def test_zizmor_would_find_a_pipeline_that_follows_a_proposal(workflow: Path) -> None:
    text = workflow.read_text("utf-8").replace("on: pull_request\n", "on: pull_request_target\n")
    workflow.write_text(text.replace(f"@{COMMIT}", "@v4"), "utf-8")
    words = [str(ZIZMOR), "--offline", "--no-progress", "--format", "plain", str(workflow)]
    done = subprocess.run(words, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode != 0
    assert "dangerous-triggers" in done.stdout
    assert "unpinned-uses" in done.stdout


@pytest.mark.skipif(
    shutil.which("actionlint") is None, reason="actionlint is no dev tool: its package fetches a program"
)
def test_actionlint_finds_nothing_in_the_pipeline(workflow: Path) -> None:
    done = subprocess.run(["actionlint", str(workflow)], capture_output=True, text=True, check=False, timeout=60)
    assert (done.returncode, done.stdout) == (0, "")
