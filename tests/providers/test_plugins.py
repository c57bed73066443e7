"""Providers and formats of other distributions, found by the entry points of what is installed."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from reconciler.cli import main
from reconciler.providers.table import PROVIDERS
from reconciler.views.formats import FORMATS
from tests.providers.test_third import ADDRESS, HEAD, NUMBER, ONE
from tests.providers.third.provider import SERVICES, Acme

ENTRY_POINTS = """\
[reconciler.providers]
acme = tests.providers.third:ACME
exolve = tests.providers.third:ACME
crash = tests.providers.nowhere:ROW
[reconciler.formats]
pager = tests.providers.third.formats:PAGER
text = tests.providers.third.formats:PAGER
odd = tests.providers.third.formats:BROKEN
"""


@pytest.fixture(autouse=True)
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder of installed distributions, with Acme's in it."""
    folder = tmp_path / "site" / "acme_reconciler-1.0.dist-info"
    folder.mkdir(parents=True)
    (folder / "METADATA").write_text("Metadata-Version: 2.1\nName: acme-reconciler\nVersion: 1.0\n", "utf-8")
    (folder / "entry_points.txt").write_text(ENTRY_POINTS, "utf-8")
    monkeypatch.syspath_prepend(folder.parent)
    monkeypatch.setitem(SERVICES, ADDRESS, Acme({NUMBER: None}))
    yield folder.parent
    PROVIDERS.pop("acme", None)
    FORMATS.pop("pager", None)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return says(tmp_path, HEAD + ONE)


def says(folder: Path, text: str) -> Path:
    (folder / "reconciler.yaml").write_text(text, "utf-8")
    return folder


def run(folder: Path, *arguments: str) -> Result:
    environ = {"ACME_TOKEN": "t", "RECONCILER_RECORD_KEY": "a key of the record that is long enough"}
    return CliRunner().invoke(main, ["-C", str(folder), *arguments], env=environ)


def test_a_provider_of_another_distribution_is_planned_and_applied(folder: Path) -> None:
    assert run(folder, "validate").exit_code == 0
    applied = json.loads(run(folder, "apply", "--auto-approve", "--format", "json").stdout)
    assert [each["outcome"] for each in applied["results"]] == ["applied"]
    assert SERVICES[ADDRESS].phones[NUMBER] == ("74992223344", 20)


def test_a_format_of_another_distribution_is_taken(folder: Path) -> None:
    assert run(folder, "plan", "--format", "pager").stdout == f"PAGE {NUMBER}\n"
    says(folder, HEAD + ONE.replace("74992223344", "84992223344"))
    failed = run(folder, "plan", "--format", "pager")
    assert (failed.exit_code, failed.stdout) == (1, "PAGE number-trunk-prefix\n")


def test_a_format_that_does_not_serve_a_command_is_wrong_usage(folder: Path) -> None:
    ended = run(folder, "audit", "--format", "pager")
    assert ended.exit_code == 64
    assert "pager" in ended.stderr


def test_a_schema_knows_the_providers_that_are_installed(site: Path, folder: Path) -> None:
    (given,) = site.glob("*/entry_points.txt")
    given.write_text(ENTRY_POINTS.replace("crash = tests.providers.nowhere:ROW\n", ""), "utf-8")
    schema = run(folder, "schema", "config").stdout
    assert "AcmeAccount" in schema
    json.loads(schema)


def test_no_plugin_takes_the_place_of_our_own(folder: Path) -> None:
    listed = run(folder, "list")
    assert listed.exit_code == 0
    assert NUMBER in listed.stdout
    assert PROVIDERS["exolve"].label == "Exolve"


@pytest.mark.parametrize("arguments", [("validate",), ("plan",), ("plan", "--format", "json")])
def test_a_provider_that_cannot_be_loaded_is_named_with_its_distribution(
    folder: Path, arguments: tuple[str, ...]
) -> None:
    says(folder, HEAD.replace("provider: acme", "provider: crash") + ONE)
    ended = run(folder, *arguments)
    told = " ".join((ended.stderr + ended.stdout).split())
    assert ended.exit_code == 1
    assert "the plugin crash of acme-reconciler cannot be loaded: ModuleNotFoundError" in told
    assert "plugin-unusable" in told
    assert "Traceback" not in told


def test_a_format_that_is_none_is_told(folder: Path) -> None:
    ended = run(folder, "plan", "--format", "odd")
    assert ended.exit_code == 1
    assert "the plugin odd of acme-reconciler is a str, not a Format" in " ".join(ended.stderr.split())


def test_nothing_is_looked_for_where_all_is_ours(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    looked: list[object] = []

    def entry_points(**asked: str) -> tuple[()]:
        looked.append(asked)
        return ()

    monkeypatch.setattr("importlib.metadata.entry_points", entry_points)
    says(folder, HEAD.replace("provider: acme, token: {env: ACME_TOKEN}", "provider: exolve, api_key: {env: K}") + ONE)
    assert run(folder, "validate", "--format", "sarif").exit_code == 0
    assert looked == []


def test_a_plugin_that_ends_the_program_is_told_as_one_that_cannot_be_loaded(site: Path, tmp_path: Path) -> None:
    (given,) = site.glob("*/entry_points.txt")
    given.write_text("[reconciler.providers]\nends = ends_the_program:ROW\n", "utf-8")
    (site / "ends_the_program.py").write_text("raise SystemExit(0)\n", "utf-8")
    ended = run(says(tmp_path, (HEAD + ONE).replace("provider: acme", "provider: ends")), "validate")
    assert ended.exit_code == 1
    assert "the plugin ends of acme-reconciler cannot be loaded: SystemExit" in ended.output
