"""A configuration under an editor: its folder, its texts, its names, and nothing left behind."""

from __future__ import annotations

import gc
from datetime import date
from pathlib import Path

import pytest

from reconciler.config.files import Files
from reconciler.lsp.fixes import fixes
from reconciler.lsp.project import Project, nearest_root
from reconciler.providers.table import PROVIDERS
from tests.unit.config.loading import ACCOUNTS, target, write

TODAY = date(2026, 11, 29)
NAMED = ACCOUNTS + 'contacts:\n  desk: {to: "74992223344"}\nschedules:\n  nights: {period: "hr {22-23}"}\n'


def project(folder: Path, texts: dict[Path, str] | None = None) -> Project:
    return Project(folder, PROVIDERS, lambda: TODAY, texts if texts is not None else {})


def test_the_folder_of_a_file_is_the_nearest_that_has_a_configuration(tmp_path: Path) -> None:
    write(tmp_path / "a", ACCOUNTS)
    write(tmp_path / "a" / "b", ACCOUNTS)
    assert nearest_root(tmp_path / "a" / "b" / "c" / "file.yaml", [tmp_path]) == tmp_path / "a" / "b"
    assert nearest_root(tmp_path / "a" / "file.yaml", [tmp_path]) == tmp_path / "a"
    assert nearest_root(tmp_path / "file.yaml", [tmp_path]) is None


def test_no_folder_above_the_editors_own_is_looked_at(tmp_path: Path) -> None:
    write(tmp_path, ACCOUNTS)
    assert nearest_root(tmp_path / "a" / "file.yaml", [tmp_path / "a"]) is None
    assert nearest_root(tmp_path / "a" / "file.yaml", []) == tmp_path


def test_a_configuration_that_is_about_to_be_written_has_a_folder(tmp_path: Path) -> None:
    assert nearest_root(tmp_path / "reconciler.yaml", [tmp_path]) == tmp_path


def test_a_text_of_the_editor_stands_for_the_file(tmp_path: Path) -> None:
    write(tmp_path, ACCOUNTS)
    texts = {tmp_path / "reconciler.yaml": "\ufeff" + ACCOUNTS + "numbrs: {}\n"}
    assert [item.code for item in project(tmp_path, texts).judge().everything] == ["unknown-key"]


def test_the_names_of_a_file_outlive_a_slip_in_it_and_not_the_file(tmp_path: Path) -> None:
    write(tmp_path, ACCOUNTS, {"more.yaml": NAMED.partition("contacts:")[0][:11] + NAMED[NAMED.index("contacts:") :]})
    texts: dict[Path, str] = {}
    it = project(tmp_path, texts)
    it.judge()
    assert (it.words("contacts"), it.words("schedules"), it.words("accounts")) == (
        ["desk"],
        ["nights"],
        ["office", "sales"],
    )
    texts[tmp_path / "more.yaml"] = "version: 1\ncontacts: {desk: [\n"
    it.judge()
    assert it.words("contacts") == ["desk"]
    texts.clear()
    (tmp_path / "more.yaml").unlink()
    it.judge()
    assert it.words("contacts") == []


def test_judging_again_and_again_keeps_one_judgement(tmp_path: Path) -> None:
    text = target('{to: "74992223344", schedule: {period: "wd {mon-fri} hr {9-17}"}}')
    write(tmp_path, text)
    it = project(tmp_path)
    gc.collect()
    before = _kept()
    for _ in range(4):
        assert "route-gap" in [item.code for item in it.judge().everything]
    gc.collect()
    assert _kept() - before <= 1


def _kept() -> int:
    return sum(isinstance(each, Files) for each in gc.get_objects())


@pytest.mark.parametrize(
    ("written", "title", "fixed"),
    [
        ("active: yes", ["Write true", "Write false"], "active: true"),
        ("timeout: 2 h", [], None),
        ("schedul: nights", [], None),  # right in its form then, and of a schedule that is not there
    ],
)
def test_only_what_mends_is_offered(written: str, title: list[str], fixed: str | None, tmp_path: Path) -> None:
    text = target(f'{{to: "74992223344", {written}}}')
    write(tmp_path, text)
    it = project(tmp_path)
    found = [item for item in it.judge().found["reconciler.yaml"] if item.is_error]
    offered = [fix for item in found for fix in fixes(it, "reconciler.yaml", item)]
    assert [fix.title for fix in offered] == title
    if fixed is not None:
        edit = offered[0].edit
        assert text[: edit.start] + edit.text + text[edit.end :] == text.replace(written, fixed)
