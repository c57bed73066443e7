"""What is built and handed out: its name, its metadata, its types, its version, its image."""

from __future__ import annotations

import email
import os
import re
import shutil
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from email.message import Message
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

from reconciler import __version__
from tests.architecture.imports import REPOSITORY

PROJECT: dict[str, Any] = tomllib.loads((REPOSITORY / "pyproject.toml").read_text("utf-8"))["project"]
NAME = "phone-reconciler"
TOOLS = Path(sys.executable).parent
CHANGELOG = (REPOSITORY / "CHANGELOG.md").read_text("utf-8")
EXTRAS = "|".join(PROJECT["optional-dependencies"])

needs_git = pytest.mark.skipif(not (REPOSITORY / ".git").exists(), reason="needs the repository, not its files alone")


def run(*command: str | Path, cwd: Path = REPOSITORY, **environ: str) -> str:
    ended = subprocess.run(
        [str(each) for each in command],
        cwd=cwd,
        env={**os.environ, **environ},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 0, ended.stdout[-3000:] + ended.stderr[-3000:]
    return ended.stdout


def tracked() -> list[str]:
    """The files of the tree that git holds, or would."""
    names = run("git", "ls-files", "--cached", "--others", "--exclude-standard", "-z").split("\0")
    return sorted({name for name in names if name and os.path.lexists(REPOSITORY / name)})


def copied(destination: Path, names: list[str]) -> Path:
    for name in names:
        (destination / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(REPOSITORY / name, destination / name, follow_symlinks=False)
    return destination


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the sdist, and the wheel that is built from it."""
    tree = copied(tmp_path_factory.mktemp("tree"), tracked())
    out = tmp_path_factory.mktemp("out")
    run(sys.executable, "-m", "build", "--no-isolation", "--outdir", out, ".", cwd=tree)
    return out


@pytest.fixture(scope="module")
def wheel(built: Path) -> Path:
    (found,) = built.glob("*.whl")
    return found


@pytest.fixture(scope="module")
def sdist(built: Path) -> Path:
    (found,) = built.glob("*.tar.gz")
    return found


def metadata(wheel: Path) -> Message:
    with zipfile.ZipFile(wheel) as archive:
        (name,) = (each for each in archive.namelist() if each.endswith(".dist-info/METADATA"))
        return email.message_from_bytes(archive.read(name))


# -- its name ---------------------------------------------------------------------------------------------------------

_INSTALLS = r"(?:pip3?|pipx|uv|uvx)(?: tool| pip)? (?:install|add|run|inject)"
OTHERS = re.compile(
    rf"{_INSTALLS}[^\n`]*?[ '\"]reconciler(?![-\w./])"  # somebody else's distribution
    rf"|(?<!phone-)\breconciler\[(?:{EXTRAS})"
    rf"|(?:requires|version|distribution|metadata)\([\"']reconciler[\"']\)"
)


@needs_git
def test_nobody_is_told_to_install_what_is_somebody_elses() -> None:
    texts = {name: (REPOSITORY / name).read_bytes().decode("utf-8", "replace") for name in tracked() if is_text(name)}
    assert {name: found[0] for name, text in texts.items() if (found := OTHERS.search(text))} == {}
    assert sum(f"{NAME}[" in text for text in texts.values()) >= 4


def is_text(name: str) -> bool:
    return name != "tests/test_distribution.py" and (REPOSITORY / name).is_file()


@pytest.mark.parametrize(
    "text",
    [
        "pip install reconciler",
        "run `pip install 'reconciler[postgres]'`",
        "pipx install reconciler",
        "uv tool install --python 3.11 reconciler",
        'version("reconciler")',
        "reconciler[calendars]",
    ],
)
def test_such_advice_would_be_seen(text: str) -> None:
    assert OTHERS.search(text)


@pytest.mark.parametrize("text", ["pip install .", f"pip install '{NAME}[postgres]'", "pip install reconciler/"])
def test_good_advice_is_let_be(text: str) -> None:
    assert OTHERS.search(text) is None


# -- its metadata -----------------------------------------------------------------------------------------------------


def test_the_index_would_take_both(built: Path) -> None:
    assert run(TOOLS / "twine", "check", "--strict", *built.iterdir()).count("PASSED") == 2


def test_the_wheel_holds_what_a_wheel_should(wheel: Path) -> None:
    assert run(TOOLS / "check-wheel-contents", wheel).rstrip().endswith("OK")
    assert wheel.name == f"phone_reconciler-{__version__}-py3-none-any.whl"


def test_pyroma_misses_nothing(sdist: Path) -> None:
    assert "Final rating: 10/10" in run(TOOLS / "pyroma", "--min", "10", sdist)


def test_the_description_leads_to_the_repository_not_to_files_that_are_not_there(wheel: Path) -> None:
    text = str(metadata(wheel).get_payload())
    assert re.findall(r"\]\((?!https?:|#)[^)]+\)", text) == []
    assert f"]({PROJECT['urls']['Source']}/blob/main/docs/commands.md)" in text


def test_what_links_are_given_are_named_as_the_index_knows_them(wheel: Path) -> None:
    links = dict(each.split(", ", 1) for each in metadata(wheel).get_all("Project-URL") or ())
    assert {"Homepage", "Documentation", "Source", "Changelog", "Issues"} <= links.keys()
    assert all(link.startswith("https://") for link in links.values())


@needs_git
def test_the_sdist_is_complete(sdist: Path) -> None:
    with tarfile.open(sdist) as archive:
        names = {each.name.partition("/")[2] for each in archive.getmembers() if not each.isdir()}
    made = {"PKG-INFO", "setup.cfg"}
    missing = (
        "examples/invalid/file-unreadable/numbers.yaml"  # a link to nothing, which no archiver of setuptools takes
    )
    assert {name for name in names - made if ".egg-info/" not in name} == {*tracked()} - {missing}


# -- its types --------------------------------------------------------------------------------------------------------

PROGRAM = """
from reconciler.schedule import Period
office: Period = Period.parse("wd {mon-fri} hr {9-17}")
reveal_type(office.canonical)
office.matches("noon", "Europe/Moscow")
"""


def test_a_program_is_checked_against_the_types_of_the_installed_wheel(wheel: Path, tmp_path: Path) -> None:
    run(TOOLS / "uv", "venv", "--quiet", "--offline", "--python", sys.executable, tmp_path / "venv")
    python = tmp_path / "venv" / "bin" / "python"
    run(TOOLS / "uv", "pip", "install", "--quiet", "--offline", "--no-deps", "--python", python, wheel)
    (tmp_path / "program.py").write_text(PROGRAM, "utf-8")
    checked = subprocess.run(
        [TOOLS / "mypy", "--strict", "--python-executable", python, "--config-file", os.devnull, "program.py"],
        cwd=tmp_path, capture_output=True, text=True, check=False,
    )  # fmt: skip
    said = [re.sub(r"^program.py:(\d+): ", r"\1 ", line) for line in checked.stdout.splitlines()]
    assert said[0] == '4 note: Revealed type is "str"', checked.stdout + checked.stderr
    assert said[1].startswith('5 error: Argument 1 to "matches" of "Period" has incompatible type "str"')
    assert len(said) == 3


# -- its version ------------------------------------------------------------------------------------------------------

RELEASED = re.findall(r"^## \[(\d+\.\d+\.\d+)\] - \d{4}-\d\d-\d\d$", CHANGELOG, re.MULTILINE)


def test_the_changelog_knows_the_version_or_what_is_on_the_way_to_it() -> None:
    heads = re.findall(r"^## (.+)$", CHANGELOG, re.MULTILINE)
    assert heads[0] == "[Unreleased]"
    assert [head.partition("]")[0].removeprefix("[") for head in heads[1:]] == RELEASED
    assert sorted(RELEASED, key=Version, reverse=True) == RELEASED
    assert Version(__version__) >= Version(RELEASED[0] if RELEASED else "0")


@needs_git
def test_a_tag_a_version_and_a_section_go_together() -> None:
    tags = [tag.removeprefix("v") for tag in run("git", "tag", "--list", "v[0-9]*").split()]
    assert {*tags} <= {*RELEASED}
    here = run("git", "tag", "--points-at", "HEAD", "--list", "v[0-9]*").split()
    assert here in ([], [f"v{__version__}"])


def test_nothing_is_released_with_an_address_that_leads_nowhere() -> None:
    addresses = [*PROJECT["urls"].values(), *(each["email"] for each in PROJECT["authors"])]
    placeholders = [each for each in addresses if "example.com" in each]
    assert not (RELEASED and placeholders), "put the true addresses into [project] of pyproject.toml"


# -- its dependencies -------------------------------------------------------------------------------------------------


def pins(name: str) -> dict[str, str]:
    return dict(re.findall(r"^(\S+)==(\S+)", (REPOSITORY / name).read_text("utf-8"), re.MULTILINE))


def test_users_get_what_the_suite_runs_with_and_no_tool() -> None:
    whole, run_lock, build = map(pins, ("requirements.lock", "requirements-run.lock", "requirements-build.lock"))
    assert {**run_lock, **build}.items() <= whole.items()
    extras = {key: value for key, value in PROJECT["optional-dependencies"].items() if key != "dev"}
    wanted = map(Requirement, (*PROJECT["dependencies"], *(each for extra in extras.values() for each in extra)))
    pinned = {requirement: run_lock[canonicalize_name(requirement.name)] for requirement in wanted}
    assert [str(each) for each, version in pinned.items() if not each.specifier.contains(version)] == []
    assert {"pytest", "mypy", "ruff"}.isdisjoint(run_lock)


def test_the_lowest_versions_are_tried_before_the_suite_in_ci() -> None:
    steps = re.findall(r"^make (\w+)", (REPOSITORY / ".ci" / "run").read_text("utf-8"), re.MULTILINE)
    assert steps == ["check", "lowest", "test"]


# -- its image --------------------------------------------------------------------------------------------------------

DOCKERFILE = (REPOSITORY / "Dockerfile").read_text("utf-8")


def test_hadolint_finds_nothing_wrong_with_the_image() -> None:
    assert run(TOOLS / "hadolint", REPOSITORY / "Dockerfile") == ""


def test_the_image_is_small_and_belongs_to_nobody_of_importance() -> None:
    last = DOCKERFILE.rpartition("\nFROM ")[2]
    assert re.search(r"^USER [1-9]\d+$", last, re.MULTILINE)
    assert re.search(r"^ARG PYTHON=python:\d+\.\d+\.\d+-slim-\w+$", DOCKERFILE, re.MULTILINE)
    assert DOCKERFILE.count("pip install") + DOCKERFILE.count("python install") == 3
    assert DOCKERFILE.count("--require-hashes") == 2  # and a wheel of our own


def sent_to_the_engine() -> list[str]:
    """What .dockerignore leaves: it refuses all, and names what goes."""
    first, *rules = (REPOSITORY / ".dockerignore").read_text("utf-8").split()
    assert first == "*"
    allowed = [rule.removeprefix("!") for rule in rules if rule.startswith("!")]
    tops = {name: name.partition("/")[0] for name in tracked()}
    return [name for name, top in tops.items() if any(fnmatch(top, rule) for rule in allowed)]


@needs_git
@pytest.mark.soak
def test_the_steps_of_the_image_install_the_program(tmp_path: Path) -> None:
    """The steps of its first stage, in an environment of their own: no container engine is needed, nor tried."""
    stage = DOCKERFILE.partition(" AS build\n")[2].partition("\nFROM ")[0]
    steps = re.findall(r"^RUN ((?:.*\\\n)*.*)$", stage, re.MULTILINE)
    assert len(steps) == 2
    source = copied(tmp_path / "src", sent_to_the_engine())
    run(sys.executable, "-m", "venv", tmp_path / "outer")
    places = {"/opt/reconciler": tmp_path / "opt", "/wheels": tmp_path / "wheels", "--no-cache-dir ": ""}
    script = " && ".join(steps)
    for place, here in places.items():
        script = script.replace(place, str(here))
    path = f"{tmp_path / 'outer' / 'bin'}:{os.defpath}"
    ended = subprocess.run(
        ["sh", "-ec", script], cwd=source, env={**os.environ, "PATH": path, "PIP_RETRIES": "0"}, capture_output=True,
        text=True, check=False,
    )  # fmt: skip
    if "NewConnectionError" in ended.stderr or "Could not fetch URL" in ended.stderr:
        pytest.skip("the packages of requirements-run.lock cannot be had here")
    assert ended.returncode == 0, ended.stdout[-2000:] + ended.stderr[-2000:]
    assert "That was the sandbox; nothing of it is left." in ended.stdout
    assert not (tmp_path / "opt" / "bin" / "pip").exists()
