"""A folder to files: reconciler.yaml, include, versions, the trusted part and the trusted copy."""

from __future__ import annotations

from pathlib import Path

import pytest

from reconciler.diagnostics import Diagnostic, Severity
from tests.checkout import git
from tests.loading import load
from tests.unit.config.loading import ACCOUNTS, findings, only, sound, underlined, write

NUMBER = 'version: 1\nnumbers:\n  "74991112233": {forwarding: none}\n'


def test_a_folder_without_reconciler_yaml_says_what_to_run(tmp_path: Path) -> None:
    (item,) = load(tmp_path).diagnostics
    assert (item.code, str(item.location)) == ("config-missing", "reconciler.yaml:1:1")
    assert item.message == "this folder has no reconciler.yaml"
    assert item.hint == "name the configuration's folder with -C, or create a reconciler.yaml here"


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    (item,) = load(tmp_path / "nowhere").diagnostics
    assert item.message == f"there is no folder '{tmp_path / 'nowhere'}'"


@pytest.mark.parametrize(
    ("text", "code", "message"),
    [
        ("", "file-empty", "the file is empty"),
        (" \n\n", "file-empty", "the file is empty"),
        ("# nothing\n", "file-empty", "the file has only comments"),
        ("- a\n", "wrong-type", "a file is a map of keys, not a list"),
        ("name: x\n", "version-missing", "the file does not say `version: 1`"),
        ("version: 2\n", "version-unsupported", "'2' is not a known version"),
        ("version: {}\n", "version-unsupported", "a map is not a known version"),
        ("version: 1\nname: имя\n".encode("cp1251"), "file-encoding", "the file is not UTF-8: byte 0xe8 on line 2"),
    ],
)
def test_a_file_that_is_none_of_ours_is_refused(text: str | bytes, code: str, message: str, tmp_path: Path) -> None:
    item = only(tmp_path, text)
    assert (item.code, item.message) == (code, message)
    assert item.location is not None
    assert item.location.file == "reconciler.yaml"


def test_a_file_that_cannot_be_read_is_refused(tmp_path: Path) -> None:
    write(tmp_path, ACCOUNTS)
    (tmp_path / "numbers.yaml").symlink_to("missing.yaml")
    (item,) = load(tmp_path).diagnostics
    assert (item.code, str(item.location)) == ("file-unreadable", "numbers.yaml:1:1")
    assert item.message == "the file cannot be read: no such file or directory"


def test_a_link_out_of_the_folder_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "secret.yaml").write_text(NUMBER)
    write(tmp_path / "c", ACCOUNTS)
    (tmp_path / "c" / "numbers.yaml").symlink_to(tmp_path / "secret.yaml")
    (item,) = load(tmp_path / "c").diagnostics
    assert (item.code, str(item.location)) == ("file-outside", "numbers.yaml:1:1")


def test_by_default_every_yaml_file_belongs_but_those_with_a_dot_or_an_underscore(tmp_path: Path) -> None:
    files = {
        "a.yaml": NUMBER,
        "deep/er/b.yml": NUMBER.replace("2233", "2234"),
        ".hidden.yaml": "nonsense",
        "_draft.yaml": "nonsense",
        ".git/c.yaml": "nonsense",
        "_old/d.yaml": "nonsense",
        "notes.txt": "nonsense",
    }
    loaded = sound(tmp_path, ACCOUNTS, files)
    assert loaded.configuration is not None
    assert {number: place.file for number, place in loaded.configuration.numbers.items()} == {
        "74991112233": "a.yaml",
        "74991112234": "deep/er/b.yml",
    }


@pytest.mark.parametrize(
    ("pattern", "files"),
    [
        ("numbers/*.yaml", {"numbers/a.yaml"}),
        ("numbers/**/*.yaml", {"numbers/a.yaml", "numbers/deep/b.yaml"}),
        ("**/b.yaml", {"b.yaml", "numbers/deep/b.yaml"}),
        ("numbers/?.yaml", {"numbers/a.yaml"}),
        ("./b.yaml", {"b.yaml"}),
    ],
)
def test_a_pattern_names_files_as_a_shell_would(pattern: str, files: set[str], tmp_path: Path) -> None:
    present = {"b.yaml": "2234", "numbers/a.yaml": "2235", "numbers/deep/b.yaml": "2236"}
    texts = {name: NUMBER.replace("2233", end) for name, end in present.items()}
    loaded = sound(tmp_path, ACCOUNTS + f'include: ["{pattern}"]\n', texts)
    assert loaded.configuration is not None
    assert {place.file for place in loaded.configuration.numbers.values()} == files


