"""docs/pipelines.md: its pipelines are what GitHub and GitLab take, and its commands run as they stand there."""

from __future__ import annotations

import importlib
import re
import shlex
import shutil
from collections.abc import Iterator
from typing import Any
from xml.etree import ElementTree as ET

import pytest
import yaml

from tests.architecture.imports import REPOSITORY
from tests.checkout import git
from tests.cli.conftest import REVIEWS, Workplace
from tests.cli.test_root import EVERY
from tests.record.state_server import State, serving

PAGE = (REPOSITORY / "docs" / "pipelines.md").read_text("utf-8")
jsonschema: Any = importlib.import_module("jsonschema")  # which has no types
builtin: Any = importlib.import_module("check_jsonschema.builtin_schemas")

_RUN = ("run", "script")
FORMATS = ("markdown", "html", *REVIEWS)


def text_of_block(heading: str) -> str:
    match = re.search(rf"^## {heading}\n.*?```yaml\n(.*?)```", PAGE, re.MULTILINE | re.DOTALL)
    assert match is not None
    return match[1]


def block(heading: str) -> Any:
    found = yaml.safe_load(text_of_block(heading))
    return {"on" if key is True else key: value for key, value in found.items()}  # YAML 1.1 takes `on` for true


def scripts(found: Any) -> list[str]:
    """Every command line of a pipeline, in order."""
    if isinstance(found, dict):
        return [line for key, each in found.items() for line in (_lines(each) if key in _RUN else scripts(each))]
    return [line for each in found for line in scripts(each)] if isinstance(found, list) else []


def _lines(value: Any) -> list[str]:
    return value if isinstance(value, list) else [value]


@pytest.mark.parametrize(("heading", "schema"), [("GitHub", "vendor.github-workflows"), ("GitLab", "vendor.gitlab-ci")])
def test_a_pipeline_is_what_its_machine_takes(heading: str, schema: str) -> None:
    found = block(heading)
    jsonschema.Draft7Validator(builtin.get_builtin_schema(schema)).validate(found)
    assert len(scripts(found)) >= 3


@pytest.fixture
def shared(workplace: Workplace) -> Iterator[Workplace]:
    """A checkout as the jobs have it: main is fetched, and its reconciler.yaml names a record that all jobs share."""
    workplace.edit(", schedule: office-hours", "")
    with serving(State(), State(root="/state-tokens")) as address:
        http = f"record: {{backend: http, http: {{address: {address}/state, lock_address: {address}/state}}}}"
        workplace.edit("name: test\n", f"name: test\n{http}\n", "reconciler.yaml")
        git(workplace.folder, "init", "-q")
        git(workplace.folder, "add", "reconciler.yaml", "numbers.yaml")
        git(workplace.folder, "commit", "-qm", "main")
        git(workplace.folder, "update-ref", "refs/remotes/origin/main", "HEAD")
        workplace.edit("name: test\n", "name: proposed\n", "reconciler.yaml")
        yield workplace


@pytest.mark.skipif(shutil.which("git") is None, reason="a ref needs git")
@pytest.mark.parametrize("heading", ["GitHub", "GitLab"])
def test_the_commands_of_a_pipeline_run(heading: str, shared: Workplace) -> None:
    workplace = shared
    ran = 0
    for line in scripts(block(heading)):
        program, *words = shlex.split(line)
        if program != "reconciler":
            continue
        words = words[: words.index(">") if ">" in words else words.index(">>") if ">>" in words else None]
        ended = workplace.run(*words)
        assert ended.exit_code == 0, (line, ended)
        if "gitlab-junit" in words:
            assert ET.fromstring(ended.stdout).tag == "testsuites"
        ran += 1
    assert ran >= 3


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
