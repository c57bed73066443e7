"""What holds for every command: help, version, usage, JSON whatever happens, faults of the program."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import tomllib
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from reconciler import __version__
from reconciler.cli import root
from reconciler.cli.root import COMMANDS, main
from tests.architecture.imports import REPOSITORY
from tests.cli.conftest import Cli


def commands(group: click.Group = main, path: tuple[str, ...] = ()) -> list[tuple[tuple[str, ...], click.Command]]:
    """Every command with its path."""
    found: list[tuple[tuple[str, ...], click.Command]] = []
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None
        if isinstance(command, click.Group):
            found += commands(command, (*path, name))
        else:
            found.append(((*path, name), command))
    return found


EVERY = commands()
NAMES = [" ".join(path) for path, _command in EVERY]


def test_the_commands_of_the_contract_are_there() -> None:
    asked = [
        "validate",
        "list",
        "plan",
        "apply",
        "show",
        "login",
        "doctor",
        "record",
        "sandbox",
        "demo",
        "schema",
        "period",
    ]
    assert set(asked) <= set(COMMANDS)


@pytest.mark.parametrize("command", [command for _path, command in EVERY], ids=NAMES)
def test_every_command_takes_format_color_verbose_and_quiet(command: click.Command) -> None:
    taken = {name for parameter in command.params for name in parameter.opts}
    assert {"--format", "--color", "-v", "-q"} <= taken


@pytest.mark.parametrize("command", [command for _path, command in EVERY], ids=NAMES)
def test_every_command_and_option_is_explained_with_an_example(command: click.Command) -> None:
    assert command.help
    assert command.help[0].isupper()
    options = [parameter for parameter in command.params if isinstance(parameter, click.Option)]
    assert [option.name for option in options if not option.help] == []


@pytest.mark.parametrize(
    "path",
    [
        path
        for path, _command in EVERY
        if path[0] in ("validate", "list", "plan", "apply", "show", "login", "doctor", "record")
    ],
    ids=" ".join,
)
def test_commands_that_load_a_configuration_take_the_trusted_file_from_git(path: tuple[str, ...]) -> None:
    command = dict(EVERY)[path]
    taken = {name for parameter in command.params for name in parameter.opts}
    assert {"--trusted", "--allow-local-secrets"} <= taken


@pytest.mark.parametrize("path", [path for path, _command in EVERY], ids=NAMES)
def test_help_of_every_command_ends_well_and_has_an_example(path: tuple[str, ...], cli: Cli) -> None:
    ended = cli(*path, "--help")
    assert ended.exit_code == 0
    assert f"Usage: reconciler {' '.join(path)}" in ended.stdout
    assert max(map(len, ended.stdout.splitlines())) <= 80


def test_the_version_is_told() -> None:
    done = subprocess.run([sys.executable, "-m", "reconciler", "--version"], capture_output=True, text=True, check=True)
    assert done.stdout == f"reconciler {__version__}\n"


WRONG = [
    ("frobnicate",),
    ("plan", "--frob"),
    ("plan", "--refresh", "some"),
    ("plan", "--override", "needs-allow-delete"),
    ("plan", "--expires", "tomorrow"),
    ("plan", "--expires", "0h"),
    ("plan", "--limit", "0"),
    ("plan", "-C", "elsewhere"),
    ("show",),
    ("schema", "frob"),
    ("record", "frob"),
    ("record", "forget"),
    ("record", "forget", "not-a-number"),
    ("validate", "--format", "frob"),
    ("validate", "--format", "csv"),
    ("apply",),
    ("apply", "plan.json", "--tag", "moscow"),
    ("apply", "plan.json", "--limit", "3"),
    ("apply", "plan.json", "--expect", "plan.json"),
]


@pytest.mark.parametrize("arguments", WRONG, ids=" ".join)
def test_wrong_usage_ends_with_64_and_says_why(arguments: tuple[str, ...], cli: Cli) -> None:
    ended = cli(*arguments)
    assert ended.exit_code == 64
    assert ended.stdout == ""
    assert ended.stderr.startswith("error[usage]: ")
    assert "hint: " in ended.stderr


@pytest.mark.parametrize("spelling", [("--format", "json"), ("--format=json",)])
@pytest.mark.parametrize("arguments", [words for words in WRONG if "--format" not in words], ids=" ".join)
def test_wrong_usage_is_json_too_once_json_is_asked_for(
    arguments: tuple[str, ...], spelling: tuple[str, ...], cli: Cli
) -> None:
    ended = cli(*arguments, *spelling)
    assert ended.exit_code == 64
    assert ended.stderr == ""
    assert ended.codes == ["usage"]


@pytest.mark.parametrize("arguments", [(), ("record",), ("period",)])
def test_a_group_without_a_command_shows_its_help(arguments: tuple[str, ...]) -> None:
    ended = CliRunner().invoke(main, list(arguments))
    assert ended.exit_code == 64
    assert ended.stdout == ""
    assert "Commands:" in ended.stderr


def test_an_option_in_the_wrong_place_is_shown_its_own(cli: Cli) -> None:
    assert "reconciler -C DIR COMMAND" in cli("plan", "-C", "elsewhere").stderr


def test_a_fault_of_the_program_keeps_its_traceback_and_no_secret(
    cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_arguments: object, **_options: object) -> None:
        raise ZeroDivisionError("https://user:canary@example.com/a?token=canary")

    monkeypatch.setattr("reconciler.config.load.load", broken)
    text, document = cli("validate"), cli("validate", "--format", "json")
    assert (text.exit_code, document.exit_code) == (1, 1)
    assert "Traceback" in text.stderr
    assert "please report it" in text.stderr
    assert document.codes == ["program-fault"]
    assert "canary" not in text.stderr + document.stdout + document.stderr


def test_completion_is_printed_for_each_shell(cli: Cli) -> None:
    for shell in ("bash", "zsh", "fish"):
        ended = cli("completion", shell)
        assert ended.exit_code == 0
        assert f"_RECONCILER_COMPLETE={shell}_complete" in ended.stdout
    assert cli("completion", "fish", "--format", "json").json["shell"] == "fish"


def test_completion_completes_commands() -> None:
    environ = {"_RECONCILER_COMPLETE": "bash_complete", "COMP_WORDS": "reconciler va", "COMP_CWORD": "1", "PATH": ""}
    done = subprocess.run([sys.executable, "-m", "reconciler"], capture_output=True, text=True, check=True, env=environ)
    assert done.stdout == "plain,validate\n"


@pytest.mark.parametrize(
    ("name", "title"), [("config", ""), ("plan", "reconciler plan"), ("report", "reconciler apply report")]
)
def test_schemas_are_printed(name: str, title: str, cli: Cli) -> None:
    ended = cli("schema", name)
    assert ended.exit_code == 0
    assert ended.json["$schema"].startswith("https://json-schema.org/")
    assert title in ended.json["title"]


def test_a_reader_who_stops_reading_is_no_error(tmp_path: Path) -> None:
    command = f"{sys.executable} -m reconciler schema config | head -c 10; echo ${{PIPESTATUS[0]}}"
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1].endswith("0")
    assert done.stderr == ""


def test_json_of_any_failure_is_one_document(cli: Cli, tmp_path: Path) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    for words in (("plan",), ("list",), ("show", "1"), ("record", "list"), ("apply", "--auto-approve")):
        ended = cli(*words, "--format", "json", folder=empty)
        assert ended.exit_code == 1
        assert json.loads(ended.stdout)["diagnostics"][0]["code"] == "config-missing"
        assert ended.stderr == ""


@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"])
def test_a_closed_stream_is_no_fault(closed: str, tmp_path: Path) -> None:
    command = f"{sys.executable} -m reconciler -C {tmp_path} apply {closed}; echo $? > {tmp_path}/code"
    subprocess.run(["bash", "-c", command], capture_output=True, check=True)
    assert (tmp_path / "code").read_text() == "64\n"


def test_a_sandbox_on_a_port_that_is_taken_says_so(cli: Cli) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        ended = cli("sandbox", "--port", str(port))
    assert ended.exit_code == 1
    assert ended.stderr.startswith(f"error[command-failed]: cannot listen on port {port}: ")
    assert "--port 0" in ended.stderr


def test_help_says_where_the_pages_are(cli: Cli) -> None:
    last = cli("--help").stdout.strip().splitlines()[-1]
    places = last.partition(": ")[2].split(", ")
    assert [Path(place).name for place in places] == ["README.md", "docs"]
    assert all(Path(place).exists() for place in places)


def test_the_pages_are_found_where_an_installed_package_keeps_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    module = tmp_path / "lib" / "python3" / "site-packages" / "reconciler" / "cli" / "root.py"
    monkeypatch.setattr(root, "__file__", str(module))
    assert root.documentation() is None
    pages = tmp_path / "share" / "doc" / "reconciler"
    (pages / "docs").mkdir(parents=True)
    (pages / "docs" / "commands.md").touch()
    assert root.documentation() == pages


def test_every_page_is_installed() -> None:
    settings = tomllib.loads((REPOSITORY / "pyproject.toml").read_text("utf-8"))
    every = settings["tool"]["setuptools"]["data-files"]
    installed = {folder: patterns for folder, patterns in every.items() if folder.startswith("share/doc/")}
    shipped = {page for patterns in installed.values() for pattern in patterns for page in REPOSITORY.glob(pattern)}
    assert shipped == {*REPOSITORY.glob("*.md"), *(REPOSITORY / "docs").rglob("*.md")}
    for folder, patterns in installed.items():
        inside = folder.removeprefix("share/doc/reconciler").removeprefix("/")
        assert all(pattern.rpartition("/")[0] == inside for pattern in patterns)
