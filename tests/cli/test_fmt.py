"""`reconciler fmt`: files written whole with their mode, --check ends with 2, --diff writes nothing."""

from __future__ import annotations

import stat
from datetime import date
from pathlib import Path

import pytest

from reconciler.clock import SystemClock
from tests.cli.conftest import Cli

TIDY = """\
version: 1
defaults: {account: sales, timeout: 20, calendar_until: 2027-12-31}  # renewed every autumn
accounts: {sales: {provider: exolve, api_key: {env: EXOLVE_API_KEY}}}
numbers:
  "74991112233": {forwarding: none}  # hotline
"""
UNTIDY = TIDY.replace('"74991112233"', "+7 499 111-22-33")
ENDING = TIDY.replace("2027-12-31", "2026-12-31")


@pytest.fixture(autouse=True)
def today(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(SystemClock, "today", lambda _clock: date(2026, 11, 21))


def written(folder: Path, text: str) -> Path:
    path = folder / "reconciler.yaml"
    path.write_bytes(text.encode())
    return path


def test_files_are_written_and_named(cli: Cli, tmp_path: Path) -> None:
    path = written(tmp_path, UNTIDY)
    ended = cli("fmt")
    assert (ended.exit_code, ended.stdout) == (0, "reconciler.yaml\n1 file changed\n")
    assert path.read_bytes() == TIDY.encode()
    assert [each.name for each in tmp_path.iterdir()] == ["reconciler.yaml"]


def test_a_tidy_configuration_is_left_alone(cli: Cli, tmp_path: Path) -> None:
    path = written(tmp_path, TIDY)
    before = path.stat().st_mtime_ns, path.stat().st_ino
    for arguments in (["fmt"], ["fmt", "--check"], ["fmt", "--renew"], ["fmt", "--renew", "--check"]):
        ended = cli(*arguments)
        assert (ended.exit_code, ended.stdout) == (0, "nothing to change\n")
    assert (path.stat().st_mtime_ns, path.stat().st_ino) == before


@pytest.mark.parametrize(("flags", "text"), [((), UNTIDY), (("--renew",), ENDING)])
def test_check_ends_with_2_and_writes_nothing(flags: tuple[str, ...], text: str, cli: Cli, tmp_path: Path) -> None:
    path = written(tmp_path, text)
    ended = cli("fmt", "--check", *flags)
    assert (ended.exit_code, ended.stdout) == (2, "reconciler.yaml\n1 file would change\n")
    assert path.read_bytes() == text.encode()


def test_diff_shows_the_changed_line_and_writes_nothing(cli: Cli, tmp_path: Path) -> None:
    path = written(tmp_path, ENDING)
    ended = cli("fmt", "--renew", "--diff")
    line = "defaults: {account: sales, timeout: 20, calendar_until: 2026-12-31}  # renewed every autumn"
    assert ended.exit_code == 0
    assert ended.stdout.splitlines() == [
        "--- a/reconciler.yaml",
        "+++ b/reconciler.yaml",
        "@@ -2 +2 @@",
        f"-{line}",
        f"+{line.replace('2026-12-31', '2027-12-31')}",
    ]
    assert path.read_bytes() == ENDING.encode()
    assert cli("fmt", "--renew", "--diff", "--check").exit_code == 2


def test_a_missing_last_newline_is_seen_in_the_diff(cli: Cli, tmp_path: Path) -> None:
    written(tmp_path, TIDY.removesuffix("\n"))
    assert cli("fmt", "--diff").stdout.splitlines()[3:] == [
        '-  "74991112233": {forwarding: none}  # hotline',
        "\\ No newline at end of file",
        '+  "74991112233": {forwarding: none}  # hotline',
    ]


def test_renewing_changes_the_date_alone(cli: Cli, tmp_path: Path) -> None:
    text = UNTIDY.replace("2027-12-31", "2026-12-31") + " \n"
    path = written(tmp_path, text)
    assert cli("fmt", "--renew").exit_code == 0
    assert path.read_bytes() == text.replace("2026-12-31", "2027-12-31").encode()


def test_mode_byte_order_mark_and_line_ends_are_kept(cli: Cli, tmp_path: Path) -> None:
    path = written(tmp_path, "\ufeff" + UNTIDY.replace("\n", "\r\n"))
    path.chmod(0o640)
    assert cli("fmt").exit_code == 0
    assert path.read_bytes() == ("\ufeff" + TIDY.replace("\n", "\r\n")).encode()
    assert stat.S_IMODE(path.stat().st_mode) == 0o640


def test_a_link_stays_a_link(cli: Cli, tmp_path: Path) -> None:
    written(tmp_path, TIDY)
    real = tmp_path / "numbers.txt"
    real.write_text("version: 1  \n", "utf-8")
    (tmp_path / "numbers.yaml").symlink_to(real)
    assert cli("fmt").exit_code == 0
    assert (tmp_path / "numbers.yaml").is_symlink()
    assert real.read_text("utf-8") == "version: 1\n"


def test_nothing_is_written_where_a_file_cannot_be_read(cli: Cli, tmp_path: Path) -> None:
    path = written(tmp_path, UNTIDY)
    (tmp_path / "broken.yaml").write_text("version: 1\nnumbers: [\n", "utf-8")
    ended = cli("fmt")
    assert ended.exit_code == 1
    assert "broken.yaml" in ended.stderr
    assert path.read_bytes() == UNTIDY.encode()


def test_a_configuration_without_a_calendar_cannot_be_renewed(cli: Cli, tmp_path: Path) -> None:
    written(tmp_path, TIDY.replace(", calendar_until: 2027-12-31", ""))
    ended = cli("fmt", "--renew", "--format", "json")
    assert (ended.exit_code, ended.codes) == (1, ["missing-key"])


def test_json_names_the_files_and_holds_the_diff(cli: Cli, tmp_path: Path) -> None:
    written(tmp_path, UNTIDY)
    document = cli("fmt", "--diff", "--format", "json").json
    assert (document["changed"], document["written"]) == (["reconciler.yaml"], False)
    assert '+  "74991112233": {forwarding: none}' in document["diff"]
    done = cli("fmt", "--format", "json").json
    assert (done["changed"], done["written"]) == (["reconciler.yaml"], True)


def test_a_secret_in_a_changed_line_is_not_shown(cli: Cli, tmp_path: Path) -> None:
    written(tmp_path, TIDY.replace("{env: EXOLVE_API_KEY}}}", "canary-in-the-file}} \n"))
    for form in ("text", "json"):
        ended = cli("fmt", "--diff", "--format", form)
        assert "@@" in ended.stdout
        assert "canary" not in ended.stdout + ended.stderr


def test_the_files_of_every_environment_are_put_in_form(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "reconciler.yaml").write_text(
        "version: 1\nname: a\ninclude: [production/*.yaml]\n"
        "environments: {staging: {name: b, include: [staging/*.yaml]}}\n",
        "utf-8",
    )
    for environment in ("production", "staging"):
        (tmp_path / environment).mkdir()
        (tmp_path / environment / "numbers.yaml").write_text("version: 1\nnumbers: {74991112233: {}}\n", "utf-8")
    ended = cli("-C", str(tmp_path), "fmt")
    assert ended.exit_code == 0, ended
    for environment in ("production", "staging"):
        assert '"74991112233"' in (tmp_path / environment / "numbers.yaml").read_text("utf-8")
    assert cli("-C", str(tmp_path), "fmt", "--check").exit_code == 0
