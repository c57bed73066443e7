"""What a shell completes: names of the configuration's files and of a local record, in silence, and at once."""

from __future__ import annotations

import os
import resource
import shutil
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner

from reconciler.cli import main
from reconciler.rules import RULES
from tests.architecture.imports import REPOSITORY
from tests.cli.conftest import Workplace

FILES = {
    "reconciler.yaml": """\
version: 1
name: lines
defaults: {account: sales, timeout: 20}
accounts:
  sales: {provider: exolve, api_key: {env: EXOLVE_API_KEY}}
  support: {provider: exolve, api_key: {command: [touch, asked]}}
  office: {provider: mtt, client_id: {env: A}, client_secret: {env: B}}
environments:
  staging: {name: lines-staging, accounts: {trial: {provider: exolve, api_key: {env: C}}}}
scenarios:
  storm: {numbers: {"74991112233": {forwarding: none}}}
""",
    "numbers.yaml": """\
version: 1
contacts:
  duty-desk: {to: +7 499 222-33-44}
schedules:
  office-hours: {period: "wd {mon-fri} hr {9-17}"}
profiles:
  hotline: {tags: [hotline]}
numbers:
  "+7 (499) 111-22-33":
    description: "Горячая линия,\\n Москва"
    tags: [moscow, sales]
    forwarding: none
  74991112244: {account: support, use: [hotline], tags: москва, forwarding: none}
forget: ["74991112288"]
""",
}

Complete = Callable[..., list[str]]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, text in FILES.items():
        (tmp_path / name).write_text(text, "utf-8")
    return tmp_path


def asked(folder: Path, words: list[str], shell: str = "bash") -> tuple[str, str, int]:
    """What the program answers a shell whose last word is not finished, standard error, and the exit code."""
    line = ["reconciler", "-C", str(folder), *words]
    environ = {"_RECONCILER_COMPLETE": f"{shell}_complete", "COMP_CWORD": str(len(line) - 1)}
    environ["COMP_WORDS"] = line[-1] if shell == "fish" else "\n".join(line)
    if shell == "fish":
        environ |= {"COMP_WORDS": "\n".join(line[:-1]), "COMP_CWORD": line[-1]}
    result = CliRunner().invoke(main, [], env=environ)
    assert not isinstance(result.exception, Exception), result.exception
    return result.stdout.removesuffix("\n"), result.stderr, result.exit_code


def completed(folder: Path, *words: str) -> list[str]:
    out, err, code = asked(folder, list(words))
    assert (err, code) == ("", 0)
    return [text.removeprefix("plain,") for text in out.splitlines()]


NUMBERS = ["74991112233", "74991112244"]


@pytest.mark.parametrize(
    ("words", "offered"),
    [
        (["plan", "--account", ""], ["sales", "support", "office"]),
        (["plan", "--account", "s"], ["sales", "support"]),
        (["audit", "--scenario", "st"], ["storm"]),
        (["validate", "--scenario", ""], ["storm"]),
        (["list", "--tag", ""], ["moscow", "sales", "москва", "hotline"]),
        (["list", "--to", ""], ["74992223344"]),
        (["apply", "--target", "7499"], NUMBERS),
        (["apply", "--target", "support/7"], ["support/74991112244"]),
        (["apply", "--target", "sales/"], ["sales/74991112233"]),
        (["route", ""], NUMBERS),
        (["calendar", "74991112233", "7"], NUMBERS),
        (["show", "749911122"], ["file,749911122", *NUMBERS]),
        (["login", ""], ["office"]),
        (["import", "--account", "sa"], ["sales"]),
        (["import", "7499"], NUMBERS),
        (["plan", "--environment", ""], ["staging"]),
        (["plan", "--environment", "staging", "--account", "t"], ["trial"]),
        (["record", "unlock", "s"], ["sales", "support"]),
        (["period", "compile", "--schedule", ""], ["office-hours"]),
        (["explain", "route-g"], ["route-gap"]),
        (["explain", ""], list(RULES)),
        (["schema", "pl"], ["plan"]),
        (["plan", "--format", "git"], ["github", "gitlab"]),
        (["plan", "--account", "nobody"], []),
    ],
    ids=" ".join,
)
def test_words_of_the_configuration_are_offered(words: list[str], offered: list[str], folder: Path) -> None:
    found = completed(folder, *words)
    assert [each for each in found if each in offered] == offered
    assert words[1] == "--format" or found == offered
    assert not (folder / "asked").exists()
    assert not (folder / ".reconciler").exists()


def test_a_local_record_offers_its_numbers_and_runs(workplace: Workplace) -> None:
    workplace.applied()
    (run,) = workplace.run("record", "list", "--format", "json").json["runs"]
    assert completed(workplace.folder, "undo", "") == [run["run_id"]]
    assert completed(workplace.folder, "show", run["run_id"][:4]) == [f"file,{run['run_id'][:4]}", run["run_id"]]
    workplace.edit('  "74991000001":', '  "74991000002":')
    assert completed(workplace.folder, "record", "forget", "") == ["74991000000", "74991000001"]
    assert completed(workplace.folder, "route", "") == ["74991000000", "74991000002"]


