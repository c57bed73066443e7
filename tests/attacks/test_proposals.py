"""Proposals changed at random: nothing runs, nothing outside is opened, no secret comes out, no verdict is bent.

A sample here; `make soak` tries 5,000 trees.
"""

from __future__ import annotations

import random
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from click.testing import CliRunner

from reconciler.cli import main
from reconciler.sandbox import Sandbox
from tests.attacks.proposals import CANARIES, FORBIDDEN, IN_FILES, OURS, Job, job, mutate
from tests.attacks.watch import Watched, watching
from tests.conftest import Tally

_TRUSTED = ("--trusted", "origin/main")
_COMMANDS = (
    ("validate",),
    ("validate", *_TRUSTED),
    ("plan", *_TRUSTED, "--enforce-policy", "--out", "ARTIFACT"),
    ("audit", *_TRUSTED),
)
_FORMATS = {
    "validate": ["text", "json", "github", "gitlab", "sarif", "junit"],
    "plan": ["text", "json", "html", "markdown", "github", "gitlab", "sarif", "junit"],
    "audit": ["text", "json", "html", "junit", "sarif"],
}
_SECRETS = (*CANARIES.values(), IN_FILES)


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox() as running:
        yield running


@pytest.fixture(scope="module")
def honest(tmp_path_factory: pytest.TempPathFactory, sandbox: Sandbox) -> Job:
    return job(tmp_path_factory.mktemp("job"), sandbox)


@dataclass(frozen=True)
class Ended:
    exit_code: int
    said: str
    watched: Watched


def _run(at: Job, sandbox: Sandbox, folder: Path, *arguments: str) -> Ended:
    words = [str(folder / "plan.json") if word == "ARTIFACT" else word for word in arguments]
    environ = {"EXOLVE_API_KEY": sandbox.api_key, **CANARIES, "HOME": str(folder), "CI": "true"}
    with watching() as watched:
        result = CliRunner().invoke(main, ["-C", str(at.folder), *words], env=environ)
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    saved = "".join(each.read_text("utf-8") for each in folder.glob("plan.json*"))
    return Ended(result.exit_code, result.stdout + result.stderr + saved, watched)


def _judge(ended: Ended, at: Job, sandbox: Sandbox, folder: Path) -> None:
    secrets = (sandbox.api_key, *_SECRETS)
    assert not [each for each in secrets if each in ended.said]
    assert not at.marker.exists()
    for program, words, environ in ended.watched.processes:
        assert Path(program).name == "git"
        assert not [each for each in secrets if each in "\0".join(words)]
        assert not [each for each in (sandbox.api_key, *OURS) if each in environ.values()]
    assert not ended.watched.outside(at.top, folder)
    assert {address[1] for address in ended.watched.addresses} <= {urlsplit(sandbox.exolve_url).port}
    assert not [each for each in ended.watched.code if each.startswith(f"{at.top}/")]


def _assert_the_verdict_stands(command: tuple[str, ...], ended: Ended) -> None:
    """What policy forbids is told, or nothing is: by its own reconciler.yaml a proposal may call itself valid."""
    if command == ("validate",) and ended.exit_code == 0:
        return
    assert ended.exit_code in (1, 5), ended.said
    assert ended.exit_code == 1 or FORBIDDEN in ended.said


def _try(honest: Job, sandbox: Sandbox, folder: Path, seed: int) -> None:
    seeded = random.Random(seed)
    at = honest.copied(folder / "checkout")
    try:
        done = mutate(at, seeded)
        for command in _COMMANDS:
            ended = _run(at, sandbox, folder, *command, "--format", seeded.choice(_FORMATS[command[0]]))
            try:
                _judge(ended, at, sandbox, folder)
                _assert_the_verdict_stands(command, ended)
            except AssertionError as error:
                raise AssertionError(f"seed {seed}, {command}: {done}") from error
    finally:
        shutil.rmtree(folder / "checkout", ignore_errors=True)
        shutil.rmtree(folder / "elsewhere", ignore_errors=True)
        honest.marker.unlink(missing_ok=True)


def test_an_honest_tree_is_judged_by_the_policy_of_main(honest: Job, sandbox: Sandbox, tmp_path: Path) -> None:
    for command, expected in zip(_COMMANDS, (1, 1, 5, 1), strict=True):
        ended = _run(honest, sandbox, tmp_path, *command)
        assert ended.exit_code == expected, ended.said
        if command[0] != "audit":
            assert FORBIDDEN in ended.said
        _judge(ended, honest, sandbox, tmp_path)


@pytest.mark.parametrize("block", range(6))
def test_a_proposal_of_any_shape_does_nothing_but_propose(
    honest: Job, sandbox: Sandbox, tmp_path: Path, block: int, tally: Tally
) -> None:
    for seed in range(10 * block, 10 * block + 10):
        _try(honest, sandbox, tmp_path, seed)
    tally("trees of proposals, changed at random", 10)


@pytest.mark.soak
@pytest.mark.parametrize("block", range(1, 51))
def test_five_thousand_proposals_do_nothing_but_propose(
    honest: Job, sandbox: Sandbox, tmp_path: Path, block: int, tally: Tally
) -> None:
    for seed in range(1_000 * block, 1_000 * block + 100):
        _try(honest, sandbox, tmp_path, seed)
    tally("trees of proposals, changed at random", 100)