@pytest.mark.parametrize("pattern", ["../shared/*.yaml", "/etc/*.yaml", "~/x.yaml", "a/../../b.yaml"])
def test_a_pattern_that_leads_out_of_the_folder_is_refused(pattern: str, tmp_path: Path) -> None:
    item = only(tmp_path, ACCOUNTS + f'include: ["{pattern}"]\n')
    assert (item.code, underlined(item)) == ("include-pattern", f'"{pattern}"')


def test_a_pattern_that_matches_nothing_is_a_warning(tmp_path: Path) -> None:
    loaded = load(write(tmp_path, ACCOUNTS + "include: [nubmers/*.yaml]\n"))
    assert [(item.code, item.message) for item in loaded.diagnostics if item.code != "numbers-missing"] == [
        ("include-empty", "'nubmers/*.yaml' matches no file")
    ]
    assert loaded.configuration is not None


@pytest.mark.parametrize(
    ("text", "under"),
    [
        (ACCOUNTS, "version: 1"),
        (ACCOUNTS + "include: [more.yaml]\n", "include"),
        (ACCOUNTS + "numbers:\n", "version: 1"),
    ],
)
def test_a_configuration_without_numbers_says_which_files_declare_none(text: str, under: str, tmp_path: Path) -> None:
    (item,) = load(write(tmp_path, text, {"more.yaml": "version: 1\n"})).diagnostics
    assert (item.code, item.severity, underlined(item)) == ("numbers-missing", Severity.WARNING, under)
    assert item.message == "no numbers are declared in reconciler.yaml, more.yaml: nothing is managed"
    assert item.hint


def test_an_empty_map_says_that_no_numbers_are_meant(tmp_path: Path) -> None:
    folder = write(tmp_path, ACCOUNTS + "include: [more.yaml]\n", {"more.yaml": "version: 1\nnumbers: {}\n"})
    (item,) = load(folder).diagnostics
    assert (item.code, item.severity) == ("numbers-missing", Severity.NOTICE)


def test_policy_still_decides_about_numbers_that_are_missing_on_purpose(tmp_path: Path) -> None:
    text = ACCOUNTS + "numbers: {}\npolicy: {rules: {numbers-missing: error}}\n"
    assert [item.severity for item in load(write(tmp_path, text)).diagnostics] == [Severity.ERROR]


def test_numbers_of_a_scenario_alone_are_none_until_it_is_laid_over(tmp_path: Path) -> None:
    text = ACCOUNTS + 'scenarios: {storm: {numbers: {"74991112233": {forwarding: none}}}}\n'
    folder = write(tmp_path, text)
    assert [item.code for item in load(folder).diagnostics] == ["numbers-missing"]
    assert load(folder, scenario="storm").diagnostics == ()


@pytest.mark.parametrize(
    ("include", "name", "told"),
    [
        ("", "C.YAML", True),
        ("", "numbers/sales.Yml", True),
        ('include: ["numbers/*.yaml"]\n', "Numbers/a.yaml", True),
        ('include: ["numbers/*.yaml"]\n', "C.YAML", False),
        ('include: ["numbers/*.yaml"]\n', "numbers/a.yml", False),
        ("", "_C.YAML", False),
        ("", "C.YAML.bak", False),
        ("", "C.yaml", False),
    ],
)
def test_a_file_that_is_not_read_because_of_capital_letters_is_told(
    include: str, name: str, told: bool, tmp_path: Path
) -> None:
    loaded = load(write(tmp_path, ACCOUNTS + include, {name: NUMBER}))
    found = [str(item.location) for item in loaded.diagnostics if item.code == "include-case"]
    assert found == ([f"{name}:1:1"] if told else [])
    assert loaded.configuration is not None


def test_an_included_file_without_version_points_at_include(tmp_path: Path) -> None:
    item = only(tmp_path, ACCOUNTS + 'include: ["*.yaml"]\n', {"compose.yaml": "services: {}\n"})
    assert (item.code, str(item.location)) == ("version-missing", "compose.yaml:1:1")
    assert [str(related.location) for related in item.related] == ["reconciler.yaml:6:1"]
    assert item.hint is not None
    assert "narrow `include`" in item.hint


