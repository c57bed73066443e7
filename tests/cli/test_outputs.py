"""Where `--out` leads: files are replaced, pipes and devices written into, links kept, folders refused; "" is no name.

No test touches a device that is not its own.
"""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
import threading
from pathlib import Path

import click
import pytest

from reconciler.cli.options import PeriodText
from reconciler.cli.root import COMMANDS, _load_command, main
from tests.architecture.imports import REPOSITORY
from tests.cli.conftest import Cli, Workplace
from tests.cli.test_files import device_at

pytestmark = pytest.mark.usefixtures("no_last_resort")

SAVING = [("plan", "--refresh", "none"), ("undo",)]


@pytest.fixture
def applied(workplace: Workplace) -> Workplace:
    return workplace.applied()


@pytest.mark.parametrize("command", SAVING, ids=lambda words: words[0])
def test_a_plan_is_sent_down_a_pipe(command: tuple[str, ...], applied: Workplace) -> None:
    path = applied.folder / "pipe"
    os.mkfifo(path)
    read: list[str] = []
    reader = threading.Thread(target=lambda: read.append(path.read_text("utf-8")), daemon=True)
    reader.start()
    ended = applied.run(*command, "--out", "pipe")
    reader.join(timeout=30)
    assert (ended.exit_code, json.loads(read[0])["configuration"]) == (0, "test")
    assert stat.S_ISFIFO(path.stat().st_mode)
    assert "Sent to pipe.\n" in ended.stderr


@pytest.mark.parametrize("command", SAVING, ids=lambda words: words[0])
def test_a_device_stays_a_device(command: tuple[str, ...], applied: Workplace) -> None:
    device_at(applied.folder / "null")
    ended = applied.run(*command, "--out", "null")
    assert (ended.exit_code, (applied.folder / "null").is_char_device()) == (0, True)
    assert "Sent to null.\n" in ended.stderr


@pytest.mark.parametrize("command", SAVING, ids=lambda words: words[0])
def test_a_plan_is_saved_where_a_link_points(command: tuple[str, ...], applied: Workplace) -> None:
    link = applied.folder / "link.json"
    link.symlink_to("there.json")
    assert applied.run(*command, "--out", "link.json").exit_code == 0
    assert link.is_symlink()
    assert stat.S_IMODE((applied.folder / "there.json").stat().st_mode) == 0o600
    assert applied.run("show", "link.json").exit_code == 0


@pytest.mark.parametrize("command", SAVING, ids=lambda words: words[0])
def test_a_folder_is_refused_before_anybody_is_asked(command: tuple[str, ...], applied: Workplace) -> None:
    (applied.folder / "taken").mkdir()
    ended = applied.run(command[0], "--out", "taken")
    assert (ended.exit_code, applied.sandbox.log) == (1, [])
    assert "error[plan-file]: the plan cannot be saved to taken: it is a folder\n" in ended.stderr
    for name in ("new/", ".", "..", "taken/.."):
        ended = applied.run(command[0], "--out", name)
        assert (ended.exit_code, "is the name of a folder: name a file" in ended.stderr) == (64, True)
    assert [each.name for each in (applied.folder / "taken").iterdir()] == []


def test_a_signature_is_not_put_beside_what_is_no_file(applied: Workplace) -> None:
    os.mkfifo(applied.folder / "pipe")
    (applied.folder / "key.pem").write_text("any", "utf-8")
    ended = applied.run("plan", "--out", "pipe", "--sign-key", str(applied.folder / "key.pem"))
    assert ended.exit_code == 1
    assert "only a regular file can have a signature beside it" in ended.stderr
    assert not (applied.folder / "pipe.sig").exists()


def test_a_device_that_stands_where_a_signature_would_is_left_alone(applied: Workplace) -> None:
    device_at(applied.folder / "a.json.sig")
    assert applied.run("plan", "--out", "a.json").exit_code == 0
    assert (applied.folder / "a.json.sig").is_char_device()


def test_a_plan_saved_to_standard_output_loses_nothing_of_what_is_told_there(workplace: Workplace) -> None:
    told = workplace.folder / "told.txt"
    environ = {**os.environ, **workplace.environ, "PYTHONPATH": str(REPOSITORY)}
    command = [sys.executable, "-m", "reconciler", "-C", str(workplace.folder), "plan", "--out", "/dev/stdout"]
    with told.open("wb") as stdout:
        assert subprocess.run(command, stdout=stdout, env=environ, check=False, timeout=60).returncode == 0
    text = told.read_text("utf-8")
    saved, end = json.JSONDecoder().raw_decode(text)
    assert saved["summary"]["create"] == 2
    assert "2 to create" in text[end:]


# -- names that are not there -----------------------------------------------------------------------------------------


def _parameters(command: click.Command, path: tuple[str, ...]) -> list[tuple[tuple[str, ...], click.Parameter]]:
    own = [(path, parameter) for parameter in command.params]
    below = command.commands.items() if isinstance(command, click.Group) else ()
    return own + [found for name, each in below for found in _parameters(each, (*path, name))]


EVERY: list[tuple[tuple[str, ...], click.Parameter]] = [((), parameter) for parameter in main.params]
for _name in COMMANDS:
    EVERY += _parameters(_load_command(_name), (_name,))
TAKING = [
    (path, parameter)
    for path, parameter in EVERY
    if not (isinstance(parameter, click.Option) and (parameter.is_flag or parameter.count))
]


def test_every_option_and_argument_that_is_given_as_nothing_is_wrong_usage(cli: Cli, tmp_path: Path) -> None:
    assert len(TAKING) > 120
    for path, parameter in TAKING:
        words = [parameter.opts[0], ""] if isinstance(parameter, click.Option) else [""]
        ended = cli(*words, "validate") if not path else cli(*path, *words, folder=tmp_path)
        if isinstance(parameter.type, PeriodText):
            assert "is empty" not in ended.stderr, (path, parameter.name)
        else:
            assert (ended.exit_code, ended.stdout) == (64, ""), (path, parameter.name)
            assert ": is empty\n" in ended.stderr, (path, parameter.name)


def test_a_name_that_is_not_there_is_told_by_its_option(workplace: Workplace) -> None:
    ended = workplace.run("plan", "--out", "")
    assert ended.stderr.splitlines()[0] == "error[usage]: --out: is empty"
    ended = workplace.run("plan", "--out=", "--format", "json")
    assert (ended.exit_code, ended.json["diagnostics"][0]["message"]) == (64, "--out: is empty")
    assert workplace.run("validate", "numbers.yaml", "").exit_code == 64
    assert workplace.sandbox.log == []