def test_a_record_elsewhere_is_not_asked(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("asked")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    text = (folder / "reconciler.yaml").read_text("utf-8")
    http = "record: {backend: http, http: {address: http://127.0.0.1:9/x, lock_address: http://127.0.0.1:9/lock}}\n"
    (folder / "reconciler.yaml").write_text(text + http, "utf-8")
    assert completed(folder, "record", "forget", "") == [*NUMBERS, "74991112288"]
    assert completed(folder, "undo", "") == []


def unreadable(folder: Path) -> None:
    (folder / "reconciler.yaml").write_text("version: 1\naccounts: {sales: [\n", "utf-8")


def shapeless(folder: Path) -> None:
    (folder / "reconciler.yaml").write_text("version: 1\naccounts: [sales]\nscenarios: 7\nrecord: x\n", "utf-8")
    (folder / "numbers.yaml").write_text("version: 1\nnumbers: [1, {2: 3}]\nprofiles: {a: b}\nforget: {}\n", "utf-8")


def absent(folder: Path) -> None:
    (folder / "reconciler.yaml").unlink()


def not_text(folder: Path) -> None:
    (folder / "reconciler.yaml").write_bytes(b"\xff\xfe\x00")


@pytest.mark.parametrize("damage", [unreadable, shapeless, absent, not_text], ids=lambda each: each.__name__)
@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_a_broken_configuration_completes_to_nothing(damage: Callable[[Path], None], shell: str, folder: Path) -> None:
    damage(folder)
    for words in (["plan", "--account", ""], ["route", ""], ["undo", ""], ["plan", "--tag", ""], ["login", ""]):
        assert asked(folder, words, shell) == ("", "", 0), words


def test_a_damaged_record_completes_to_nothing(folder: Path) -> None:
    (folder / ".reconciler").mkdir()
    (folder / ".reconciler" / "record.db").write_bytes(b"not a database" * 1000)
    assert completed(folder, "undo", "") == []


@pytest.mark.parametrize("name", ["$(touch x)", "a b", "a;b", "`x`", "*", "a'b", "a\\nplain,b"])
def test_what_a_shell_could_misread_is_not_offered(name: str, folder: Path) -> None:
    text = (folder / "reconciler.yaml").read_text("utf-8")
    (folder / "reconciler.yaml").write_text(text.replace("storm:", f'"{name}": {{}}\n  storm:'), "utf-8")
    assert completed(folder, "plan", "--scenario", "") in (["storm"], [])


def test_zsh_and_fish_are_told_what_a_number_is_in_one_line(folder: Path) -> None:
    out, _, _ = asked(folder, ["route", "74991112233"], "zsh")
    assert out.splitlines() == ["plain", "74991112233", "Горячая линия, Москва"]
    out, _, _ = asked(folder, ["plan", "--account", "off"], "fish")
    assert "office" in out
    assert len(out.splitlines()) <= 3


def test_a_thousand_numbers_are_there_within_a_second(folder: Path) -> None:
    rows = "".join(
        f'  "7499{at:07d}":\n    tags: [t{at % 20}]\n    forwarding: {{type: url, url: "https://example.com/{at}"}}\n'
        for at in range(1000)
    )
    (folder / "numbers.yaml").write_text(f"version: 1\nnumbers:\n{rows}", "utf-8")
    words = ["reconciler", "-C", str(folder), "plan", "--target", ""]
    environ = {
        **os.environ,
        "PYTHONPATH": str(REPOSITORY),
        "_RECONCILER_COMPLETE": "bash_complete",
        "COMP_WORDS": "\n".join(words),
        "COMP_CWORD": "5",
    }
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(
        [sys.executable, "-m", "reconciler"], capture_output=True, text=True, check=True, timeout=60, env=environ
    )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert len(done.stdout.splitlines()) == 1000
    busy = (after.ru_utime + after.ru_stime) - (before.ru_utime + before.ru_stime)
    assert busy < 1.0  # seconds of this machine's processor: others may be at work on it, too


# -- the shells themselves --------------------------------------------------------------------------------------------


def shell_of(name: str) -> str:
    path = shutil.which(name)
    if path is None:
        pytest.skip(f"there is no {name} here")
    return path


def run_in(shell: str, script: str, folder: Path, tmp_path_factory: pytest.TempPathFactory) -> str:
    """What a script of a shell prints, with `reconciler` on its path."""
    bin_folder = tmp_path_factory.mktemp("bin")
    program = bin_folder / "reconciler"
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m reconciler "$@"\n', "utf-8")
    program.chmod(0o755)
    path = f"{bin_folder}{os.pathsep}{os.environ['PATH']}"
    environ = {**os.environ, "PATH": path, "PYTHONPATH": str(REPOSITORY), "HOME": str(bin_folder), "LC_ALL": "C.UTF-8"}
    done = subprocess.run(
        [shell, "-c", script], cwd=folder, capture_output=True, text=True, check=False, timeout=60, env=environ
    )
    assert done.stderr == ""
    return done.stdout


def test_bash_completes_accounts_and_numbers(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    script = """
        eval "$(reconciler completion bash)"
        ask() {
            COMP_WORDS=("$@" "") COMP_CWORD=$# COMPREPLY=()
            _reconciler_completion reconciler
            echo "${COMPREPLY[*]}"
        }
        ask reconciler plan --account
        ask reconciler route
    """
    out = run_in(shell_of("bash"), script, folder, tmp_path_factory)
    assert out.splitlines() == ["sales support office", " ".join(NUMBERS)]


def test_fish_completes_accounts_and_numbers(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    script = """
        reconciler completion fish | source
        complete -C "reconciler plan --account "
        complete -C "reconciler route 7499111224"
    """
    out = run_in(shell_of("fish"), script, folder, tmp_path_factory)
    assert [row.split("\t")[0] for row in out.splitlines()] == ["office", "sales", "support", "74991112244"]


def test_zsh_takes_the_script(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    script = (
        'autoload -Uz compinit; compinit -u -D; eval "$(reconciler completion zsh)"; whence -w _reconciler_completion'
    )
    out = run_in(shell_of("zsh"), script, folder, tmp_path_factory)
    assert out == "_reconciler_completion: function\n"