@pytest.mark.parametrize("key", ["name", "include", "defaults", "accounts", "record", "policy"])
def test_the_trusted_keys_stand_only_in_reconciler_yaml(key: str, tmp_path: Path) -> None:
    item = only(tmp_path, ACCOUNTS, {"numbers.yaml": f"version: 1\n{key}: {{}}\n"})
    assert (item.code, str(item.location)) == ("trusted-only", "numbers.yaml:2:1")
    assert item.message == f"{key} is allowed only in reconciler.yaml"


def test_an_untrusted_file_cannot_change_what_a_trusted_key_says(tmp_path: Path) -> None:
    loaded = load(write(tmp_path, ACCOUNTS, {"numbers.yaml": "version: 1\npolicy: {require_https: false}\n"}))
    assert loaded.configuration is None


def test_an_unknown_top_level_key_suggests_the_nearest(tmp_path: Path) -> None:
    item = only(tmp_path, ACCOUNTS + "numbrs: {}\n")
    assert (item.code, underlined(item), item.hint) == ("unknown-key", "numbrs", "did you mean numbers?")


def test_the_same_number_in_two_files_shows_both_places(tmp_path: Path) -> None:
    other = NUMBER.replace('"74991112233"', "+7 (499) 111-22-33")
    item = only(tmp_path, ACCOUNTS, {"a.yaml": NUMBER, "b.yaml": other})
    assert (item.code, str(item.location)) == ("duplicate-entry", "b.yaml:3:3")
    assert item.message == "the number '+7 (499) 111-22-33' is declared a second time"
    assert [str(related.location) for related in item.related] == ["a.yaml:3:3"]


@pytest.mark.parametrize("section", ["contacts", "schedules", "profiles", "scenarios"])
def test_the_same_entry_in_two_files_shows_both_places(section: str, tmp_path: Path) -> None:
    entry = {"contacts": '{to: "74992223344"}', "schedules": '{period: "hr {9}"}'}.get(section, "{}")
    text = f"version: 1\n{section}:\n  desk: {entry}\n"
    item = only(tmp_path, ACCOUNTS, {"a.yaml": text, "b.yaml": text})
    assert item.code == "duplicate-entry"
    assert (str(item.location), str(item.related[0].location)) == ("b.yaml:3:3", "a.yaml:3:3")


def test_a_broken_file_hides_no_fault_of_another_and_invents_none(tmp_path: Path) -> None:
    number = 'version: 1\nnumbers:\n  "74991112233": {use: [hotline], tags: moscow}\n'
    found = findings(tmp_path, ACCOUNTS, {"a.yaml": number, "profiles.yaml": "version: 1\nprofiles: {\n"})
    assert {item.code for item in found} == {"yaml-syntax", "wrong-type"}


# -- --trusted ----------------------------------------------------------------------------------------------------


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    folder = write(tmp_path / "team", ACCOUNTS, {"numbers.yaml": NUMBER})
    git(folder, "init")
    git(folder, "add", ".")
    git(folder, "commit", "-m", "first")
    return folder


def trusted_findings(folder: Path, ref: str = "main") -> tuple[Diagnostic, ...]:
    """What is found beside the notice of which file was taken."""
    return tuple(item for item in load(folder, trusted=ref).diagnostics if item.code != "trusted-taken")


def test_the_trusted_file_that_was_taken_is_named_with_its_commit(repository: Path) -> None:
    (item,) = load(repository, trusted="main").diagnostics
    commit = (repository / ".git" / "refs" / "heads" / "main").read_text().strip()
    message = f"the trusted reconciler.yaml is reconciler.yaml of refs/heads/main at commit {commit}"
    assert (item.code, item.severity, item.message) == ("trusted-taken", Severity.NOTICE, message)


def test_the_trusted_file_comes_from_the_ref_and_its_replaced_lines_are_named(repository: Path) -> None:
    write(repository, ACCOUNTS.replace("timeout: 20", "timeout: 99") + "policy:\n  max_deletes: 100%\n")
    loaded = load(repository, trusted="main")
    assert loaded.configuration is not None
    assert loaded.configuration.policy.max_deletes.percent == 5
    (item,) = trusted_findings(repository)
    assert (item.code, str(item.location)) == ("trusted-ignored", "reconciler.yaml:5:1")
    assert item.message == ("of the working copy's reconciler.yaml, lines 5-7 were ignored: main has the trusted one")


def test_a_single_ignored_line_is_told_in_the_singular(repository: Path) -> None:
    write(repository, ACCOUNTS.replace("timeout: 20", "timeout: 99"))
    (item,) = trusted_findings(repository)
    assert item.message == "of the working copy's reconciler.yaml, line 5 was ignored: main has the trusted one"


