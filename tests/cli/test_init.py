"""`reconciler init`: three answers, and a configuration stands there that validates, with what belongs around it."""

from __future__ import annotations

import json
import os
import pty
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from reconciler.cli.root import COMMANDS
from reconciler.sandbox import Sandbox
from tests.checkout import git
from tests.cli.conftest import Cli

EXOLVE = ("--vendor", "exolve", "--number", "+7 (499) 111-22-33")
PARTS = ("reconciler.yaml", "numbers/main.yaml", ".vscode/settings.json", ".pre-commit-config.yaml", ".gitignore")
OF_HOST = {
    "github": {
        ".github/actions/reconciler/action.yml",
        ".github/workflows/numbers.yml",
        ".github/workflows/numbers-main.yml",
        ".github/workflows/numbers-nightly.yml",
        "requirements.in",
        "requirements.txt",
    },
    "gitlab": {".gitlab-ci.yml", "requirements.in", "requirements.txt"},
    "none": set(),
}


def files(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize("host", OF_HOST)
@pytest.mark.parametrize(
    "answers",
    [
        EXOLVE,
        (*EXOLVE, "--to", "74992223344"),
        (*EXOLVE, "--to", "883140123456789"),
        ("--vendor", "exolve", "--import"),
        ("--vendor", "mtt", "--number", "78005560251"),
        ("--vendor", "mtt", "--import"),
    ],
    ids=" ".join,
)
def test_what_it_writes_validates_and_is_in_canonical_form(
    cli: Cli, tmp_path: Path, answers: tuple[str, ...], host: str
) -> None:
    ended = cli("init", *answers, "--host", host, "--format", "json")
    assert (ended.exit_code, ended.stderr) == (0, "")
    assert files(tmp_path) == {*PARTS, ".reconciler-schema/config.v1.json", *OF_HOST[host]}
    assert set(ended.json["written"]) == files(tmp_path)
    assert cli("validate", "--strict").exit_code == 0
    assert cli("fmt", "--check").exit_code == 0


@pytest.mark.parametrize("folder", ["null", "NULL", "true", "1.0", "0x10", "2026-01-01", "-", "...", "@@name@@", "а б"])
def test_a_folder_whose_name_yaml_reads_as_something_else_gives_a_name(cli: Cli, tmp_path: Path, folder: str) -> None:
    assert cli("init", "--host", "github", *EXOLVE, "--", folder).exit_code == 0
    assert cli("-C", str(tmp_path / folder), "validate", "--strict").exit_code == 0


@pytest.mark.parametrize(
    ("vendor", "host", "record", "backend"),
    [
        ("exolve", "none", None, None),
        ("exolve", "github", None, "git"),
        ("exolve", "gitlab", None, "http"),
        ("mtt", "github", None, "postgres"),
        ("mtt", "gitlab", None, "http"),
        ("exolve", "github", "postgres", "postgres"),
        ("exolve", "github", "http", "http"),
        ("mtt", "gitlab", "postgres", "postgres"),
        ("exolve", "github", "s3", "s3"),
        ("exolve", "gitlab", "s3", "s3"),
    ],
)
def test_the_record_is_where_all_jobs_of_the_host_reach_it(
    cli: Cli, tmp_path: Path, vendor: str, host: str, record: str | None, backend: str | None
) -> None:
    chosen = ("--record", record) if record else ()
    assert cli("init", "--vendor", vendor, "--import", "--host", host, *chosen).exit_code == 0
    found = re.search(r"^  backend: (\w+)$", (tmp_path / "reconciler.yaml").read_text("utf-8"), re.MULTILINE)
    assert (found and found[1]) == backend
    assert cli("validate", "--strict").exit_code == 0


@pytest.mark.parametrize(
    ("vendor", "host", "record"),
    [("exolve", "github", "file"), ("exolve", "gitlab", "git"), ("mtt", "github", "git"), ("mtt", "gitlab", "s3")],
)
def test_a_record_that_jobs_could_not_share_is_wrong_usage(
    cli: Cli, tmp_path: Path, vendor: str, host: str, record: str
) -> None:
    ended = cli("init", "--vendor", vendor, "--import", "--host", host, "--record", record)
    assert (ended.exit_code, files(tmp_path)) == (64, set())
    assert f"--record {record}" in ended.stderr
    assert "postgres" in ended.stderr


def test_the_first_number_is_managed_only_once_somebody_says_who_rings(cli: Cli, tmp_path: Path) -> None:
    plan = ("sandbox", "--for", ".", "--exec", sys.executable, "-m", "reconciler", "plan", "--detailed-exitcode")
    for extra, code in ((), 0), (("--to", "+7 499 222-33-44"), 2):
        folder = tmp_path / str(code)
        assert cli("init", str(folder), *EXOLVE, *extra, "--host", "none").exit_code == 0
        done = subprocess.run([sys.executable, "-m", "reconciler", *plan], cwd=folder, capture_output=True, check=False)
        assert done.returncode == code, done


def test_what_the_account_has_is_imported_into_the_empty_map(cli: Cli, tmp_path: Path) -> None:
    assert cli("init", "--vendor", "exolve", "--import", "--host", "none").exit_code == 0
    path = tmp_path / "reconciler.yaml"
    with Sandbox(numbers=["74991112233"]) as vendors:
        there = f"provider: exolve\n    base_url: {vendors.exolve_url}\n    application: {vendors.application}\n"
        path.write_text(path.read_text("utf-8").replace("provider: exolve\n", there), "utf-8")
        told = cli("import", "--all", "--into", "numbers/main.yaml", EXOLVE_API_KEY=vendors.api_key)
        assert told.exit_code == 0, told
        assert '"74991112233"' in (tmp_path / "numbers" / "main.yaml").read_text("utf-8")
        assert cli("plan", "--detailed-exitcode", EXOLVE_API_KEY=vendors.api_key).exit_code == 0
        assert cli("validate", "--strict").exit_code == 0


def test_a_file_in_the_way_is_named_and_nothing_is_written(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / ".gitignore").write_text("mine\n", "utf-8")
    (tmp_path / "requirements.txt").symlink_to("nowhere")
    ended = cli("init", *EXOLVE, "--host", "gitlab", "--format", "json")
    assert (ended.exit_code, ended.codes) == (1, ["file-exists"])
    (told,) = ended.json["diagnostics"]
    assert ".gitignore" in told["message"]
    assert "requirements.txt" in told["message"]
    assert "reconciler.yaml" not in told["message"]
    assert {path.name for path in tmp_path.iterdir()} == {".gitignore", "requirements.txt"}
    assert (tmp_path / ".gitignore").read_text("utf-8") == "mine\n"


def test_with_keep_the_files_in_the_way_stay_and_the_others_are_written(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / ".gitignore").write_text("mine\n", "utf-8")
    ended = cli("init", *EXOLVE, "--host", "none", "--keep", "--format", "json")
    assert (ended.exit_code, ended.json["kept"]) == (0, [".gitignore"])
    assert (tmp_path / ".gitignore").read_text("utf-8") == "mine\n"
    assert files(tmp_path) == {*PARTS, ".reconciler-schema/config.v1.json"}


def test_with_keep_no_second_configuration_is_begun_beside_one(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "reconciler.yaml").write_text("version: 1\n", "utf-8")
    assert cli("init", *EXOLVE, "--host", "none", "--keep").exit_code == 0
    assert (tmp_path / "reconciler.yaml").read_text("utf-8") == "version: 1\n"
    assert "numbers/main.yaml" not in files(tmp_path)


def test_with_keep_what_comes_next_names_nothing_that_the_configuration_may_lack(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "reconciler.yaml").write_text("version: 1\nnumbers: {}\n", "utf-8")
    ended = cli("init", "--vendor", "mtt", "--import", "--host", "github", "--keep", "--format", "json")
    commands = " ".join(step["command"] or "" for step in ended.json["next"])
    assert "reconciler doctor" in commands
    assert "login main" not in commands
    assert "numbers/main.yaml" not in commands


def test_the_command_that_goes_to_a_folder_takes_its_name_for_no_option(tmp_path: Path) -> None:
    words = [sys.executable, "-m", "reconciler", "init", *EXOLVE, "--host", "none", "--format", "json", "--", "-"]
    told = subprocess.run(words, cwd=tmp_path, capture_output=True, check=True).stdout
    going = json.loads(told)["next"][0]["command"]
    arrived = subprocess.run(["bash", "-c", f"{going} && ls"], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert "reconciler.yaml" in arrived.stdout.split()


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_that_cannot_be_written_is_told(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "shut").mkdir(mode=0o500)
    ended = cli("init", "shut", *EXOLVE, "--host", "none")
    assert (ended.exit_code, files(tmp_path)) == (1, set())


def test_what_was_written_before_a_file_that_cannot_be_is_taken_back(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / ".vscode").write_text("a file where a folder has to be", "utf-8")
    ended = cli("init", *EXOLVE, "--host", "github")
    assert ended.exit_code == 1
    assert ".vscode" in ended.stderr
    assert [path.name for path in tmp_path.iterdir()] == [".vscode"]


@pytest.mark.parametrize("made", ["open", "mkdir"])
def test_an_interrupted_init_leaves_nothing_even_of_what_it_has_just_made(
    cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, made: str
) -> None:
    real = getattr(Path, made)

    def interrupted(path: Path, *mode: str, **options: str) -> object:
        found = real(path, *mode, **options)
        if path.is_relative_to(tmp_path / "new"):
            signal.raise_signal(signal.SIGINT)
        return found

    monkeypatch.setattr(Path, made, interrupted)
    ended = cli("init", "new", *EXOLVE, "--host", "none")
    assert (ended.exit_code, list(tmp_path.iterdir())) == (130, [])


@pytest.mark.parametrize(
    ("given", "asked"),
    [
        ((), ("--vendor exolve|mtt", "--number N or --import", "--host github|gitlab|none")),
        (("--vendor", "mtt", "--import"), ("--host github|gitlab|none",)),
        (("--host", "none", "--vendor", "mtt"), ("--number N or --import",)),
    ],
)
def test_where_nobody_can_be_asked_the_missing_options_are_named(
    cli: Cli, tmp_path: Path, given: tuple[str, ...], asked: tuple[str, ...]
) -> None:
    for form in ("text", "json"):
        ended = cli("init", *given, "--format", form)
        told = " ".join((ended.stdout + ended.stderr).split())
        assert (ended.exit_code, files(tmp_path)) == (64, set())
        assert [each for each in asked if each not in told] == []


@pytest.mark.parametrize(
    "wrong",
    [
        ("--vendor", "telphin", "--import", "--host", "none"),
        ("--vendor", "exolve", "--number", "8 499 111-22-33", "--host", "none"),
        ("--vendor", "exolve", "--number", "soon", "--host", "none"),
        ("--vendor", "exolve", "--number", "12", "--host", "none"),
        ("--vendor", "exolve", "--number", "70000000000", "--host", "none"),
        (*EXOLVE, "--to", "70000000000", "--host", "none"),
        (*EXOLVE, "--import", "--host", "none"),
        ("--vendor", "exolve", "--import", "--to", "74992223344", "--host", "none"),
        ("--vendor", "mtt", "--number", "78005560251", "--to", "74992223344", "--host", "none"),
        (*EXOLVE, "--to", "74991112233", "--host", "none"),
        (*EXOLVE, "--host", "bitbucket"),
    ],
    ids=" ".join,
)
def test_wrong_usage_writes_nothing(cli: Cli, tmp_path: Path, wrong: tuple[str, ...]) -> None:
    assert cli("init", *wrong).exit_code == 64
    assert files(tmp_path) == set()


def on_terminal(folder: Path, typed: bytes) -> tuple[int, str]:
    """Run `init` with somebody at a terminal who types this."""
    terminal, inner = pty.openpty()
    command = [sys.executable, "-m", "reconciler", "init", "--color", "never"]
    with subprocess.Popen(
        command, cwd=folder, stdin=inner, stdout=inner, stderr=inner, start_new_session=True
    ) as child:
        os.close(inner)
        os.write(terminal, typed)
        shown = b"".join(iter(lambda: _read(terminal), b""))
    os.close(terminal)
    return child.returncode, shown.decode()


def _read(terminal: int) -> bytes:
    try:
        return os.read(terminal, 4096)
    except OSError:  # so Linux says that the other end is closed
        return b""


def test_three_questions_are_asked_on_a_terminal(tmp_path: Path) -> None:
    code, shown = on_terminal(tmp_path, b"MTS\n+7 (499) 111-22-33\nGitLab\n")
    assert code == 0, shown
    assert shown.count("?") == 3
    assert files(tmp_path) == {*PARTS, ".reconciler-schema/config.v1.json", *OF_HOST["gitlab"]}
    assert '"74991112233"' in (tmp_path / "numbers" / "main.yaml").read_text("utf-8")


def test_an_answer_that_does_not_fit_is_asked_for_again_and_none_is_the_default(tmp_path: Path) -> None:
    code, shown = on_terminal(tmp_path, b"telphin\nmtt\n8 800 556-02-51\n\nneither\n")
    assert code == 0, shown
    assert "telphin" in shown
    assert "write 78005560251" in shown
    assert files(tmp_path) == {*PARTS, ".reconciler-schema/config.v1.json"}
    assert "provider: mtt" in (tmp_path / "reconciler.yaml").read_text("utf-8")
    assert "numbers: {}" in (tmp_path / "numbers" / "main.yaml").read_text("utf-8")


def test_the_end_of_input_is_no_answer(tmp_path: Path) -> None:
    code, shown = on_terminal(tmp_path, b"exolve\n\x04")
    assert (code, files(tmp_path)) == (64, set()), shown


def test_what_comes_next_is_said_and_its_commands_exist(cli: Cli, tmp_path: Path) -> None:
    ended = cli("init", "team", "--vendor", "mtt", "--import", "--host", "github", "--format", "json")
    commands = [each["command"] for each in ended.json["next"] if each["command"]]
    assert commands[0].startswith("cd ")
    assert "reconciler login main" in commands
    assert "reconciler import --all --into numbers/main.yaml" in commands
    called = re.findall(r"reconciler (\w+)", " && ".join(commands))
    assert [name for name in called if name not in COMMANDS] == []
    told = " ".join(each["what"] for each in ended.json["next"])
    assert "MTT_CLIENT_ID, MTT_CLIENT_SECRET, RECONCILER_RECORD_KEY, RECONCILER_DSN" in told
    plain = cli("init", "other", "--vendor", "mtt", "--import", "--host", "none").stdout
    assert max(map(len, plain.splitlines())) <= 80 + len(str(tmp_path))
    assert plain.index("reconciler validate --strict") < plain.index("reconciler login main")


def test_at_gitlab_the_keys_of_main_are_protected_variables_as_an_environment_admits_any_branch(cli: Cli) -> None:
    ended = cli("init", *EXOLVE, "--host", "gitlab", "--format", "json")
    (told,) = [each["what"] for each in ended.json["next"] if "EXOLVE_API_KEY, RECONCILER_RECORD_KEY" in each["what"]]
    assert re.search(r"`numbers-main` and `numbers-apply` with the flag `Protected`", told)
    assert "Protect the branch main" in told


def test_what_an_import_needs_to_be_filled_in_is_said(cli: Cli) -> None:
    def told(vendor: str, *number: str) -> str:
        words = ("init", f"{vendor}{number}", "--vendor", vendor, *(number or ("--import",)), "--host", "none")
        return cli(*words, "--format", "json").stdout

    assert "Fill in `application` in reconciler.yaml" in told("exolve")
    assert "Fill in" not in told("exolve", "--number", "74991112233")
    assert "Fill in" not in told("mtt")


def test_a_pipeline_below_the_top_of_its_repository_is_told(cli: Cli, tmp_path: Path) -> None:
    git(tmp_path, "init", "-q")
    below = cli("init", "phones", *EXOLVE, "--host", "github", "--format", "json").json["next"]
    assert any(f"move it to {tmp_path}" in each["what"] for each in below)
    (tmp_path / "phones").rename(tmp_path / "away")
    above = cli("init", *EXOLVE, "--host", "github", "--format", "json").json["next"]
    assert not any("move it" in each["what"] for each in above)


def test_the_configuration_is_named_after_its_folder(cli: Cli, tmp_path: Path) -> None:
    for folder, name in ("Телефоны офиса", "numbers"), ("moscow lines", "moscow-lines"):
        assert cli("init", folder, *EXOLVE, "--host", "github").exit_code == 0
        assert f"\nname: {name}  #" in (tmp_path / folder / "reconciler.yaml").read_text("utf-8")
        assert cli("-C", str(tmp_path / folder), "validate", "--strict").exit_code == 0


def test_the_schema_lies_where_the_files_and_the_editor_look_for_it(cli: Cli, tmp_path: Path) -> None:
    assert cli("init", *EXOLVE, "--host", "none").exit_code == 0
    written = (tmp_path / ".reconciler-schema" / "config.v1.json").read_text("utf-8")
    assert json.loads(written) == json.loads(cli("schema", "config").stdout)
    for name in ("reconciler.yaml", "numbers/main.yaml"):
        path = tmp_path / name
        (named,) = re.findall(r"^# yaml-language-server: \$schema=(\S+)$", path.read_text("utf-8"), re.MULTILINE)
        assert (path.parent / named).read_text("utf-8") == written
    ((mapped, globs),) = json.loads((tmp_path / ".vscode" / "settings.json").read_text("utf-8"))["yaml.schemas"].items()
    assert (tmp_path / mapped).read_text("utf-8") == written
    assert globs == ["reconciler.yaml", "numbers/**/*.yaml"]