def test_lines_that_the_working_copy_leaves_out_still_hold(repository: Path) -> None:
    write(repository, "version: 1\n")
    loaded = load(repository, trusted="main")
    assert loaded.configuration is not None
    assert set(loaded.configuration.accounts) == {"sales", "office"}
    assert [item.code for item in loaded.diagnostics] == ["trusted-ignored", "trusted-taken"]


def test_an_equal_working_copy_is_not_spoken_of(repository: Path) -> None:
    assert trusted_findings(repository) == ()


@pytest.mark.parametrize("other", [ACCOUNTS.replace("\n", "\r\n"), ACCOUNTS.rstrip("\n")])
def test_a_working_copy_that_differs_in_line_ends_only_is_not_spoken_of(other: str, repository: Path) -> None:
    (repository / "reconciler.yaml").write_text(other, "utf-8", newline="")
    assert trusted_findings(repository) == ()


def test_a_missing_working_copy_has_no_ignored_line(repository: Path) -> None:
    (repository / "reconciler.yaml").unlink()
    (item,) = trusted_findings(repository)
    assert item.message.startswith("lines that the working copy's reconciler.yaml omits still apply")


def test_without_a_repository_it_is_not_the_ref_that_is_unknown(tmp_path: Path) -> None:
    (item,) = load(write(tmp_path, ACCOUNTS), trusted="main").diagnostics
    assert item.message == ("the trusted reconciler.yaml cannot be read: the folder is not in a git repository")


def test_another_configuration_below_is_called_so(tmp_path: Path) -> None:
    item = only(tmp_path, ACCOUNTS, {"team/reconciler.yaml": "version: 1\nname: team\n"})
    assert item.message == "name is allowed only in the reconciler.yaml of the configuration's own folder"
    assert item.hint == "narrow `include` if team/reconciler.yaml belongs to another configuration"


def test_included_files_are_those_of_the_working_copy(repository: Path) -> None:
    (repository / "numbers.yaml").write_text(NUMBER.replace("2233", "2244"))
    loaded = load(repository, trusted="main")
    assert loaded.configuration is not None
    assert list(loaded.configuration.numbers) == ["74991112244"]


@pytest.mark.parametrize("ref", ["nowhere", "--upload-pack=x", ""])
def test_a_ref_that_git_does_not_know_is_an_error(ref: str, repository: Path) -> None:
    loaded = load(repository, trusted=ref)
    assert loaded.configuration is None
    (item,) = loaded.diagnostics
    assert item.code == "trusted-unreadable"
    assert item.message == f"the trusted reconciler.yaml cannot be read: '{ref}' does not exist in git"


def test_a_place_in_the_trusted_file_names_the_ref(repository: Path) -> None:
    write(repository, ACCOUNTS + "polcy: {}\n")
    git(repository, "commit", "-a", "-m", "second")
    (item,) = trusted_findings(repository)
    assert str(item.location) == "main:reconciler.yaml:6:1"


def test_a_change_window_by_name_must_stand_in_the_trusted_file(repository: Path) -> None:
    write(repository, ACCOUNTS + "policy: {change_window: nights}\n")
    (repository / "numbers.yaml").write_text('version: 1\nschedules: {nights: {period: "hr {0-5}"}}\n')
    git(repository, "commit", "-a", "-m", "second")
    assert load(repository).configuration is not None
    (item,) = trusted_findings(repository)
    assert (item.code, item.message) == (
        "trusted-only",
        "the change window 'nights' is declared outside the trusted file",
    )


def _row(section: str, step: str, last: str) -> str:
    """Three thousand entries of which each names the next one."""
    return f"{section}:\n" + "".join(f"  e{at}: {step.format(at + 1)}\n" for at in range(3_000)) + f"  e3000: {last}\n"


@pytest.mark.parametrize(
    "text",
    [
        _row("profiles", "{{use: [e{}]}}", "{tags: [a]}"),
        _row("contacts", "{{to: e{}}}", '{to: "74992223344"}'),
        _row("schedules", "{{not: e{}}}", "{dates: [05-09]}"),
    ],
    ids=["profiles", "contacts", "schedules"],
)
def test_names_that_lead_on_and_on_are_refused_in_words(text: str, tmp_path: Path) -> None:
    item = only(tmp_path, ACCOUNTS + text)
    message = "profiles, contacts or schedules refer to each other through too many steps"
    assert (item.code, item.message) == ("yaml-depth", message)
